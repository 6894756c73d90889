// From single values to the figures that are reported.
#pragma once

#include <span>

namespace likeness::metrics {

// Each is NaN for no values.
double mean(std::span<const double> values);
double median(std::span<const double> values);  // of an even count the mean of the middle two

enum class Better { higher, lower };
double worst(std::span<const double> values, Better better);

}  // namespace likeness::metrics
