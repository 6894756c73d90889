#include "core/base/task.h"

namespace likeness {

void Progress::report(double fraction, const std::string& stage) {
    if (cancelled()) throw Cancelled();
    if (listener_) listener_(fraction, stage);
}

}  // namespace likeness
