#include "core/base/parallel.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <numeric>
#include <set>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

namespace likeness::test {
namespace {

std::vector<int> visits(std::size_t count, std::size_t grain) {
    std::vector<int> seen(count, 0);  // ranges are disjoint, so no two threads write one element
    parallel_for(count, grain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) ++seen[i];
    });
    return seen;
}

TEST(Parallel, EveryItemOnce) {
    EXPECT_GE(worker_count(), 1);
    for (const std::size_t count : {0u, 1u, 2u, 3u, 63u, 64u, 65u, 1000u, 100'003u})
        for (const std::size_t grain : {0u, 1u, 7u, 64u, 1000u, 1'000'000u}) {
            const std::vector<int> seen = visits(count, grain);
            for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(seen[i], 1) << i << " of " << count << " by " << grain;
        }
}

TEST(Parallel, RangesAreNotEmptyAndNotBelowTheGrain) {
    std::mutex mutex;
    std::vector<std::pair<std::size_t, std::size_t>> ranges;
    parallel_for(1000, 64, [&](std::size_t begin, std::size_t end) {
        const std::lock_guard lock(mutex);
        ranges.emplace_back(begin, end);
    });
    std::size_t short_ones = 0;
    for (const auto& [begin, end] : ranges) {
        EXPECT_LT(begin, end);
        EXPECT_LE(end, 1000u);
        short_ones += end - begin < 64;
    }
    EXPECT_LE(short_ones, 1u) << "only the last range may be short";
}

TEST(Parallel, NothingIsNotCalled) {
    int calls = 0;
    parallel_for(0, 8, [&](std::size_t, std::size_t) { ++calls; });
    EXPECT_EQ(calls, 0);
}

TEST(Parallel, ExceptionsReachTheCallerAndThePoolGoesOn) {
    for (int round = 0; round < 20; ++round) {
        const std::size_t bad = std::size_t(round) * 499;
        try {
            parallel_for(10'000, 16, [&](std::size_t begin, std::size_t end) {
                for (std::size_t i = begin; i < end; ++i)
                    if (i == bad) throw std::runtime_error("item " + std::to_string(i));
            });
            FAIL() << "nothing was thrown";
        } catch (const std::runtime_error& failure) {
            EXPECT_EQ(failure.what(), "item " + std::to_string(bad));
        }
        const std::vector<int> seen = visits(5000, 16);
        EXPECT_EQ(std::accumulate(seen.begin(), seen.end(), 0), 5000);
    }
}

TEST(Parallel, WhenAllThrowOneArrives) {
    EXPECT_THROW(parallel_for(1000, 1, [](std::size_t, std::size_t) { throw std::out_of_range("all"); }),
                 std::out_of_range);
    EXPECT_EQ(visits(10, 1), std::vector<int>(10, 1));
}

TEST(Parallel, NestedLoopsRunOnTheCallingThread) {
    constexpr std::size_t outer = 40, inner = 300;
    std::vector<int> seen(outer * inner, 0);
    std::atomic<int> strays = 0;
    parallel_for(outer, 1, [&](std::size_t begin, std::size_t end) {
        const auto here = std::this_thread::get_id();
        for (std::size_t o = begin; o < end; ++o)
            parallel_for(inner, 8, [&](std::size_t b, std::size_t e) {
                if (std::this_thread::get_id() != here) ++strays;
                for (std::size_t i = b; i < e; ++i) ++seen[o * inner + i];
            });
    });
    EXPECT_EQ(strays, 0);
    EXPECT_EQ(seen, std::vector<int>(outer * inner, 1));
}

TEST(Parallel, NestedExceptionsPassThroughBothLoops) {
    EXPECT_THROW(parallel_for(16, 1,
                              [](std::size_t, std::size_t) {
                                  parallel_for(16, 1, [](std::size_t b, std::size_t) {
                                      if (b == 0) throw std::logic_error("inner");
                                  });
                              }),
                 std::logic_error);
    EXPECT_EQ(visits(100, 1), std::vector<int>(100, 1));
}

TEST(Parallel, SeveralThreadsAtOnce) {
    std::vector<std::vector<int>> seen(4);
    {
        std::vector<std::jthread> threads;
        for (auto& own : seen)
            threads.emplace_back([&own] {
                for (int round = 0; round < 50; ++round) own = visits(3001, 10);
            });
    }
    for (const auto& own : seen) EXPECT_EQ(own, std::vector<int>(3001, 1));
}

// What a loop wrote is seen by its caller without further synchronisation.
TEST(Parallel, ResultsAreVisibleAfterwards) {
    for (int round = 1; round <= 100; ++round) {
        std::vector<int> values(2000, 0);
        parallel_for(values.size(), 32, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) values[i] = round;
        });
        ASSERT_EQ(std::accumulate(values.begin(), values.end(), 0), 2000 * round);
    }
}

// What a window needs: its own loops run at once, all others wait between two ranges, for a bounded time.
TEST(ForegroundWork, HasPrecedence) {
    std::atomic<long> ranges = 0;
    std::atomic<bool> began = false, stop = false;
    std::thread background([&] {
        while (!stop)
            parallel_for(1 << 12, 1, [&](std::size_t, std::size_t) {
                began = true;
                if (!stop) ++ranges;
                std::this_thread::sleep_for(std::chrono::microseconds(20));
            });
    });
    while (!began) std::this_thread::yield();
    long before = 0, done = 0;
    double held = 0;
    {
        const ForegroundWork outer;
        const auto since = std::chrono::steady_clock::now();
        // Ranges that were under way may still count.
        before = ranges;
        for (int i = 0; i < 20; ++i) {
            const ForegroundWork nested;
            std::atomic<std::size_t> sum = 0;
            parallel_for(1000, 10, [&](std::size_t begin, std::size_t end) {
                for (std::size_t k = begin; k < end; ++k) sum += k;
                std::this_thread::sleep_for(std::chrono::microseconds(50));
            });
            EXPECT_EQ(sum, 499500u);
        }
        done = ranges - before;
        held = std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
    }
    EXPECT_LE(double(done), worker_count() * (held / 0.05 + 2)) << "one range each 50 ms at most";
    const long after = ranges;
    while (ranges < after + 100) std::this_thread::yield();  // it goes on
    stop = true;
    background.join();
}

TEST(ForegroundWork, NeverDeadlocksWithWorkItWaitsFor) {
    const ForegroundWork held;
    std::atomic<std::size_t> count = 0;
    std::thread other([&] { parallel_for(8, 1, [&](std::size_t begin, std::size_t end) { count += end - begin; }); });
    other.join();
    EXPECT_EQ(count, 8u);
}

// A process of its own, in which no thread can start: there is no room for its stack.
void sum_without_threads() {
    long pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t room = rlim_t(pages) * rlim_t(::sysconf(_SC_PAGESIZE)) + (rlim_t(4) << 20);
    const rlimit limit{room, room};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) ::_exit(2);
    bool refused = false;
    try {
        std::jthread none([] {});
    } catch (const std::system_error&) {
        refused = true;
    }
    std::atomic<std::size_t> sum = 0;
    for (int again = 0; again < 3; ++again)
        parallel_for(1000, 10, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) sum += i;
        });
    ::_exit(!refused ? 3 : sum == 3 * 499'500 ? 0 : 4);
}

TEST(ParallelForDeathTest, WorksWhereNoThreadCanStart) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "sanitizers need more addresses";
#endif
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_EXIT(sum_without_threads(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace likeness::test
