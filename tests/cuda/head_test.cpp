// The head on the GPU against core/head: vertices, and gradients against the processor's Jacobian.
#include "likeness/cuda/head.h"

#include "likeness/cuda/device_avatar.h"
#include "tests/cuda/gpu_test.h"
#include "tests/head/head_fixtures.h"

namespace likeness::cuda_tests {
namespace {

constexpr int frames = 3;

class HeadTest : public GpuTest {
  protected:
    void compare(const std::shared_ptr<const HeadModel>& head_model, unsigned seed);
};

template <class Matrix>
std::vector<float> values_of(const Matrix& matrix) {
    return {matrix.data(), matrix.data() + matrix.size()};
}

void HeadTest::compare(const std::shared_ptr<const HeadModel>& head_model, unsigned seed) {
    const HeadModel& model = *head_model;
    test::Random random(seed);
    const Eigen::VectorXf identity = test::random_identity(model, random);
    Vertices offsets(3, model.vertex_count());
    for (Eigen::Index i = 0; i < offsets.size(); ++i) offsets.data()[i] = test::uniform(random, -0.003f, 0.003f);
    std::vector<HeadPose> poses;
    std::vector<float> controls, joints, translation;
    for (int f = 0; f < frames; ++f) {
        HeadPose pose = test::random_pose(model, random, 0.7f);
        if (f == 0) pose = HeadPose::neutral(model);
        for (int k = 0; k < 3; ++k) pose.translation[k] = test::uniform(random, -0.1f, 0.1f);
        controls.insert(controls.end(), pose.controls.begin(), pose.controls.end());
        joints.insert(joints.end(), pose.joints.data(), pose.joints.data() + pose.joints.size());
        translation.insert(translation.end(), pose.translation.begin(), pose.translation.end());
        poses.push_back(pose);
    }
    Random numbers(seed);
    const std::vector<float> by = numbers.normals(std::size_t(frames) * 3 * std::size_t(model.vertex_count()));

    const PersonalHead person = personalise(model, identity, &offsets);
    cuda::DeviceHead head(stream());
    head.load(head_model, person, nullptr, true);
    const cuda::HeadShape shape = head.shape(frames);
    const auto device_controls = upload(controls), device_joints = upload(joints),
               device_translation = upload(translation), device_by = upload(by);
    const cuda::HeadPoses device_poses{device_controls.data(), device_joints.data(), device_translation.data()};
    auto coefficients = poisoned(std::size_t(frames * shape.coefficients())),
         transforms = poisoned(std::size_t(frames * shape.joints) * 12);
    auto rested = poisoned(by.size()), vertices = poisoned(by.size());
    const cuda::HeadOutputs outputs{coefficients.data(), transforms.data(), rested.data(), vertices.data()};
    cuda::head_forward(shape, head.arrays(), device_poses, outputs, stream());
    auto grad_controls = poisoned(controls.size()), grad_joints = poisoned(joints.size()),
         grad_translation = poisoned(3 * frames), grad_rest = poisoned(3 * std::size_t(model.vertex_count())),
         grad_identity = poisoned(std::size_t(model.identity_count())), grad_rested = poisoned(by.size());
    auto scratch = poisoned(cuda::head_backward_floats(shape));
    cuda::head_backward(shape, head.arrays(), device_poses, outputs, device_by.data(), scratch.data(),
                        {grad_controls.data(), grad_joints.data(), grad_translation.data(), grad_rest.data(),
                         grad_identity.data(), grad_rested.data()},
                        stream());

    std::vector<float> all_vertices, want_controls, want_joints, want_translation;
    Eigen::VectorXf want_identity = Eigen::VectorXf::Zero(model.identity_count());
    Vertices want_rest = Vertices::Zero(3, model.vertex_count());
    std::vector<float> want_rested;
    const HeadParameters at(model);
    for (int f = 0; f < frames; ++f) {
        Vertices posed;
        RowMatrix jacobian;
        pose_with_jacobian(model, person, poses[std::size_t(f)], posed, jacobian);
        const Eigen::Map<const Eigen::VectorXf> g(&by[std::size_t(f) * std::size_t(posed.size())], posed.size());
        const Eigen::VectorXf gradients = jacobian.transpose() * g;
        const auto add = [&](std::vector<float>& to, int first, int count) {
            to.insert(to.end(), gradients.data() + first, gradients.data() + first + count);
        };
        add(want_controls, at.controls, model.control_count());
        add(want_joints, at.joints, 3 * model.joint_count());
        add(want_translation, at.translation, 3);
        want_identity += gradients.head(model.identity_count());
        const PosedHead whole = pose_head(model, person, poses[std::size_t(f)]);
        for (int v = 0; v < model.vertex_count(); ++v) {
            const Eigen::Vector3f rested_here = skinning_rotation(model, whole, v).transpose() * g.segment<3>(3 * v);
            want_rested.insert(want_rested.end(), rested_here.begin(), rested_here.end());
            want_rest.col(v) += rested_here;
        }
        const std::vector<float> frame_vertices = values_of(posed);
        all_vertices.insert(all_vertices.end(), frame_vertices.begin(), frame_vertices.end());
    }
    EXPECT_LT(relative_distance(vertices.download(), all_vertices), 2e-6);
    EXPECT_LT(relative_distance(grad_translation.download(), want_translation), 1e-4);
    EXPECT_LT(relative_distance(grad_joints.download(), want_joints), 1e-4);
    EXPECT_LT(relative_distance(grad_controls.download(), want_controls), 1e-4);
    EXPECT_LT(relative_distance(grad_identity.download(), values_of(want_identity)), 1e-4);
    EXPECT_LT(relative_distance(grad_rest.download(), values_of(want_rest)), 1e-5);
    EXPECT_LT(relative_distance(grad_rested.download(), want_rested), 1e-5);

    // In two halves the same.
    auto rested_apart = poisoned(by.size()), vertices_apart = poisoned(by.size()), joints_apart = poisoned(joints.size());
    const cuda::HeadOutputs apart{coefficients.data(), transforms.data(), rested_apart.data(), vertices_apart.data()};
    cuda::head_express(shape, head.arrays(), device_poses, apart, stream());
    cuda::head_skin(shape, head.arrays(), apart, stream());
    const cuda::HeadGradients wanted{.joints = joints_apart.data()};
    cuda::head_skin_backward(shape, head.arrays(), apart, device_by.data(), scratch.data(), wanted, stream());
    cuda::head_express_backward(shape, head.arrays(), device_poses, scratch.data(), wanted, stream());
    EXPECT_EQ(rested_apart.download(), rested.download());
    EXPECT_EQ(vertices_apart.download(), vertices.download());
    EXPECT_EQ(joints_apart.download(), grad_joints.download());
}

TEST_F(HeadTest, a_persons_own_expressions_are_those_of_the_processor) {
    const auto model = test::ball_head(5);
    test::Random random(5);
    PersonalHead person = personalise(*model, test::random_identity(*model, random));
    person.expression = std::make_shared<ExpressionBasis>(
        join(*model->expression, test::random_expressions(*model, random, 2)));
    const HeadPose pose = test::random_pose(*model, random, 0.4f);
    const std::vector<float> want = values_of(pose_head(*model, person, pose).vertices);

    cuda::DeviceHead head(stream());
    head.load(model, person, nullptr);
    const cuda::HeadShape shape = head.shape(1);
    EXPECT_EQ(shape.expressions, int(model->expression->count()) + 2);
    const auto controls = upload(values_of(pose.controls)), joints = upload(values_of(pose.joints)),
               translation = upload(values_of(pose.translation));
    auto coefficients = poisoned(std::size_t(shape.coefficients())), transforms = poisoned(std::size_t(shape.joints) * 12),
         vertices = poisoned(want.size());
    cuda::head_forward(shape, head.arrays(), {controls.data(), joints.data(), translation.data()},
                       {coefficients.data(), transforms.data(), nullptr, vertices.data()}, stream());
    EXPECT_LT(relative_distance(vertices.download(), want), 1e-5);
}

TEST_F(HeadTest, a_small_head_as_on_the_processor) {
    for (const unsigned seed : {1u, 2u, 3u}) compare(test::ball_head(seed), seed);
}

TEST_F(HeadTest, pose_correctives_as_on_the_processor) {
    for (const unsigned seed : {1u, 2u, 3u}) compare(test::bending_head(seed), seed);
}

TEST_F(HeadTest, a_head_is_uploaded_again_when_it_is_another) {
    const auto model = test::bending_head(5), other = test::bending_head(6);
    test::Random random(5);
    PersonalHead person = personalise(*model, test::random_identity(*model, random));
    cuda::DeviceHead head(stream());
    const auto compare_to = [&](const std::shared_ptr<const HeadModel>& of, const char* what) {
        head.load(of, person, nullptr);
        const HeadPose pose = test::random_pose(*of, random, 0.4f);
        const cuda::HeadShape shape = head.shape(1);
        const auto controls = upload(values_of(pose.controls)), joints = upload(values_of(pose.joints)),
                   translation = upload(values_of(pose.translation));
        auto coefficients = poisoned(std::size_t(shape.coefficients())), transforms = poisoned(std::size_t(shape.joints) * 12),
             vertices = poisoned(std::size_t(3 * shape.vertices));
        cuda::head_forward(shape, head.arrays(), {controls.data(), joints.data(), translation.data()},
                           {coefficients.data(), transforms.data(), nullptr, vertices.data()}, stream());
        EXPECT_LT(relative_distance(vertices.download(), values_of(pose_head(*of, person, pose).vertices)), 1e-5) << what;
    };
    compare_to(model, "first");
    person.vertices *= 1.1f;
    compare_to(model, "another shape");
    // A basis that is there already is not uploaded: what was written over it stays.
    float* const basis = const_cast<float*>(head.arrays().expression);
    cuda::check(cudaMemsetAsync(basis, 0, sizeof(float), stream()), "clear");
    head.load(model, person, nullptr);
    float first = -1;
    cuda::check(cudaMemcpyAsync(&first, basis, sizeof first, cudaMemcpyDeviceToHost, stream()), "read");
    cuda::check(cudaStreamSynchronize(stream()), "read");
    EXPECT_EQ(first, 0.0f);
    person.expression = std::make_shared<ExpressionBasis>(
        join(*model->expression, test::random_expressions(*model, random, 2)));
    compare_to(model, "another basis");
    compare_to(other, "another model");
    person = personalise(*other, test::random_identity(*other, random));
    compare_to(other, "another person");
}

TEST_F(HeadTest, the_default_head_as_on_the_processor) { compare(test::real_head(), 4); }

TEST_F(HeadTest, the_same_bits_each_time) {
    const auto model = test::ball_head(5);
    cuda::DeviceHead head(stream());
    head.load(model, personalise(*model, {}), nullptr);
    const cuda::HeadShape shape = head.shape(1);
    Random numbers(6);
    const auto controls = upload(numbers.uniforms(std::size_t(shape.controls), 0, 1)),
               joints = upload(numbers.normals(std::size_t(shape.joints) * 3)), translation = upload({0, 0, 0}),
               by = upload(numbers.normals(std::size_t(shape.vertices) * 3));
    const cuda::HeadPoses poses{controls.data(), joints.data(), translation.data()};
    auto coefficients = poisoned(std::size_t(shape.coefficients())),
         transforms = poisoned(std::size_t(shape.joints) * 12), rested = poisoned(by.size()),
         vertices = poisoned(by.size()), scratch = poisoned(cuda::head_backward_floats(shape)),
         grad_controls = poisoned(controls.size());
    const cuda::HeadOutputs outputs{coefficients.data(), transforms.data(), rested.data(), vertices.data()};
    std::vector<float> first;
    for (int i = 0; i < 5; ++i) {
        cuda::head_forward(shape, head.arrays(), poses, outputs, stream());
        cuda::head_backward(shape, head.arrays(), poses, outputs, by.data(), scratch.data(),
                            {.controls = grad_controls.data()}, stream());
        const std::vector<float> now = grad_controls.download();
        if (i == 0) first = now;
        EXPECT_EQ(now, first);
        EXPECT_TRUE(std::isfinite(now[0]));
    }
}

}  // namespace
}  // namespace likeness::cuda_tests
