#include "tests/tracking/synthetic_portrait.h"

#include <algorithm>
#include <numbers>

namespace likeness::test {

LandmarkPoints project_landmarks(const HeadModel& model, const Vertices& posed, const Camera& camera) {
    LandmarkPoints points;
    std::array<float, landmarks::count> depth;
    float mean = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const Eigen::Vector2f p =
            camera.project(surface_position(posed, model.triangles, model.landmarks(landmarks::scheme)[i]), &depth[i]);
        points[i] = {p.x(), p.y(), 0};
        mean += depth[i] / 478;
    }
    // The detector's z: weak perspective, in pixels, about the head's middle.
    for (std::size_t i = 0; i < 478; ++i) points[i].z() = (depth[i] - mean) * camera.fx / mean;
    return points;
}

SyntheticPortrait synthetic_portrait(float yaw, Random& random) {
    const HeadModel& model = *real_head();
    SyntheticPortrait p;
    p.identity = Eigen::VectorXf::Zero(model.identity_count());
    for (int i = 0; i < model.identity_count(); ++i)
        if (random() % 4 == 0)
            p.identity[i] =
                std::clamp(uniform(random, -0.3f, 0.3f), model.identity_range(0, i), model.identity_range(1, i));
    p.pose = HeadPose::neutral(model);
    for (const auto& [name, most] : {std::pair{"jawOpen", 0.4f},
                                     {"mouthSmileLeft", 0.6f},
                                     {"mouthSmileRight", 0.6f},
                                     {"browInnerUp", 0.5f},
                                     {"eyeBlinkLeft", 0.3f},
                                     {"eyeLookInLeft", 0.4f},
                                     {"eyeLookOutRight", 0.4f}})
        p.pose.controls[model.control(name)] = uniform(random, 0, most);
    constexpr float degree = std::numbers::pi_v<float> / 180;
    p.head_rotation = {uniform(random, -8, 8) * degree, yaw * degree, uniform(random, -6, 6) * degree};
    turn_head(model, p.head_rotation, p.pose);
    p.camera.width = 640;
    p.camera.height = 720;
    p.camera.fx = p.camera.fy = 1100;
    p.camera.cx = 320;
    p.camera.cy = 360;
    p.camera.world_to_camera.setIdentity();
    p.camera.world_to_camera.diagonal().head<3>() = Eigen::Vector3f(1, -1, -1);
    p.camera.world_to_camera.topRightCorner<3, 1>() = Eigen::Vector3f(0.02f, 0.05f, 0.85f);
    const PosedHead posed = pose_head(model, personalise(model, p.identity), p.pose);
    p.points = project_landmarks(model, posed.vertices, p.camera);
    return p;
}

float median_distance(const HeadFit& fit, const LandmarkPoints& truth, bool with_offsets) {
    const HeadModel& model = *real_head();
    const PersonalHead person =
        personalise(model, fit.identity, with_offsets && fit.offsets.size() ? &fit.offsets : nullptr);
    const LandmarkPoints points = project_landmarks(model, pose_head(model, person, fit.pose).vertices, fit.camera);
    std::vector<float> distances;
    for (std::size_t i = 0; i < 478; ++i) distances.push_back((points[i] - truth[i]).head<2>().norm());
    std::nth_element(distances.begin(), distances.begin() + 239, distances.end());
    return distances[239] / iris_distance(truth);
}

}  // namespace likeness::test
