// Views: known by their numbers, added between steps, forgotten, each with its own loss.
#include "tests/engine/engine_fixtures.h"

namespace likeness::test {
namespace {

// Two views that lay at the same address, one after the other, are different views; so are those whose object changed
// after it was added.
TEST_F(TrainingEngineTest, views_are_known_by_their_numbers) {
    const Avatar avatar = bounded(ball_avatar(5, 600, false));
    std::vector<TrainingView> views = video_views(avatar, 2, 48);
    views[1].weights.alpha = 0.5f;
    const auto one_by_one = make_engine();
    one_by_one->load(avatar, splat_groups());
    TrainingView reused = views[0];
    EXPECT_EQ(one_by_one->add_view(reused), 0);
    one_by_one->step(std::vector<int>{0}, grey, 0.0f);
    // The same memory, down to the arrays inside.
    std::copy(views[1].target.rgba.begin(), views[1].target.rgba.end(), reused.target.rgba.begin());
    reused.pose = views[1].pose;
    reused.camera = views[1].camera;
    reused.weights = views[1].weights;
    EXPECT_EQ(one_by_one->add_view(reused), 1);
    std::fill(reused.target.rgba.begin(), reused.target.rgba.end(), static_cast<unsigned char>(0));

    const auto apart = engine_with(avatar, views, splat_groups());
    for (int k = 0; k < 2; ++k) {
        const StepGradients got = one_by_one->gradients(std::vector<int>{k}, grey),
                            want = apart->gradients(std::vector<int>{k}, grey);
        EXPECT_NEAR(got.loss.mean.total, want.loss.mean.total, 1e-6 * want.loss.mean.total) << k;
        EXPECT_LT(relative_distance(got.by_group.at("albedo"), want.by_group.at("albedo")), 1e-4) << k;
        EXPECT_TRUE(same(one_by_one->pose(k), views[std::size_t(k)].pose));
    }
    EXPECT_NE(apart->gradients(std::vector<int>{0}, grey).loss.mean.total,
              apart->gradients(std::vector<int>{1}, grey).loss.mean.total);
    for (int k = 0; k < 2; ++k) one_by_one->step(std::vector<int>{k}, grey, 0.0f);
    for (int k = 0; k < 2; ++k) {
        const double want = mean_loss(*apart, {k}).total;
        EXPECT_NEAR(one_by_one->loss(k).total, want, 1e-5 * want) << k;
    }
}

TEST_F(TrainingEngineTest, each_view_has_its_own_loss) {
    const Avatar avatar = bounded(ball_avatar(5, 600, false));
    std::vector<TrainingView> views = video_views(avatar, 3, 48);
    views[1].weights = {.l1 = 0.1f, .dssim = 0, .alpha = 1};
    const auto engine = engine_with(avatar, views, splat_groups());
    EXPECT_THROW(engine->loss(0), std::invalid_argument) << "it took part in no step";
    hold_still(*engine);
    LossValue expected[3];
    for (int k = 0; k < 3; ++k) expected[k] = mean_loss(*engine, {k});
    engine->step(std::vector<int>{1, 0}, grey);
    for (const int k : {0, 1}) {
        const LossValue loss = engine->loss(k);
        EXPECT_NEAR(loss.total, expected[k].total, 1e-5 * expected[k].total) << k;
        EXPECT_NEAR(loss.l1, expected[k].l1, 1e-5 * expected[k].l1) << k;
        EXPECT_NEAR(loss.alpha, expected[k].alpha, 1e-5) << k;
        EXPECT_NEAR(loss.squared, expected[k].squared, 1e-5 * expected[k].squared) << k;
    }
    EXPECT_GT(std::abs(expected[0].total - expected[1].total), 1e-3 * expected[0].total);
    EXPECT_THROW(engine->loss(2), std::invalid_argument);
    // The terms come together by a view's own weights, and a batch's loss is the mean.
    EXPECT_NEAR(expected[1].total, 0.1 * expected[1].l1 + expected[1].alpha, 1e-6);
    const LossValue mean = mean_loss(*engine, {2, 1});
    EXPECT_NEAR(mean.total, 0.5 * (expected[1].total + expected[2].total), 1e-5 * mean.total);
    EXPECT_NEAR(mean.l1, 0.5 * (expected[1].l1 + expected[2].l1), 1e-5 * mean.l1);
}

// More views than the first room for them.
TEST_F(TrainingEngineTest, views_may_come_between_steps) {
    const Avatar avatar = ball_avatar(15, 300, false);
    const std::vector<TrainingView> views = video_views(avatar, 2, 32);
    const auto engine = engine_with(avatar, views, all_groups());
    for (int step = 0; step < 4; ++step) engine->step(first_views(2), grey);
    const HeadPose pose = engine->pose(0);
    for (int k = 2; k < 70; ++k) EXPECT_EQ(engine->add_view(views[std::size_t(k % 2)]), k);
    EXPECT_TRUE(same(engine->pose(0), pose));
    EXPECT_TRUE(same(engine->pose(69), views[1].pose));
    EXPECT_EQ(engine->values(group::translation).size(), 210u);
    for (int step = 0; step < 4; ++step) engine->step(std::vector<int>{69, 0}, grey);
    EXPECT_NE(engine->pose(69).joints, views[1].pose.joints);
    EXPECT_NE(engine->pose(0).controls, pose.controls);
    EXPECT_TRUE(same(engine->pose(68), views[0].pose)) << "others' poses stay";
}

TEST_F(TrainingEngineTest, views_are_forgotten_when_told) {
    const Avatar avatar = ball_avatar(15, 300, false);
    const std::vector<TrainingView> views = video_views(avatar, 2, 32);
    for (const bool video : {false, true}) {
        const auto engine = engine_with(avatar, views, video ? all_groups() : splat_groups());
        for (int step = 0; step < 3; ++step) engine->step(first_views(2), grey);
        const AnchoredSplats learned = engine->splats();
        engine->clear_views();
        EXPECT_TRUE(same(engine->splats(), learned)) << "what was learned of the Gaussians stays";
        EXPECT_THROW(engine->pose(0), std::invalid_argument);
        EXPECT_THROW(engine->loss(0), std::invalid_argument);
        EXPECT_THROW(engine->step(std::vector<int>{0}, grey), std::invalid_argument);
        if (video) {
            EXPECT_TRUE(engine->values(group::controls).empty());
        }
        // Of another size, and numbered from 0 again.
        const TrainingView larger = video_views(avatar, 2, 48)[1];
        EXPECT_EQ(engine->add_view(larger), 0);
        EXPECT_TRUE(same(engine->pose(0), larger.pose));
        EXPECT_THROW(engine->loss(0), std::invalid_argument);
        engine->step(std::vector<int>{0}, grey);
        EXPECT_TRUE(std::isfinite(engine->loss(0).total));
        EXPECT_NE(engine->splats().albedo, learned.albedo);
    }
}

TEST_F(TrainingEngineTest, loading_again_forgets_all) {
    const Avatar avatar = ball_avatar(15, 300, true), other = ball_avatar(2, 400, false);
    const EngineChoice deterministic{.steps_in_flight = 0, .deterministic = true};
    const auto engine = engine_with(avatar, video_views(avatar, 2, 32), all_groups(), deterministic);
    engine->settings("albedo").rate = 1;
    for (int step = 0; step < 4; ++step) engine->step(first_views(2), grey);
    engine->load(other, all_groups());
    EXPECT_THROW(engine->pose(0), std::invalid_argument);
    EXPECT_EQ(norm_of(engine->values(group::identity)), 0);
    const std::vector<TrainingView> views = video_views(other, 2, 32);
    for (const TrainingView& view : views) engine->add_view(view);
    const auto fresh = engine_with(other, views, all_groups(), deterministic);
    for (int step = 0; step < 4; ++step) {
        const auto a = engine->step(first_views(2), grey), b = fresh->step(first_views(2), grey);
        EXPECT_EQ(a->mean.total, b->mean.total) << step;
        EXPECT_EQ(a->step, step + 1);
    }
    for (const std::string& name : fresh->groups()) EXPECT_EQ(engine->values(name), fresh->values(name)) << name;
}

}  // namespace
}  // namespace likeness::test
