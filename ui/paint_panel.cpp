#include "ui/paint_panel.h"

#include <cmath>

#include "ui/icons.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

struct Tool {
    PaintTool tool;
    const char* icon;
    const char* about;
};
constexpr std::array<Tool, 9> tools = {{
    {PaintTool::select, ICON_FA_ARROW_POINTER, "Turn the view (Esc)."},
    {PaintTool::brush, ICON_FA_PAINTBRUSH, "Brush (B). Alt and a click take a color."},
    {PaintTool::eraser, ICON_FA_ERASER, "Eraser (E): takes the layer's paint away."},
    {PaintTool::smudge, ICON_FA_HAND_POINTER, "Smudge: drags the layer's paint along."},
    {PaintTool::clone, ICON_FA_STAMP, "Clone: paints what is seen elsewhere. Alt and a click choose where."},
    {PaintTool::heal, ICON_FA_BANDAGE,
     "Heal: covers a blemish with skin from beside it, in its own tone. Alt and a click choose from where."},
    {PaintTool::fill, ICON_FA_FILL_DRIP,
     "Fill: what has about the color of the place clicked, up to its edges, or a region of the head."},
    {PaintTool::gradient, ICON_FA_DROPLET, "Gradient: drag from full to nothing."},
    {PaintTool::eyedropper, ICON_FA_EYE_DROPPER, "Eyedropper (P): the color itself, without the light on it."},
}};

bool swatch(const char* id, const std::array<float, 3>& color, float side, const std::string& about) {
    ImGui::PushID(id);
    const bool pressed =
        ImGui::ColorButton("##swatch", {color[0], color[1], color[2], 1},
                           ImGuiColorEditFlags_NoTooltip | ImGuiColorEditFlags_NoDragDrop, {side, side});
    if (!about.empty()) tooltip(about);
    ImGui::PopID();
    return pressed;
}

void take_color(Studio& studio, const std::array<float, 3>& color) {
    studio.invoke("paint.color", {{"red", color[0]}, {"green", color[1]}, {"blue", color[2]}});
}

}  // namespace

PaintPanel::PaintPanel()
    : Panel("Paint", ICON_FA_PAINTBRUSH, "Tools that paint on the avatar, the brush and its color.") {}

void PaintPanel::draw(Studio& studio) {
    if (!studio.document().has_avatar()) {
        empty_state(ICON_FA_PAINTBRUSH, "Nothing to paint on", needs_avatar_text(studio));
        return;
    }
    draw_tools(studio);
    ImGui::Spacing();
    draw_colors(studio);
    draw_brush(studio);
}

void PaintPanel::draw_tools(Studio& studio) {
    const PaintTool now = studio.paint().tool();
    const float room = ImGui::GetContentRegionAvail().x, gap = px(1), side = ImGui::GetFrameHeight();
    const int columns = std::max(3, int((room + gap) / (side + gap)));
    for (std::size_t i = 0; i < tools.size(); ++i) {
        if (i % std::size_t(columns) != 0) ImGui::SameLine(0, gap);
        const char* const name = paint_tool_names[std::size_t(tools[i].tool)];
        if (icon_button(name, tools[i].icon, now == tools[i].tool, tools[i].about))
            studio.invoke("paint.tool", {{"tool", name}});
    }
    const PaintLayer* const layer = paint_layer(*studio.document().avatar().paint, studio.paint().selected());
    if (now == PaintTool::select)
        note("Choose a tool and drag on the head.");
    else if (!layer || !is_paintable(*layer))
        note("Painting makes a new layer.");
    else
        note("On '" + layer->name + "'" + (studio.paint().on_mask() ? ", its mask." : "."));
    if (!studio.canvas().shown()) command_button(studio, "panel.canvas", {}, ICON_FA_MAP "  Open the canvas");
}

void PaintPanel::draw_colors(Studio& studio) {
    if (!section("Color")) return;
    PaintService& paint = studio.paint();
    std::array<float, 3> color = paint.brush().color;
    const float room = ImGui::GetContentRegionAvail().x;
    ImGui::SetNextItemWidth(room);
    if (ImGui::ColorEdit3("##color", color.data(), ImGuiColorEditFlags_DisplayHex | ImGuiColorEditFlags_NoTooltip))
        paint.set_color(color, false);
    tooltip("The color that is painted with, sRGB; a click on it opens a picker.");
    const float side = px(20), gap = px(4);
    const int columns = std::max(4, int((room + gap) / (side + gap)));
    const auto row = [&](const char* id, std::size_t count, auto&& of) {
        ImGui::PushID(id);
        for (std::size_t i = 0; i < count; ++i) {
            if (i % std::size_t(columns) != 0) ImGui::SameLine(0, gap);
            const NamedColor named = of(i);
            if (swatch(std::to_string(i).c_str(), named.color, side, named.name)) take_color(studio, named.color);
        }
        ImGui::PopID();
    };
    const auto& person = paint.person_colors();
    row("person", person.size(), [&](std::size_t i) { return person[i]; });
    const auto recent = paint.recent_colors();
    if (!recent.empty()) ImGui::Separator();
    row("recent", recent.size(), [&](std::size_t i) { return NamedColor{"Used before.", recent[i]}; });
}

