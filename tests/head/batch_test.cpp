// Many poses at once against one at a time: positions against pose_head(), gradients against the Jacobian (which is
// tested by finite differences in double precision) and against differences of the batch itself.
#include "core/head/head_batch.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/base/parallel.h"
#include "tests/head/head_fixtures.h"

namespace likeness::test {
namespace {

using Floats = std::vector<float>;
constexpr int frames = 5;  // no multiple of what is worked on at once

Floats poisoned(std::size_t count) { return Floats(count, std::numeric_limits<float>::quiet_NaN()); }

Floats random_floats(Random& random, std::size_t count, float range) {
    Floats values(count);
    for (float& x : values) x = uniform(random, -range, range);
    return values;
}

double relative_distance(const Floats& a, const Floats& b) {
    EXPECT_EQ(a.size(), b.size());
    const Eigen::Map<const Eigen::VectorXf> x(a.data(), Eigen::Index(a.size())), y(b.data(), Eigen::Index(b.size()));
    EXPECT_GT(y.norm(), 0);
    return double((x - y).norm() / y.norm());
}

struct Shell {
    Vertices vertices;
    Eigen::MatrixXf weights;
};
Shell random_shell(const HeadModel& model, Random& random, int count) {
    Shell shell{Vertices(3, count), Eigen::MatrixXf(model.joint_count(), count)};
    for (float& x : shell.vertices.reshaped()) x = uniform(random, -0.1f, 0.1f);
    for (float& w : shell.weights.reshaped()) w = uniform(random, 0, 1);
    for (auto column : shell.weights.colwise()) column /= column.sum();
    return shell;
}

template <class Matrix>
Matrix below(const Matrix& matrix, Eigen::Index rows) {  // with `rows` of zeros
    Matrix longer = Matrix::Zero(matrix.rows() + rows, matrix.cols());
    longer.topRows(matrix.rows()) = matrix;
    return longer;
}
Vertices beside(const Vertices& a, const Vertices& b) {
    Vertices both(3, a.cols() + b.cols());
    both << a, b;
    return both;
}

// A head whose vertices include the shell's, which no target moves: what one pose at a time is asked of.
struct Whole {
    HeadModel model;
    PersonalHead person;
};
Whole whole_of(const HeadModel& model, const PersonalHead& person, const Shell& shell) {
    const Eigen::Index more = 3 * shell.vertices.cols();
    Whole whole{model, person};
    whole.model.vertices = beside(model.vertices, shell.vertices);
    whole.model.identity = below(model.identity, more);
    if (model.correctives.size() > 0) whole.model.correctives = below(model.correctives, more);
    whole.model.weights.resize(model.joint_count(), whole.model.vertices.cols());
    whole.model.weights << model.weights, shell.weights;
    whole.person.vertices = beside(person.vertices, shell.vertices);
    whole.person.expression = std::make_shared<ExpressionBasis>(
        ExpressionBasis{below(person.expression->targets, more), person.expression->control_map});
    return whole;
}

// Everything of a batch, in memory of its own.
struct Batch {
    Batch(const HeadModel& model, Random& random, int shell_vertices) : shell(random_shell(model, random, shell_vertices)) {
        Vertices offsets(3, model.vertex_count());
        for (float& x : offsets.reshaped()) x = uniform(random, -0.003f, 0.003f);
        person = personalise(model, random_identity(model, random), &offsets);
        person.expression =
            std::make_shared<ExpressionBasis>(join(*model.expression, random_expressions(model, random, 2)));
        head.load(model, person, shell.vertices, shell.weights);
        shape = head.shape(frames);
        rest.assign(head.rest(), head.rest() + 3 * shape.vertices);
        positions.assign(head.joint_position(), head.joint_position() + 3 * shape.joints);
        for (int f = 0; f < frames; ++f) {
            const HeadPose pose = f == 0 ? HeadPose::neutral(model) : random_pose(model, random, 0.7f);
            poses.push_back(pose);
            controls.insert(controls.end(), pose.controls.begin(), pose.controls.end());
            joints.insert(joints.end(), pose.joints.data(), pose.joints.data() + pose.joints.size());
            translation.insert(translation.end(), pose.translation.begin(), pose.translation.end());
        }
        by = random_floats(random, std::size_t(frames) * rest.size(), 1);
        coefficients = poisoned(std::size_t(frames * shape.coefficients()));
        transforms = poisoned(std::size_t(frames * shape.joints) * 12);
        rested = vertices = grad_rested = poisoned(by.size());
        grad_controls = poisoned(controls.size());
        grad_joints = poisoned(joints.size());
        grad_translation = poisoned(translation.size());
        grad_rest = poisoned(rest.size());
        grad_identity = poisoned(std::size_t(shape.identities));
        scratch = poisoned(head.backward_floats(shape));
    }
    HeadPoses inputs() const { return {controls.data(), joints.data(), translation.data()}; }
    HeadOutputs outputs() { return {coefficients.data(), transforms.data(), rested.data(), vertices.data()}; }
    void forward() { head.forward(shape, rest.data(), positions.data(), inputs(), outputs()); }
    void backward() {
        head.backward(shape, positions.data(), inputs(), outputs(), by.data(), scratch.data(),
                      {grad_controls.data(), grad_joints.data(), grad_translation.data(), grad_rest.data(),
                       grad_identity.data(), grad_rested.data()});
    }
    // By the batch's own forward: the derivative of sum(by * vertices) along a change of one of its inputs.
    double difference(Floats& input, const Floats& direction) {
        constexpr float h = 2e-3f;
        double difference = 0;
        const Floats middle = input;
        for (const float sign : {1.0f, -1.0f}) {
            for (std::size_t i = 0; i < input.size(); ++i) input[i] = middle[i] + sign * h * direction[i];
            forward();
            for (std::size_t i = 0; i < by.size(); ++i)
                difference += double(sign) * double(by[i]) * double(vertices[i]) / double(2 * h);
        }
        input = middle;
        return difference;
    }

