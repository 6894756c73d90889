#include "core/avatar/avatar.h"

#include "core/geometry/uv_grid.h"
#include "core/head/mediapipe_landmarks.h"

namespace likeness {

void AnchoredSplats::resize(std::size_t n) {
    count = n;
    atlas.resize(n, Eigen::Vector2f::Zero());
    part.resize(n, SplatPart::skin);
    anchor.resize(n);
    resize_attributes(*this, n);
}

std::size_t content_bytes(const AnchoredSplats& splats, const BlockVisitor&) {
    return sizeof(AnchoredSplats) + splats.count * (gaussian_floats * sizeof(float) + sizeof(Eigen::Vector2f) +
                                                    sizeof(SplatPart) + sizeof(SurfacePoint));
}

void Avatar::prepare() { rest = make_rest_surface(model, person, identity_change, shells, rest.get()); }

bool Avatar::prepared() const {
    return rest && rest->model == model && rest->person == person && rest->change == identity_change &&
           rest->shells == shells;
}

void Avatar::add_expressions(const ExpressionBasis& own) {
    if (own.count() == 0) return;
    auto& expression = person.edit().expression;
    expression = std::make_shared<ExpressionBasis>(join(expression ? *expression : *model->expression, own));
}

ExpressionBasis Avatar::own_expressions() const {
    const ExpressionBasis& all = person->expression ? *person->expression : *model->expression;
    const Eigen::Index own = all.count() - model->expression->count();
    return {all.targets.rightCols(own), all.control_map.bottomRows(own)};
}

void Avatar::rebuild_anchors() {
    const UvGrid grid(uv(), triangle_uv(), 2);
    AnchoredSplats& all = splats.edit();
    all.anchor.resize(all.count);
    for (std::size_t i = 0; i < all.count; ++i) all.anchor[i] = grid.locate(all.atlas[i]);
}

Avatar as_fitted(Avatar avatar) {
    avatar.identity_change = {};
    if (!avatar.prepared()) avatar.prepare();
    return avatar;
}

Eigen::Vector2f atlas_position(const Avatar& avatar, const SurfacePoint& point) {
    const Eigen::Vector3i& c = avatar.triangle_uv()[std::size_t(point.triangle)];
    const std::vector<Eigen::Vector2f>& uv = avatar.uv();
    return uv[std::size_t(c[0])] * point.barycentric[0] + uv[std::size_t(c[1])] * point.barycentric[1] +
           uv[std::size_t(c[2])] * point.barycentric[2];
}

Eigen::Vector3f head_middle(const Avatar& avatar) {
    const HeadModel& model = *avatar.model;
    const std::vector<SurfacePoint>& points = model.landmarks(landmarks::scheme);
    Eigen::Vector3f ears = Eigen::Vector3f::Zero();
    if (points.empty()) {
        ears = avatar.head().joint_position.col(model.joints.head);  // it lies between them
    } else {
        for (const int i : {landmarks::right_ear, landmarks::left_ear})
            ears += 0.5f * surface_position(avatar.head().vertices, model.triangles, points[std::size_t(i)]);
    }
    const Eigen::Vector3f eyes = 0.5f * (avatar.head().joint_position.col(model.joints.eye_left) +
                                         avatar.head().joint_position.col(model.joints.eye_right));
    return 0.5f * (ears + eyes);
}

Camera default_camera(const Avatar& avatar, int width, int height) {
    constexpr float distance = 1.1f, image_height = 0.40f;
    Camera camera;
    camera.width = width;
    camera.height = height;
    camera.fx = camera.fy = float(height) * distance / image_height;
    camera.cx = float(width) / 2;
    camera.cy = float(height) / 2;
    const Eigen::Vector3f middle = head_middle(avatar);
    camera.world_to_camera = look_at(middle + Eigen::Vector3f(0, 0, distance), middle);
    return camera;
}

Vertices pose_shell(const HairShell& shell, const PosedHead& head) {
    Vertices posed(3, shell.vertices.cols());
    const Eigen::MatrixXf& weights = *shell.weights;
    for (Eigen::Index v = 0; v < posed.cols(); ++v) {
        Eigen::Vector3f sum = Eigen::Vector3f::Zero();
        for (std::size_t j = 0; j < head.joint_transforms.size(); ++j) {
            const float w = weights(Eigen::Index(j), v);
            if (w != 0) sum += w * (head.joint_transforms[j] * Eigen::Vector3f(shell.vertices.col(v)));
        }
        posed.col(v) = sum;
    }
    return posed;
}

Vertices pose_surface(const Avatar& avatar, const HeadPose& pose) {
    const PosedHead head = pose_head(*avatar.model, avatar.head(), pose);
    const Eigen::Index count = head.vertices.cols(), shell = avatar.hair().vertices.cols();
    if (shell == 0) return head.vertices;
    Vertices surface(3, count + shell);
    surface.leftCols(count) = head.vertices;
    surface.rightCols(shell) = pose_shell(avatar.hair(), head);
    return surface;
}

}  // namespace likeness
