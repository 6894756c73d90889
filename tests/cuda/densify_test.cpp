// Densification on the GPU against the processor's: the same Gaussians are chosen, in the same order; the halves'
// places differ by a rounding of sine, cosine and exponential.
#include "core/learning/densify.h"

#include <gtest/gtest.h>

#include "cuda/cuda_step_engine.h"
#include "cuda/densify_block.h"
#include "likeness/cuda/densify.h"
#include "tests/cuda/gpu_test.h"
#include "tests/cuda/small_avatar.h"

namespace likeness::cuda_tests {
namespace {

class DensifyTest : public GpuTest {
  protected:
    cuda::DeviceBuffer<float> block_of(const AnchoredSplats& s) const {
        std::vector<float> values;
        for (const std::vector<float>* part : {&s.rotation, &s.offset, &s.log_scale, &s.albedo, &s.opacity})
            values.insert(values.end(), part->begin(), part->end());
        return upload(values);
    }
};

void expect_same(const AnchoredSplats& expected, const std::vector<float>& block) {
    const float* from = block.data();
    for (const std::vector<float>* want :
         {&expected.rotation, &expected.offset, &expected.log_scale, &expected.albedo, &expected.opacity}) {
        for (std::size_t i = 0; i < want->size(); ++i, ++from) {
            if (want == &expected.offset) {
                ASSERT_NEAR(*from, (*want)[i], 1e-8) << i;
            } else {
                ASSERT_EQ(*from, (*want)[i]) << i;
            }
        }
    }
}

TEST_F(DensifyTest, chooses_and_splits_as_the_processor) {
    for (const std::size_t count : {std::size_t(1), std::size_t(40), std::size_t(5000), std::size_t(60'000)}) {
        SmallAvatar avatar(count, unsigned(count));
        Random random(3);
        std::vector<float> gradients = random.uniforms(count, -14, 0);
        for (float& g : gradients) g = std::exp(g);
        for (std::size_t i = 0; i < count; ++i) {
            if (i % 7 == 5) avatar.splats.opacity[i] = -4;
            if (i % 11 == 5) gradients[i] = 0;
        }
        const SplatFrames at_rest = avatar.frames(0);
        for (const std::size_t cap : {std::size_t(1'000'000), count + count / 20, std::size_t(5)}) {
            SCOPED_TRACE(testing::Message() << count << ", at most " << cap);
            AnchoredSplats expected = avatar.splats;
            const Ancestry want = densify(expected, gradients, at_rest, {cap, 9});
            for (int run = 0; run < 2; ++run) {
                cuda::DeviceBuffer<float> block = block_of(avatar.splats);
                const Ancestry got = cuda::densify_block(block, upload(gradients), at_rest, {cap, 9});
                ASSERT_EQ(got, want);
                expect_same(expected, block.download());
            }
        }
    }
}

TEST_F(DensifyTest, nothing_to_split_or_nothing_at_all) {
    SmallAvatar avatar(300);
    cuda::DeviceBuffer<float> block = block_of(avatar.splats);
    EXPECT_EQ(cuda::densify_block(block, upload(std::vector<float>(300, 0.0f)), avatar.frames(0), {1000, 1}).size(),
              300u);
    std::fill(avatar.splats.opacity.begin(), avatar.splats.opacity.end(), -5.0f);
    block = block_of(avatar.splats);
    EXPECT_TRUE(cuda::densify_block(block, upload(std::vector<float>(300, 1.0f)), avatar.frames(0), {1000, 1}).empty());
    EXPECT_EQ(block.size(), 0u);
    EXPECT_TRUE(cuda::densify_block(block, upload({}), {}, {1000, 1}).empty());
    EXPECT_THROW(cuda::densify_block(block, upload({1}), avatar.frames(0), {1000, 1}), std::invalid_argument);
}

// Steps, densification, steps: what the engine holds afterwards is what the processor makes of what it held before.
TEST_F(DensifyTest, an_engine_goes_on_with_what_came_out) {
    const SmallAvatar avatar(3000);
    const SplatFrames at_rest = avatar.frames(0);
    std::vector<TrainingView> views = make_views(avatar, 128);
    const auto gpu = make_cuda_step_engine(), cpu = make_cpu_step_engine();
    gpu->load(avatar.splats);
    for (int step = 0; step < 12; ++step) gpu->step(views[std::size_t(step % 3)], background(step), {});
    AnchoredSplats expected = gpu->fetch();
    const Ancestry want = densify(expected, gpu->screen_gradient(), at_rest, {100'000, 4});
    const Ancestry got = gpu->densify(at_rest, {100'000, 4});
    ASSERT_EQ(got, want);
    ASSERT_GT(got.size(), 3000u - 3000u / 10);
    EXPECT_EQ(gpu->fetch().albedo, expected.albedo);
    EXPECT_LT(relative_distance(gpu->fetch().offset, expected.offset), 1e-5);
    EXPECT_EQ(gpu->screen_gradient(), std::vector<float>(got.size(), 0.0f));
    // The views again, over the new Gaussians; moments and the pulls' centre are new, as on the processor.
    for (TrainingView& view : views) {
        std::vector<float> frames;
        for (const std::uint32_t i : got)
            frames.insert(frames.end(), view.frames.values.begin() + long(i * frame_floats),
                          view.frames.values.begin() + long((i + 1) * frame_floats));
        view.frames.values = std::move(frames);
        view.splat_weight.clear();
    }
    cpu->load(expected);
    for (int step = 0; step < 9; ++step) {
        const std::size_t which = std::size_t(step % 3);
        const double loss = cpu->step(views[which], background(step), {}).total;
        const LossValue now = gpu->step(views[which], background(step), {});
        EXPECT_NEAR(now.total, loss, 0.005 * loss) << step;
    }
    EXPECT_LT(relative_distance(gpu->fetch().albedo, cpu->fetch().albedo), 1e-3);
    EXPECT_LT(relative_distance(gpu->screen_gradient(), cpu->screen_gradient()), 0.02);
}

}  // namespace
}  // namespace likeness::cuda_tests
