#include "core/studio/jobs.h"

#include <algorithm>
#include <new>
#include <system_error>

#include "core/base/failure.h"
#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/studio/pace.h"

namespace likeness {

struct Jobs::Job {
    JobInfo info;  // name, id and options never change; the rest is guarded by Jobs::mutex_ while it runs
    double started = 0;
    Pace pace;  // guarded as well
    std::unique_ptr<Progress> progress;
    std::function<void(const Status&)> done;
    Status outcome;
    std::jthread thread;
};

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

constexpr std::size_t remembered = 50;  // ended jobs
constexpr double wake_interval = 1.0 / 30;

}  // namespace

bool JobHandle::running() const { return jobs_ && jobs_->running(id_); }
void JobHandle::cancel() {
    if (jobs_) jobs_->cancel(id_);
}
std::optional<double> JobHandle::seconds_left() const { return jobs_ ? jobs_->seconds_left(id_) : std::nullopt; }
void JobHandle::set_paused(bool on) {
    if (jobs_) jobs_->set_paused(id_, on);
}
double JobHandle::fraction() const { return jobs_ ? jobs_->fraction(id_) : 0; }

Jobs::Jobs(std::function<void()> wake) : wake_(std::move(wake)) {}

Jobs::~Jobs() { shut_down(); }

void Jobs::shut_down() {
    for (const auto& job : running_) job->progress->cancel();
    for (const auto& job : running_)
        if (job->thread.joinable()) job->thread.join();
    std::vector<Posted> dropped;
    std::lock_guard lock(mutex_);
    running_.clear();
    dropped.swap(queue_);
}

JobHandle Jobs::start(const std::string& name, std::function<Status(Progress&)> work, std::function<void(const Status&)> done,
                const JobOptions& options) {
    auto job = std::make_shared<Job>();
    job->info.id = next_++;
    job->info.name = name;
    job->info.cancellable = options.cancellable;
    job->info.quiet = options.quiet;
    job->info.target = options.target;
    job->info.begun = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    job->started = seconds_since(start_);
    job->done = std::move(done);
    job->progress = std::make_unique<Progress>(
        [this, raw = job.get()](double fraction, const std::string& stage) { report(*raw, fraction, stage); });
    {
        std::lock_guard lock(mutex_);
        running_.push_back(job);
    }
    try {
        job->thread = std::jthread([this, job, work = std::move(work)] { run(job, work); });
    } catch (const std::system_error&) {
        end(job, JobState::failed,
            Error{ErrorCode::out_of_memory,
                  "The system allows no further thread for: " + name + ". Close other programs and try again.",
                  "std::thread"});
    }
    return {*this, job->info.id};
}

void Jobs::run(const std::shared_ptr<Job>& job, const std::function<Status(Progress&)>& work) {
    lower_thread_priority();
    Status outcome;
    JobState state = JobState::finished;
    try {
        outcome = work(*job->progress);
        if (!outcome) state = outcome.error().code == ErrorCode::cancelled ? JobState::cancelled : JobState::failed;
    } catch (const Cancelled&) {
        state = JobState::cancelled;
        outcome = Error{ErrorCode::cancelled, job->info.name + " was cancelled.", ""};
    } catch (const std::bad_alloc&) {
        state = JobState::failed;
        outcome = Error{ErrorCode::out_of_memory,
                        "There was not enough memory for: " + job->info.name + ". Close other programs and try again.",
                        "bad_alloc"};
    } catch (const DeviceFailure& failure) {
        state = JobState::failed;
        outcome = Error{ErrorCode::device,
                        "The graphics card failed in: " + job->info.name + ". Try again, or choose the processor as the device.",
                        failure.what()};
    } catch (const std::system_error& failure) {
        state = JobState::failed;
        outcome =
            Error{failure.code() == std::errc::resource_unavailable_try_again ? ErrorCode::out_of_memory
                                                                              : ErrorCode::internal,
                  "The system refused what was needed for: " + job->info.name + ". Close other programs and try again.",
                  failure.what()};
    } catch (const std::exception& failure) {
        state = JobState::failed;
        outcome = Error{ErrorCode::internal, "Something went wrong in: " + job->info.name + ".", failure.what()};
    }
    end(job, state, std::move(outcome));
}

