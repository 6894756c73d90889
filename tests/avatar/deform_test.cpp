#include "core/avatar/deform.h"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <cmath>

#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

using RowMatrix3 = Eigen::Matrix<float, 3, 3, Eigen::RowMajor>;

TEST(Frames, AreRightHandedAndLieOnTheSurface) {
    const Avatar avatar = ball_avatar(1, 1500, true);
    Random random(3);
    for (int round = 0; round < 3; ++round) {
        const HeadPose pose = round ? random_pose(*avatar.model, random) : HeadPose::neutral(*avatar.model);
        const SplatFrames frames = splat_frames(avatar, pose);
        const Vertices surface = pose_surface(avatar, pose), normals = vertex_normals(surface, avatar.triangles());
        ASSERT_EQ(frames.values.size(), avatar.splats->count * frame_floats);
        for (std::size_t i = 0; i < avatar.splats->count; ++i) {
            const float* f = &frames.values[i * frame_floats];
            const Eigen::Map<const RowMatrix3> r(f + 3);
            ASSERT_LT((r.transpose() * r - RowMatrix3::Identity()).norm(), 1e-5f) << i;
            ASSERT_NEAR(r.determinant(), 1, 1e-5) << i;
            const SurfacePoint& at = avatar.splats->anchor[i];
            ASSERT_LT((Eigen::Map<const Eigen::Vector3f>(f) - surface_position(surface, avatar.triangles(), at)).norm(),
                      1e-6f);
            ASSERT_GT(r.col(2).dot(surface_position(normals, avatar.triangles(), at)), 0.0f)
                << "the third axis is the normal";
            if (round == 0)
                ASSERT_NEAR(f[12], 1, 1e-3) << "no stretch at rest";
            else
                ASSERT_TRUE(f[12] >= 0.5f && f[12] <= 2.0f);
        }
    }
}

TEST(Frames, StretchFollowsTheSurface) {
    Avatar avatar = ball_avatar(1, 300, false);
    Avatar larger = avatar;
    larger.model = [&] {  // the same head, whose first control blows it up by a half
        auto model = std::make_shared<HeadModel>(*avatar.model);
        Eigen::VectorXf first = Eigen::VectorXf::Zero(model->control_count());
        first[0] = 1;
        model->expression = std::make_shared<ExpressionBasis>(target_at(0.5f * avatar.head().vertices, first));
        model->control_joint.setZero();
        return model;
    }();
    larger.prepare();
    HeadPose pose = HeadPose::neutral(*larger.model);
    pose.controls[0] = 1;
    const SplatFrames frames = splat_frames(larger, pose);
    for (std::size_t i = 0; i < avatar.splats->count; ++i) ASSERT_NEAR(frames.values[i * frame_floats + 12], 1.5f, 1e-3);
}

TEST(Deform, FollowsItsFormulas) {
    const Avatar avatar = ball_avatar(2, 500, true);
    Random random(4);
    const SplatFrames frames = splat_frames(avatar, random_pose(*avatar.model, random));
    SplatSet posed;
    deform(*avatar.splats, frames, posed);
    const AnchoredSplats& s = *avatar.splats;
    ASSERT_EQ(posed.count, s.count);
    for (std::size_t i = 0; i < s.count; ++i) {
        const float* f = &frames.values[i * frame_floats];
        const Eigen::Matrix3f r = Eigen::Map<const RowMatrix3>(f + 3);
        const Eigen::Vector3f mean =
            Eigen::Map<const Eigen::Vector3f>(f) + f[12] * r * Eigen::Map<const Eigen::Vector3f>(&s.offset[i * 3]);
        EXPECT_LT((Eigen::Map<const Eigen::Vector3f>(&posed.means[i * 3]) - mean).norm(), 1e-6f);
        const auto quaternion = [](const float* q) { return Eigen::Quaternionf(q[0], q[1], q[2], q[3]).normalized(); };
        const Eigen::Matrix3f expected = r * quaternion(&s.rotation[i * 4]).toRotationMatrix();
        EXPECT_LT((quaternion(&posed.rotations[i * 4]).toRotationMatrix() - expected).norm(), 1e-5f);
        EXPECT_NEAR(Eigen::Map<const Eigen::Vector4f>(&posed.rotations[i * 4]).norm(), 1, 1e-6);
        for (std::size_t k = 0; k < 3; ++k) {
            EXPECT_FLOAT_EQ(posed.scales[i * 3 + k], f[12] * std::exp(s.log_scale[i * 3 + k]));
            EXPECT_EQ(posed.colors[i * 3 + k], s.albedo[i * 3 + k]);
        }
        EXPECT_FLOAT_EQ(posed.opacities[i], 1 / (1 + std::exp(-s.opacity_logit[i])));
    }
}

