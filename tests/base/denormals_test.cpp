#include "core/base/denormals.h"

#include <gtest/gtest.h>

#include <thread>

namespace likeness::test {
namespace {

float halved(float x) {
    volatile float value = x;
    value = value * 0.5f;
    return value;
}

TEST(Denormals, CountAsZeroInAThreadAndInThoseThatItStarts) {
#ifndef __SSE2__
    GTEST_SKIP() << "this processor has no such mode";
#endif
    constexpr float least = 1.17549435e-38f;  // the smallest normal float
    float own = 1, started = 1;
    std::thread([&] {
        flush_denormals();
        own = halved(least);
        std::thread([&] { started = halved(least); }).join();
    }).join();
    EXPECT_EQ(own, 0.0f);
    EXPECT_EQ(started, 0.0f);
    EXPECT_GT(halved(least), 0.0f) << "other threads keep their mode";
}

}  // namespace
}  // namespace likeness::test
