// Pens of the X server that a window is on, by the X Input Extension 2. No thread: what has arrived is read when it is
// asked for.
#pragma once

#include <memory>
#include <vector>

#include "core/editing/pen.h"

namespace likeness {

class PenInput {
  public:
    virtual ~PenInput() = default;
    // After all that has happened so far.
    virtual PenState poll() = 0;
    virtual const std::vector<PenDevice>& devices() const = 0;  // pens alone
};

// Null without an X server, without its extension, or in a build without libxi: then all that points is a mouse.
std::unique_ptr<PenInput> open_pen_input();

}  // namespace likeness
