#include "core/base/crew.h"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <stdexcept>

namespace likeness::test {
namespace {

TEST(Crew, OneThreadWorksInOrder) {
    std::vector<int> done;
    Crew<int> crew(1, [&]() -> Crew<int>::Work {
        return [&](int& job) -> Status {
            done.push_back(job);
            return {};
        };
    });
    std::vector<int> wanted(50);
    std::iota(wanted.begin(), wanted.end(), 0);
    for (const int job : wanted) crew.add(job);
    EXPECT_TRUE(crew.close());
    EXPECT_EQ(done, wanted);
}

TEST(Crew, EachThreadHasItsOwnWorkAndEveryJobIsDone) {
    std::atomic<int> sum = 0, made = 0;
    Crew<int> crew(3, [&]() -> Crew<int>::Work {
        ++made;
        return [&](int& job) -> Status {
            sum += job;
            return {};
        };
    });
    for (int job = 1; job <= 100; ++job) crew.add(job);
    EXPECT_TRUE(crew.close());
    EXPECT_EQ(sum, 5050);
    EXPECT_LE(made, 3);
}

TEST(Crew, AFailureEndsTheWorkAndArrives) {
    std::atomic<int> done = 0;
    Crew<int> crew(1, [&]() -> Crew<int>::Work {
        return [&](int& job) -> Status {
            if (job == 3) return Error{ErrorCode::bad_input, "three", ""};
            ++done;
            return {};
        };
    });
    for (int job = 0; job < 20; ++job) crew.add(job);
    const Status ended = crew.close();
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().message, "three");
    EXPECT_TRUE(crew.failed());
    EXPECT_EQ(done, 3);
}

TEST(Crew, AnExceptionArrives) {
    Crew<int> crew(2, []() -> Crew<int>::Work { return [](int&) -> Status { throw std::out_of_range("job"); }; });
    for (int job = 0; job < 20; ++job) crew.add(job);
    EXPECT_THROW((void)crew.close(), std::out_of_range);
}

}  // namespace
}  // namespace likeness::test
