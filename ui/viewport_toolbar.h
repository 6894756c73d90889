// The buttons and menus over the viewport: what is drawn, the background, directions to look from, joints, comparison.
#pragma once

#include <imgui.h>

#include "core/studio/studio.h"
#include "ui/viewport_output.h"

namespace likeness::ui {

class ViewportPanel;

// Begins at `from` on the screen; with little `room` (a width) its menus are icons alone. Its lower right corner.
ImVec2 viewport_toolbar(Studio& studio, const ViewportOutput& output, ViewportPanel& panel, const ImVec2& from,
                        float room);

}  // namespace likeness::ui
