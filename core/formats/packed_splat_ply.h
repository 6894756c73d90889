// Inside core/formats: PlayCanvas's compressed splat PLY, as SuperSplat writes it (*.compressed.ply).
//
// Gaussians come in chunks of 256. An element "chunk" has the least and the greatest position, log scale and, in newer
// files, color of each chunk; a vertex is four words whose bits are fractions between those: position and scale
// 11, 10, 11 bits; rotation 2 bits for the largest component's index and 10 for each of the others, over its possible
// range of +-1/sqrt 2; color and opacity 8 bits each.
#pragma once

#include "core/formats/ply_header.h"
#include "core/formats/splat_values.h"

namespace likeness::ply {

// True when the header describes such a file.
bool is_packed(const Header& header);
// An element "sh", where there is one, has a byte for each coefficient of f_rest, from -4 to 4. Gaussians with a value
// that is not finite are left out. Throws BadPly.
SplatSet read_packed(std::span<const std::uint8_t> bytes, const Header& header, Notes& notes);

}  // namespace likeness::ply
