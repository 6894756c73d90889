#include "core/tracking/bounded_step.h"

#include <Eigen/Cholesky>
#include <algorithm>

namespace likeness {

Eigen::VectorXf bounded_step(const Eigen::MatrixXf& hessian, const Eigen::VectorXf& gradient, const Eigen::VectorXf& x,
                             const Bounds& bounds, std::vector<bool> fixed, float damping) {
    const int count = int(x.size());
    Eigen::VectorXf step = Eigen::VectorXf::Zero(count);
    for (int pass = 0; pass < 3; ++pass) {
        Eigen::MatrixXf system = hessian;
        Eigen::VectorXf right = -gradient;
        for (int i = 0; i < count; ++i)
            if (fixed[std::size_t(i)] && step[i] != 0) {
                right.head(i) -= system.row(i).head(i).transpose() * step[i];
                right.tail(count - i - 1) -= system.col(i).tail(count - i - 1) * step[i];
            }
        for (int i = 0; i < count; ++i) {
            if (fixed[std::size_t(i)]) {
                system.row(i).head(i).setZero();
                system.col(i).tail(count - i - 1).setZero();
                system(i, i) = 1;
                right[i] = step[i];
            } else {
                system(i, i) *= 1 + damping;
                system(i, i) += 1e-6f;
            }
        }
        step = system.selfadjointView<Eigen::Lower>().llt().solve(right);
        bool hit = false;
        for (int i = 0; i < count; ++i) {
            if (fixed[std::size_t(i)]) continue;
            const float bounded = std::clamp(x[i] + step[i], bounds.low[i], bounds.high[i]) - x[i];
            if (bounded != step[i]) {
                step[i] = bounded;
                fixed[std::size_t(i)] = true;
                hit = true;
            }
        }
        if (!hit) break;
    }
    return step;
}

}  // namespace likeness
