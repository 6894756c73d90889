// What head and torso do against each other: neck and head joints that bring the head where it was seen, on a torso
// that was followed by itself.
#pragma once

#include "core/tracking/landmark_solver.h"

namespace likeness {

// `fit` is the head on a torso that faces the camera (LandmarkSolver). Turns neck and head of `pose` so that on the
// torso of `world_to_camera` the head has the same rotation, and its joint the place as near as the neck's length
// allows; depths count little, since they are known little. The neck's own turn is near its usual share of the whole.
// Returns by how much the head's joint is then beside its place, camera axes, metres (seen less placed).
Eigen::Vector3f place_head(const HeadModel& model, const PersonalHead& person, const HeadFit& fit,
                           const Eigen::Matrix4f& world_to_camera, HeadPose& pose);

// The way back: the head where `camera` (with the slip) and `pose` have it, on a torso that faces the camera. `like`
// gives identity and offsets.
HeadFit facing_fit(const HeadModel& model, const PersonalHead& person, const Camera& camera, const HeadPose& pose,
                   const HeadFit& like);

}  // namespace likeness
