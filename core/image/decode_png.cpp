#include <png.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string_view>

#include "core/image/area_reducer.h"
#include "core/image/decode.h"
#include "core/image/exif.h"
#include "core/image/icc.h"

namespace likeness::decode {
namespace {

constexpr png_byte cicp[] = {'c', 'I', 'C', 'P', 0};

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

constexpr std::size_t largest_chunk = 16u << 20;

// libpng takes the memory that a chunk's length asks for before it looks whether the file has so much, and its own
// limit is only a warning. Pixels are read in small parts.
void check_chunks(Bytes bytes) {
    std::size_t at = 8;
    while (at + 12 <= bytes.size()) {
        const std::size_t length = std::size_t(bytes[at]) << 24 | std::size_t(bytes[at + 1]) << 16 |
                                   std::size_t(bytes[at + 2]) << 8 | bytes[at + 3];
        const std::string_view name(reinterpret_cast<const char*>(&bytes[at + 4]), 4);
        if (name == "IEND") return;
        const bool cut = length > bytes.size() - at - 12;
        if (name != "IDAT" && length > largest_chunk) throw_damaged("a chunk of " + std::to_string(length) + " bytes");
        if (name != "IDAT" && cut) throw_cut_off("inside a chunk");
        if (cut) return;
        at += 12 + length;
    }
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

// CIE x and y of white, red, green and blue, by the code of colour primaries of ITU-T H.273, table 2.
std::optional<std::array<double, 8>> primaries_of(int code) {
    constexpr std::array<double, 2> d65 = {0.3127, 0.3290}, c = {0.310, 0.316}, dci = {0.314, 0.351};
    const auto with = [](const std::array<double, 2>& white, const std::array<double, 6>& rgb) {
        return std::array{white[0], white[1], rgb[0], rgb[1], rgb[2], rgb[3], rgb[4], rgb[5]};
    };
    switch (code) {
        case 1:
            return with(d65, {0.640, 0.330, 0.300, 0.600, 0.150, 0.060});
        case 4:
            return with(c, {0.67, 0.33, 0.21, 0.71, 0.14, 0.08});
        case 5:
            return with(d65, {0.64, 0.33, 0.29, 0.60, 0.15, 0.06});
        case 6:
        case 7:
            return with(d65, {0.630, 0.340, 0.310, 0.595, 0.155, 0.070});
        case 9:
            return with(d65, {0.708, 0.292, 0.170, 0.797, 0.131, 0.046});
        case 11:
            return with(dci, {0.680, 0.320, 0.265, 0.690, 0.150, 0.060});
        case 12:
            return with(d65, {0.680, 0.320, 0.265, 0.690, 0.150, 0.060});
        case 22:
            return with(d65, {0.630, 0.340, 0.295, 0.605, 0.155, 0.077});
        default:
            return {};
    }
}

// The chunk cICP, which libpng does not know yet: primaries, transfer, matrix (0: RGB), full range.
std::optional<ColorSpace> cicp_of(png_structp png, png_infop info) {
    png_unknown_chunkp chunks = nullptr;
    const int count = png_get_unknown_chunks(png, info, &chunks);
    for (int i = 0; i < count; ++i) {
        const png_unknown_chunk& chunk = chunks[i];
        if (std::memcmp(chunk.name, "cICP", 4) != 0 || chunk.size != 4 || chunk.data[2] != 0 || chunk.data[3] != 1)
            continue;
        const auto primaries = primaries_of(chunk.data[0]);
        if (primaries && is_transfer(chunk.data[1])) return ColorSpace{*primaries, chunk.data[1], 0};
    }
    return {};
}

// PNG 3rd edition, 4.3: cICP counts before iCCP, that before sRGB, that before cHRM and gAMA.
void read_color(png_structp png, png_infop info, Raw& raw) {
    if ((raw.space = cicp_of(png, info))) return;
    png_charp name = nullptr;
    int compression = 0;
    png_bytep profile = nullptr;
    png_uint_32 size = 0;
    int intent = 0;
    if (png_get_iCCP(png, info, &name, &compression, &profile, &size) != 0 && profile) {
        raw.icc.assign(profile, profile + size);
        return;
    }
    if (png_get_sRGB(png, info, &intent) != 0) return;
    ColorSpace space{*primaries_of(1), 13, 0};
    const std::array<double, 8> usual = space.primaries;
    double file_gamma = 0.0;
    // 1/2.2 stands for sRGB's curve in practice where the primaries are sRGB's; other values (linear renders) are
    // meant.
    const bool has_gamma = png_get_gAMA(png, info, &file_gamma) != 0 && file_gamma > 0.05 && file_gamma < 5.0;
    std::array<double, 8>& p = space.primaries;
    if (png_get_cHRM(png, info, &p[0], &p[1], &p[2], &p[3], &p[4], &p[5], &p[6], &p[7]) == 0) p = usual;
    double away = 0;
    for (std::size_t i = 0; i < p.size(); ++i) away = std::max(away, std::abs(p[i] - usual[i]));
    const bool own_primaries = away > 0.002;
    if (has_gamma && (own_primaries || file_gamma < 0.43 || file_gamma > 0.48)) {
        space.transfer = 0;
        space.gamma = 1.0 / file_gamma;
    }
    if (own_primaries || space.transfer == 0) raw.space = space;
}

// ImageMagick's and exiftool's places for EXIF, and Adobe's for XMP.
void read_texts(png_structp png, png_infop info, Raw& raw) {
    png_textp texts = nullptr;
    int count = 0;
    png_get_text(png, info, &texts, &count);
    for (int i = 0; i < count; ++i) {
        const png_text& text = texts[i];
        if (!text.text || !text.key) continue;
        const std::string_view key = text.key;
        const std::string_view words(text.text, text.text_length > 0 ? text.text_length : std::strlen(text.text));
        if (key == "Raw profile type exif" || key == "Raw profile type APP1")
            raw.exif.push_back(raw_profile(words));
        else if (key == "XML:com.adobe.xmp")
            raw.xmp += words;
    }
}

}  // namespace

Raw decode_png(Bytes bytes, const LoadOptions& options) {
    check_chunks(bytes);
    Decoder decoder(bytes);
    png_structp png = decoder.png();
    png_infop info = decoder.info();
    decoder.run([&] {
        png_set_read_fn(png, &decoder.state(), on_read);
        png_set_user_limits(png, 0x7fffffff, 0x7fffffff);  // ours follow
        png_set_chunk_cache_max(png, 64);
        png_set_chunk_malloc_max(png, largest_chunk);
        png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_ALWAYS, cicp, 1);
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
    for (png_infop place : {info, decoder.end()}) {
        raw.exif.push_back(exif_of(png, place));
        read_texts(png, place, raw);
    }
    raw.pixels = reducer.finish();
    return raw;
}

}  // namespace likeness::decode
