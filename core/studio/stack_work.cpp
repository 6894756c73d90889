#include "core/studio/stack_work.h"

#include <algorithm>

#include "core/editing/layer_edits.h"
#include "core/studio/studio.h"

namespace likeness {

Status StackWork::begin(Change change) {
    const std::optional<HistoryTitle>& title = studio_.by_hand();
    if (!title) {
        auto made = change.make(*studio_.document().avatar().paint);
        if (!made) return made.error();
        if (paint_bytes(*made) > most_paint_bytes) return paint_full();
        studio_.state().avatar.paint = *std::move(made);
        if (change.made) change.made();
        return {};
    }
    document_ = studio_.document().id;
    // A newer value of a drag in the place of one that is not begun.
    if (waiting_.size() > 1 && waiting_.back().title.same_drag(*title))
        waiting_.back() = {*title, std::move(change)};
    else
        waiting_.push_back({*title, std::move(change)});
    start();
    return {};
}

void StackWork::start() {
    if (waiting_.empty() || job_.running() || studio_.paint().stroking()) return;
    from_ = studio_.state().avatar.paint;
    const std::uint64_t run = ++run_;
    job_ = studio_.jobs().start_for<PaintStack>(
        waiting_.front().title.title,
        [make = waiting_.front().change.make, from = from_](Progress&) { return make(*from); },
        [this, run](Result<PaintStack> made) {
            if (run != run_ || document_ != studio_.document().id) return;
            // Made again, in drain(), from what it is by now.
            if (studio_.paint().stroking() || !(studio_.state().avatar.paint == from_)) return;
            Waiting first = std::move(waiting_.front());
            waiting_.pop_front();
            if (Status put_there = put(first, std::move(made)); !put_there) studio_.messages().error(put_there.error());
        },
        {.quiet = true});
}

Status StackWork::put(Waiting& of, Result<PaintStack> made) {
    if (!made) return made.error();
    if (paint_bytes(*made) > most_paint_bytes) return paint_full();
    const DocumentState before = studio_.state();
    studio_.state().avatar.paint = *std::move(made);
    studio_.record(of.title, before);
    if (of.change.made) of.change.made();
    return {};
}

void StackWork::drain() {
    if (document_ != studio_.document().id) drop();
    start();
}

const MakeUp* StackWork::make_up(int layer) const {
    const auto found = std::find_if(waiting_.rbegin(), waiting_.rend(),
                                    [&](const Waiting& of) { return of.change.make_up && of.change.layer == layer; });
    return found == waiting_.rend() ? nullptr : &*found->change.make_up;
}

StackWork::Dropped StackWork::drop() {
    Dropped dropped{!waiting_.empty(), false};
    const auto& entries = studio_.history().entries();
    const std::size_t position = studio_.history().position();
    for (const Waiting& of : waiting_)
        dropped.in_history |=
            position > 0 && of.title.same_drag({"", entries[position - 1].merge_key, entries[position - 1].gesture});
    waiting_.clear();
    leave_job();
    return dropped;
}

// What it makes is not taken.
void StackWork::leave_job() {
    job_.cancel();
    job_ = {};
    ++run_;
}

void StackWork::finish() {
    if (waiting_.empty()) return;
    leave_job();
    while (!waiting_.empty()) {
        Waiting first = std::move(waiting_.front());
        waiting_.pop_front();
        if (document_ != studio_.document().id) continue;
        if (Status done = put(first, first.change.make(*studio_.document().avatar().paint)); !done)
            studio_.messages().error(done.error());
    }
}

}  // namespace likeness
