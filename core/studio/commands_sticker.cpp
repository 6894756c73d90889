// Stickers and text: a layer each, made of a picture and where it lies.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

#include "core/base/paths.h"
#include "core/editing/own_stickers.h"
#include "core/editing/sticker_layer.h"
#include "core/files/file_formats.h"
#include "core/image/text_picture.h"
#include "core/studio/command_parts.h"

namespace likeness {
namespace {

constexpr int view_side = 1024;  // of the view that x and y are of

Result<Eigen::Vector2f> spot_on(const PaintSurface& surface, const std::string& name) {
    if (const auto spot = sticker_spot(surface, name)) return atlas_position(surface.avatar(), *spot);
    return studio_error("This head does not know where its " + name + " is; give 'u' and 'v'.");
}

std::vector<ArgumentSpec> placement_arguments() {
    const auto number = [](const char* name, const char* about, double low, double high, const char* unit) {
        ArgumentSpec spec = optional_argument(number_argument(name, about, low, high));
        spec.unit = unit;
        return spec;
    };
    return {
        optional_argument(choice_argument("at", "Where its middle lies", {sticker_spots.begin(), sticker_spots.end()})),
        number("u", "Where its middle lies on the atlas, hair from 1", 0, 2, ""),
        number("v", "Where its middle lies on the atlas, downwards", 0, 1, ""),
        number("x", "Where its middle is seen in a view of 1024 x 1024", 0, view_side, "pixels"),
        number("y", "Where its middle is seen in a view of 1024 x 1024, downwards", 0, view_side, "pixels"),
        number("width", "On the skin", 1, 400, "mm"),
        number("angle", "Counter-clockwise from upright", -360, 360, "degrees"),
        number("stretch", "Of its height", 0.1, 10, ""),
        optional_argument(flag_argument("projected", "Through the skin's plane; else laid along the skin")),
        optional_argument(flag_argument("pair", "Also mirrored on the other side of the face"))};
}

// What the arguments say of a sticker. Precondition: has_avatar().
Status place(Studio& s, Sticker& sticker, const Arguments& a) {
    const auto surface = painted_surface(s);
    if (!surface) return surface.error();
    if (a.has("at")) {
        const auto at = spot_on(**surface, a.text("at"));
        if (!at) return at.error();
        sticker.atlas = *at;
    }
    if (a.has("x") != a.has("y")) return studio_error("A place in the view needs both 'x' and 'y'.");
    if (a.has("x")) {
        const Camera camera = view_camera(s.view(), s.document(), view_side, view_side);
        const auto found = s.paint().pick(camera, {float(a.number("x")), float(a.number("y"))});
        if (!found) return studio_error("There is nothing of the avatar at this place of the view.");
        sticker.atlas = atlas_position((*surface)->avatar(), found->point);
    }
    if (a.has("u")) sticker.atlas.x() = std::min(float(a.number("u")), 1.99999f);
    if (a.has("v")) sticker.atlas.y() = float(a.number("v"));
    if (a.has("width")) sticker.width = float(a.number("width") * 1e-3);
    if (a.has("angle")) sticker.angle = float(a.number("angle") * degree);
    if (a.has("stretch")) sticker.stretch = float(a.number("stretch"));
    if (a.has("projected")) sticker.projected = a.flag("projected");
    if (a.has("pair")) sticker.pair = a.flag("pair");
    return {};
}

// `spot`: where it goes when nothing is said.
Status add_placed(Studio& s, const Arguments& a, Sticker sticker, const std::string& name, const char* spot) {
    if (!a.has("at") && !a.has("u") && !a.has("x")) {
        const auto surface = painted_surface(s);
        if (!surface) return surface.error();
        const auto at = spot_on(**surface, spot);
        if (!at) return at.error();
        sticker.atlas = *at;
    }
    if (Status placed = place(s, sticker, a); !placed) return placed;
    return s.stickers().add(std::move(sticker), name);
}

Status add_picture(Studio& s, const Arguments& a, const std::string& path) {
    return s.stickers().read(path, [&s, a, path](std::shared_ptr<const Image> picture) -> Status {
        Sticker sticker;
        sticker.width = usual_sticker_width(*picture);
        sticker.picture = std::move(picture);
        sticker.file = path;
        return add_placed(s, a, std::move(sticker), std::filesystem::path(path).stem().string(), sticker_spots[0]);
    });
}

Status add_own(Studio& s, const Arguments& a) {
    const OwnSticker& own = *own_sticker(a.text("name"));
    const auto file = own_sticker_file(own);
    if (!file) return file.error();
    return s.stickers().read(*file, [&s, a, &own](std::shared_ptr<const Image> picture) -> Status {
        Sticker sticker;
        sticker.picture = std::move(picture);
        sticker.file = std::string(own.name) + ".svg";
        sticker.width = own.width;
        sticker.pair = own.pair;
        return add_placed(s, a, std::move(sticker), own.title, own.spot);
    });
}

Status add_text(Studio& s, const Arguments& a) {
    std::filesystem::path font = a.text("font");
    if (font.empty()) {
        const auto own = find_asset("Roboto-Medium.ttf");
        if (!own) return own.error();
        font = *own;
    }
    std::string text = a.text("text");
    for (std::size_t at = text.find("\\n"); at != std::string::npos; at = text.find("\\n", at)) text.replace(at, 2, "\n");
    TextStyle style;
    style.color = {float(a.number("red")), float(a.number("green")), float(a.number("blue"))};
    style.label = a.flag("label");
    auto picture = text_picture(text, font, style);
    if (!picture) return picture.error();
    Sticker sticker;
    sticker.picture = std::make_shared<const Image>(*std::move(picture));
    sticker.text = text;
    sticker.font = a.text("font");
    return add_placed(s, a, std::move(sticker), a.text("text").substr(0, 40), sticker_spots[0]);
}

std::function<std::string()> needs_sticker(const Studio& s) {
    return [&s]() -> std::string {
        if (!s.document().has_avatar()) return "Open a portrait or an avatar first.";
        return s.stickers().selected() ? "" : "Select a sticker's layer first.";
    };
}

// Where the corners go, or all points of the grid, from where they are without a warp.
Status warp(Studio& s, const std::string& text) {
    std::vector<Eigen::Vector2f> ways;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        double right = 0, down = 0;
        int used = 0;
        const bool read = std::sscanf(word.c_str(), "%lf,%lf%n", &right, &down, &used) == 2 && used == int(word.size());
        if (!read || !(std::max(std::abs(right), std::abs(down)) <= double(most_warp)))
            return studio_error("'" + word +
                                "' is not how far a point goes; write right,down as shares of the sides, -2 to 2.");
        ways.emplace_back(float(right), float(down));
    }
    if (!ways.empty() && ways.size() != 4 && ways.size() != 16)
        return studio_error("A warp has 4 points, the corners, or 16, the grid's; here are " +
                            std::to_string(ways.size()) + ".");
    Sticker sticker = *s.stickers().selected()->sticker;
    sticker.warp.fill(Eigen::Vector2f::Zero());
    constexpr std::array<int, 4> corners = {0, 3, 12, 15};
    for (std::size_t i = 0; i < ways.size(); ++i) {
        if (ways.size() == 4)
            move_warp_point(sticker, corners[i], ways[i]);
        else
            sticker.warp[i] = ways[i];
    }
    return s.stickers().change(sticker);
}

}  // namespace

