// Maps as pictures for other programs, and back. The squares lie side by side as on the atlas: the head's, then the
// hair's.
#pragma once

#include <filesystem>

#include "core/avatar/avatar.h"
#include "core/base/result.h"

namespace likeness {

// What a PNG holds one of; an EXR holds all.
inline constexpr std::array<const char*, 2> picture_maps = {"albedo", "normal"};

// By the ending. .exr: all maps as half floats: R, G, B (albedo in linear light), opacity.Y, scale.X ..., rotation.X
// ..., offset.Y, normal.X ..., in the maps' units (avatar_parts.h). .png: `map`, 8 bits; normals as 0.5 + 0.5 n, +Y up
// the picture, as OpenGL's. Errors: invalid_argument (another ending, no such map), io, out_of_memory. Precondition:
// there are maps.
Status export_maps(const TextureMaps& maps, const std::filesystem::path& file, const std::string& map);

// The maps with what a file has of them: of an EXR those whose channels are all there, of any other picture `map`,
// where it is not transparent. A texel that is the same at the file's precision stays the same to the bit, so bringing
// back what was written changes nothing. `name` stands for the file in messages. Errors: invalid_argument (no such
// map), not_found, bad_input (no picture, damaged, of another size, without channels that maps have), out_of_memory.
Result<TextureMaps> import_maps(const TextureMaps& maps, const std::filesystem::path& file, const std::string& map);

}  // namespace likeness
