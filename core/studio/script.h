// Commands from a file, one after the other: what tests and machines without a display drive the studio with.
//
// A file is a JSON array of calls or has one command a line; '#' begins a comment. Besides the registry's commands:
//   wait for=idle             nothing runs any more
//   wait for=picture          there is something to look at
//   wait for=training         the training ended
//   wait seconds=0.5
//   wait step=100             a snapshot of that training step is shown
//   expect dirty=true         a condition that must hold: dirty, kind, stage, path, gaussians (at least); or
//                             error="text": an error with that text came up and is dismissed
// A wait takes timeout=SECONDS (600), and errors=true when an error dialog shall not end it. The first error ends the
// script.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/commands/command.h"

namespace likeness {

class Studio;

class Script {
  public:
    // Errors: not_found, bad_input (the line is named).
    static Result<Script> load(const std::filesystem::path& file);
    static Result<Script> parse(const std::string& text, const std::string& name);

    // Runs until the next wait; call once a frame, after Studio::drain(). False when it ended.
    bool step(Studio& studio);
    // After the end: what went wrong, with the line's number.
    const Status& status() const { return status_; }
    std::size_t position() const { return next_; }
    std::size_t size() const { return calls_.size(); }

  private:
    struct Line {
        CommandCall call;
        int number = 0;
    };
    enum class Outcome { done, waiting };
    Result<Outcome> wait(Studio& studio, const Arguments& arguments);
    Status expect(Studio& studio, const Arguments& arguments) const;

    std::string name_;
    std::vector<Line> calls_;
    std::size_t next_ = 0;
    double waiting_since_ = -1;
    Status status_;
};

}  // namespace likeness
