#include "bench/metrics/measure_statistics.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

namespace likeness::metrics {
namespace {
constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
}

double mean(std::span<const double> values) {
    if (values.empty()) return kNothing;
    return std::accumulate(values.begin(), values.end(), 0.0) / double(values.size());
}

double median(std::span<const double> values) {
    if (values.empty()) return kNothing;
    std::vector<double> sorted(values.begin(), values.end());
    std::sort(sorted.begin(), sorted.end());
    const std::size_t half = sorted.size() / 2;
    return sorted.size() % 2 == 1 ? sorted[half] : 0.5 * (sorted[half - 1] + sorted[half]);
}

double worst(std::span<const double> values, Better better) {
    if (values.empty()) return kNothing;
    return better == Better::higher ? *std::min_element(values.begin(), values.end())
                                    : *std::max_element(values.begin(), values.end());
}

}  // namespace likeness::metrics
