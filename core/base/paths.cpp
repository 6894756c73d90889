#include "core/base/paths.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace likeness {

namespace fs = std::filesystem;

Result<fs::path> find_asset(const std::string& name) {
    std::vector<fs::path> folders;
    if (const char* set = std::getenv("LIKENESS_ASSETS"); set && *set) folders.emplace_back(set);
    std::error_code ignored;
    const fs::path executable = fs::read_symlink("/proc/self/exe", ignored);
    if (!executable.empty()) {
        folders.push_back(executable.parent_path() / "assets");
        folders.push_back(executable.parent_path().parent_path() / "assets");
        folders.push_back(executable.parent_path().parent_path() / "share" / "likeness");
    }
#ifdef LIKENESS_BUILD_ASSETS
    folders.emplace_back(LIKENESS_BUILD_ASSETS);
#endif
    for (const fs::path& folder : folders)
        if (fs::exists(folder / name, ignored)) return folder / name;
    std::string searched;
    for (const fs::path& folder : folders) searched += "\n  " + folder.string();
    return Error{ErrorCode::not_found,
                 "The asset '" + name + "' is missing; run scripts/run once, or set LIKENESS_ASSETS to the folder that has it.",
                 "searched:" + searched};
}

fs::path temporary_beside(const fs::path& target) {
    return target.parent_path() / ("." + target.filename().string() + "." + std::to_string(::getpid()) + ".part");
}

Status commit_file(const fs::path& temporary, const fs::path& target) {
    const auto fail = [&](const char* what) -> Status {
        const int code = errno;
        std::error_code ignored;
        fs::remove(temporary, ignored);
        const std::string hint = code == ENOSPC ? "; free some disk space and try again" : "";
        return Error{ErrorCode::io, "Cannot write '" + target.string() + "': " + std::strerror(code) + hint + ".", what};
    };
    const int file = ::open(temporary.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return fail("open");
    if (::fsync(file) != 0) {
        ::close(file);
        return fail("fsync");
    }
    ::close(file);
    if (::rename(temporary.c_str(), target.c_str()) != 0) return fail("rename");
    return {};
}

}  // namespace likeness
