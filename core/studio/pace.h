// How long a task still takes, by its pace of late.
#pragma once

#include <deque>
#include <optional>

namespace likeness {

class Pace {
  public:
    // It is so far (0..1) at that moment (seconds). A smaller fraction than before is another beginning.
    void mark(double now, double fraction);
    void restart() { marks_.clear(); }  // what was does not tell how it goes on
    // Seconds, counted down since the last mark; none in the first second and two per cent, and when more time has
    // passed than was left.
    std::optional<double> left(double now) const;

  private:
    struct Mark {
        double time = 0, fraction = 0;
    };
    std::deque<Mark> marks_;
    double begin_ = 0;
};

}  // namespace likeness
