#include "ui/history_thumbnails.h"

#include <algorithm>
#include <vector>

#include "core/base/parallel.h"

namespace likeness::ui {

const Picture* HistoryThumbnails::of(const Studio& studio, std::size_t position) {
    if (document_ != studio.document().id) {
        entries_.clear();
        wanted_.clear();
        document_ = studio.document().id;
    }
    const std::uint64_t state = studio.history().state_at(position);
    Entry& entry = entries_[state];
    entry.used = ImGui::GetFrameCount();
    if (!entry.asked) wanted_[state] = position;
    return entry.there && entry.picture.ready() ? &entry.picture : nullptr;
}

void HistoryThumbnails::start(Studio& studio) {
    if (job_.running() || wanted_.empty() || studio.paint().stroking()) return;
    struct Step {
        std::uint64_t state;
        DocumentState before, after;
    };
    // States that follow each other one after the other: little changes between them.
    std::vector<Step> steps;
    for (const auto& [state, position] : wanted_) {
        const DocumentState after = studio.history().content_at(studio.document().state, position);
        steps.push_back(
            {state, position == 0 ? after : studio.history().content_at(studio.document().state, position - 1), after});
        entries_[state].asked = true;
    }
    wanted_.clear();
    job_ = studio.jobs().start("Making pictures of the history",
                               [this, steps = std::move(steps), alive = std::weak_ptr(alive_),
                                &jobs = studio.jobs()](Progress& progress) -> Status {
                                   const LoneWork alone;  // never in the way of the view
                                   HistoryPictures pictures;
                                   for (const Step& step : steps) {
                                       progress.report(0, "");
                                       auto picture =
                                           std::make_shared<const Image>(pictures.make(step.before, step.after, side));
                                       jobs.post([this, alive, state = step.state, picture] {
                                           if (alive.expired()) return;
                                           const auto at = entries_.find(state);
                                           if (at == entries_.end() || picture->empty()) return;
                                           at->second.there = true;
                                           at->second.picture.set(*picture, side);
                                       });
                                   }
                                   return {};
                               },
                               {}, {.quiet = true});
    // Those not seen for longest go first.
    std::vector<std::pair<int, std::uint64_t>> by_use;
    for (const auto& [state, entry] : entries_) by_use.emplace_back(entry.used, state);
    std::ranges::sort(by_use);
    for (std::size_t i = 0; i + most < by_use.size() && by_use[i].first + 2 < ImGui::GetFrameCount(); ++i)
        entries_.erase(by_use[i].second);
}

}  // namespace likeness::ui