void PaintPanel::draw_brush(Studio& studio) {
    if (!section("Brush")) return;
    BrushOptions& brush = studio.paint().brush();
    const BrushOptions usual;
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(ImGui::GetStyle().ItemSpacing.x, px(3)));
    const auto number = [&](const char* name, SliderSpec spec, float value, double unit = 1) {
        spec.label = readable(name);
        if (slider(studio, name, spec, value)) studio.invoke("paint.brush", {{name, double(value) * unit}});
    };
    number("size",
           {.low = 0.5f,
            .high = 80,
            .fallback = usual.size * 1000,
            .format = "%.1f",
            .unit = " mm",
            .about = "Across, on the skin; [ and ] change it.",
            .logarithmic = true},
           brush.size * 1000);
    number("hardness", {.fallback = usual.hardness, .about = "Share of the brush that covers in full."},
           brush.hardness);
    number("opacity", {.fallback = usual.opacity, .about = "The most that a stroke covers."}, brush.opacity);
    number("flow", {.low = 0.01f, .fallback = usual.flow, .about = "What each dab adds of what is missing."},
           brush.flow);
    number("spacing", {.low = 0.02f, .high = 1, .fallback = usual.spacing, .about = "From dab to dab, by the size."},
           brush.spacing);
    number("stabiliser",
           {.low = 0,
            .high = 100,
            .format = "%.0f",
            .unit = " px",
            .about = "Draws the brush behind the pointer on a string of that length."},
           brush.stabiliser);
    const bool fills = studio.paint().tool() == PaintTool::fill;
    if (fills && !studio.paint().fill_region)
        number("tolerance",
               {.low = 0.005f,
                .high = 0.5f,
                .fallback = 0.08f,
                .format = "%.3f",
                .about = "How different a color a fill takes; 1 is from black to white."},
               studio.paint().tolerance);
    ImGui::PopStyleVar();
    if (fills) draw_fill(studio);
    const auto flag = [&](const char* name, const char* label, bool on, const char* about) {
        if (toggle_button(label, on, about)) studio.invoke("paint.brush", {{name, !on}});
    };
    flag("symmetric", ICON_FA_ARROWS_LEFT_RIGHT "  Both sides", brush.symmetric,
         "Paints the other side of the face as well.");
    draw_pen(studio);
    if (studio.paint().tool() == PaintTool::gradient) {
        ImGui::SameLine();
        flag("radial", "Round", studio.paint().radial, "Gradients go round about where they begin.");
    }
}

// What a pen's pressure and tilt change.
void PaintPanel::draw_pen(Studio& studio) {
    const BrushOptions& brush = studio.paint().brush();
    const auto box = [&](const char* label, const char* name, bool on, const char* about) {
        if (ImGui::Checkbox(label, &on)) studio.invoke("paint.brush", {{name, on}});
        tooltip(about);
    };
    ImGui::AlignTextToFramePadding();
    ImGui::TextUnformatted("Pen");
    tooltip(studio.paint().pen().pen ? "A pen is in use." : "No pen is in use; a mouse presses in full.");
    ImGui::SameLine();
    box("Size##pressure", "pressure_size", brush.pressure_size, "A pen's pressure changes the brush's size.");
    ImGui::SameLine();
    box("Flow##pressure", "pressure_flow", brush.pressure_flow, "A pen's pressure changes the flow.");
    ImGui::SameLine();
    box("Tilt", "tilt", brush.tilt, "A pen that leans draws longer, narrower dabs.");
    if (!brush.pressure_size && !brush.pressure_flow) return;
    float curve = brush.pressure_curve;
    if (slider(studio, "pressure_curve",
               {.label = "Pressure curve",
                .low = 0.2f,
                .high = 5,
                .fallback = 1,
                .format = "%.2f",
                .about = "Above 1 a light touch does less, below 1 it does more.",
                .logarithmic = true},
               curve))
        studio.invoke("paint.brush", {{"pressure_curve", double(curve)}});
}

// What a fill takes: what is alike in color where one clicks, or a region by its name.
void PaintPanel::draw_fill(Studio& studio) {
    const PaintService& paint = studio.paint();
    const auto title_of = [](const std::optional<FaceRegion>& region) {
        return region ? face_region_names[std::size_t(*region)].title : "Similar color";
    };
    const float room = ImGui::GetContentRegionAvail().x, gap = px(4);
    const float button_width = ImGui::CalcTextSize("Fill").x + 2 * px(14);
    ImGui::SetNextItemWidth(paint.fill_region ? room - button_width - gap : room);
    if (ImGui::BeginCombo("##region", title_of(paint.fill_region))) {
        const auto choice = [&](const std::optional<FaceRegion>& region, const char* name) {
            if (ImGui::Selectable(title_of(region), region == paint.fill_region))
                studio.invoke("paint.brush", {{"region", name}});
        };
        choice(std::nullopt, "");
        ImGui::Separator();
        for (std::size_t i = 0; i < face_region_count; ++i) choice(FaceRegion(i), face_region_names[i].name);
        ImGui::EndCombo();
    }
    tooltip("What a fill takes: what is alike in color around the place clicked, or a region of the head.");
    if (paint.fill_region) {
        ImGui::SameLine(0, gap);
        if (button("Fill", ButtonStyle::normal, "Fills the region; so does a click on the head.", button_width))
            studio.invoke("paint.fill", {{"region", face_region_names[std::size_t(*paint.fill_region)].name}});
    }
    if (paint.work().working()) note("Filling...");
}

}  // namespace likeness::ui
