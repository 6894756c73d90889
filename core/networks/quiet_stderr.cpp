#include "core/networks/quiet_stderr.h"

#include <unistd.h>

#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>

namespace likeness {
namespace {

struct Filter {
    std::mutex mutex;
    int living = 0;
    std::FILE* usual = nullptr;
    std::FILE* filtering = nullptr;  // never closed: another thread may be about to write there
    std::string line;                // so far
};

Filter& filter() {
    static auto* made = new Filter;
    return *made;
}

ssize_t write_lines(void*, const char* text, std::size_t size) {
    Filter& f = filter();
    for (const char c : std::string_view(text, size)) {
        f.line += c;
        if (c != '\n') continue;
        if (!f.line.starts_with("INFO: ")) (void)!::write(STDERR_FILENO, f.line.data(), f.line.size());
        f.line.clear();
    }
    return ssize_t(size);
}

}  // namespace

QuietStderr::QuietStderr() {
    Filter& f = filter();
    const std::lock_guard lock(f.mutex);
    if (f.living++ > 0) return;
    if (!f.filtering) {
        f.filtering = ::fopencookie(nullptr, "w", {nullptr, write_lines, nullptr, nullptr});
        if (f.filtering) std::setvbuf(f.filtering, nullptr, _IOLBF, 1024);
    }
    f.usual = stderr;
    if (f.filtering) stderr = f.filtering;
}

QuietStderr::~QuietStderr() {
    Filter& f = filter();
    const std::lock_guard lock(f.mutex);
    if (--f.living > 0) return;
    stderr = f.usual;
    if (!f.filtering) return;
    std::fflush(f.filtering);
    if (!f.line.empty() && !f.line.starts_with("INFO: ")) (void)!::write(STDERR_FILENO, f.line.data(), f.line.size());
    f.line.clear();
}

}  // namespace likeness
