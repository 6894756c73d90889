// The clock between frames, the head's shape behind an edit, and memory that is given back at rest.
#pragma once

#include <cstdint>

#include "core/studio/jobs.h"

namespace likeness {

class Studio;

class Housekeeping {
  public:
    explicit Housekeeping(Studio& studio);
    double elapsed();   // seconds since it was asked last
    void shape_head();  // starts a job when the surface at rest is behind the document
    void cancel_shaping() { shape_job_.cancel(); }
    void return_memory(
        std::uint64_t activity);  // that jobs and pictures needed, once `activity` does not grow any more

  private:
    Studio& studio_;
    double last_ = 0;
    JobHandle shape_job_, memory_job_;
    std::uint64_t seen_ = 0, returned_ = 0;  // activity
    double due_ = 0;
};

}  // namespace likeness
