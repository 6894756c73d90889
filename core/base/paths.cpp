#include "core/base/paths.h"

#include <cstdlib>
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

fs::path find_companion(const std::string& name) {
    std::error_code ignored;
    const fs::path folder = fs::read_symlink("/proc/self/exe", ignored).parent_path();
    for (const fs::path& place : {folder, folder.parent_path() / "lib" / "likeness"})
        if (fs::exists(place / name, ignored)) return place / name;
    return {};
}

fs::path cache_folder() {
    const auto folder = [](const char* variable) -> fs::path {
        const char* set = std::getenv(variable);
        return set ? set : "";
    };
    if (const fs::path home = folder("LIKENESS_HOME"); !home.empty()) return home / "cache";
    if (const fs::path cache = folder("XDG_CACHE_HOME"); cache.is_absolute()) return cache / "likeness";
    const fs::path home = folder("HOME");
    return home.is_absolute() ? home / ".cache" / "likeness" : fs::path();
}

fs::path tracks_folder() {
    const fs::path cache = cache_folder();
    return cache.empty() ? cache : cache / "tracks";
}

}  // namespace likeness
