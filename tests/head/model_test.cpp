#include <gtest/gtest.h>

#include "core/head/head_registry.h"
#include "tests/head/head_fixtures.h"

namespace likeness::test {
namespace {

TEST(HeadModel, NeutralIsTheTemplate) {
    for (const auto& head : {ball_head(), bending_head(), real_head()}) {
        const Eigen::VectorXf none = Eigen::VectorXf::Zero(head->identity_count());
        const PersonalHead person = personalise(*head, none);
        EXPECT_EQ(person.vertices, head->vertices);
        EXPECT_EQ(person.joint_position, head->joint_position);
        const PosedHead posed = pose_head(*head, person, HeadPose::neutral(*head));
        EXPECT_LT((posed.vertices - head->vertices).cwiseAbs().maxCoeff(), 1e-6f);
        for (const Eigen::Affine3f& g : posed.joint_transforms) EXPECT_TRUE(g.isApprox(Eigen::Affine3f::Identity()));
    }
}

TEST(HeadModel, NamesAreFound) {
    const auto head = ball_head();
    EXPECT_EQ(head->joint("jaw"), 3);
    EXPECT_EQ(head->control("jawOpen"), 3);
    for (const char* unknown : {"", "JAW", "jawopen", "nose"}) {
        EXPECT_EQ(head->joint(unknown), -1);
        EXPECT_EQ(head->control(unknown), -1);
    }
}

TEST(HeadModel, EachRegionHasItsName) {
    for (std::size_t i = 0; i < named_region_count; ++i) EXPECT_EQ(region_named(head_region_names[i]), HeadRegion(i));
    for (const char* unknown : {"", "Face", "lip", "other"}) EXPECT_EQ(region_named(unknown), HeadRegion::other);
    EXPECT_TRUE(is_inside_head(HeadRegion::eye_socket) && !is_mouth(HeadRegion::eye_socket));
    for (const HeadRegion region : {HeadRegion::face, HeadRegion::lips, HeadRegion::lashes, HeadRegion::other})
        EXPECT_FALSE(is_inside_head(region) || is_eye(region) || is_ear(region) || is_below_head(region));
}

TEST(HeadModel, RootMovesEverythingRigidly) {
    const auto head = ball_head();
    Random random(2);
    const PersonalHead person = personalise(*head, random_identity(*head, random));
    HeadPose pose = random_pose(*head, random);
    const Vertices before = pose_head(*head, person, pose).vertices;
    pose.translation += Eigen::Vector3f(0.01f, -0.02f, 0.03f);
    const Vertices after = pose_head(*head, person, pose).vertices;
    EXPECT_LT(((after - before).colwise() - Eigen::Vector3f(0.01f, -0.02f, 0.03f)).cwiseAbs().maxCoeff(), 1e-6f);
}

TEST(HeadModel, OwnExpressionGrowsWithItsControls) {
    const auto head = ball_head();
    Random random(4);
    PersonalHead person = personalise(*head, random_identity(*head, random));
    HeadPose own = HeadPose::neutral(*head);
    own.controls = random_pose(*head, random).controls;
    const auto posed = [&](const HeadPose& pose) { return pose_head(*head, person, pose).vertices; };
    HeadPose half = own, twice = own;
    half.controls *= 0.5f;
    twice.controls *= 2;
    const HeadPose neutral = HeadPose::neutral(*head);
    const Vertices at_neutral = posed(neutral);
    // Bare of joints, so that the difference is what was added.
    HeadModel still = *head;
    still.control_joint.setZero();
    const auto bare = [&](const HeadPose& pose) { return pose_head(still, person, pose).vertices; };
    const Vertices full_before = bare(own), half_before = bare(half), twice_before = bare(twice);
    person.expression = std::make_shared<ExpressionBasis>(
        join(*head->expression, target_at(Vertices::Constant(3, head->vertex_count(), 0.004f), own.controls)));
    EXPECT_EQ(posed(neutral), at_neutral) << "the neutral is free of it";
    const auto added = [&](const HeadPose& pose, const Vertices& before) { return (bare(pose) - before).eval(); };
    EXPECT_LT((added(own, full_before).array() - 0.004f).abs().maxCoeff(), 1e-6f);
    EXPECT_LT((added(half, half_before).array() - 0.002f).abs().maxCoeff(), 1e-6f);
    EXPECT_LT((added(twice, twice_before).array() - 0.008f).abs().maxCoeff(), 1e-6f) << "linear, like any target";
}

TEST(HeadModel, APersonWithoutOwnExpressionsSharesTheModels) {
    const auto head = ball_head();
    Random random(4);
    EXPECT_EQ(personalise(*head, random_identity(*head, random)).expression, head->expression);
}

TEST(HeadModel, NoTargetWithoutControls) {
    const Vertices target = Vertices::Ones(3, 5);
    EXPECT_EQ(target_at(target, Eigen::Vector2f(0, 0.5f)).count(), 1);
    EXPECT_EQ(target_at(target, Eigen::Vector2f(0, 0)).count(), 0);
    EXPECT_EQ(target_at(Vertices(), Eigen::Vector2f(0, 0.5f)).count(), 0);
    EXPECT_THROW(join(target_at(target, Eigen::Vector2f(0, 1)), target_at(target, Eigen::Vector3f(0, 1, 0))),
                 std::invalid_argument);
}

TEST(HeadModel, JointsTurnAboutTheirOwnPlace) {
    const auto head = real_head();
    const PersonalHead person = personalise(*head, Eigen::VectorXf::Zero(head->identity_count()));
    for (int j = 0; j < head->joint_count(); ++j) {
        HeadPose pose = HeadPose::neutral(*head);
        pose.joints.col(j) = Eigen::Vector3f(0.3f, -0.4f, 0.2f);
        const PosedHead posed = pose_head(*head, person, pose);
        const Eigen::Vector3f at = person.joint_position.col(j);
        EXPECT_LT((posed.joint_transforms[std::size_t(j)] * at - at).norm(), 1e-6f)
            << head->joint_names[std::size_t(j)];
    }
}

TEST(HeadModel, SkinningRotationIsTheDerivativeByTheRestPosition) {
    const auto head = ball_head();
    Random random(3);
    const Eigen::VectorXf identity = random_identity(*head, random);
    const HeadPose pose = random_pose(*head, random);
    const PosedHead posed = pose_head(*head, personalise(*head, identity), pose);
    for (int v = 0; v < head->vertex_count(); v += 17) {
        Vertices offsets = Vertices::Zero(3, head->vertex_count());
        const Eigen::Vector3f d(0.01f, -0.02f, 0.015f);
        offsets.col(v) = d;
        const PosedHead moved = pose_head(*head, personalise(*head, identity, &offsets), pose);
        const Eigen::Vector3f expected = skinning_rotation(*head, posed, v) * d;
        EXPECT_LT((moved.vertices.col(v) - posed.vertices.col(v) - expected).norm(), 1e-6f);
    }
}

TEST(HeadModel, SubsetPosesLikeTheWhole) {
    for (const auto& head : {ball_head(), bending_head(), real_head()}) {
        Random random(4);
        std::vector<int> kept;
        for (int i = 0; i < 60; ++i)
            kept.push_back(int(random() % unsigned(head->vertex_count())));  // any order, repeats
        const HeadModel part = vertex_subset(*head, kept);
        EXPECT_EQ(part.vertex_count(), 60);
        EXPECT_EQ(part.control_names, head->control_names);
        const Eigen::VectorXf identity = random_identity(*head, random);
        const HeadPose pose = random_pose(*head, random);
        const Vertices whole = pose_head(*head, personalise(*head, identity), pose).vertices;
        const Vertices some = pose_head(part, personalise(part, identity), pose).vertices;
        for (std::size_t i = 0; i < kept.size(); ++i)
            EXPECT_LT((some.col(Eigen::Index(i)) - whole.col(kept[i])).norm(), 1e-6f);
    }
    EXPECT_EQ(vertex_subset(*ball_head(), {}).vertex_count(), 0);
}

TEST(HeadModel, HashTellsModelsApart) {
    const auto head = ball_head(1);
    EXPECT_EQ(head_hash(*head), head_hash(*ball_head(1)));
    EXPECT_EQ(head_hash(*head).size(), 16u);
    HeadModel other = *head;
    other.vertices(1, 7) += 1e-6f;
    EXPECT_NE(head_hash(other), head_hash(*head));
    other = *head;
    std::swap(other.triangles[3][0], other.triangles[3][1]);
    EXPECT_NE(head_hash(other), head_hash(*head));
    other = *head;
    other.uv[5].x() += 1e-4f;
    EXPECT_NE(head_hash(other), head_hash(*head));
    // The same template that is shaped or posed otherwise is another model: an avatar's coefficients mean nothing to
    // it.
    other = *head;
    other.identity(1, 1) += 0.01f;
    EXPECT_NE(head_hash(other), head_hash(*head));
    for (Eigen::MatrixXf ExpressionBasis::*m : {&ExpressionBasis::targets, &ExpressionBasis::control_map}) {
        ExpressionBasis basis = *head->expression;
        (basis.*m)(1, 1) += 0.01f;
        other = *head;
        other.expression = std::make_shared<ExpressionBasis>(basis);
        EXPECT_NE(head_hash(other), head_hash(*head));
    }
    for (Eigen::MatrixXf HeadModel::*m : {&HeadModel::control_joint, &HeadModel::joint_identity, &HeadModel::weights}) {
        other = *head;
        (other.*m)(1, 1) += 0.01f;
        EXPECT_NE(head_hash(other), head_hash(*head));
    }
    other = *head;
    other.joint_position(0, 5) += 0.001f;
    EXPECT_NE(head_hash(other), head_hash(*head));
    EXPECT_NE(head_hash(*bending_head(1)), head_hash(*head));
}

}  // namespace
}  // namespace likeness::test
