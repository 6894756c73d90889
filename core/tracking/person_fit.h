// One person from several pictures of one camera, as frames of a video: shape, focal length, and how this person's own
// face makes the model's expressions.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/base/task.h"
#include "core/tracking/landmark_solver.h"

namespace likeness {

struct PersonFit {
    Eigen::VectorXf identity;
    Vertices offsets;                                   // [3, V] in the neutral pose, metres
    std::shared_ptr<const ExpressionBasis> expression;  // the model's and what this person adds to each control
    std::vector<HeadFit> fits;                          // of the pictures; their offsets are empty

    PersonalHead head(const HeadModel& model) const;
};

// Those of `seen` that differ most: the widest poses and expressions, closed and opened lids and lips. Indices, `count`
// or fewer, in order of choice; the first is seen[0]. Farthest-point sampling (Gonzalez 1985) of the landmarks.
std::vector<std::size_t> choose_key_frames(std::span<const LandmarkPoints> seen, std::size_t count);

// Identity and focal length from up to `shape_pictures` of the pictures together, then offsets from all landmarks of
// all pictures: their mean is the face's, and what of the rest follows the controls (ridge regression) is how this
// person makes expressions. Two pictures or more say something about the latter; one is enough for the former.
PersonFit fit_person(const HeadModel& model, std::span<const LandmarkPoints> pictures, int width, int height,
                     const SolverOptions& options, Progress& progress);

}  // namespace likeness