void Jobs::end(const std::shared_ptr<Job>& job, JobState state, Status outcome) {
    {
        std::lock_guard lock(mutex_);
        job->info.state = state;
        job->info.seconds = seconds_since(start_) - job->started;
        job->info.paused = false;
        if (state == JobState::finished) job->info.fraction = 1;
        if (state == JobState::failed) job->info.error = outcome.error();
        job->outcome = std::move(outcome);
    }
    // The thread is joined where its outcome is taken, on the owner's thread.
    push(
        [this, job] {
            if (job->thread.joinable()) job->thread.join();
            {
                std::lock_guard lock(mutex_);
                // Cancelled when it was as good as done: still, nobody wants its outcome.
                if (job->info.cancelling && job->outcome) {
                    job->info.state = JobState::cancelled;
                    job->outcome = Error{ErrorCode::cancelled, job->info.name + " was cancelled.", ""};
                }
                std::erase(running_, job);
                ended_.insert(ended_.begin(), job);
                ++ended_count_;
                if (ended_.size() > remembered) ended_.pop_back();
            }
            if (job->done) job->done(job->outcome);
            job->done = {};
        },
        !job->info.quiet);
}

void Jobs::report(Job& job, double fraction, const std::string& stage) {
    bool wake = false;
    {
        std::lock_guard lock(mutex_);
        const double now = seconds_since(start_);
        job.info.fraction = std::clamp(fraction, 0.0, 1.0);
        job.info.stage = stage;
        job.info.seconds = now - job.started;
        job.pace.mark(now, job.info.fraction);
        if (now - last_wake_ > wake_interval) {
            last_wake_ = now;
            wake = true;
        }
    }
    if (wake && wake_) wake_();
}

void Jobs::push(std::function<void()> action, bool counts) {
    {
        std::lock_guard lock(mutex_);
        queue_.push_back({std::move(action), counts});
    }
    if (wake_) wake_();
}

void Jobs::post(std::function<void()> action) { push(std::move(action), true); }

void Jobs::cancel(int id) {
    std::lock_guard lock(mutex_);
    for (const auto& job : running_)
        if (job->info.id == id && job->info.cancellable) {
            job->info.cancelling = true;
            job->progress->cancel();
        }
}

void Jobs::cancel_all() {
    std::lock_guard lock(mutex_);
    for (const auto& job : running_)
        if (job->info.cancellable) {
            job->info.cancelling = true;
            job->progress->cancel();
        }
}

void Jobs::drain() {
    std::vector<Posted> taken;
    {
        std::lock_guard lock(mutex_);
        taken.swap(queue_);
    }
    for (Posted& posted : taken) posted.action();
}

bool Jobs::idle() const {
    std::lock_guard lock(mutex_);
    return std::all_of(running_.begin(), running_.end(), [](const auto& job) { return job->info.quiet; }) &&
           std::none_of(queue_.begin(), queue_.end(), [](const Posted& posted) { return posted.counts; });
}

std::vector<std::filesystem::path> Jobs::targets() const {
    std::vector<std::filesystem::path> targets;
    for (const auto& job : running_)
        if (!job->info.target.empty()) targets.push_back(job->info.target);
    return targets;
}

bool Jobs::running(int id) const {
    std::lock_guard lock(mutex_);
    return std::any_of(running_.begin(), running_.end(), [id](const auto& job) { return job->info.id == id; });
}

double Jobs::fraction(int id) const {
    std::lock_guard lock(mutex_);
    for (const auto& job : running_)
        if (job->info.id == id) return job->info.fraction;
    return 0;
}

std::optional<double> Jobs::seconds_left(int id) const {
    std::lock_guard lock(mutex_);
    for (const auto& job : running_)
        if (job->info.id == id && !job->info.paused) return job->pace.left(seconds_since(start_));
    return {};
}

void Jobs::set_paused(int id, bool on) {
    std::lock_guard lock(mutex_);
    for (const auto& job : running_)
        if (job->info.id == id && job->info.paused != on) {
            job->info.paused = on;
            job->pace.restart();
        }
}

std::uint64_t Jobs::ended() const {
    std::lock_guard lock(mutex_);
    return ended_count_;
}

std::vector<JobInfo> Jobs::list() const {
    std::vector<JobInfo> result;
    std::lock_guard lock(mutex_);
    for (const auto& job : running_) {
        JobInfo& info = result.emplace_back(job->info);
        if (info.state != JobState::running) continue;
        const double now = seconds_since(start_);
        info.seconds = now - job->started;
        if (!info.paused) info.seconds_left = job->pace.left(now);
    }
    for (const auto& job : ended_) result.push_back(job->info);
    return result;
}

void Jobs::forget_ended() {
    std::lock_guard lock(mutex_);
    ended_.clear();
}

}  // namespace likeness
