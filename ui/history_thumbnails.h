// Small pictures beside the steps of the history: made by a worker while they are looked at, few are kept.
#pragma once

#include <algorithm>
#include <map>
#include <memory>

#include "core/studio/history_pictures.h"
#include "core/studio/studio.h"
#include "ui/widgets.h"

namespace likeness::ui {

class HistoryThumbnails {
  public:
    static constexpr int side = 64;           // pixels
    static constexpr std::size_t most = 120;  // that are kept: 2 MB

    ~HistoryThumbnails() { job_.cancel(); }
    // Of the state after so many entries; null before it is there and without one. Asked for in each frame that shows
    // it; those asked for since the last start() are made next.
    const Picture* of(const Studio& studio, std::size_t position);
    void start(Studio& studio);
    std::size_t made() const {
        return std::size_t(std::ranges::count_if(entries_, [](const auto& entry) { return entry.second.there; }));
    }

  private:
    struct Entry {
        Picture picture;
        bool asked = false, there = false;
        int used = 0;  // the last frame that asked for it
    };
    std::map<std::uint64_t, Entry> entries_;                // by History::Entry::state
    std::map<std::uint64_t, std::size_t> wanted_;           // the positions of those to be made
    std::shared_ptr<int> alive_ = std::make_shared<int>();  // what a worker posts may come after the end
    std::uint64_t document_ = 0;
    JobHandle job_;
};

}  // namespace likeness::ui
