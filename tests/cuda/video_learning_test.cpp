// What training on frames of a video learns.
#include "tests/cuda/video_fixtures.h"

namespace likeness::cuda_tests {
namespace {

// Where the Gaussians alone are free, a step is the portrait trainer's.
TEST_F(VideoStepTest, gaussians_alone_learn_as_from_a_portrait) {
    const Avatar avatar = test::ball_avatar(5, 2000, true);
    const std::vector<TrainingFrame> frames = make_frames(avatar, 1);
    VideoUnknowns unknowns = nothing();
    unknowns.splats = true;
    const auto engine = engine_with(avatar, frames, unknowns, {.steps_in_flight = 0});
    TrainingView view;
    view.frames = splat_frames(avatar, frames[0].pose);
    view.camera = frames[0].camera;
    view.target = target_of(frames[0]);
    const auto processor = make_cpu_step_engine();
    processor->load(avatar.splats);
    for (int step = 0; step < 6; ++step) {
        const LossValue want = processor->step(view, grey, {});
        const auto got = engine->step(std::vector<int>{0}, grey, {});
        ASSERT_TRUE(got);
        EXPECT_EQ(got->step, step + 1);
        EXPECT_NEAR(got->mean.total, want.total, 0.002 * want.total) << step;
    }
    const AnchoredSplats a = engine->fetch().splats, b = processor->fetch();
    const auto moved = [&](std::vector<float> AnchoredSplats::*values, const AnchoredSplats& s) {
        std::vector<double> change;
        for (std::size_t i = 0; i < (s.*values).size(); ++i)
            change.push_back(double((s.*values)[i]) - double((avatar.splats.*values)[i]));
        return change;
    };
    for (auto values : {&AnchoredSplats::offset, &AnchoredSplats::log_scale, &AnchoredSplats::rotation,
                        &AnchoredSplats::albedo, &AnchoredSplats::opacity})
        EXPECT_LT(relative_distance(moved(values, a), moved(values, b)), 0.02);
    EXPECT_LT(relative_distance(engine->screen_gradient(), processor->screen_gradient()), 0.02);
    const HeadPose pose = engine->pose(0);
    EXPECT_EQ(pose.controls, frames[0].pose.controls);
    EXPECT_EQ(pose.joints, frames[0].pose.joints);
    EXPECT_EQ(pose.translation, frames[0].pose.translation);
}

TEST_F(VideoStepTest, expression_and_pose_are_recovered) {
    Avatar avatar = test::ball_avatar(6, 10, false);
    test::cover(avatar, 0.006f);
    std::vector<TrainingFrame> frames;
    std::vector<HeadPose> truth;
    for (int k = 0; k < 4; ++k) {
        HeadPose pose = HeadPose::neutral(*avatar.model);
        pose.controls.setConstant(0.3f);
        pose.controls[k] = 0.7f;
        pose.joints(1, 2) = 0.2f * float(k) - 0.3f;
        const Camera camera = camera_of(avatar, 1);
        TrainingFrame frame{bytes_of(test::render(avatar, pose, camera)), camera, pose};
        truth.push_back(pose);
        // The tracker was wrong by some degrees, 3 mm, and everywhere in the expression.
        frame.pose.joints(0, 2) += 0.06f;
        frame.pose.joints(1, 2) -= 0.08f;
        frame.pose.translation += Eigen::Vector3f(0.003f, -0.002f, 0.001f);
        test::Random random(70 + unsigned(k));
        for (float& c : frame.pose.controls) c = std::clamp(c + test::uniform(random, -0.25f, 0.25f), 0.0f, 1.0f);
        frames.push_back(frame);
    }
    VideoUnknowns unknowns;
    unknowns.splats = false;
    const auto engine = engine_with(avatar, frames, unknowns);
    const auto surface_error = [&](const std::vector<HeadPose>& poses) {
        double sum = 0;
        for (std::size_t k = 0; k < poses.size(); ++k)
            sum += double((pose_surface(avatar, poses[k]) - pose_surface(avatar, truth[k])).squaredNorm());
        return std::sqrt(sum / double(avatar.neutral.cols() * Eigen::Index(poses.size())));
    };
    const auto control_error = [&](const std::vector<HeadPose>& poses) {
        double sum = 0;
        for (std::size_t k = 0; k < poses.size(); ++k) sum += double((poses[k].controls - truth[k].controls).norm());
        return sum;
    };
    std::vector<HeadPose> before, after;
    for (const TrainingFrame& frame : frames) before.push_back(frame.pose);
    VideoStepRates rates = plain_rates();
    const double first = engine->gradients(first_frames(4), grey, rates).loss.mean.total;
    for (int step = 0; step < 400; ++step) {
        const float left = 1 - float(step) / 400;
        rates.control = 0.02f * left;
        rates.joint = 4e-3f * left;
        rates.translation = 4e-4f * left;
        engine->step(step % 2 == 0 ? std::vector<int>{0, 1} : std::vector<int>{3, 2}, grey, rates);
    }
    const double last = engine->gradients(first_frames(4), grey, rates).loss.mean.total;
    for (int k = 0; k < 4; ++k) after.push_back(engine->pose(k));
    EXPECT_LT(last, 0.2 * first);
    EXPECT_LT(surface_error(after), 0.2 * surface_error(before));
    EXPECT_LT(control_error(after), 0.5 * control_error(before));
    EXPECT_EQ(engine->fetch().splats.albedo, avatar.splats.albedo);
}

// The picture that the engine last saw is the one that the fetched avatar gives.
TEST_F(VideoStepTest, what_is_fetched_looks_as_it_was_learned) {
    const Avatar avatar = test::ball_avatar(7, 1500, true);
    std::vector<TrainingFrame> frames = make_frames(avatar, 2);
    const auto engine = engine_with(avatar, frames, everything());
    VideoStepRates rates;
    rates.vertex = 3e-5f;
    rates.identity = 0.005f;
    const double first = engine->gradients(first_frames(2), grey, rates).loss.mean.total;
    for (int step = 0; step < 15; ++step) engine->step(first_frames(2), grey, rates);
    const LossValue seen = engine->gradients(first_frames(2), grey, rates).loss.mean;
    EXPECT_LT(seen.total, first);
    const Avatar learned = engine->fetch();
    EXPECT_GT((learned.identity - avatar.identity).norm(), 0.01f);
    EXPECT_GT((learned.offsets - avatar.offsets).norm(), 0.0005f);
    EXPECT_GT((learned.hair.vertices - avatar.hair.vertices).norm(), 0.0005f);
    double total = 0;
    for (int k = 0; k < 2; ++k) {
        frames[std::size_t(k)].pose = engine->pose(k);
        total += 0.5 * ByProcessor(learned, frames[std::size_t(k)]).loss.total;
    }
    EXPECT_NEAR(total, seen.total, 0.002 * total);
}

}  // namespace
}  // namespace likeness::cuda_tests
