#include "core/learning/adam.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/head/head_fixtures.h"

namespace likeness::test {
namespace {

TEST(Adam, FollowsKingmaAndBaInDoublePrecision) {
    Random random(1);
    for (const std::size_t count : {std::size_t(1), std::size_t(7), std::size_t(1003), std::size_t(40'001)}) {
        std::vector<float> values(count), gradient(count);
        for (float& v : values) v = uniform(random, -1, 1);
        std::vector<double> expected(values.begin(), values.end()), first(count, 0), second(count, 0);
        AdamMoments moments;
        constexpr float rate = 0.01f;
        const int steps = count > 10'000 ? 5 : 60;
        for (int step = 1; step <= steps; ++step) {
            // Far above epsilon, which is ours to choose.
            for (float& g : gradient)
                g = (random() % 2 ? 1.0f : -1.0f) * uniform(random, 0.1f, 1) * (random() % 4 ? 0.1f : 10.0f);
            adam_step(values, gradient, moments, rate, step);
            for (std::size_t i = 0; i < count; ++i) {
                const double g = double(gradient[i]);
                first[i] = 0.9 * first[i] + 0.1 * g;
                second[i] = 0.999 * second[i] + 0.001 * g * g;
                expected[i] -= double(rate) * (first[i] / (1 - std::pow(0.9, step))) /
                               (std::sqrt(second[i] / (1 - std::pow(0.999, step))));
            }
        }
        for (std::size_t i = 0; i < count; ++i) ASSERT_NEAR(values[i], expected[i], 2e-5) << i << " of " << count;
    }
}

TEST(Adam, NoGradientMovesNothing) {
    std::vector<float> values = {1, -2, 3};
    AdamMoments moments;
    for (int step = 1; step < 10; ++step) adam_step(values, {0, 0, 0}, moments, 0.1f, step);
    EXPECT_EQ(values, (std::vector<float>{1, -2, 3}));
}

TEST(Adam, TheFirstStepIsTheRateWhateverTheGradient) {
    for (const float g : {1e-2f, 1.0f, -1e4f}) {
        std::vector<float> values = {0};
        AdamMoments moments;
        adam_step(values, {g}, moments, 0.01f, 1);
        EXPECT_NEAR(values[0], g > 0 ? -0.01 : 0.01, 1e-5) << g;
    }
}

TEST(Adam, NothingToDo) {
    std::vector<float> values;
    AdamMoments moments;
    EXPECT_NO_THROW(adam_step(values, {}, moments, 0.1f, 1));
}

}  // namespace
}  // namespace likeness::test
