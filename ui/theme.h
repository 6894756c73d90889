// Colors, spacing and fonts of the interface, in a dark and a light version.
#pragma once

#include <imgui.h>

#include <string>

#include "core/base/result.h"

namespace likeness::ui {

// What Dear ImGui's own style has no name for.
struct Palette {
    ImVec4 accent, accent_strong, on_accent;  // what can be done next; text on it
    ImVec4 good, warning, bad, info;
    ImVec4 text, dim, faint;           // words, side remarks, what is switched off
    ImVec4 panel, well, raised, line;  // a panel's ground, something let into it, something on it, edges
    ImVec4 fill;                       // a slider's filled part
    ImVec4 curve[4];                   // of plots
    ImVec4 viewport;                   // default background, as RGB
};
const Palette& palette();

struct ThemeOptions {
    bool light = false;
    float scale = 1;  // pixels of a unit: the display's scale times the text's
};
// Sets Dear ImGui's and ImPlot's style. Cheap; call again after a change.
void apply_theme(const ThemeOptions& options);

// Loads Roboto and Font Awesome once. Error: not_found (the assets).
Status load_fonts();
ImFont* regular_font();
ImFont* medium_font();

// Units to pixels at the present scale.
float px(float units);
ImU32 u32(const ImVec4& color, float alpha = 1);

}  // namespace likeness::ui
