// The analytic Jacobian and the float evaluation against the formulas of head_model.h, written down once more in
// double precision and differentiated by finite differences.
#include <gtest/gtest.h>

#include <Eigen/Geometry>

#include "tests/head/head_fixtures.h"

namespace likeness::test {
namespace {

struct Double {
    Double(const HeadModel& m, const ExpressionBasis& basis)
        : model(m),
          vertices(m.vertices.cast<double>()),
          identity(m.identity.cast<double>()),
          expression(basis.targets.cast<double>()),
          control_expression(basis.control_map.cast<double>()),
          control_joint(m.control_joint.cast<double>()),
          correctives(m.correctives.cast<double>()),
          joint_position(m.joint_position.cast<double>()),
          joint_identity(m.joint_identity.cast<double>()),
          weights(m.weights.cast<double>()) {}

    // All parameters in one vector, in the order of HeadParameters; returns [3 V].
    Eigen::VectorXd pose(const Eigen::VectorXd& x, const Eigen::VectorXd& offsets) const {
        const HeadParameters at(model);
        const Eigen::VectorXd a = x.head(model.identity_count()), c = x.segment(at.controls, model.control_count());
        const Eigen::VectorXd joint_position_a =
            Eigen::Map<const Eigen::VectorXd>(joint_position.data(), joint_position.size()) + joint_identity * a;
        const Eigen::VectorXd driven = x.segment(at.joints, 3 * model.joint_count()) + control_joint * c;
        std::vector<Eigen::Affine3d> world;
        Eigen::VectorXd bends(9 * model.joint_count());
        for (int j = 0; j < model.joint_count(); ++j) {
            const Eigen::Vector3d p = joint_position_a.segment<3>(3 * j), turn = driven.segment<3>(3 * j);
            const double angle = turn.norm();
            const Eigen::AngleAxisd rotate(angle, angle > 0 ? Eigen::Vector3d(turn / angle) : Eigen::Vector3d::UnitX());
            const int parent = model.joint_parent[std::size_t(j)];
            const Eigen::Affine3d above = parent < 0
                                              ? Eigen::Affine3d(Eigen::Translation3d(x.segment<3>(at.translation)))
                                              : world[std::size_t(parent)];
            const Eigen::Matrix3d bend = rotate.toRotationMatrix() - Eigen::Matrix3d::Identity();
            for (int r = 0; r < 3; ++r)
                for (int k = 0; k < 3; ++k) bends[9 * j + 3 * r + k] = bend(r, k);
            world.push_back(above * Eigen::Translation3d(p) * rotate * Eigen::Translation3d(-p));
        }
        Eigen::VectorXd rested = Eigen::Map<const Eigen::VectorXd>(vertices.data(), vertices.size()) +
                                       identity * a + offsets + expression * (control_expression * c);
        if (correctives.size() > 0) rested += correctives * bends;
        Eigen::VectorXd posed(rested.size());
        for (Eigen::Index v = 0; v < vertices.cols(); ++v) {
            Eigen::Vector3d sum = Eigen::Vector3d::Zero();
            for (int j = 0; j < model.joint_count(); ++j)
                sum += weights(j, v) * (world[std::size_t(j)] * Eigen::Vector3d(rested.segment<3>(3 * v)));
            posed.segment<3>(3 * v) = sum;
        }
        return posed;
    }

