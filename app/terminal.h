// Progress on the terminal and Ctrl-C.
#pragma once

#include <chrono>
#include <string>

#include "core/base/task.h"

namespace likeness {

// A bar with the time left on a terminal; one line a stage elsewhere; nothing when quiet.
class ProgressBar {
  public:
    explicit ProgressBar(bool quiet);
    ~ProgressBar();
    void update(double fraction, const std::string& stage);

  private:
    bool quiet_, terminal_;
    std::string stage_;
    std::chrono::steady_clock::time_point start_, drawn_;
    bool open_ = false;
};

// While it lives, the first Ctrl-C (or SIGTERM, SIGHUP) is noted and cancels `progress`, if there is one; a second one
// ends the program at once. One at a time.
class CatchInterrupt {
  public:
    explicit CatchInterrupt(Progress* progress = nullptr);
    ~CatchInterrupt();
    CatchInterrupt(const CatchInterrupt&) = delete;
    CatchInterrupt& operator=(const CatchInterrupt&) = delete;
    bool caught() const;
};

}  // namespace likeness
