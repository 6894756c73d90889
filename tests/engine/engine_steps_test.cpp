// How steps run: stages, repetition, other Gaussians and views between them, what breaks, what does not fit.
#include <limits>

#include "core/base/failure.h"
#include "tests/engine/engine_fixtures.h"

namespace likeness::test {
namespace {

TEST_F(TrainingEngineTest, stages_say_where_a_steps_time_went) {
    const Avatar avatar = ball_avatar(13, 500, false);
    const std::vector<TrainingView> views = video_views(avatar, 2, 48);
    for (const bool head_moves : {false, true}) {
        const auto engine = engine_with(avatar, views, head_moves ? all_groups() : splat_groups());
        EXPECT_TRUE(engine->stages().empty()) << "nothing was measured yet";
        const std::vector<StageTime> stages = engine->timed_step(first_views(2), grey);
        double sum = 0;
        std::map<std::string, int> times;
        for (const StageTime& stage : stages) {
            EXPECT_GE(stage.milliseconds, 0) << stage.stage;
            sum += stage.milliseconds;
            ++times[stage.stage];
        }
        EXPECT_GT(sum, 0);
        for (const auto& [stage, count] : times) EXPECT_EQ(count, 1) << stage;
        for (const char* stage : {"Gaussians", "project", "lists", "blend", "loss", "blend backward", "project backward",
                                  "Gaussians backward", "update"})
            EXPECT_EQ(times.count(stage), 1u) << stage;
        for (const char* stage : {"head", "head backward"}) EXPECT_EQ(times.count(stage), head_moves ? 1u : 0u) << stage;
        EXPECT_EQ(engine->stages().size(), stages.size());
        EXPECT_NE(engine->splats().albedo, avatar.splats->albedo) << "it was a step";
        EXPECT_EQ(same(engine->pose(0), views[0].pose), !head_moves);
    }
}

TEST_F(TrainingEngineTest, deterministic_steps_give_the_same_bits) {
    const Avatar avatar = ball_avatar(16, 1000, true);
    for (const bool video : {false, true}) {
        const std::vector<TrainingView> views = video ? video_views(avatar, 3, 64) : portrait_views(avatar, 64);
        std::vector<double> losses[2];
        std::unique_ptr<TrainingEngine> engines[2];
        for (int run = 0; run < 2; ++run) {
            engines[run] = engine_with(avatar, views, video ? all_groups() : splat_groups(),
                                       {.steps_in_flight = 0, .deterministic = true});
            for (int step = 0; step < 10; ++step) {
                const auto loss =
                    engines[run]->step(video ? first_views(3) : std::vector<int>{step % 3}, background(step));
                ASSERT_TRUE(loss) << "it waits for each step";
                EXPECT_EQ(loss->step, step + 1);
                losses[run].insert(losses[run].end(), {loss->mean.total, loss->priors});
            }
        }
        EXPECT_EQ(losses[0], losses[1]);
        for (const std::string& name : engines[0]->groups())
            EXPECT_EQ(engines[0]->values(name), engines[1]->values(name)) << name;
        EXPECT_EQ(engines[0]->screen_gradient(), engines[1]->screen_gradient());
    }
}

TEST_F(TrainingEngineTest, gradients_change_nothing) {
    const Avatar avatar = ball_avatar(16, 500, true);
    const std::vector<TrainingView> views = video_views(avatar, 2, 48);
    const EngineChoice deterministic{.steps_in_flight = 0, .deterministic = true};
    const auto plain = engine_with(avatar, views, all_groups(), deterministic),
               looked_at = engine_with(avatar, views, all_groups(), deterministic);
    for (int step = 0; step < 4; ++step) {
        looked_at->gradients(std::vector<int>{step % 2}, grey);
        EXPECT_EQ(plain->step(first_views(2), grey)->mean.total, looked_at->step(first_views(2), grey)->mean.total);
    }
    for (const std::string& name : plain->groups()) EXPECT_EQ(plain->values(name), looked_at->values(name)) << name;
    EXPECT_EQ(plain->screen_gradient(), looked_at->screen_gradient());
}

// Adam's first step is the rate, whatever the derivative: each view counts its own steps, and new Gaussians begin anew.
TEST_F(TrainingEngineTest, clocks_count_what_they_are_of) {
    const Avatar avatar = ball_avatar(4, 800, false);
    const std::vector<TrainingView> views = video_views(avatar, 2, 64);
    std::vector<std::string> learned = {"opacity", group::translation};
    const auto engine = engine_with(avatar, views, learned);
    const float rate = engine->settings(group::translation).rate;
    const auto expect_first_step = [&](int view) {
        const Eigen::Vector3f moved = engine->pose(view).translation - views[std::size_t(view)].pose.translation;
        for (const float m : moved) EXPECT_NEAR(std::abs(m), rate, 0.01f * rate) << view;
    };
    engine->step(std::vector<int>{0}, grey);
    expect_first_step(0);
    for (int step = 0; step < 10; ++step) engine->step(std::vector<int>{0}, grey);
    engine->step(std::vector<int>{1}, grey);
    expect_first_step(1);
    EXPECT_TRUE(engine->pose(0).translation != views[0].pose.translation);

    engine->load_splats(*avatar.splats);
    engine->step(std::vector<int>{1}, grey);
    const std::vector<float> moved = difference(engine->values("opacity"), avatar.splats->opacity_logit);
    float most = 0;
    for (const float m : moved) most = std::max(most, std::abs(m));
    EXPECT_NEAR(most, engine->settings("opacity").rate, 0.01f * engine->settings("opacity").rate);
    const Eigen::Vector3f again = engine->pose(1).translation - views[1].pose.translation;
    EXPECT_GT(again.norm(), rate) << "poses go on";
}

TEST_F(TrainingEngineTest, gaussians_may_be_replaced_between_steps) {
    const Avatar avatar = ball_avatar(11, 900, false);
    const std::vector<TrainingView> views = video_views(avatar, 2, 48);
    const auto engine = engine_with(avatar, views, all_groups());
    for (int step = 0; step < 6; ++step) engine->step(first_views(2), grey);
    const Avatar other = ball_avatar(11, 1600, false);
    ASSERT_NE(other.splats->count, avatar.splats->count);
    const HeadPose pose = engine->pose(1);
    engine->load_splats(*other.splats);
    EXPECT_TRUE(same(engine->splats(), *other.splats));
    EXPECT_TRUE(same(engine->pose(1), pose));
    for (const float g : engine->screen_gradient()) ASSERT_EQ(g, 0.0f);
    for (int step = 0; step < 6; ++step) engine->step(first_views(2), grey);
    EXPECT_EQ(engine->screen_gradient().size(), other.splats->count);
    EXPECT_NE(engine->splats().albedo, other.splats->albedo);
}

// In fixed poses too, where engines keep what is under the Gaussians.
TEST_F(TrainingEngineTest, other_gaussians_begin_as_if_they_were_loaded) {
    const Avatar avatar = ball_avatar(11, 900, false);
    Avatar other = ball_avatar(11, 1300, false);
    const EngineChoice deterministic{.steps_in_flight = 0, .deterministic = true};
    std::vector<TrainingView> views = portrait_views(avatar, 48);
    views[1].splat_weight.clear();
    const auto engine = engine_with(avatar, views, splat_groups(), deterministic);
    for (int step = 0; step < 9; ++step) engine->step(std::vector<int>{step % 3}, background(step));
    engine->load_splats(*other.splats);
    const auto fresh = engine_with(other, views, splat_groups(), deterministic);
    for (int step = 0; step < 9; ++step) {
        const auto a = engine->step(std::vector<int>{step % 3}, background(step)),
                   b = fresh->step(std::vector<int>{step % 3}, background(step));
        EXPECT_EQ(a->mean.total, b->mean.total) << step;
    }
    EXPECT_TRUE(same(engine->splats(), fresh->splats()));
    EXPECT_EQ(engine->screen_gradient(), fresh->screen_gradient());
}

TEST_F(TrainingEngineTest, gaussians_are_densified_between_steps) {
    const Avatar avatar = ball_avatar(17, 2000, true);
    const std::vector<TrainingView> views = video_views(avatar, 2, 64);
    const auto engine = engine_with(avatar, views, all_groups());
    for (int step = 0; step < 6; ++step) engine->step(first_views(2), grey);
    const HeadPose pose = engine->pose(1);
    AnchoredSplats expected = engine->splats();
    const SplatFrames at_rest = splat_frames(avatar, HeadPose::neutral(*avatar.model));
    const Ancestry want = densify(expected, engine->screen_gradient(), at_rest, {100'000, 3});
    const Ancestry from = engine->densify({100'000, 3});
    ASSERT_EQ(from, want);
    EXPECT_GT(from.size(), avatar.splats->count);
    const AnchoredSplats after = engine->splats();
    ASSERT_EQ(after.count, from.size());
    for (std::size_t i = 0; i < from.size(); ++i) {
        ASSERT_EQ(after.part[i], avatar.splats->part[from[i]]);
        ASSERT_EQ(after.atlas[i], avatar.splats->atlas[from[i]]);
    }
    EXPECT_EQ(after.albedo, expected.albedo);
    EXPECT_EQ(after.opacity_logit, expected.opacity_logit);
    EXPECT_EQ(after.log_scale, expected.log_scale);
    EXPECT_LT(relative_distance(after.offset, expected.offset), 1e-5);
    EXPECT_TRUE(same(engine->pose(1), pose));
    for (const float g : engine->screen_gradient()) ASSERT_EQ(g, 0.0f);
    // It learns on with the Gaussians that it hands out.
    std::vector<TrainingView> moved = views;
    for (int k = 0; k < 2; ++k) moved[std::size_t(k)].pose = engine->pose(k);
    const double now = mean_loss(*engine, first_views(2)).total;
    const double same_by_new = mean_loss(*engine_with(engine->fetch(), moved, all_groups()), first_views(2)).total;
    // A surface that is shaped anew differs by roundings, of which one may carry a pixel over a threshold.
    EXPECT_NEAR(now, same_by_new, 3e-3 * now);
    for (int step = 0; step < 12; ++step) engine->step(first_views(2), grey);
    EXPECT_LT(mean_loss(*engine, first_views(2)).total, now);
    EXPECT_EQ(engine->screen_gradient().size(), from.size());
}

TEST_F(TrainingEngineTest, densifying_forgets_the_weights_of_gaussians) {
    const Avatar avatar = ball_avatar(17, 600, false);
    std::vector<TrainingView> views = portrait_views(avatar, 48);
    views[0].splat_weight.assign(avatar.splats->count, 0.0f);
    const auto engine = engine_with(avatar, views, splat_groups());
    engine->step(std::vector<int>{0}, grey);
    EXPECT_EQ(engine->splats().albedo, avatar.splats->albedo);
    engine->densify({100'000, 1});
    const AnchoredSplats before = engine->splats();
    engine->step(std::vector<int>{0}, grey);
    EXPECT_NE(engine->splats().albedo, before.albedo);
}

TEST_F(TrainingEngineTest, what_is_not_finite_changes_nothing) {
    const Avatar avatar = ball_avatar(12, 500, false);
    std::vector<TrainingView> views = video_views(avatar, 2, 48);
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    enum class What { background, mask, focal_length, pose };
    // Of the others a Gaussian may just not be drawn, and then the step is as good as any.
    const auto must_throw = [](What what) { return what == What::background || what == What::mask; };
    for (const What what : {What::background, What::mask, What::focal_length, What::pose}) {
        for (const bool video : {false, true}) {
            SCOPED_TRACE(testing::Message() << int(what) << (video ? ", video" : ", portrait"));
            TrainingView bad = views[0];
            if (what == What::mask) {
                bad.target.weight.assign(bad.target.rgba.size() / 4, 1.0f);
                bad.target.weight[100] = nan;
            }
            if (what == What::focal_length) bad.camera.fx = nan;
            if (what == What::pose) bad.pose.translation.x() = nan;
            const auto engine = engine_with(avatar, {views[0], views[1], bad}, video ? all_groups() : splat_groups());
            for (int step = 0; step < 3; ++step) engine->step(first_views(2), grey);
            const Avatar good = engine->fetch();
            const HeadPose pose = engine->pose(0);
            bool thrown = false;
            try {
                engine->step(std::vector<int>{what == What::background ? 0 : 2},
                             {what == What::background ? nan : 0.5f, 0.5f, 0.5f});
                // It may come late, and steps behind it change nothing either.
                for (int step = 0; must_throw(what) && step < 10; ++step) engine->step(first_views(2), grey);
                engine->fetch();
            } catch (const NotFinite&) {
                thrown = true;
            }
            if (must_throw(what)) {
                EXPECT_TRUE(thrown);
            }
            const Avatar after = engine->fetch();
            EXPECT_TRUE(all_finite(*after.splats)) << "no step may leave parameters that are not finite";
            if (thrown) {
                EXPECT_TRUE(same(*after.splats, *good.splats));
                EXPECT_EQ(after.person->identity, good.person->identity);
                EXPECT_EQ(after.person->offsets, good.person->offsets);
                EXPECT_TRUE(same(engine->pose(0), pose));
            }
            engine->load(good, splat_groups());
            engine->add_view(views[0]);
            EXPECT_NO_THROW(engine->step(std::vector<int>{0}, grey)) << "and it goes on";
            EXPECT_TRUE(std::isfinite(engine->loss(0).total));
        }
    }
}

// A quaternion of no length has no derivative, though its Gaussian is just not drawn and the loss is finite.
TEST_F(TrainingEngineTest, a_derivative_that_is_not_finite_changes_nothing) {
    Avatar avatar = ball_avatar(12, 500, false);
    std::fill_n(avatar.splats.edit().rotation.begin() + 40, 4, 0.0f);
    const auto engine = engine_with(avatar, video_views(avatar, 1, 48), splat_groups());
    EXPECT_THROW(
        {
            for (int step = 0; step < 10; ++step) engine->step(std::vector<int>{0}, grey);
            engine->splats();
        },
        NotFinite);
    EXPECT_TRUE(same(engine->splats(), *avatar.splats));
}

TEST_F(TrainingEngineTest, what_does_not_fit_is_refused) {
    const Avatar avatar = ball_avatar(14, 300, false);
    const std::vector<TrainingView> views = video_views(avatar, 2, 32);
    const auto engine = engine_with(avatar, views, all_groups());
    std::vector<TrainingView> bad(7, views[0]);
    bad[0].target.rgba.pop_back();
    bad[1].target.weight.assign(5, 1.0f);
    bad[2].camera.width = bad[2].camera.height = 16;
    bad[3].pose.controls.conservativeResize(3);
    bad[4].pose.joints.conservativeResize(3, 2);
    bad[5].splat_weight.assign(avatar.splats->count + 1, 1.0f);
    bad[6].camera.width = bad[6].camera.height = bad[6].target.width = bad[6].target.height = 0;
    for (const TrainingView& view : bad) EXPECT_THROW(engine->add_view(view), std::invalid_argument);
    EXPECT_EQ(engine->add_view(video_views(avatar, 1, 48)[0]), 2) << "what was refused has no number";
    for (const std::vector<int>& batch : {std::vector<int>{}, {0, 0}, {3}, {-1}, {0, 2}}) {
        EXPECT_THROW(engine->step(batch, grey), std::invalid_argument);
        EXPECT_THROW(engine->gradients(batch, grey), std::invalid_argument);
    }
    for (const int view : {-1, 3}) {
        EXPECT_THROW(engine->pose(view), std::invalid_argument);
        EXPECT_THROW(engine->loss(view), std::invalid_argument);
        EXPECT_THROW(engine->set_splat_weight(view, {}), std::invalid_argument);
    }
    EXPECT_THROW(engine->set_splat_weight(0, {1, 2, 3}), std::invalid_argument);
    AnchoredSplats splats = *avatar.splats;
    splats.offset.pop_back();
    EXPECT_THROW(engine->load_splats(splats), std::invalid_argument);
    EXPECT_NO_THROW(engine->step(first_views(2), grey));
    std::vector<int> many;
    for (int k = 0; k <= largest_batch; ++k) many.push_back(engine->add_view(views[0]));
    EXPECT_THROW(engine->step(many, grey), std::invalid_argument);
    many.pop_back();
    EXPECT_NO_THROW(engine->step(many, grey));
}

TEST_F(TrainingEngineTest, groups_that_there_are_not_are_refused) {
    const Avatar avatar = ball_avatar(14, 100, false);
    const auto engine = make_engine();
    EXPECT_THROW(engine->load(avatar, {"albedo", "freckles"}), std::invalid_argument);
    engine->load(avatar, {"albedo", group::joints});
    EXPECT_EQ(engine->groups(), (std::vector<std::string>{"albedo", "joints"}));
    for (const char* name : {"offset", "identity", ""}) {
        EXPECT_THROW(engine->settings(name), std::invalid_argument) << name;
        EXPECT_THROW(engine->values(name), std::invalid_argument) << name;
    }
    const auto load = [&](ParameterGroup group) {
        engine->load(avatar, {"albedo"}, {std::make_shared<UnseenGroups>(std::vector{group})});
    };
    EXPECT_NO_THROW(load({"mine", 2, {1, 2, 3, 4}}));
    EXPECT_THROW(load({"albedo", 2, {1, 2, 3, 4}}), std::invalid_argument) << "the name is taken";
    EXPECT_THROW(load({"mine", 3, {1, 2, 3, 4}}), std::invalid_argument);
    EXPECT_THROW(load({"mine", 0, {}}), std::invalid_argument);
    ParameterGroup odd{"mine", 2, {1, 2, 3, 4}};
    odd.low = {0, 0, 0};
    EXPECT_THROW(load(odd), std::invalid_argument);
    odd.low = {};
    odd.prior.centre = {1};
    EXPECT_THROW(load(odd), std::invalid_argument);
    ParameterGroup of_views{"mine", 2, {1, 2, 3, 4}};
    of_views.clock = StepClock::views;
    EXPECT_THROW(load(of_views), std::invalid_argument) << "one row, with which each view begins";
}

}  // namespace
}  // namespace likeness::test
