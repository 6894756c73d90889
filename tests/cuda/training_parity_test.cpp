// The GPU's training steps against the processor's.
//
// What is compared is how far values moved. The rasterizers' gradients agree to about 1e-5, and Adam's first steps
// magnify that where a derivative is near its epsilon: of a portrait's attributes an H200 gave 4e-4 for the worst one
// after one step and 3e-5 after twenty. The bounds leave room for other GPUs; a wrong constant shows as 0.1 and more.
#include "tests/cuda/gpu_test.h"
#include "tests/engine/added_cases.h"
#include "tests/engine/engine_fixtures.h"

namespace likeness::cuda_tests {
namespace {

using namespace test;
using test::relative_distance;

class TrainingParity : public GpuTest {
  protected:
    struct Pair {
        std::unique_ptr<TrainingEngine> cpu = make_cpu_training_engine(), gpu = make_engine({.steps_in_flight = 0});
    };
    static Pair load(const Avatar& avatar, const std::vector<TrainingView>& views,
                     const std::vector<std::string>& learned, const test::AddedCase* added = nullptr) {
        Pair pair;
        pair.cpu->load(avatar, learned,
                       added ? added->modules(processor_modules(), added->starts) : TrainingModules());
        pair.gpu->load(avatar, learned, added ? added->modules(gpu_modules(), added->starts) : TrainingModules());
        for (const TrainingView& view : views) EXPECT_EQ(pair.cpu->add_view(view), pair.gpu->add_view(view));
        return pair;
    }
    struct Agreement {
        double far = 0;       // share of values that ended further apart than a tenth of the rate
        double distance = 0;  // of the moves, relative
    };
    static Agreement compare(const Pair& pair, const std::vector<float>& before, const std::string& group) {
        const std::vector<float> a = pair.gpu->values(group), b = pair.cpu->values(group);
        EXPECT_EQ(a.size(), before.size()) << group;
        const float rate = pair.cpu->settings(group).rate;
        Agreement agreement;
        for (std::size_t i = 0; i < a.size(); ++i)
            if (!(std::abs(a[i] - b[i]) <= 0.1f * rate)) agreement.far += 1 / double(a.size());
        agreement.distance = relative_distance(difference(a, before), difference(b, before));
        return agreement;
    }
    static std::map<std::string, std::vector<float>> values(const TrainingEngine& engine) {
        std::map<std::string, std::vector<float>> all;
        for (const std::string& group : engine.groups()) all[group] = engine.values(group);
        return all;
    }
    void record(const std::string& what, const Agreement& a) {
        RecordProperty(what + "_far", std::to_string(a.far));
        RecordProperty(what + "_distance", std::to_string(a.distance));
    }
    static bool of_splats(const std::string& group) {
        const std::vector<std::string> names = splat_groups();
        return std::find(names.begin(), names.end(), group) != names.end();
    }
};

// A photograph, colors alone with a weight for each Gaussian, an outline of another size with a mask.
TEST_F(TrainingParity, one_step_of_a_portrait) {
    const Avatar avatar = ball_avatar(3, 3000, true);
    const std::vector<TrainingView> views = portrait_views(avatar, 128);
    for (int k = 0; k < 3; ++k) {
        SCOPED_TRACE(k);
        const Pair pair = load(avatar, views, splat_groups());
        const auto before = values(*pair.cpu);
        const auto expected = pair.cpu->step(std::vector<int>{k}, background(1)),
                   got = pair.gpu->step(std::vector<int>{k}, background(1));
        ASSERT_TRUE(got);
        EXPECT_NEAR(got->mean.total, expected->mean.total, 1e-4 * expected->mean.total);
        const LossValue a = pair.gpu->loss(k), b = pair.cpu->loss(k);
        EXPECT_NEAR(a.total, b.total, 1e-4 * b.total);
        EXPECT_NEAR(a.l1, b.l1, 1e-4 * b.l1);
        EXPECT_NEAR(a.dssim, b.dssim, 1e-4 * b.dssim);
        EXPECT_NEAR(a.alpha, b.alpha, 1e-4 * b.alpha);
        EXPECT_NEAR(a.squared, b.squared, 1e-4 * b.squared);
        for (const GaussianAttribute& attribute : gaussian_attributes) {
            const Agreement agreement = compare(pair, before.at(attribute.name), attribute.name);
            EXPECT_LT(agreement.far, 0.001) << attribute.name;
            EXPECT_LT(agreement.distance, 0.005) << attribute.name;
            record(std::string("view_") + char('0' + k) + "_" + attribute.name, agreement);
            if (views[std::size_t(k)].colors_only && !attribute.color) {
                EXPECT_EQ(pair.gpu->values(attribute.name), before.at(attribute.name)) << attribute.name;
            }
        }
        EXPECT_LT(relative_distance(pair.gpu->screen_gradient(), pair.cpu->screen_gradient()), 2e-3);
    }
}

TEST_F(TrainingParity, twenty_steps_of_a_portrait) {
    const Avatar avatar = ball_avatar(3, 3000, true);
    const std::vector<TrainingView> views = portrait_views(avatar, 128);
    const Pair pair = load(avatar, views, splat_groups());
    const auto before = values(*pair.cpu);
    for (int step = 0; step < 20; ++step) {
        const std::vector<int> view = {step % 5 == 4 ? 2 : step % 3 == 2 ? 1 : 0};
        const auto expected = pair.cpu->step(view, background(step)), got = pair.gpu->step(view, background(step));
        EXPECT_NEAR(got->mean.total, expected->mean.total, 0.002 * expected->mean.total) << step;
        EXPECT_NEAR(got->mean.squared, expected->mean.squared, 0.002 * expected->mean.squared) << step;
        EXPECT_NEAR(got->priors, expected->priors, 0.002 * expected->priors + 1e-9) << step;
        EXPECT_EQ(got->step, expected->step);
    }
    for (const std::string& name : splat_groups()) {
        const Agreement agreement = compare(pair, before.at(name), name);
        EXPECT_LT(agreement.far, 0.002) << name;
        EXPECT_LT(agreement.distance, 0.01) << name;
        record(name, agreement);
    }
    EXPECT_LT(relative_distance(pair.gpu->screen_gradient(), pair.cpu->screen_gradient()), 0.02);
}

// A photograph and one for colors alone, in one batch.
TEST_F(TrainingParity, kinds_of_views_in_one_batch) {
    const Avatar avatar = ball_avatar(3, 3000, true);
    const std::vector<TrainingView> views = portrait_views(avatar, 128);
    const Pair pair = load(avatar, views, splat_groups());
    const auto before = values(*pair.cpu);
    for (int step = 0; step < 6; ++step) {
        const auto expected = pair.cpu->step(first_views(2), background(step)),
                   got = pair.gpu->step(first_views(2), background(step));
        EXPECT_NEAR(got->mean.total, expected->mean.total, 0.002 * expected->mean.total) << step;
    }
    for (const std::string& name : splat_groups())
        EXPECT_LT(compare(pair, before.at(name), name).distance, 0.01) << name;
    EXPECT_EQ(pair.gpu->screen_gradient(), pair.cpu->screen_gradient()) << "neither counts where colors alone learn";
}

// A video with everything learned. The priors of the vertices and small gradients under Adam's division make a
// vertex' path longer than its rates: two GPU runs alike differ by 0.05 of their moves after thirty steps, 0.1 of the
// vertices'.
TEST_F(TrainingParity, gradients_of_a_video) {
    const Avatar avatar = ball_avatar(3, 1500, true);
    const Pair pair = load(avatar, video_views(avatar, 3), all_groups());
    const std::vector<int> batch = {2, 0};
    const StepGradients a = pair.gpu->gradients(batch, grey), b = pair.cpu->gradients(batch, grey);
    EXPECT_NEAR(a.loss.mean.total, b.loss.mean.total, 1e-4 * b.loss.mean.total);
    ASSERT_EQ(a.by_group.size(), b.by_group.size());
    for (const auto& [group, by] : b.by_group) {
        const double distance = relative_distance(a.by_group.at(group), by);
        EXPECT_LT(distance, 1e-3) << group;
        RecordProperty(group, std::to_string(distance));
    }
}

TEST_F(TrainingParity, twenty_steps_of_a_video) {
    const Avatar avatar = ball_avatar(3, 1500, true);
    const std::vector<TrainingView> views = video_views(avatar, 4);
    const Pair pair = load(avatar, views, all_groups());
    const auto before = values(*pair.cpu);
    for (int step = 0; step < 20; ++step) {
        const std::vector<int> batch = step % 3 == 0 ? std::vector<int>{0, 1} : step % 3 == 1 ? std::vector<int>{2, 3} : std::vector<int>{1, 3};
        const auto expected = pair.cpu->step(batch, background(step)), got = pair.gpu->step(batch, background(step));
        EXPECT_NEAR(got->mean.total, expected->mean.total, 0.005 * expected->mean.total) << step;
        EXPECT_NEAR(got->priors, expected->priors, 0.05 * expected->priors + 1e-9) << step;
    }
    for (const std::string& name : all_groups()) {
        const Agreement agreement = compare(pair, before.at(name), name);
        EXPECT_LT(agreement.distance, name == group::vertices ? 0.1 : of_splats(name) ? 0.02 : 0.05) << name;
        record(name, agreement);
    }
    EXPECT_LT(relative_distance(pair.gpu->screen_gradient(), pair.cpu->screen_gradient()), 0.02);
    const Avatar a = pair.gpu->fetch(), b = pair.cpu->fetch();
    EXPECT_LT((a.person->identity - b.person->identity).norm(), 0.05f * (b.person->identity - avatar.person->identity).norm());
    EXPECT_LT((a.hair().vertices - b.hair().vertices).norm(), 0.1f * (b.hair().vertices - avatar.hair().vertices).norm());
}

// What densification does: other Gaussians, views of another size, moments from zero.
TEST_F(TrainingParity, loading_again_starts_afresh) {
    const Avatar first = ball_avatar(3, 2000, false);
    std::vector<TrainingView> views = portrait_views(first, 64);
    Pair pair = load(first, views, splat_groups());
    for (int step = 0; step < 12; ++step) pair.gpu->step(std::vector<int>{step % 3}, background(step));
    for (const std::size_t count : {std::size_t(2600), std::size_t(900)}) {
        const Avatar avatar = ball_avatar(3, count, false);
        for (TrainingEngine* engine : {pair.cpu.get(), pair.gpu.get()}) {
            engine->load_splats(*avatar.splats);
            engine->clear_views();
            for (const TrainingView& view : portrait_views(avatar, 144)) engine->add_view(view);
        }
        EXPECT_TRUE(test::same(pair.gpu->splats(), *avatar.splats));
        for (const float g : pair.gpu->screen_gradient()) ASSERT_EQ(g, 0.0f);
        const auto before = values(*pair.cpu);
        for (int k = 0; k < 3; ++k) {
            const double expected = pair.cpu->step(std::vector<int>{k}, background(4))->mean.total;
            EXPECT_NEAR(pair.gpu->step(std::vector<int>{k}, background(4))->mean.total, expected, 0.002 * expected);
        }
        EXPECT_EQ(pair.gpu->screen_gradient().size(), avatar.splats->count);
        EXPECT_LT(relative_distance(pair.gpu->screen_gradient(), pair.cpu->screen_gradient()), 0.01);
        EXPECT_LT(compare(pair, before.at("albedo"), "albedo").distance, 0.01);
    }
}

// More instances than the first guess holds: already the first step sees all Gaussians.
TEST_F(TrainingParity, the_first_step_draws_every_gaussian) {
    Avatar avatar = ball_avatar(3, 6000, false);
    std::ranges::fill(avatar.splats.edit().log_scale, -3.0f);
    std::ranges::fill(avatar.splats.edit().opacity_logit, -4.5f);
    const Pair pair = load(avatar, portrait_views(avatar, 128), splat_groups());
    const double expected = pair.cpu->step(std::vector<int>{0}, background(1))->mean.total;
    const auto got = pair.gpu->step(std::vector<int>{0}, background(1));
    EXPECT_NEAR(got->mean.total, expected, 1e-3 * expected);
    EXPECT_EQ(got->incomplete, 0);
}

// Steps, densification, steps: what the engine holds afterwards is what the processor makes of what it held before.
TEST_F(TrainingParity, densifying_goes_on_with_what_came_out) {
    const Avatar avatar = ball_avatar(3, 3000, false);
    const SplatFrames at_rest = splat_frames(avatar, HeadPose::neutral(*avatar.model));
    const Pair pair = load(avatar, portrait_views(avatar, 128), splat_groups());
    for (int step = 0; step < 12; ++step) pair.gpu->step(std::vector<int>{step % 3}, background(step));
    AnchoredSplats expected = pair.gpu->splats();
    const Ancestry want = densify(expected, pair.gpu->screen_gradient(), at_rest, {100'000, 4});
    const Ancestry got = pair.gpu->densify({100'000, 4});
    ASSERT_EQ(got, want);
    ASSERT_GT(got.size(), avatar.splats->count - avatar.splats->count / 10);
    EXPECT_EQ(pair.gpu->splats().albedo, expected.albedo);
    EXPECT_LT(relative_distance(pair.gpu->splats().offset, expected.offset), 1e-5);
    EXPECT_EQ(pair.gpu->screen_gradient(), std::vector<float>(got.size(), 0.0f));
    // The views again, over the new Gaussians; moments and the priors' centre are new, as on the processor.
    pair.cpu->load_splats(expected);
    for (int step = 0; step < 9; ++step) {
        const std::vector<int> view = {step % 3};
        const double loss = pair.cpu->step(view, background(step))->mean.total;
        EXPECT_NEAR(pair.gpu->step(view, background(step))->mean.total, loss, 0.005 * loss) << step;
    }
    EXPECT_LT(relative_distance(pair.gpu->splats().albedo, pair.cpu->splats().albedo), 1e-3);
    EXPECT_LT(relative_distance(pair.gpu->screen_gradient(), pair.cpu->screen_gradient()), 0.02);
}

// Groups that neither engine knows of.
TEST_F(TrainingParity, added_groups) {
    const AddedScene scene;
    for (const AddedCase& added : added_cases(scene)) {
        SCOPED_TRACE(added.name);
        const Pair pair = load(scene.avatar, scene.views, {"albedo", group::translation}, &added);
        const std::vector<int> batch = {2, 0};
        const StepGradients a = pair.gpu->gradients(batch, grey), b = pair.cpu->gradients(batch, grey);
        EXPECT_NEAR(total_of(a.loss), total_of(b.loss), 1e-4 * total_of(b.loss));
        EXPECT_NEAR(a.loss.modules, b.loss.modules, 1e-4 * b.loss.modules);
        ASSERT_EQ(a.by_group.size(), b.by_group.size());
        for (const auto& [group, by] : b.by_group)
            EXPECT_LT(relative_distance(a.by_group.at(group), by), 1e-3) << group;
        const auto before = values(*pair.cpu);
        for (int step = 0; step < 20; ++step) {
            const std::vector<int> views = step % 2 == 0 ? std::vector<int>{0, 1} : std::vector<int>{2, 0};
            const auto expected = pair.cpu->step(views, background(step)), got = pair.gpu->step(views, background(step));
            EXPECT_NEAR(total_of(*got), total_of(*expected), 0.005 * total_of(*expected)) << step;
        }
        for (const auto& [group, start] : added.starts) {
            const Agreement agreement = compare(pair, before.at(group), group);
            EXPECT_LT(agreement.distance, 0.05) << group;
            record(group, agreement);
        }
    }
}

}  // namespace
}  // namespace likeness::cuda_tests
