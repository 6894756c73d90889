// What steps tell the host, read late: a step fills its entry of page-locked memory, an event says when, and the host
// looks at it some steps later.
#pragma once

#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "cuda/replay.h"

namespace likeness::cuda {

// `Note`: what the host wants to know of a step when its report comes.
template <class Report, class Note>
class LateReports {
  public:
    using Take = std::function<void(const Note&, const Report&)>;
    // As many steps may be under way when the next one starts. `take` is called for each in its turn, once it has
    // ended.
    LateReports(std::size_t in_flight, Take take)
        : in_flight_(in_flight), take_(std::move(take)), reports_(in_flight + 1), events_(in_flight + 1) {}

    // Host memory mapped into the device: entry slot() is for the step that starts next.
    Report* data() { return reports_.data(); }
    std::size_t slot() const { return slot_; }
    // All of the step is on the stream now.
    void started(cudaStream_t stream, Note note) {
        events_[slot_].record(stream);
        under_way_.push_back({std::move(note), slot_});
        slot_ = (slot_ + 1) % events_.size();
    }

    bool empty() const { return under_way_.empty(); }
    // Waits for the oldest step.
    void take_oldest() {
        const Started step = std::move(under_way_.front());
        events_[step.slot].wait();
        under_way_.pop_front();
        take_(step.note, std::as_const(reports_)[step.slot]);
    }
    // Those that have ended; waits where more are under way than may be.
    void take_ended() {
        while (!empty() && (under_way_.size() > in_flight_ || events_[under_way_.front().slot].passed())) take_oldest();
    }
    void take_all() {
        while (!empty()) take_oldest();
    }
    // The stream has ended them; nobody wants to know.
    void forget() { under_way_.clear(); }

  private:
    struct Started {
        Note note;
        std::size_t slot;
    };
    std::size_t in_flight_;
    Take take_;
    PinnedArray<Report> reports_;
    std::vector<Event> events_;
    std::size_t slot_ = 0;
    std::deque<Started> under_way_;  // oldest first
};

}  // namespace likeness::cuda