    const HeadModel& model;
    Eigen::Matrix3Xd vertices;
    Eigen::MatrixXd identity, expression, control_expression, control_joint, correctives;
    Eigen::Matrix3Xd joint_position;
    Eigen::MatrixXd joint_identity, weights;
};

void check(const HeadModel& model, const Eigen::VectorXf& identity, const HeadPose& pose, Random& random,
           int own_expressions = 2) {
    Vertices offsets(3, model.vertex_count());
    for (Eigen::Index i = 0; i < offsets.size(); ++i) offsets.data()[i] = uniform(random, -0.003f, 0.003f);
    Vertices posed;
    RowMatrix jacobian;
    PersonalHead person = personalise(model, identity, &offsets);
    person.expression =
        std::make_shared<ExpressionBasis>(join(*model.expression, random_expressions(model, random, own_expressions)));
    pose_with_jacobian(model, person, pose, posed, jacobian);
    const HeadParameters at(model);
    ASSERT_EQ(jacobian.rows(), 3 * model.vertex_count());
    ASSERT_EQ(jacobian.cols(), at.count);

    const PosedHead simple = pose_head(model, person, pose);
    EXPECT_LT((simple.vertices - posed).cwiseAbs().maxCoeff(), 1e-6f) << "pose_head and pose_with_jacobian";

    const Double reference(model, *person.expression);
    Eigen::VectorXd x(at.count);
    x << identity.cast<double>(), pose.controls.cast<double>(),
        Eigen::Map<const Eigen::VectorXf>(pose.joints.data(), pose.joints.size()).cast<double>(),
        pose.translation.cast<double>();
    const Eigen::VectorXd d = Eigen::Map<const Eigen::VectorXf>(offsets.data(), offsets.size()).cast<double>();
    const Eigen::VectorXd expected = reference.pose(x, d);
    EXPECT_LT(
        (Eigen::Map<const Eigen::VectorXf>(posed.data(), posed.size()).cast<double>() - expected).cwiseAbs().maxCoeff(),
        1e-6)
        << "positions";

    Eigen::MatrixXd differences(expected.size(), at.count);
    constexpr double h = 1e-5;
    for (Eigen::Index k = 0; k < at.count; ++k) {
        Eigen::VectorXd more = x, less = x;
        more[k] += h;
        less[k] -= h;
        differences.col(k) = (reference.pose(more, d) - reference.pose(less, d)) / (2 * h);
    }
    const auto group = [&](const char* name, int first, int count) {
        const Eigen::MatrixXd wanted = differences.middleCols(first, count),
                              got = jacobian.middleCols(first, count).cast<double>();
        ASSERT_GT(wanted.norm(), 0) << name;
        EXPECT_LT((got - wanted).norm() / wanted.norm(), 1e-4) << name;
        for (int k = 0; k < count; ++k)  // each column too: a small one does not hide among large ones
            EXPECT_LT((got.col(k) - wanted.col(k)).norm(), 1e-3 * wanted.col(k).norm() + 1e-6) << name << " " << k;
    };
    group("identity", at.identity, model.identity_count());
    group("controls", at.controls, model.control_count());
    group("joints", at.joints, 3 * model.joint_count());
    group("translation", at.translation, 3);
}

TEST(Jacobian, BallInManyPoses) {
    for (unsigned seed = 1; seed <= 6; ++seed) {
        const auto head = seed % 2 ? ball_head(seed) : bending_head(seed);
        Random random(seed + 100);
        for (const float angle : {0.0f, 1e-5f, 1e-3f, 0.1f, 0.7f, 1.5f}) {
            SCOPED_TRACE(angle);
            HeadPose pose = random_pose(*head, random, angle);
            check(*head, random_identity(*head, random), pose, random);
            pose.controls.setZero();  // joints alone
            check(*head, random_identity(*head, random), pose, random);
        }
    }
}

TEST(Jacobian, BallAtRest) {
    const auto head = ball_head();
    Random random(5);
    check(*head, Eigen::VectorXf::Zero(head->identity_count()), HeadPose::neutral(*head), random);
}

TEST(Jacobian, RealHead) {
    const auto head = real_head();
    Random random(6);
    std::vector<int> kept;
    for (int v = 0; v < head->vertex_count(); v += 97) kept.push_back(v);
    const HeadModel part = vertex_subset(*head, kept);
    check(part, random_identity(part, random, 0.4f), random_pose(part, random, 0.4f), random);
    check(part, Eigen::VectorXf::Zero(part.identity_count()), HeadPose::neutral(part), random);
}

}  // namespace
}  // namespace likeness::test
