#include "ui/joint_gizmo.h"

#include <ImGuizmo.h>

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/geometry/clip_space.h"
#include "ui/theme.h"

namespace likeness::ui {
namespace {

constexpr float degrees = 180 / std::numbers::pi_v<float>;

Eigen::Vector3f axis_angle(const Eigen::Matrix3f& rotation) {
    const Eigen::AngleAxisf turn(rotation);
    return turn.angle() * turn.axis();
}

void use_colours() {
    ImGuizmo::Style& style = ImGuizmo::GetStyle();
    style.RotationLineThickness = px(2.5f);
    style.RotationOuterLineThickness = px(2);
    style.Colors[ImGuizmo::DIRECTION_X] = palette().bad;
    style.Colors[ImGuizmo::DIRECTION_Y] = palette().good;
    style.Colors[ImGuizmo::DIRECTION_Z] = palette().info;
    style.Colors[ImGuizmo::SELECTION] = palette().accent_strong;
    style.Colors[ImGuizmo::ROTATION_USING_FILL] = palette().accent;
    style.Colors[ImGuizmo::ROTATION_USING_FILL].w = 0.35f;
    style.Colors[ImGuizmo::ROTATION_USING_BORDER] = palette().accent;
}

}  // namespace

void JointGizmo::draw(Studio& studio, const Camera& camera, const ImVec2& from, const ImVec2& size) {
    const auto let_go = [&] {
        if (held_) studio.end_gesture();
        hovered_ = held_ = false;
    };
    const std::string& name = studio.view().gizmo;
    if (name.empty() || !studio.document().has_avatar() || camera.width <= 0) return let_go();
    const Avatar& avatar = studio.document().avatar();
    const int joint = avatar.model->joint(name);
    if (joint < 0) return let_go();
    if (model_ != avatar.model) {
        model_ = avatar.model;
        joints_ = vertex_subset(*model_, {});
    }
    const HeadPose pose = studio.shown_pose();
    PersonalHead person = personalise(joints_, {});
    person.joint_position = avatar.head().joint_position;
    const PosedHead posed = pose_head(joints_, person, pose);
    const std::size_t j = std::size_t(joint);
    const int parent = model_->joint_parent[j];
    Eigen::Matrix3f above = Eigen::Matrix3f::Identity();
    if (parent >= 0) above = posed.joint_transforms[std::size_t(parent)].linear();

    Eigen::Matrix4f matrix = Eigen::Matrix4f::Identity();
    matrix.topLeftCorner<3, 3>() = posed.joint_transforms[j].linear();
    matrix.topRightCorner<3, 1>() = posed.joint_transforms[j] * Eigen::Vector3f(person.joint_position.col(joint));
    const Eigen::Matrix4f view = opengl_view(camera), projection = opengl_projection(camera);
    ImGuizmo::BeginFrame();
    ImGuizmo::SetOrthographic(false);
    ImGuizmo::SetDrawlist();
    ImGuizmo::SetRect(from.x, from.y, size.x, size.y);
    ImGuizmo::SetGizmoSizeClipSpace(name.rfind("eye", 0) == 0 ? 0.12f : 0.22f);
    use_colours();
    const bool turned =
        ImGuizmo::Manipulate(view.data(), projection.data(), ImGuizmo::ROTATE, ImGuizmo::LOCAL, matrix.data());
    hovered_ = ImGuizmo::IsOver();
    const bool holds = ImGuizmo::IsUsing();
    if (holds && !held_) studio.begin_gesture();
    if (turned) {
        // What expressions turn (jawOpen the jaw, the gaze the eyes) stays theirs.
        const Eigen::Vector3f by_controls = model_->control_joint.middleRows(3 * joint, 3) * pose.controls;
        const Eigen::Matrix3f local = above.transpose() * matrix.topLeftCorner<3, 3>();
        const Eigen::Vector3f own = (axis_angle(local) - by_controls) * degrees;
        studio.invoke("pose.set_joint", {{"joint", name},
                                         {"x", std::clamp(own.x(), -180.0f, 180.0f)},
                                         {"y", std::clamp(own.y(), -180.0f, 180.0f)},
                                         {"z", std::clamp(own.z(), -180.0f, 180.0f)}});
    }
    if (held_ && !holds) studio.end_gesture();
    held_ = holds;
}

}  // namespace likeness::ui
