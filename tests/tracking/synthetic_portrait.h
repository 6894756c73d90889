// Portraits whose truth is known: the default head with a known identity, expression and rotation, seen by a known
// camera, as the landmark detector would describe it.
#pragma once

#include "core/tracking/landmark_solver.h"
#include "tests/head/head_fixtures.h"

namespace likeness::test {

struct SyntheticPortrait {
    Eigen::VectorXf identity;
    HeadPose pose;
    Eigen::Vector3f head_rotation;
    Camera camera;
    LandmarkPoints points;
};
// Yaw in degrees, > 0: the subject turns to its left. A mild identity and expression drawn from `random`.
SyntheticPortrait synthetic_portrait(float yaw, Random& random);
LandmarkPoints project_landmarks(const HeadModel& model, const Vertices& posed, const Camera& camera);

// All 478 landmarks of the fit against `truth`: the median distance over the iris distance.
float median_distance(const HeadFit& fit, const LandmarkPoints& truth, bool with_offsets = false);

}  // namespace likeness::test
