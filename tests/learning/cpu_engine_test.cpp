// What only the processor's engine promises.
#include "core/base/failure.h"
#include "tests/engine/engine_fixtures.h"

namespace likeness::test {
namespace {

TEST(CpuTrainingEngine, EachStepSaysWhereItsTimeWent) {
    const Avatar avatar = ball_avatar(13, 200, false);
    const std::vector<TrainingView> views = video_views(avatar, 2, 32);
    const std::vector<std::string> of_gaussians = {"Gaussians", "project", "lists", "blend", "loss", "blend backward",
                                                   "project backward", "Gaussians backward", "update"};
    std::vector<std::string> of_heads = of_gaussians;
    of_heads.insert(of_heads.begin(), "head");
    of_heads.insert(of_heads.end() - 1, "head backward");
    for (const bool head_moves : {false, true}) {
        const auto engine = engine_with(avatar, views, head_moves ? all_groups() : splat_groups());
        for (int i = 0; i < 3; ++i) {
            const auto loss = engine->step(first_views(2), grey);
            ASSERT_TRUE(loss) << "the processor waits for each step";
            EXPECT_EQ(loss->step, i + 1);
            std::vector<std::string> names;
            for (const StageTime& stage : engine->stages()) names.push_back(stage.stage);
            EXPECT_EQ(names, head_moves ? of_heads : of_gaussians);
        }
    }
}

// After a step that failed, steps go on as if it had not been.
TEST(CpuTrainingEngine, AFailedStepLeavesNoTrace) {
    const Avatar avatar = ball_avatar(12, 300, false);
    const std::vector<TrainingView> views = video_views(avatar, 2, 32);
    const auto plain = engine_with(avatar, views, all_groups()), failed = engine_with(avatar, views, all_groups());
    for (int step = 0; step < 6; ++step) {
        if (step == 3) {
            EXPECT_THROW(failed->step(std::vector<int>{0}, {std::nanf(""), 0.5f, 0.5f}), NotFinite);
            EXPECT_EQ(failed->loss(0).total, plain->loss(0).total);
        }
        EXPECT_EQ(plain->step(first_views(2), grey)->mean.total, failed->step(first_views(2), grey)->mean.total) << step;
    }
    for (const std::string& name : plain->groups()) EXPECT_EQ(plain->values(name), failed->values(name)) << name;
    EXPECT_EQ(plain->screen_gradient(), failed->screen_gradient());
}

// The second view of a batch, or a derivative, fails when much has been done already.
TEST(CpuTrainingEngine, AStepThatFailsLateLeavesNoTraceEither) {
    const Avatar avatar = ball_avatar(12, 300, false);
    std::vector<TrainingView> views = video_views(avatar, 2, 32);
    views.push_back(views[0]);
    views[2].target.weight.assign(32 * 32, 1.0f);
    views[2].target.weight[500] = std::nanf("");
    const auto engine = engine_with(avatar, views, splat_groups());
    engine->step(first_views(2), grey);
    const std::vector<float> screen = engine->screen_gradient();
    const double loss = engine->loss(0).total;
    EXPECT_THROW(engine->step(std::vector<int>{0, 2}, grey), NotFinite);
    EXPECT_EQ(engine->screen_gradient(), screen);
    EXPECT_EQ(engine->loss(0).total, loss);

    // A step that did what it could, and then met a quaternion of no length.
    Avatar bad = avatar;
    std::fill_n(bad.splats.edit().rotation.begin() + 40, 4, 0.0f);
    const auto other = engine_with(bad, {views[0]}, splat_groups());
    EXPECT_THROW(other->step(std::vector<int>{0}, grey), NotFinite);
    EXPECT_EQ(other->screen_gradient(), std::vector<float>(bad.splats->count, 0.0f));
    EXPECT_THROW(other->loss(0), std::invalid_argument);
}

}  // namespace
}  // namespace likeness::test
