// How steps on frames of a video run: late losses, graphs, repeatable sums, lists that overflow, other Gaussians and
// frames between steps, numbers that break, frames that do not fit.
#include <algorithm>

#include "core/learning/densify.h"
#include "tests/cuda/video_fixtures.h"

namespace likeness::cuda_tests {
namespace {

// Gaussians that grow outrun the lists: seen, counted, and all drawn from the next step on.
TEST_F(VideoStepTest, short_lists_heal) {
    const Avatar avatar = test::ball_avatar(9, 6000, false);
    const std::vector<TrainingFrame> frames = make_frames(avatar, 2);
    for (const bool graphs : {false, true}) {
        const auto engine = engine_with(avatar, frames, everything(), {.steps_in_flight = 0, .graphs = graphs});
        VideoStepRates still = still_rates(), growing = still_rates();
        still.splats.largest_scale = growing.splats.largest_scale = 0.08f;
        growing.splats.log_scale = 3;  // some grow by that, some shrink, as Adam's steps are
        for (int step = 0; step < 3; ++step) engine->step(first_frames(2), grey, still);  // so that a graph is replayed
        EXPECT_EQ(engine->step(first_frames(2), grey, growing)->incomplete, 0);
        const double want =
            engine_with(engine->fetch(), frames, everything())->gradients(first_frames(2), grey, still).loss.mean.total;
        const auto first = engine->step(first_frames(2), grey, still);
        EXPECT_EQ(first->incomplete, 1);
        for (int step = 0; step < 4; ++step) {
            const auto next = engine->step(first_frames(2), grey, still);
            EXPECT_EQ(next->incomplete, 1);
            EXPECT_NEAR(next->mean.total, want, 1e-4 * want);
        }
    }
}

// With steps under way, or from graphs, the same is computed; batches of other sizes may come between.
TEST_F(VideoStepTest, late_losses_and_graphs_change_nothing) {
    const Avatar avatar = test::ball_avatar(10, 1500, true);
    const std::vector<TrainingFrame> frames = make_frames(avatar, 4);
    const auto exact = engine_with(avatar, frames, everything(), {.steps_in_flight = 0, .graphs = false});
    const auto late = engine_with(avatar, frames, everything(), {.steps_in_flight = 8});
    std::vector<double> losses;
    for (int step = 0; step < 30; ++step) {
        const std::vector<int> batch = step == 17      ? std::vector<int>{3}
                                       : step % 3 == 0 ? std::vector<int>{0, 1}
                                       : step % 3 == 1 ? std::vector<int>{2, 3}
                                                       : std::vector<int>{1, 3};
        losses.push_back(exact->step(batch, grey, {})->mean.total);
        if (const auto got = late->step(batch, grey, {})) {
            ASSERT_GE(got->step, 1);
            EXPECT_LE(step + 1 - got->step, 9);
            EXPECT_NEAR(got->mean.total, losses[std::size_t(got->step) - 1], 0.005 * got->mean.total) << step;
        } else {
            EXPECT_LT(step, 9);
        }
    }
    for (int k = 0; k < 4; ++k) {
        const HeadPose a = exact->pose(k), b = late->pose(k);
        EXPECT_LT((a.controls - b.controls).norm(), 0.05f * (a.controls - frames[std::size_t(k)].pose.controls).norm());
        EXPECT_LT((a.joints - b.joints).norm(), 0.05f * (a.joints - frames[std::size_t(k)].pose.joints).norm());
    }
    const Avatar a = exact->fetch(), b = late->fetch();
    EXPECT_LT((a.identity - b.identity).norm(), 0.05f * (a.identity - avatar.identity).norm());
    EXPECT_LT((a.offsets - b.offsets).norm(), 0.1f * (a.offsets - avatar.offsets).norm());
}

TEST_F(VideoStepTest, repeatable_steps_give_the_same_bits) {
    const Avatar avatar = test::ball_avatar(16, 3000, true);
    const std::vector<TrainingFrame> frames = make_frames(avatar, 3);
    const std::vector<int> batch = {0, 1, 2};
    std::vector<double> losses[2];
    std::unique_ptr<VideoStepEngine> engines[2];
    for (int run = 0; run < 2; ++run) {
        engines[run] = engine_with(avatar, frames, everything(), {.steps_in_flight = 0, .repeatable = true});
        for (int step = 0; step < 12; ++step) {
            const auto loss = engines[run]->step(batch, grey, {});
            losses[run].push_back(loss->mean.total);
            losses[run].push_back(loss->pulls);
        }
    }
    EXPECT_EQ(losses[0], losses[1]);
    const Avatar a = engines[0]->fetch(), b = engines[1]->fetch();
    EXPECT_EQ(a.splats.offset, b.splats.offset);
    EXPECT_EQ(a.splats.rotation, b.splats.rotation);
    EXPECT_EQ(a.splats.albedo, b.splats.albedo);
    EXPECT_EQ(a.splats.opacity, b.splats.opacity);
    EXPECT_EQ(a.identity, b.identity);
    EXPECT_EQ(a.offsets, b.offsets);
    EXPECT_EQ(engines[0]->screen_gradient(), engines[1]->screen_gradient());
    for (int k = 0; k < 3; ++k) {
        EXPECT_EQ(engines[0]->pose(k).controls, engines[1]->pose(k).controls);
        EXPECT_EQ(engines[0]->pose(k).joints, engines[1]->pose(k).joints);
    }
    // And they are the derivatives that the faster sums give.
    const VideoGradients exact = engine_with(avatar, frames, everything(), {.repeatable = true})
                                     ->gradients(batch, grey, plain_rates()),
                         fast = engine_with(avatar, frames, everything())->gradients(batch, grey, plain_rates());
    EXPECT_LT(relative_distance(exact.splats.offset, fast.splats.offset), 1e-4);
    EXPECT_LT(relative_distance(exact.splats.log_scale, fast.splats.log_scale), 1e-4);
    EXPECT_LT(relative_distance(exact.splats.opacity, fast.splats.opacity), 1e-4);
    EXPECT_LT((exact.vertices - fast.vertices).norm(), 1e-4f * fast.vertices.norm());
    EXPECT_LT((exact.joints - fast.joints).norm(), 1e-4f * fast.joints.norm());
}

TEST_F(VideoStepTest, gaussians_may_be_replaced_between_steps) {
    const Avatar avatar = test::ball_avatar(11, 900, false);
    const std::vector<TrainingFrame> frames = make_frames(avatar, 2);
    const auto engine = engine_with(avatar, frames, everything());
    for (int step = 0; step < 6; ++step) engine->step(first_frames(2), grey, {});
    const Avatar other = test::ball_avatar(11, 1600, false);
    const HeadPose pose = engine->pose(1);
    engine->load_splats(other.splats);
    EXPECT_EQ(engine->fetch().splats.count, other.splats.count);
    EXPECT_EQ(engine->pose(1).controls, pose.controls);
    for (const float g : engine->screen_gradient()) ASSERT_EQ(g, 0.0f);
    for (int step = 0; step < 6; ++step) engine->step(first_frames(2), grey, {});
    EXPECT_EQ(engine->screen_gradient().size(), other.splats.count);
    EXPECT_NE(engine->fetch().splats.albedo, other.splats.albedo);
}

TEST_F(VideoStepTest, gaussians_are_densified_between_steps) {
    const Avatar avatar = test::ball_avatar(17, 2000, true);
    const std::vector<TrainingFrame> frames = make_frames(avatar, 2);
    const auto engine = engine_with(avatar, frames, everything());
    for (int step = 0; step < 6; ++step) engine->step(first_frames(2), grey, {});
    const HeadPose pose = engine->pose(1);
    const Ancestry from = engine->densify({100'000, 3});
    const AnchoredSplats after = engine->fetch().splats;
    EXPECT_GT(from.size(), avatar.splats.count);
    ASSERT_EQ(after.count, from.size());
    for (std::size_t i = 0; i < from.size(); ++i) {
        ASSERT_EQ(after.layer[i], avatar.splats.layer[from[i]]);
        ASSERT_EQ(after.atlas[i], avatar.splats.atlas[from[i]]);
    }
    EXPECT_EQ(engine->pose(1).controls, pose.controls);
    for (const float g : engine->screen_gradient()) ASSERT_EQ(g, 0.0f);
    // It learns on with the Gaussians that it hands out.
    std::vector<TrainingFrame> moved = frames;
    for (int k = 0; k < 2; ++k) moved[std::size_t(k)].pose = engine->pose(k);
    const double now = engine->gradients(first_frames(2), grey, plain_rates()).loss.mean.total;
    const double expected = engine_with(engine->fetch(), moved, everything())
                                ->gradients(first_frames(2), grey, plain_rates())
                                .loss.mean.total;
    EXPECT_NEAR(now, expected, 1e-3 * expected);
    for (int step = 0; step < 12; ++step) engine->step(first_frames(2), grey, {});
    EXPECT_LT(engine->gradients(first_frames(2), grey, {}).loss.mean.total, now);
    EXPECT_EQ(engine->screen_gradient().size(), from.size());
}

TEST_F(VideoStepTest, what_is_no_number_ends_training_and_changes_nothing) {
    const Avatar avatar = test::ball_avatar(12, 500, false);
    const auto engine = engine_with(avatar, make_frames(avatar, 2), everything());
    for (int step = 0; step < 5; ++step) engine->step(first_frames(2), grey, {});
    const Avatar good = engine->fetch();
    const HeadPose pose = engine->pose(0);
    const auto bad_steps = [&] {
        for (int step = 0; step < 12; ++step)
            engine->step(first_frames(2), {step == 0 ? std::nanf("") : 0.5f, 0.5f, 0.5f}, {});
    };
    EXPECT_THROW(bad_steps(), std::runtime_error);
    EXPECT_EQ(engine->fetch().splats.albedo, good.splats.albedo);
    EXPECT_EQ(engine->fetch().identity, good.identity);
    EXPECT_EQ(engine->pose(0).controls, pose.controls);
}

TEST_F(VideoStepTest, stages_add_up_and_step) {
    const Avatar avatar = test::ball_avatar(13, 500, false);
    const std::vector<TrainingFrame> frames = make_frames(avatar, 1);
    const auto engine = engine_with(avatar, frames, everything());
    const std::vector<StageTime> stages = engine->timed_step(first_frames(1), grey, {});
    for (const char* name :
         {"head", "Gaussians", "blend", "loss", "blend backward", "Gaussians backward", "head backward", "update"})
        EXPECT_EQ(std::count_if(stages.begin(), stages.end(), [&](const StageTime& s) { return s.stage == name; }), 1)
            << name;
    for (const StageTime& stage : stages) EXPECT_GE(stage.milliseconds, 0);
    EXPECT_NE(engine->pose(0).controls, frames[0].pose.controls);
}

TEST_F(VideoStepTest, what_does_not_fit_is_refused) {
    const Avatar avatar = test::ball_avatar(14, 300, false);
    const std::vector<TrainingFrame> frames = make_frames(avatar, 2);
    const auto engine = engine_with(avatar, frames, everything());
    TrainingFrame other = frames[0];
    other.rgba.pop_back();
    EXPECT_THROW(engine->add_frame(other), std::invalid_argument);
    other = frames[0];
    other.camera.width = other.camera.height = side / 2;
    other.rgba.resize(4 * (side / 2) * (side / 2));
    EXPECT_THROW(engine->add_frame(other), std::invalid_argument);
    other = frames[0];
    other.pose.controls.conservativeResize(3);
    EXPECT_THROW(engine->add_frame(other), std::invalid_argument);
    for (const std::vector<int>& batch : {std::vector<int>{}, {0, 0}, {2}, {-1}})
        EXPECT_THROW(engine->step(batch, grey, {}), std::invalid_argument);
    EXPECT_THROW(engine->pose(2), std::out_of_range);
    AnchoredSplats splats = avatar.splats;
    splats.offset.pop_back();
    EXPECT_THROW(engine->load_splats(splats), std::invalid_argument);
}

// More frames than the first room for them.
TEST_F(VideoStepTest, frames_may_come_between_steps) {
    const Avatar avatar = test::ball_avatar(15, 300, false);
    const std::vector<TrainingFrame> frames = make_frames(avatar, 2);
    const auto engine = engine_with(avatar, frames, everything());
    for (int step = 0; step < 4; ++step) engine->step(first_frames(2), grey, {});
    const HeadPose pose = engine->pose(0);
    for (int k = 2; k < 70; ++k) EXPECT_EQ(engine->add_frame(frames[std::size_t(k % 2)]), k);
    EXPECT_EQ(engine->pose(0).controls, pose.controls);
    EXPECT_EQ(engine->pose(69).joints, frames[1].pose.joints);
    for (int step = 0; step < 4; ++step) engine->step(std::vector<int>{69, 0}, grey, {});
    EXPECT_NE(engine->pose(69).joints, frames[1].pose.joints);
    EXPECT_NE(engine->pose(0).controls, pose.controls);
}

}  // namespace
}  // namespace likeness::cuda_tests
