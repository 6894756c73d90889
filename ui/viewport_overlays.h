// What is drawn over the viewport's picture. `from` is the picture's upper left corner on the screen, `size` its size
// there.
#pragma once

#include <imgui.h>

#include "core/studio/studio.h"
#include "ui/viewport_output.h"

namespace likeness::ui {

// The 478 landmarks on the head as it is posed.
void draw_landmarks(const Studio& studio, const ViewportOutput& output, const ImVec2& from);
// A ring at the picked point, its region and place.
void draw_pick(const PickedInfo& picked, const ViewportOutput& output, const ImVec2& from);
// The line between photograph and avatar, which can be dragged; true while it is.
bool draw_wipe(ViewState& view, const ImVec2& from, const ImVec2& size);
// What lies left and right of that line, or of the middle.
void draw_comparison_labels(float x, const ImVec2& from, const ImVec2& size);
// A sentence for a moment, at the lower edge.
void draw_note(const char* words, const ImVec2& from, const ImVec2& size);
// Pictures a second, and the milliseconds of each stage.
void draw_statistics(const ViewportStatistics& statistics, const ImVec2& from, const ImVec2& size);
// How far a document is that is being made, or why it could not be.
void draw_document_state(Studio& studio, const ImVec2& from, const ImVec2& size);

}  // namespace likeness::ui
