// What the foot of the window says at rest.
#pragma once

#include <optional>

#include "core/studio/jobs.h"
#include "core/studio/messages.h"

namespace likeness {

// The newest message, unless it is a warning or an error that a success has outdated: a task that a person sees (or,
// where a task's own failure is told, one of its name) began after it and ended well.
std::optional<Message> status_message(const Messages& messages, const Jobs& jobs);

}  // namespace likeness
