#include "app/frame_sink.h"

#include <chrono>

#include "core/image/ops.h"

namespace likeness {
namespace {

constexpr std::size_t most_waiting = 24;

}  // namespace

void FrameSink::add(Image image, int times) {
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() >= most_waiting) {
            // The disk or the encoder cannot follow: the last frame lasts longer, so the video keeps its length.
            waiting_.back().second += times;
            return;
        }
        waiting_.emplace_back(std::move(image), times);
    }
    changed_.notify_all();
}

bool FrameSink::add_waiting(Image image) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ || waiting_.size() < most_waiting; });
    if (ended_) return false;
    waiting_.emplace_back(std::move(image), 1);
    lock.unlock();
    changed_.notify_all();
    return true;
}

void FrameSink::finish() {
    {
        const std::lock_guard lock(mutex_);
        finished_ = true;
    }
    changed_.notify_all();
}

Status FrameSink::write(const Image& image) {
    if (!film_) {
        width_ = image.width;
        height_ = image.height;
        auto film = open_frame_writer(path_, width_, height_, fps_, sound_);
        if (!film) return film.error();
        film_ = *std::move(film);
    }
    // The viewport may change its size while it is recorded.
    if (image.width != width_ || image.height != height_) return film_->add(resize(image, width_, height_));
    return film_->add(image);
}

Status FrameSink::run(const std::function<bool()>& cancelled) {
    Status status = write_all(cancelled);
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        waiting_.clear();
    }
    changed_.notify_all();
    return status;
}

Status FrameSink::write_all(const std::function<bool()>& cancelled) {
    while (true) {
        std::optional<std::pair<Image, int>> next;
        {
            std::unique_lock lock(mutex_);
            changed_.wait_for(lock, std::chrono::milliseconds(100), [&] { return finished_ || !waiting_.empty(); });
            if (!waiting_.empty()) {
                next = std::move(waiting_.front());
                waiting_.pop_front();
                changed_.notify_all();
            } else if (finished_) {
                break;
            }
        }
        // The end of a recording has come before: the few frames that wait belong to it.
        const auto dropped = [&] {
            const std::lock_guard lock(mutex_);
            return cancelled() && !finished_;
        };
        if (dropped()) break;
        if (!next) continue;
        for (int i = 0; i < next->second && !dropped(); ++i)
            if (Status written = write(next->first); !written) return written;
    }
    if (film_) return {};
    if (cancelled()) return Error{ErrorCode::cancelled, "Nothing was recorded.", ""};
    return Error{ErrorCode::invalid_argument, "Nothing was shown: '" + path_.string() + "' would have no frame.", ""};
}

Status FrameSink::close(Progress& progress) { return film_->finish(progress); }

}  // namespace likeness
