// Make-up: a layer each, made of a kind and its numbers; and looks, several of them at once.
#include "core/editing/layer_edits.h"
#include "core/editing/looks.h"
#include "core/editing/make_up.h"
#include "core/studio/command_parts.h"

namespace likeness {
namespace {

const PaintLayer* selected_make_up(const Studio& s) {
    const PaintLayer* const layer = paint_layer(*s.document().avatar().paint, s.paint().selected());
    return layer && layer->make_up && make_up_kind(layer->make_up->kind) ? layer : nullptr;
}

std::function<std::string()> needs_make_up(const Studio& s) {
    return [&s]() -> std::string {
        if (!s.document().has_avatar()) return "Open a portrait or an avatar first.";
        return selected_make_up(s) ? "" : "Select a layer of make-up first.";
    };
}

// Above a layer; what is put there is `above` afterwards.
Status put_on(PaintStack& stack, const FaceRegions& regions, MakeUp make_up, int& above) {
    auto texels = make_up_layer(regions, make_up);
    if (!texels) return texels.error();
    const MakeUpKind& kind = *make_up_kind(make_up.kind);
    PaintLayer layer{.name = kind.title, .blend = kind.blend};
    layer.texels = std::make_shared<const PaintTexels>(*std::move(texels));
    layer.make_up = std::make_shared<const MakeUp>(std::move(make_up));
    const auto id = add_layer(stack, std::move(layer), above);
    if (!id) return id.error();
    if (paint_bytes(stack) > most_paint_bytes) return paint_full();
    above = *id;
    return {};
}

// Layers that `which` tells, above the selected one; the last of them is selected then.
Status put_all_on(Studio& s, std::function<std::vector<MakeUp>(const FaceRegions&)> which) {
    const auto surface = painted_surface(s);
    if (!surface) return surface.error();
    const auto last = std::make_shared<int>(0);
    StackWork::Change change;
    change.make = [on = *surface, known = s.paint().face_regions(), which = std::move(which), last,
                   selected = s.paint().selected()](const PaintStack& now) -> Result<PaintStack> {
        const auto regions = known->of(on);
        PaintStack stack = now;
        *last = selected;
        for (MakeUp& make_up : which(*regions))
            if (Status put = put_on(stack, *regions, std::move(make_up), *last); !put) return put.error();
        return stack;
    };
    change.made = [&s, last] { s.paint().select(*last); };
    return s.paint().work().begin(std::move(change));
}

// What `change` makes of the selected layer's numbers.
Status make_up_again(Studio& s, const std::function<Status(MakeUp&)>& change_numbers) {
    const auto surface = painted_surface(s);
    if (!surface) return surface.error();
    const PaintLayer& selected = *selected_make_up(s);
    const MakeUp* const wanted = s.paint().work().make_up(selected.id);
    MakeUp make_up = wanted ? *wanted : *selected.make_up;
    if (Status changed = change_numbers(make_up); !changed) return changed;
    StackWork::Change change;
    change.layer = selected.id;
    change.make_up = make_up;
    change.make = [on = *surface, known = s.paint().face_regions(), make_up,
                   id = selected.id](const PaintStack& now) -> Result<PaintStack> {
        PaintStack stack = now;
        for (PaintLayer& layer : stack.layers) {
            if (layer.id != id) continue;
            auto texels = make_up_layer(*known->of(on), make_up);
            if (!texels) return texels.error();
            layer.texels = std::make_shared<const PaintTexels>(*std::move(texels));
            layer.make_up = std::make_shared<const MakeUp>(make_up);
        }
        return stack;
    };
    return s.paint().work().begin(std::move(change));
}

Status put_look_on(Studio& s, const std::string& name) {
    const auto looks = own_looks();
    if (!looks) return looks.error();
    for (const Look& look : *looks)
        if (look.name == name)
            return put_all_on(s, [look](const FaceRegions& regions) {
                std::vector<MakeUp> put = make_up_of(look, regions);
                // A head that lacks a place goes without what lies there.
                std::erase_if(put, [&](const MakeUp& make_up) {
                    return !regions.missing(make_up_kind(make_up.kind)->region).empty();
                });
                return put;
            });
    return studio_error("There is no look '" + name + "'.");
}

std::vector<std::string> kind_names() {
    std::vector<std::string> names;
    for (const MakeUpKind& kind : make_up_kinds()) names.emplace_back(kind.name);
    return names;
}

}  // namespace

void add_make_up_commands(Studio& s) {
    s.commands().add({"make_up.add",
                      "Make-up",
                      "Paint",
                      "Puts make-up on, as a layer of its own above the selected one.",
                      {choice_argument("kind", "What", kind_names())},
                      "",
                      true,
                      "",
                      needs_avatar(s),
                      [&s](const Arguments& a) -> Status {
                          return put_all_on(s, [kind = a.text("kind")](const FaceRegions& regions) {
                              return std::vector{usual_make_up(regions, kind)};
                          });
                      }});
    s.commands().add({"make_up.set", "Set make-up", "Paint", "Sets a number of the selected make-up.",
                      {with_suggestions(text_argument("name", "Which of its numbers"),
                                        [&s] {
                                            std::vector<std::string> names;
                                            if (s.document().has_avatar() && selected_make_up(s))
                                                for (const MakeUpAmount& amount :
                                                     make_up_kind(selected_make_up(s)->make_up->kind)->amounts)
                                                    names.emplace_back(amount.name);
                                            return names;
                                        }),
                       number_argument("value", "In its range", -1000, 1000)},
                      "", true, "name", needs_make_up(s), [&s](const Arguments& a) {
                          return make_up_again(s, [&](MakeUp& make_up) -> Status {
                              for (const MakeUpAmount& amount : make_up_kind(make_up.kind)->amounts) {
                                  if (a.text("name") != amount.name) continue;
                                  make_up.amount[amount.name] =
                                      std::clamp(float(a.number("value")), amount.low, amount.high);
                                  return {};
                              }
                              return studio_error("This make-up has no number '" + a.text("name") + "'.");
                          });
                      }});
    const auto channel = [](const char* name) { return number_argument(name, "Of the color", 0, 1); };
    s.commands().add({"make_up.color", "Color make-up", "Paint", "Sets the selected make-up's color.",
                      {channel("red"), channel("green"), channel("blue")}, "", true, "", needs_make_up(s),
                      [&s](const Arguments& a) {
                          return make_up_again(s, [&](MakeUp& make_up) -> Status {
                              make_up.color = {float(a.number("red")), float(a.number("green")), float(a.number("blue"))};
                              return {};
                          });
                      }});
    s.commands().add({"make_up.look", "Look", "Paint", "Puts a look on: make-up of several kinds, a layer each.",
                      {with_suggestions(text_argument("name", "Which"),
                                        [] {
                                            std::vector<std::string> names;
                                            if (const auto looks = own_looks())
                                                for (const Look& look : *looks) names.push_back(look.name);
                                            return names;
                                        })},
                      "", true, "", needs_avatar(s), [&s](const Arguments& a) { return put_look_on(s, a.text("name")); }});
}

}  // namespace likeness
