// The program's log: spdlog on standard error, silent below `warn` unless asked.
#pragma once

#include <spdlog/spdlog.h>

namespace likeness {

// Levels: "trace", "debug", "info", "warn", "error", "off". Unknown names mean "warn".
void set_log_level(const char* level);

}  // namespace likeness
