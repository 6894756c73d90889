// Per-vertex offsets on top of a fitted head, so that the mesh lies where the photograph has it.
//
// Minimises  sum_i w_i^2 |P(x_i + d_i) - target_i|^2 + stiffness |L d|^2 + weight |d|^2  over the skin's offsets d across
// the line of sight: P projects into the picture (linearised), L is the graph Laplacian.
// Parts that are no skin (eyes, teeth, lashes) follow the skin beside them.
#pragma once

#include <Eigen/Sparse>
#include <Eigen/SparseCholesky>
#include <vector>

#include "core/tracking/landmark_solver.h"

namespace likeness {

struct OffsetTarget {
    SurfacePoint point;
    Eigen::Vector2f target;  // pixels
    float weight = 1;        // inverse standard deviation, 1/pixels
};

struct OffsetOptions {
    float stiffness = 30.0f;  // of the Laplacian of offsets in millimetres
    float weight = 0.02f;    // of the offsets in millimetres
};

// What only depends on the head model is made once, the order of the system's elimination too: it is the Laplacian's
// for any targets, since a target only joins the corners of one triangle.
class OffsetSolver {
  public:
    explicit OffsetSolver(const HeadModel& model, const OffsetOptions& options = {});

    // Returns new offsets [3, V], metres. `bare` is the fit's head without any; fit.offsets (may be empty) is where the
    // solve starts.
    Vertices solve(const PersonalHead& bare, const HeadFit& fit, const std::vector<OffsetTarget>& targets);

  private:
    const HeadModel& model_;
    OffsetOptions options_;
    std::vector<int> vertex_, unknown_;  // the vertex of each unknown; the unknown of each vertex, or -1
    Eigen::SparseMatrix<float> smooth_;
    Eigen::SimplicialLDLT<Eigen::SparseMatrix<float>> factors_;
};

// Targets from the detector's landmarks.
std::vector<OffsetTarget> landmark_targets(const HeadModel& model, const LandmarkPoints& points);

// What of a fit's offsets is the face and what its expression: where the model's expression moves a vertex far, a
// difference from the model is rather the expression's.
struct OffsetParts {
    Vertices face, expression;  // [3, V] each; their sum is the fit's offsets
};
OffsetParts split_offsets(const HeadModel& model, const HeadFit& fit);

}  // namespace likeness
