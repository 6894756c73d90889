#include "make_pictures.h"

#include <lcms2.h>
#include <png.h>
#include <webp/encode.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <stdexcept>
// jpeglib.h needs stdio first.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include "core/image/ops.h"

namespace likeness::test {
namespace {

void append(Bytes& out, const void* data, std::size_t size) {
    const auto* first = static_cast<const std::uint8_t*>(data);
    out.insert(out.end(), first, first + size);
}

Bytes saved(cmsHPROFILE profile) {
    cmsUInt32Number size = 0;
    cmsSaveProfileToMem(profile, nullptr, &size);
    Bytes bytes(size);
    cmsSaveProfileToMem(profile, bytes.data(), &size);
    cmsCloseProfile(profile);
    return bytes;
}

}  // namespace

Image gradient(int width, int height, int channels) {
    Image image(width, height, channels);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const float u = (static_cast<float>(x) + 0.5f) / static_cast<float>(width);
            const float v = (static_cast<float>(y) + 0.5f) / static_cast<float>(height);
            const float values[] = {u, v, 0.25f + 0.5f * u * v, 1.0f - 0.75f * v};
            for (int c = 0; c < channels; ++c) image.at(x, y)[c] = channels == 2 && c == 1 ? values[3] : values[c];
        }
    return image;
}

