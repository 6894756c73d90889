// The foot of the window: what runs, with a bar and a way to end it; what is shown, and where it is computed.
#pragma once

#include "core/studio/studio.h"
#include "ui/viewport_output.h"

namespace likeness::ui {

class Interface;
void draw_status_bar(Studio& studio, ViewportOutput& output, Interface& interface);

}  // namespace likeness::ui
