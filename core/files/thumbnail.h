// Small pictures of files for file dialogs, read without reading the whole file where that is possible.
#pragma once

#include <filesystem>

#include "core/base/result.h"
#include "core/image/image.h"

namespace likeness {

// A picture reduced while it is decoded, an SVG drawn with `side` pixels, or what an avatar's file holds of it: its
// thumbnail.png, else the photograph's crop. RGB or RGBA (straight), its longer side at most `side` pixels. One file at
// a time takes at most about 0.5 GiB, whatever the file claims. Errors: not_found, bad_input (another kind of file,
// damaged, above 60 million pixels or 256 MiB), out_of_memory.
Result<Image> file_thumbnail(const std::filesystem::path& file, int side);

}  // namespace likeness
