// Follows the torso as a rigid body through a shot, by points on shoulders and clothes.
//
// Where a point is first seen it gets its place on a chest before the neck: z = front + curve * x^2, which is enough,
// since the motion of a body that stays turned to the camera is told by the points' own motion. Each frame's rotation
// and shift are solved by Gauss-Newton with robust weights (Cauchy) and Gaussian priors: near the frame before, a torso
// that turns little, a neck that is below the head. Points that go their own way (a hand before the chest) are left
// out, and many in one place count as few: shoulders are wide.
#pragma once

#include <Eigen/Core>
#include <Eigen/Geometry>
#include <map>
#include <span>

#include "core/geometry/camera.h"

namespace likeness {

struct TorsoPoint {
    int number = 0;                                          // of this point in all frames
    Eigen::Vector2f at;                                      // pixels
    Eigen::Matrix2f sureness = Eigen::Matrix2f::Identity();  // 0 to 1 along each direction
};

class TorsoFollower {
  public:
    // `camera` sees the world, which is the torso's frame, where the shot begins; `neck`: where the neck begins, world.
    TorsoFollower(const Camera& camera, const Eigen::Vector3f& neck);

    // The torso in the next frame; `below_head`: where its neck begins by the head's pose alone, camera axes. Where too
    // few points are left it stays where it was, and false comes back.
    bool follow(std::span<const TorsoPoint> points, const Eigen::Vector3f& below_head);

    // Torso to camera now.
    Eigen::Matrix4f world_to_camera() const;

  private:
    Eigen::Vector3f anchor(const Eigen::Vector2f& pixel) const;

    const Camera camera_;
    Eigen::Vector3f neck_;                             // in camera axes where the shot begins
    Eigen::Vector3f turn_ = Eigen::Vector3f::Zero();   // axis-angle about the neck
    Eigen::Vector3f shift_ = Eigen::Vector3f::Zero();  // metres
    struct Anchor {
        Eigen::Vector3f place;  // from neck_, camera axes where the shot begins
        int astray = 0;         // frames in which it went its own way, one after another
    };
    std::map<int, Anchor> anchors_;
};

}  // namespace likeness
