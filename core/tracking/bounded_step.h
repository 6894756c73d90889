// The damped step of normal equations with bounded parameters, for the solvers of this folder.
#pragma once

#include <Eigen/Core>
#include <vector>

namespace likeness {

struct Bounds {
    Eigen::VectorXf low, high;
};

// The step from x that lowers 1/2 s^T H s + g^T s, with H's diagonal times 1 + damping; only H's lower triangle is read.
// Bounds by an active set: what would leave its range is put on the border and the rest solved again. `fixed` parameters
// stay.
Eigen::VectorXf bounded_step(const Eigen::MatrixXf& hessian, const Eigen::VectorXf& gradient, const Eigen::VectorXf& x,
                             const Bounds& bounds, std::vector<bool> fixed, float damping);

}  // namespace likeness
