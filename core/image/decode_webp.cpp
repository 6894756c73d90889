#include <webp/decode.h>

#include <cstring>

#include "core/image/area_reducer.h"
#include "core/image/decode.h"

namespace likeness::decode {
namespace {

// The data of the first chunk of that name in the RIFF container; empty when there is none.
std::vector<std::uint8_t> chunk(Bytes file, const char* name) {
    std::size_t at = 12;  // behind "RIFF", size, "WEBP"
    while (file.size() >= 8 && at <= file.size() - 8) {
        const std::uint8_t* const head = file.data() + at;
        const std::size_t size =
            std::size_t(head[4]) | std::size_t(head[5]) << 8 | std::size_t(head[6]) << 16 | std::size_t(head[7]) << 24;
        if (size > file.size() - at - 8) return {};
        if (std::memcmp(head, name, 4) == 0) return {head + 8, head + 8 + size};
        at += 8 + size + (size & 1);
    }
    return {};
}

}  // namespace

Raw decode_webp(Bytes bytes, const LoadOptions& options) {
    const auto check = [](VP8StatusCode status) {
        if (status == VP8_STATUS_OK) return;
        if (status == VP8_STATUS_OUT_OF_MEMORY) throw std::bad_alloc();
        if (status == VP8_STATUS_NOT_ENOUGH_DATA || status == VP8_STATUS_SUSPENDED) throw_cut_off("WebP");
        throw_damaged("WebP status " + std::to_string(status));
    };
    WebPDecoderConfig config{};
    if (!WebPInitDecoderConfig(&config)) throw_damaged("libwebp's version");
    check(WebPGetFeatures(bytes.data(), bytes.size(), &config.input));
    if (config.input.has_animation)
        throw BadPicture{"is an animation; save one of its frames as a picture.", "WebP animation"};
    const int width = config.input.width, height = config.input.height;
    check_size(static_cast<std::uint64_t>(std::max(width, 0)), static_cast<std::uint64_t>(std::max(height, 0)),
               options);
    const std::uint64_t declared = std::uint64_t(bytes[4]) | std::uint64_t(bytes[5]) << 8 |
                                   std::uint64_t(bytes[6]) << 16 | std::uint64_t(bytes[7]) << 24;
    if (declared + 8 > bytes.size()) throw_cut_off("RIFF size");

    Raw raw;
    raw.width = width;
    raw.height = height;
    raw.alpha = config.input.has_alpha != 0;
    raw.icc = chunk(bytes, "ICCP");
    raw.exif.push_back(chunk(bytes, "EXIF"));
    if (auto& exif = raw.exif.back(); exif.size() > 6 && std::memcmp(exif.data(), "Exif\0", 6) == 0)
        exif.erase(exif.begin(), exif.begin() + 6);
    const std::vector<std::uint8_t> xmp = chunk(bytes, "XMP ");
    raw.xmp.assign(xmp.begin(), xmp.end());

    const int channels = raw.alpha ? 4 : 3;
    const std::size_t stride = std::size_t(width) * std::size_t(channels);
    std::vector<std::uint8_t> pixels(stride * std::size_t(height));
    config.output.colorspace = raw.alpha ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA = {pixels.data(), static_cast<int>(stride), pixels.size()};
    const VP8StatusCode status = WebPDecode(bytes.data(), bytes.size(), &config);
    WebPFreeDecBuffer(&config.output);
    check(status);

    const Size size = reduced_size(width, height, options);
    AreaReducer reducer(width, height, channels, raw.alpha, size.width, size.height);
    for (int y = 0; y < height; ++y) reducer.push(pixels.data() + std::size_t(y) * stride);
    raw.pixels = reducer.finish();
    return raw;
}

}  // namespace likeness::decode
