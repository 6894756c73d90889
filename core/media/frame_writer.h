// Takes the frames of a film, one after another. What becomes of them follows from the path: a video, an animation, a
// folder of pictures, or raw pixels for another program.
#pragma once

#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/task.h"
#include "core/image/image.h"

namespace likeness {

class FrameWriter {
  public:
    // Unless it was finished, nothing is left behind, and an old file stays as it was.
    virtual ~FrameWriter() = default;

    // The next frame: of the size given, 1 (grey), 3 (RGB) or 4 (RGBA, straight) channels, sRGB-encoded.
    // Errors: invalid_argument (another size, closed), io (a full disk, a reader that went away), out_of_memory. After
    // io and out_of_memory the writer is closed.
    virtual Status add(const Image& image) = 0;

    // Writes what is left (all of a GIF, which takes a while) and puts the file in its place. Needs one frame or more;
    // nothing can be added afterwards. When it is cancelled nothing is left behind. Errors: as add.
    Status finish(Progress& progress) { return end(progress); }
    Status finish() {
        Progress unseen;
        return end(unseen);
    }

    // What a person should know: sound that was left out. A sentence each.
    virtual std::vector<std::string> notes() const { return {}; }

  private:
    virtual Status end(Progress& progress) = 0;
};

// Of the work of making a film, for progress; the rest is finish().
inline constexpr double film_frames_share = 0.9;

// What is heard in a video file between two of its times, in seconds since its first picture as FrameSource::time()
// counts them, at its own speed. It begins with the first frame written and ends with the last one, or before; where
// the file has no sound there is silence, and a file or folder without any makes a video without.
struct SoundOf {
    std::filesystem::path file;
    double begin = 0;
    double end = std::numeric_limits<double>::infinity();
};

enum class FilmKind {
    mp4,       // .mp4: H.264 (video_writer.h); alpha goes over black
    gif,       // .gif: 256 colors chosen from all frames, dithered; alpha of a half and more is opaque; loops
    webp,      // .webp: animated, lossy at quality 90, with alpha; loops
    pictures,  // any other name: a folder of frame-000000.png, frame-000001.png, ..., with alpha
    raw,       // "-" (standard output) or a named pipe: packed 8-bit pixels, rgb24, or rgba if frames have alpha
};
FilmKind film_kind(const std::filesystem::path& path);  // endings in any case
bool keeps_alpha(FilmKind kind);
// One file, which replaces what has its name: mp4, gif and webp.
bool is_film_file(FilmKind kind);
// What can be written, for people: ".mp4, .gif, .webp, a folder of PNG pictures, or - for raw frames".
std::string film_names();

// Whether open_frame_writer would take the path; leaves nothing behind. Errors: OutputFile's for files,
// invalid_argument (an ending of another kind of video or picture; a file where the folder would be; standard output is
// a terminal).
Status check_film(const std::filesystem::path& path);

// Frames of width x height pixels, 1 to 16384 (WebP 16383) a side; MP4 pads odd sides by one pixel. fps in (0, 1000];
// a GIF counts in hundredths of a second and leaves out frames beyond 50 a second, its length stays.
// A folder is made if it is missing; pictures of the same names are replaced. If the disk is full, those that were
// written stay, since each is whole.
// A pipe needs its reader first, and one that takes nothing for ten seconds has gone; SIGPIPE must be ignored. Read by
// e.g. `ffmpeg -f rawvideo -pixel_format rgb24 -video_size 512x512 -framerate 30 -i - ...`.
// Only MP4 keeps sound; elsewhere it is left out.
// Errors: check_film's, invalid_argument (size, rate), io, internal (this FFmpeg lacks an encoder), VideoReader's for
// the sound's file.
Result<std::unique_ptr<FrameWriter>> open_frame_writer(const std::filesystem::path& path, int width, int height,
                                                       double fps, const std::optional<SoundOf>& sound = {});

}  // namespace likeness
