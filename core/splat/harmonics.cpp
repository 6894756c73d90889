#include "core/splat/harmonics.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "core/base/parallel.h"

namespace likeness {
namespace {

constexpr std::size_t splats_at_once = 2048;

// The matrix that turns the coefficients of one degree l: functions of the turned directions are combinations of
// functions of the directions, found exactly from more directions than the 2 l + 1 unknowns.
Eigen::MatrixXf turned_degree(int degree, const Eigen::Matrix3f& rotation) {
    constexpr int directions = 24;
    const int first = harmonic_count(degree - 1), size = 2 * degree + 1;
    Eigen::MatrixXd before(directions, size), after(directions, size);
    for (int i = 0; i < directions; ++i) {
        // Points on a spiral from pole to pole, which no plane holds.
        const float z = 1 - (2 * float(i) + 1) / directions, r = std::sqrt(1 - z * z), angle = 2.3999632f * float(i);
        const Eigen::Vector3f d(r * std::cos(angle), r * std::sin(angle), z);
        const auto a = harmonic_basis(d), b = harmonic_basis(rotation * d);
        for (int k = 0; k < size; ++k) {
            before(i, k) = a[std::size_t(first + k)];
            after(i, k) = b[std::size_t(first + k)];
        }
    }
    // after * turned = before * original for every direction.
    return after.colPivHouseholderQr().solve(before).cast<float>();
}

void turn_values(Harmonics& harmonics, const Eigen::Matrix3f& rotation) {
    std::vector<Eigen::MatrixXf> turns;
    for (int degree = 1; degree <= harmonics.degree; ++degree) turns.push_back(turned_degree(degree, rotation));
    const std::size_t row = std::size_t(harmonic_count(harmonics.degree)) * 3;
    parallel_for(harmonics.values.size() / row, splats_at_once, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            float* at = &harmonics.values[i * row];
            for (const Eigen::MatrixXf& matrix : turns) {
                Eigen::Map<Eigen::Matrix<float, Eigen::Dynamic, 3, Eigen::RowMajor>> values(at, matrix.rows(), 3);
                values = (matrix * values).eval();
                at += values.size();
            }
        }
    });
}

}  // namespace

void colors_from(const SplatSet& splats, const Eigen::Vector3f& position, std::vector<float>& colors) {
    colors = splats.colors;
    if (!splats.harmonics) return;
    const std::size_t functions = std::size_t(harmonic_count(splats.harmonics->degree));
    parallel_for(splats.count, splats_at_once, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const Eigen::Vector3f way = Eigen::Map<const Eigen::Vector3f>(&splats.means[3 * i]) - position;
            const auto basis = harmonic_basis(way / std::max(way.norm(), 1e-12f));
            const float* values = &splats.harmonics->values[i * functions * 3];
            for (std::size_t c = 0; c < 3; ++c) {
                float color = colors[3 * i + c];
                for (std::size_t k = 0; k < functions; ++k) color += basis[k] * values[3 * k + c];
                colors[3 * i + c] = std::max(color, 0.0f);
            }
        }
    });
}

void turn(SplatSet& splats, const Eigen::Matrix3f& rotation) {
    const Eigen::Quaternionf by(rotation);
    for (std::size_t i = 0; i < splats.count; ++i) {
        Eigen::Map<Eigen::Vector3f> mean(&splats.means[3 * i]);
        mean = (rotation * mean).eval();
        float* q = &splats.rotations[4 * i];
        const Eigen::Quaternionf turned = by * Eigen::Quaternionf(q[0], q[1], q[2], q[3]);
        q[0] = turned.w();
        q[1] = turned.x();
        q[2] = turned.y();
        q[3] = turned.z();
    }
    if (!splats.harmonics) return;
    auto harmonics = std::make_shared<Harmonics>(*splats.harmonics);
    turn_values(*harmonics, rotation);
    splats.harmonics = std::move(harmonics);
}

}  // namespace likeness