Bytes make_jpeg(const Image& rgb, const JpegSpec& spec) {
    jpeg_compress_struct info{};
    jpeg_error_mgr errors{};
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    unsigned char* memory = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&info, &memory, &size);
    info.image_width = static_cast<JDIMENSION>(rgb.width);
    info.image_height = static_cast<JDIMENSION>(rgb.height);
    const bool ink =
        spec.kind == JpegKind::cmyk || spec.kind == JpegKind::cmyk_adobe || spec.kind == JpegKind::ycck_adobe;
    info.input_components = spec.kind == JpegKind::grey ? 1 : ink ? 4 : 3;
    info.in_color_space = spec.kind == JpegKind::grey ? JCS_GRAYSCALE : ink ? JCS_CMYK : JCS_RGB;
    jpeg_set_defaults(&info);
    if (spec.kind == JpegKind::ycck_adobe) jpeg_set_colorspace(&info, JCS_YCCK);
    if (ink) info.write_Adobe_marker = spec.kind == JpegKind::cmyk ? FALSE : TRUE;
    jpeg_set_quality(&info, 97, TRUE);
    for (int c = 0; c < info.num_components; ++c) info.comp_info[c].h_samp_factor = info.comp_info[c].v_samp_factor = 1;
    if (spec.progressive) jpeg_simple_progression(&info);
    info.restart_in_rows = spec.restart_rows;
    jpeg_start_compress(&info, TRUE);
    if (!spec.exif.empty())
        jpeg_write_marker(&info, JPEG_APP0 + 1, spec.exif.data(), static_cast<unsigned>(spec.exif.size()));
    if (!spec.icc.empty()) jpeg_write_icc_profile(&info, spec.icc.data(), static_cast<unsigned>(spec.icc.size()));
    Bytes row;
    for (int y = 0; y < rgb.height; ++y) {
        row.clear();
        for (int x = 0; x < rgb.width; ++x) {
            const float* p = rgb.at(x, y);
            if (spec.kind == JpegKind::grey) {
                row.push_back(to_u8(p[0]));
            } else if (ink) {
                for (int c = 0; c < 3; ++c) row.push_back(to_u8(spec.kind == JpegKind::cmyk ? 1.0f - p[c] : p[c]));
                row.push_back(spec.kind == JpegKind::cmyk ? 0 : 255);
            } else {
                for (int c = 0; c < 3; ++c) row.push_back(to_u8(p[c]));
            }
        }
        JSAMPROW pointer = row.data();
        jpeg_write_scanlines(&info, &pointer, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    const Bytes bytes(memory, memory + size);
    std::free(memory);
    return bytes;
}

Bytes make_png(const Image& image, const PngSpec& spec) {
    Bytes out;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(
        png, &out,
        [](png_structp p, png_bytep data, std::size_t size) {
            append(*static_cast<Bytes*>(png_get_io_ptr(p)), data, size);
        },
        nullptr);
    png_set_IHDR(png, info, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height),
                 spec.bit_depth, spec.color_type, spec.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
    const int levels = 1 << std::min(spec.bit_depth, 8);
    std::vector<png_color> palette;
    if (spec.color_type == PNG_COLOR_TYPE_PALETTE) {
        for (int i = 0; i < levels; ++i) {
            const auto level = static_cast<png_byte>(i * 255 / (levels - 1));
            palette.push_back({level, static_cast<png_byte>(255 - level), 77});
        }
        png_set_PLTE(png, info, palette.data(), levels);
        const png_byte alpha = 0;
        if (spec.transparent_palette) png_set_tRNS(png, info, &alpha, 1, nullptr);
    }
    if (!spec.icc.empty())
        png_set_iCCP(png, info, "test", PNG_COMPRESSION_TYPE_BASE, spec.icc.data(),
                     static_cast<png_uint_32>(spec.icc.size()));
    if (spec.gamma > 0.0) png_set_gAMA(png, info, spec.gamma);
    Bytes exif = spec.exif;
    if (!exif.empty()) png_set_eXIf_1(png, info, static_cast<png_uint_32>(exif.size()), exif.data());
    png_write_info(png, info);
    for (const auto& [name, bytes] : spec.chunks)
        png_write_chunk(png, reinterpret_cast<png_const_bytep>(name.data()), bytes.data(), bytes.size());

    // Packed by hand, so that every depth is covered.
    std::vector<Bytes> rows;
    const int channels = spec.color_type == PNG_COLOR_TYPE_PALETTE ? 1 : image.channels;
    for (int y = 0; y < image.height; ++y) {
        Bytes row;
        unsigned bits = 0;
        int used = 0;
        for (int x = 0; x < image.width; ++x)
            for (int c = 0; c < channels; ++c) {
                const int most = (1 << spec.bit_depth) - 1;
                const auto value = static_cast<unsigned>(std::lround(image.at(x, y)[c] * static_cast<float>(most)));
                if (spec.bit_depth == 16) {
                    row.push_back(static_cast<std::uint8_t>(value >> 8));
                    row.push_back(static_cast<std::uint8_t>(value & 255u));
                    continue;
                }
                bits = bits << spec.bit_depth | value;
                used += spec.bit_depth;
                if (used == 8) {
                    row.push_back(static_cast<std::uint8_t>(bits));
                    bits = 0;
                    used = 0;
                }
            }
        if (used > 0) row.push_back(static_cast<std::uint8_t>(bits << (8 - used)));
        rows.push_back(row);
    }
    std::vector<png_bytep> pointers;
    for (Bytes& row : rows) pointers.push_back(row.data());
    png_write_image(png, pointers.data());
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return out;
}

Bytes make_webp(const Image& image, bool lossless) {
    const Bytes pixels = to_u8(image);
    std::uint8_t* memory = nullptr;
    const int stride = image.width * image.channels;
    std::size_t size = 0;
    if (image.channels == 4)
        size = lossless ? WebPEncodeLosslessRGBA(pixels.data(), image.width, image.height, stride, &memory)
                        : WebPEncodeRGBA(pixels.data(), image.width, image.height, stride, 95.0f, &memory);
    else
        size = lossless ? WebPEncodeLosslessRGB(pixels.data(), image.width, image.height, stride, &memory)
                        : WebPEncodeRGB(pixels.data(), image.width, image.height, stride, 95.0f, &memory);
    const Bytes bytes(memory, memory + size);
    WebPFree(memory);
    return bytes;
}

Bytes wrap_webp(const Bytes& simple, int width, int height, const Bytes& icc, const Bytes& exif) {
    Bytes body = {'W', 'E', 'B', 'P'};
    const auto chunk = [&](const char* name, const Bytes& data) {
        append(body, name, 4);
        for (int i = 0; i < 4; ++i) body.push_back(static_cast<std::uint8_t>(data.size() >> (8 * i) & 255u));
        append(body, data.data(), data.size());
        if (data.size() % 2 != 0) body.push_back(0);
    };
    Bytes features(10, 0);
    features[0] = static_cast<std::uint8_t>((icc.empty() ? 0 : 0x20) | (exif.empty() ? 0 : 0x08));
    for (std::size_t i = 0; i < 3; ++i) {
        features[4 + i] = static_cast<std::uint8_t>((width - 1) >> (8 * i) & 255);
        features[7 + i] = static_cast<std::uint8_t>((height - 1) >> (8 * i) & 255);
    }
    chunk("VP8X", features);
    if (!icc.empty()) chunk("ICCP", icc);
    append(body, simple.data() + 12, simple.size() - 12);
    if (!exif.empty()) chunk("EXIF", exif);
    Bytes out = {'R', 'I', 'F', 'F'};
    for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(body.size() >> (8 * i) & 255u));
    append(out, body.data(), body.size());
    return out;
}

