#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <algorithm>
#include <map>

#include "core/avatar/surface_sampling.h"
#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

float largest_anchor_error(Avatar& avatar, int& wrong_layer) {
    const std::vector<SurfacePoint> before = avatar.splats->anchor;
    avatar.splats.edit().anchor.clear();
    avatar.rebuild_anchors();
    EXPECT_EQ(avatar.splats->anchor.size(), avatar.splats->count);
    float largest = 0;
    wrong_layer = 0;
    const int head = int(avatar.model->triangles.size());
    for (std::size_t i = 0; i < avatar.splats->count; ++i) {
        const SurfacePoint& after = avatar.splats->anchor[i];
        wrong_layer += (before[i].triangle < head) != (after.triangle < head);
        largest = std::max(largest, (surface_position(avatar.neutral(), avatar.triangles(), before[i]) -
                                     surface_position(avatar.neutral(), avatar.triangles(), after))
                                        .norm());
    }
    return largest;
}

TEST(Anchors, RebuildingIsTheInverseOfSampling) {
    for (const bool hair : {false, true}) {
        Avatar avatar = ball_avatar(3, 4000, hair);
        int stray = 0;
        EXPECT_LT(largest_anchor_error(avatar, stray), 1e-5f);
        EXPECT_EQ(stray, 0) << "head and hair are told apart";
    }
}

TEST(Anchors, RebuildingOnTheRealHead) {
    Avatar avatar;
    avatar.model = real_head();
    avatar.person.edit().identity = Eigen::VectorXf::Zero(avatar.model->identity_count());
    avatar.prepare();
    cover(avatar, 0.003f);
    ASSERT_GT(avatar.splats->count, 5000u);
    int stray = 0;
    EXPECT_LT(largest_anchor_error(avatar, stray), 1e-5f);
}

TEST(Anchors, OnCornersAndOutsideTheCharts) {
    Avatar avatar = ball_avatar(4, 10, true);
    avatar.splats.edit().resize(6);
    avatar.splats.edit().atlas = {{0, 0}, {1, 1}, {0.05f, 0.05f}, {2, 1}, {1, 0}, {1.5f, 0.5f}};
    avatar.rebuild_anchors();
    for (const SurfacePoint& p : avatar.splats->anchor) {
        EXPECT_GE(p.triangle, 0);
        EXPECT_LT(p.triangle, int(avatar.triangles().size()));
        EXPECT_NEAR(p.barycentric.sum(), 1, 1e-5);
        EXPECT_GE(p.barycentric.minCoeff(), 0.0f);
    }
}

TEST(Sampling, KeepsItsSpacingAndLeavesFewGaps) {
    const Avatar avatar = ball_avatar(1, 10, false);
    std::vector<float> spacing(avatar.triangles().size());
    for (std::size_t t = 0; t < spacing.size(); ++t) spacing[t] = t % 2 ? 0.006f : 0.004f;
    spacing[10] = spacing[11] = 0;
    const auto points = sample_surface(avatar.neutral(), avatar.triangles(), spacing, 9);
    std::vector<Eigen::Vector3f> at;
    for (const SurfacePoint& p : points) {
        EXPECT_NE(p.triangle / 2, 5) << "a spacing of 0 leaves a triangle out";
        EXPECT_NEAR(p.barycentric.sum(), 1, 1e-5);
        EXPECT_GE(p.barycentric.minCoeff(), 0.0f);
        at.push_back(surface_position(avatar.neutral(), avatar.triangles(), p));
    }
    for (std::size_t i = 0; i < at.size(); ++i)
        for (std::size_t j = i + 1; j < at.size(); ++j) {
            const float least =
                std::min(spacing[std::size_t(points[i].triangle)], spacing[std::size_t(points[j].triangle)]);
            ASSERT_GE((at[i] - at[j]).norm(), least * 0.9999f) << i << " " << j;
        }
    Random random(2);
    int gaps = 0, probes = 0;
    for (int i = 0; i < 3000; ++i) {
        const std::size_t t = random() % avatar.triangles().size();
        if (spacing[t] == 0) continue;
        const float r = std::sqrt(uniform(random, 0, 1)), s = uniform(random, 0, 1);
        const Eigen::Vector3f p =
            surface_position(avatar.neutral(), avatar.triangles(), {int(t), {1 - r, r * (1 - s), r * s}});
        float nearest = 1;
        for (const Eigen::Vector3f& q : at) nearest = std::min(nearest, (p - q).norm());
        gaps += nearest > 2 * spacing[t];
        ++probes;
    }
    EXPECT_LE(gaps, probes / 200);
}

TEST(Sampling, EndsWhereThereIsNoSurface) {
    const Avatar avatar = ball_avatar(1, 10, false);
    const std::vector<float> spacing(avatar.triangles().size(), 0.004f);
    std::vector<float> presence;  // ends in the middle of the triangles
    for (Eigen::Index v = 0; v < avatar.neutral().cols(); ++v)
        presence.push_back(0.5f + 20 * (avatar.neutral()(1, v) - avatar.neutral().row(1).mean()));
    const auto whole = sample_surface(avatar.neutral(), avatar.triangles(), spacing, 9);
    const auto part = sample_surface(avatar.neutral(), avatar.triangles(), spacing, 9, &presence);
    for (const SurfacePoint& p : part) EXPECT_GT(surface_value(presence, avatar.triangles(), p), 0.5f);
    const auto there = std::count_if(whole.begin(), whole.end(), [&](const SurfacePoint& p) {
        return surface_value(presence, avatar.triangles(), p) > 0.5f;
    });
    ASSERT_GT(there, 50);
    EXPECT_NEAR(double(part.size()), double(there), 0.1 * double(there)) << "as dense as the whole";
}

TEST(Sampling, FollowsTheSeed) {
    const Avatar avatar = ball_avatar(1, 10, false);
    const std::vector<float> spacing(avatar.triangles().size(), 0.006f);
    const auto positions = [&](std::uint64_t seed) {
        std::vector<Eigen::Vector3f> list;
        for (const SurfacePoint& p : sample_surface(avatar.neutral(), avatar.triangles(), spacing, seed))
            list.push_back(surface_position(avatar.neutral(), avatar.triangles(), p));
        return list;
    };
    EXPECT_EQ(positions(1), positions(1));
    EXPECT_NE(positions(1), positions(2));
    EXPECT_TRUE(
        sample_surface(avatar.neutral(), avatar.triangles(), std::vector<float>(avatar.triangles().size(), 0), 1).empty());
}

TEST(DefaultView, ShowsFortyCentimetresFromTheFront) {
    const Avatar avatar = ball_avatar(2, 10, false);
    const Camera camera = default_camera(avatar, 300, 200);
    const Eigen::Vector3f middle = head_middle(avatar);
    EXPECT_LT((camera.position() - middle - Eigen::Vector3f(0, 0, 1.1f)).norm(), 1e-5f);
    const float height = camera.project(middle - Eigen::Vector3f(0, 0.2f, 0)).y() -
                         camera.project(middle + Eigen::Vector3f(0, 0.2f, 0)).y();
    EXPECT_NEAR(height, 200, 0.1);
    EXPECT_NEAR(camera.project(middle).x(), 150, 1e-2);
    EXPECT_NEAR(camera.project(middle).y(), 100, 1e-2);
}

}  // namespace
}  // namespace likeness::test
