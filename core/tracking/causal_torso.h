// The torso of a live picture, frame by frame: followed by points on shoulders and clothes where these tell, else a
// damped share of the head's motion; from one to the other it goes over slowly.
#pragma once

#include <optional>

#include "core/tracking/landmark_solver.h"
#include "core/tracking/torso_follower.h"

namespace likeness {

// A torso that is not seen follows the head over so long, and takes this share of the head's turn about the vertical.
inline constexpr double unseen_torso_seconds = 0.4;
inline constexpr float unseen_torso_yaw = 0.2f;
// What no neck can join to the head was no torso, but perhaps an arm before it: metres beside the camera's axis.
inline constexpr float most_torso_slip = 0.006f;

// The torso to camera of `fit` where it is not seen: below the head, whose neck begins at `place` (camera axes) and
// which is turned by `yaw` in the mean over the frames around.
Eigen::Matrix4f unseen_torso(const HeadFit& fit, const Eigen::Vector3f& neck, const Eigen::Vector3f& place, float yaw);

class CausalTorso {
  public:
    explicit CausalTorso(const HeadModel& model) : model_(model) {}

    // A shot begins, or the face is found again: nothing is known.
    void begin() { follower_.reset(); }
    // The torso to camera in the next frame, `fit` on `person`; seconds grow from call to call.
    Eigen::Matrix4f next(const PersonalHead& person, const HeadFit& fit, std::span<const TorsoPoint> points,
                         double seconds);
    // The same again, changed by nothing but change_person. After next().
    Eigen::Matrix4f now(const HeadFit& fit) const;
    // The same person with another shape and focal length: the picture of the torso stays. `fit` is the head as it is
    // seen with these.
    void change_person(const PersonalHead& person, const HeadFit& fit);

    // Whether points tell where it is.
    bool followed() const { return follower_ && trust_ > 0.5f; }

  private:
    Eigen::Matrix4f followed_view() const;

    const HeadModel& model_;
    std::optional<TorsoFollower> follower_;
    Eigen::Vector3f neck_ = Eigen::Vector3f::Zero();  // where it begins, world
    float focal_ = 0;
    Eigen::Vector3f shift_ = Eigen::Vector3f::Zero();  // of the torso as a whole towards where the heads have it
    Eigen::Vector3f place_ = Eigen::Vector3f::Zero();  // of the neck's beginning by the head, damped
    float yaw_ = 0;                                    // of the head, damped
    float followed_share_ = 0, slip_ = 0;              // damped
    float trust_ = 0;                                  // in what the points say, 0 to 1
    double seconds_ = 0, begun_ = 0;
};

}  // namespace likeness
