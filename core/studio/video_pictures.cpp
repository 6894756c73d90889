#include "core/studio/video_pictures.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <optional>

#include "core/base/parallel.h"
#include "core/media/video_reader.h"

namespace likeness {
namespace {

constexpr double ahead_seconds = 0.3;  // decoded before they are wanted
constexpr double jump_seconds = 1.5;   // further on it is looked for in the file
constexpr double near_seconds = 12;    // a usual distance of frames from which decoding can begin

// Frames from any time on.
class SeekingFrames {
  public:
    explicit SeekingFrames(std::filesystem::path path) : path_(std::move(path)) {}

    Status open() {
        last_ = -1;
        auto opened = open_frames(path_);
        if (!opened) return opened.error();
        source_ = *std::move(opened);
        reader_ = dynamic_cast<VideoReader*>(source_.get());
        return {};
    }
    double rate() const { return source_->fps(); }
    int width() const { return source_->width(); }
    int height() const { return source_->height(); }
    bool ended() const { return ended_; }  // no frame comes after that
    double last() const { return last_; }  // seconds of the frame that came last; below 0: none did

    Result<std::optional<Image>> next() {
        auto frame = source_->next();
        ended_ = frame && !*frame;
        if (frame && *frame) last_ = source_->time();
        return frame;
    }

    // The same for times that grow, by what comes next unless that is far.
    Result<std::optional<Image>> go_on(double seconds, const std::stop_token& stop) {
        if (last_ < 0 || seconds > last_ + near_seconds) return seek(seconds, stop);
        return on_to(seconds, next(), stop);
    }

    // The frame that is shown at that time.
    Result<std::optional<Image>> seek(double seconds, const std::stop_token& stop) {
        const double half = 0.5 / rate();
        if (reader_) {
            auto n = std::int64_t(std::lround(std::max(0.0, seconds) * rate()));
            for (int tries = 0; tries < 4; ++tries) {
                if (Status found = reader_->seek_frame(n); !found) {
                    if (n == 0) return found.error();
                    n = std::clamp<std::int64_t>(reader_->frame_count() - 1, 0, n - 1);
                    continue;
                }
                auto frame = next();
                if (!frame || !*frame) return frame;
                if (last_ <= seconds + half || n == 0) return on_to(seconds, std::move(frame), stop);
                n = std::max<std::int64_t>(0, n - std::max<std::int64_t>(1, std::lround((last_ - seconds) * rate())));
            }
        }
        if (Status opened = open(); !opened) return opened.error();
        return on_to(seconds, next(), stop);
    }

  private:
    Result<std::optional<Image>> on_to(double seconds, Result<std::optional<Image>> frame,
                                       const std::stop_token& stop) {
        while (frame && *frame && last_ + 0.5 / rate() < seconds && !stop.stop_requested()) {
            auto following = next();
            if (!following || !*following) break;  // the last one is shown on
            frame = std::move(following);
        }
        return frame;
    }

