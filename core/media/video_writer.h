// A video file from pictures: H.264 in MP4, near lossless to the eye, playable everywhere.
#pragma once

#include <filesystem>
#include <memory>

#include "core/base/result.h"
#include "core/image/image.h"

namespace likeness {

class VideoWriter {
  public:
    // Frames of width x height pixels (1 to 16384; odd sides are padded by one pixel, the border's), fps in (0, 1000].
    // Errors: invalid_argument, io (folder missing, no permission), internal (this FFmpeg has no encoder).
    static Result<std::unique_ptr<VideoWriter>> create(const std::filesystem::path& path, int width, int height,
                                                       double fps);

    // Unless finished, nothing is left behind.
    ~VideoWriter();
    VideoWriter(const VideoWriter&) = delete;
    VideoWriter& operator=(const VideoWriter&) = delete;

    // The next frame: of the size given, 1 (grey), 3 (RGB) or 4 channels (RGBA, put over black), sRGB-encoded.
    // Errors: invalid_argument, io (e.g. a full disk).
    Status add(const Image& image);

    // Writes what is left and puts the file in its place. Needs one frame or more; nothing can be added afterwards.
    Status finish();

  private:
    struct State;
    explicit VideoWriter(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace likeness
