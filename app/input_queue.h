// Input that comes faster than frames are drawn.
//
// Dear ImGui takes as many queued events into a frame as it can tell apart, and leaves the others for the next frames.
// That is too many for what looks at the keys that went down in this frame (only the first of two would count, and Ctrl
// that is let go after the key would be missing), and for what must have seen the pointer before it is clicked.
#pragma once

#include <imgui_internal.h>

#include <vector>

namespace likeness {

class InputQueue {
  public:
    // Before ImGui::NewFrame(): keeps back what has to wait for another frame. A frame has one press; the frame after
    // it has none, so that a text field or a menu that it opens is there for the next, unless a text is being typed; a
    // change of Ctrl, Shift or Alt waits for the frame after a press; a button that goes down or up waits for the frame
    // after a movement.
    void before_frame();
    // After ImGui::NewFrame().
    void after_frame();
    // Events wait: more frames are owed.
    static bool waiting();

  private:
    std::vector<ImGuiInputEvent> kept_;
    bool pressed_ = false;  // in the last frame
};

}  // namespace likeness
