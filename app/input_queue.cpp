#include "app/input_queue.h"

#include <algorithm>

namespace likeness {
namespace {

bool is_modifier(ImGuiKey key) {
    return (key & ImGuiMod_Mask_) != 0 || (key >= ImGuiKey_LeftCtrl && key <= ImGuiKey_RightSuper);
}

bool is_press(const ImGuiInputEvent& event) {
    return event.Type == ImGuiInputEventType_MouseButton
               ? event.MouseButton.Down
               : event.Type == ImGuiInputEventType_Key && event.Key.Down && !is_modifier(event.Key.Key);
}

}  // namespace

void InputQueue::before_frame() {
    ImVector<ImGuiInputEvent>& queue = GImGui->InputEventsQueue;
    const bool typing = GImGui->IO.WantTextInput;
    bool pressed = false, moved = false;
    int taken = 0;
    for (; taken < queue.Size; ++taken) {
        const ImGuiInputEvent& event = queue[taken];
        if (moved && event.Type == ImGuiInputEventType_MouseButton) break;
        if (is_press(event)) {
            if (pressed || (pressed_ && !typing)) break;
            pressed = true;
        } else if (event.Type == ImGuiInputEventType_MousePos) {
            moved = true;
        } else if (pressed && event.Type == ImGuiInputEventType_Key && is_modifier(event.Key.Key)) {
            break;
        }
    }
    kept_.assign(queue.begin() + taken, queue.end());
    queue.resize(taken);
}

void InputQueue::after_frame() {
    const ImVector<ImGuiInputEvent>& seen = GImGui->InputEventsTrail;
    pressed_ = std::any_of(seen.begin(), seen.end(), is_press);
    for (const ImGuiInputEvent& event : kept_) GImGui->InputEventsQueue.push_back(event);
    kept_.clear();
}

bool InputQueue::waiting() { return GImGui->InputEventsQueue.Size > 0; }

}  // namespace likeness
