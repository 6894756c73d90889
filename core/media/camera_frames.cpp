#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>

#include "core/media/camera.h"

namespace likeness {

struct CameraFrames::State {
    std::unique_ptr<LiveSource> source;
    mutable std::mutex mutex;
    std::condition_variable changed;
    std::optional<Frame> newest;
    std::optional<Result<std::optional<Frame>>> last;  // the end or an error
    std::int64_t dropped = 0;
    std::jthread reader;

    void read(const std::stop_token& stop);
};

void CameraFrames::State::read(const std::stop_token& stop) {
    for (std::int64_t number = 0; !stop.stop_requested(); ++number) {
        std::optional<Frame> frame;
        std::optional<Result<std::optional<Frame>>> ended;
        try {
            auto next = source->next();
            if (!next)
                ended = next.error();
            else if (!*next)
                ended = std::optional<Frame>();
            else
                frame = Frame{std::move(**next), source->captured(), source->time(), number};
        } catch (const std::bad_alloc&) {
            ended = Error{ErrorCode::out_of_memory, "There is not enough memory for the camera's pictures.", ""};
        }
        {
            const std::lock_guard lock(mutex);
            if (frame && newest) ++dropped;
            if (frame) newest = std::move(frame);
            last = std::move(ended);
        }
        changed.notify_all();
        if (last) return;
    }
}

CameraFrames::CameraFrames(std::unique_ptr<LiveSource> source) : state_(std::make_unique<State>()) {
    state_->source = std::move(source);
    state_->reader = std::jthread([state = state_.get()](const std::stop_token& stop) { state->read(stop); });
}

CameraFrames::~CameraFrames() {
    state_->reader.request_stop();
    state_->source->stop();
    state_->reader.join();
}

Result<std::optional<CameraFrames::Frame>> CameraFrames::next(double seconds) {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait_for(lock, std::chrono::duration<double>(seconds),
                             [&] { return state_->newest || state_->last; });
    if (state_->newest) {
        std::optional<Frame> frame = std::move(state_->newest);
        state_->newest.reset();
        return frame;
    }
    if (state_->last) return *state_->last;
    return Error{ErrorCode::device, "The camera sends no pictures; look whether it is connected and not covered.", ""};
}

std::int64_t CameraFrames::dropped() const {
    const std::lock_guard lock(state_->mutex);
    return state_->dropped;
}

}  // namespace likeness
