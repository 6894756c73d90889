// How steps run on the GPU: late losses, graphs, sums in any order, lists that overflow, stages now and then.
#include <algorithm>

#include "core/base/failure.h"
#include "tests/cuda/gpu_test.h"
#include "tests/engine/added_cases.h"
#include "tests/engine/engine_fixtures.h"

namespace likeness::cuda_tests {
namespace {

using namespace test;
using test::relative_distance;

class TrainingSteps : public GpuTest {};

// Gaussians that grow outrun the lists: seen, counted, and all drawn from the next step on.
TEST_F(TrainingSteps, short_lists_heal) {
    Avatar avatar = ball_avatar(9, 20'000, false);
    std::ranges::fill(avatar.splats.edit().log_scale, std::log(1e-3f));
    const std::vector<TrainingView> views = video_views(avatar, 2, 384);
    for (const bool graphs : {false, true}) {
        const auto engine = engine_with(avatar, views, all_groups(), {.steps_in_flight = 0, .graphs = graphs});
        hold_still(*engine);
        for (int step = 0; step < 3; ++step) engine->step(first_views(2), grey);  // so that a graph is replayed
        set_rate(*engine, {"log_scale"}, 5);  // some grow to the bound, some shrink, as Adam's steps are
        EXPECT_EQ(engine->step(first_views(2), grey)->incomplete, 0);
        set_rate(*engine, {"log_scale"}, 0);
        const double want = mean_loss(*engine_with(engine->fetch(), views, all_groups()), first_views(2)).total;
        EXPECT_EQ(engine->step(first_views(2), grey)->incomplete, 1);
        for (int step = 0; step < 4; ++step) {
            const auto next = engine->step(first_views(2), grey);
            EXPECT_EQ(next->incomplete, 1);
            EXPECT_NEAR(next->mean.total, want, 1e-4 * want);
        }
    }
}

// With steps under way, or from graphs, the same is computed; losses come late, of their own step.
TEST_F(TrainingSteps, late_losses_and_graphs_change_nothing_in_a_portrait) {
    const Avatar avatar = ball_avatar(3, 3000, true);
    const std::vector<TrainingView> views = portrait_views(avatar, 128);
    const auto exact = engine_with(avatar, views, splat_groups(), {.steps_in_flight = 0, .graphs = false}),
               late = engine_with(avatar, views, splat_groups(), {.steps_in_flight = 8});
    std::vector<double> losses;
    int seen = 0;
    for (int step = 0; step < 60; ++step) {
        const std::vector<int> view = {step % 5 == 4 ? 2 : step % 3 == 2 ? 1 : 0};
        losses.push_back(exact->step(view, background(step))->mean.total);
        EXPECT_NEAR(exact->loss(view[0]).total, losses.back(), 1e-9) << "the view's own";
        const auto got = late->step(view, background(step));
        if (!got) {
            EXPECT_LT(step, 10);
            continue;
        }
        EXPECT_GE(got->step, seen) << "in order";
        seen = got->step;
        EXPECT_LE(step + 1 - got->step, 10);
        EXPECT_NEAR(got->mean.total, losses[std::size_t(got->step) - 1], 2e-3 * got->mean.total) << step;
    }
    for (const std::string& name : splat_groups()) {
        Avatar before = avatar;
        const std::vector<float>& start = splat_values(before, name);
        EXPECT_LT(relative_distance(difference(late->values(name), start), difference(exact->values(name), start)), 0.02)
            << name;
    }
}

// Batches of other sizes may come between.
TEST_F(TrainingSteps, late_losses_and_graphs_change_nothing_in_a_video) {
    const Avatar avatar = ball_avatar(10, 1500, true);
    const std::vector<TrainingView> views = video_views(avatar, 4);
    const auto exact = engine_with(avatar, views, all_groups(), {.steps_in_flight = 0, .graphs = false});
    const auto late = engine_with(avatar, views, all_groups(), {.steps_in_flight = 8});
    std::vector<double> losses;
    for (int step = 0; step < 30; ++step) {
        const std::vector<int> batch = step == 17      ? std::vector<int>{3}
                                       : step % 3 == 0 ? std::vector<int>{0, 1}
                                       : step % 3 == 1 ? std::vector<int>{2, 3}
                                                       : std::vector<int>{1, 3};
        losses.push_back(exact->step(batch, grey)->mean.total);
        if (const auto got = late->step(batch, grey)) {
            ASSERT_GE(got->step, 1);
            EXPECT_LE(step + 1 - got->step, 9);
            EXPECT_NEAR(got->mean.total, losses[std::size_t(got->step) - 1], 0.005 * got->mean.total) << step;
        } else {
            EXPECT_LT(step, 9);
        }
    }
    for (int k = 0; k < 4; ++k) {
        const HeadPose a = exact->pose(k), b = late->pose(k), &start = views[std::size_t(k)].pose;
        EXPECT_LT((a.controls - b.controls).norm(), 0.05f * (a.controls - start.controls).norm());
        EXPECT_LT((a.joints - b.joints).norm(), 0.05f * (a.joints - start.joints).norm());
    }
    const Avatar a = exact->fetch(), b = late->fetch();
    EXPECT_LT((a.person->identity - b.person->identity).norm(), 0.05f * (a.person->identity - avatar.person->identity).norm());
    EXPECT_LT((a.person->offsets - b.person->offsets).norm(), 0.1f * (a.person->offsets - avatar.person->offsets).norm());
}

// Modules are part of what a graph replays.
TEST_F(TrainingSteps, graphs_change_nothing_of_added_groups) {
    const AddedScene scene;
    for (const AddedCase& added : added_cases(scene)) {
        SCOPED_TRACE(added.name);
        std::unique_ptr<TrainingEngine> engines[2];
        for (const bool graphs : {false, true})
            engines[graphs] = engine_with(scene.avatar, scene.views, {}, {.steps_in_flight = 0, .graphs = graphs},
                                          added.modules(gpu_modules(), added.starts));
        for (int step = 0; step < 12; ++step) {
            const std::vector<int> batch = step % 2 == 0 ? std::vector<int>{0, 1} : std::vector<int>{2, 0};
            const double a = total_of(*engines[0]->step(batch, background(step))),
                         b = total_of(*engines[1]->step(batch, background(step)));
            EXPECT_NEAR(a, b, 1e-3 * a) << step;
        }
    }
}

// Deterministic sums are those that the faster ones give.
TEST_F(TrainingSteps, deterministic_gradients_are_those_of_the_faster_sums) {
    const Avatar avatar = ball_avatar(16, 3000, true);
    const std::vector<TrainingView> views = video_views(avatar, 3);
    const auto gradients = [&](bool deterministic) {
        const auto engine = engine_with(avatar, views, all_groups(), {.deterministic = deterministic});
        without_priors(*engine);
        return engine->gradients(first_views(3), grey).by_group;
    };
    const auto exact = gradients(true), fast = gradients(false);
    for (const std::string& name : all_groups()) EXPECT_LT(relative_distance(exact.at(name), fast.at(name)), 1e-4) << name;
}

TEST_F(TrainingSteps, a_step_now_and_then_says_where_its_time_went) {
    const Avatar avatar = ball_avatar(3, 3000, false);
    const auto engine = engine_with(avatar, portrait_views(avatar, 128), splat_groups());
    EXPECT_TRUE(engine->stages().empty());
    for (int step = 0; step < 120; ++step) engine->step(std::vector<int>{0}, background(step));
    engine->splats();
    const std::vector<StageTime> stages = engine->stages();
    for (const char* name : {"Gaussians", "project", "lists", "sort", "transmittance", "blend", "loss",
                             "blend backward", "project backward", "update"}) {
        EXPECT_EQ(std::count_if(stages.begin(), stages.end(), [&](const StageTime& s) { return s.stage == name; }), 1)
            << name;
    }
    for (const StageTime& stage : stages) EXPECT_GE(stage.milliseconds, 0) << stage.stage;
}

// Steps that were under way when one broke change nothing, and all after it fail until an avatar is loaded.
TEST_F(TrainingSteps, what_is_not_finite_ends_training) {
    const Avatar avatar = ball_avatar(12, 500, false);
    const std::vector<TrainingView> views = portrait_views(avatar, 64);
    const auto engine = engine_with(avatar, views, splat_groups(), {.steps_in_flight = 8});
    for (int step = 0; step < 7; ++step) engine->step(std::vector<int>{step % 3}, background(step));
    const AnchoredSplats good = engine->splats();
    int bad_steps = 0;
    EXPECT_THROW(
        {
            for (; bad_steps < 10; ++bad_steps)
                engine->step(std::vector<int>{0}, {bad_steps == 0 ? std::nanf("") : 0.5f, 0.5f, 0.5f});
        },
        NotFinite);
    EXPECT_LT(bad_steps, 10);
    EXPECT_TRUE(test::same(engine->splats(), good));
}

}  // namespace
}  // namespace likeness::cuda_tests
