// TGA, BMP, PSD and Radiance files, byte by byte.
#include <algorithm>
#include <cmath>

#include "core/image/ops.h"
#include "make_pictures.h"

namespace likeness::test {
namespace {

void little(Bytes& out, std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
void big(Bytes& out, std::uint32_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
void append(Bytes& out, const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }

std::uint32_t level(float value, int most) { return static_cast<std::uint32_t>(std::lround(value * float(most))); }

// As TGA and BMP have it: blue first; 16 bits are five a color.
Bytes stored(const float* p, int bits) {
    Bytes out;
    if (bits == 8) return {to_u8(p[0])};
    if (bits == 16) {
        little(out, level(p[0], 31) << 10 | level(p[1], 31) << 5 | level(p[2], 31), 2);
        return out;
    }
    for (const int c : {2, 1, 0}) out.push_back(to_u8(p[c]));
    if (bits == 32) out.push_back(to_u8(p[3]));
    return out;
}

// Runs of equal bytes, else single ones (Apple's PackBits).
Bytes pack_bits(const Bytes& row) {
    Bytes out;
    for (std::size_t i = 0; i < row.size();) {
        std::size_t run = 1;
        while (i + run < row.size() && run < 128 && row[i + run] == row[i]) ++run;
        out.push_back(static_cast<std::uint8_t>(run > 1 ? 257 - run : 0));
        out.push_back(row[i]);
        i += run;
    }
    return out;
}

}  // namespace

Bytes make_tga(const Image& image, const TgaSpec& spec) {
    const int pixels = image.width * image.height;
    Bytes out = {3, std::uint8_t(spec.indexed ? 1 : 0)};
    out.push_back(std::uint8_t((spec.indexed ? 1 : spec.bits == 8 ? 3 : 2) + (spec.packed ? 8 : 0)));
    little(out, 0, 2);
    little(out, std::uint32_t(spec.indexed ? pixels : 0), 2);
    out.push_back(std::uint8_t(spec.indexed ? spec.bits : 0));
    little(out, 0, 4);
    little(out, std::uint32_t(image.width), 2);
    little(out, std::uint32_t(image.height), 2);
    out.push_back(std::uint8_t(spec.indexed ? 8 : spec.bits));
    out.push_back(std::uint8_t((spec.bits == 32 ? spec.alpha_bits : 0) | (spec.mirrored ? 0x10 : 0) |
                               (spec.top_down ? 0x20 : 0)));
    append(out, {'i', 'd', '.'});
    if (spec.indexed)
        for (int i = 0; i < pixels; ++i) append(out, stored(image.at(i % image.width, i / image.width), spec.bits));
    std::vector<Bytes> values;
    for (int y = 0; y < image.height; ++y)
        for (int x = 0; x < image.width; ++x) {
            const int from_x = spec.mirrored ? image.width - 1 - x : x;
            const int from_y = spec.top_down ? y : image.height - 1 - y;
            values.push_back(spec.indexed ? Bytes{std::uint8_t(from_y * image.width + from_x)}
                                          : stored(image.at(from_x, from_y), spec.bits));
        }
    for (std::size_t i = 0; i < values.size();) {
        std::size_t run = 1;
        while (spec.packed && i + run < values.size() && run < 128 && values[i + run] == values[i]) ++run;
        if (spec.packed) out.push_back(std::uint8_t(run > 1 ? 127 + run : 0));
        append(out, values[i]);
        i += run;
    }
    const std::string footer = "TRUEVISION-XFILE.";
    if (spec.footer) {
        little(out, 0, 4);
        little(out, 0, 4);
        out.insert(out.end(), footer.begin(), footer.end());
        out.push_back(0);
    }
    return out;
}

Bytes make_bmp(const Image& image, const BmpSpec& spec) {
    const std::uint32_t colors = spec.bits < 16 ? 1u << spec.bits : 0;
    const int width = image.width, height = image.height;
    const std::size_t row_bytes = std::size_t((width * spec.bits + 31) / 32) * 4;
    Bytes out = {'B', 'M'};
    const std::uint32_t data_at = 14 + std::uint32_t(spec.header) + colors * (spec.header == 12 ? 3 : 4);
    little(out, data_at + std::uint32_t(row_bytes) * std::uint32_t(height), 4);
    little(out, 0, 4);
    little(out, data_at, 4);
    little(out, std::uint32_t(spec.header), 4);
    const int side_bytes = spec.header == 12 ? 2 : 4;
    little(out, std::uint32_t(width), side_bytes);
    little(out, std::uint32_t(spec.top_down ? -height : height), side_bytes);
    little(out, 1, 2);
    little(out, std::uint32_t(spec.bits), 2);
    out.resize(14 + std::size_t(spec.header));
    for (std::uint32_t i = 0; i < colors; ++i) {
        out.insert(out.end(), 3, std::uint8_t(i * 255 / (colors - 1)));
        if (spec.header != 12) out.push_back(0);
    }
    for (int y = 0; y < height; ++y) {
        const std::size_t begin = out.size();
        std::uint32_t packed = 0;
        for (int x = 0; x < width; ++x) {
            const float* p = image.at(x, spec.top_down ? y : height - 1 - y);
            if (spec.bits >= 16) {
                append(out, stored(p, spec.bits));
                continue;
            }
            packed = packed << spec.bits | level(p[0], int(colors) - 1);
            const int used = (x + 1) * spec.bits % 8;
            if (used == 0) out.push_back(std::uint8_t(packed));
            if (used != 0 && x == width - 1) out.push_back(std::uint8_t(packed << (8 - used)));
        }
        out.resize(begin + row_bytes);
    }
    return out;
}

Bytes make_psd(const Image& image, const PsdSpec& spec) {
    Bytes out = {'8', 'B', 'P', 'S', 0, 1, 0, 0, 0, 0, 0, 0};
    big(out, std::uint32_t(image.channels), 2);
    big(out, std::uint32_t(image.height), 4);
    big(out, std::uint32_t(image.width), 4);
    big(out, std::uint32_t(spec.bits), 2);
    big(out, 3, 2);
    big(out, 0, 4);
    Bytes resources;
    const auto resource = [&](std::uint32_t id, const Bytes& data) {
        append(resources, {'8', 'B', 'I', 'M'});
        big(resources, id, 2);
        append(resources, {2, 'a', 'b', 0});  // a name
        big(resources, std::uint32_t(data.size()), 4);
        append(resources, data);
        if (data.size() % 2 != 0) resources.push_back(0);
    };
    resource(1000, {1, 2, 3});
    if (!spec.icc.empty()) resource(1039, spec.icc);
    if (!spec.exif.empty()) resource(1058, spec.exif);
    big(out, std::uint32_t(resources.size()), 4);
    append(out, resources);
    if (!spec.transparent) {
        big(out, 0, 4);
    } else if (spec.bits == 8) {
        big(out, 6, 4);
        big(out, 2, 4);
        big(out, 0xffff, 2);  // -1 layers
    } else {
        big(out, 22, 4);
        big(out, 0, 4);
        big(out, 0, 4);
        append(out, {'8', 'B', 'I', 'M', 'L', 'r', '1', '6'});
        big(out, 2, 4);
        big(out, 0xffff, 2);
    }
    big(out, spec.packed ? 1 : 0, 2);
    Bytes table, planes;
    for (int c = 0; c < image.channels; ++c)
        for (int y = 0; y < image.height; ++y) {
            Bytes row;
            for (int x = 0; x < image.width; ++x) {
                const float* p = image.at(x, y);
                const float value = spec.transparent && c < 3 ? p[c] * p[3] + 1.0f - p[3] : p[c];
                big(row, level(value, (1 << spec.bits) - 1), spec.bits / 8);
            }
            if (spec.packed) row = pack_bits(row);
            big(table, std::uint32_t(row.size()), 2);
            append(planes, row);
        }
    if (spec.packed) append(out, table);
    append(out, planes);
    return out;
}

Bytes make_hdr(const Image& rgb, HdrLayout layout, const std::string& first_line) {
    const std::string head = first_line + "\n# made by hand\nFORMAT=32-bit_rle_rgbe\nEXPOSURE=1.0\n\n-Y " +
                             std::to_string(rgb.height) + " +X " + std::to_string(rgb.width) + "\n";
    Bytes out(head.begin(), head.end());
    for (int y = 0; y < rgb.height; ++y) {
        std::vector<Bytes> planes(4);
        for (int x = 0; x < rgb.width; ++x) {
            const float* p = rgb.at(x, y);
            int exponent = 0;
            std::frexp(std::max({p[0], p[1], p[2], 1e-30f}), &exponent);
            for (std::size_t c = 0; c < 3; ++c)
                planes[c].push_back(std::uint8_t(std::min(255.0f, std::floor(std::ldexp(p[c], 8 - exponent)))));
            planes[3].push_back(std::uint8_t(exponent + 128));
            if (layout == HdrLayout::flat)
                for (const Bytes& plane : planes) out.push_back(plane.back());
        }
        if (layout == HdrLayout::flat) continue;
        append(out, {2, 2});
        big(out, std::uint32_t(rgb.width), 2);
        for (const Bytes& plane : planes)
            for (std::size_t i = 0; i < plane.size();) {
                std::size_t run = 1;
                while (i + run < plane.size() && run < 127 && plane[i + run] == plane[i]) ++run;
                out.push_back(std::uint8_t(run > 1 ? 128 + run : 1));
                out.push_back(plane[i]);
                i += run;
            }
    }
    return out;
}

}  // namespace likeness::test
