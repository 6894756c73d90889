// Building blocks of the commands' declarations; for core/studio.
#pragma once

#include <filesystem>
#include <numbers>

#include "core/commands/arguments.h"
#include "core/studio/studio.h"

namespace likeness {

inline constexpr double degree = std::numbers::pi / 180;  // radians

// Reasons why not now.
inline std::function<std::string()> needs_avatar(const Studio& s) {
    return [&s] { return s.document().has_avatar() ? "" : "Open a portrait or an avatar first."; };
}
inline std::function<std::string()> needs_scene(const Studio& s) {
    return [&s] {
        return s.document().has_avatar() || s.document().splats ? "" : "Open something to look at first.";
    };
}
inline std::function<std::string()> needs_motion(const Studio& s) {
    return [&s] { return s.motion().loaded() ? "" : "Open a motion first."; };
}

// A motion with a beginning and an end.
inline std::function<std::string()> needs_recording(const Studio& s) {
    return [&s] {
        return !s.motion().loaded() ? "Open a motion first." : s.motion().live() ? "A live motion has no times." : "";
    };
}

// As the avatar's file has it; null where that is another head's. Precondition: has_avatar().
inline const HeadPose* photograph_pose(const Studio& s) {
    const HeadPose& pose = s.document().avatar().source->pose;
    const HeadModel& model = *s.document().model();
    const bool fits = pose.controls.size() == model.control_count() && pose.joints.cols() == model.joint_count();
    return fits ? &pose : nullptr;
}

inline Error studio_error(const std::string& sentence, const std::string& detail = "") {
    return {ErrorCode::invalid_argument, sentence, detail};
}

// There is nothing to paint on yet.
inline Error no_surface() { return studio_error("The head's shape is being made; try again in a moment."); }

// What is painted on. Precondition: has_avatar().
inline Result<std::shared_ptr<const PaintSurface>> painted_surface(Studio& s) {
    auto surface = s.paint().surface();
    if (!surface) return no_surface();
    return surface;
}

inline ArgumentSpec discard_argument() {
    return with_default(flag_argument("discard", "Lose unsaved changes without asking"), false);
}

inline ArgumentSpec force_argument() {
    return with_default(flag_argument("force", "Also over a file that another program has changed since it was opened"),
                        false);
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

using Run = std::function<Status(const Arguments&)>;

void add_pose_commands(Studio& s);
void add_shape_commands(Studio& s);
void add_make_up_commands(Studio& s);
void add_motion_commands(Studio& s);
void add_view_commands(Studio& s);
void add_studio_commands(Studio& s);

}  // namespace likeness
