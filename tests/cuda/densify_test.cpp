// Densification on the GPU against the processor's: the same Gaussians are chosen, in the same order; the halves'
// places differ by a rounding of sine, cosine and exponential.
#include "core/learning/densify.h"

#include <Eigen/Geometry>

#include "core/avatar/deform.h"
#include "cuda/densify_block.h"
#include "likeness/cuda/densify.h"
#include "tests/cuda/gpu_test.h"

namespace likeness::cuda_tests {
namespace {

class DensifyTest : public GpuTest {
  protected:
    cuda::DeviceBuffer<float> block_of(const AnchoredSplats& s) const {
        return upload(cuda::attribute_block(s, s.count));
    }
};

// Gaussians on an ellipsoid of head size; any number of them, where a surface with triangles would not do.
struct Cloud {
    AnchoredSplats splats;
    SplatFrames at_rest;
    explicit Cloud(std::size_t count, unsigned seed = 1) {
        Random random(seed);
        splats.resize(count);
        for (std::size_t i = 0; i < count; ++i) {
            const Eigen::Vector3f d = Eigen::Vector3f(random.normal(), random.normal(), random.normal()).normalized();
            const Eigen::Vector3f at = d.cwiseProduct(Eigen::Vector3f(0.075f, 0.11f, 0.095f));
            const Eigen::Matrix<float, 3, 3, Eigen::RowMajor> rotation(
                Eigen::Quaternionf::FromTwoVectors(Eigen::Vector3f::UnitZ(), d).toRotationMatrix());
            at_rest.values.insert(at_rest.values.end(), at.data(), at.data() + 3);
            at_rest.values.insert(at_rest.values.end(), rotation.data(), rotation.data() + 9);
            at_rest.values.push_back(1 + 0.2f * d.x());
        }
        splats.offset = random.uniforms(3 * count, -0.001f, 0.001f);
        splats.log_scale = random.uniforms(3 * count, -6.2f, -5.0f);
        splats.rotation = random.normals(4 * count);
        splats.albedo = random.uniforms(3 * count, 0.1f, 0.9f);
        splats.opacity_logit = random.uniforms(count, -2, 4);
    }
};

void expect_same(const AnchoredSplats& expected, const std::vector<float>& block) {
    ASSERT_EQ(block.size(), expected.count * cuda::parameters_per_splat);
    const float* from = block.data();
    each_attribute(expected, [&](const GaussianAttribute& attribute, const std::vector<float>& want) {
        for (std::size_t i = 0; i < want.size(); ++i, ++from) {
            if (attribute.values == &GaussianValues::offset) {
                ASSERT_NEAR(*from, want[i], 1e-8) << i;
            } else {
                ASSERT_EQ(*from, want[i]) << attribute.name << " " << i;
            }
        }
    });
}

TEST_F(DensifyTest, chooses_and_splits_as_the_processor) {
    for (const std::size_t count : {std::size_t(1), std::size_t(40), std::size_t(5000), std::size_t(60'000)}) {
        Cloud cloud(count, unsigned(count));
        Random random(3);
        std::vector<float> gradients = random.uniforms(count, -14, 0);
        for (float& g : gradients) g = std::exp(g);
        for (std::size_t i = 0; i < count; ++i) {
            if (i % 7 == 5) cloud.splats.opacity_logit[i] = -4;
            if (i % 11 == 5) gradients[i] = 0;
        }
        const SplatFrames& at_rest = cloud.at_rest;
        for (const std::size_t cap : {std::size_t(1'000'000), count + count / 20, std::size_t(5)}) {
            SCOPED_TRACE(testing::Message() << count << ", at most " << cap);
            AnchoredSplats expected = cloud.splats;
            const Ancestry want = densify(expected, gradients, at_rest, {cap, 9});
            for (int run = 0; run < 2; ++run) {
                cuda::DeviceBuffer<float> block = block_of(cloud.splats);
                const Ancestry got = cuda::densify_block(block, upload(gradients), at_rest, {cap, 9});
                ASSERT_EQ(got, want);
                expect_same(expected, block.download());
            }
        }
    }
}

TEST_F(DensifyTest, nothing_to_split_or_nothing_at_all) {
    Cloud cloud(300);
    cuda::DeviceBuffer<float> block = block_of(cloud.splats);
    EXPECT_EQ(cuda::densify_block(block, upload(std::vector<float>(300, 0.0f)), cloud.at_rest, {1000, 1}).size(),
              300u);
    std::fill(cloud.splats.opacity_logit.begin(), cloud.splats.opacity_logit.end(), -5.0f);
    block = block_of(cloud.splats);
    EXPECT_TRUE(cuda::densify_block(block, upload(std::vector<float>(300, 1.0f)), cloud.at_rest, {1000, 1}).empty());
    EXPECT_EQ(block.size(), 0u);
    EXPECT_TRUE(cuda::densify_block(block, upload({}), {}, {1000, 1}).empty());
    EXPECT_THROW(cuda::densify_block(block, upload({1}), cloud.at_rest, {1000, 1}), std::invalid_argument);
}

}  // namespace
}  // namespace likeness::cuda_tests
