// Named changes of shape: sliders, and what they do to head and hair.
#include <gtest/gtest.h>

#include "core/avatar/deform.h"
#include "core/document/identity_edit.h"
#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

TEST(Identity, ASliderMovesOneOfTwoTargets) {
    Eigen::VectorXf change = Eigen::VectorXf::Zero(4);
    const IdentitySlider slider{.name = "nose-width", .group = "nose", .up = 2, .down = 0, .mirror = 0};
    for (const float value : {0.7f, -0.4f, 0.0f}) {
        set_slider(slider, value, change);
        EXPECT_EQ(slider_value(slider, change), value);
        EXPECT_GE(change.minCoeff(), 0) << "targets are not turned inside out";
    }
    Eigen::VectorXf of_another_head = Eigen::VectorXf::Zero(1);
    set_slider(slider, 1, of_another_head);
    EXPECT_EQ(slider_value(slider, of_another_head), 0);
}

TEST(Identity, HeadAndHairMoveTogetherAndBack) {
    const Avatar fitted = ball_avatar(2, 100, true);
    Avatar same = fitted;
    same.identity_change = IdentityChange{Eigen::VectorXf::Zero(4)};
    same.prepare();
    EXPECT_TRUE(same.neutral() == fitted.neutral());
    same.identity_change = IdentityChange{Eigen::VectorXf::Ones(9)};
    same.prepare();
    EXPECT_TRUE(same.neutral() == fitted.neutral()) << "a change of another head";

    // A target that moves everything up by 5 mm.
    HeadModel moved = *fitted.model;
    for (Eigen::Index v = 0; v < moved.vertices.cols(); ++v)
        moved.identity.col(0).segment<3>(3 * v) = Eigen::Vector3f(0, 0.005f, 0);
    Avatar other = fitted;
    other.model = std::make_shared<const HeadModel>(moved);
    other.prepare();
    IdentityChange change{Eigen::VectorXf::Zero(4)};
    change.added[0] = 2;
    Avatar result = other;
    result.identity_change = change;
    EXPECT_FALSE(result.prepared());
    result.prepare();
    EXPECT_TRUE(result.prepared());
    const Eigen::Vector3f shift(0, 0.01f, 0);
    EXPECT_LT(((result.head().vertices - other.head().vertices).colwise() - shift).colwise().norm().maxCoeff(), 1e-6f);
    EXPECT_LT(((result.hair().vertices - other.hair().vertices).colwise() - shift).colwise().norm().maxCoeff(), 1e-6f)
        << "hair follows";
    EXPECT_TRUE(result.neutral().rightCols(other.hair().vertices.cols()).isApprox(result.hair().vertices));
    EXPECT_EQ(result.shells, other.shells) << "its own part stays as it was fitted";
    EXPECT_EQ(result.rest->topology, other.rest->topology) << "nor are triangles made anew";
    EXPECT_TRUE(as_fitted(result).neutral() == other.neutral());

    // The way back: of a surface that was changed (as the first files hold it).
    Avatar there = fitted;
    there.identity_change = change;
    there.prepare();
    const HairShell back = hair_before(fitted.model, fitted.person, there.identity_change, there.hair());
    EXPECT_TRUE(there.neutral() != fitted.neutral());
    const auto away = [&](const Vertices& hair) {
        return (hair - fitted.hair().vertices).colwise().norm().mean();
    };
    // This head's targets are noise, so a little of the hair finds other neighbours on the way back.
    EXPECT_LT(away(back.vertices), 5e-4f);
    EXPECT_LT(away(back.vertices), 0.3f * away(there.hair().vertices));
    SplatFrames frames = splat_frames(there, HeadPose::neutral(*there.model));
    EXPECT_EQ(frames.values.size(), fitted.splats->count * frame_floats);
    for (float v : frames.values) ASSERT_TRUE(std::isfinite(v));
}

}  // namespace
}  // namespace likeness::test
