// Frames from anywhere, one after another: a video file, a folder of pictures, a camera.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/image/image.h"

namespace likeness {

class FrameSource {
  public:
    virtual ~FrameSource() = default;

    // Of all frames that next() returns.
    virtual int width() const = 0;
    virtual int height() const = 0;
    virtual double fps() const = 0;                // > 0
    virtual std::int64_t frame_count() const = 0;  // 0: unknown

    // The next frame, 3 channels, sRGB; nothing at the end.
    virtual Result<std::optional<Image>> next() = 0;
    // Of the frame last returned, in seconds since the first.
    virtual double time() const = 0;

    // What a person should know about the frames so far: those left out as damaged, an early end. A sentence each.
    virtual std::vector<std::string> notes() const { return {}; }
};

// A video file, one picture (JPEG, PNG, WebP, BMP or TGA, by its name's ending), or a folder of them (in the order of
// their names, numbers in them by value; 25 a second; all brought to the size of the first that can be read). What is
// damaged is left out and noted; the times of the others stay. Errors: VideoReader's; for folders bad_input (none in
// it, none can be read).
Result<std::unique_ptr<FrameSource>> open_frames(const std::filesystem::path& path);

// What decoding takes is done on a thread of its own, a few frames ahead.
class FramesAhead {
  public:
    explicit FramesAhead(std::unique_ptr<FrameSource> source, std::size_t ahead = 4);
    ~FramesAhead();
    FramesAhead(const FramesAhead&) = delete;
    FramesAhead& operator=(const FramesAhead&) = delete;

    struct Timed {
        Image picture;
        double seconds = 0;
    };
    // Waits for the next frame; nothing at the end. Errors: the source's.
    Result<std::optional<Timed>> next();
    // The source's, once next() has come to the end or an error; before that none.
    std::vector<std::string> notes() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace likeness
