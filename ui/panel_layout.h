// Where panels are docked. Large windows have panels at three sides of the viewport, small ones have all panels as tabs
// of one column; each arrangement is kept as it was left, and fits again when text, display or window have another
// size.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "ui/panel.h"

namespace likeness::ui {

class PanelLayout {
  public:
    PanelLayout();
    ~PanelLayout();
    PanelLayout(const PanelLayout&) = delete;
    PanelLayout& operator=(const PanelLayout&) = delete;

    // As Dear ImGui writes them, for large and for small windows; empty: as at first.
    using Texts = std::array<std::string, 2>;
    void load(Texts kept) { kept_ = std::move(kept); }
    Texts texts() const;

    // Before NewFrame: the window has so many pixels, and a unit (px) is `scale` of them. The tabs to bring to the
    // front.
    std::vector<std::string> fit(float width, float height, float scale);
    bool small() const { return small_; }
    void reset() { wanted_ = true; }  // the next draw() builds it as it was at first

    // The dock over the whole window; panels are docked by it when it is built. True when that happened.
    bool draw(const std::vector<std::unique_ptr<Panel>>& panels);
    // After that: the tabs to bring to the front.
    std::vector<std::string> first_in_front() const;
    // Has a place in the dock at first.
    static bool is_usual(const std::string& panel);

  private:
    std::vector<std::string> change_to(bool small);
    void place_canvas(unsigned dock, const Panel& panel);
    void build(unsigned dock, float width, float height, const std::vector<std::unique_ptr<Panel>>& panels) const;

    Texts kept_;
    bool small_ = false, wanted_ = false;
    bool canvas_homeless_ = false;  // the arrangement was built anew, without it
    float width_ = 0, height_ = 0;
    float scale_ = 0;       // 0: not known yet
    float read_scale_ = 0;  // that the text which was read last was written at
};

}  // namespace likeness::ui
