#include "ui/layers_panel.h"

#include <imgui_stdlib.h>

#include <algorithm>
#include <cmath>

#include "core/editing/face_regions.h"
#include "core/editing/looks.h"
#include "core/editing/make_up.h"
#include "core/editing/own_stickers.h"
#include "core/editing/sticker_layer.h"
#include "core/image/image.h"
#include "ui/icons.h"
#include "ui/theme.h"

namespace likeness::ui {
namespace {

constexpr int thumbnail_side = 48;
constexpr std::array<const char*, paint_blend_names.size()> blend_titles = {
    "Normal", "Multiply", "Screen", "Overlay", "Soft light", "Color", "Luminosity"};

// What is painted, on the atlas, cut to where there is any.
Image picture_of(const PaintTexels& texels) {
    Eigen::Vector2f low(2, 1), high(0, 0);
    texels.each_tile([&](const PaintTileKey& key, const auto&) {
        const Eigen::Vector2f first = paint_texel_position(key, 0),
                              last = paint_texel_position(key, paint_tile_texels - 1);
        low = low.cwiseMin(first);
        high = high.cwiseMax(last);
    });
    if (high.x() <= low.x()) return {};
    // A square around it; both squares of the atlas at most.
    const Eigen::Vector2f middle = 0.5f * (low + high);
    const float side = std::max((high - low).maxCoeff(), 0.05f);
    Image picture(thumbnail_side, thumbnail_side, 4);
    for (int y = 0; y < thumbnail_side; ++y)
        for (int x = 0; x < thumbnail_side; ++x) {
            // Thin lines keep their strength.
            constexpr int fine = 4;
            constexpr float strength = 3;
            Eigen::Vector4f sum = Eigen::Vector4f::Zero();
            for (int k = 0; k < fine * fine; ++k) {
                const Eigen::Vector2f in((float(x * fine + k % fine) + 0.5f) / (thumbnail_side * fine) - 0.5f,
                                         (float(y * fine + k / fine) + 0.5f) / (thumbnail_side * fine) - 0.5f);
                const Eigen::Vector2f at = middle + side * in;
                if (at.x() >= 0 && at.x() < 2 && at.y() >= 0 && at.y() < 1) sum += texels.nearest(at);
            }
            float* const to = &picture.pixels[std::size_t(y * thumbnail_side + x) * 4];
            for (int c = 0; c < 3; ++c) to[c] = sum[3] > 0 ? sum[c] / sum[3] : 0;
            to[3] = std::min(1.0f, strength * sum[3] / (fine * fine));
        }
    return picture;
}

int depth_of(const PaintStack& stack, const PaintLayer& layer) {
    int depth = 0;
    for (const PaintLayer* above = paint_layer(stack, layer.group); above && depth < 8;
         above = paint_layer(stack, above->group))
        ++depth;
    return depth;
}

}  // namespace

LayersPanel::LayersPanel()
    : Panel("Layers", ICON_FA_SWATCHBOOK, "Layers of paint, make-up and stickers over the avatar's own colors.") {}

void LayersPanel::draw(Studio& studio) {
    if (!studio.document().has_avatar()) {
        empty_state(ICON_FA_SWATCHBOOK, "No layers", needs_avatar_text(studio));
        return;
    }
    const Part<PaintStack> kept = studio.document().avatar().paint;  // commands below may bring another
    const PaintStack& stack = *kept;
    const PaintLayer* const selected = paint_layer(stack, studio.paint().selected());
    draw_buttons(studio, selected);
    if (stack.layers.empty()) {
        note("A stroke of the brush makes the first layer.");
        return;
    }
    if (selected) draw_look(studio, *selected);
    std::erase_if(shown_, [&](const auto& entry) { return !paint_layer(stack, entry.first); });
    ImGui::BeginChild("layers");
    for (auto layer = stack.layers.rbegin(); layer != stack.layers.rend(); ++layer)
        draw_layer(studio, stack, *layer, depth_of(stack, *layer));
    ImGui::EndChild();
}

void LayersPanel::draw_buttons(Studio& studio, const PaintLayer* layer) {
    const auto tool = [&](const char* id, const char* icon, const std::string& about, bool enabled,
                          const Arguments& arguments = {}) {
        if (icon_button(id, icon, false, about, enabled)) studio.invoke(id, arguments);
        ImGui::SameLine(0, px(2));
    };
    tool("layer.add", ICON_FA_PLUS, "A new layer above the selected one (Ctrl+Shift+N).", true);
    if (icon_button("put", ICON_FA_WAND_MAGIC_SPARKLES, false,
                    "Puts make-up, a look or a sticker on, as layers of their own."))
        ImGui::OpenPopup("put");
    if (ImGui::BeginPopup("put")) {
        draw_additions(studio);
        ImGui::EndPopup();
    }
    ImGui::SameLine(0, px(2));
    tool("layer.group", ICON_FA_FOLDER, "Puts the layer into a new group.", layer);
    tool("layer.duplicate", ICON_FA_COPY, "A copy above it.", layer);
    tool("layer.merge_down", ICON_FA_ANGLES_DOWN, "Makes one layer of it and the one below.", layer);
    const bool has_mask = layer && layer->mask;
    if (icon_button("mask", ICON_FA_MASK, studio.paint().on_mask(),
                    has_mask ? "Brushes paint on the mask: the brush shows, the eraser hides."
                             : "Gives the layer a mask, to hide parts of it without loss.",
                    layer && !layer->is_group)) {
        if (!has_mask) studio.invoke("layer.mask", {{"what", "show"}});
        studio.invoke("paint.target", {{"on", studio.paint().on_mask() ? "layer" : "mask"}});
    }
    ImGui::SameLine(0, px(2));
    if (icon_button("layer.remove", ICON_FA_TRASH, false, "Removes the layer.", layer)) studio.invoke("layer.remove");
}

void LayersPanel::draw_additions(Studio& studio) {
    for (const MakeUpKind& kind : make_up_kinds()) {
        command_item(studio, "make_up.add", {{"kind", kind.name}}, kind.title);
        tooltip(kind.tooltip);
    }
    ImGui::Separator();
    if (looks_.empty())
        if (const auto looks = own_looks())
            for (const Look& look : *looks) looks_.emplace_back(look.name, look.title);
    if (ImGui::BeginMenu("Looks", !looks_.empty())) {
        for (const auto& [name, title] : looks_) command_item(studio, "make_up.look", {{"name", name}}, title);
        ImGui::EndMenu();
    }
    if (ImGui::BeginMenu("Stickers")) {
        draw_own_stickers(studio);
        ImGui::Separator();
        command_item(studio, "sticker.place", {}, "Picture or SVG...");
        ImGui::EndMenu();
    }
}

void LayersPanel::draw_own_stickers(Studio& studio) {
    constexpr int columns = 5;
    const float side = px(52), gap = px(6);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    int i = 0;
    for (const OwnSticker& sticker : own_stickers()) {
        const auto file = own_sticker_file(sticker);
        if (!file) continue;
        if (i++ % columns != 0) ImGui::SameLine(0, gap);
        const ImVec2 from = ImGui::GetCursorScreenPos(), to = {from.x + side, from.y + side};
        const bool chosen = ImGui::InvisibleButton(sticker.name, {side, side});
        tooltip(sticker.title);
        // On a light ground: lines are dark.
        draw.AddRectFilled(from, to, IM_COL32(226, 208, 196, 255), px(5));
        const Thumbnails::Entry& entry = thumbnails_.of(studio, *file);
        if (entry.state == Thumbnails::State::ready && entry.picture.ready()) {
            const float w = float(entry.picture.width()), h = float(entry.picture.height()),
                        scale = (side - px(10)) / std::max(w, h);
            const ImVec2 half = {0.5f * scale * w, 0.5f * scale * h},
                         middle = {from.x + 0.5f * side, from.y + 0.5f * side};
            draw.AddImage(entry.picture.reference(), {middle.x - half.x, middle.y - half.y},
                          {middle.x + half.x, middle.y + half.y});
        }
        if (ImGui::IsItemHovered() || ImGui::IsItemFocused())
            draw.AddRect(from, to, u32(palette().accent), px(5), px(2));
        if (chosen) {
            studio.invoke("sticker.place", {{"name", sticker.name}});
            ImGui::CloseCurrentPopup();
        }
    }
}

// The selected layer's numbers, below its row; its handles are in the viewport.
void LayersPanel::draw_sticker(Studio& studio, const PaintLayer& layer) {
    const Sticker now = *layer.sticker;  // commands below bring another
    const auto number = [&](const char* name, SliderSpec spec, float value, double unit) {
        if (slider(studio, name, spec, value)) studio.invoke("sticker.move", {{name, double(value) * unit}});
    };
    const float width = 1e3f * now.width, height = 1e3f * sticker_height(now), plain = height / now.stretch;
    // Neither side leaves its range, a little within for rounding.
    constexpr float low = 1.001e3f * least_sticker, high = 0.999e3f * largest_sticker;
    number("width",
           {.label = "Width",
            .low = low * std::max(1.0f, width / height),
            .high = high * std::min(1.0f, width / height),
            .fallback = std::min(40.0f, high * std::min(1.0f, width / height)),
            .format = "%.1f",
            .unit = " mm",
            .about = "On the skin.",
            .logarithmic = true},
           width, 1);
    number("stretch",
           {.label = "Height",
            .low = std::max(low, 0.101f * plain),
            .high = std::min(high, 9.99f * plain),
            .fallback = plain,
            .format = "%.1f",
            .unit = " mm",
            .about = "On the skin; the width stays.",
            .logarithmic = true},
           height, 1 / double(plain));
    number("angle",
           {.label = "Turned",
            .low = -180,
            .high = 180,
            .fallback = 0,
            .format = "%.0f",
            .unit = "\xc2\xb0",
            .about = "Counter-clockwise from upright."},
           now.angle * 180 / float(M_PI), 1);
    const int laid = choice_row("laid", {"Wrapped", "Projected"}, now.projected ? 1 : 0,
                                {"Laid along the skin, like one of paper.", "Through the skin's plane at its middle."});
    if (laid >= 0) studio.invoke("sticker.move", {{"projected", laid == 1}});
    bool pair = now.pair;
    if (ImGui::Checkbox("On both sides", &pair)) studio.invoke("sticker.move", {{"pair", pair}});
    tooltip("Also on the other side of the face, mirrored.");
    const StickerService& stickers = studio.stickers();
    const bool warps = stickers.handles() && stickers.warping();
    if (button("Warp", warps ? ButtonStyle::primary : ButtonStyle::normal,
               "Shows a grid over it in the viewport, whose points are moved."))
        studio.invoke("sticker.handles", {{"kind", warps ? "frame" : "warp"}});
    ImGui::SameLine();
    ImGui::BeginDisabled(!is_warped(now));
    if (button("Straighten", ButtonStyle::normal, "Takes the warp away.")) studio.invoke("sticker.warp");
    ImGui::EndDisabled();
}

// The selected layer's numbers, below its row.
void LayersPanel::draw_make_up(Studio& studio, const PaintLayer& layer) {
    const MakeUpKind* const kind = make_up_kind(layer.make_up->kind);
    if (!kind) return;
    // As it will be, if a worker is at it; commands below bring another.
    const MakeUp* const wanted = studio.paint().work().make_up(layer.id);
    const MakeUp make_up = wanted ? *wanted : *layer.make_up;
    if (kind->has_color) {
        std::array<float, 3> color = color_.value_or(make_up.color);
        ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x);
        if (ImGui::ColorEdit3("##color", color.data(), ImGuiColorEditFlags_DisplayHex | ImGuiColorEditFlags_NoTooltip))
            color_ = color;
        tooltip("Its color, sRGB; a click on it opens a picker.");
        // Once for a whole choice: it is made anew for each.
        if (color_ && !ImGui::IsAnyItemActive()) {
            studio.invoke("make_up.color", {{"red", (*color_)[0]}, {"green", (*color_)[1]}, {"blue", (*color_)[2]}});
            color_.reset();
        }
    }
    for (const MakeUpAmount& amount : kind->amounts) {
        float value = make_up_amount(make_up, amount.name);
        const std::string unit = *amount.unit ? std::string(" ") + amount.unit : "";
        if (slider(studio, amount.name,
                   {.label = amount.title,
                    .low = amount.low,
                    .high = amount.high,
                    .fallback = amount.usual,
                    .unit = unit.c_str(),
                    .about = amount.tooltip},
                   value))
            studio.invoke("make_up.set", {{"name", amount.name}, {"value", value}});
    }
}

