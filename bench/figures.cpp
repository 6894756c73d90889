#include "bench/figures.h"

#include <sys/resource.h>

#include <cmath>

namespace likeness::bench {

double peak_rss_mib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return double(usage.ru_maxrss) / 1024;  // Linux: KiB
}

double rounded(double value) { return std::round(value * 1e6) / 1e6; }

}  // namespace likeness::bench
