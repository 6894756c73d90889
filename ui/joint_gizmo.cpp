#include "ui/joint_gizmo.h"

#include <ImGuizmo.h>

#include <glm/gtc/quaternion.hpp>

#include "core/view/glm.h"
#include "ui/theme.h"

namespace likeness::ui {
namespace {

// Of at most half a turn.
glm::vec3 axis_angle(const glm::mat3& rotation) {
    const glm::quat turn = glm::quat_cast(rotation);
    const glm::quat shorter = turn.w < 0 ? -turn : turn;
    return glm::angle(shorter) * glm::axis(shorter);
}

void use_colors() {
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
    const auto transform = [&](std::size_t i) { return to_glm(posed.joint_transforms[i].matrix()); };
    const glm::mat3 above = parent >= 0 ? glm::mat3(transform(std::size_t(parent))) : glm::mat3(1);

    glm::mat4 matrix = transform(j);
    matrix[3] = matrix * glm::vec4(to_glm(Eigen::Vector3f(person.joint_position.col(joint))), 1);
    const glm::mat4 view = opengl_view(camera), projection = opengl_projection(camera);
    ImGuizmo::BeginFrame();
    ImGuizmo::SetOrthographic(false);
    ImGuizmo::SetDrawlist();
    ImGuizmo::SetRect(from.x, from.y, size.x, size.y);
    ImGuizmo::SetGizmoSizeClipSpace(name.rfind("eye", 0) == 0 ? 0.12f : 0.22f);
    use_colors();
    const bool turned = ImGuizmo::Manipulate(glm::value_ptr(view), glm::value_ptr(projection), ImGuizmo::ROTATE,
                                             ImGuizmo::LOCAL, glm::value_ptr(matrix));
    hovered_ = ImGuizmo::IsOver();
    const bool holds = ImGuizmo::IsUsing();
    if (holds && !held_) studio.begin_gesture();
    if (turned) {
        // What expressions turn (jawOpen the jaw, the gaze the eyes) stays theirs.
        const Eigen::Vector3f by_controls = model_->control_joint.middleRows(3 * joint, 3) * pose.controls;
        const glm::vec3 turn = axis_angle(glm::transpose(above) * glm::mat3(matrix)) - to_glm(by_controls);
        const glm::vec3 own = glm::clamp(glm::degrees(turn), -180.0f, 180.0f);
        studio.invoke("pose.set_joint", {{"joint", name}, {"x", own.x}, {"y", own.y}, {"z", own.z}});
    }
    if (held_ && !holds) studio.end_gesture();
    held_ = holds;
}

}  // namespace likeness::ui