void LayersPanel::draw_look(Studio& studio, const PaintLayer& layer) {
    const std::string key = layer_key(*studio.document().avatar().paint, layer);
    float opacity = layer.opacity * 100;
    const float room = ImGui::GetContentRegionAvail().x, gap = px(4), half = std::floor(0.55f * room);
    if (slider(studio, "opacity",
               {.label = "Opacity",
                .low = 0,
                .high = 100,
                .fallback = 100,
                .format = "%.0f",
                .unit = " %",
                .about = "How much the layer covers.",
                .width = half},
               opacity))
        studio.invoke("layer.opacity", {{"layer", key}, {"value", double(opacity) / 100}});
    ImGui::SameLine(0, gap);
    ImGui::SetNextItemWidth(room - half - gap);
    ImGui::BeginDisabled(layer.is_group);
    if (ImGui::BeginCombo("##blend", blend_titles[std::size_t(layer.blend)])) {
        for (std::size_t i = 0; i < blend_titles.size(); ++i)
            if (ImGui::Selectable(blend_titles[i], layer.blend == PaintBlend(i)))
                studio.invoke("layer.blend", {{"layer", key}, {"mode", paint_blend_names[i]}});
        ImGui::EndCombo();
    }
    tooltip("How the layer's color meets what is below it.");
    ImGui::EndDisabled();
}