void StickerService::add_commands(CommandRegistry& registry) {
    Studio& s = studio_;
    std::vector<ArgumentSpec> arguments = placement_arguments();
    arguments.insert(arguments.begin(),
                     {optional_argument(text_argument("path", "A picture or an SVG; its alpha is kept")),
                      optional_argument(choice_argument("name", "One of the program's own", own_sticker_names()))});
    registry.add({"sticker.place", "Sticker...", "Paint",
                  "Puts a picture on the skin, as a layer of its own above the selected one.", std::move(arguments), "",
                  true, "", needs_avatar(s), [&s](const Arguments& a) -> Status {
                      if (a.has("name") && a.has("path")) return studio_error("Give 'path' or 'name', not both.");
                      if (a.has("name")) return add_own(s, a);
                      std::vector<std::string> patterns = file_patterns(std::array{FileContent::picture});
                      patterns.emplace_back("*.svg");
                      return with_path(s, a,
                                       {"sticker.place", "A picture for a sticker", "", std::move(patterns), false, {}},
                                       [&](const std::string& path) { return add_picture(s, a, path); });
                  }});
    arguments = placement_arguments();
    const auto channel = [](const char* name) { return with_default(number_argument(name, "Of the letters", 0, 1), 0.1); };
    arguments.insert(arguments.begin(),
                     {text_argument("text", "What it says; \\n begins a line"),
                      with_default(text_argument("font", "A font's file (TTF, OTF); empty for the program's own"), ""),
                      channel("red"), channel("green"), channel("blue"),
                      with_default(flag_argument("label", "White, with round corners, behind the letters"), false)});
    registry.add({"sticker.text", "Text", "Paint", "Puts text on the skin, as a layer of its own.",
                  std::move(arguments), "", true, "", needs_avatar(s),
                  [&s](const Arguments& a) { return add_text(s, a); }});
    registry.add({"sticker.move", "Move sticker", "Paint", "Moves, turns and scales the selected sticker or text.",
                  placement_arguments(), "", true, "", needs_sticker(s), [&s](const Arguments& a) -> Status {
                      Sticker sticker = *s.stickers().selected()->sticker;
                      if (Status placed = place(s, sticker, a); !placed) return placed;
                      return s.stickers().change(sticker);
                  }});
    registry.add(
        {"sticker.warp",
         "Warp sticker",
         "Paint",
         "Moves the corners of the selected sticker or text, or the 4 x 4 points of a grid over it.",
         {with_default(text_argument("points",
                                     "right,down of the four corners or of sixteen points, rows from the upper "
                                     "left, shares of width and height; empty: no warp"),
                       "")},
         "",
         true,
         "",
         needs_sticker(s),
         [&s](const Arguments& a) { return warp(s, a.text("points")); }});
    registry.add({"sticker.handles",
                  "Sticker's handles",
                  "Paint",
                  "Shows the selected sticker's frame in the viewport, to move, turn and scale it or to warp it.",
                  {with_default(choice_argument("kind", "Which", {"frame", "warp", "none"}), "frame")},
                  "",
                  false,
                  "",
                  needs_sticker(s),
                  [this](const Arguments& a) -> Status {
                      show_handles(a.text("kind") != "none");
                      set_warping(a.text("kind") == "warp");
                      return {};
                  }});
}

}  // namespace likeness
