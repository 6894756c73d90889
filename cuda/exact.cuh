// Sums that do not depend on the order of their parts.
#pragma once

#include <cuda_runtime.h>

namespace likeness::cuda {

using ExactSum = unsigned long long;  // a signed number of units, two's complement

__device__ inline void add_exactly(ExactSum* sum, float value, double units) {
    atomicAdd(sum, static_cast<ExactSum>(__double2ll_rn(double(value) * units)));
}
__device__ inline float value_of(ExactSum sum, double units) {
    return float(double(static_cast<long long>(sum)) / units);
}

// To a sum of doubles whose parts are whole units: all of its steps are exact.
__device__ inline void add_units(double* sum, double value, double units) {
    atomicAdd(sum, rint(value * units) / units);
}

}  // namespace likeness::cuda
