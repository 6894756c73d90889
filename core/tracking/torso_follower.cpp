#include "core/tracking/torso_follower.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/geometry/rotation.h"

namespace likeness {
namespace {

constexpr std::size_t fewest_points = 8;
constexpr float chest_front = -0.06f;                     // metres before the neck ...
constexpr float chest_curve = 1.2f;                       // ... and 1/metre: shoulders lie behind the breastbone
constexpr float point_sigma = 0.004f;                     // of a point, metres
constexpr float robust = 3.0f;                            // where errors stop counting, standard deviations
const Eigen::Vector3f turn_sigma(0.08f, 0.10f, 0.12f);    // of a torso's pitch, yaw, roll, radians
const Eigen::Vector3f head_sigma(0.03f, 0.015f, 0.012f);  // of the neck's place below the head, metres
constexpr float cell_share = 12;                          // a picture's longer side over that of a cell in which ...
constexpr float cell_points = 3;                          // ... points count as so many
constexpr float all_points = 25;                          // all together: their errors are not independent
constexpr int most_astray = 3;
constexpr float turn_step = 0.010f, shift_step = 0.006f;  // from frame to frame

}  // namespace

TorsoFollower::TorsoFollower(const Camera& camera, const Eigen::Vector3f& neck)
    : camera_(camera), neck_((camera.world_to_camera * neck.homogeneous()).head<3>()) {}

// Where the ray through a pixel meets the chest as it is now.
Eigen::Vector3f TorsoFollower::anchor(const Eigen::Vector2f& pixel) const {
    const Eigen::Vector3f ray((pixel.x() - camera_.cx) / camera_.fx, (pixel.y() - camera_.cy) / camera_.fy, 1);
    const Eigen::Matrix3f back = rotation_matrix(turn_).transpose();
    float depth = neck_.z() + shift_.z() + chest_front;
    Eigen::Vector3f place = Eigen::Vector3f::Zero();
    for (int i = 0; i < 4; ++i) {
        place = back * (depth * ray - neck_ - shift_);
        const float surface = chest_front + std::min(chest_curve * place.x() * place.x(), 0.12f);
        depth += surface - place.z();
    }
    return back * (depth * ray - neck_ - shift_);
}

bool TorsoFollower::follow(std::span<const TorsoPoint> points, const Eigen::Vector3f& below_head) {
    struct Known {
        Anchor* anchor;
        const TorsoPoint* point;
        float weight;
    };
    std::vector<Known> known;
    std::map<std::pair<int, int>, float> in_cell;
    const float cell = float(std::max(camera_.width, camera_.height)) / cell_share;
    const auto cell_of = [&](const TorsoPoint& p) { return std::pair(int(p.at.x() / cell), int(p.at.y() / cell)); };
    for (const TorsoPoint& p : points)
        if (const auto it = anchors_.find(p.number); it != anchors_.end() && it->second.astray < most_astray) {
            known.push_back({&it->second, &p, 1});
            ++in_cell[cell_of(p)];
        }
    float total = 0;
    for (Known& k : known) total += k.weight = std::min(1.0f, cell_points / in_cell[cell_of(*k.point)]);
    for (Known& k : known) k.weight *= std::min(1.0f, all_points / total);
    const bool enough = known.size() >= fewest_points;
    if (enough) {
        const Eigen::Vector3f turn_before = turn_, shift_before = shift_;
        const float precision = (neck_.z() + shift_.z()) / (camera_.fx * point_sigma);  // 1 / pixels
        for (int round = 0; round < 8; ++round) {
            Eigen::Matrix<float, 6, 6> hessian = Eigen::Matrix<float, 6, 6>::Zero();
            Eigen::Matrix<float, 6, 1> gradient = Eigen::Matrix<float, 6, 1>::Zero();
            const Eigen::Matrix3f turned = rotation_matrix(turn_);
            for (const auto& [anchor, point, weight] : known) {
                const Eigen::Vector3f arm = turned * anchor->place, p = arm + neck_ + shift_;
                const float iz = 1 / std::max(p.z(), 0.05f);
                const Eigen::Vector2f r = precision * (Eigen::Vector2f(camera_.fx * p.x() * iz + camera_.cx,
                                                                       camera_.fy * p.y() * iz + camera_.cy) -
                                                       point->at);
                Eigen::Matrix<float, 2, 3> by_place;
                by_place << camera_.fx * iz, 0, -camera_.fx * p.x() * iz * iz, 0, camera_.fy * iz,
                    -camera_.fy * p.y() * iz * iz;
                by_place *= precision;
                // A small turn w after the present one moves the arm by w x arm.
                Eigen::Matrix3f cross;
                cross << 0, arm.z(), -arm.y(), -arm.z(), 0, arm.x(), arm.y(), -arm.x(), 0;
                Eigen::Matrix<float, 2, 6> j;
                j << by_place * cross, by_place;
                const Eigen::Matrix2f w =
                    weight * point->sureness / (1 + r.dot(point->sureness * r) / (robust * robust));
                hessian += j.transpose() * w * j;
                gradient += j.transpose() * w * r;
            }
            const auto prior = [&](int at, const Eigen::Vector3f& off, const Eigen::Vector3f& sigma) {
                gradient.segment<3>(at) += off.cwiseQuotient(sigma.cwiseAbs2());
                hessian.diagonal().segment<3>(at) += sigma.cwiseAbs2().cwiseInverse();
            };
            prior(0, turn_, turn_sigma);
            prior(0, turn_ - turn_before, Eigen::Vector3f::Constant(turn_step));
            prior(3, neck_ + shift_ - below_head, head_sigma);
            prior(3, shift_ - shift_before, Eigen::Vector3f(2 * shift_step, 2 * shift_step, shift_step));
            const Eigen::Matrix<float, 6, 1> step = -hessian.ldlt().solve(gradient);
            if (!step.allFinite()) break;
            turn_ = axis_angle_of(rotation_matrix(step.head<3>()) * turned);
            shift_ += step.tail<3>();
            if (step.norm() < 1e-5f) break;
        }
        const Eigen::Matrix3f turned = rotation_matrix(turn_);
        for (const auto& [anchor, point, weight] : known) {
            const Eigen::Vector3f p = turned * anchor->place + neck_ + shift_;
            const Eigen::Vector2f r = precision * (Eigen::Vector2f(camera_.fx * p.x() / p.z() + camera_.cx,
                                                                   camera_.fy * p.y() / p.z() + camera_.cy) -
                                                   point->at);
            anchor->astray = r.dot(point->sureness * r) > robust * robust ? anchor->astray + 1 : 0;
        }
    }
    // Lost points are forgotten; new ones lie where the chest is now.
    std::map<int, Anchor> kept;
    for (const TorsoPoint& p : points) {
        const auto it = anchors_.find(p.number);
        kept.emplace(p.number, it != anchors_.end() ? it->second : Anchor{anchor(p.at)});
    }
    anchors_ = std::move(kept);
    return enough;
}

Eigen::Matrix4f TorsoFollower::world_to_camera() const {
    Eigen::Affine3f motion = Eigen::Affine3f::Identity();
    motion.linear() = rotation_matrix(turn_);
    motion.translation() = neck_ + shift_ - motion.linear() * neck_;
    return motion.matrix() * camera_.world_to_camera;
}

}  // namespace likeness
