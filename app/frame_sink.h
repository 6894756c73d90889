// Frames on their way to a FrameWriter, which works on a thread of its own.
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "core/base/result.h"
#include "core/image/image.h"
#include "core/media/frame_writer.h"

namespace likeness {

class FrameSink {
  public:
    FrameSink(std::filesystem::path path, double fps, std::optional<SoundOf> sound = {})
        : path_(std::move(path)), fps_(fps), sound_(std::move(sound)) {}
    // Any thread. `times` repeats a frame that was shown longer. Dropped when too many wait.
    void add(Image image, int times);
    // Waits for room instead; nothing is dropped. False at once when writing has ended.
    bool add_waiting(Image image);
    void finish();
    // Writes until finish(); on a thread of its own. `cancelled` ends it early, with what there is.
    Status run(const std::function<bool()>& cancelled);
    // After run() went well: what was written becomes the film. Without it there is none.
    Status close(Progress& progress);
    std::vector<std::string> notes() const { return film_ ? film_->notes() : std::vector<std::string>(); }

  private:
    Status write(const Image& image);
    Status write_all(const std::function<bool()>& cancelled);
    std::filesystem::path path_;
    double fps_;
    std::optional<SoundOf> sound_;
    std::unique_ptr<FrameWriter> film_;  // of the first frame's size
    int width_ = 0, height_ = 0;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::pair<Image, int>> waiting_;
    bool finished_ = false, ended_ = false;
};

}  // namespace likeness
