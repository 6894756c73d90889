// Progress on the terminal and Ctrl-C.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "core/base/result.h"
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

// While it lives, the first Ctrl-C (or SIGTERM) cancels `progress`; a second one ends the program at once.
class CancelOnInterrupt {
  public:
    explicit CancelOnInterrupt(Progress& progress);
    ~CancelOnInterrupt();
    CancelOnInterrupt(const CancelOnInterrupt&) = delete;
    CancelOnInterrupt& operator=(const CancelOnInterrupt&) = delete;
};

// An error when a file cannot be written at `path` (no such folder, no permission, a folder of that name), found out
// before any work is done.
Status check_writable(const std::filesystem::path& path);

}  // namespace likeness
