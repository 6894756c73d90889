// Failures of long work, as exceptions that say of which kind they are; who runs the work turns them into an Error.
#pragma once

#include <stdexcept>

namespace likeness {

// A device or its driver failed (ErrorCode::device); what() is for the log.
class DeviceFailure : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// A loss or a gradient was not finite; nothing was changed by it.
class NotFinite : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace likeness
