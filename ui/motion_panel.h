// A recorded expression track: play, loop, scrub, and its curves over time.
#pragma once

#include <imgui.h>

#include "ui/panel.h"

namespace likeness::ui {

class MotionPanel : public Panel {
  public:
    MotionPanel();
    void draw(Studio& studio) override;

  private:
    void draw_transport(Studio& studio);
    void draw_actions(Studio& studio);
    void draw_timeline(Studio& studio, float below);  // `below` is left for what follows
    void draw_range(Studio& studio, const ImVec2& from, const ImVec2& to, double duration);
    void draw_keys(Studio& studio);
    void draw_offset(Studio& studio);
    void gather(const MotionTrack& track);

    const MotionTrack* gathered_ = nullptr;
    struct Curve {
        std::string name;
        std::vector<float> values;  // at `samples` even times
    };
    std::vector<Curve> curves_;  // those that move most
    bool was_playing_ = false, scrubbing_ = false;
    double dragged_key_ = -1, dragged_to_ = 0;  // seconds; below 0: none is dragged
};

}  // namespace likeness::ui
