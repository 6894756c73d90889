// Keeps what a library writes for its own authors off the terminal.
#pragma once

namespace likeness {

// While one lives, lines that begin with "INFO: " and are written through C's `stderr` go nowhere, from any thread; all
// other lines go where they always go. TensorFlow Lite's logger writes there, and its library exports no other way to
// silence it.
class QuietStderr {
  public:
    QuietStderr();
    ~QuietStderr();
    QuietStderr(const QuietStderr&) = delete;
    QuietStderr& operator=(const QuietStderr&) = delete;
};

}  // namespace likeness