    const std::filesystem::path path_;
    std::unique_ptr<FrameSource> source_;
    VideoReader* reader_ = nullptr;  // null for pictures
    double last_ = -1;
    bool ended_ = false;
};

// The mean of squares of pixels. On this thread alone: loops that are shared wait while the viewport is drawn.
Image in_squares(const Image& frame, int square) {
    Image small(frame.width / square, frame.height / square, frame.channels);
    const float share = 1 / float(square * square);
    for (int y = 0; y < small.height; ++y)
        for (int x = 0; x < small.width; ++x) {
            float* to = small.at(x, y);
            for (int row = y * square; row < (y + 1) * square; ++row) {
                const float* from = frame.at(x * square, row);
                for (int i = 0; i < square; ++i)
                    for (int c = 0; c < frame.channels; ++c) to[c] += share * *from++;
            }
        }
    return small;
}

std::shared_ptr<const VideoPictures::Shown> reduced(const SeekingFrames& frames, Image frame, int side) {
    const int square = std::min(std::max(frame.width, frame.height) / side, std::min(frame.width, frame.height));
    return std::make_shared<const VideoPictures::Shown>(VideoPictures::Shown{
        frames.last(), frames.width(), frames.height(), square > 1 ? in_squares(frame, square) : std::move(frame)});
}

}  // namespace

VideoPictures::VideoPictures(std::filesystem::path video, double duration, std::function<void()> wake)
    : video_(std::move(video)), duration_(duration), wake_(std::move(wake)), small_(along) {
    worker_ = std::jthread([this](const std::stop_token& stop) {
        lower_thread_priority(2);
        try {
            work(stop);
        } catch (const std::bad_alloc&) {
            const std::lock_guard lock(mutex_);
            problem_ = "There is not enough memory to show '" + video_.string() + "'.";
        }
    });
}

VideoPictures::~VideoPictures() { worker_.request_stop(); }

std::shared_ptr<const VideoPictures::Shown> VideoPictures::at(double seconds) {
    const std::lock_guard lock(mutex_);
    if (wanted_ != seconds) {
        wanted_ = seconds;
        changed_.notify_all();
    }
    const double half = rate_ > 0 ? 0.5 / rate_ : 0;
    const auto after = std::upper_bound(run_.begin(), run_.end(), seconds + half,
                                        [](double s, const auto& shown) { return s < shown->seconds; });
    if (after != run_.begin()) return *(after - 1);
    return run_.empty() ? newest_ : run_.front();
}

std::shared_ptr<const VideoPictures::Shown> VideoPictures::small(std::size_t i) {
    const std::lock_guard lock(mutex_);
    if (!wants_small_) {
        wants_small_ = true;
        changed_.notify_all();
    }
    return i < small_.size() ? small_[i] : nullptr;
}

std::string VideoPictures::problem() const {
    const std::lock_guard lock(mutex_);
    return problem_;
}

bool VideoPictures::covered() const {
    if (wanted_ < 0) return true;
    if (run_.empty()) return at_end_;
    return wanted_ >= run_begin_ && (at_end_ || run_.back()->seconds + 0.5 / rate_ >= wanted_);
}

bool VideoPictures::ready() const {
    return covered() && (wanted_ < 0 || at_end_ || run_.back()->seconds >= wanted_ + ahead_seconds);
}

void VideoPictures::add(std::shared_ptr<const Shown> shown, bool follows, double from) {
    if (!follows) {
        run_.clear();
        run_begin_ = std::min(from, shown->seconds);
    }
    newest_ = shown;
    run_.push_back(std::move(shown));
    if (run_.size() <= most) return;
    run_.pop_front();
    run_begin_ = run_.front()->seconds;
}

void VideoPictures::work(const std::stop_token& stop) {
    SeekingFrames frames(video_), along_frames(video_);
    std::size_t next_small = 0;
    const auto failed = [&](const Error& error) {
        {
            const std::lock_guard lock(mutex_);
            problem_ = error.message;
        }
        wake_();
    };
    if (Status opened = frames.open(); !opened) return failed(opened.error());
    std::unique_lock lock(mutex_);
    rate_ = frames.rate();
    const auto wants_small = [&] { return wants_small_ && next_small < along; };
    // A video that plays may want more than there is time for: still there are small ones now and then.
    const auto more = [&] { return !ready() || wants_small(); };
    for (unsigned turn = 1; changed_.wait(lock, stop, more) && !stop.stop_requested(); ++turn) {
        if (!wants_small() || (!covered() && turn % 6 != 0)) {
            const double wanted = wanted_;
            const bool follows =
                !run_.empty() && !at_end_ && wanted >= run_begin_ && wanted < run_.back()->seconds + jump_seconds;
            // Who steps back wants the one before that, too.
            const bool back = !run_.empty() && wanted < run_begin_ && wanted > run_begin_ - 1;
            const double from = back ? std::max(0.0, wanted - ahead_seconds) : wanted;
            lock.unlock();
            auto frame = follows ? frames.next() : frames.seek(from, stop);
            if (!frame) return failed(frame.error());
            std::shared_ptr<const Shown> shown;
            if (*frame) shown = reduced(frames, std::move(**frame), side);
            lock.lock();
            at_end_ = frames.ended();
            if (shown) add(std::move(shown), follows, from);
        } else {
            lock.unlock();
            if (next_small == 0)
                if (Status opened = along_frames.open(); !opened) return failed(opened.error());
            auto frame = along_frames.go_on((double(next_small) + 0.5) * duration_ / double(along), stop);
            if (!frame) return failed(frame.error());
            std::shared_ptr<const Shown> shown;
            if (*frame) shown = reduced(along_frames, std::move(**frame), small_side);
            lock.lock();
            small_[next_small++] = std::move(shown);
        }
        lock.unlock();
        wake_();
        lock.lock();
    }
}

}  // namespace likeness
