#include "ui/theme.h"

#include <implot.h>

#include <cfloat>

#include "core/base/paths.h"

namespace likeness::ui {
namespace {

constexpr float text_size = 15;

Palette current;
float current_scale = 1;
ImFont* fonts[2] = {};

constexpr ImVec4 rgb(unsigned hex, float alpha = 1) {
    return {float(hex >> 16 & 255) / 255.0f, float(hex >> 8 & 255) / 255.0f, float(hex & 255) / 255.0f, alpha};
}

constexpr Palette dark = {.accent = rgb(0xE5825F),
                          .accent_strong = rgb(0xF29874),
                          .on_accent = rgb(0x1C1210),
                          .good = rgb(0x6FBF8B),
                          .warning = rgb(0xE3B457),
                          .bad = rgb(0xE5636A),
                          .info = rgb(0x6CA8DC),
                          .text = rgb(0xDEE1E6),
                          .dim = rgb(0x969CA7),
                          .faint = rgb(0x62676F),
                          .panel = rgb(0x25272C),
                          .well = rgb(0x1D1F23),
                          .raised = rgb(0x363A41),
                          .line = rgb(0x15161A),
                          .fill = rgb(0x55606F),
                          .curve = {rgb(0xE5825F), rgb(0x6CA8DC), rgb(0x6FBF8B), rgb(0xC7A0DC)},
                          .viewport = rgb(0x33363B)};

constexpr Palette light = {.accent = rgb(0xC7552C),
                           .accent_strong = rgb(0xAD4520),
                           .on_accent = rgb(0xFFFFFF),
                           .good = rgb(0x2F8F57),
                           .warning = rgb(0xA86F0B),
                           .bad = rgb(0xC0343D),
                           .info = rgb(0x2C6EA8),
                           .text = rgb(0x24272C),
                           .dim = rgb(0x626973),
                           .faint = rgb(0xA3A8B0),
                           .panel = rgb(0xF3F4F6),
                           .well = rgb(0xE3E6EA),
                           .raised = rgb(0xFFFFFF),
                           .line = rgb(0xC9CDD3),
                           .fill = rgb(0xB9C4D2),
                           .curve = {rgb(0xC7552C), rgb(0x2C6EA8), rgb(0x2F8F57), rgb(0x8351A8)},
                           .viewport = rgb(0xD9DCE1)};

ImVec4 mix(const ImVec4& a, const ImVec4& b, float t) {
    return {a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t, a.z + (b.z - a.z) * t, a.w + (b.w - a.w) * t};
}
ImVec4 faded(ImVec4 color, float alpha) {
    color.w = alpha;
    return color;
}

void set_colors(bool is_light) {
    const Palette& p = current;
    ImGuiStyle& style = ImGui::GetStyle();
    if (is_light)
        ImGui::StyleColorsLight();
    else
        ImGui::StyleColorsDark();
    ImVec4* c = style.Colors;
    const ImVec4 bar = is_light ? rgb(0xE7E9ED) : rgb(0x1B1D21);
    c[ImGuiCol_Text] = p.text;
    c[ImGuiCol_TextDisabled] = p.dim;
    c[ImGuiCol_WindowBg] = p.panel;
    c[ImGuiCol_ChildBg] = faded(p.panel, 0);
    c[ImGuiCol_PopupBg] = is_light ? rgb(0xFBFBFC) : rgb(0x2B2E34);
    c[ImGuiCol_Border] = is_light ? rgb(0xCFD3D9) : rgb(0x3A3E45);
    c[ImGuiCol_BorderShadow] = {};
    c[ImGuiCol_FrameBg] = is_light ? rgb(0xE1E4E9) : rgb(0x34383F);
    c[ImGuiCol_FrameBgHovered] = is_light ? rgb(0xD7DBE1) : rgb(0x3E434B);
    c[ImGuiCol_FrameBgActive] = is_light ? rgb(0xCDD3DB) : rgb(0x464C55);
    c[ImGuiCol_TitleBg] = c[ImGuiCol_TitleBgActive] = c[ImGuiCol_TitleBgCollapsed] = bar;
    c[ImGuiCol_MenuBarBg] = bar;
    c[ImGuiCol_ScrollbarBg] = {};
    c[ImGuiCol_ScrollbarGrab] = is_light ? rgb(0xBFC5CD) : rgb(0x464B54);
    c[ImGuiCol_ScrollbarGrabHovered] = is_light ? rgb(0xA9B1BB) : rgb(0x565C66);
    c[ImGuiCol_ScrollbarGrabActive] = is_light ? rgb(0x98A1AC) : rgb(0x646B76);
    c[ImGuiCol_CheckMark] = p.accent;
    c[ImGuiCol_SliderGrab] = p.accent;
    c[ImGuiCol_SliderGrabActive] = p.accent_strong;
    c[ImGuiCol_Button] = is_light ? rgb(0xDFE3E8) : rgb(0x3A3F47);
    c[ImGuiCol_ButtonHovered] = is_light ? rgb(0xD2D7DE) : rgb(0x474D57);
    c[ImGuiCol_ButtonActive] = is_light ? rgb(0xC5CCD5) : rgb(0x525965);
    c[ImGuiCol_Header] = faded(p.accent, is_light ? 0.18f : 0.24f);
    c[ImGuiCol_HeaderHovered] = is_light ? rgb(0xDDE1E7) : rgb(0x3A3F47);
    c[ImGuiCol_HeaderActive] = faded(p.accent, 0.34f);
    c[ImGuiCol_Separator] = is_light ? rgb(0xCDD2D9) : rgb(0x16171A);
    c[ImGuiCol_SeparatorHovered] = faded(p.accent, 0.6f);
    c[ImGuiCol_SeparatorActive] = p.accent;
    c[ImGuiCol_ResizeGrip] = {};
    c[ImGuiCol_ResizeGripHovered] = faded(p.accent, 0.5f);
    c[ImGuiCol_ResizeGripActive] = p.accent;
    c[ImGuiCol_Tab] = bar;
    c[ImGuiCol_TabHovered] = mix(p.panel, p.text, 0.08f);
    c[ImGuiCol_TabSelected] = p.panel;
    c[ImGuiCol_TabSelectedOverline] = p.accent;
    c[ImGuiCol_TabDimmed] = bar;
    c[ImGuiCol_TabDimmedSelected] = p.panel;
    c[ImGuiCol_TabDimmedSelectedOverline] = faded(p.accent, 0);
    c[ImGuiCol_DockingPreview] = faded(p.accent, 0.45f);
    c[ImGuiCol_DockingEmptyBg] = is_light ? rgb(0xDCDFE4) : rgb(0x17181B);
    c[ImGuiCol_PlotLines] = p.accent;
    c[ImGuiCol_PlotHistogram] = p.accent;
    c[ImGuiCol_TableHeaderBg] = is_light ? rgb(0xE6E9ED) : rgb(0x2C2F35);
    c[ImGuiCol_TableBorderStrong] = c[ImGuiCol_TableBorderLight] = c[ImGuiCol_Border];
    c[ImGuiCol_TableRowBgAlt] = faded(p.text, 0.025f);
    c[ImGuiCol_TextSelectedBg] = faded(p.accent, 0.35f);
    c[ImGuiCol_DragDropTarget] = p.accent;
    c[ImGuiCol_NavCursor] = p.accent;
    c[ImGuiCol_ModalWindowDimBg] = is_light ? rgb(0x60656D, 0.35f) : rgb(0x08090B, 0.55f);
    c[ImGuiCol_UnsavedMarker] = p.accent;
}

void set_shapes() {
    ImGuiStyle& style = ImGui::GetStyle();
    style.WindowPadding = {10, 10};
    style.FramePadding = {8, 5};
    style.CellPadding = {6, 4};
    style.ItemSpacing = {8, 6};
    style.ItemInnerSpacing = {6, 4};
    style.IndentSpacing = 14;
    style.ScrollbarSize = 11;
    style.GrabMinSize = 10;
    style.WindowBorderSize = 1;
    style.ChildBorderSize = 0;
    style.PopupBorderSize = 1;
    style.FrameBorderSize = 0;
    style.TabBorderSize = 0;
    style.TabBarBorderSize = 0;
    style.TabBarOverlineSize = 2;
    style.WindowRounding = 6;
    style.ChildRounding = 5;
    style.FrameRounding = 4;
    style.PopupRounding = 6;
    style.ScrollbarRounding = 6;
    style.GrabRounding = 3;
    style.TabRounding = 4;
    style.DockingSeparatorSize = 2;
    style.TabMinWidthShrink = 40;              // tabs lose the ends of their names before they go behind arrows
    style.TabCloseButtonMinWidthSelected = 0;  // a cross on the tab in front, under the pointer
    style.WindowMenuButtonPosition = ImGuiDir_None;
    style.WindowTitleAlign = {0, 0.5f};
    style.SeparatorTextBorderSize = 1;
    style.SeparatorTextPadding = {0, 4};
    style.DisabledAlpha = 0.45f;
    style.HoverDelayNormal = 0.45f;
    style.HoverDelayShort = 0.2f;
    style.HoverFlagsForTooltipMouse =
        ImGuiHoveredFlags_Stationary | ImGuiHoveredFlags_DelayNormal | ImGuiHoveredFlags_AllowWhenDisabled;
    style.CircleTessellationMaxError = 0.2f;
}

}  // namespace

const Palette& palette() { return current; }
float px(float units) { return units * current_scale; }
ImU32 u32(const ImVec4& color, float alpha) {
    return ImGui::ColorConvertFloat4ToU32({color.x, color.y, color.z, color.w * alpha * ImGui::GetStyle().Alpha});
}
ImFont* regular_font() { return fonts[0]; }
ImFont* medium_font() { return fonts[1]; }

void apply_theme(const ThemeOptions& options) {
    current = options.light ? light : dark;
    current_scale = options.scale;
    ImGuiStyle& style = ImGui::GetStyle();
    style = ImGuiStyle();
    set_shapes();
    set_colors(options.light);
    style.ScaleAllSizes(options.scale);
    style.FontSizeBase = text_size;
    style.FontScaleMain = options.scale;

    ImPlotStyle& plot = ImPlot::GetStyle();
    plot = ImPlotStyle();
    plot.PlotPadding = {px(6), px(6)};
    plot.LabelPadding = {px(4), px(3)};
    plot.LegendPadding = {px(8), px(6)};
    plot.PlotBorderSize = 0;
    plot.FitPadding = {0, 0.08f};  // a curve's highest point is not cut off
    plot.MinorAlpha = 0.2f;
    plot.PlotMinSize = {px(80), px(60)};
    plot.Colors[ImPlotCol_FrameBg] = {};
    plot.Colors[ImPlotCol_PlotBg] = current.well;
    plot.Colors[ImPlotCol_PlotBorder] = {};
    plot.Colors[ImPlotCol_AxisGrid] = {current.dim.x, current.dim.y, current.dim.z, 0.25f};
    plot.Colors[ImPlotCol_AxisText] = current.dim;
    plot.Colors[ImPlotCol_LegendBg] = {};
    plot.Colors[ImPlotCol_LegendBorder] = {};
}

Status load_fonts() {
    const auto regular = find_asset("Roboto-Regular.ttf"), medium = find_asset("Roboto-Medium.ttf"),
               icons = find_asset("Font_Awesome_6_Free-Solid-900.otf");
    if (!regular) return regular.error();
    if (!medium) return medium.error();
    if (!icons) return icons.error();
    ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
    const std::filesystem::path text[2] = {*regular, *medium};
    for (int i = 0; i < 2; ++i) {
        ImFontConfig config;
        config.OversampleH = 2;
        fonts[i] = atlas.AddFontFromFileTTF(text[i].c_str(), text_size, &config);
        ImFontConfig merged;
        merged.MergeMode = true;
        merged.GlyphMinAdvanceX = 16;  // icons stand in one column
        merged.GlyphOffset = {0, 0};
        merged.ExtraSizeScale = 0.86f;
        atlas.AddFontFromFileTTF(icons->c_str(), text_size, &merged);
    }
    ImGui::GetIO().FontDefault = fonts[0];
    return {};
}

}  // namespace likeness::ui
