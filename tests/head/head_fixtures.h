// Heads that the tests of several folders share.
#pragma once

#include <memory>
#include <random>

#include "core/head/head_model.h"

namespace likeness::test {

using Random = std::mt19937;
float uniform(Random& random, float low, float high);

// A small made-up head: a ball of 10 cm with the default head's joints, all kinds of random targets and weights, the
// regions face, lips, scalp, neck, torso and the eyes, 478 random landmarks, symmetric topology. The same for a seed.
std::shared_ptr<const HeadModel> ball_head(unsigned seed = 1);
// The same with pose correctives of up to 4 mm.
std::shared_ptr<const HeadModel> bending_head(unsigned seed = 1);
inline constexpr int ball_rows = 14, ball_columns = 20;

// The default head, loaded once. Throws (so the test fails with the sentence) when it is missing.
std::shared_ptr<const HeadModel> real_head();

// Targets of up to 3 mm with any map from controls.
ExpressionBasis random_expressions(const HeadModel& model, Random& random, int count);
Eigen::VectorXf random_identity(const HeadModel& model, Random& random, float range = 0.5f);
// Controls in [0, 1] and joints turned by up to `angle` radians about each axis.
HeadPose random_pose(const HeadModel& model, Random& random, float angle = 0.5f);

}  // namespace likeness::test
