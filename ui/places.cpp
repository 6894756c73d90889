#include "ui/places.h"

#include <algorithm>
#include <cstdlib>

#include "core/image/file_bytes.h"
#include "ui/icons.h"

namespace likeness::ui {
namespace {

namespace fs = std::filesystem;

fs::path from_environment(const char* name) {
    const char* value = std::getenv(name);
    return value && *value ? fs::path(value) : fs::path();
}

// XDG_PICTURES_DIR="$HOME/Pictures", a line of user-dirs.dirs.
fs::path desktop_folder(const fs::path& home, const std::string& name, const char* usual) {
    fs::path config = from_environment("XDG_CONFIG_HOME");
    if (!config.is_absolute()) config = home / ".config";
    if (const auto text = read_file(config / "user-dirs.dirs", std::size_t(64) << 10)) {
        const std::string all(text->begin(), text->end()), key = "\n" + name + "=\"";
        const std::size_t at = ("\n" + all).find(key), from = at + key.size() - 1;
        const std::size_t end = at == std::string::npos ? at : all.find('"', from);
        if (end != std::string::npos) {
            const std::string value = all.substr(from, end - from);
            return value.starts_with("$HOME/") ? home / value.substr(6) : fs::path(value);
        }
    }
    return home / usual;
}

}  // namespace

std::vector<Place> find_places(const Settings& settings) {
    std::vector<Place> places;
    const auto add = [&](const char* icon, std::string name, const fs::path& folder, bool recent = false) {
        std::error_code ignored;
        if (!folder.is_absolute() || !fs::is_directory(folder, ignored)) return;
        if (std::ranges::any_of(places, [&](const Place& p) { return p.folder == folder && p.recent == recent; }))
            return;
        places.push_back({icon, name.empty() ? folder.string() : std::move(name), folder, recent});
    };
    const fs::path home = from_environment("HOME");
    if (!home.empty()) {
        add(ICON_FA_HOUSE, "Home", home);
        add(ICON_FA_IMAGES, "Pictures", desktop_folder(home, "XDG_PICTURES_DIR", "Pictures"));
        add(ICON_FA_DOWNLOAD, "Downloads", desktop_folder(home, "XDG_DOWNLOAD_DIR", "Downloads"));
    }
    for (const std::string& folder : settings.data_folders)
        add(ICON_FA_DATABASE, fs::path(folder).filename().string(), folder);
    for (const std::string& folder : settings.recent_folders)
        add(ICON_FA_CLOCK_ROTATE_LEFT, fs::path(folder).filename().string(), folder, true);
    return places;
}

}  // namespace likeness::ui
