// A video file from pictures: H.264 in MP4, near lossless to the eye, playable everywhere, with the sound of another
// video (AAC) if asked for.
#pragma once

#include <filesystem>
#include <memory>

#include "core/media/frame_writer.h"

namespace likeness {

class VideoWriter : public FrameWriter {
  public:
    // Frames of width x height pixels (1 to 16384; odd sides are padded by one pixel, the border's), fps in (0, 1000].
    // Errors: invalid_argument, io (folder missing, no permission), internal (this FFmpeg has no encoder),
    // VideoReader's for the sound's file.
    static Result<std::unique_ptr<VideoWriter>> create(const std::filesystem::path& path, int width, int height,
                                                       double fps, const std::optional<SoundOf>& sound = {});

    ~VideoWriter() override;
    VideoWriter(const VideoWriter&) = delete;
    VideoWriter& operator=(const VideoWriter&) = delete;

    Status add(const Image& image) override;
    std::vector<std::string> notes() const override;

  private:
    Status end(Progress& progress) override;

    struct State;
    explicit VideoWriter(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace likeness
