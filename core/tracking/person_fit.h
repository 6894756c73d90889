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
    Vertices offsets;             // [3, V] in the neutral pose, metres
    Eigen::MatrixXf of_controls;  // [3 V, C] what this person adds to each control, metres per unit
    std::vector<HeadFit> fits;    // of the pictures; their offsets are empty

    PersonalHead head(const HeadModel& model) const;
};

// Those of `seen` that differ most: the widest poses and expressions, closed and opened lids and lips. Indices, `count`
// or fewer, in order of choice; the first is seen[0]. Farthest-point sampling (Gonzalez 1985) of the landmarks.
std::vector<std::size_t> choose_key_frames(std::span<const LandmarkPoints> seen, std::size_t count);

// The same of a picture that goes on: those that differ most so far.
class KeyFrames {
  public:
    explicit KeyFrames(std::size_t most) : most_(most) {}

    // Keeps `points` where they differ enough from what is kept; of the two most alike one leaves when there are too
    // many. True when they were kept.
    bool offer(const LandmarkPoints& points);
    const std::vector<LandmarkPoints>& points() const { return points_; }

  private:
    std::size_t most_;
    std::vector<LandmarkPoints> points_;
    std::vector<Eigen::VectorXf> shapes_;  // see choose_key_frames
};

// Which of `pictures` (one or more) has the pose and expression most like that of `points`.
std::size_t most_alike(std::span<const LandmarkPoints> pictures, const LandmarkPoints& points);

// Identity and focal length from the first few of the pictures together, then offsets from all landmarks of
// all pictures: their mean is the face's, and what of the rest follows the controls (ridge regression) is how this
// person makes expressions. Two pictures or more say something about the latter; one is enough for the former.
PersonFit fit_person(const HeadModel& model, std::span<const LandmarkPoints> pictures, int width, int height,
                     const SolverOptions& options, Progress& progress);

}  // namespace likeness