Bytes make_exif(int orientation, int focal_35mm, bool big_endian) {
    Bytes out;
    const auto u16 = [&](unsigned v) {
        out.push_back(static_cast<std::uint8_t>(big_endian ? v >> 8 : v & 255u));
        out.push_back(static_cast<std::uint8_t>(big_endian ? v & 255u : v >> 8));
    };
    const auto u32 = [&](unsigned v) {
        u16(big_endian ? v >> 16 : v & 0xffffu);
        u16(big_endian ? v & 0xffffu : v >> 16);
    };
    const auto short_entry = [&](unsigned tag, unsigned value) {
        u16(tag);
        u16(3);
        u32(1);
        u16(value);
        u16(0);
    };
    out = {static_cast<std::uint8_t>(big_endian ? 'M' : 'I'), static_cast<std::uint8_t>(big_endian ? 'M' : 'I')};
    u16(42);
    u32(8);
    u16(2);  // at 8: orientation and the Exif directory
    short_entry(0x0112, static_cast<unsigned>(orientation));
    u16(0x8769);
    u16(4);
    u32(1);
    u32(38);
    u32(0);
    u16(2);  // at 38
    u16(0x920a);
    u16(5);
    u32(1);
    u32(68);
    short_entry(0xa405, static_cast<unsigned>(focal_35mm));
    u32(0);
    u32(425);  // at 68: 4.25 mm
    u32(100);
    return out;
}

Bytes swapped_profile() {
    const cmsCIExyY d65 = {0.3127, 0.3290, 1.0};
    const cmsCIExyYTRIPLE swapped = {{0.30, 0.60, 1.0}, {0.64, 0.33, 1.0}, {0.15, 0.06, 1.0}};
    const double parameters[] = {2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045};
    cmsToneCurve* curve = cmsBuildParametricToneCurve(nullptr, 4, parameters);
    cmsToneCurve* curves[] = {curve, curve, curve};
    cmsHPROFILE profile = cmsCreateRGBProfile(&d65, &swapped, curves);
    cmsFreeToneCurve(curve);
    return saved(profile);
}

Bytes grey_profile(double gamma) {
    cmsToneCurve* curve = cmsBuildGamma(nullptr, gamma);
    cmsHPROFILE profile = cmsCreateGrayProfile(cmsD50_xyY(), curve);
    cmsFreeToneCurve(curve);
    return saved(profile);
}

Bytes srgb_profile() { return saved(cmsCreate_sRGBProfile()); }

Bytes black_only_profile() {
    cmsHPROFILE profile = cmsCreateProfilePlaceholder(nullptr);
    cmsSetProfileVersion(profile, 4.3);
    cmsSetDeviceClass(profile, cmsSigOutputClass);
    cmsSetColorSpace(profile, cmsSigCmykData);
    cmsSetPCS(profile, cmsSigLabData);
    cmsPipeline* table = cmsPipelineAlloc(nullptr, 4, 3);
    cmsStage* lab = cmsStageAllocCLut16bit(nullptr, 2, 4, 3, nullptr);
    cmsStageSampleCLut16bit(
        lab,
        [](const cmsUInt16Number in[], cmsUInt16Number out[], void*) -> cmsInt32Number {
            out[0] = static_cast<cmsUInt16Number>(0xffff - in[3]);
            out[1] = out[2] = 0x8080;
            return TRUE;
        },
        nullptr, 0);
    cmsPipelineInsertStage(table, cmsAT_END, cmsStageAllocToneCurves(nullptr, 4, nullptr));
    cmsPipelineInsertStage(table, cmsAT_END, lab);
    cmsPipelineInsertStage(table, cmsAT_END, cmsStageAllocToneCurves(nullptr, 3, nullptr));
    cmsWriteTag(profile, cmsSigAToB0Tag, table);
    cmsWriteTag(profile, cmsSigMediaWhitePointTag, cmsD50_XYZ());
    cmsPipelineFree(table);
    return saved(profile);
}

Bytes wide_profile() {
    const cmsCIExyY d65 = {0.3127, 0.3290, 1.0};
    const cmsCIExyYTRIPLE p3 = {{0.680, 0.320, 1.0}, {0.265, 0.690, 1.0}, {0.150, 0.060, 1.0}};
    cmsToneCurve* curve = cmsBuildGamma(nullptr, 2.2);
    cmsToneCurve* curves[] = {curve, curve, curve};
    cmsHPROFILE profile = cmsCreateRGBProfile(&d65, &p3, curves);
    cmsFreeToneCurve(curve);
    return saved(profile);
}

double largest_difference(const Image& a, const Image& b) {
    if (a.width != b.width || a.height != b.height || a.channels != b.channels) return 1e9;
    double largest = 0.0;
    for (std::size_t i = 0; i < a.pixels.size(); ++i) {
        const double difference = std::abs(double(a.pixels[i]) - double(b.pixels[i]));
        if (!(difference <= largest)) largest = difference;  // not-a-number too
    }
    return largest;
}

}  // namespace likeness::test
