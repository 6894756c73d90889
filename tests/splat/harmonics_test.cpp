// Colors that depend on the view, and turning them.
#include "core/splat/harmonics.h"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <cmath>
#include <random>

namespace likeness {
namespace {

SplatSet colored(int degree, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    SplatSet s;
    s.resize(50);
    for (float& v : s.means) v = 0.2f * normal(random);
    for (float& v : s.rotations) v = normal(random);
    for (float& v : s.colors) v = 3;  // far from the clamp at 0
    for (float& v : s.scales) v = 0.01f;
    for (float& v : s.opacities) v = 0.5f;
    auto harmonics = std::make_shared<Harmonics>();
    harmonics->degree = degree;
    harmonics->values.resize(s.count * std::size_t(harmonic_count(degree)) * 3);
    for (float& v : harmonics->values) v = 0.3f * normal(random);
    s.harmonics = harmonics;
    return s;
}

// Orthonormal over the sphere, which pins every constant, and no mixture of two functions.
TEST(Harmonics, TheFunctionsAreOrthonormal) {
    Eigen::Matrix<double, most_harmonics, most_harmonics> products;
    products.setZero();
    constexpr int rings = 200, steps = 400;
    for (int i = 0; i < rings; ++i)
        for (int j = 0; j < steps; ++j) {
            const double polar = (i + 0.5) * M_PI / rings, around = (j + 0.5) * 2 * M_PI / steps;
            const Eigen::Vector3d d(std::sin(polar) * std::cos(around), std::sin(polar) * std::sin(around),
                                    std::cos(polar));
            const auto basis = harmonic_basis(d.cast<float>());
            const Eigen::Map<const Eigen::Matrix<float, most_harmonics, 1>> b(basis.data());
            products += (b * b.transpose()).cast<double>() * std::sin(polar) * (M_PI / rings) * (2 * M_PI / steps);
        }
    EXPECT_LT((products - decltype(products)::Identity()).cwiseAbs().maxCoeff(), 1e-3);
}

// Order and signs, which orthonormality leaves open: those of the published 3DGS files.
TEST(Harmonics, OrderAndSignsAreThoseOfTheFiles) {
    const auto along = [](float x, float y, float z) { return harmonic_basis(Eigen::Vector3f(x, y, z).normalized()); };
    EXPECT_LT(along(0, 1, 0)[0], 0);
    EXPECT_GT(along(0, 0, 1)[1], 0);
    EXPECT_LT(along(1, 0, 0)[2], 0);
    EXPECT_GT(along(1, 1, 0)[3], 0);
    EXPECT_LT(along(0, 1, 1)[4], 0);
    EXPECT_GT(along(0, 0, 1)[5], 0);
    EXPECT_LT(along(1, 0, 1)[6], 0);
    EXPECT_GT(along(1, 0, 0)[7], 0);
    EXPECT_GT(along(0, 1, 0)[8], 0);  // -y (3 x^2 - y^2)
    EXPECT_GT(along(1, 1, 1)[9], 0);
    EXPECT_LT(along(0, 1, 2)[10], 0);
    EXPECT_GT(along(0, 0, 1)[11], 0);
    EXPECT_LT(along(1, 0, 2)[12], 0);
    EXPECT_GT(along(1, 0, 1)[13], 0);
    EXPECT_LT(along(1, 0, 0)[14], 0);  // -x (x^2 - 3 y^2)
}

TEST(Harmonics, ATurnedSetLooksTheSameFromATurnedCamera) {
    const Eigen::Matrix3f rotation =
        Eigen::AngleAxisf(1.1f, Eigen::Vector3f(0.3f, -0.8f, 0.5f).normalized()).toRotationMatrix();
    const Eigen::Vector3f from(0.4f, 0.7f, 1.5f);
    for (int degree = 1; degree <= 3; ++degree) {
        const SplatSet before = colored(degree, 3);
        SplatSet after = before;
        turn(after, rotation);
        std::vector<float> a, b, unturned;
        colors_from(before, from, a);
        colors_from(after, rotation * from, b);
        after.harmonics = before.harmonics;
        colors_from(after, rotation * from, unturned);
        float worst = 0, moved = 0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            worst = std::max(worst, std::abs(a[i] - b[i]));
            moved = std::max(moved, std::abs(a[i] - unturned[i]));
        }
        EXPECT_LT(worst, 1e-4f) << degree;
        EXPECT_GT(moved, 0.1f) << degree;
        EXPECT_NE(before.harmonics, after.harmonics == before.harmonics ? nullptr : after.harmonics)
            << "shared values stay as they are";
    }
}

TEST(Harmonics, ColorsStopAtBlack) {
    SplatSet s = colored(1, 5);
    for (float& v : s.colors) v = 0;
    std::vector<float> seen;
    colors_from(s, {0, 0, 2}, seen);
    EXPECT_EQ(*std::min_element(seen.begin(), seen.end()), 0);
    EXPECT_GT(*std::max_element(seen.begin(), seen.end()), 0);
    s.harmonics.reset();
    colors_from(s, {0, 0, 2}, seen);
    EXPECT_EQ(seen, s.colors);
}

}  // namespace
}  // namespace likeness
