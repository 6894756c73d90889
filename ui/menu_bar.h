// The menus: every command of the registry has its place, files that were open, panels.
#pragma once

#include "core/studio/studio.h"

namespace likeness::ui {

class Interface;
class ViewportOutput;
void draw_menu_bar(Studio& studio, const ViewportOutput& output, Interface& interface);

}  // namespace likeness::ui