    Shell shell;
    PersonalHead person;
    HeadBatch head;
    HeadShape shape;
    std::vector<HeadPose> poses;
    Floats rest, positions, controls, joints, translation, by;
    Floats coefficients, transforms, rested, vertices;
    Floats grad_controls, grad_joints, grad_translation, grad_rest, grad_identity, grad_rested, scratch;
};

void check(const HeadModel& model, unsigned seed, int shell) {
    Random random(seed);
    Batch batch(model, random, shell);
    batch.forward();
    batch.backward();

    const Whole whole = whole_of(model, batch.person, batch.shell);
    Floats want_controls, want_joints, want_translation;
    Eigen::VectorXf want_identity = Eigen::VectorXf::Zero(model.identity_count());
    Vertices want_rest = Vertices::Zero(3, batch.shape.vertices);
    const HeadParameters at(whole.model);
    for (int f = 0; f < frames; ++f) {
        const HeadPose& pose = batch.poses[std::size_t(f)];
        Vertices posed;
        RowMatrix jacobian;
        pose_with_jacobian(whole.model, whole.person, pose, posed, jacobian);
        const PosedHead alone = pose_head(whole.model, whole.person, pose);
        const std::size_t from = std::size_t(f) * std::size_t(posed.size());
        EXPECT_LT((Eigen::Map<const Vertices>(&batch.vertices[from], 3, posed.cols()) - alone.vertices).cwiseAbs().maxCoeff(),
                  1e-6f);
        const Eigen::Map<const Eigen::VectorXf> g(&batch.by[from], posed.size());
        const Eigen::VectorXf gradients = jacobian.transpose() * g;
        const auto add = [&](Floats& to, int first, int count) {
            to.insert(to.end(), gradients.data() + first, gradients.data() + first + count);
        };
        add(want_controls, at.controls, model.control_count());
        add(want_joints, at.joints, 3 * model.joint_count());
        add(want_translation, at.translation, 3);
        want_identity += gradients.head(model.identity_count());
        Vertices want_rested(3, posed.cols());
        for (int v = 0; v < int(posed.cols()); ++v)
            want_rested.col(v) = skinning_rotation(whole.model, alone, v).transpose() * g.segment<3>(3 * v);
        want_rest += want_rested;
        EXPECT_LT(
            (Eigen::Map<const Vertices>(&batch.grad_rested[from], 3, posed.cols()) - want_rested).cwiseAbs().maxCoeff(),
            1e-5f);
    }
    const auto floats = [](const auto& m) { return Floats(m.data(), m.data() + m.size()); };
    EXPECT_LT(relative_distance(batch.grad_controls, want_controls), 1e-4);
    EXPECT_LT(relative_distance(batch.grad_joints, want_joints), 1e-4);
    EXPECT_LT(relative_distance(batch.grad_translation, want_translation), 1e-4);
    EXPECT_LT(relative_distance(batch.grad_identity, floats(want_identity)), 1e-4);
    EXPECT_LT(relative_distance(batch.grad_rest, floats(want_rest)), 1e-5);

    const auto along = [&](const char* name, Floats& input, const Floats& gradient, float range) {
        const Floats direction = random_floats(random, input.size(), range);
        double expected = 0, size = 0;
        for (std::size_t i = 0; i < direction.size(); ++i) {
            expected += double(gradient[i]) * double(direction[i]);
            size += std::pow(double(gradient[i]) * double(direction[i]), 2);
        }
        EXPECT_NEAR(batch.difference(input, direction), expected, 1e-2 * std::sqrt(size)) << name;
    };
    along("controls", batch.controls, batch.grad_controls, 1);
    along("joints", batch.joints, batch.grad_joints, 1);
    along("translation", batch.translation, batch.grad_translation, 1);
    along("rest", batch.rest, batch.grad_rest, 1);
}

TEST(HeadBatch, ASmallHeadLikeOnePoseAtATime) {
    for (const unsigned seed : {1u, 2u, 3u}) {
        check(*ball_head(seed), seed, int(seed - 1) * 77);
        check(*bending_head(seed), seed, int(seed - 1) * 77);
    }
}

TEST(HeadBatch, TheDefaultHeadLikeOnePoseAtATime) { check(*real_head(), 4, 300); }

TEST(HeadBatch, TheSameBitsOnAnyNumberOfThreads) {
    const auto model = real_head();
    Random random(7);
    Batch batch(*model, random, 500);
    batch.forward();
    batch.backward();
    const Batch first = batch;
    for (int round = 0; round < 3; ++round) {
        const auto again = [&] {
            batch.forward();
            batch.backward();
        };
        if (round == 0)
            parallel_for(1, 1, [&](std::size_t, std::size_t) { again(); });  // nested: on this thread alone
        else
            again();
        EXPECT_EQ(batch.vertices, first.vertices);
        EXPECT_EQ(batch.grad_controls, first.grad_controls);
        EXPECT_EQ(batch.grad_joints, first.grad_joints);
        EXPECT_EQ(batch.grad_translation, first.grad_translation);
        EXPECT_EQ(batch.grad_rest, first.grad_rest);
        EXPECT_EQ(batch.grad_identity, first.grad_identity);
    }
}

TEST(HeadBatch, InTwoHalvesTheSame) {
    const auto model = bending_head(6);
    Random random(6);
    Batch batch(*model, random, 40);
    batch.forward();
    batch.backward();
    Batch halves = batch;
    for (Floats* f :
         {&halves.vertices, &halves.rested, &halves.grad_controls, &halves.grad_identity, &halves.grad_joints})
        *f = poisoned(f->size());
    halves.head.express(halves.shape, halves.rest.data(), halves.positions.data(), halves.inputs(), halves.outputs());
    EXPECT_EQ(halves.rested, batch.rested);
    halves.head.skin(halves.shape, halves.outputs());
    EXPECT_EQ(halves.vertices, batch.vertices);
    HeadGradients wanted{.controls = halves.grad_controls.data(),
                         .joints = halves.grad_joints.data(),
                         .rest = halves.grad_rest.data(),
                         .identity = halves.grad_identity.data()};
    halves.head.skin_backward(halves.shape, halves.outputs(), halves.by.data(), halves.scratch.data(), wanted);
    halves.head.express_backward(halves.shape, halves.positions.data(), halves.inputs(), halves.scratch.data(), wanted);
    EXPECT_EQ(halves.grad_controls, batch.grad_controls);
    EXPECT_EQ(halves.grad_joints, batch.grad_joints);
    EXPECT_EQ(halves.grad_identity, batch.grad_identity);

    // What is added between the halves moves like vertices at rest.
    const Floats added = random_floats(random, batch.rest.size(), 0.01f);
    for (std::size_t i = 0; i < added.size(); ++i) {
        batch.rest[i] += added[i];
        for (std::size_t f = 0; f < frames; ++f) halves.rested[f * added.size() + i] += added[i];
    }
    batch.forward();
    halves.head.skin(halves.shape, halves.outputs());
    for (std::size_t i = 0; i < batch.vertices.size(); ++i) ASSERT_NEAR(halves.vertices[i], batch.vertices[i], 1e-6f);
}

TEST(HeadBatch, OnlyWhatIsAskedFor) {
    const auto model = bending_head(8);
    Random random(8);
    Batch batch(*model, random, 10);
    batch.forward();
    batch.backward();
    const Floats vertices = batch.vertices, grad_joints = batch.grad_joints;
    batch.head.forward(batch.shape, batch.rest.data(), batch.positions.data(), batch.inputs(),
                       {batch.coefficients.data(), batch.transforms.data(), nullptr, batch.vertices.data()});
    EXPECT_EQ(batch.vertices, vertices);
    batch.grad_joints = poisoned(grad_joints.size());
    batch.head.backward(batch.shape, batch.positions.data(), batch.inputs(), batch.outputs(), batch.by.data(),
                        batch.scratch.data(), {.joints = batch.grad_joints.data()});
    EXPECT_EQ(batch.grad_joints, grad_joints);
}

TEST(HeadBatch, APersonTakesShape) {
    for (const auto& model : {ball_head(9), real_head()}) {
        Random random(9);
        const Shell shell = random_shell(*model, random, 30);
        const Eigen::VectorXf before = random_identity(*model, random, 0.3f), change = random_identity(*model, random, 0.3f);
        HeadBatch head;
        head.load(*model, personalise(*model, before), shell.vertices, shell.weights);
        const HeadShape shape = head.shape(1);
        const Floats offsets = random_floats(random, std::size_t(3 * shape.vertices), 0.01f);
        Floats rest = poisoned(offsets.size()), joints = poisoned(std::size_t(3 * shape.joints));
        head.shape_person(change.data(), offsets.data(), rest.data(), joints.data());
        const Vertices moved = Eigen::Map<const Vertices>(offsets.data(), 3, shape.vertices);
        const PersonalHead want = personalise(*model, before + change);
        const Vertices all = beside(want.vertices, shell.vertices) + moved;
        EXPECT_LT((Eigen::Map<const Vertices>(rest.data(), 3, shape.vertices) - all).cwiseAbs().maxCoeff(), 1e-6f);
        EXPECT_LT((Eigen::Map<const Eigen::Matrix3Xf>(joints.data(), 3, shape.joints) - want.joint_position).cwiseAbs().maxCoeff(),
                  1e-6f);
        head.shape_person(nullptr, nullptr, rest.data(), joints.data());
        EXPECT_TRUE(std::equal(rest.begin(), rest.end(), head.rest()));
        EXPECT_TRUE(std::equal(joints.begin(), joints.end(), head.joint_position()));
    }
}

}  // namespace
}  // namespace likeness::test
