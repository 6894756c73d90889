// Frames of a video file, upright and in sRGB. Only containers that hold their own data are opened (no playlists, no
// network), and only files. High dynamic range (PQ, HLG) is brought to sRGB: white at 203 cd/m2 (ITU-R BT.2408), what
// is darker than half of it unchanged, the rest compressed up to 1000 cd/m2.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "core/media/frame_source.h"

namespace likeness {

class VideoReader : public FrameSource {
  public:
    // Errors: not_found, io, bad_input (a folder, empty, no video, damaged, cut off before its index, unknown codec,
    // frames of more than 50 million pixels). The message is one sentence that names the file.
    static Result<std::unique_ptr<VideoReader>> open(const std::filesystem::path& path);
    ~VideoReader() override;
    VideoReader(const VideoReader&) = delete;
    VideoReader& operator=(const VideoReader&) = delete;

    // Of the frames that next() returns: rotation and pixel aspect are applied.
    int width() const override;
    int height() const override;
    double fps() const override;  // mean
    // What the container says, or duration times fps; exact after seek_frame.
    std::int64_t frame_count() const override;

    // Damaged frames are passed over and counted in notes(), and those that lean on them: up to the next key frame, but
    // for a second at most, since some videos have one key frame only. Errors: bad_input (not one frame could be
    // decoded), out_of_memory.
    Result<std::optional<Image>> next() override;
    double time() const override;
    // Of the first frame in the container's own time, seconds; after next() has returned it.
    double start() const;
    std::vector<std::string> notes() const override;

    // Makes next() return frame n (0 is the first), or the next that is not damaged. Exact, also with a varying frame
    // rate: reads the file's packets once. Errors: invalid_argument (no such frame), bad_input.
    Status seek_frame(std::int64_t n);

  private:
    struct State;
    explicit VideoReader(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace likeness
