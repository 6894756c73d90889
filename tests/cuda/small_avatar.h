// An avatar for the tests of training that needs no head model, and views to learn it from.
#pragma once

#include "core/learning/step_engine.h"

namespace likeness::cuda_tests {

// Gaussians on an ellipsoid of head size; the surface's frames may be turned about the y axis.
struct SmallAvatar {
    AnchoredSplats splats;
    std::vector<Eigen::Vector3f> directions;

    explicit SmallAvatar(std::size_t count, unsigned seed = 1);
    SplatFrames frames(float turn) const;
};

// A photograph, its mirror image for colours alone, and an outline of another size: every kind that the trainer has.
std::vector<TrainingView> make_views(const SmallAvatar& avatar, int size);

inline std::array<float, 3> background(int step) { return {0.1f * float(step % 7), 0.5f, 0.1f * float(step % 9)}; }

}  // namespace likeness::cuda_tests
