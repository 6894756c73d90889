// Follows one person from picture to picture: the person's own head, offsets and all, moves; its shape stays.
#pragma once

#include "core/tracking/landmark_solver.h"

namespace likeness {

class FaceFollower {
  public:
    // `person` is a head of `model`; `fit` is where it was seen before (pose, camera; the focal length is kept).
    FaceFollower(const HeadModel& model, const PersonalHead& person, HeadFit fit);
    FaceFollower(const FaceFollower&) = delete;  // the solver looks at its own model
    FaceFollower& operator=(const FaceFollower&) = delete;

    // Expression, head rotation and camera in the next picture of the same camera and size (pixels). Both errors of the
    // fit are with the person's offsets.
    const HeadFit& follow(const LandmarkPoints& points);
    // The same from any place near it; `near` keeps its identity and offsets. May be used by several threads.
    HeadFit fit(const LandmarkPoints& points, const HeadFit& near) const;

  private:
    HeadModel own_;  // the person as a model with no other identity
    LandmarkSolver solver_;
    HeadFit fit_;
};

}  // namespace likeness
