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
#include "core/studio/pace.h"
#include "core/studio/status_line.h"

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

TEST(Pace, IsThatOfLateAndCountsDown) {
    Pace pace;
    EXPECT_FALSE(pace.left(0));
    // Half of it at once, then two per cent a second.
    pace.mark(0, 0);
    pace.mark(0.1, 0.5);
    EXPECT_FALSE(pace.left(0.5)) << "too early to tell";
    for (int i = 1; i <= 10; ++i) pace.mark(i, 0.5 + 0.02 * i);
    ASSERT_TRUE(pace.left(10));
    EXPECT_NEAR(*pace.left(10), 15, 0.5) << "not the 4 s that the quick beginning promised";
    EXPECT_NEAR(*pace.left(12), 13, 0.5) << "it goes down between reports";
    EXPECT_FALSE(pace.left(40)) << "longer than was told: not known any more";
    pace.mark(41, 0.1);
    EXPECT_FALSE(pace.left(41.5)) << "it began again";
    pace.mark(43, 0.2);
    EXPECT_NEAR(*pace.left(43), 16, 0.5);
    pace.restart();
    EXPECT_FALSE(pace.left(44));
}

TEST(Jobs, APausedOneTellsNoTimeLeft) {
    Jobs jobs;
    std::atomic<bool> end = false;
    JobHandle job = jobs.start("Learning", [&](Progress& progress) -> Status {
        for (int i = 0; !end; i = std::min(i + 1, 900)) {
            progress.report(0.1 + i * 0.001, "Learning");
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return {};
    });
    while (!jobs.list().front().seconds_left) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    job.set_paused(true);
    EXPECT_TRUE(jobs.list().front().paused);
    EXPECT_FALSE(jobs.list().front().seconds_left);
    EXPECT_FALSE(job.seconds_left());
    job.set_paused(false);
    EXPECT_FALSE(jobs.list().front().paused);
    end = true;
    drain_until_idle(jobs);
    EXPECT_FALSE(jobs.list().front().seconds_left);
}

TEST(StatusLine, ASuccessOutdatesWhatWentWrongBefore) {
    Jobs jobs;
    Messages messages;
    std::uint64_t wanted = 1;
    const auto run = [&](const std::string& name, const Status& outcome, bool quiet) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        jobs.start(
            name, [outcome](Progress&) { return outcome; },
            [&](const Status& status) {
                if (!status) messages.error(status.error());
            },
            {.quiet = quiet});
        while (jobs.ended() < wanted) jobs.drain();
        ++wanted;
    };
    EXPECT_FALSE(status_message(messages, jobs));
    const Error full{ErrorCode::io, "The disk is full.", ""};
    run("Saving a", full, false);
    ASSERT_TRUE(status_message(messages, jobs));
    EXPECT_EQ(status_message(messages, jobs)->text, "The disk is full.");
    run("Returning memory", {}, true);
    EXPECT_TRUE(status_message(messages, jobs)) << "housekeeping is no success";
    run("Saving a", {}, false);
    EXPECT_FALSE(status_message(messages, jobs)) << "it is saved now";
    run("Autosave", full, true);
    run("Returning memory", {}, true);
    EXPECT_TRUE(status_message(messages, jobs));
    run("Autosave", {}, true);
    EXPECT_FALSE(status_message(messages, jobs));
    // What a task says while it runs is newer than its begin.
    jobs.start("Opening", [&](Progress&) -> Status {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        messages.warning("Some rows were left out.");
        return {};
    });
    drain_until_idle(jobs);
    EXPECT_EQ(status_message(messages, jobs)->text, "Some rows were left out.");
    messages.info("Saved.");
    EXPECT_EQ(status_message(messages, jobs)->text, "Saved.");
}

}  // namespace
}  // namespace likeness::test
