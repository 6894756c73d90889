#include "core/motion/face_shape.h"

#include <algorithm>
#include <map>

#include "core/geometry/rotation.h"
#include "core/head/mediapipe_landmarks.h"

namespace likeness {
namespace {

// What the landmark detector leaves of an eye's opening when it is closed, over the eye's width; measured on closed
// eyes of four videos.
constexpr float closed_opening = 0.035f;

constexpr Eigen::Index shape_points = Eigen::Index(face_shape_landmarks.size());

}  // namespace

FaceShape mixed(const FaceShape& a, const FaceShape& b, float share_of_b) {
    const float keep = 1 - share_of_b;
    FaceShape result;
    result.points = a.points * keep + b.points * share_of_b;
    result.left_lids = a.left_lids * keep + b.left_lids * share_of_b;
    result.right_lids = a.right_lids * keep + b.right_lids * share_of_b;
    result.lips = a.lips * keep + b.lips * share_of_b;
    return result;
}

bool FaceRuler::usable(const HeadModel& model) {
    return model.landmarks(landmarks::scheme).size() == std::size_t(landmarks::count);
}

FaceRuler::FaceRuler(const HeadModel& model, const PersonalHead& person) : number_(landmarks::count, -1) {
    const auto use = [&](int landmark) {
        int& number = number_[std::size_t(landmark)];
        if (number >= 0) return;
        number = int(used_.size());
        used_.push_back(landmark);
    };
    for (const int landmark : face_shape_landmarks) use(landmark);
    const auto use_pairs = [&](const auto& pairs) {
        for (const landmarks::Closure& pair : pairs) {
            use(pair.upper);
            use(pair.lower);
        }
    };
    use_pairs(landmarks::left_lids);
    use_pairs(landmarks::right_lids);
    use_pairs(landmarks::lips);
    for (const auto& eye : {landmarks::left_eye, landmarks::right_eye}) {
        use(eye[0]);
        use(eye[8]);
    }

    const std::vector<SurfacePoint>& on_head = model.landmarks(landmarks::scheme);
    std::vector<int> kept;
    std::map<int, int> place;  // of a vertex in `kept`
    corner_.resize(3, Eigen::Index(used_.size()));
    weight_.resize(3, Eigen::Index(used_.size()));
    for (std::size_t i = 0; i < used_.size(); ++i) {
        const SurfacePoint& point = on_head[std::size_t(used_[i])];
        for (int k = 0; k < 3; ++k) {
            const int vertex = model.triangles[std::size_t(point.triangle)][k];
            const auto [it, added] = place.emplace(vertex, int(kept.size()));
            if (added) kept.push_back(vertex);
            corner_(k, Eigen::Index(i)) = it->second;
        }
        weight_.col(Eigen::Index(i)) = point.barycentric;
    }
    part_ = vertex_subset(model, kept);
    person_.joint_position = person.joint_position;
    person_.vertices.resize(3, Eigen::Index(kept.size()));
    auto expression = std::make_shared<ExpressionBasis>();
    expression->control_map = person.expression->control_map;
    expression->targets.resize(3 * Eigen::Index(kept.size()), person.expression->count());
    for (std::size_t i = 0; i < kept.size(); ++i) {
        person_.vertices.col(Eigen::Index(i)) = person.vertices.col(kept[i]);
        expression->targets.middleRows<3>(3 * Eigen::Index(i)) =
            person.expression->targets.middleRows<3>(3 * Eigen::Index(kept[i]));
    }
    person_.expression = std::move(expression);
    eyes_ = std::max(
        (person.joint_position.col(model.joints.eye_left) - person.joint_position.col(model.joints.eye_right)).norm(),
        1e-3f);
}

Eigen::Matrix3Xf FaceRuler::places(const HeadPose& pose) const {
    const Vertices posed = pose_head(part_, person_, pose).vertices;
    Eigen::Matrix3Xf result(3, corner_.cols());
    for (Eigen::Index i = 0; i < corner_.cols(); ++i)
        result.col(i) = posed.col(corner_(0, i)) * weight_(0, i) + posed.col(corner_(1, i)) * weight_(1, i) +
                        posed.col(corner_(2, i)) * weight_(2, i);
    return result;
}

FaceShape FaceRuler::measure(const Eigen::Matrix3Xf& places, bool detected) const {
    const auto at = [&](int landmark) -> Eigen::Vector3f { return places.col(number_[std::size_t(landmark)]); };
    const auto opening = [&](const auto& pairs) {
        float sum = 0;
        for (const landmarks::Closure& pair : pairs) sum += at(pair.upper).y() - at(pair.lower).y();
        return sum / float(pairs.size());
    };
    const auto lids = [&](const auto& pairs, const auto& eye) {
        const float width = std::max((at(eye[0]) - at(eye[8])).norm(), 1e-3f);
        return opening(pairs) / width - (detected ? closed_opening : 0);
    };
    FaceShape shape;
    shape.points = places.leftCols(shape_points) / eyes_;
    shape.left_lids = lids(landmarks::left_lids, landmarks::left_eye);
    shape.right_lids = lids(landmarks::right_lids, landmarks::right_eye);
    shape.lips = opening(landmarks::lips) / eyes_;
    return shape;
}

namespace {

// The joints that carry the head and the head itself at rest, and how they turn it.
Eigen::Matrix3f still_head(const HeadModel& model, HeadPose& pose) {
    Eigen::Matrix3f turn = Eigen::Matrix3f::Identity();
    for (int joint = model.joints.head; joint >= 0; joint = model.joint_parent[std::size_t(joint)]) {
        turn = rotation_matrix(pose.joints.col(joint)) * turn;
        pose.joints.col(joint).setZero();
    }
    pose.translation.setZero();
    return turn;
}

}  // namespace

FaceShape FaceRuler::of(const HeadPose& pose) const {
    HeadPose still = pose;
    still_head(part_, still);
    return measure(places(still), false);
}

FaceShape FaceRuler::seen(const HeadPose& pose, const Camera& camera, std::span<const Eigen::Vector3f> points) const {
    HeadPose still = pose;
    const Eigen::Matrix3f turn = still_head(part_, still);
    const Eigen::Matrix3f to_head = turn.transpose() * camera.world_to_camera.topLeftCorner<3, 3>().transpose();
    const Eigen::Matrix3Xf posed = places(pose);
    Eigen::Matrix3Xf in_head = places(still);
    for (Eigen::Index i = 0; i < posed.cols(); ++i) {
        float depth = 1;
        const Eigen::Vector2f beside =
            points[std::size_t(used_[std::size_t(i)])].head<2>() - camera.project(posed.col(i), &depth);
        in_head.col(i) += to_head * Eigen::Vector3f(beside.x() * depth / camera.fx, beside.y() * depth / camera.fy, 0);
    }
    return measure(in_head, true);
}

}  // namespace likeness
