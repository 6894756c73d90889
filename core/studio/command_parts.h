// Building blocks of the commands' declarations; for core/studio/commands_*.cpp.
#pragma once

#include "core/image/load.h"
#include "core/studio/studio.h"
#include "core/studio/studio_parts.h"

namespace likeness {

inline ArgumentSpec number_argument(const std::string& name, const std::string& tooltip, double low, double high,
                                    const std::string& unit = "") {
    ArgumentSpec spec;
    spec.name = name;
    spec.tooltip = tooltip;
    spec.unit = unit;
    spec.low = low;
    spec.high = high;
    return spec;
}
inline ArgumentSpec integer_argument(const std::string& name, const std::string& tooltip, double low, double high,
                                     const std::string& unit = "") {
    ArgumentSpec spec = number_argument(name, tooltip, low, high, unit);
    spec.type = ArgumentSpec::Type::integer;
    return spec;
}
inline ArgumentSpec flag_argument(const std::string& name, const std::string& tooltip) {
    ArgumentSpec spec;
    spec.name = name;
    spec.type = ArgumentSpec::Type::flag;
    spec.tooltip = tooltip;
    return spec;
}
inline ArgumentSpec text_argument(const std::string& name, const std::string& tooltip) {
    ArgumentSpec spec = flag_argument(name, tooltip);
    spec.type = ArgumentSpec::Type::text;
    return spec;
}
inline ArgumentSpec choice_argument(const std::string& name, const std::string& tooltip,
                                    std::vector<std::string> choices) {
    ArgumentSpec spec = text_argument(name, tooltip);
    spec.type = ArgumentSpec::Type::choice;
    spec.choices = std::move(choices);
    return spec;
}
inline ArgumentSpec with_default(ArgumentSpec spec, Value value) {
    spec.fallback = std::move(value);
    return spec;
}
inline ArgumentSpec optional_argument(ArgumentSpec spec) {
    spec.required = false;
    return spec;
}

// Reasons why not now.
inline std::string needs_avatar(const Studio& studio) {
    return studio.document().has_avatar() ? "" : "Open a portrait or an avatar first.";
}
inline std::string needs_scene(const Studio& studio) {
    return studio.document().has_avatar() || studio.document().splats ? "" : "Open something to look at first.";
}
inline std::string needs_motion(const Studio& studio) { return studio.motion().loaded() ? "" : "Open a motion first."; }

// For a file dialog: pictures, then `others`.
inline std::vector<std::string> picture_patterns(const std::vector<std::string>& others = {}) {
    std::vector<std::string> patterns;
    for (const char* ending : picture_endings) patterns.push_back(std::string("*") + ending);
    patterns.insert(patterns.end(), others.begin(), others.end());
    return patterns;
}

// Without a path the window asks for one.
inline Status with_path(Studio& studio, const Arguments& a, FileRequest request,
                        const std::function<Status(const std::string&)>& run) {
    if (a.has("path")) return run(a.text("path"));
    if (!studio.options().interactive) return studio_error("The command " + request.command + " needs 'path', a text.");
    request.arguments = a;
    studio.ask_for_file(std::move(request));
    return {};
}

using Run = std::function<Status(Studio&, const Arguments&)>;

void add_file_commands(CommandRegistry& registry);
void add_training_commands(CommandRegistry& registry);
void add_pose_commands(CommandRegistry& registry);
void add_shape_commands(CommandRegistry& registry);
void add_motion_commands(CommandRegistry& registry);
void add_view_commands(CommandRegistry& registry);
void add_studio_commands(CommandRegistry& registry);

}  // namespace likeness
