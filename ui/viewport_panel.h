// The avatar, large: navigation, what is drawn, comparison with the photograph, the point under the pointer.
#pragma once

#include <numbers>

#include "ui/joint_gizmo.h"
#include "ui/paint_pointer.h"
#include "ui/panel.h"
#include "ui/viewport_output.h"

namespace likeness::ui {

inline constexpr float pi = std::numbers::pi_v<float>;

class ViewportPanel : public Panel {
  public:
    explicit ViewportPanel(ViewportOutput& output);
    void draw(Studio& studio) override;
    bool wants_padding() const override { return false; }

    // What the last click hit; nothing unless ViewState::name_points.
    const std::optional<PickedInfo>& picked() const { return picked_; }
    // Turns to a view within a moment.
    void turn_to(Studio& studio, float yaw, float pitch);
    bool turning() const { return turn_left_ > 0; }
    bool noting() const { return note_left_ > 0; }  // says something for a moment
    const JointGizmo& gizmo() const { return gizmo_; }

  private:
    class Sight;
    void share_pointer(Studio& studio, const Sight& sight, bool hovered);
    void navigate(Studio& studio, const ImVec2& from, const ImVec2& size);
    void continue_turn(Studio& studio);
    void note_end_of_comparison(const ViewState& view, const ImVec2& from, const ImVec2& size);

    ViewportOutput& output_;
    std::optional<PickedInfo> picked_;
    std::uint64_t document_ = 0;
    JointGizmo gizmo_;
    PaintPointer paint_;
    bool dragged_ = false, wiping_ = false, compared_ = false;
    float note_left_ = 0, turn_left_ = 0, turn_yaw_ = 0, turn_pitch_ = 0;
};

}  // namespace likeness::ui
