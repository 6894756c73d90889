// Long work on threads of its own: progress, time left, cancelling, and outcomes that reach the window's thread
// through one queue.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/base/result.h"
#include "core/base/task.h"

namespace likeness {

enum class JobState { running, finished, failed, cancelled };

// A copy for panels.
struct JobInfo {
    int id = 0;
    std::string name;   // "Training astronaut.png"
    std::string stage;  // what it is doing now
    JobState state = JobState::running;
    double fraction = 0;  // 0..1
    double seconds = 0;   // since its start, or that it took
    double begun = 0;     // seconds since the Unix epoch
    std::optional<double> seconds_left;  // by its pace of late; none when that tells nothing
    bool cancelling = false, cancellable = true, quiet = false, paused = false;
    std::filesystem::path target;  // JobOptions::target
    std::optional<Error> error;
};

struct JobOptions {
    bool cancellable = true;
    bool quiet = false;   // housekeeping: a panel may leave it out, idle() does not wait for it
    std::filesystem::path target{};  // that a person asked for: the program does not end before it is there
};

class Jobs;

// A job that was started; an empty one is of none. Belongs to the owner's thread and does not outlive its Jobs.
class JobHandle {
  public:
    JobHandle() = default;
    JobHandle(Jobs& jobs, int id) : jobs_(&jobs), id_(id) {}
    int id() const { return id_; }  // JobInfo::id; 0 for none
    bool running() const;
    void cancel();  // see Jobs::cancel
    double fraction() const;  // 0 when it does not run
    std::optional<double> seconds_left() const;
    void set_paused(bool on);  // its work waits: no time left is told

  private:
    Jobs* jobs_ = nullptr;
    int id_ = 0;
};

// All members but post() belong to the owner's thread.
class Jobs {
  public:
    // `wake` is called from any thread when there is something to drain, at most 30 times a second for progress.
    explicit Jobs(std::function<void()> wake = {});
    ~Jobs();  // as shut_down()

    // `work` runs on a new thread of low priority; an Error, Cancelled, bad_alloc or any other exception ends the job,
    // never the program. `done` gets the outcome in drain().
    JobHandle start(const std::string& name, std::function<Status(Progress&)> work,
              std::function<void(const Status&)> done = {}, const JobOptions& options = {});

    // The same for work with a value.
    template <class T>
    JobHandle start_for(const std::string& name, std::function<Result<T>(Progress&)> work,
                  std::function<void(Result<T>)> done, const JobOptions& options = {}) {
        auto value = std::make_shared<std::optional<T>>();
        return start(
            name,
            [value, work = std::move(work)](Progress& progress) -> Status {
                Result<T> result = work(progress);
                if (!result) return result.error();
                value->emplace(*std::move(result));
                return {};
            },
            [value, done = std::move(done)](const Status& status) {
                if (status)
                    done(std::move(**value));
                else
                    done(status.error());
            },
            options);
    }

    // From any thread: `action` runs in the next drain(), before the outcomes of jobs that end later.
    void post(std::function<void()> action);

    // A job whose outcome was not drained yet ends as cancelled, even when its work was done.
    void cancel(int id);
    void cancel_all();
    void drain();
    // Nothing runs or waits to be drained, housekeeping aside.
    bool idle() const;
    // Cancels everything, also what a person may not, and waits; outcomes are dropped.
    void shut_down();
    bool running(int id) const;
    bool writing() const { return !targets().empty(); }  // a job that writes a person's file runs
    std::vector<std::filesystem::path> targets() const;  // of those jobs
    double fraction(int id) const;  // 0 when it does not run
    std::optional<double> seconds_left(int id) const;
    void set_paused(int id, bool on);
    std::uint64_t ended() const;    // how many have ended and were drained, from the beginning
    // Running first, then the last 50 that ended, newest first.
    std::vector<JobInfo> list() const;
    void forget_ended();

  private:
    struct Job;
    void run(const std::shared_ptr<Job>& job, const std::function<Status(Progress&)>& work);
    void end(const std::shared_ptr<Job>& job, JobState state, Status outcome);
    void report(Job& job, double fraction, const std::string& stage);
    void push(std::function<void()> action, bool counts);

    std::function<void()> wake_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    struct Posted {
        std::function<void()> action;
        bool counts = true;  // idle() waits for it
    };
    mutable std::mutex mutex_;  // guards queue_ and what jobs report
    std::vector<Posted> queue_;
    double last_wake_ = -1;
    std::vector<std::shared_ptr<Job>> running_, ended_;
    std::uint64_t ended_count_ = 0;
    int next_ = 1;
};

}  // namespace likeness