void LayersPanel::draw_thumbnail(Studio& studio, const PaintLayer& layer, const ImVec2& from, float side) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const ImVec2 to = {from.x + side, from.y + side};
    draw.AddRectFilled(from, to, u32(palette().well), px(3));
    if (layer.is_group || !layer.texels) {
        const char* const icon = layer.is_group ? ICON_FA_FOLDER : ICON_FA_PAINTBRUSH;
        const ImVec2 size = ImGui::CalcTextSize(icon);
        draw.AddText({from.x + 0.5f * (side - size.x), from.y + 0.5f * (side - size.y)}, u32(palette().faint), icon);
        return;
    }
    Shown& shown = shown_[layer.id];
    if (shown.of != layer.texels && !studio.paint().stroking()) {
        shown.of = layer.texels;
        const Image picture = picture_of(*layer.texels);
        if (picture.empty())
            shown.picture.clear();
        else
            shown.picture.set(picture);
    }
    if (shown.picture.ready())
        draw.AddImageRounded(shown.picture.reference(), from, to, {0, 0}, {1, 1}, IM_COL32_WHITE, px(3));
    if (layer.mask) draw.AddRect(from, to, u32(palette().accent), px(3), px(1.5f));
}

void LayersPanel::draw_layer(Studio& studio, const PaintStack& stack, const PaintLayer& layer, int depth) {
    const std::string key = layer_key(stack, layer);
    const float side = 1.5f * ImGui::GetFrameHeight(), indent = px(12) * float(depth);
    ImGui::PushID(layer.id);
    const ImVec2 from = ImGui::GetCursorScreenPos();
    const float eye = ImGui::GetFrameHeight(), room = ImGui::GetContentRegionAvail().x;
    const bool selected = studio.paint().selected() == layer.id;
    ImGui::SetNextItemAllowOverlap();
    if (ImGui::Selectable("##layer", selected, ImGuiSelectableFlags_AllowDoubleClick, {room, side + px(4)})) {
        studio.invoke("layer.select", {{"layer", key}});
        if (ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
            renamed_ = layer.id;
            rename_begins_ = true;
            name_ = layer.name;
        }
    }
    if (ImGui::BeginDragDropSource()) {
        ImGui::SetDragDropPayload("layer", &layer.id, sizeof(layer.id));
        ImGui::TextUnformatted(layer.name.c_str());
        ImGui::EndDragDropSource();
    }
    if (ImGui::BeginDragDropTarget()) {
        if (const ImGuiPayload* const payload = ImGui::AcceptDragDropPayload("layer")) {
            int id = 0;
            std::copy_n(static_cast<const char*>(payload->Data), sizeof(id), reinterpret_cast<char*>(&id));
            // On the upper half it comes above, on the lower one below; on a group's lower half into it.
            const bool upper = ImGui::GetMousePos().y < from.y + 0.5f * side;
            if (const PaintLayer* const moved = paint_layer(stack, id); moved && id != layer.id)
                studio.invoke("layer.move", {{"layer", layer_key(stack, *moved)},
                                             {"to", upper            ? "above"
                                                    : layer.is_group ? "into"
                                                                     : "below"},
                                             {"target", key}});
        }
        ImGui::EndDragDropTarget();
    }
    if (ImGui::BeginPopupContextItem("menu")) {
        draw_menu(studio, layer, key);
        ImGui::EndPopup();
    }
    ImGui::SetCursorScreenPos({from.x + indent, from.y + 0.5f * (side + px(4) - eye)});
    if (icon_button("eye", layer.visible ? ICON_FA_EYE : ICON_FA_EYE_SLASH, false,
                    layer.visible ? "Hide this layer." : "Show this layer."))
        studio.invoke("layer.visible", {{"layer", key}, {"on", !layer.visible}});
    draw_thumbnail(studio, layer, {from.x + indent + eye + px(4), from.y + px(2)}, side);
    const float words = from.x + indent + eye + side + px(12), right = from.x + room;
    if (renamed_ == layer.id) {
        ImGui::SetCursorScreenPos({words, from.y + 0.5f * (side + px(4) - eye)});
        ImGui::SetNextItemWidth(right - words);
        if (rename_begins_) ImGui::SetKeyboardFocusHere();
        rename_begins_ = false;
        const bool entered = ImGui::InputText("##name", &name_,
                                              ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_AutoSelectAll);
        if (entered || ImGui::IsItemDeactivated()) {
            if (entered && name_ != layer.name) studio.invoke("layer.rename", {{"layer", key}, {"name", name_}});
            renamed_ = 0;
        }
    } else {
        std::string about = layer.region.empty() ? "" : layer.region;
        if (layer.opacity < 1)
            about += (about.empty() ? "" : ", ") + std::to_string(int(std::lround(layer.opacity * 100))) + " %";
        if (layer.blend != PaintBlend::normal)
            about += (about.empty() ? "" : ", ") + std::string(blend_titles[std::size_t(layer.blend)]);
        ImDrawList& draw = *ImGui::GetWindowDrawList();
        const float line = ImGui::GetTextLineHeight(), height = about.empty() ? line : 2 * line;
        const float top = from.y + 0.5f * (side + px(4) - height);
        const bool visible = shown_opacity(stack, layer) > 0 || layer.visible;
        draw.AddText({words, top}, u32(visible ? palette().text : palette().faint),
                     shortened(layer.name, right - words).c_str());
        if (!about.empty())
            draw.AddText({words, top + line}, u32(palette().dim), shortened(about, right - words).c_str());
    }
    ImGui::SetCursorScreenPos({from.x, from.y + side + px(6)});
    ImGui::Dummy({0, 0});
    if (selected && layer.make_up) draw_make_up(studio, layer);
    if (selected && layer.sticker) draw_sticker(studio, layer);
    ImGui::PopID();
}

