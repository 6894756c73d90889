#include "core/image/load.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>

#include "core/base/file_kind.h"
#include "core/image/decode.h"
#include "core/image/exif.h"
#include "core/image/file_bytes.h"
#include "core/image/icc.h"

namespace likeness {
namespace decode {

void check_size(std::uint64_t width, std::uint64_t height, const LoadOptions& options) {
    if (width == 0 || height == 0 || width > 0x7fffffff || height > 0x7fffffff) throw_damaged("empty picture");
    if (width > options.max_pixels / height)
        throw BadPicture{"has " + std::to_string(width) + " x " + std::to_string(height) + " pixels, more than the " +
                             std::to_string(options.max_pixels) + " that are allowed; make it smaller first.",
                         ""};
}

Size reduced_size(int width, int height, const LoadOptions& options) {
    const int longer = std::max(width, height);
    if (longer <= options.max_side) return {width, height};
    const double scale = double(options.max_side) / longer;
    const auto reduced = [&](int side) { return std::clamp(static_cast<int>(std::lround(side * scale)), 1, side); };
    return {reduced(width), reduced(height)};
}

void throw_cut_off(const std::string& detail) { throw BadPicture{"is cut off; copy or download it again.", detail}; }
void throw_damaged(const std::string& detail) {
    throw BadPicture{"is damaged and cannot be read as a picture; choose another file.", detail};
}

namespace {

bool has(Bytes bytes, std::size_t at, const char* text) {
    const std::size_t length = std::strlen(text);
    return at + length <= bytes.size() && std::memcmp(bytes.data() + at, text, length) == 0;
}

FileKind other_kind(Bytes bytes, const std::string& name) {
    return file_kind({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, name);
}

Raw decode_any(Bytes bytes, const std::string& name, const LoadOptions& options) {
    for (const PictureFormat& format : picture_formats())
        if (format.recognises(bytes, name)) return format.decode(bytes, options);
    const FileKind kind = other_kind(bytes, name);
    const std::string what = kind ? "is " + std::string(kind.what) : "is not a picture that can be read";
    const std::string advice = kind.advice.empty() ? "use a " + picture_names() + " file" : std::string(kind.advice);
    throw BadPicture{what + "; " + advice + ".", "unknown signature"};
}

// The first structure that says something about it counts.
Exif exif_of(const Raw& raw) {
    Exif all;
    for (const std::vector<std::uint8_t>& structure : raw.exif) {
        const Exif exif = parse_exif(structure);
        if (!all.orientation) all.orientation = exif.orientation;
        if (!all.focal_mm) all.focal_mm = exif.focal_mm;
        if (!all.focal_35mm) all.focal_35mm = exif.focal_35mm;
    }
    return all;
}

// Profiles apart: grey to three equal channels, inks to light.
Image to_rgb(Raw&& raw) {
    if (raw.model == ColorModel::rgb) return std::move(raw.pixels);
    const Image& in = raw.pixels;
    Image out(in.width, in.height, raw.alpha ? 4 : 3);
    const float* p = in.pixels.data();
    float *q = out.pixels.data(), *const end = q + out.pixels.size();
    for (; q != end; p += in.channels, q += out.channels) {
        if (raw.model == ColorModel::grey) {
            q[0] = q[1] = q[2] = p[0];
            if (raw.alpha) q[3] = p[1];
        } else {
            for (int c = 0; c < 3; ++c) q[c] = (1.0f - p[c]) * (1.0f - p[3]);
        }
    }
    return out;
}

// The EXIF values: 1 as it is, 2 mirrored, 3 turned by 180, 4 flipped, 5 transposed, 6 to be turned clockwise,
// 7 transposed over the other diagonal, 8 to be turned anticlockwise.
Image oriented(Image&& in, int orientation) {
    if (orientation <= 1 || orientation > 8) return std::move(in);
    const bool swapped = orientation >= 5;
    Image out(swapped ? in.height : in.width, swapped ? in.width : in.height, in.channels);
    const bool mirror_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const bool mirror_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    for (int y = 0; y < out.height; ++y)
        for (int x = 0; x < out.width; ++x) {
            int sx = swapped ? y : x, sy = swapped ? x : y;
            if (mirror_x) sx = in.width - 1 - sx;
            if (mirror_y) sy = in.height - 1 - sy;
            std::copy_n(in.at(sx, sy), in.channels, out.at(x, y));
        }
    return out;
}

}  // namespace
}  // namespace decode

std::span<const PictureFormat> picture_formats() {
    using decode::Bytes;
    using decode::has;
    using Name = const std::string&;
    static const std::vector<PictureFormat> formats = {
        {"JPEG",
         {".jpg", ".jpeg"},
         [](Bytes b, Name) { return decode::jpeg_begin(b).has_value(); },
         decode::decode_jpeg},
        {"PNG", {".png"}, [](Bytes b, Name) { return has(b, 0, "\x89PNG\r\n\x1a\n"); }, decode::decode_png},
        {"WebP", {".webp"}, [](Bytes b, Name) { return has(b, 0, "RIFF") && has(b, 8, "WEBP"); }, decode::decode_webp},
        {"BMP", {".bmp"}, [](Bytes b, Name) { return has(b, 0, "BM"); }, decode::decode_bmp},
        {"PSD", {".psd"}, [](Bytes b, Name) { return has(b, 0, "8BPS"); }, decode::decode_psd},
        {"Radiance HDR",
         {".hdr"},
         [](Bytes b, Name) { return decode::is_radiance(b); },
         [](Bytes b, const LoadOptions& options) { return decode::decode_radiance(b, options, false); }},
        // Last: it has no signature.
        {"TGA",
         {".tga"},
         [](Bytes b, Name name) { return !decode::other_kind(b, name) && decode::is_tga(b, name); },
         decode::decode_tga},
    };
    return formats;
}

std::string picture_names() {
    const auto formats = picture_formats();
    std::string names;
    for (std::size_t i = 0; i < formats.size(); ++i)
        names += (i == 0 ? "" : i + 1 < formats.size() ? ", " : " or ") + std::string(formats[i].name);
    return names;
}

namespace {

constexpr std::size_t max_file_bytes = std::size_t(512) << 20;

// `load()`, with what the decoders throw as errors.
template <class T, class Load>
Result<T> guarded(std::span<const std::uint8_t> bytes, const std::string& name, const LoadOptions& options,
                  const Load& load) {
    if (options.max_side < 1)
        return Error{ErrorCode::invalid_argument, "The largest side of a picture must be at least 1 pixel.", name};
    if (bytes.empty()) return Error{ErrorCode::bad_input, "'" + name + "' is empty; choose another file.", ""};
    try {
        return load();
    } catch (const decode::BadPicture& bad) {
        return Error{ErrorCode::bad_input, "'" + name + "' " + bad.reason, bad.detail};
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::out_of_memory,
                     "There is not enough memory to open '" + name + "'; use a smaller picture.", ""};
    }
}

}  // namespace

Result<LoadedImage> load_picture_from_memory(std::span<const std::uint8_t> bytes, const std::string& name,
                                             const LoadOptions& options) {
    return guarded<LoadedImage>(bytes, name, options, [&] {
        decode::Raw raw = decode::decode_any(bytes, name, options);
        const Exif exif = decode::exif_of(raw);
        const int orientation = exif.orientation.value_or(xmp_orientation(raw.xmp).value_or(1));
        LoadedImage loaded;
        loaded.original_width = orientation >= 5 ? raw.height : raw.width;
        loaded.original_height = orientation >= 5 ? raw.width : raw.height;
        loaded.notes = std::move(raw.notes);
        loaded.bit_depth = raw.bit_depth;
        loaded.orientation = orientation;
        loaded.focal_mm = exif.focal_mm;
        loaded.focal_35mm = exif.focal_35mm;
        std::optional<Image> converted = convert_to_srgb(raw);
        loaded.profile_converted = converted.has_value();
        Image rgb = converted ? *std::move(converted) : decode::to_rgb(std::move(raw));
        loaded.image = decode::oriented(std::move(rgb), orientation);
        return loaded;
    });
}

Result<Image> load_radiance_from_memory(std::span<const std::uint8_t> bytes, const std::string& name,
                                        const LoadOptions& options) {
    return guarded<Image>(bytes, name, options, [&] {
        if (!decode::is_radiance(bytes))
            throw decode::BadPicture{"is not a Radiance picture; use an .hdr file.", "unknown signature"};
        return decode::decode_radiance(bytes, options, true).pixels;
    });
}

Result<LoadedImage> load_picture(const std::filesystem::path& path, const LoadOptions& options) {
    const Result<std::vector<std::uint8_t>> bytes = read_file(path, max_file_bytes);
    if (!bytes) return bytes.error();
    return load_picture_from_memory(*bytes, path.string(), options);
}

Result<Image> load_radiance(const std::filesystem::path& path, const LoadOptions& options) {
    const Result<std::vector<std::uint8_t>> bytes = read_file(path, max_file_bytes);
    if (!bytes) return bytes.error();
    return load_radiance_from_memory(*bytes, path.string(), options);
}

Result<Image> load_image(const std::filesystem::path& path, const LoadOptions& options) {
    Result<LoadedImage> loaded = load_picture(path, options);
    if (!loaded) return loaded.error();
    return std::move(loaded->image);
}

}  // namespace likeness
