#include "core/image/text_picture.h"

#include <ft2build.h>
#include FT_FREETYPE_H

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "core/image/file_bytes.h"

namespace likeness {
namespace {

constexpr std::size_t most_letters = 500;
constexpr int largest_side = 8192;
constexpr std::size_t largest_font = std::size_t(64) << 20;

// Code points; empty for bytes that are no UTF-8 (RFC 3629).
std::vector<char32_t> code_points(const std::string& text) {
    std::vector<char32_t> points;
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const int more = lead < 0x80 ? 0 : lead >> 5 == 6 ? 1 : lead >> 4 == 14 ? 2 : lead >> 3 == 30 ? 3 : -1;
        if (more < 0 || i + std::size_t(more) >= text.size() + (more == 0 ? 1 : 0)) return {};
        char32_t point = more == 0 ? lead : lead & (0x3f >> more);
        for (int k = 1; k <= more; ++k) {
            const auto next = static_cast<unsigned char>(text[i + std::size_t(k)]);
            if (next >> 6 != 2) return {};
            point = point << 6 | (next & 0x3f);
        }
        points.push_back(point);
        i += std::size_t(more) + 1;
    }
    return points;
}

struct Line {
    std::vector<FT_UInt> glyphs;
    std::vector<int> at;  // pixels from the line's begin
    int width = 0;
};

void draw(const FT_Bitmap& bitmap, int left, int top, Image& coverage) {
    for (int y = 0; y < int(bitmap.rows); ++y)
        for (int x = 0; x < int(bitmap.width); ++x) {
            const int i = left + x, j = top + y;
            if (i < 0 || j < 0 || i >= coverage.width || j >= coverage.height) continue;
            float& c = *coverage.at(i, j);
            c = std::max(c, float(bitmap.buffer[y * bitmap.pitch + x]) / 255);
        }
}

// Of a label with round corners, 1 inside.
float label_at(int x, int y, int width, int height, float radius) {
    const float dx = std::max(std::abs(float(x) + 0.5f - 0.5f * float(width)) - (0.5f * float(width) - radius), 0.0f);
    const float dy = std::max(std::abs(float(y) + 0.5f - 0.5f * float(height)) - (0.5f * float(height) - radius), 0.0f);
    return std::clamp(radius - std::hypot(dx, dy) + 0.5f, 0.0f, 1.0f);
}

}  // namespace

Result<Image> text_picture(const std::string& text, const std::filesystem::path& font, const TextStyle& style) {
    if (style.size < 8 || style.size > 1000)
        return Error{ErrorCode::invalid_argument, "Letters may be 8 to 1000 pixels large.", ""};
    const std::vector<char32_t> points = code_points(text);
    if (points.empty() || points.size() > most_letters)
        return Error{ErrorCode::bad_input, "A text needs 1 to 500 letters (UTF-8).", ""};
    const auto bytes = read_file(font, largest_font);
    if (!bytes) return bytes.error();

    FT_Library library_pointer = nullptr;
    if (FT_Init_FreeType(&library_pointer) != 0) return Error{ErrorCode::internal, "FreeType did not start.", ""};
    const std::unique_ptr<FT_LibraryRec_, decltype(&FT_Done_FreeType)> library(library_pointer, FT_Done_FreeType);
    FT_Face face_pointer = nullptr;
    const Error no_font{ErrorCode::bad_input, "'" + font.string() + "' is no font that can be read.", ""};
    if (FT_New_Memory_Face(library.get(), bytes->data(), FT_Long(bytes->size()), 0, &face_pointer) != 0) return no_font;
    const std::unique_ptr<FT_FaceRec_, decltype(&FT_Done_Face)> face(face_pointer, FT_Done_Face);
    if (FT_Set_Pixel_Sizes(face.get(), 0, FT_UInt(style.size)) != 0) return no_font;

    std::vector<Line> lines(1);
    bool any = false;
    for (const char32_t point : points) {
        if (point == U'\n') {
            lines.emplace_back();
            continue;
        }
        const FT_UInt glyph = FT_Get_Char_Index(face.get(), point);
        Line& line = lines.back();
        if (!line.glyphs.empty() && FT_HAS_KERNING(face.get())) {
            FT_Vector kerning{};
            if (FT_Get_Kerning(face.get(), line.glyphs.back(), glyph, FT_KERNING_DEFAULT, &kerning) == 0)
                line.width += int(kerning.x / 64);
        }
        if (FT_Load_Glyph(face.get(), glyph, FT_LOAD_DEFAULT) != 0) return no_font;
        any |= glyph != 0 && point != U' ';
        line.glyphs.push_back(glyph);
        line.at.push_back(line.width);
        line.width += int(face->glyph->advance.x / 64);
        if (line.width > largest_side)
            return Error{ErrorCode::bad_input, "The text is too long for one line; break it or choose smaller letters.", ""};
    }
    if (!any) return Error{ErrorCode::bad_input, "'" + font.string() + "' has none of the text's letters.", ""};

    const int border = style.size / 8, step = std::max(int(face->size->metrics.height / 64), 1);
    int width = 1;
    for (const Line& line : lines) width = std::max(width, line.width);
    width += 2 * border;
    const int height = int(lines.size()) * step + 2 * border;
    if (width > largest_side || height > largest_side)
        return Error{ErrorCode::bad_input, "The text is too large for one picture; choose smaller letters.", ""};
    Image coverage(width, height, 1);
    for (std::size_t l = 0; l < lines.size(); ++l) {
        const int begin = (width - lines[l].width) / 2;
        const int base = border + int(l) * step + int(face->size->metrics.ascender / 64);
        for (std::size_t g = 0; g < lines[l].glyphs.size(); ++g) {
            if (FT_Load_Glyph(face.get(), lines[l].glyphs[g], FT_LOAD_RENDER) != 0) return no_font;
            const FT_GlyphSlot slot = face->glyph;
            if (slot->bitmap.pixel_mode == FT_PIXEL_MODE_GRAY)
                draw(slot->bitmap, begin + lines[l].at[g] + slot->bitmap_left, base - slot->bitmap_top, coverage);
        }
    }
    Image picture(width, height, 4);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const float letter = *coverage.at(x, y);
            float* const p = picture.at(x, y);
            const float behind = style.label ? label_at(x, y, width, height, float(border)) : 0.0f;
            p[3] = letter + (1 - letter) * behind;
            for (std::size_t c = 0; c < 3; ++c)
                p[c] = p[3] > 0 ? (letter * style.color[c] + (1 - letter) * behind) / p[3] : 0.0f;
        }
    return picture;
}

}  // namespace likeness
