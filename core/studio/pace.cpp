#include "core/studio/pace.h"

#include <algorithm>

namespace likeness {
namespace {

// The later half of the time counts, within these limits: what a task needs at its begin it needs once.
constexpr double shortest_window = 2, longest_window = 30;
constexpr double between_marks = 0.25, least_seconds = 1, least_fraction = 0.02;

}  // namespace

void Pace::mark(double now, double fraction) {
    if (!marks_.empty() && fraction < marks_.back().fraction) marks_.clear();
    if (marks_.empty()) begin_ = now;
    if (marks_.empty() || now - marks_.back().time >= between_marks) marks_.push_back({now, fraction});
    const double window = std::clamp(0.5 * (now - begin_), shortest_window, longest_window);
    while (marks_.size() > 2 && now - marks_.front().time > window) marks_.pop_front();
}

std::optional<double> Pace::left(double now) const {
    if (marks_.size() < 2 || now - begin_ < least_seconds) return {};
    const Mark &first = marks_.front(), &last = marks_.back();
    if (last.fraction < least_fraction || last.fraction <= first.fraction) return {};
    const double left =
        (1 - last.fraction) * (last.time - first.time) / (last.fraction - first.fraction) - (now - last.time);
    if (left < 0) return {};
    return left;
}

}  // namespace likeness
