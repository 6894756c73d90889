#include "core/learning/group_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

namespace likeness::test {
namespace {

ParameterGroup group_of(const std::string& name, std::size_t width, std::size_t rows, float rate = 0.5f) {
    return {name, width, std::vector<float>(width * rows, 0.0f), rate};
}

TEST(GroupTable, GroupsAreFoundByTheirNames) {
    GroupTable table;
    EXPECT_EQ(table.add(group_of("a", 3, 4)), 0);
    EXPECT_EQ(table.add(group_of("b", 1, 2)), 1);
    EXPECT_EQ(table.names(), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(table.find("b"), 1);
    EXPECT_EQ(table.at("a"), 0);
    EXPECT_EQ(table.find("c"), -1);
    EXPECT_THROW(table.at("c"), std::invalid_argument);
    EXPECT_THROW(table.settings("c"), std::invalid_argument);
    EXPECT_EQ(table[0].rows, 4u);
    EXPECT_THROW(table.add(group_of("a", 1, 1)), std::invalid_argument) << "the name is taken";
    EXPECT_EQ(table.size(), 2u);
    table.count_step();
    table.clear();
    EXPECT_EQ(table.size(), 0u);
    EXPECT_EQ(table.steps(), 0);
}

TEST(GroupTable, SizesThatDoNotMatchAreRefused) {
    GroupTable table;
    const auto refused = [&](auto change) {
        ParameterGroup g = group_of("g", 2, 3);
        change(g);
        EXPECT_THROW(table.add(g), std::invalid_argument);
    };
    refused([](ParameterGroup& g) { g.width = 0; });
    refused([](ParameterGroup& g) { g.values.pop_back(); });
    refused([](ParameterGroup& g) { g.low = {0, 0, 0}; });
    refused([](ParameterGroup& g) { g.high = {0, 0, 0}; });
    refused([](ParameterGroup& g) { g.clock = StepClock::views; });
    refused([](ParameterGroup& g) { g.prior.centre = {0}; });
    refused([](ParameterGroup& g) { g.prior.unit = 0; });
    EXPECT_EQ(table.size(), 0u);
    ParameterGroup g = group_of("g", 2, 3);
    g.low = {0};
    g.high = {1, 2};
    g.prior.centre = std::vector<float>(6, 1.0f);
    EXPECT_EQ(table.add(g), 0);
}

TEST(GroupTable, BoundsAreForAllOrForEachColumn) {
    GroupTable table;
    ParameterGroup g = group_of("g", 2, 3);
    g.low = {-1};
    const int one = table.add(g);
    EXPECT_FALSE(table[one].column_bounds());
    GroupStep step = table.step_of(one, 1, 1, 1, false);
    EXPECT_EQ(step.low, -1);
    EXPECT_EQ(step.high, unbounded);
    g.name = "h";
    g.high = {3, 4};
    const int each = table.add(g);
    EXPECT_TRUE(table[each].column_bounds());
    EXPECT_EQ(table[each].low(1), -1);
    EXPECT_EQ(table[each].high(0), 3);
    EXPECT_EQ(table[each].high(1), 4);
    step = table.step_of(each, 1, 1, 1, false);
    EXPECT_EQ(step.low, -unbounded) << "its columns have their own";
    EXPECT_EQ(step.high, unbounded);
}

TEST(GroupTable, ClocksBeginWhenValuesCome) {
    GroupTable table;
    table.add(group_of("old", 1, 2));
    for (int k = 0; k < 10; ++k) table.count_step();
    table.add(group_of("new", 1, 2));
    ParameterGroup of_views = group_of("views", 2, 1);
    of_views.clock = StepClock::views;
    table.add(of_views);
    const auto rate = [&](int k, float scale = 1) { return double(table.step_of(k, scale, 1, 1, false).rate); };
    EXPECT_NEAR(rate(0), 0.5 / (1 - std::pow(0.9, 11)), 1e-6);
    EXPECT_NEAR(rate(1), 0.5 / (1 - 0.9), 1e-5);
    EXPECT_NEAR(rate(1, 0.25f), 0.125 / (1 - 0.9), 1e-5);
    EXPECT_NEAR(rate(2), 0.5, 1e-7) << "views count for themselves";
    EXPECT_EQ(table.step_of(2, 1, 1, 1, false).second_scale, 1);
    EXPECT_NEAR(table.step_of(0, 1, 1, 1, false).second_scale, 1 / (1 - std::pow(double(adam_beta2), 11)), 1e-3);
    table.restart(0, 5);
    EXPECT_EQ(table[0].rows, 5u);
    EXPECT_NEAR(rate(0), 0.5 / (1 - 0.9), 1e-5);
    table.settings("old").rate = 2;
    EXPECT_NEAR(rate(0), 2 / (1 - 0.9), 1e-4);
    EXPECT_NEAR(adam_correction(0.999f, 1), 1 - 0.999f, 1e-8);
}

// weight * mean over the rows of |distance / unit|^2, or of the absolute value; of views over the batch.
TEST(GroupTable, PriorsAreMeansOverRowsInTheirUnit) {
    GroupTable table;
    ParameterGroup squared = group_of("squared", 3, 4);
    squared.prior = {0.6f, 1e-3f};
    squared.prior.smooth = 0.2f;
    ParameterGroup absolute = group_of("absolute", 2, 5);
    absolute.prior = {0.6f, 0.1f, Norm::absolute};
    ParameterGroup of_views = group_of("views", 2, 1);
    of_views.clock = StepClock::views;
    of_views.prior.weight = 3;
    for (const ParameterGroup& g : {squared, absolute, of_views}) table.add(g);
    const auto step = [&](int k) { return table.step_of(k, 1, 8, 60, false); };
    EXPECT_NEAR(step(0).squared, 2 * 0.6 / (4 * 1e-6), 1);
    EXPECT_EQ(step(0).absolute, 0);
    EXPECT_NEAR(step(0).smooth, 2 * 0.2 / (60 * 1e-6), 0.1);
    EXPECT_NEAR(step(1).absolute, 0.6 / (5 * 0.1), 1e-5);
    EXPECT_EQ(step(1).squared, 0);
    EXPECT_NEAR(step(2).squared, 2 * 3 / 8.0, 1e-6);
    table.settings("squared").prior = 0;
    EXPECT_EQ(step(0).squared, 0);
}

TEST(GroupTable, GeometryRestsWhereAllViewsTeachColors) {
    GroupTable table;
    const int geometry = table.add(group_of("g", 1, 2), true), color = table.add(group_of("c", 1, 2));
    EXPECT_TRUE(table.step_of(geometry, 1, 1, 1, true).rests);
    EXPECT_FALSE(table.step_of(geometry, 1, 1, 1, false).rests);
    EXPECT_FALSE(table.step_of(color, 1, 1, 1, true).rests);
}

}  // namespace
}  // namespace likeness::test
