#include "bench/figures.h"

#include <stdlib.h>
#include <sys/resource.h>

#include <cerrno>
#include <cmath>
#include <iostream>
#include <system_error>

namespace likeness::bench {

double peak_rss_mib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return double(usage.ru_maxrss) / 1024;  // Linux: KiB
}

double rounded(double value) { return std::round(value * 1e6) / 1e6; }

int with_temporary_folder(const std::function<int(const std::filesystem::path&)>& work) {
    std::string folder = (std::filesystem::temp_directory_path() / "likeness-bench-XXXXXX").string();
    if (!mkdtemp(folder.data())) throw std::system_error(errno, std::generic_category(), folder);
    int code = 1;
    try {
        code = work(folder);
    } catch (const std::exception& failure) {
        std::cerr << "likeness-bench: " << failure.what() << '\n';
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    return code;
}

}  // namespace likeness::bench