void LayersPanel::draw_menu(Studio& studio, const PaintLayer& layer, const std::string& key) {
    if (ImGui::MenuItem("Rename")) {
        renamed_ = layer.id;
        rename_begins_ = true;
        name_ = layer.name;
    }
    command_item(studio, "layer.duplicate", {{"layer", key}});
    command_item(studio, "layer.merge_down", {{"layer", key}});
    command_item(studio, "layer.move", {{"layer", key}, {"to", "up"}}, "Move up");
    command_item(studio, "layer.move", {{"layer", key}, {"to", "down"}}, "Move down");
    command_item(studio, "layer.group", {{"layer", key}});
    if (layer.is_group) command_item(studio, "layer.ungroup", {{"layer", key}});
    ImGui::Separator();
    if (!layer.is_group) {
        if (ImGui::BeginMenu("Only on")) {
            const auto choice = [&](const char* title, const char* region) {
                if (ImGui::MenuItem(title, nullptr, layer.region == region))
                    studio.invoke("layer.region", {{"layer", key}, {"region", region}});
            };
            choice("Everywhere", "");
            ImGui::Separator();
            for (const FaceRegionName& region : face_region_names) choice(region.title, region.name);
            ImGui::EndMenu();
        }
        command_item(studio, "layer.mask", {{"layer", key}, {"what", "show"}}, "Mask that shows all");
        command_item(studio, "layer.mask", {{"layer", key}, {"what", "hide"}}, "Mask that hides all");
        if (layer.mask) {
            command_item(studio, "layer.mask", {{"layer", key}, {"what", "invert"}}, "Invert mask");
            command_item(studio, "layer.mask", {{"layer", key}, {"what", "apply"}}, "Apply mask");
            command_item(studio, "layer.mask", {{"layer", key}, {"what", "remove"}}, "Remove mask");
        }
        ImGui::Separator();
    }
    command_item(studio, "layer.remove", {{"layer", key}});
}

}  // namespace likeness::ui
