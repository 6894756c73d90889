// What a file is, for messages about files that cannot be used where they were given.
#pragma once

#include <string_view>

namespace likeness {

struct FileKind {
    std::string_view what;    // "a video", "Gaussian splats in SPZ form"; empty for what is unknown
    std::string_view advice;  // "export them as ..."; empty when there is none
    explicit operator bool() const { return !what.empty(); }
};

// From the first bytes (64 are enough), and from the name for kinds without a mark of their own.
FileKind file_kind(std::string_view begin, std::string_view name);

}  // namespace likeness
