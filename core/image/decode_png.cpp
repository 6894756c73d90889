#include <png.h>

#include <cstring>

#include "core/image/area_reducer.h"
#include "core/image/decode.h"

namespace likeness::decode {
namespace {

struct State {
    std::jmp_buf jump{};
    char message[160] = {};
    Bytes bytes;
    std::size_t offset = 0;
    bool cut_off = false;
};

void on_error(png_structp png, png_const_charp message) {
    auto& state = *static_cast<State*>(png_get_error_ptr(png));
    std::strncpy(state.message, message, sizeof state.message - 1);
    std::longjmp(state.jump, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep out, std::size_t count) {
    auto& state = *static_cast<State*>(png_get_io_ptr(png));
    if (count > state.bytes.size() - state.offset) {
        state.cut_off = true;
        png_error(png, "end of file");
    }
    std::memcpy(out, state.bytes.data() + state.offset, count);
    state.offset += count;
}

class Decoder {
  public:
    explicit Decoder(Bytes bytes) {
        state_.bytes = bytes;
        png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state_, on_error, on_warning);
        if (png_) info_ = png_create_info_struct(png_);
        if (png_ && info_) end_ = png_create_info_struct(png_);
        if (!end_) {
            png_destroy_read_struct(&png_, &info_, &end_);
            throw std::bad_alloc();
        }
    }
    ~Decoder() { png_destroy_read_struct(&png_, &info_, &end_); }
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    template <class Call>
    void run(const Call& call) {
        if (guarded(state_.jump, call)) return;
        if (state_.cut_off) throw_cut_off(state_.message);
        throw_damaged(state_.message);
    }

    png_structp png() { return png_; }
    png_infop info() { return info_; }
    png_infop end() { return end_; }
    State& state() { return state_; }

  private:
    State state_;
    png_structp png_ = nullptr;
    png_infop info_ = nullptr, end_ = nullptr;
};

std::vector<std::uint8_t> exif_of(png_structp png, png_infop info) {
    png_bytep data = nullptr;
    png_uint_32 size = 0;
    if (png_get_eXIf_1(png, info, &size, &data) == 0 || !data) return {};
    return {data, data + size};
}

void read_color(png_structp png, png_infop info, Raw& raw) {
    png_charp name = nullptr;
    int compression = 0;
    png_bytep profile = nullptr;
    png_uint_32 size = 0;
    int intent = 0;
    double file_gamma = 0.0;
    if (png_get_iCCP(png, info, &name, &compression, &profile, &size) != 0 && profile) {
        raw.icc.assign(profile, profile + size);
    } else if (png_get_sRGB(png, info, &intent) == 0 && png_get_gAMA(png, info, &file_gamma) != 0) {
        // 1/2.2 stands for sRGB in practice; other values (linear renders) are meant.
        if (file_gamma > 0.05 && file_gamma < 5.0 && (file_gamma < 0.43 || file_gamma > 0.48))
            raw.gamma = 1.0 / file_gamma;
    }
}

}  // namespace

Raw decode_png(Bytes bytes, const LoadOptions& options) {
    Decoder decoder(bytes);
    png_structp png = decoder.png();
    png_infop info = decoder.info();
    decoder.run([&] {
        png_set_read_fn(png, &decoder.state(), on_read);
        png_set_user_limits(png, 0x7fffffff, 0x7fffffff);  // ours follow
        png_set_chunk_cache_max(png, 64);
        png_set_chunk_malloc_max(png, 16u << 20);
        png_read_info(png, info);
    });
    const png_uint_32 width = png_get_image_width(png, info), height = png_get_image_height(png, info);
    check_size(width, height, options);

    Raw raw;
    raw.width = static_cast<int>(width);
    raw.height = static_cast<int>(height);
    raw.bit_depth = png_get_bit_depth(png, info);
    read_color(png, info, raw);
    int passes = 1;
    decoder.run([&] {
        png_set_expand(png);  // palettes, small depths, transparent colors
        if (raw.bit_depth == 16) png_set_swap(png);
        passes = png_set_interlace_handling(png);
        png_read_update_info(png, info);
    });
    const int channels = png_get_channels(png, info);
    const bool wide = png_get_bit_depth(png, info) == 16;
    raw.alpha = channels == 2 || channels == 4;
    raw.model = channels <= 2 ? ColorModel::grey : ColorModel::rgb;
    const std::size_t row_bytes = png_get_rowbytes(png, info);
    if (row_bytes != std::size_t(width) * std::size_t(channels) * (wide ? 2 : 1)) throw_damaged("row size");

    const Size size = reduced_size(raw.width, raw.height, options);
    AreaReducer reducer(raw.width, raw.height, channels, raw.alpha, size.width, size.height);
    // Interlaced rows come in seven passes over the whole picture.
    const std::size_t rows = passes > 1 ? height : 1;
    std::vector<std::uint16_t> storage((rows * row_bytes + 1) / 2);  // aligned for 16 bits
    auto* const storage_bytes = reinterpret_cast<std::uint8_t*>(storage.data());
    for (int pass = 0; pass < passes; ++pass)
        for (png_uint_32 y = 0; y < height; ++y) {
            std::uint8_t* const row = storage_bytes + (passes > 1 ? std::size_t(y) * row_bytes : 0);
            decoder.run([&] { png_read_row(png, row, nullptr); });
            if (pass + 1 < passes) continue;
            if (wide)
                reducer.push(reinterpret_cast<const std::uint16_t*>(row));
            else
                reducer.push(row);
        }
    decoder.run([&] { png_read_end(png, decoder.end()); });
    raw.exif = exif_of(png, info);
    if (raw.exif.empty()) raw.exif = exif_of(png, decoder.end());
    raw.pixels = reducer.finish();
    return raw;
}

}  // namespace likeness::decode
