#include "core/files/thumbnail.h"

#include <array>

#include "core/files/file_formats.h"
#include "core/formats/zip.h"
#include "core/image/file_bytes.h"
#include "core/image/load.h"
#include "core/image/svg.h"

namespace likeness {
namespace {

constexpr std::uint64_t most_bytes = std::uint64_t(256) << 20;
constexpr std::size_t most_pixels = 60'000'000;

Result<Image> of_avatar(const std::filesystem::path& file, const LoadOptions& options) {
    ZipLimits limits;
    limits.max_entry_bytes = limits.max_total_bytes = most_bytes;
    const auto zip = ZipReader::open(file, limits);
    if (!zip) return zip.error();
    const std::string entry = zip->contains("thumbnail.png") ? "thumbnail.png" : "source.png";
    const auto bytes = zip->read(entry);
    if (!bytes) return bytes.error();
    auto picture = load_picture_from_memory(*bytes, file.string() + ": " + entry, options);
    if (!picture) return picture.error();
    return std::move(picture->image);
}

}  // namespace

Result<Image> file_thumbnail(const std::filesystem::path& file, int side) {
    // Before anything is opened: a pipe would wait for ever.
    const auto size = readable_file_size(file);
    if (!size) return size.error();
    if (*size <= most_svg_bytes && is_svg_file(file)) return load_svg(file, side);
    constexpr std::array pictured = {FileContent::avatar, FileContent::picture};
    const FileFormat* format = *size <= most_bytes ? format_of(file, pictured) : nullptr;
    if (!format) return Error{ErrorCode::bad_input, "'" + file.string() + "' has no small picture.", ""};
    const LoadOptions options{.max_side = side, .max_pixels = most_pixels};
    return format->holds() == FileContent::avatar ? of_avatar(file, options) : load_image(file, options);
}

}  // namespace likeness
