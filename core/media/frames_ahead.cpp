#include <condition_variable>
#include <deque>
#include <mutex>
#include <new>
#include <thread>

#include "core/media/frame_source.h"

namespace likeness {

struct FramesAhead::State {
    std::unique_ptr<FrameSource> source;
    std::size_t ahead;
    std::mutex mutex;
    std::condition_variable_any changed;
    std::deque<Result<std::optional<Timed>>> waiting;  // the last one is an error or the end
    std::vector<std::string> notes;                    // with the last one
    std::jthread reader;

    void read(const std::stop_token& stop);
};

void FramesAhead::State::read(const std::stop_token& stop) {
    bool more = true;
    while (more) {
        Result<std::optional<Timed>> item = std::optional<Timed>();
        try {
            auto frame = source->next();
            if (!frame)
                item = frame.error();
            else if (*frame)
                item = std::optional(Timed{std::move(**frame), source->time()});
        } catch (const std::bad_alloc&) {
            item = Error{ErrorCode::out_of_memory, "There is not enough memory to read the video.", ""};
        }
        more = item && *item;
        std::unique_lock lock(mutex);
        if (!more) notes = source->notes();
        if (!changed.wait(lock, stop, [&] { return waiting.size() < ahead; })) return;
        waiting.push_back(std::move(item));
        changed.notify_all();
    }
}

FramesAhead::FramesAhead(std::unique_ptr<FrameSource> source, std::size_t ahead) : state_(std::make_unique<State>()) {
    state_->source = std::move(source);
    state_->ahead = ahead;
    state_->reader = std::jthread([state = state_.get()](const std::stop_token& stop) { state->read(stop); });
}

FramesAhead::~FramesAhead() {
    state_->reader.request_stop();
    state_->reader.join();
}

Result<std::optional<FramesAhead::Timed>> FramesAhead::next() {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait(lock, [&] { return !state_->waiting.empty(); });
    if (!state_->waiting.front() || !*state_->waiting.front()) return state_->waiting.front();  // stays: said again
    auto item = std::move(state_->waiting.front());
    state_->waiting.pop_front();
    state_->changed.notify_all();
    return item;
}

std::vector<std::string> FramesAhead::notes() const {
    const std::lock_guard lock(state_->mutex);
    return state_->notes;
}

}  // namespace likeness
