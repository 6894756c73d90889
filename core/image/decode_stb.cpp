// TGA, BMP, PSD and Radiance pictures. stb decodes them; what it takes on trust is checked here first.
#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <memory>

#include "core/image/area_reducer.h"
#include "core/image/decode.h"
#include "core/image/ops.h"
#include "core/image/stb.h"

namespace likeness::decode {
namespace {

// stb does not say which of the two it is.
[[noreturn]] void throw_not_read(const char* kind, const std::string& detail) {
    throw BadPicture{
        std::string("is a ") + kind + " of a sort that is not read, or damaged; save it again as a PNG file.", detail};
}

Bytes part(Bytes bytes, std::uint64_t at, std::uint64_t count) {
    if (at > bytes.size() || count > bytes.size() - at) throw_cut_off("a part is missing");
    return bytes.subspan(at, count);
}

std::uint32_t little(Bytes bytes, std::size_t at, std::size_t count) {
    std::uint32_t value = 0;
    for (const std::uint8_t byte : part(bytes, at, count)) value = value >> 8 | std::uint32_t(byte) << 24;
    return value >> (32 - 8 * count);
}

std::uint32_t big(Bytes bytes, std::size_t at, std::size_t count) {
    std::uint32_t value = 0;
    for (const std::uint8_t byte : part(bytes, at, count)) value = value << 8 | byte;
    return value;
}

// What stb reads from. It takes missing bytes for zeros: half-grey pictures, and Radiance lines that never end. Here it
// gets line feeds, which end every loop of its decoders, and the picture is known to be cut off.
class Source {
  public:
    explicit Source(std::initializer_list<Bytes> parts) {
        for (const Bytes bytes : parts)
            if (!bytes.empty()) parts_.push_back(bytes);
    }
    bool cut_off() const { return cut_off_; }

    static constexpr stbi_io_callbacks calls() { return {read, skip, at_end}; }

  private:
    static int read(void* user, char* data, int size) {
        auto& self = *static_cast<Source*>(user);
        // The first call fills stb's own buffer, which looks ahead and may be filled in part.
        if (!self.buffer_) self.buffer_ = data;
        const std::size_t wanted = static_cast<std::size_t>(size), got = self.take(data, wanted);
        if (got == wanted || (got > 0 && data == self.buffer_)) return static_cast<int>(got);
        self.cut_off_ = true;
        std::memset(data + got, '\n', wanted - got);
        return size;
    }
    static void skip(void* user, int count) {
        auto& self = *static_cast<Source*>(user);
        const auto wanted = static_cast<std::size_t>(std::max(count, 0));
        if (count < 0 || self.take(nullptr, wanted) < wanted) self.cut_off_ = true;
    }
    static int at_end(void* user) { return static_cast<Source*>(user)->parts_.empty() ? 1 : 0; }

    std::size_t take(char* out, std::size_t wanted) {
        std::size_t got = 0;
        while (got < wanted && !parts_.empty()) {
            Bytes& front = parts_.front();
            const std::size_t count = std::min(wanted - got, front.size());
            if (out) std::memcpy(out + got, front.data(), count);
            got += count;
            front = front.subspan(count);
            if (front.empty()) parts_.erase(parts_.begin());
        }
        return got;
    }

