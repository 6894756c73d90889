// An hour at a timeline in a few minutes: does the studio's memory stay what it was?
#pragma once

#include <functional>
#include <string>

#include "app/studio_app.h"

namespace likeness::bench {

// Of this process, MiB.
struct Memory {
    double resident = 0;   // pages that it has in the machine's memory
    double heap_used = 0;  // of which the program has this
    double heap_free = 0;  // and the allocator keeps this for later
};
Memory memory_now();

struct Soak {
    int frames = 0, edits = 0, undone = 0, saves = 0;
    std::uint64_t pictures = 0;
    double seconds = 0;          // that it took
    Memory warm, end;            // after the first tenth, and at the end
    double early = 0, late = 0;  // resident MiB at rest: the mean over the first and the last sixth of what follows it
    double most = 0;             // and the most of any minute
    double peak = 0;             // and the most at any moment after it, also while something is computed
    double history_mib = 0;      // that the history grew by after the first tenth; part of the growth
    std::string problem;         // the first command that failed; empty when none did
    double growth_percent() const { return 100 * (late - early) / early; }
};

// Plays the motion that is open round and round for so many minutes of the studio's own clock, 24 updates a second of
// it, while sliders are dragged, edits undone and redone, the head reshaped, parts hidden, the timeline scrubbed,
// panels and view modes changed, the avatar saved. `ahead` is what the studio's clock adds to the time of day, seconds.
// Each minute played all comes to rest, and `each_minute` is given its number and the memory in use.
Soak soak(StudioApp& app, double minutes, double& ahead,
          const std::function<void(int minute, const Memory&, double history_mib)>& each_minute);

}  // namespace likeness::bench
