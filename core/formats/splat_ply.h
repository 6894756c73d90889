// 3D Gaussian Splatting's PLY, as the reference implementation writes it and every viewer reads it:
// x y z, nx ny nz (unused), f_dc_0..2 (SH degree 0), f_rest_* (higher degrees), opacity (logit), scale_0..2 (log),
// rot_0..3 (w first).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "core/base/result.h"
#include "core/splat/splat_set.h"

namespace likeness {

// Reads the properties by name, in any order and of any number type, binary (both byte orders) or ascii; and the
// compressed PLY of PlayCanvas and SuperSplat.
// Higher SH degrees are left out. Gaussians with a value that is not finite are left out too.
// Rotations are normalised; opacities lie in (0, 1), scales in [1e-9, 1e4].
// Errors: not_found, bad_input (no PLY, a plain point cloud, a mesh, cut off, no Gaussians), io,
// out_of_memory; the message is one sentence that names the file.
Result<SplatSet> load_splat_ply(const std::filesystem::path& path);
Result<SplatSet> load_splat_ply_from_memory(std::span<const std::uint8_t> bytes, const std::string& name);

// Binary little-endian, by rename. pad_sh3 adds 45 zero f_rest properties for viewers that insist on degree 3.
// Extra channels are not stored. Errors: invalid_argument (arrays that do not fit `count`), internal
// (a value that is not finite), OutputFile's.
Status save_splat_ply(const std::filesystem::path& path, const SplatSet& splats, bool pad_sh3 = false);

}  // namespace likeness
