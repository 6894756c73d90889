// Pictures of a video near a time, to be looked at: decoded by a thread of its own, reduced, a few kept.
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/image/image.h"

namespace likeness {

class VideoPictures {
  public:
    static constexpr int side = 360;          // pixels of the longer side, less than twice of them
    static constexpr int small_side = 112;    // of those along the time
    static constexpr std::size_t most = 18;   // that are kept
    static constexpr std::size_t along = 32;  // small ones, at even distances

    struct Shown {
        double seconds = 0;         // in the video
        int width = 0, height = 0;  // of the video, pixels
        Image picture;
    };

    // A video's file or a folder of pictures, `duration` seconds long. `wake`: from its thread, when there is a new
    // one.
    VideoPictures(std::filesystem::path video, double duration, std::function<void()> wake);
    ~VideoPictures();
    VideoPictures(const VideoPictures&) = delete;
    VideoPictures& operator=(const VideoPictures&) = delete;

    // What is shown at a time, or what comes nearest of those that are there; that one and those after it are on their
    // way. Null: there is none yet. Never waits.
    std::shared_ptr<const Shown> at(double seconds);
    // The i-th of `along`, asked for by the first call; null until it is there.
    std::shared_ptr<const Shown> small(std::size_t i);
    std::string problem() const;  // a sentence when the video cannot be read

  private:
    void work(const std::stop_token& stop);
    bool covered() const;  // what is wanted is there
    bool ready() const;    // and the next ones
    void add(std::shared_ptr<const Shown> shown, bool follows, double from);

    const std::filesystem::path video_;
    const double duration_;
    const std::function<void()> wake_;
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    double wanted_ = -1, rate_ = 0;
    bool wants_small_ = false, at_end_ = false;
    std::deque<std::shared_ptr<const Shown>> run_;  // frames that follow each other, each as it was decoded
    double run_begin_ = 0;                          // from which time on they are the ones that are shown
    std::shared_ptr<const Shown> newest_;
    std::vector<std::shared_ptr<const Shown>> small_;
    std::string problem_;
    std::jthread worker_;  // last: it ends first
};

}  // namespace likeness
