// Everything that is drawn in a frame: menu bar, panels in their dock, status bar, dialogs, palette, welcome page.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/studio/studio.h"
#include "ui/command_palette.h"
#include "ui/dialogs.h"
#include "ui/panel.h"
#include "ui/panel_layout.h"
#include "ui/preparation_view.h"
#include "ui/shortcuts.h"
#include "ui/viewport_output.h"
#include "ui/viewport_panel.h"
#include "ui/welcome.h"

namespace likeness::ui {

class Interface {
  public:
    Interface(Studio& studio, ViewportOutput& output);
    ~Interface();

    // Between NewFrame and Render.
    void draw();
    // Seconds from the last frame to the next one although nothing happens.
    double next_frame_in() const;
    // A file was dropped on the window.
    void drop(const std::filesystem::path& file);

    ViewportPanel& viewport() { return *viewport_; }
    CommandPalette& command_palette() { return command_palette_; }
    ShortcutSheet& shortcut_sheet() { return shortcut_sheet_; }
    Dialogs& dialogs() { return dialogs_; }
    // With a command that shows it; closed when it was so at the last end. Precondition: no other has its name.
    Panel& add_panel(std::unique_ptr<Panel> panel);
    // Brings a panel to the front; false when there is none of that name.
    bool show_panel(const std::string& name);
    void reset_layout();
    // Before NewFrame: see PanelLayout::fit.
    void fit(float width, float height, float scale);
    // All but the viewport, until the next call or a panel is asked for.
    void hide_panels(bool on);
    bool panels_hidden() const { return hidden_; }
    PanelLayout& layout() { return layout_; }
    const std::vector<std::unique_ptr<Panel>>& panels() const { return panels_; }

  private:
    void add_commands();
    void draw_menu_bar();
    void draw_dock();
    void show_driver();
    bool draw_panel(Panel& panel);
    void draw_panels();
    void remember_panels();
    void draw_status_bar();
    template <class P, class... A>
    P& add(A&&... arguments) {
        return static_cast<P&>(add_panel(std::make_unique<P>(std::forward<A>(arguments)...)));
    }

    Studio& studio_;
    ViewportOutput& output_;
    std::vector<std::unique_ptr<Panel>> panels_;  // in the order of the View menu
    ViewportPanel* viewport_ = nullptr;
    Welcome welcome_;
    PreparationView preparation_;
    Dialogs dialogs_;
    CommandPalette command_palette_;
    ShortcutSheet shortcut_sheet_;
    PanelLayout layout_;
    bool hidden_ = false;
    std::vector<std::string> front_;  // panels to bring to the front, one a frame
    int frames_until_front_ = 0;
    int driver_job_ = 0;  // that was seen last
};

}  // namespace likeness::ui
