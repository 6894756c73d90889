// Adam against the published algorithm in double precision; bounds; priors against their formulas and by finite
// differences.
#include "core/learning/group_update.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/avatar/surface_batch.h"
#include "core/learning/group_table.h"
#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

GroupStep step_at(float rate, int t) {
    GroupStep step;
    step.rate = rate / adam_correction(adam_beta1, t);
    step.second_scale = 1 / adam_correction(adam_beta2, t);
    return step;
}

// A group's numbers, and one update of them.
struct Numbers {
    std::vector<float> values, first, second;
    explicit Numbers(std::vector<float> start) : values(std::move(start)), first(values.size(), 0.0f), second(first) {}
    void update(const GroupStep& step, const std::vector<float>& gradients, std::size_t width = 1,
                const float* low = nullptr, const float* high = nullptr) {
        update_group(step, values.data(), gradients.data(), first.data(), second.data(), values.size(), width, low, high);
    }
};

TEST(GroupUpdate, FollowsKingmaAndBaInDoublePrecision) {
    Random random(1);
    for (const std::size_t count : {std::size_t(1), std::size_t(7), std::size_t(1003), std::size_t(40'001)}) {
        std::vector<float> start(count), gradient(count);
        for (float& v : start) v = uniform(random, -1, 1);
        Numbers numbers(start);
        std::vector<double> expected(start.begin(), start.end()), first(count, 0), second(count, 0);
        constexpr float rate = 0.01f;
        const int steps = count > 10'000 ? 5 : 60;
        for (int step = 1; step <= steps; ++step) {
            // Far above epsilon, which is ours to choose.
            for (float& g : gradient)
                g = (random() % 2 ? 1.0f : -1.0f) * uniform(random, 0.1f, 1) * (random() % 4 ? 0.1f : 10.0f);
            numbers.update(step_at(rate, step), gradient);
            for (std::size_t i = 0; i < count; ++i) {
                const double g = double(gradient[i]);
                first[i] = 0.9 * first[i] + 0.1 * g;
                second[i] = 0.999 * second[i] + 0.001 * g * g;
                expected[i] -= double(rate) * (first[i] / (1 - std::pow(0.9, step))) /
                               (std::sqrt(second[i] / (1 - std::pow(0.999, step))));
            }
        }
        for (std::size_t i = 0; i < count; ++i) ASSERT_NEAR(numbers.values[i], expected[i], 2e-5) << i << " of " << count;
    }
}

TEST(GroupUpdate, NoGradientMovesNothing) {
    Numbers numbers({1, -2, 3});
    for (int step = 1; step < 10; ++step) numbers.update(step_at(0.1f, step), {0, 0, 0});
    EXPECT_EQ(numbers.values, (std::vector<float>{1, -2, 3}));
}

TEST(GroupUpdate, TheFirstStepIsTheRateWhateverTheGradient) {
    for (const float g : {1e-2f, 1.0f, -1e4f}) {
        Numbers numbers({0});
        numbers.update(step_at(0.01f, 1), {g});
        EXPECT_NEAR(numbers.values[0], g > 0 ? -0.01 : 0.01, 1e-5) << g;
    }
}

TEST(GroupUpdate, NothingToDo) {
    Numbers numbers({});
    EXPECT_NO_THROW(numbers.update(step_at(0.1f, 1), {}));
    EXPECT_TRUE(all_finite(nullptr, 0));
    EXPECT_EQ(add_prior({.squared = 1}, nullptr, nullptr, nullptr, 0), 0);
}

TEST(GroupUpdate, AGroupThatRestsKeepsItsMomentsToo) {
    Numbers numbers({1, 2});
    numbers.update(step_at(0.1f, 1), {3, -4});
    const Numbers before = numbers;
    GroupStep step = step_at(0.1f, 2);
    step.rests = 1;
    numbers.update(step, {5, 6});
    EXPECT_EQ(numbers.values, before.values);
    EXPECT_EQ(numbers.first, before.first);
    EXPECT_EQ(numbers.second, before.second);
}

TEST(GroupUpdate, ValuesStayInTheirBounds) {
    GroupStep step = step_at(1, 1);
    step.low = -0.25f;
    step.high = 0.5f;
    Numbers all({0, 0, 3});
    all.update(step, {1, -1, 0});
    EXPECT_EQ(all.values, (std::vector<float>{-0.25f, 0.5f, 0.5f}));

    const std::vector<float> low = {-unbounded, -0.1f}, high = {0.2f, unbounded};
    Numbers each({0, 0, 0, 0, 5, -5});
    each.update(step_at(1, 1), {1, 1, -1, -1, 0, 0}, 2, low.data(), high.data());
    EXPECT_EQ(each.values[1], -0.1f);
    EXPECT_EQ(each.values[2], 0.2f);
    EXPECT_EQ(each.values[4], 0.2f);
    EXPECT_EQ(each.values[5], -0.1f);
    EXPECT_NEAR(each.values[0], -1, 1e-5);
    EXPECT_NEAR(each.values[3], 1, 1e-5);
}

TEST(GroupUpdate, WhatIsNotFiniteIsFoundAnywhere) {
    for (const std::size_t count : {std::size_t(1), std::size_t(31), std::size_t(40'000)})
        for (const std::size_t at : {std::size_t(0), count / 2, count - 1})
            for (const float bad : {std::numeric_limits<float>::quiet_NaN(), HUGE_VALF, -HUGE_VALF}) {
                std::vector<float> values(count, 3e38f);
                EXPECT_TRUE(all_finite(values.data(), count));
                values[at] = bad;
                EXPECT_FALSE(all_finite(values.data(), count)) << at << " of " << count;
            }
}

TEST(GroupUpdate, PriorsAreTheirFormulas) {
    Random random(2);
    for (const std::size_t count : {std::size_t(5), std::size_t(1003), std::size_t(40'001)})
        for (const bool squared : {true, false})
            for (const bool centred : {true, false}) {
                std::vector<float> values(count), centre(count), gradients(count, 0.25f);
                for (std::size_t i = 0; i < count; ++i) {
                    values[i] = uniform(random, -1, 1);
                    centre[i] = i % 5 == 0 ? values[i] : uniform(random, -1, 1);
                }
                GroupStep step;
                (squared ? step.squared : step.absolute) = 0.7f;
                const double energy =
                    add_prior(step, values.data(), centred ? centre.data() : nullptr, gradients.data(), count);
                double expected = 0;
                for (std::size_t i = 0; i < count; ++i) {
                    const double d = double(values[i]) - (centred ? double(centre[i]) : 0);
                    expected += 0.7 * (squared ? 0.5 * d * d : std::abs(d));
                    const double slope = squared ? 0.7 * d : d > 0 ? 0.7 : d < 0 ? -0.7 : 0;
                    ASSERT_NEAR(gradients[i], 0.25 + slope, 1e-6) << i;
                }
                EXPECT_NEAR(energy, expected, 1e-5 * expected);
            }
}

TEST(GroupUpdate, SmoothnessIsTheSlopeOfItsEnergy) {
    const Avatar avatar = ball_avatar(3, 10, true);
    const SurfaceTopology topology(avatar);
    const SurfaceArrays surface = topology.arrays();
    const auto vertices = std::size_t(avatar.neutral().cols());
    Random random(3);
    for (const std::size_t width : {std::size_t(1), std::size_t(3)}) {
        GroupStep step;
        step.smooth = 0.3f;
        std::vector<float> values(vertices * width);
        for (float& v : values) v = uniform(random, -1, 1);
        const auto energy = [&](std::vector<float>* gradients) {
            std::vector<float> scratch(values.size(), 0.0f);
            std::vector<float>& to = gradients ? *gradients : scratch;
            return add_smoothness(step, values.data(), width, vertices, surface.triangles, surface.vertex_first,
                                  surface.vertex_triangles, to.data());
        };
        std::vector<float> gradients(values.size(), 0.0f);
        double expected = 0;
        for (const Eigen::Vector3i& t : avatar.triangles())
            for (int k = 0; k < 3; ++k)
                for (std::size_t c = 0; c < width; ++c) {
                    const double d = double(values[std::size_t(t[k]) * width + c]) -
                                     double(values[std::size_t(t[(k + 1) % 3]) * width + c]);
                    expected += 0.5 * 0.3 * d * d;
                }
        EXPECT_NEAR(energy(&gradients), expected, 1e-5 * expected);
        for (std::size_t i = 0; i < values.size(); i += 37) {
            const float kept = values[i];
            values[i] = kept + 0.01f;
            const double more = energy(nullptr), at_more = double(values[i]);
            values[i] = kept - 0.01f;
            const double less = energy(nullptr), at_less = double(values[i]);
            values[i] = kept;
            EXPECT_NEAR(gradients[i], (more - less) / (at_more - at_less), 2e-3 * (1 + std::abs(gradients[i]))) << i;
        }
    }
}

}  // namespace
}  // namespace likeness::test