TEST(Deform, TurningTheRootTurnsTheGaussians) {
    const Avatar avatar = ball_avatar(2, 200, false);
    HeadPose pose = HeadPose::neutral(*avatar.model);
    SplatSet rest, turned;
    deform(*avatar.splats, splat_frames(avatar, pose), rest);
    const Eigen::Vector3f turn(0.2f, 0.5f, -0.3f);
    pose.joints.col(0) = turn;
    deform(*avatar.splats, splat_frames(avatar, pose), turned);
    const Eigen::Matrix3f r = Eigen::AngleAxisf(turn.norm(), turn.normalized()).toRotationMatrix();
    const Eigen::Vector3f at = avatar.head().joint_position.col(0);
    for (std::size_t i = 0; i < rest.count; ++i) {
        const Eigen::Vector3f expected = r * (Eigen::Map<const Eigen::Vector3f>(&rest.means[i * 3]) - at) + at;
        EXPECT_LT((Eigen::Map<const Eigen::Vector3f>(&turned.means[i * 3]) - expected).norm(), 2e-6f);
        const auto matrix = [](const float* q) {
            return Eigen::Quaternionf(q[0], q[1], q[2], q[3]).normalized().toRotationMatrix();
        };
        EXPECT_LT((matrix(&turned.rotations[i * 4]) - r * matrix(&rest.rotations[i * 4])).norm(), 1e-4f);
    }
}

// A random linear functional of the posed Gaussians; each Gaussian depends on its own parameters only, so that one
// step of all of them gives all their gradients.
TEST(Deform, BackwardIsTheDerivative) {
    Avatar avatar = ball_avatar(5, 400, true);
    Random random(6);
    const SplatFrames frames = splat_frames(avatar, random_pose(*avatar.model, random));
    AnchoredSplats& s = avatar.splats.edit();
    SplatSet posed;
    deform(s, frames, posed);
    SplatGradients given;
    const auto draw = [&](std::vector<float>& v, std::size_t n) {
        v.resize(n);
        for (float& x : v) x = uniform(random, -1, 1);
    };
    draw(given.means, s.count * 3);
    draw(given.scales, s.count * 3);
    draw(given.rotations, s.count * 4);
    draw(given.colors, s.count * 3);
    draw(given.opacities, s.count);
    AnchoredGradients gradients;
    gradients.resize(s.count);
    gradients.set_zero();
    deform_backward(s, frames, posed, given, gradients);

    const auto functional = [&] {
        SplatSet p;
        deform(s, frames, p);
        std::vector<double> sums(s.count, 0.0);
        const auto add = [&](const std::vector<float>& value, const std::vector<float>& weight, std::size_t width) {
            for (std::size_t i = 0; i < value.size(); ++i) sums[i / width] += double(value[i]) * double(weight[i]);
        };
        add(p.means, given.means, 3);
        add(p.scales, given.scales, 3);
        add(p.rotations, given.rotations, 4);
        add(p.colors, given.colors, 3);
        add(p.opacities, given.opacities, 1);
        return sums;
    };
    const auto check = [&](const char* name, std::vector<float>& values, const std::vector<float>& got,
                           std::size_t width, float h) {
        double error = 0, size = 0;
        for (std::size_t k = 0; k < width; ++k) {
            const std::vector<float> kept = values;
            std::vector<float> more = kept, less = kept;
            for (std::size_t i = k; i < values.size(); i += width) {
                more[i] += h;
                less[i] -= h;
            }
            values = more;
            const std::vector<double> up = functional();
            values = less;
            const std::vector<double> down = functional();
            values = kept;
            for (std::size_t i = 0; i < s.count; ++i) {
                const std::size_t at = i * width + k;
                const double expected = (up[i] - down[i]) / (double(more[at]) - double(less[at]));
                error += (expected - double(got[at])) * (expected - double(got[at]));
                size += expected * expected;
            }
        }
        EXPECT_GT(size, 0) << name;
        EXPECT_LT(std::sqrt(error / size), 1e-3) << name;
    };
    check("offset", s.offset, gradients.offset, 3, 0.05f);
    check("log_scale", s.log_scale, gradients.log_scale, 3, 0.02f);
    check("rotation", s.rotation, gradients.rotation, 4, 0.005f);
    check("albedo", s.albedo, gradients.albedo, 3, 0.05f);
    check("opacity", s.opacity_logit, gradients.opacity_logit, 1, 0.02f);

    const AnchoredGradients once = gradients;
    deform_backward(s, frames, posed, given, gradients);
    for (std::size_t i = 0; i < once.offset.size(); ++i)
        EXPECT_FLOAT_EQ(gradients.offset[i], 2 * once.offset[i]) << "adds";
    for (std::size_t i = 0; i < once.opacity_logit.size(); ++i)
        EXPECT_FLOAT_EQ(gradients.opacity_logit[i], 2 * once.opacity_logit[i]);
}

}  // namespace
}  // namespace likeness::test
