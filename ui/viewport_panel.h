// The avatar, large: navigation, what is drawn, comparison with the photograph, the point under the pointer.
#pragma once

#include <filesystem>
#include <numbers>
#include <utility>
#include <vector>

#include "ui/joint_gizmo.h"
#include "ui/paint_pointer.h"
#include "ui/panel.h"
#include "ui/sticker_gizmo.h"
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
    const StickerGizmo& sticker_gizmo() const { return sticker_; }
    // A picture was dropped on the window: where the pointer is on the avatar it is for the skin.
    void drop(const std::filesystem::path& file) { dropped_.push_back(file); }
    // Those that were not dropped on the avatar.
    std::vector<std::filesystem::path> take_dropped() { return std::exchange(dropped_, {}); }

  private:
    class Sight;
    void share_pointer(Studio& studio, const Sight& sight, bool hovered);
    void navigate(Studio& studio, const ImVec2& from, const ImVec2& size);
    void continue_turn(Studio& studio);
    void take_drops(Studio& studio, const ImVec2& from, const ImVec2& size);
    void ask_about_drop(Studio& studio);
    void note_end_of_comparison(const ViewState& view, const ImVec2& from, const ImVec2& size);

    ViewportOutput& output_;
    std::optional<PickedInfo> picked_;
    std::uint64_t document_ = 0;
    JointGizmo gizmo_;
    PaintPointer paint_;
    StickerGizmo sticker_;
    std::vector<std::filesystem::path> dropped_;
    bool asks_about_drop_ = false;
    bool dragged_ = false, wiping_ = false, compared_ = false;
    float note_left_ = 0, turn_left_ = 0, turn_yaw_ = 0, turn_pitch_ = 0;
};

}  // namespace likeness::ui
