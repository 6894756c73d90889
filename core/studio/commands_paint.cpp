// Layers of paint, and painting on them.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/editing/canvas_tiles.h"
#include "core/editing/face_regions.h"
#include "core/editing/layer_edits.h"
#include "core/studio/command_parts.h"

namespace likeness {
namespace {

const PaintStack& stack_of(const Studio& s) { return *s.document().avatar().paint; }

Result<int> layer_named(const Studio& s, const std::string& name) {
    const PaintStack& stack = stack_of(s);
    for (auto layer = stack.layers.rbegin(); layer != stack.layers.rend(); ++layer)
        if (layer->name == name) return layer->id;
    int id = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (error == std::errc() && end == name.data() + name.size() && paint_layer(stack, id)) return id;
    return studio_error("There is no layer '" + name + "'.");
}

Result<int> chosen_layer(Studio& s, const Arguments& a) {
    if (a.has("layer")) return layer_named(s, a.text("layer"));
    const int id = s.paint().selected();
    return id != 0 ? Result<int>(id) : studio_error("There is no layer yet; add one.");
}

ArgumentSpec layer_argument(const Studio& s) {
    return optional_argument(
        with_suggestions(text_argument("layer", "Its name or number; the selected one unless given"), [&s] {
            std::vector<std::string> names;
            if (s.document().has_avatar())
                for (const PaintLayer& layer : stack_of(s).layers) names.push_back(layer_key(stack_of(s), layer));
            return names;
        }));
}

std::function<std::string()> needs_layer(const Studio& s) {
    return [&s]() -> std::string {
        if (!s.document().has_avatar()) return "Open a portrait or an avatar first.";
        return stack_of(s).layers.empty() ? "There is no layer yet; add one." : "";
    };
}

template <std::size_t N>
std::vector<std::string> names_of(const std::array<const char*, N>& names) {
    return {names.begin(), names.end()};
}
template <std::size_t N>
std::size_t index_in(const std::array<const char*, N>& names, const std::string& name) {
    return std::size_t(std::find(names.begin(), names.end(), name) - names.begin());
}

// "x,y x,y,pressure ...": what is between numbers of a point is a comma, between points white space or a semicolon.
Result<std::vector<PaintService::StrokePoint>> points_of(const std::string& text) {
    constexpr std::size_t most = 100000;
    std::vector<PaintService::StrokePoint> points;
    const char *at = text.data(), *const end = at + text.size();
    const auto between = [](char c) { return c == ' ' || c == ';' || c == '\t' || c == '\n'; };
    while (true) {
        while (at < end && between(*at)) ++at;
        if (at == end) break;
        std::array<float, 3> values{0, 0, 1};
        std::size_t count = 0;
        while (true) {
            if (count == 3) break;
            const auto [next, error] = std::from_chars(at, end, values[count]);
            if (error != std::errc() || !std::isfinite(values[count])) break;
            ++count;
            at = next;
            if (at == end || *at != ',') break;
            ++at;
        }
        const bool ended = at == end || between(*at);
        if (count < 2 || !ended || std::abs(values[0]) > 1e6f || std::abs(values[1]) > 1e6f)
            return studio_error("Point " + std::to_string(points.size() + 1) +
                                " is not two or three numbers with commas between, as 120,80 or 120,80,0.5.");
        points.push_back({{values[0], values[1]}, std::clamp(values[2], 0.0f, 1.0f)});
        if (points.size() > most) return studio_error("A stroke has at most 100,000 points.");
    }
    if (points.empty()) return studio_error("A stroke needs a point at least.");
    return points;
}

std::vector<std::string> region_suggestions() {
    std::vector<std::string> names{""};
    for (const FaceRegionName& region : face_region_names) names.emplace_back(region.name);
    return names;
}

Error no_region(const std::string& name) { return studio_error("There is no region '" + name + "'."); }

void add_layer_command(Studio& s, const std::string& id, const std::string& title, const std::string& about,
                       std::vector<ArgumentSpec> arguments,
                       std::function<Status(PaintStack&, int, const Arguments&)> run,
                       const std::string& shortcut = "") {
    arguments.push_back(layer_argument(s));
    s.commands().add({id, title, "Layers", about, std::move(arguments), shortcut, true, "layer", needs_layer(s),
                      [&s, run = std::move(run)](const Arguments& a) -> Status {
                          const auto layer = chosen_layer(s, a);
                          if (!layer) return layer.error();
                          PaintStack stack = stack_of(s);
                          if (Status done = run(stack, *layer, a); !done) return done;
                          if (paint_bytes(stack) > most_paint_bytes) return paint_full();
                          s.state().avatar.paint = std::move(stack);
                          return {};
                      }});
}

// Of commands that change a member of one layer.
std::function<Status(PaintStack&, int, const Arguments&)> change_layer(
    std::function<Status(PaintLayer&, const Arguments&)> change) {
    return [change = std::move(change)](PaintStack& stack, int id, const Arguments& a) -> Status {
        for (PaintLayer& layer : stack.layers)
            if (layer.id == id) return change(layer, a);
        return {};
    };
}

void add_order_commands(Studio& s) {
    s.commands().add({"layer.add",
                      "Add layer",
                      "Layers",
                      "Adds an empty layer above the selected one.",
                      {optional_argument(text_argument("name", "Its name"))},
                      "Ctrl+Shift+N",
                      true,
                      "name",
                      needs_avatar(s),
                      [&s](const Arguments& a) -> Status {
                          const auto added =
                              add_layer(s.state().avatar.paint.edit(),
                                        {.name = a.has("name") ? a.text("name") : "Paint"}, s.paint().selected());
                          if (!added) return added.error();
                          s.paint().select(*added);
                          return {};
                      }});
    add_layer_command(s, "layer.remove", "Remove layer", "Removes a layer; a group with what is in it.", {},
                      [](PaintStack& stack, int id, const Arguments&) { return remove_layer(stack, id); });
    add_layer_command(s, "layer.duplicate", "Duplicate layer", "Puts a copy of a layer above it.", {},
                      [&s](PaintStack& stack, int id, const Arguments&) -> Status {
                          const auto copy = duplicate_layer(stack, id);
                          if (!copy) return copy.error();
                          s.paint().select(*copy);
                          return {};
                      });
    add_layer_command(
        s, "layer.move", "Move layer", "Moves a layer in the stack, or into a group.",
        {choice_argument("to", "Past its neighbour, to an end, or to another layer", names_of(layer_place_names)),
         optional_argument(text_argument("target", "Above, below or into which layer"))},
        [&s](PaintStack& stack, int id, const Arguments& a) -> Status {
            const auto place = LayerPlace(index_in(layer_place_names, a.text("to")));
            const bool beside = place == LayerPlace::above || place == LayerPlace::below || place == LayerPlace::into;
            if (!beside) return move_layer(stack, id, place);
            if (!a.has("target")) return studio_error("layer.move to=" + a.text("to") + " needs 'target', a layer.");
            const auto target = layer_named(s, a.text("target"));
            return target ? move_layer(stack, id, place, *target) : Status(target.error());
        });
    add_layer_command(s, "layer.group", "Group layer", "Puts a layer into a new group.", {},
                      [](PaintStack& stack, int id, const Arguments&) -> Status {
                          const auto group = group_layer(stack, id);
                          return group ? Status() : Status(group.error());
                      });
    add_layer_command(s, "layer.ungroup", "Ungroup", "Takes a group away; its layers stay.", {},
                      [](PaintStack& stack, int id, const Arguments&) { return ungroup_layer(stack, id); });
    add_layer_command(s, "layer.merge_down", "Merge down",
                      "Makes one layer of it and the one below, which looks the same.", {},
                      [](PaintStack& stack, int id, const Arguments&) { return merge_down(stack, id); });
    s.commands().add({"layer.select",
                      "Select layer",
                      "Layers",
                      "Chooses the layer that is painted on and that commands without a layer change.",
                      {with_suggestions(text_argument("layer", "Its name or number"), layer_argument(s).suggestions)},
                      "",
                      false,
                      "",
                      needs_layer(s),
                      [&s](const Arguments& a) -> Status {
                          const auto layer = layer_named(s, a.text("layer"));
                          if (!layer) return layer.error();
                          s.paint().end_stroke();
                          s.stickers().show_handles(true);
                          s.paint().select(*layer);
                          s.paint().set_on_mask(false);
                          return {};
                      }});
}

void add_look_commands(Studio& s) {
    add_layer_command(s, "layer.rename", "Rename layer", "Gives a layer another name.",
                      {text_argument("name", "The new name")},
                      [](PaintStack& stack, int id, const Arguments& a) -> Status {
                          const std::string name = a.text("name");
                          if (name.empty() || name.size() > 200)
                              return studio_error("A layer's name has 1 to 200 letters.");
                          for (const PaintLayer& layer : stack.layers)
                              if (layer.name == name && layer.id != id)
                                  return studio_error("Another layer is called '" + name + "'.");
                          for (PaintLayer& layer : stack.layers)
                              if (layer.id == id) layer.name = name;
                          return {};
                      });
    add_layer_command(s, "layer.opacity", "Layer opacity", "How much a layer covers what is below it.",
                      {number_argument("value", "0 is nothing, 1 is all", 0, 1)},
                      change_layer([](PaintLayer& layer, const Arguments& a) -> Status {
                          layer.opacity = float(a.number("value"));
                          return {};
                      }));
    add_layer_command(s, "layer.blend", "Layer blending", "How a layer's color meets what is below it.",
                      {choice_argument("mode", "The way", names_of(paint_blend_names))},
                      change_layer([](PaintLayer& layer, const Arguments& a) -> Status {
                          if (layer.is_group) return studio_error("A group has no way of blending of its own.");
                          layer.blend = PaintBlend(index_in(paint_blend_names, a.text("mode")));
                          return {};
                      }));
    add_layer_command(s, "layer.visible", "Show layer", "Shows or hides a layer.",
                      {with_default(flag_argument("on", "Shown or hidden"), true)},
                      change_layer([](PaintLayer& layer, const Arguments& a) -> Status {
                          layer.visible = a.flag("on");
                          return {};
                      }));
    add_layer_command(s, "layer.relief", "Layer relief", "Raises the surface where a layer covers it.",
                      {number_argument("value", "Outwards; negative inwards", -1000 * double(most_relief),
                                       1000 * double(most_relief), "mm")},
                      change_layer([](PaintLayer& layer, const Arguments& a) -> Status {
                          layer.relief = float(a.number("value") / 1000);
                          return {};
                      }));
    add_layer_command(s, "layer.erase", "Layer erases", "Takes the avatar itself away where a layer covers it.",
                      {number_argument("value", "Share of its opacity that goes", 0, 1)},
                      change_layer([](PaintLayer& layer, const Arguments& a) -> Status {
                          layer.erase = float(a.number("value"));
                          return {};
                      }));
    add_layer_command(s, "layer.mask", "Layer mask",
                      "Gives a layer a mask that shows all or nothing, takes it away, inverts it, or applies it.",
                      {with_default(choice_argument("what", "What is done", names_of(mask_edit_names)), "show")},
                      [&s](PaintStack& stack, int id, const Arguments& a) -> Status {
                          const auto on = s.paint().surface();
                          if (!on) return no_surface();
                          return edit_mask(stack, id, MaskEdit(index_in(mask_edit_names, a.text("what"))), *on);
                      });
    add_layer_command(s, "layer.region", "Layer region", "Keeps a layer to a region of the face.",
                      {with_suggestions(text_argument("region", "Its name; empty for everywhere"), region_suggestions)},
                      change_layer([](PaintLayer& layer, const Arguments& a) -> Status {
                          if (!a.text("region").empty() && !face_region_named(a.text("region")))
                              return no_region(a.text("region"));
                          layer.region = a.text("region");
                          return {};
                      }));
}

void add_setting(Studio& s, const std::string& id, const std::string& title, const std::string& about,
                 std::vector<ArgumentSpec> arguments, Run run, const std::string& shortcut = "") {
    s.commands().add(
        {id, title, "Paint", about, std::move(arguments), shortcut, false, "", needs_avatar(s), std::move(run)});
}

void add_brush_commands(Studio& s) {
    add_setting(s, "paint.tool", "Tool", "Chooses what the pointer does in the viewport.",
                {choice_argument("tool", "The tool; select turns the view", names_of(paint_tool_names))},
                [&s](const Arguments& a) -> Status {
                    s.paint().set_tool(PaintTool(index_in(paint_tool_names, a.text("tool"))));
                    return {};
                });
    const auto toggle = [&s](PaintTool tool) {
        return [&s, tool](const Arguments&) -> Status {
            s.paint().set_tool(s.paint().tool() == tool ? PaintTool::select : tool);
            return {};
        };
    };
    add_setting(s, "paint.use_brush", "Brush", "Paints in the viewport, or turns the view again.", {},
                toggle(PaintTool::brush), "B");
    add_setting(s, "paint.use_eraser", "Eraser", "Erases paint in the viewport, or turns the view again.", {},
                toggle(PaintTool::eraser), "E");
    add_setting(s, "paint.use_eyedropper", "Eyedropper", "Takes a color from the avatar.", {},
                toggle(PaintTool::eyedropper), "P");
    const auto brush_number = [](const char* name, const char* about, double low, double high, const char* unit = "") {
        return optional_argument(number_argument(name, about, low, high, unit));
    };
    const auto brush_flag = [](const char* name, const char* about) {
        return optional_argument(flag_argument(name, about));
    };
    add_setting(
        s, "paint.brush", "Brush settings", "Sets what is given of the brush.",
        {brush_number("size", "Across, on the skin", 1000 * double(least_brush), 1000 * double(most_brush), "mm"),
         brush_number("hardness", "Share of it that is covered in full", 0, 1),
         brush_number("flow", "What a dab adds of what is missing", 0.01, 1),
         brush_number("opacity", "The most that a stroke covers", 0, 1),
         brush_number("spacing", "From dab to dab, share of the size", 0.02, 2),
         brush_number("stabiliser", "How far the brush is drawn behind the pointer", 0, 200, "pixels"),
         brush_flag("pressure_size", "A pen's pressure changes the size"),
         brush_flag("pressure_flow", "A pen's pressure changes the flow"),
         brush_number("pressure_curve", "Power of a pen's pressure; above 1 it is softer", 0.2, 5),
         brush_flag("tilt", "A pen that leans draws longer dabs"),
         brush_flag("symmetric", "Also on the other side of the face"),
         brush_number("tolerance", "How different a color a fill takes", 0.005, 1),
         optional_argument(with_suggestions(text_argument("region", "What fills take; empty: what is alike in color"),
                                            region_suggestions)),
         brush_flag("radial", "Gradients go round about their beginning")},
        [&s](const Arguments& a) -> Status {
            BrushOptions& brush = s.paint().brush();
            const auto number = [&](const char* name, float& value, double unit = 1) {
                if (a.has(name)) value = float(a.number(name) * unit);
            };
            const auto flag = [&](const char* name, bool& value) {
                if (a.has(name)) value = a.flag(name);
            };
            number("size", brush.size, 1e-3);
            number("hardness", brush.hardness);
            number("flow", brush.flow);
            number("opacity", brush.opacity);
            number("spacing", brush.spacing);
            number("stabiliser", brush.stabiliser);
            number("tolerance", s.paint().tolerance);
            number("pressure_curve", brush.pressure_curve);
            flag("tilt", brush.tilt);
            flag("pressure_size", brush.pressure_size);
            flag("pressure_flow", brush.pressure_flow);
            flag("symmetric", brush.symmetric);
            flag("radial", s.paint().radial);
            if (!a.has("region")) return {};
            const FaceRegion* const region = face_region_named(a.text("region"));
            if (!region && !a.text("region").empty()) return no_region(a.text("region"));
            s.paint().fill_region = region ? std::optional(*region) : std::nullopt;
            return {};
        });
    add_setting(s, "paint.color", "Color", "Sets the color that is painted with.",
                {number_argument("red", "sRGB", 0, 1), number_argument("green", "sRGB", 0, 1),
                 number_argument("blue", "sRGB", 0, 1)},
                [&s](const Arguments& a) -> Status {
                    s.paint().set_color({float(a.number("red")), float(a.number("green")), float(a.number("blue"))});
                    return {};
                });
    add_setting(s, "paint.target", "Paint on", "Whether brushes paint on the selected layer or on its mask.",
                {choice_argument("on", "Which", {"layer", "mask"})}, [&s](const Arguments& a) -> Status {
                    const bool mask = a.text("on") == "mask";
                    const PaintLayer* const layer = paint_layer(stack_of(s), s.paint().selected());
                    if (mask && (!layer || !layer->mask))
                        return studio_error("The selected layer has no mask; add one first.");
                    s.paint().set_on_mask(mask);
                    return {};
                });
}

// "#8a1020", sRGB.
std::optional<std::array<float, 3>> color_of(const std::string& text) {
    unsigned value = 0;
    const char* const end = text.data() + text.size();
    if (text.size() != 7 || text[0] != '#') return {};
    const auto [read, error] = std::from_chars(text.data() + 1, end, value, 16);
    if (error != std::errc() || read != end) return {};
    return {{float(value >> 16) / 255, float(value >> 8 & 255) / 255, float(value & 255) / 255}};
}

// Points are pixels of the view as it is in a picture of that size, atlas positions, or positions in one of the atlas'
// squares, which the canvas shows.
std::vector<ArgumentSpec> with_places(std::vector<ArgumentSpec> arguments) {
    arguments.push_back(with_default(
        choice_argument("in", "What positions are: pixels of the view, atlas positions, or shares of the canvas' side",
                        {"view", "atlas", "canvas"}),
        "view"));
    arguments.push_back(with_default(integer_argument("width", "Of the view that pixels are of", 1, 16384), 1024));
    arguments.push_back(with_default(integer_argument("height", "Of the view that pixels are of", 1, 16384), 1024));
    arguments.push_back(
        with_default(choice_argument("square", "Of the canvas", names_of(canvas_square_names)), "head"));
    return arguments;
}

// Nothing for atlas positions.
std::optional<PaintView> view_of(const Studio& s, const Arguments& a) {
    if (a.text("in") == "atlas") return {};
    if (a.text("in") == "canvas") return AtlasView{int(index_in(canvas_square_names, a.text("square")))};
    return view_camera(s.view(), s.document(), a.integer("width"), a.integer("height"));
}

// As they are given; those of the canvas are made pixels.
Result<std::vector<PaintService::StrokePoint>> points_in(const std::optional<PaintView>& view,
                                                         const std::string& text) {
    auto points = points_of(text);
    if (const AtlasView* const flat = view ? std::get_if<AtlasView>(&*view) : nullptr; flat && points)
        for (PaintService::StrokePoint& p : *points) p.at *= flat->side;
    return points;
}

Result<SurfacePoint> place_of(Studio& s, const Arguments& a, const std::string& argument) {
    const auto view = view_of(s, a);
    const auto points = points_in(view, a.text(argument));
    if (!points) return points.error();
    const auto on = s.paint().surface();
    if (!on) return no_surface();
    const Eigen::Vector2f& at = points->front().at;
    if (!view) return on->at(at);
    const auto found = s.paint().place(*view, at);
    if (!found) return studio_error("There is nothing of the avatar at " + a.text(argument) + ".");
    return *found;
}

void add_stroke_commands(Studio& s) {
    const auto add_stroke = [&](const std::string& id, const std::string& title, const std::string& about,
                                PaintTool tool) {
        s.commands().add({id, title, "Paint", about,
                          with_places({text_argument("points", "x,y or x,y,pressure, with spaces between points")}), "",
                          true, "", needs_avatar(s), [&s, tool](const Arguments& a) -> Status {
                              const auto view = view_of(s, a);
                              const auto points = points_in(view, a.text("points"));
                              if (!points) return points.error();
                              return s.paint().draw_stroke(tool, *points, view);
                          }});
    };
    add_stroke("paint.stroke", "Brush stroke", "Paints a stroke with the brush on the selected layer.",
               PaintTool::brush);
    add_stroke("paint.erase", "Erase", "Erases along a stroke on the selected layer.", PaintTool::eraser);
    add_stroke("paint.smudge", "Smudge", "Drags the selected layer's paint along a stroke.", PaintTool::smudge);
    add_stroke("paint.clone", "Clone", "Paints what is seen around the source.", PaintTool::clone);
    add_stroke("paint.heal", "Heal", "Covers a blemish with skin from beside it, in the tone that is there.",
               PaintTool::heal);
    const auto place = [](const char* name) { return text_argument(name, "x,y"); };
    std::vector<std::string> region_names;
    for (const FaceRegionName& region : face_region_names) region_names.emplace_back(region.name);
    s.commands().add({"paint.fill", "Fill", "Paint",
                      "Fills a region of the face, or what has about the color of a place and hangs together with it.",
                      with_places({optional_argument(place("at")),
                                   optional_argument(choice_argument("region", "In the place of 'at'", region_names)),
                                   optional_argument(text_argument("color", "As #8a1020; the brush's unless given"))}),
                      "", true, "", needs_avatar(s), [&s](const Arguments& a) -> Status {
                          std::optional<std::array<float, 3>> color;
                          if (a.has("color") && !(color = color_of(a.text("color"))))
                              return studio_error("'" + a.text("color") + "' is no color; write one as #8a1020.");
                          if (a.has("region") == a.has("at"))
                              return studio_error("paint.fill needs 'at', a place, or 'region'.");
                          if (a.has("region")) return s.paint().fill(*face_region_named(a.text("region")), color);
                          const auto at = place_of(s, a, "at");
                          return at ? s.paint().fill(*at, color) : Status(at.error());
                      }});
    s.commands().add({"paint.gradient", "Gradient", "Paint", "Paints from full to nothing between two places.",
                      with_places({place("from"), place("to")}), "", true, "", needs_avatar(s),
                      [&s](const Arguments& a) -> Status {
                          const auto from = place_of(s, a, "from"), to = place_of(s, a, "to");
                          if (!from) return from.error();
                          return to ? s.paint().draw_gradient(*from, *to) : Status(to.error());
                      }});
    add_setting(s, "paint.source", "Clone from", "Chooses where clone and heal take their picture from.",
                with_places({place("at")}), [&s](const Arguments& a) -> Status {
                    const auto at = place_of(s, a, "at");
                    if (!at) return at.error();
                    s.paint().set_clone_source(*at);
                    return {};
                });
    add_setting(s, "paint.pick", "Pick color", "Takes the color of a place, without light.", with_places({place("at")}),
                [&s](const Arguments& a) -> Status {
                    const auto at = place_of(s, a, "at");
                    return at ? s.paint().pick_color(*at) : Status(at.error());
                });
}

}  // namespace

void PaintService::add_commands(CommandRegistry&) {
    add_order_commands(studio_);
    add_look_commands(studio_);
    add_brush_commands(studio_);
    add_stroke_commands(studio_);
}

}  // namespace likeness
