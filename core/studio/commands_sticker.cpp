// Stickers and text: a layer each, made of a picture and where it lies.
#include <cmath>

#include "core/base/paths.h"
#include "core/editing/layer_edits.h"
#include "core/editing/sticker_layer.h"
#include "core/files/file_formats.h"
#include "core/image/load.h"
#include "core/image/text_picture.h"
#include "core/studio/command_parts.h"

namespace likeness {
namespace {

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
    return {optional_argument(choice_argument("at", "Where its middle lies", {sticker_spots.begin(), sticker_spots.end()})),
            number("u", "Where its middle lies on the atlas, hair from 1", 0, 2, ""),
            number("v", "Where its middle lies on the atlas, downwards", 0, 1, ""),
            number("width", "On the skin", 1, 400, "mm"),
            number("angle", "Counter-clockwise from upright", -360, 360, "degrees"),
            number("stretch", "Of its height", 0.1, 10, ""),
            optional_argument(flag_argument("projected", "Through the skin's plane; else laid along the skin")),
            optional_argument(flag_argument("pair", "Also mirrored on the other side of the face"))};
}

Status place(Sticker& sticker, const PaintSurface& surface, const Arguments& a) {
    if (a.has("at")) {
        const auto at = spot_on(surface, a.text("at"));
        if (!at) return at.error();
        sticker.atlas = *at;
    }
    if (a.has("u")) sticker.atlas.x() = std::min(float(a.number("u")), 1.99999f);
    if (a.has("v")) sticker.atlas.y() = float(a.number("v"));
    if (a.has("width")) sticker.width = float(a.number("width") * 1e-3);
    if (a.has("angle")) sticker.angle = float(a.number("angle") * degree);
    if (a.has("stretch")) sticker.stretch = float(a.number("stretch"));
    if (a.has("projected")) sticker.projected = a.flag("projected");
    if (a.has("pair")) sticker.pair = a.flag("pair");
    const float height = sticker.width * sticker.stretch * float(sticker.picture->height) / float(sticker.picture->width);
    if (!(height >= least_sticker && height <= largest_sticker))
        return studio_error("The sticker would be " + std::to_string(int(std::lround(height * 1e3f))) +
                            " mm high; 1 to 400 are possible.");
    return {};
}

Status add_sticker(Studio& s, const Arguments& a, Sticker sticker, const std::string& name) {
    const auto surface = painted_surface(s);
    if (!surface) return surface.error();
    if (!a.has("at") && !a.has("u")) {
        const auto at = spot_on(**surface, sticker_spots[0]);
        if (!at) return at.error();
        sticker.atlas = *at;
    }
    if (Status placed = place(sticker, **surface, a); !placed) return placed;
    PaintStack stack = *s.document().avatar().paint;
    PaintLayer layer{.name = name};
    layer.texels = sticker_texels(*surface, sticker);
    layer.sticker = std::make_shared<const Sticker>(std::move(sticker));
    const auto id = add_layer(stack, std::move(layer), s.paint().selected());
    if (!id) return id.error();
    if (paint_bytes(stack) > most_paint_bytes) return paint_full();
    s.state().avatar.paint = std::move(stack);
    s.paint().select(*id);
    return {};
}

constexpr int largest_picture = 4096;

Status add_picture(Studio& s, const Arguments& a, const std::string& path) {
    auto loaded = load_picture(path, {.max_side = largest_picture});
    if (!loaded) return loaded.error();
    Sticker sticker;
    sticker.picture = std::make_shared<const Image>(std::move(loaded->image));
    sticker.file = path;
    return add_sticker(s, a, std::move(sticker), std::filesystem::path(path).stem().string());
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
    return add_sticker(s, a, std::move(sticker), a.text("text").substr(0, 40));
}

}  // namespace

void add_sticker_commands(Studio& s) {
    std::vector<ArgumentSpec> arguments = placement_arguments();
    arguments.insert(arguments.begin(), optional_argument(text_argument("path", "A picture; its alpha is kept")));
    s.commands().add({"sticker.place", "Sticker...", "Paint",
                      "Puts a picture on the skin, as a layer of its own above the selected one.", std::move(arguments), "",
                      true, "", needs_avatar(s), [&s](const Arguments& a) {
                          return with_path(s, a,
                                           {"sticker.place", "A picture for a sticker", "",
                                            file_patterns(std::array{FileContent::picture}), false, {}},
                                           [&](const std::string& path) { return add_picture(s, a, path); });
                      }});
    arguments = placement_arguments();
    const auto channel = [](const char* name) { return with_default(number_argument(name, "Of the letters", 0, 1), 0.1); };
    arguments.insert(arguments.begin(),
                     {text_argument("text", "What it says; \\n begins a line"),
                      with_default(text_argument("font", "A font's file (TTF, OTF); empty for the program's own"), ""),
                      channel("red"), channel("green"), channel("blue"),
                      with_default(flag_argument("label", "White, with round corners, behind the letters"), false)});
    s.commands().add({"sticker.text", "Text", "Paint", "Puts text on the skin, as a layer of its own.",
                      std::move(arguments), "", true, "", needs_avatar(s), [&s](const Arguments& a) { return add_text(s, a); }});
    s.commands().add({"sticker.move", "Move sticker", "Paint", "Moves, turns and scales the selected sticker or text.",
                      placement_arguments(), "", true, "",
                      [&s]() -> std::string {
                          if (!s.document().has_avatar()) return "Open a portrait or an avatar first.";
                          const PaintLayer* const layer = paint_layer(*s.document().avatar().paint, s.paint().selected());
                          return layer && layer->sticker ? "" : "Select a sticker's layer first.";
                      },
                      [&s](const Arguments& a) -> Status {
                          const auto surface = painted_surface(s);
                          if (!surface) return surface.error();
                          PaintStack stack = *s.document().avatar().paint;
                          for (PaintLayer& layer : stack.layers) {
                              if (layer.id != s.paint().selected()) continue;
                              Sticker sticker = *layer.sticker;
                              if (Status placed = place(sticker, **surface, a); !placed) return placed;
                              layer.texels = sticker_texels(*surface, sticker);
                              layer.sticker = std::make_shared<const Sticker>(std::move(sticker));
                          }
                          if (paint_bytes(stack) > most_paint_bytes) return paint_full();
                          s.state().avatar.paint = std::move(stack);
                          return {};
                      }});
}

}  // namespace likeness
