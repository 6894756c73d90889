// The program's settings, written a while after they changed.
#pragma once

#include <filesystem>

#include "core/studio/jobs.h"
#include "core/studio/settings.h"

namespace likeness {

class Studio;

class SettingsService {
  public:
    explicit SettingsService(Studio& studio);  // loads them
    Settings& values() { return values_; }
    const Settings& values() const { return values_; }
    void changed() { dirty_ = true; }
    void drain();  // each frame
    void end();    // writes what is not written yet, at once

  private:
    Studio& studio_;
    Settings values_, base_;  // now; as read or last written
    bool dirty_ = false;
    double due_ = 0;
    JobHandle job_;
};

}  // namespace likeness
