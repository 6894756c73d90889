// How the document is looked at, and pictures of it.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/files/file_formats.h"
#include "core/studio/command_parts.h"

namespace likeness {
namespace {

constexpr float lowest_zoom = 0.05f, highest_zoom = 50;

template <std::size_t N>
int index_of(const std::array<const char*, N>& names, const std::string& name) {
    return int(std::find(names.begin(), names.end(), name) - names.begin());
}

Run change_view(Studio& studio, std::function<void(ViewState&, const Arguments&)> change) {
    return [&studio, change = std::move(change)](const Arguments& arguments) -> Status {
        change(studio.view(), arguments);
        studio.redraw();
        return {};
    };
}

ArgumentSpec samples_argument() {
    return with_default(integer_argument("samples", "Of a pixel, against jagged edges: 1, 4 or 16", 1, 16), 1);
}
ArgumentSpec frames_as_argument() {
    return with_default(choice_argument("as", "What is asked for without a path", {"video", "gif", "webp", "pictures"}),
                        "video");
}
ArgumentSpec clear_frames_argument() {
    return with_default(flag_argument("transparent", "Without the background; .mp4 has no transparency"), false);
}

// As change_view, for what moves the camera.
Run move_camera(Studio& studio, std::function<void(ViewState&, const Arguments&)> change) {
    return [&studio, change = std::move(change)](const Arguments& arguments) -> Status {
        studio.free_camera();
        change(studio.view(), arguments);
        studio.redraw();
        return {};
    };
}

void look_from(ViewState& view, double yaw, double pitch) {
    view.yaw = float(std::remainder(yaw, 360.0) * degree);
    view.pitch = float(std::clamp(pitch, -90.0, 90.0) * degree);
}

// Begins at the photograph's pose, or the two would not show the same face.
void compare(Studio& studio, CompareMode mode) {
    ViewState& view = studio.view();
    if (view.compare == CompareMode::off && mode != CompareMode::off) {
        view.source_camera = true;
        if (const HeadPose* pose = photograph_pose(studio)) {
            studio.motions().close();  // a motion shows another
            studio.state().pose = *pose;
        }
    }
    view.compare = mode;
}

std::function<std::string()> needs_photograph(const Studio& s) {
    return [&s]() -> std::string {
        if (const std::string why = needs_avatar(s)(); !why.empty()) return why;
        const SourceView& source = *s.document().avatar().source;
        const bool there = (s.document().source || source.picture) && source.camera.width > 0;
        return there ? "" : "This avatar has no photograph.";
    };
}

}  // namespace

void add_view_commands(Studio& s) {
    CommandRegistry& registry = s.commands();
    const auto add_command = [&](const std::string& what, const std::string& title, const std::string& tooltip,
                                 std::vector<ArgumentSpec> arguments, const std::string& shortcut, Run run) {
        registry.add(
            {"view." + what, title, "View", tooltip, std::move(arguments), shortcut, false, "", {}, std::move(run)});
    };
    using Change = std::function<void(ViewState&, const Arguments&)>;
    const auto add = [&](const std::string& what, const std::string& title, const std::string& tooltip,
                         std::vector<ArgumentSpec> arguments, const std::string& shortcut, Change change) {
        add_command(what, title, tooltip, std::move(arguments), shortcut, change_view(s, std::move(change)));
    };
    const auto add_move = [&](const std::string& what, const std::string& title, const std::string& tooltip,
                              std::vector<ArgumentSpec> arguments, const std::string& shortcut, Change change) {
        add_command(what, title, tooltip, std::move(arguments), shortcut, move_camera(s, std::move(change)));
    };
    const auto direction = [&](const std::string& what, const std::string& title, const std::string& shortcut,
                               double yaw, double pitch) {
        add_move(what, title, "Looks at the head from there.", {}, shortcut,
                 [yaw, pitch](ViewState& v, const Arguments&) { look_from(v, yaw, pitch); });
    };
    direction("front", "Front", "1", 0, 0);
    direction("back", "Back", "Ctrl+1", 180, 0);
    direction("left", "Subject's left", "3", 90, 0);
    direction("right", "Subject's right", "Ctrl+3", -90, 0);
    direction("top", "Top", "7", 0, 90);
    direction("bottom", "Bottom", "Ctrl+7", 0, -90);
    direction("three_quarters", "Three quarters", "5", 35, 6);
    add_move("orbit", "Orbit", "Turns the camera about the head, in degrees; by what is given, or to it.",
             {with_default(number_argument("yaw", "To the subject's left", -3600, 3600, "degrees"), 0),
              with_default(number_argument("pitch", "Up", -180, 180, "degrees"), 0),
              with_default(flag_argument("to", "These angles, not by them"), false)},
             "", [](ViewState& v, const Arguments& a) {
                 const bool to = a.flag("to");
                 look_from(v, a.number("yaw") + (to ? 0 : v.yaw / degree),
                           a.number("pitch") + (to ? 0 : v.pitch / degree));
             });
    add_move("zoom", "Zoom", "Comes nearer (above 1) or goes away; times what is given, or to it.",
             {number_argument("factor", "Times as large", 0.01, 100, "times"),
              with_default(flag_argument("to", "This zoom, not times it"), false)},
             "", [](ViewState& v, const Arguments& a) {
                 v.zoom =
                     std::clamp((a.flag("to") ? 1.0f : v.zoom) * float(a.number("factor")), lowest_zoom, highest_zoom);
             });
    add_move("pan", "Pan", "Moves the picture, in metres at the head; by what is given, or to it.",
             {with_default(number_argument("x", "To the right", -1e4, 1e4, "m"), 0),
              with_default(number_argument("y", "Up", -1e4, 1e4, "m"), 0),
              with_default(flag_argument("to", "To there, not by that much"), false)},
             "", [](ViewState& v, const Arguments& a) {
                 if (a.flag("to")) v.pan = {};
                 v.pan[0] += float(a.number("x"));
                 v.pan[1] += float(a.number("y"));
             });
    add("fov", "Field of view", "The vertical field of view; the head keeps its size, perspective changes.",
        {number_argument("degrees", "Vertical angle", 2, 100, "degrees")}, "",
        [](ViewState& v, const Arguments& a) { v.fov = float(a.number("degrees") * degree); });
    add_move("frame", "Frame the head", "Brings the whole head into the picture.", {}, "F",
             [](ViewState& v, const Arguments&) {
                 v.zoom = 1;
                 v.pan = {};
             });
    add_move("reset", "Reset view", "Front, framed, with the usual field of view.", {}, "Home",
             [](ViewState& v, const Arguments&) {
                 const ViewState fresh;
                 v.yaw = fresh.yaw;
                 v.pitch = fresh.pitch;
                 v.zoom = fresh.zoom;
                 v.pan = fresh.pan;
                 v.fov = fresh.fov;
             });
    registry.add({"view.turn_over",
                  "Turn upside down",
                  "View",
                  "Turns splats over: many programs write them with the y axis downwards.",
                  {},
                  "",
                  false,
                  "",
                  [&s] { return s.document().splats ? "" : "Open a file of splats first."; },
                  [&s](const Arguments&) { return s.openings().turn_over(); }});
    registry.add({"view.source",
                  "Photograph's camera",
                  "View",
                  "Looks through the camera of the photograph.",
                  {with_default(flag_argument("on", "That camera or the free one"), true)},
                  "0",
                  false,
                  "",
                  needs_avatar(s),
                  [&s](const Arguments& a) -> Status {
                      if (a.flag("on"))
                          s.view().source_camera = true;
                      else
                          s.free_camera();
                      s.redraw();
                      return {};
                  }});
    add("mode", "View mode", "What is drawn: splats, mesh, wireframe, normals, depth or alpha.",
        {choice_argument("mode", "The mode", {view_mode_names.begin(), view_mode_names.end()})}, "",
        [](ViewState& v, const Arguments& a) { v.mode = ViewMode(index_of(view_mode_names, a.text("mode"))); });
    for (const auto& [what, title, tooltip, shortcut, member] :
         {std::tuple{"landmarks", "Landmarks", "Shows the face's landmarks over the picture.", "L",
                     &ViewState::landmarks},
          {"grid", "Grid", "Shows a grid under the head; a square is 5 cm.", "G", &ViewState::grid},
          {"cube", "View cube", "Shows the cube that views are chosen with.", "", &ViewState::view_cube},
          {"points", "Name points", "Lets a click on the head name its part and its place in millimetres.", "",
           &ViewState::name_points},
          {"statistics", "Statistics", "Shows frames a second and the milliseconds of each stage.", "F3",
           &ViewState::statistics}})
        registry.add({std::string("view.") + what,
                      title,
                      "View",
                      tooltip,
                      {optional_argument(flag_argument("on", "Shown or not; the other unless given"))},
                      shortcut,
                      false,
                      "",
                      {},
                      change_view(s, [m = member](ViewState& v, const Arguments& a) {
                          v.*m = a.has("on") ? a.flag("on") : !(v.*m);
                      })});
    registry.add({"view.compare",
                  "Compare",
                  "View",
                  "Shows the photograph beside the avatar or wiped over it, through the photograph's camera and in its "
                  "pose; turning the view ends it.",
                  {choice_argument("mode", "How", {compare_mode_names.begin(), compare_mode_names.end()}),
                   optional_argument(number_argument("wipe", "Where the photograph ends, share of the width", 0, 1))},
                  "",
                  true,
                  "",
                  needs_photograph(s),
                  [&s](const Arguments& a) -> Status {
                      compare(s, CompareMode(index_of(compare_mode_names, a.text("mode"))));
                      if (a.has("wipe")) s.view().wipe = float(a.number("wipe"));
                      s.redraw();
                      return {};
                  }});
    add("background", "Background", "What is behind the head: a color, a checker or a picture.",
        {choice_argument("kind", "Which", {background_kind_names.begin(), background_kind_names.end()}),
         optional_argument(number_argument("red", "", 0, 1)), optional_argument(number_argument("green", "", 0, 1)),
         optional_argument(number_argument("blue", "", 0, 1)),
         optional_argument(text_argument("picture", "A picture's file"))},
        "", [](ViewState& v, const Arguments& a) {
            v.background = BackgroundKind(index_of(background_kind_names, a.text("kind")));
            const char* channels[] = {"red", "green", "blue"};
            for (std::size_t k = 0; k < 3; ++k)
                if (a.has(channels[k])) v.background_color[k] = float(a.number(channels[k]));
            if (a.has("picture")) v.background_picture = a.text("picture");
        });

    registry.add({"view.background_picture",
                  "Background picture...",
                  "View",
                  "Puts a picture behind the head; it covers the view.",
                  {optional_argument(text_argument("path", "The picture"))},
                  "",
                  false,
                  "",
                  {},
                  [&s](const Arguments& a) {
                      return with_path(s, a,
                                       {"view.background_picture",
                                        "Choose a picture for the background",
                                        "",
                                        file_patterns(std::array{FileContent::picture}),
                                        false,
                                        {}},
                                       [&](const std::string& file) -> Status {
                                           s.view().background = BackgroundKind::picture;
                                           s.view().background_picture = file;
                                           s.redraw();
                                           return {};
                                       });
                  }});
    registry.add(
        {"view.gizmo",
         "Rings that turn a joint",
         "View",
         "Shows rings round a joint in the viewport; drag one to turn it.",
         {optional_argument(choice_argument("joint", "Which; unless given, the head or none",
                                            {"none", "root", "neck", "head", "jaw", "eye_left", "eye_right"}))},
         "R",
         false,
         "",
         needs_avatar(s),
         [&s](const Arguments& a) -> Status {
             std::string& joint = s.view().gizmo;
             const std::string wanted = a.has("joint") ? a.text("joint") : joint.empty() ? "head" : "none";
             if (wanted != "none" && s.document().model()->joint(wanted) < 0)
                 return studio_error("This head has no joint '" + wanted + "'.");
             joint = wanted == "none" ? "" : wanted;
             s.redraw();
             return {};
         }});

    // Whoever renders sets the handlers of these.
    registry.add({"capture.screenshot",
                  "Screenshot...",
                  "Capture",
                  "Writes a picture of the avatar (PNG).",
                  {optional_argument(text_argument("path", "The file")),
                   with_default(integer_argument("width", "Pixels; 0: the viewport's", 0, 16384, "pixels"), 0),
                   with_default(integer_argument("height", "Pixels; 0: the viewport's", 0, 16384, "pixels"), 0),
                   with_default(integer_argument("scale", "Times those pixels", 1, 8, "times"), 1),
                   with_default(flag_argument("transparent", "Without the background"), false), samples_argument()},
                  "F12",
                  false,
                  "",
                  needs_scene(s),
                  {}});
    registry.add({"capture.window",
                  "Picture of the window...",
                  "Capture",
                  "Writes a picture of the whole window (PNG).",
                  {optional_argument(text_argument("path", "The file"))},
                  "Ctrl+F12",
                  false,
                  "",
                  {},
                  {}});
    registry.add(
        {"capture.turntable",
         "Turntable...",
         "Capture",
         "Writes a film that goes round the head: .mp4, .gif, .webp, a folder of PNG frames, or - for raw frames.",
         {optional_argument(text_argument("path", "The film or folder")),
          with_default(integer_argument("frames", "How many", 2, 10000), 120),
          with_default(number_argument("fps", "Frames a second", 1, 240, "1/s"), 30),
          with_default(integer_argument("size", "Pixels a side", 16, 4096, "pixels"), 768),
          with_default(integer_argument("width", "Pixels; 0: the side", 0, 8192, "pixels"), 0),
          with_default(integer_argument("height", "Pixels; 0: the side", 0, 8192, "pixels"), 0),
          clear_frames_argument(), samples_argument(), frames_as_argument()},
         "",
         false,
         "",
         needs_scene(s),
         {}});
    registry.add(
        {"capture.motion",
         "Film of the motion...",
         "Capture",
         "Renders the motion between its in and out points, frame by frame at full resolution, seen as now; of a "
         "video with the driver's sound.",
         {optional_argument(
              text_argument("path", "The film (.mp4, .gif, .webp), a folder for PNG frames, or - for raw frames")),
          with_default(number_argument("fps", "Frames a second; 0: the motion's own", 0, 240, "1/s"), 0),
          with_default(integer_argument("width", "Pixels; 0: the viewport's", 0, 8192, "pixels"), 0),
          with_default(integer_argument("height", "Pixels; 0: the viewport's", 0, 8192, "pixels"), 0),
          clear_frames_argument(), samples_argument(), frames_as_argument(),
          with_default(flag_argument("beside", "The driver's picture to the left, as high as the avatar's"), false),
          with_default(flag_argument("sound", "The driver's sound, which .mp4 keeps"), true)},
         "",
         false,
         "",
         [avatar = needs_avatar(s), recording = needs_recording(s)] {
             const std::string why = avatar();
             return why.empty() ? recording() : why;
         },
         {}});
    registry.add(
        {"capture.record",
         "Record...",
         "Capture",
         "Begins or ends recording the viewport: .mp4, .gif, .webp, a folder of PNG frames, or - for raw frames.",
         {optional_argument(text_argument("path", "The film or folder")),
          with_default(flag_argument("on", "Begin or end"), true), frames_as_argument()},
         "",
         false,
         "",
         {},
         {}});
}

}  // namespace likeness
