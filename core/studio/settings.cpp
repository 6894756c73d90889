#include "core/studio/settings.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/base/output_file.h"
#include "core/base/paths.h"
#include "core/formats/json_file.h"

namespace likeness {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t most_recent = 12;

JsonLimits settings_limits() {
    JsonLimits limits;
    limits.max_bytes = std::size_t(8) << 20;
    return limits;
}

fs::path environment(const char* name) {
    const char* value = std::getenv(name);
    return value && *value ? fs::path(value) : fs::path();
}

// Each takes a member out of `from` when it is usable; what is left are members of another version.
template <class T>
void take_number(json& from, const char* name, T& target, double low, double high) {
    const auto it = from.find(name);
    if (it == from.end()) return;
    if (it->is_number()) {
        const double value = it->get<double>();
        if (std::isfinite(value) && value >= low && value <= high) target = T(value);
    }
    from.erase(it);
}

void take_flag(json& from, const char* name, bool& target) {
    const auto it = from.find(name);
    if (it == from.end()) return;
    if (it->is_boolean()) target = it->get<bool>();
    from.erase(it);
}

void take_choice(json& from, const char* name, std::string& target, std::initializer_list<const char*> choices) {
    const auto it = from.find(name);
    if (it == from.end()) return;
    if (it->is_string())
        for (const char* choice : choices)
            if (it->get<std::string>() == choice) target = choice;
    from.erase(it);
}

void take_texts(json& from, const char* name, std::vector<std::string>& target, std::size_t most) {
    const auto it = from.find(name);
    if (it == from.end()) return;
    if (it->is_array()) {
        target.clear();
        for (const json& entry : *it)
            if (entry.is_string() && target.size() < most) target.push_back(entry.get<std::string>());
    }
    from.erase(it);
}

}  // namespace

UserFolders UserFolders::find() {
    if (const fs::path home = environment("LIKENESS_HOME"); !home.empty())
        return {home / "config", home / "state", tracks_folder()};
    fs::path home = environment("HOME");
    if (!home.is_absolute())
        if (const passwd* user = ::getpwuid(::geteuid()); user && user->pw_dir) home = user->pw_dir;
    const auto place = [&home](fs::path set, const fs::path& inside) -> fs::path {
        if (set.is_absolute()) return set / "likeness";
        return home.is_absolute() ? home / inside / "likeness" : fs::path();
    };
    return {place(environment("XDG_CONFIG_HOME"), ".config"), place(environment("XDG_STATE_HOME"), ".local/state"),
            tracks_folder()};
}

namespace {

void add_first(std::vector<std::string>& list, const fs::path& path) {
    std::error_code failed;
    const fs::path whole = fs::absolute(path, failed).lexically_normal();
    const std::string text = (failed ? path : whole).string();
    std::erase(list, text);
    list.insert(list.begin(), text);
    if (list.size() > most_recent) list.resize(most_recent);
}

}  // namespace

void Settings::add_recent(const fs::path& file) { add_first(recent_files, file); }
void Settings::add_recent_folder(const fs::path& folder) { add_first(recent_folders, folder); }

LoadedSettings load_settings(const fs::path& folder) {
    LoadedSettings result;
    const fs::path file = folder / "settings.json";
    std::error_code failed;
    if (folder.empty() || !fs::exists(file, failed)) return result;
    auto loaded = load_json(file, settings_limits());
    if (!loaded || !loaded->is_object()) {
        fs::path aside = file;
        aside += ".damaged";
        fs::rename(file, aside, failed);
        result.warning = "The settings in '" + file.string() + "' cannot be read; the defaults are used" +
                         (failed ? "." : " and the old file was kept as '" + aside.string() + "'.");
        return result;
    }
    json& from = *loaded;
    Settings& s = result.settings;
    take_choice(from, "theme", s.theme, {"dark", "light"});
    take_choice(from, "rest", s.rest, {"neutral", "photograph"});
    take_number(from, "text_scale", s.text_scale, 0.75, 3);
    take_choice(from, "device", s.device, {"auto", "cpu", "cuda"});
    take_number(from, "undo_bytes", s.undo_bytes, 1 << 20, double(std::uint64_t(1) << 36));
    take_number(from, "autosave_seconds", s.autosave_seconds, 0, 86400);
    for (const TrainerOption& option : trainer_options)
        if (option.setting) {
            double value = option.get(s.training);
            take_number(from, option.setting, value, option.low, option.high);
            option.set(s.training, value);
        }
    take_texts(from, "data_folders", s.data_folders, 100);
    take_texts(from, "recent_files", s.recent_files, most_recent);
    take_texts(from, "recent_folders", s.recent_folders, most_recent);
    take_flag(from, "file_pictures", s.file_pictures);
    take_texts(from, "closed_panels", s.closed_panels, 100);
    take_flag(from, "first_run", s.first_run);
    if (const auto it = from.find("window"); it != from.end()) {
        if (it->is_object()) {
            take_number(*it, "x", s.window.x, -100000, 100000);
            take_number(*it, "y", s.window.y, -100000, 100000);
            take_number(*it, "width", s.window.width, 320, 20000);
            take_number(*it, "height", s.window.height, 240, 20000);
            take_flag(*it, "maximised", s.window.maximised);
        }
        from.erase(it);
    }
    if (const auto it = from.find("pose_presets"); it != from.end()) {
        if (it->is_object())
            for (const auto& [name, pose] : it->items())
                if (pose.is_object() && s.pose_presets.size() < 1000) s.pose_presets[name] = pose.dump();
        from.erase(it);
    }
    from.erase("version");
    if (!from.empty()) s.unknown = from.dump();
    return result;
}

