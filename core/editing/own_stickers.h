// The stickers that come with the program: assets/stickers/NAME.svg, drawn for it, under its licence.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace likeness {

struct OwnSticker {
    const char* name;   // in commands: a-z, 0-9, _
    const char* title;  // for people
    const char* spot;   // where it goes first, one of sticker_spots
    float width;        // metres, that it has first
    bool pair;          // first on both sides of the face
};

std::span<const OwnSticker> own_stickers();
std::vector<std::string> own_sticker_names();
const OwnSticker* own_sticker(std::string_view name);  // null when unknown
// Errors: not_found.
Result<std::filesystem::path> own_sticker_file(const OwnSticker& sticker);

}  // namespace likeness
