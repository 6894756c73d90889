#include "core/tracking/frame_light.h"

#include <Eigen/Cholesky>
#include <algorithm>

namespace likeness {
namespace {

constexpr int rounds = 3;
constexpr float ridge = 0.05f;  // per place, of the light's unevenness

using Basis = Eigen::Matrix<float, 9, 1>;
Basis basis_of(const Eigen::Vector3f& n) {
    Basis b;
    b << 1, n.x(), n.y(), n.z(), n.x() * n.y(), n.x() * n.z(), n.y() * n.z(), n.x() * n.x() - n.y() * n.y(),
        3 * n.z() * n.z() - 1;
    return b;
}

}  // namespace

std::vector<FrameLight> fit_lights(std::span<const LitSkin> frames) {
    FrameLight even = FrameLight::Zero();
    even.row(0).setOnes();
    std::vector<FrameLight> lights(frames.size(), even);
    if (frames.empty()) return lights;
    const Eigen::Index places = frames[0].color.cols();
    for (int round = 0; round < rounds; ++round) {
        Eigen::Matrix3Xf lit = Eigen::Matrix3Xf::Zero(3, places), squares = lit;
        for (std::size_t f = 0; f < frames.size(); ++f)
            for (Eigen::Index i = 0; i < places; ++i) {
                if (frames[f].color(0, i) < 0) continue;
                const Eigen::Vector3f shade =
                    (lights[f].transpose() * basis_of(frames[f].normal.col(i))).cwiseMax(0.05f);
                lit.col(i) += shade.cwiseProduct(frames[f].color.col(i));
                squares.col(i) += shade.cwiseAbs2();
            }
        const Eigen::Matrix3Xf skin = lit.cwiseQuotient(squares.cwiseMax(1e-6f)).cwiseMax(1e-3f);
        FrameLight mean = FrameLight::Zero();
        for (std::size_t f = 0; f < frames.size(); ++f) {
            for (int c = 0; c < 3; ++c) {
                Eigen::Matrix<float, 9, 9> normal = Eigen::Matrix<float, 9, 9>::Zero();
                Basis right = Basis::Zero();
                float seen = 0;
                for (Eigen::Index i = 0; i < places; ++i) {
                    if (frames[f].color(0, i) < 0) continue;
                    const Basis b = basis_of(frames[f].normal.col(i));
                    normal += b * b.transpose();  // of color over skin: each place counts alike
                    right += b * (frames[f].color(c, i) / skin(c, i));
                    ++seen;
                }
                if (seen == 0) continue;
                normal.diagonal().tail<8>().array() += ridge * seen;
                normal(0, 0) += 1e-3f * seen;
                right[0] += 1e-3f * seen;
                lights[f].col(c) = normal.ldlt().solve(right);
            }
            mean += lights[f] / float(frames.size());
        }
        for (FrameLight& light : lights)
            for (int c = 0; c < 3; ++c) light.col(c) /= std::max(mean(0, c), 1e-3f);
    }
    return lights;
}

}  // namespace likeness
