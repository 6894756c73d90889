// What all benchmarks report with.
#pragma once

namespace likeness::bench {

// The most memory that this process held, MiB.
double peak_rss_mib();

// For JSON: rounded to 6 decimals, null when there is no finite number.
double rounded(double value);

}  // namespace likeness::bench
