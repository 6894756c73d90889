#include "core/studio/settings.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/formats/json_file.h"

namespace likeness {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t most_recent = 12;

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
    if (const fs::path home = environment("LIKENESS_HOME"); !home.empty()) return {home / "config", home / "state"};
    fs::path home = environment("HOME");
    if (home.empty()) home = fs::temp_directory_path() / "likeness-home";
    fs::path config = environment("XDG_CONFIG_HOME"), state = environment("XDG_STATE_HOME");
    if (!config.is_absolute()) config = home / ".config";
    if (!state.is_absolute()) state = home / ".local" / "state";
    return {config / "likeness", state / "likeness"};
}

void Settings::add_recent(const fs::path& file) {
    std::error_code failed;
    const fs::path whole = fs::absolute(file, failed).lexically_normal();
    const std::string text = (failed ? file : whole).string();
    std::erase(recent_files, text);
    recent_files.insert(recent_files.begin(), text);
    if (recent_files.size() > most_recent) recent_files.resize(most_recent);
}

LoadedSettings load_settings(const fs::path& folder) {
    LoadedSettings result;
    const fs::path file = folder / "settings.json";
    std::error_code failed;
    if (!fs::exists(file, failed)) return result;
    JsonLimits limits;
    limits.max_bytes = std::size_t(8) << 20;
    auto loaded = load_json(file, limits);
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

Status save_settings(const fs::path& folder, const Settings& s) {
    json document = json::parse(s.unknown, nullptr, false);
    if (!document.is_object()) document = json::object();
    document["version"] = 1;
    document["theme"] = s.theme;
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
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed)
        return Error{ErrorCode::io,
                     "Cannot make the folder '" + folder.string() + "' for the settings: " + failed.message() + ".",
                     ""};
    return save_json(folder / "settings.json", document);
}

}  // namespace likeness
