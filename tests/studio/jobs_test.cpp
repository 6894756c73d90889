// Long work: progress, outcomes, faults, cancelling at any moment, an owner that goes away.
#include "core/studio/jobs.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <new>
#include <stdexcept>
#include <thread>

#include "core/base/failure.h"

namespace likeness::test {
namespace {

void drain_until_idle(Jobs& jobs) {
    while (!jobs.idle()) {
        jobs.drain();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

TEST(Jobs, OutcomesArriveOnTheOwnersThread) {
    Jobs jobs;
    const auto owner = std::this_thread::get_id();
    int sum = 0;
    for (int i = 0; i < 20; ++i)
        jobs.start_for<int>(
            "Adding",
            [i](Progress& progress) -> Result<int> {
                progress.report(0.5, "half");
                return i;
            },
            [&](Result<int> value) {
                EXPECT_EQ(std::this_thread::get_id(), owner);
                ASSERT_TRUE(value);
                sum += *value;
            });
    drain_until_idle(jobs);
    EXPECT_EQ(sum, 190);
    EXPECT_EQ(jobs.list().size(), 20u);
    for (const JobInfo& job : jobs.list()) {
        EXPECT_EQ(job.state, JobState::finished);
        EXPECT_EQ(job.fraction, 1);
    }
    jobs.forget_ended();
    EXPECT_TRUE(jobs.list().empty());
}

TEST(Jobs, FaultsEndTheJobAndNothingElse) {
    Jobs jobs;
    std::vector<ErrorCode> codes;
    const auto start = [&](std::function<Status(Progress&)> work) {
        jobs.start("Failing", std::move(work), [&](const Status& status) {
            ASSERT_FALSE(status);
            EXPECT_FALSE(status.error().message.empty());
            codes.push_back(status.error().code);
        });
        drain_until_idle(jobs);
    };
    start([](Progress&) -> Status { return Error{ErrorCode::io, "No.", ""}; });
    start([](Progress&) -> Status { throw std::bad_alloc(); });
    start([](Progress&) -> Status { throw std::runtime_error("x"); });
    start([](Progress&) -> Status { throw DeviceFailure("x"); });
    start([](Progress&) -> Status { throw Cancelled(); });
    EXPECT_EQ(codes, (std::vector{ErrorCode::io, ErrorCode::out_of_memory, ErrorCode::internal, ErrorCode::device,
                                  ErrorCode::cancelled}));
    const auto list = jobs.list();  // newest first
    EXPECT_EQ(list[0].state, JobState::cancelled);
    EXPECT_FALSE(list[0].error);
    for (std::size_t i = 1; i < 5; ++i) {
        EXPECT_EQ(list[i].state, JobState::failed);
        EXPECT_TRUE(list[i].error);
    }
}

// A process of its own, in which no thread can start: there is no room for its stack.
void start_without_threads() {
    long pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t room = rlim_t(pages) * rlim_t(::sysconf(_SC_PAGESIZE)) + (rlim_t(4) << 20);
    const rlimit limit{room, room};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) ::_exit(2);
    Jobs jobs;
    int code = 3;
    const JobHandle job = jobs.start(
        "Refused", [](Progress&) { return Status(); },
        [&](const Status& status) { code = !status && status.error().code == ErrorCode::out_of_memory ? 0 : 4; });
    if (code != 3) ::_exit(5);  // outcomes come in drain()
    jobs.drain();
    ::_exit(job.running() || !jobs.idle() ? 6 : code);
}

TEST(JobsDeathTest, AThreadThatCannotStartIsAnErrorOfTheJob) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "sanitizers need more addresses";
#endif
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_EXIT(start_without_threads(), ::testing::ExitedWithCode(0), "");
}

TEST(Jobs, CancellingReachesWorkThatReports) {
    Jobs jobs;
    std::atomic<int> reports = 0;
    bool cancelled = false;
    JobHandle job = jobs.start(
        "Endless",
        [&](Progress& progress) -> Status {
            while (true) {
                progress.report(0.1, "going on");
                ++reports;
            }
        },
        [&](const Status& status) { cancelled = !status && status.error().code == ErrorCode::cancelled; });
    JobHandle kept = jobs.start("Saving",
                                [](Progress& progress) -> Status {
                                    for (int i = 0; i < 20; ++i) {
                                        progress.report(i / 20.0, "writing");
                                        std::this_thread::sleep_for(std::chrono::milliseconds(1));
                                    }
                                    return {};
                                },
                                {}, {.cancellable = false});
    while (reports < 5) std::this_thread::yield();
    EXPECT_TRUE(job.running());
    kept.cancel();  // means nothing
    job.cancel();
    jobs.cancel(12345);
    JobHandle().cancel();
    EXPECT_FALSE(JobHandle().running());
    EXPECT_TRUE(jobs.list()[0].cancelling);
    drain_until_idle(jobs);
    EXPECT_TRUE(cancelled);
    EXPECT_FALSE(job.running());
    for (const JobInfo& info : jobs.list())
        EXPECT_EQ(info.state, info.id == kept.id() ? JobState::finished : JobState::cancelled);
}

TEST(Jobs, CancelledWhenItWasDoneIsCancelledStill) {
    Jobs jobs;
    std::atomic<bool> worked = false;
    std::optional<ErrorCode> code;
    JobHandle job = jobs.start_for<int>(
        "Quick",
        [&](Progress&) -> Result<int> {
            worked = true;
            return 1;
        },
        [&](Result<int> value) {
            if (!value) code = value.error().code;
        });
    while (!worked) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    job.cancel();
    drain_until_idle(jobs);
    EXPECT_EQ(code, ErrorCode::cancelled);
    EXPECT_EQ(jobs.list()[0].state, JobState::cancelled);
}

TEST(Jobs, AnOwnerThatGoesWaitsAndDropsOutcomes) {
    std::atomic<bool> ended = false, told = false;
    {
        Jobs jobs;
        std::atomic<bool> began = false;
        jobs.start(
            "Endless",
            [&](Progress& progress) -> Status {
                struct AtEnd {
                    std::atomic<bool>& flag;
                    ~AtEnd() { flag = true; }
                } at_end{ended};
                while (true) {
                    began = true;
                    progress.report(0, "going on");
                }
            },
            [&](const Status&) { told = true; }, {.cancellable = false});
        while (!began) std::this_thread::yield();
    }
    EXPECT_TRUE(ended);
    EXPECT_FALSE(told);
}

TEST(Jobs, PostedActionsComeBeforeTheOutcome) {
    std::atomic<int> woken = 0;
    std::vector<int> order;
    Jobs jobs([&] { ++woken; });
    jobs.start(
        "Posting",
        [&](Progress& progress) -> Status {
            for (int i = 0; i < 3; ++i) {
                progress.report(i / 3.0, "posting");
                jobs.post([&order, i] { order.push_back(i); });
            }
            return {};
        },
        [&](const Status&) { order.push_back(3); });
    drain_until_idle(jobs);
    EXPECT_EQ(order, (std::vector{0, 1, 2, 3}));
    EXPECT_GE(woken, 4);
}

}  // namespace
}  // namespace likeness::test
