#include "bench/metrics/measure_statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace likeness::metrics {
namespace {

TEST(MeasureStatistics, MedianOfOddAndEvenCounts) {
    EXPECT_EQ(median(std::vector<double>{3, 1, 2}), 2.0);
    EXPECT_EQ(median(std::vector<double>{4, 1, 3, 2}), 2.5);
    EXPECT_EQ(median(std::vector<double>{7}), 7.0);
}

TEST(MeasureStatistics, MeanAndWorst) {
    const std::vector<double> values = {3, 1, 5};
    EXPECT_EQ(mean(values), 3.0);
    EXPECT_EQ(worst(values, Better::higher), 1.0);
    EXPECT_EQ(worst(values, Better::lower), 5.0);
}

TEST(MeasureStatistics, NothingIsNotANumber) {
    EXPECT_TRUE(std::isnan(median({})));
    EXPECT_TRUE(std::isnan(mean({})));
    EXPECT_TRUE(std::isnan(worst({}, Better::higher)));
}

}  // namespace
}  // namespace likeness::metrics