namespace {

json to_json(const Settings& s) {
    json document = json::parse(s.unknown, nullptr, false);
    if (!document.is_object()) document = json::object();
    document["version"] = 1;
    document["theme"] = s.theme;
    document["rest"] = s.rest;
    document["text_scale"] = s.text_scale;
    document["device"] = s.device;
    document["undo_bytes"] = s.undo_bytes;
    document["autosave_seconds"] = s.autosave_seconds;
    for (const TrainerOption& option : trainer_options) {
        if (!option.setting) continue;
        const double value = option.get(s.training);
        document[option.setting] = option.whole ? json(std::int64_t(value)) : json(value);
    }
    document["data_folders"] = s.data_folders;
    document["recent_files"] = s.recent_files;
    document["recent_folders"] = s.recent_folders;
    document["file_pictures"] = s.file_pictures;
    document["closed_panels"] = s.closed_panels;
    document["first_run"] = s.first_run;
    document["window"] = {{"x", s.window.x},
                          {"y", s.window.y},
                          {"width", s.window.width},
                          {"height", s.window.height},
                          {"maximised", s.window.maximised}};
    document["pose_presets"] = json::object();
    for (const auto& [name, pose] : s.pose_presets) {
        json parsed = json::parse(pose, nullptr, false);
        if (parsed.is_object()) document["pose_presets"][name] = std::move(parsed);
    }
    return document;
}

// Newest first: what this program opened since `base`, then what the file has.
json merged_recent(const json& base, const json& mine, const json& theirs) {
    json list = json::array();
    const auto add = [&list](const json& file) {
        if (list.size() < most_recent && std::find(list.begin(), list.end(), file) == list.end()) list.push_back(file);
    };
    // From some place on the list goes on as it was; what stands before is new, or was opened again.
    std::size_t fresh = 0;
    const auto goes_on = [&] {
        std::size_t at = fresh;
        const auto first = mine.begin(), last = first + std::ptrdiff_t(fresh);
        for (const json& file : base)
            if (std::find(first, last, file) == last && at < mine.size() && mine[at++] != file) return false;
        return at == mine.size();
    };
    while (fresh < mine.size() && !goes_on()) add(mine[fresh++]);
    for (const json& file : theirs) add(file);
    return list;
}

// A member that is the same in `base` and `mine` is as the file has it; of objects each member for itself.
json merged(const json& base, const json& mine, const json& theirs) {
    json result = theirs;
    for (const auto& [name, value] : mine.items()) {
        const auto before = base.find(name);
        const auto there = theirs.find(name);
        if (before != base.end() && *before == value) continue;
        const bool both = before != base.end() && there != theirs.end();
        if (both && (name == "recent_files" || name == "recent_folders") && value.is_array() && there->is_array() &&
            before->is_array())
            result[name] = merged_recent(*before, value, *there);
        else if (both && value.is_object() && there->is_object() && before->is_object())
            result[name] = merged(*before, value, *there);
        else
            result[name] = value;
    }
    for (const auto& [name, value] : base.items())
        if (!mine.contains(name)) result.erase(name);
    return result;
}

// Two programs do not write at once; without a lock they still do not write parts.
class SettingsLock {
  public:
    explicit SettingsLock(const fs::path& file)
        : handle_(::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)) {
        if (handle_ >= 0) (void)::flock(handle_, LOCK_EX);
    }
    ~SettingsLock() {
        if (handle_ >= 0) ::close(handle_);
    }
    SettingsLock(const SettingsLock&) = delete;
    SettingsLock& operator=(const SettingsLock&) = delete;

  private:
    int handle_;
};

}  // namespace

Status save_settings(const fs::path& folder, const Settings& settings, const Settings& base) {
    if (folder.empty()) return {};
    if (Status made = make_private_folder(folder); !made) return made;
    const SettingsLock lock(folder / "settings.lock");
    const fs::path file = folder / "settings.json";
    const auto there = load_json(file, settings_limits());
    const json mine = to_json(settings);
    return save_json(file, there && there->is_object() ? merged(to_json(base), mine, *there) : mine, FileAccess::owner);
}

}  // namespace likeness
