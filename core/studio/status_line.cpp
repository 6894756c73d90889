#include "core/studio/status_line.h"

#include <algorithm>

namespace likeness {

std::optional<Message> status_message(const Messages& messages, const Jobs& jobs) {
    const auto all = messages.newer_than();
    if (all.empty()) return {};
    const Message& last = all.back();
    if (last.level == MessageLevel::info) return last;
    const std::vector<JobInfo> list = jobs.list();
    const auto told = std::find_if(list.begin(), list.end(), [&](const JobInfo& job) {
        return job.state == JobState::failed && job.error && job.error->message == last.text;
    });
    const bool outdated = std::any_of(list.begin(), list.end(), [&](const JobInfo& job) {
        return job.state == JobState::finished && job.begun > last.time &&
               (!job.quiet || (told != list.end() && told->name == job.name));
    });
    if (outdated) return {};
    return last;
}

}  // namespace likeness
