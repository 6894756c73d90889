#include "core/studio/messages.h"

#include <chrono>

#include "core/base/log.h"

namespace likeness {

void Messages::add(MessageLevel level, const std::string& text, const std::string& detail) {
    const double time = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    {
        std::lock_guard lock(mutex_);
        ring_.push_back({next_++, time, level, text, detail});
        if (ring_.size() > capacity) ring_.pop_front();
    }
    const std::string line = detail.empty() ? text : text + " (" + detail + ")";
    if (level == MessageLevel::error)
        spdlog::error("{}", line);
    else if (level == MessageLevel::warning)
        spdlog::warn("{}", line);
    else
        spdlog::info("{}", line);
}

void Messages::info(const std::string& text) { add(MessageLevel::info, text, ""); }
void Messages::warning(const std::string& text, const std::string& detail) { add(MessageLevel::warning, text, detail); }

void Messages::error(const Error& error) {
    add(MessageLevel::error, error.message, error.detail);
    std::lock_guard lock(mutex_);
    dialogs_.push_back(error);
}

std::vector<Message> Messages::newer_than(std::uint64_t after) const {
    std::lock_guard lock(mutex_);
    std::vector<Message> result;
    for (const Message& message : ring_)
        if (message.number > after) result.push_back(message);
    return result;
}

void Messages::clear() {
    std::lock_guard lock(mutex_);
    ring_.clear();
}

std::optional<Error> Messages::dialog() const {
    std::lock_guard lock(mutex_);
    if (dialogs_.empty()) return {};
    return dialogs_.front();
}

void Messages::dismiss_dialog() {
    std::lock_guard lock(mutex_);
    if (!dialogs_.empty()) dialogs_.pop_front();
}

std::size_t Messages::dialogs() const {
    std::lock_guard lock(mutex_);
    return dialogs_.size();
}

}  // namespace likeness
