// Text as a picture, by FreeType. Letters stand side by side with the font's kerning; scripts whose letters join or are
// set from right to left are not shaped.
#pragma once

#include <array>
#include <filesystem>
#include <string>

#include "core/base/result.h"
#include "core/image/image.h"

namespace likeness {

struct TextStyle {
    std::array<float, 3> color = {0, 0, 0};  // sRGB-encoded
    int size = 200;                          // pixels of the font's em, 8 to 1000
    bool label = false;    // white, with round corners, behind the letters
};

// RGBA, straight alpha, as large as the lines need with a border of an eighth of the size; lines (at line feeds) are
// centred. `text` is UTF-8. Errors: not_found (no such font), bad_input (a font that cannot be read, a text without a
// letter that the font has, one above 500 letters or wider than 8192 pixels, no UTF-8), invalid_argument (the size).
Result<Image> text_picture(const std::string& text, const std::filesystem::path& font, const TextStyle& style = {});

}  // namespace likeness