    std::vector<Bytes> parts_;
    const char* buffer_ = nullptr;
    bool cut_off_ = false;
};

struct Free {
    void operator()(void* pixels) const { stbi_image_free(pixels); }
};
template <class T>
using Pixels = std::unique_ptr<T[], Free>;

struct Header {
    int width = 0, height = 0, channels = 0;
};

// All limits, before memory is taken.
void check_limits(std::uint64_t width, std::uint64_t height, Bytes bytes, const LoadOptions& options) {
    check_size(width, height, options);
    if (std::max(width, height) > STBI_MAX_DIMENSIONS)
        throw BadPicture{"has " + std::to_string(width) + " x " + std::to_string(height) + " pixels, more than the " +
                             std::to_string(STBI_MAX_DIMENSIONS) + " that a side may have; make it smaller first.",
                         ""};
    // The densest packing of these kinds puts 64 pixels into a byte.
    if (width * height / 64 > bytes.size()) throw_cut_off("too few bytes for its size");
}

Header read_header(const char* kind, Bytes bytes, const LoadOptions& options) {
    Header header;
    if (bytes.size() > INT_MAX) throw_not_read(kind, "too many bytes");
    if (!stbi_info_from_memory(bytes.data(), static_cast<int>(bytes.size()), &header.width, &header.height,
                               &header.channels))
        throw_not_read(kind, stbi_failure_reason());
    const auto size = [](int side) { return static_cast<std::uint64_t>(std::int64_t(side)); };
    // A BMP whose rows run downwards has a negative height; INT_MIN stays too large.
    const bool upside_down = header.height < 0 && header.height != INT_MIN && bytes[0] == 'B';
    if (upside_down) header.height = -header.height;
    check_limits(size(header.width), size(header.height), bytes, options);
    return header;
}

// `load`: stbi_load_from_callbacks or stbi_loadf_from_callbacks; their pixels have `channels`.
template <class T>
Pixels<T> decode(const char* kind, Source source, const Header& header, int channels,
                 T* (*load)(const stbi_io_callbacks*, void*, int*, int*, int*, int)) {
    constexpr stbi_io_callbacks calls = Source::calls();
    int width = 0, height = 0, stored = 0;
    Pixels<T> pixels(load(&calls, &source, &width, &height, &stored, channels));
    if (source.cut_off()) throw_cut_off(kind);
    if (!pixels && std::strcmp(stbi_failure_reason(), "outofmem") == 0) throw std::bad_alloc();
    if (!pixels) throw_not_read(kind, stbi_failure_reason());
    if (width != header.width || height != header.height) throw_damaged("two sizes");
    return pixels;
}

// `row(y)`: width * channels values, in any form that AreaReducer takes.
template <class Row>
Raw reduce(const Header& header, int channels, const LoadOptions& options, const Row& row) {
    Raw raw;
    raw.width = header.width;
    raw.height = header.height;
    raw.alpha = channels % 2 == 0;
    raw.model = channels <= 2 ? ColorModel::grey : ColorModel::rgb;
    const Size size = reduced_size(raw.width, raw.height, options);
    AreaReducer reducer(raw.width, raw.height, channels, raw.alpha, size.width, size.height);
    for (int y = 0; y < raw.height; ++y) reducer.push(row(static_cast<std::size_t>(y)));
    raw.pixels = reducer.finish();
    return raw;
}

// --- PSD: what stb makes of a whole document has faults (it decodes packed 16-bit rows as 8-bit ones and takes a saved
// selection for transparency), so it is given some planes at a time, as a small document of their own.

struct Psd {
    std::uint32_t channels = 0, width = 0, height = 0, bytes_per_value = 0;
    Bytes resources, planes;
    bool packed = false;       // PackBits, a table of the rows' lengths before them
    bool transparent = false;  // the fourth channel is the opacity of the whole
};

constexpr const char* psd_name = "Photoshop document";

Psd parse_psd(Bytes bytes, const LoadOptions& options) {
    Psd psd;
    psd.channels = big(bytes, 12, 2);
    psd.height = big(bytes, 14, 4);
    psd.width = big(bytes, 18, 4);
    const std::uint32_t depth = big(bytes, 22, 2), mode = big(bytes, 24, 2);
    psd.bytes_per_value = depth / 8;
    if (big(bytes, 4, 2) != 1) throw_not_read(psd_name, "version");
    if (mode != 3 || (depth != 8 && depth != 16) || psd.channels < 3)
        throw BadPicture{"is a Photoshop document of another kind than RGB with 8 or 16 bits; convert it to that.",
                         "mode " + std::to_string(mode) + ", " + std::to_string(depth) + " bits"};
    check_limits(psd.width, psd.height, bytes, options);
    if (psd.channels > 56 || psd.width > 30'000 || psd.height > 30'000) throw_damaged("PSD's own limits");
    std::size_t at = 26;
    const auto section = [&] {
        const Bytes content = part(bytes, at + 4, big(bytes, at, 4));
        at += 4 + content.size();
        return content;
    };
    section();  // color mode
    psd.resources = section();
    Bytes layers = section();
    const std::uint32_t compression = big(bytes, at, 2);
    if (compression > 1) throw_not_read(psd_name, "compression");
    psd.packed = compression == 1;
    psd.planes = bytes.subspan(at + 2);
    // Adobe's specification: a negative number of layers means that. With 16 bits it stands in a block of its own.
    if (layers.size() >= 6 && big(layers, 0, 4) == 0) {
        constexpr char key[] = "8BIMLr16";
        const auto found = std::search(layers.begin(), layers.end(), std::boyer_moore_horspool_searcher(key, key + 8));
        layers = layers.subspan(static_cast<std::size_t>(found - layers.begin()));
        layers = layers.size() >= 14 ? layers.subspan(8) : Bytes();
    }
    psd.transparent = psd.channels >= 4 && layers.size() >= 6 && big(layers, 4, 2) >= 0x8000;
    return psd;
}

// The data of an image resource; empty when there is none.
std::vector<std::uint8_t> resource(Bytes resources, std::uint32_t wanted) {
    std::size_t at = 0;
    while (resources.size() - at >= 12) {  // signature, number, name (even), size
        const std::size_t size_at = at + 6 + (std::size_t(resources[at + 6]) + 2) / 2 * 2;
        if (size_at + 4 > resources.size()) break;
        const std::size_t size = big(resources, size_at, 4), left = resources.size() - size_at - 4;
        if (size > left) break;
        if (big(resources, at + 4, 2) == wanted) {
            const Bytes data = resources.subspan(size_at + 4, size);
            return {data.begin(), data.end()};
        }
        at = size_at + 4 + std::min(size + size % 2, left);
    }
    return {};
}

// Planes `first` to `first + count`, count <= 3: four values a pixel, of which `count` count. Values of 16 bits are two
// pixels of 8.
Pixels<stbi_uc> decode_planes(const Psd& psd, std::size_t first, std::size_t count) {
    const std::uint32_t width = psd.width * psd.bytes_per_value;
    std::array<std::uint8_t, 40> head = {'8', 'B', 'P', 'S', 0, 1};
    const auto put = [&](std::size_t at, std::uint32_t value) {
        for (std::size_t i = 0; i < 4; ++i) head[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
    };
    head[13] = static_cast<std::uint8_t>(count);
    put(14, psd.height);
    put(18, width);
    head[23] = 8;                   // bits
    head[25] = 3;                   // RGB; then three empty sections
    head[39] = psd.packed ? 1 : 0;  // compression
    const std::size_t rows = psd.height, plane = std::size_t(width) * rows;
    Bytes table, data;
    if (psd.packed) {
        table = part(psd.planes, 0, 2 * rows * psd.channels);
        std::uint64_t begin = table.size(), size = 0;
        for (std::size_t i = 0; i < rows * first; ++i) begin += big(table, 2 * i, 2);
        for (std::size_t i = rows * first; i < rows * (first + count); ++i) size += big(table, 2 * i, 2);
        data = part(psd.planes, begin, size);
        table = table.first(2 * rows * count);
    } else {
        data = part(psd.planes, plane * first, plane * count);
    }
    const Header header{static_cast<int>(width), static_cast<int>(psd.height), 4};
    return decode<stbi_uc>(psd_name, Source({head, table, data}), header, 4, stbi_load_from_callbacks);
}

}  // namespace

bool is_radiance(Bytes bytes) {
    for (const std::string_view start : {"#?RADIANCE\n", "#?RGBE\n"})
        if (bytes.size() >= start.size() && std::memcmp(bytes.data(), start.data(), start.size()) == 0) return true;
    return false;
}

bool is_tga(Bytes bytes, const std::string& name) {
    constexpr std::string_view footer("TRUEVISION-XFILE.\0", 18);
    std::string ending = name.size() > 4 ? name.substr(name.size() - 4) : "";
    for (char& c : ending) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    const bool named = ending == ".tga" || ending == ".icb" || ending == ".vda" || ending == ".vst";
    const bool signed_ = bytes.size() > footer.size() &&
                         std::memcmp(&bytes[bytes.size() - footer.size()], footer.data(), footer.size()) == 0;
    if ((!named && !signed_) || bytes.size() > INT_MAX) return false;
    int width = 0, height = 0, channels = 0;
    return stbi_info_from_memory(bytes.data(), static_cast<int>(bytes.size()), &width, &height, &channels) != 0;
}

Raw decode_tga(Bytes bytes, const LoadOptions& options) {
    constexpr const char* kind = "TGA picture";
    part(bytes, 0, 18);
    const Header header = read_header(kind, bytes, options);
    const bool indexed = bytes[1] != 0;
    const unsigned bits = bytes[indexed ? 7 : 16], description = bytes[17];
    if ((description & 0xc0u) != 0) throw_not_read(kind, "interleaved rows");
    if (indexed && little(bytes, 3, 2) != 0) throw_not_read(kind, "a palette that begins elsewhere");
    // Without attribute bits the fourth byte is nothing.
    const bool no_alpha = header.channels == 4 && !indexed && (description & 15u) == 0;
    const int channels = no_alpha ? 3 : header.channels;
    const Pixels<stbi_uc> pixels = decode<stbi_uc>(kind, Source({bytes}), header, channels, stbi_load_from_callbacks);
    const std::size_t length = std::size_t(header.width) * std::size_t(channels);
    Raw raw = reduce(header, channels, options, [&](std::size_t y) {
        stbi_uc* const row = pixels.get() + y * length;
        if ((description & 0x10u) == 0) return row;
        // From right to left: pixels reversed, values of a pixel reversed back.
        std::reverse(row, row + length);
        for (stbi_uc* p = row; p != row + length; p += channels) std::reverse(p, p + channels);
        return row;
    });
    if (channels == 3 && (bits == 15 || bits == 16)) raw.bit_depth = 5;
    return raw;
}

Raw decode_bmp(Bytes bytes, const LoadOptions& options) {
    constexpr const char* kind = "BMP picture";
    part(bytes, 0, 26);
    const Header header = read_header(kind, bytes, options);
    const std::uint32_t data_at = little(bytes, 10, 4), head_bytes = little(bytes, 14, 4);
    const std::uint32_t bits = little(bytes, head_bytes == 12 ? 24 : 28, 2);
    if (bits < 16) {
        // The palette fills the room before the pixels; stb miscounts it behind the oldest header.
        const std::int64_t entries = (std::int64_t(data_at) - 14 - head_bytes) / 4;
        if (head_bytes == 12 || entries < 1 || entries > 256) throw_not_read(kind, "palette");
    }
    const std::uint64_t row_bytes = (std::uint64_t(header.width) * bits + 31) / 32 * 4;
    part(bytes, data_at, row_bytes * std::uint64_t(header.height));
    const int channels = header.channels;
    const Pixels<stbi_uc> pixels = decode<stbi_uc>(kind, Source({bytes}), header, channels, stbi_load_from_callbacks);
    Raw raw = reduce(header, channels, options, [&](std::size_t y) {
        return pixels.get() + y * std::size_t(header.width) * std::size_t(channels);
    });
    if (bits == 16) raw.bit_depth = 5;
    return raw;
}

Raw decode_psd(Bytes bytes, const LoadOptions& options) {
    const Psd psd = parse_psd(bytes, options);
    const Pixels<stbi_uc> colors = decode_planes(psd, 0, 3);
    const Pixels<stbi_uc> opacity = psd.transparent ? decode_planes(psd, 3, 1) : nullptr;
    const std::size_t width = psd.width, channels = psd.transparent ? 4 : 3;
    const bool wide = psd.bytes_per_value == 2;
    std::vector<float> row(width * channels);
    const Header header{static_cast<int>(psd.width), static_cast<int>(psd.height), static_cast<int>(channels)};
    Raw raw = reduce(header, header.channels, options, [&](std::size_t y) {
        const auto value = [&](const Pixels<stbi_uc>& planes, std::size_t x, std::size_t c) {
            const stbi_uc* const p = planes.get() + 4 * (y * width + x) * psd.bytes_per_value + c;
            return wide ? static_cast<float>(p[0] << 8 | p[4]) / 65535.0f : static_cast<float>(p[0]) / 255.0f;
        };
        for (std::size_t x = 0; x < width; ++x) {
            float* const out = &row[x * channels];
            for (std::size_t c = 0; c < 3; ++c) out[c] = value(colors, x, c);
            if (!psd.transparent) continue;
            // The colors of the whole lie over white.
            const float alpha = out[3] = value(opacity, x, 0);
            for (std::size_t c = 0; c < 3; ++c)
                out[c] = alpha > 0.0f ? std::clamp((out[c] - (1.0f - alpha)) / alpha, 0.0f, 1.0f) : 0.0f;
        }
        return row.data();
    });
    raw.bit_depth = wide ? 16 : 8;
    raw.icc = resource(psd.resources, 1039);
    raw.exif.push_back(resource(psd.resources, 1058));
    return raw;
}

Raw decode_radiance(Bytes bytes, const LoadOptions& options, bool linear) {
    constexpr const char* kind = "Radiance picture";
    const Header header = read_header(kind, bytes, options);
    const Pixels<float> pixels = decode<float>(kind, Source({bytes}), header, 3, stbi_loadf_from_callbacks);
    const std::size_t length = std::size_t(header.width) * 3;
    return reduce(header, 3, options, [&](std::size_t y) {
        float* const row = pixels.get() + y * length;
        if (!linear) std::transform(row, row + length, row, [](float v) { return linear_to_srgb(v); });
        return row;
    });
}

}  // namespace likeness::decode
