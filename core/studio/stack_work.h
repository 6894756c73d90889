// Changes of the layers that take longer than a frame (make-up, fills): made by a worker when a panel asks for them, at
// once when a script does. They are made in order, each from the layers as they are by then; of one drag's values that
// wait, the newest alone is made, and all of them are one entry of the history.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "core/document/document.h"
#include "core/document/history.h"
#include "core/studio/jobs.h"

namespace likeness {

class Studio;

class StackWork {
  public:
    // Makes the next layers of those that there are; of neither the studio nor its services. From any thread, also more
    // than once: when the layers were changed meanwhile it is made again from those.
    using Make = std::function<Result<PaintStack>(const PaintStack& now)>;
    struct Change {
        Make make;
        std::function<void()> made = {};  // on the owner's thread, when the layers have it
        // What it makes of a layer's make-up, for its sliders meanwhile.
        int layer = 0;
        std::optional<MakeUp> make_up = {};
    };

    explicit StackWork(Studio& studio) : studio_(studio) {}
    // Precondition: within an undoable command.
    Status begin(Change change);
    void drain();
    bool working() const { return !waiting_.empty(); }
    // Null: none that waits changes this layer's make-up.
    const MakeUp* make_up(int layer) const;
    // Forgets what waits.
    struct Dropped {
        bool any = false;         // something waited
        bool in_history = false;  // and an earlier value of the same drag is the last entry
    };
    Dropped drop();
    // Makes at once what waits.
    void finish();

  private:
    struct Waiting {
        HistoryTitle title;
        Change change;
    };
    void start();
    void leave_job();
    Status put(Waiting& of, Result<PaintStack> made);

    Studio& studio_;
    std::deque<Waiting> waiting_;  // the first is being made
    Part<PaintStack> from_;        // what it is made from
    std::uint64_t document_ = 0;
    JobHandle job_;
    std::uint64_t run_ = 0;  // of the job
};

}  // namespace likeness
