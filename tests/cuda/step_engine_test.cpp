// The GPU's training step against the CPU's, on a small avatar that needs no head model.
//
// What is compared is how far the values moved. The rasterizers' derivatives agree to about 1e-5, and Adam's first steps
// magnify that where a derivative is near its epsilon: an H200 gave 4e-4 for the worst attribute after one step and 3e-5
// after twenty. The bounds leave room for other GPUs; a wrong constant shows as 0.1 and more.
#include "cuda/cuda_step_engine.h"
#include "tests/cuda/gpu_test.h"
#include "tests/cuda/small_avatar.h"

namespace likeness::cuda_tests {
namespace {

struct Attribute {
    const char* name;
    std::vector<float> AnchoredSplats::*values;
    float StepRates::*rate;
};
constexpr Attribute attributes[] = {{"offset", &AnchoredSplats::offset, &StepRates::offset},
                                    {"log_scale", &AnchoredSplats::log_scale, &StepRates::log_scale},
                                    {"rotation", &AnchoredSplats::rotation, &StepRates::rotation},
                                    {"albedo", &AnchoredSplats::albedo, &StepRates::albedo},
                                    {"opacity", &AnchoredSplats::opacity, &StepRates::opacity}};

struct Agreement {
    double far = 0;       // share of values that ended further apart than a tenth of the rate
    double distance = 0;  // of the moves, relative
};
Agreement compare(const Attribute& attribute, const AnchoredSplats& before, const AnchoredSplats& a,
                  const AnchoredSplats& b) {
    const std::vector<float>&start = before.*attribute.values, &va = a.*attribute.values, &vb = b.*attribute.values;
    const float rate = StepRates().*attribute.rate;
    std::vector<double> moved_a, moved_b;
    Agreement agreement;
    for (std::size_t i = 0; i < start.size(); ++i) {
        moved_a.push_back(double(va[i]) - double(start[i]));
        moved_b.push_back(double(vb[i]) - double(start[i]));
        if (!(std::abs(va[i] - vb[i]) <= 0.1f * rate)) agreement.far += 1 / double(start.size());
    }
    agreement.distance = relative_distance(moved_a, moved_b);
    return agreement;
}

class StepEngineTest : public GpuTest {};

TEST_F(StepEngineTest, one_step_is_the_same_as_on_the_cpu) {
    const SmallAvatar avatar(3000);
    const std::vector<TrainingView> views = make_views(avatar, 128);
    for (std::size_t k = 0; k < views.size(); ++k) {
        SCOPED_TRACE(k);
        const auto cpu = make_cpu_step_engine(), gpu = make_cuda_step_engine();
        cpu->load(avatar.splats);
        gpu->load(avatar.splats);
        const LossValue expected = cpu->step(views[k], background(1), {}), got = gpu->step(views[k], background(1), {});
        EXPECT_NEAR(got.total, expected.total, 1e-4 * expected.total);
        EXPECT_NEAR(got.l1, expected.l1, 1e-4 * expected.l1);
        EXPECT_NEAR(got.dssim, expected.dssim, 1e-4 * expected.dssim);
        EXPECT_NEAR(got.alpha, expected.alpha, 1e-4 * expected.alpha);
        EXPECT_NEAR(got.squared, expected.squared, 1e-4 * expected.squared);
        const AnchoredSplats on_cpu = cpu->fetch(), on_gpu = gpu->fetch();
        for (const Attribute& attribute : attributes) {
            const Agreement a = compare(attribute, avatar.splats, on_gpu, on_cpu);
            EXPECT_LT(a.far, 0.001) << attribute.name;
            EXPECT_LT(a.distance, 0.005) << attribute.name;
            RecordProperty(std::string("view_") + char('0' + k) + "_" + attribute.name + "_far", std::to_string(a.far));
            RecordProperty(std::string("view_") + char('0' + k) + "_" + attribute.name + "_distance",
                           std::to_string(a.distance));
            if (views[k].colors_only && attribute.values != &AnchoredSplats::albedo) {
                EXPECT_EQ(on_gpu.*attribute.values, avatar.splats.*attribute.values) << attribute.name;
            }
        }
        EXPECT_LT(relative_distance(gpu->screen_gradient(), cpu->screen_gradient()), 2e-3);
    }
}

TEST_F(StepEngineTest, twenty_steps_stay_together) {
    const SmallAvatar avatar(3000);
    const std::vector<TrainingView> views = make_views(avatar, 128);
    const auto cpu = make_cpu_step_engine(), gpu = make_cuda_step_engine();
    cpu->load(avatar.splats);
    gpu->load(avatar.splats);
    for (int step = 0; step < 20; ++step) {
        const std::size_t which = step % 5 == 4 ? 2 : step % 3 == 2 ? 1 : 0;
        const LossValue expected = cpu->step(views[which], background(step), {});
        const LossValue got = gpu->step(views[which], background(step), {});
        EXPECT_NEAR(got.total, expected.total, 0.002 * expected.total) << step;
        EXPECT_NEAR(got.squared, expected.squared, 0.002 * expected.squared) << step;
    }
    const AnchoredSplats on_cpu = cpu->fetch(), on_gpu = gpu->fetch();
    for (const Attribute& attribute : attributes) {
        const Agreement a = compare(attribute, avatar.splats, on_gpu, on_cpu);
        EXPECT_LT(a.far, 0.002) << attribute.name;
        EXPECT_LT(a.distance, 0.01) << attribute.name;
        RecordProperty(std::string(attribute.name) + "_far", std::to_string(a.far));
        RecordProperty(std::string(attribute.name) + "_distance", std::to_string(a.distance));
    }
    EXPECT_LT(relative_distance(gpu->screen_gradient(), cpu->screen_gradient()), 0.02);
}

// What densification does: other Gaussians, views of another size at the same addresses, moments from zero.
TEST_F(StepEngineTest, loading_again_starts_afresh) {
    SmallAvatar avatar(2000);
    std::vector<TrainingView> views = make_views(avatar, 64);
    const auto cpu = make_cpu_step_engine(), gpu = make_cuda_step_engine();
    gpu->load(avatar.splats);
    for (int step = 0; step < 12; ++step) gpu->step(views[std::size_t(step % 3)], background(step), {});
    for (const std::size_t count : {std::size_t(2600), std::size_t(900)}) {
        avatar = SmallAvatar(count, unsigned(count));
        views = make_views(avatar, 144);
        cpu->load(avatar.splats);
        gpu->load(avatar.splats);
        EXPECT_EQ(gpu->fetch().rotation, avatar.splats.rotation);
        EXPECT_EQ(gpu->fetch().layer.size(), count);
        for (const float g : gpu->screen_gradient()) ASSERT_EQ(g, 0.0f);
        for (std::size_t k = 0; k < 3; ++k) {
            const LossValue expected = cpu->step(views[k], background(4), {});
            EXPECT_NEAR(gpu->step(views[k], background(4), {}).total, expected.total, 0.002 * expected.total);
        }
        EXPECT_EQ(gpu->screen_gradient().size(), count);
        EXPECT_LT(relative_distance(gpu->screen_gradient(), cpu->screen_gradient()), 0.01);
        EXPECT_LT(compare(attributes[3], avatar.splats, gpu->fetch(), cpu->fetch()).distance, 0.01);
    }
}

// With steps under way, or from graphs, the same is computed; losses come late, of the same view and in order.
TEST_F(StepEngineTest, late_losses_and_graphs_change_nothing) {
    const SmallAvatar avatar(3000);
    const std::vector<TrainingView> views = make_views(avatar, 128);
    const auto exact = make_cuda_step_engine({.steps_in_flight = 0, .graphs = false}), late = make_cuda_step_engine({.steps_in_flight = 8});
    exact->load(avatar.splats);
    late->load(avatar.splats);
    std::vector<double> losses[3];
    std::size_t seen[3] = {};
    constexpr int steps = 60;
    for (int step = 0; step < steps; ++step) {
        const std::size_t which = step % 5 == 4 ? 2 : step % 3 == 2 ? 1 : 0;
        losses[which].push_back(exact->step(views[which], background(step), {}).total);
        const double got = late->step(views[which], background(step), {}).total;
        // The closest of the losses so far is one that is not older than the last one returned nor than ten steps.
        std::size_t closest = seen[which];
        for (std::size_t i = closest; i < losses[which].size(); ++i) {
            if (std::abs(losses[which][i] - got) < std::abs(losses[which][closest] - got)) closest = i;
        }
        EXPECT_NEAR(got, losses[which][closest], 2e-3 * got) << step;
        EXPECT_LE(losses[which].size() - closest, 10u) << step;
    }
    const AnchoredSplats a = exact->fetch(), b = late->fetch();
    for (const Attribute& attribute : attributes) {
        EXPECT_LT(compare(attribute, avatar.splats, b, a).distance, 0.02) << attribute.name;
    }
}

TEST_F(StepEngineTest, a_step_now_and_then_says_where_its_time_went) {
    const SmallAvatar avatar(3000);
    const std::vector<TrainingView> views = make_views(avatar, 128);
    const auto engine = make_cuda_step_engine();
    engine->load(avatar.splats);
    EXPECT_TRUE(engine->stages().empty());
    for (int step = 0; step < 120; ++step) engine->step(views[0], background(step), {});
    engine->fetch();
    const std::vector<StageTime> stages = engine->stages();
    for (const char* name : {"Gaussians", "project", "lists", "sort", "transmittance", "blend", "loss",
                             "blend backward", "project backward", "update"}) {
        EXPECT_EQ(std::count_if(stages.begin(), stages.end(), [&](const StageTime& s) { return s.stage == name; }), 1)
            << name;
    }
    for (const StageTime& stage : stages) EXPECT_GE(stage.milliseconds, 0) << stage.stage;
}

TEST_F(StepEngineTest, repeatable_steps_give_the_same_bits) {
    const SmallAvatar avatar(3000);
    const std::vector<TrainingView> views = make_views(avatar, 128);
    std::vector<double> losses[2];
    AnchoredSplats trained[2];
    for (int run = 0; run < 2; ++run) {
        const auto gpu = make_cuda_step_engine({.repeatable = true});
        gpu->load(avatar.splats);
        for (int step = 0; step < 12; ++step)
            losses[run].push_back(gpu->step(views[std::size_t(step % 3)], background(step), {}).total);
        trained[run] = gpu->fetch();
    }
    EXPECT_EQ(losses[0], losses[1]);
    for (const Attribute& attribute : attributes)
        EXPECT_EQ(trained[0].*attribute.values, trained[1].*attribute.values) << attribute.name;
}

TEST_F(StepEngineTest, what_is_no_number_ends_training_and_changes_nothing) {
    const SmallAvatar avatar(500);
    const std::vector<TrainingView> views = make_views(avatar, 64);
    const auto gpu = make_cuda_step_engine({.steps_in_flight = 8});
    gpu->load(avatar.splats);
    for (int step = 0; step < 7; ++step) gpu->step(views[std::size_t(step % 3)], background(step), {});
    const AnchoredSplats good = gpu->fetch();
    int bad_steps = 0;
    EXPECT_THROW(
        {
            for (; bad_steps < 10; ++bad_steps) {
                gpu->step(views[0], {bad_steps == 0 ? std::nanf("") : 0.5f, 0.5f, 0.5f}, {});
            }
        },
        std::runtime_error);
    EXPECT_LT(bad_steps, 10);
    const AnchoredSplats after = gpu->fetch();
    for (const Attribute& attribute : attributes) {
        EXPECT_EQ(after.*attribute.values, good.*attribute.values) << attribute.name;
    }
    gpu->load(good);
    EXPECT_TRUE(std::isfinite(gpu->step(views[0], background(0), {}).total));

    // A quaternion of no length has no derivative, though its Gaussian is just not drawn and the loss is a number.
    AnchoredSplats bad = good;
    std::fill_n(bad.rotation.begin() + 40, 4, 0.0f);
    gpu->load(bad);
    EXPECT_THROW(
        {
            for (int step = 0; step < 10; ++step) gpu->step(views[0], background(step), {});
        },
        std::runtime_error);
    EXPECT_EQ(gpu->fetch().albedo, bad.albedo);
}

TEST_F(StepEngineTest, limits_are_kept) {
    SmallAvatar avatar(500);
    std::fill(avatar.splats.log_scale.begin(), avatar.splats.log_scale.end(), 0.0f);
    std::fill(avatar.splats.opacity.begin(), avatar.splats.opacity.end(), 9.0f);
    const std::vector<TrainingView> views = make_views(avatar, 64);
    const auto gpu = make_cuda_step_engine();
    gpu->load(avatar.splats);
    gpu->step(views[0], background(0), {});
    const AnchoredSplats after = gpu->fetch();
    for (const float s : after.log_scale) ASSERT_EQ(s, std::log(StepRates().largest_scale));
    for (const float o : after.opacity) ASSERT_EQ(o, highest_opacity);
    for (const float c : after.albedo) ASSERT_TRUE(c >= 0 && c <= 1);
}

// More instances than the first guess holds: already the first step sees all Gaussians.
TEST_F(StepEngineTest, the_first_step_draws_every_gaussian) {
    SmallAvatar avatar(6000);
    std::fill(avatar.splats.log_scale.begin(), avatar.splats.log_scale.end(), -3.0f);
    std::fill(avatar.splats.opacity.begin(), avatar.splats.opacity.end(), -4.5f);
    const std::vector<TrainingView> views = make_views(avatar, 128);
    const auto cpu = make_cpu_step_engine(), gpu = make_cuda_step_engine();
    cpu->load(avatar.splats);
    gpu->load(avatar.splats);
    const double expected = cpu->step(views[0], background(1), {}).total;
    EXPECT_NEAR(gpu->step(views[0], background(1), {}).total, expected, 1e-3 * expected);
}

TEST_F(StepEngineTest, no_gaussians) {
    const SmallAvatar avatar(0);
    const std::vector<TrainingView> views = make_views(avatar, 32);
    const auto gpu = make_cuda_step_engine();
    gpu->load(avatar.splats);
    for (int step = 0; step < 4; ++step) {
        EXPECT_TRUE(std::isfinite(gpu->step(views[0], background(step), {}).total));
    }
    EXPECT_EQ(gpu->fetch().count, 0u);
    EXPECT_TRUE(gpu->screen_gradient().empty());
}

TEST_F(StepEngineTest, a_view_that_does_not_fit_is_refused) {
    const SmallAvatar avatar(100);
    std::vector<TrainingView> views = make_views(avatar, 32);
    views[0].frames.values.resize(13);
    const auto gpu = make_cuda_step_engine();
    gpu->load(avatar.splats);
    EXPECT_THROW(gpu->step(views[0], background(0), {}), std::invalid_argument);
    EXPECT_TRUE(std::isfinite(gpu->step(views[1], background(0), {}).total));
}

}  // namespace
}  // namespace likeness::cuda_tests
