#include "core/base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

#include <mutex>
#include <string_view>

namespace likeness {

void set_log_level(const char* level) {
    static std::once_flag once;
    std::call_once(once, [] {
        auto logger = spdlog::stderr_color_mt("likeness");
        logger->set_pattern("%^%l%$: %v");
        spdlog::set_default_logger(logger);
    });
    const std::string_view name = level;
    const bool known = name == "trace" || name == "debug" || name == "info" || name == "error" || name == "off";
    spdlog::set_level(known ? spdlog::level::from_str(level) : spdlog::level::warn);
}

}  // namespace likeness
