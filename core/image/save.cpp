#include "core/image/save.h"

#include <png.h>

#include <cstring>
#include <new>
#include <stdexcept>

#include "core/image/decode.h"
#include "core/image/file_bytes.h"
#include "core/image/ops.h"

namespace likeness {
namespace {

using Buffer = std::vector<std::uint8_t>;

// Throws std::invalid_argument.
void check(const Image& image) {
    constexpr int longest_side = 1'000'000;  // libpng's own limit
    if (image.width < 1 || image.height < 1 || image.width > longest_side || image.height > longest_side)
        throw std::invalid_argument("The picture to be saved has no pixels or too many.");
    if (image.channels < 1 || image.channels > 4)
        throw std::invalid_argument("Only pictures of 1 to 4 channels can be saved.");
    if (image.pixels.size() != std::size_t(image.width) * std::size_t(image.height) * std::size_t(image.channels))
        throw std::invalid_argument("The picture to be saved has a size that does not fit its pixels.");
}

struct PngState {
    std::jmp_buf jump{};
    Buffer* out = nullptr;
    bool out_of_memory = false;
};

void on_png_error(png_structp png, png_const_charp) {
    std::longjmp(static_cast<PngState*>(png_get_error_ptr(png))->jump, 1);
}
void on_png_warning(png_structp, png_const_charp) {}
void on_png_flush(png_structp) {}
void on_png_write(png_structp png, png_bytep data, std::size_t count) {
    auto& state = *static_cast<PngState*>(png_get_io_ptr(png));
    try {
        state.out->insert(state.out->end(), data, data + count);
    } catch (const std::bad_alloc&) {
        state.out_of_memory = true;
    }
    if (state.out_of_memory) png_error(png, "memory");
}

std::uint16_t to_16_bits(float value) {
    const float clamped = value > 0.0f ? (value < 1.0f ? value : 1.0f) : 0.0f;
    return static_cast<std::uint16_t>(clamped * 65535.0f + 0.5f);
}

}  // namespace

std::vector<std::uint8_t> encode_png(const Image& image, const PngOptions& options) {
    check(image);
    if (options.bit_depth != 8 && options.bit_depth != 16)
        throw std::invalid_argument("A PNG picture is saved with 8 or 16 bits.");
    constexpr int types[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGBA};
    const bool wide = options.bit_depth == 16;
    Buffer out;
    PngState state;
    state.out = &out;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &state, on_png_error, on_png_warning);
    png_infop info = png ? png_create_info_struct(png) : nullptr;
    struct Owner {
        png_structp* png;
        png_infop* info;
        ~Owner() { png_destroy_write_struct(png, info); }
    } const owner{&png, &info};
    if (!info) throw std::bad_alloc();
    const auto run = [&](const auto& call) {
        if (!decode::guarded(state.jump, call)) throw std::bad_alloc();  // the only thing left that can fail
    };
    run([&] {
        png_set_write_fn(png, &state, on_png_write, on_png_flush);
        png_set_IHDR(png, info, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height),
                     options.bit_depth, types[image.channels - 1], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE,
                     PNG_FILTER_TYPE_BASE);
        png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
        png_set_compression_level(png, options.compression < 0 ? 0 : options.compression > 9 ? 9 : options.compression);
        png_write_info(png, info);
    });
    const std::size_t values = std::size_t(image.width) * std::size_t(image.channels);
    Buffer row(values * (wide ? 2 : 1));
    for (int y = 0; y < image.height; ++y) {
        const float* p = image.at(0, y);
        for (std::size_t i = 0; i < values; ++i) {
            if (wide) {
                const std::uint16_t value = to_16_bits(p[i]);
                row[2 * i] = static_cast<std::uint8_t>(value >> 8);
                row[2 * i + 1] = static_cast<std::uint8_t>(value & 0xff);
            } else {
                row[i] = to_u8(p[i]);
            }
        }
        run([&] { png_write_row(png, row.data()); });
    }
    run([&] { png_write_end(png, nullptr); });
    return out;
}

Status save_png(const std::filesystem::path& path, const Image& image, const PngOptions& options) {
    try {
        return save_file(path, encode_png(image, options));
    } catch (const std::invalid_argument& wrong) {
        return Error{ErrorCode::invalid_argument, wrong.what(), path.string()};
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::out_of_memory, "There is not enough memory to save '" + path.string() + "'.", ""};
    }
}

}  // namespace likeness
