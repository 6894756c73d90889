// Derivatives of a training step on frames of a video: against a composition of the processor's parts and against
// differences of its own loss.
#include "tests/cuda/video_fixtures.h"

namespace likeness::cuda_tests {
namespace {

// Another shape at rest; stretch goes on counting from the shape as it was.
Avatar reshaped(const Avatar& avatar, const Eigen::VectorXf& identity, const Vertices& moved) {
    Avatar other = avatar;
    const Eigen::Index head = avatar.model->vertex_count();
    other.identity += identity;
    other.offsets += moved.leftCols(head);
    if (other.hair.vertices.size() > 0) other.hair.vertices += moved.rightCols(other.hair.vertices.cols());
    other.prepare();
    other.neutral_double_area = avatar.neutral_double_area;
    return other;
}

TEST_F(VideoStepTest, derivatives_are_those_of_the_processor) {
    const Avatar avatar = test::ball_avatar(3, 1500, true);
    const std::vector<TrainingFrame> frames = make_frames(avatar, 3);
    const auto engine = engine_with(avatar, frames, everything());
    const VideoGradients found = engine->gradients(std::vector<int>{2, 0}, grey, plain_rates());

    AnchoredGradients splats;
    splats.resize(avatar.splats.count);
    splats.set_zero();
    LossValue loss;
    const HeadModel& model = *avatar.model;
    Eigen::MatrixXf controls(model.control_count(), 2), joints(3 * model.joint_count(), 2), translation(3, 2);
    Eigen::VectorXf identity = Eigen::VectorXf::Zero(model.identity_count());
    const Vertices still = Vertices::Zero(3, avatar.neutral.cols());
    const Eigen::VectorXf same = Eigen::VectorXf::Zero(model.identity_count());
    // Directions in which the shape is moved: the one that the engine found, and any.
    std::vector<Vertices> directions = {found.vertices / found.vertices.norm()};
    test::Random random(9);
    for (int k = 0; k < 3; ++k) {
        Vertices d(3, avatar.neutral.cols());
        for (Eigen::Index i = 0; i < d.size(); ++i) d.data()[i] = test::uniform(random, -1, 1);
        directions.push_back(d / d.norm());
    }
    std::vector<double> along(directions.size(), 0.0);
    for (int b = 0; b < 2; ++b) {
        const TrainingFrame& frame = frames[b == 0 ? 2 : 0];
        ByProcessor p(avatar, frame);
        for (auto* values : {&p.gradients.means, &p.gradients.scales, &p.gradients.rotations, &p.gradients.colors,
                             &p.gradients.opacities})
            for (float& g : *values) g *= 0.5f;  // a mean of two
        loss.total += 0.5 * p.loss.total;
        loss.squared += 0.5 * p.loss.squared;
        deform_backward(avatar.splats, splat_frames(avatar, frame.pose), p.posed, p.gradients, splats);
        const auto by_pose = [&](auto entry, float step) {
            HeadPose low = frame.pose, high = frame.pose;
            entry(low) -= step;
            entry(high) += step;
            return float(p.along(avatar, low, avatar, high, 2 * double(step)));
        };
        for (Eigen::Index k = 0; k < controls.rows(); ++k)
            controls(k, b) = by_pose([&](HeadPose& pose) -> float& { return pose.controls[k]; }, 5e-4f);
        for (Eigen::Index k = 0; k < joints.rows(); ++k)
            joints(k, b) = by_pose([&](HeadPose& pose) -> float& { return pose.joints.data()[k]; }, 1e-4f);
        for (Eigen::Index k = 0; k < 3; ++k)
            translation(k, b) = by_pose([&](HeadPose& pose) -> float& { return pose.translation[k]; }, 1e-3f);
        for (Eigen::Index k = 0; k < identity.size(); ++k) {
            const Eigen::VectorXf step = 0.002f * Eigen::VectorXf::Unit(identity.size(), k);
            identity[k] += float(
                p.along(reshaped(avatar, -step, still), frame.pose, reshaped(avatar, step, still), frame.pose, 0.004));
        }
        for (std::size_t d = 0; d < directions.size(); ++d) {
            // Where the ball's triangles are thinnest they bear no more.
            const float step = 3e-6f / directions[d].cwiseAbs().maxCoeff();
            along[d] += p.along(reshaped(avatar, same, -step * directions[d]), frame.pose,
                                reshaped(avatar, same, step * directions[d]), frame.pose, 2 * double(step));
        }
    }
    EXPECT_NEAR(found.loss.mean.total, loss.total, 1e-4 * loss.total);
    EXPECT_NEAR(found.loss.mean.squared, loss.squared, 1e-4 * loss.squared);
    EXPECT_LT(relative_distance(found.splats.offset, splats.offset), 1e-3);
    EXPECT_LT(relative_distance(found.splats.log_scale, splats.log_scale), 1e-3);
    EXPECT_LT(relative_distance(found.splats.rotation, splats.rotation), 1e-3);
    EXPECT_LT(relative_distance(found.splats.albedo, splats.albedo), 1e-3);
    EXPECT_LT(relative_distance(found.splats.opacity, splats.opacity), 1e-3);
    const auto distance = [](const Eigen::MatrixXf& a, const Eigen::MatrixXf& b) {
        return double((a - b).norm()) / double(b.norm());
    };
    EXPECT_LT(distance(found.controls, controls), 5e-3);
    EXPECT_LT(distance(found.joints, joints), 5e-3);
    EXPECT_LT(distance(found.translation, translation), 5e-3);
    EXPECT_LT(distance(found.identity, identity), 5e-3);
    for (std::size_t d = 0; d < directions.size(); ++d) {
        EXPECT_NEAR(double(found.vertices.cwiseProduct(directions[d]).sum()), along[d],
                    0.01 * double(found.vertices.norm()) * (d == 0 ? 1 : 0.2))
            << d;
    }
}

// Along the steepest way, kind by kind: the loss is not smooth (absolute differences, alpha's threshold), but over that
// many pixels the slope is.
TEST_F(VideoStepTest, derivatives_are_slopes_of_the_loss) {
    const Avatar avatar = test::ball_avatar(4, 1500, false);
    const std::vector<TrainingFrame> frames = make_frames(avatar, 2);
    const std::vector<int> batch = {0, 1};
    const VideoGradients g = engine_with(avatar, frames, everything())->gradients(batch, grey, plain_rates());
    const auto loss_of = [&](const Avatar& a, const std::vector<TrainingFrame>& f) {
        return engine_with(a, f, nothing())->gradients(batch, grey, plain_rates()).loss.mean.total;
    };
    const auto expect_slope = [&](const char* what, double norm, std::size_t count, double step, const auto& moved) {
        ASSERT_GT(norm, 0) << what;
        const double distance = step * std::sqrt(double(count));
        Avatar low = avatar, high = avatar;
        std::vector<TrainingFrame> low_frames = frames, high_frames = frames;
        moved(low, low_frames, float(-distance / norm));
        moved(high, high_frames, float(distance / norm));
        const double slope = (loss_of(high, high_frames) - loss_of(low, low_frames)) / (2 * distance);
        EXPECT_NEAR(slope, norm, 0.05 * norm) << what;
    };
    struct OfSplats {
        const char* name;
        std::vector<float> AnchoredSplats::*values;
        std::vector<float> AnchoredGradients::*gradients;
        double step;
    };
    for (const OfSplats& s : {OfSplats{"offset", &AnchoredSplats::offset, &AnchoredGradients::offset, 2e-5},
                              {"log_scale", &AnchoredSplats::log_scale, &AnchoredGradients::log_scale, 0.01},
                              {"rotation", &AnchoredSplats::rotation, &AnchoredGradients::rotation, 0.01},
                              {"albedo", &AnchoredSplats::albedo, &AnchoredGradients::albedo, 0.01},
                              {"opacity", &AnchoredSplats::opacity, &AnchoredGradients::opacity, 0.02}}) {
        const std::vector<float>& by = g.splats.*s.gradients;
        const Eigen::Map<const Eigen::VectorXf> vector(by.data(), Eigen::Index(by.size()));
        expect_slope(s.name, double(vector.norm()), by.size(), s.step,
                     [&](Avatar& a, std::vector<TrainingFrame>&, float t) {
                         for (std::size_t i = 0; i < by.size(); ++i) (a.splats.*s.values)[i] += t * by[i];
                     });
    }
    expect_slope("controls", double(g.controls.norm()), std::size_t(g.controls.size()), 0.005,
                 [&](Avatar&, std::vector<TrainingFrame>& f, float t) {
                     for (int b = 0; b < 2; ++b) f[std::size_t(b)].pose.controls += t * g.controls.col(b);
                 });
    expect_slope("joints", double(g.joints.norm()), std::size_t(g.joints.size()), 5e-4,
                 [&](Avatar&, std::vector<TrainingFrame>& f, float t) {
                     for (int b = 0; b < 2; ++b)
                         Eigen::Map<Eigen::VectorXf>(f[std::size_t(b)].pose.joints.data(), g.joints.rows()) +=
                             t * g.joints.col(b);
                 });
    expect_slope("translation", double(g.translation.norm()), 6, 1e-4,
                 [&](Avatar&, std::vector<TrainingFrame>& f, float t) {
                     for (int b = 0; b < 2; ++b) f[std::size_t(b)].pose.translation += t * g.translation.col(b);
                 });
    expect_slope("identity", double(g.identity.norm()), std::size_t(g.identity.size()), 0.02,
                 [&](Avatar& a, std::vector<TrainingFrame>&, float t) {
                     a = reshaped(a, t * g.identity, Vertices::Zero(3, a.neutral.cols()));
                 });
    expect_slope("vertices", double(g.vertices.norm()), std::size_t(g.vertices.size()), 2e-5,
                 [&](Avatar& a, std::vector<TrainingFrame>&, float t) {
                     a = reshaped(a, Eigen::VectorXf::Zero(a.identity.size()), t * g.vertices);
                 });
}

TEST_F(VideoStepTest, pulls_lead_back_to_the_start) {
    const Avatar avatar = test::ball_avatar(8, 800, false);
    const auto engine = engine_with(avatar, make_frames(avatar, 2), everything());
    VideoStepRates rates = plain_rates();
    rates.vertex = 1e-4f;
    for (int step = 0; step < 5; ++step) engine->step(first_frames(2), grey, rates);
    const VideoGradients without = engine->gradients(first_frames(2), grey, rates);
    EXPECT_EQ(without.loss.pulls, 0);
    rates.keep_control = 3;
    rates.keep_identity = 5;
    rates.keep_vertex = 0.2f;
    rates.smooth_vertex = 0.7f;
    rates.splats.keep_albedo = 4;
    const VideoGradients with = engine->gradients(first_frames(2), grey, rates);

    const Avatar learned = engine->fetch();
    const Eigen::VectorXf identity = learned.identity - avatar.identity;
    const Vertices moved = 1000 * (learned.offsets - avatar.offsets);  // millimetres
    double pulls = 5 * double(identity.squaredNorm()) / double(identity.size()) +
                   0.2 * double(moved.squaredNorm()) / double(moved.cols());
    Vertices by_vertices = 2 * 0.2f * 1000 / float(moved.cols()) * moved;
    const float pairs = 3 * float(avatar.triangles.size());
    for (const Eigen::Vector3i& t : avatar.triangles)
        for (int k = 0; k < 3; ++k) {
            const int a = t[k], b = t[(k + 1) % 3];
            const Eigen::Vector3f d = moved.col(a) - moved.col(b);
            pulls += 0.7 * double(d.squaredNorm()) / double(pairs);
            by_vertices.col(a) += 2 * 0.7f * 1000 / pairs * d;
            by_vertices.col(b) -= 2 * 0.7f * 1000 / pairs * d;
        }
    const auto close = [](const auto& a, const auto& b) { return double((a - b).norm()) / double(b.norm()); };
    EXPECT_LT(close(Eigen::VectorXf(with.identity - without.identity),
                    Eigen::VectorXf(2 * 5 / float(identity.size()) * identity)),
              1e-2);
    EXPECT_LT(close(Vertices(with.vertices - without.vertices), by_vertices), 1e-2);
    const std::vector<TrainingFrame> frames = make_frames(avatar, 2);
    Eigen::MatrixXf by_controls(with.controls.rows(), 2);
    for (int b = 0; b < 2; ++b) {
        const Eigen::VectorXf change = engine->pose(b).controls - frames[std::size_t(b)].pose.controls;
        by_controls.col(b) = 3.0f / float(change.size()) * change;  // twice, and a mean over two frames
        pulls += 3 * double(change.squaredNorm()) / double(change.size()) / 2;
    }
    EXPECT_LT(close(Eigen::MatrixXf(with.controls - without.controls), by_controls), 1e-2);
    const Eigen::Map<const Eigen::VectorXf> now(learned.splats.albedo.data(),
                                                Eigen::Index(learned.splats.albedo.size())),
        then(avatar.splats.albedo.data(), now.size());
    pulls += 4 * double((now - then).squaredNorm()) / double(avatar.splats.count);
    EXPECT_NEAR(with.loss.pulls, pulls, 1e-3 * pulls);
}

}  // namespace
}  // namespace likeness::cuda_tests
