#include "core/media/frame_writer.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "core/base/output_file.h"
#include "core/image/ops.h"
#include "core/media/film_writers.h"
#include "core/media/video_writer.h"

namespace likeness {
namespace {

namespace fs = std::filesystem;

constexpr int max_side = 16384;

std::string lower_ending(const fs::path& path) {
    std::string ending = path.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return ending;
}

std::string quoted(const fs::path& path) { return "'" + path.string() + "'"; }

}  // namespace

namespace film {

Status check_shape(const Shape& shape, int most) {
    if (shape.width >= 1 && shape.height >= 1 && shape.width <= most && shape.height <= most && shape.fps > 0.0 &&
        shape.fps <= 1000.0)
        return {};
    return Error{
        ErrorCode::invalid_argument,
        quoted(shape.path) + " needs a size of 1 to " + std::to_string(most) +
            " pixels a side and a frame rate of at most 1000.",
        std::to_string(shape.width) + " x " + std::to_string(shape.height) + " at " + std::to_string(shape.fps)};
}

Status check_frame(const Shape& shape, const Image& image) {
    if (image.width == shape.width && image.height == shape.height &&
        (image.channels == 1 || image.channels == 3 || image.channels == 4) &&
        image.pixels.size() == std::size_t(image.width) * std::size_t(image.height) * std::size_t(image.channels))
        return {};
    return Error{ErrorCode::invalid_argument,
                 "A frame for " + quoted(shape.path) + " has another size: " + std::to_string(image.width) + " x " +
                     std::to_string(image.height) + " pixels instead of " + std::to_string(shape.width) + " x " +
                     std::to_string(shape.height) + ".",
                 std::to_string(image.channels) + " channels"};
}

Error closed(const Shape& shape) {
    return {ErrorCode::invalid_argument, quoted(shape.path) + " is closed; start a new film.", ""};
}

Error no_frames(const Shape& shape) {
    return {ErrorCode::invalid_argument, quoted(shape.path) + " would have no frame.", ""};
}

Error no_memory(const Shape& shape) {
    return {ErrorCode::out_of_memory, "There is not enough memory to write " + quoted(shape.path) + ".", ""};
}

Error lost(Error error) {
    if (error.code != ErrorCode::io) return error;
    error.message.pop_back();
    error.message +=
        "; nothing of this film is kept, an older one of that name stays as it was (in a folder of PNG pictures, those "
        "before the failure are kept).";
    return error;
}

std::vector<std::uint8_t> rgba_of(const Image& image) {
    std::vector<std::uint8_t> bytes(std::size_t(image.width) * std::size_t(image.height) * 4, 255);
    const std::size_t channels = std::size_t(image.channels);
    for (std::size_t i = 0; i * 4 < bytes.size(); ++i)
        for (std::size_t c = 0; c < (channels == 4 ? 4u : 3u); ++c)
            bytes[i * 4 + c] = to_u8(image.pixels[i * channels + (channels == 1 ? 0 : c)]);
    return bytes;
}

}  // namespace film

FilmKind film_kind(const fs::path& path) {
    struct stat info {};
    if (path == "-" || (::stat(path.c_str(), &info) == 0 && S_ISFIFO(info.st_mode))) return FilmKind::raw;
    const std::string ending = lower_ending(path);
    return ending == ".mp4"    ? FilmKind::mp4
           : ending == ".gif"  ? FilmKind::gif
           : ending == ".webp" ? FilmKind::webp
                               : FilmKind::pictures;
}

bool keeps_alpha(FilmKind kind) { return kind != FilmKind::mp4; }
bool is_film_file(FilmKind kind) { return kind != FilmKind::pictures && kind != FilmKind::raw; }
std::string film_names() { return ".mp4, .gif, .webp, a folder of PNG pictures, or - for raw frames"; }

Status check_film(const fs::path& path) {
    const FilmKind kind = film_kind(path);
    if (kind == FilmKind::raw) {
        if (path == "-" && ::isatty(STDOUT_FILENO))
            return Error{ErrorCode::invalid_argument,
                         "Raw frames do not belong on a terminal; send standard output to a program or a file.", ""};
        return {};
    }
    if (is_film_file(kind)) return check_target(path);
    std::error_code none;
    const bool there = fs::exists(path, none);
    if (there && !fs::is_directory(path, none))
        return Error{ErrorCode::invalid_argument,
                     quoted(path) + " is a file, not a folder for pictures; films are " + film_names() + ".", ""};
    constexpr std::array others = {".mov", ".m4v", ".mkv",  ".avi", ".webm", ".mpg", ".wmv",
                                   ".flv", ".png", ".apng", ".jpg", ".jpeg", ".bmp", ".tga"};
    if (!there && std::find(others.begin(), others.end(), lower_ending(path)) != others.end())
        return Error{ErrorCode::invalid_argument,
                     quoted(path) + ": films are " + film_names() + "; choose one of these.", ""};
    if (path.empty()) return Error{ErrorCode::invalid_argument, "The film has no name.", ""};
    return {};
}

Result<std::unique_ptr<FrameWriter>> open_frame_writer(const fs::path& path, int width, int height, double fps,
                                                       const std::optional<SoundOf>& sound) {
    if (Status possible = check_film(path); !possible) return possible.error();
    const film::Shape shape{path, width, height, fps};
    const FilmKind kind = film_kind(path);
    if (Status possible = film::check_shape(shape, kind == FilmKind::webp ? max_side - 1 : max_side); !possible)
        return possible.error();
    try {
        switch (kind) {
            case FilmKind::gif:
                return film::write_gif(shape);
            case FilmKind::webp:
                return film::write_webp(shape);
            case FilmKind::pictures:
                return film::write_pictures(shape);
            case FilmKind::raw:
                return film::write_raw(shape);
            case FilmKind::mp4:
                break;
        }
    } catch (const std::bad_alloc&) {
        return film::no_memory(shape);
    }
    auto video = VideoWriter::create(path, width, height, fps, sound);
    if (!video) return video.error();
    return std::unique_ptr<FrameWriter>(*std::move(video));
}

}  // namespace likeness
