// What all benchmarks report with.
#pragma once

#include <filesystem>
#include <functional>

namespace likeness::bench {

// The most memory that this process held, MiB.
double peak_rss_mib();

// For JSON: rounded to 6 decimals, null when there is no finite number.
double rounded(double value);

// What `work` returns with a folder that is removed afterwards; 1 when it throws, which is said.
int with_temporary_folder(const std::function<int(const std::filesystem::path&)>& work);

}  // namespace likeness::bench
