// 3D Gaussian Splatting's PLY, as the reference implementation writes it and every viewer reads it:
// x y z, nx ny nz (unused), f_dc_0..2 (SH degree 0), f_rest_* (higher degrees), opacity (logit), scale_0..2 (log),
// rot_0..3 (w first).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "core/base/result.h"
#include "core/formats/splat_values.h"
#include "core/splat/splat_set.h"

namespace likeness {

// Reads the properties by name, in any order and of any number type, binary (both byte orders) or ascii; and the
// compressed PLY of PlayCanvas and SuperSplat. Colors may be red, green and blue instead of f_dc; without a third scale
// (2D Gaussian splatting) they are flat; spherical harmonics are kept to degree 3; splat_values.h says what infinite
// values and those without logarithm mean. What was left out, changed or is doubtful is added to `notes`, a sentence
// each without the file's name.
// Rotations are normalised; opacities lie in (0, 1), scales in [1e-9, 1e4].
// Errors: not_found, bad_input (no PLY, a plain point cloud, a mesh, cut off, no Gaussians), io,
// out_of_memory; the message is one sentence that names the file.
Result<SplatSet> load_splat_ply(const std::filesystem::path& path, Notes* notes = nullptr);
Result<SplatSet> load_splat_ply_from_memory(std::span<const std::uint8_t> bytes, const std::string& name,
                                            Notes* notes = nullptr);

// Binary little-endian, by rename. Harmonics are written as f_rest; pad_sh3 fills up to the 45 of degree 3
// with zeros, for viewers that insist on them.
// Extra channels are not stored. Errors: invalid_argument (arrays that do not fit `count`), internal
// (a value that is not finite), OutputFile's.
Status save_splat_ply(const std::filesystem::path& path, const SplatSet& splats, bool pad_sh3 = false);

}  // namespace likeness
