// A folder of a test's own, removed at its end, files' contents, and the shared test data.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace likeness::test {

class TemporaryFolder {
  public:
    explicit TemporaryFolder(const std::string& name)
        : path(std::filesystem::temp_directory_path() / ("likeness_" + name + "_" + std::to_string(::getpid()))) {
        std::filesystem::create_directories(path);
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    int files() const {
        int count = 0;
        for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(path)) ++count;
        return count;
    }

    const std::filesystem::path path;
};

// All bytes of a file; empty when there is none.
inline std::string content(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline std::filesystem::path test_data(const std::string& inside) {
    const char* set = std::getenv("LIKENESS_TEST_DATA");
    return std::filesystem::path(set ? set : LIKENESS_DEFAULT_TEST_DATA) / inside;
}

}  // namespace likeness::test
