#include "core/base/task.h"

#include <gtest/gtest.h>

#include <thread>
#include <utility>
#include <vector>

namespace likeness::test {
namespace {

TEST(Progress, ListenerHearsEachReport) {
    std::vector<std::pair<double, std::string>> heard;
    Progress progress([&](double fraction, const std::string& stage) { heard.emplace_back(fraction, stage); });
    progress.report(0.25, "first");
    progress.report(1.0, "second");
    const std::vector<std::pair<double, std::string>> expected = {{0.25, "first"}, {1.0, "second"}};
    EXPECT_EQ(heard, expected);
}

TEST(Progress, ReportingThrowsOnceCancelled) {
    int heard = 0;
    Progress progress([&](double, const std::string&) { ++heard; });
    EXPECT_FALSE(progress.cancelled());
    progress.report(0, "before");
    progress.cancel();
    EXPECT_TRUE(progress.cancelled());
    EXPECT_THROW(progress.report(0.5, "after"), Cancelled);
    EXPECT_THROW(progress.report(0.6, "still"), Cancelled);
    EXPECT_EQ(heard, 1) << "a cancelled task reports nothing more";
}

TEST(Progress, NoListenerIsFine) {
    Progress progress;
    EXPECT_NO_THROW(progress.report(0.5, "unheard"));
    progress.cancel();
    EXPECT_THROW(progress.report(0.5, "unheard"), Cancelled);
}

TEST(Progress, CancelledFromAnotherThread) {
    std::atomic<int> reports = 0;
    Progress progress([&](double, const std::string&) { ++reports; });
    bool cancelled = false;
    std::thread worker([&] {
        try {
            while (true) progress.report(0.5, "working");
        } catch (const Cancelled&) {
            cancelled = true;
        }
    });
    while (reports == 0) std::this_thread::yield();
    progress.cancel();
    worker.join();
    EXPECT_TRUE(cancelled);
}

}  // namespace
}  // namespace likeness::test
