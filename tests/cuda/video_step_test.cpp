// The training step on frames of a video: its derivatives against a composition of the processor's parts and against
// differences of its own loss; what it recovers; what it does when lists overflow, numbers break, frames do not fit.
#include "core/learning/video_step.h"

#include <algorithm>

#include "cuda/cuda_video_engine.h"
#include "tests/avatar/avatar_fixtures.h"
#include "tests/cuda/gpu_test.h"

namespace likeness::cuda_tests {
namespace {

constexpr int side = 96;
constexpr std::array<float, 3> grey = {0.4f, 0.5f, 0.6f};

// Straight alpha, as a file has it, from a picture rendered over black.
std::vector<unsigned char> bytes_of(const Frame& frame) {
    std::vector<unsigned char> rgba;
    const auto byte = [](float v) { return static_cast<unsigned char>(std::clamp(v, 0.0f, 1.0f) * 255 + 0.5f); };
    for (std::size_t i = 0; i < frame.alpha.pixels.size(); ++i) {
        const float a = frame.alpha.pixels[i];
        for (std::size_t c = 0; c < 3; ++c) rgba.push_back(byte(a > 0 ? frame.color.pixels[3 * i + c] / a : 0));
        rgba.push_back(byte(a));
    }
    return rgba;
}

LossTarget target_of(const TrainingFrame& frame) {
    LossTarget target;
    target.color = Image(frame.camera.width, frame.camera.height, 3);
    target.alpha = Image(frame.camera.width, frame.camera.height, 1);
    for (std::size_t i = 0; i < target.alpha.pixels.size(); ++i) {
        for (std::size_t c = 0; c < 3; ++c) target.color.pixels[3 * i + c] = float(frame.rgba[4 * i + c]) / 255;
        target.alpha.pixels[i] = float(frame.rgba[4 * i + 3]) / 255;
    }
    return target;
}

HeadPose some_pose(const Avatar& avatar, unsigned seed) {
    test::Random random(seed);
    HeadPose pose = test::random_pose(*avatar.model, random, 0.15f);
    pose.controls *= 0.6f;
    pose.translation = {0.004f, -0.003f, 0.002f};
    return pose;
}

Camera camera_of(const Avatar& avatar, int number) {
    Camera camera = default_camera(avatar, side, side);
    const Eigen::Vector3f middle = head_middle(avatar);
    const float turn = 0.2f * float(number) - 0.2f;
    camera.world_to_camera = look_at(middle + 1.1f * Eigen::Vector3f(std::sin(turn), 0.1f, std::cos(turn)), middle);
    return camera;
}

// Frames whose pictures show the avatar in a pose near the one that they come with, in other colours.
std::vector<TrainingFrame> make_frames(const Avatar& avatar, int count) {
    Avatar other = avatar;
    for (float& c : other.splats.albedo) c = 0.7f * c + 0.2f;
    std::vector<TrainingFrame> frames;
    for (int k = 0; k < count; ++k) {
        const HeadPose pose = some_pose(avatar, 40 + unsigned(k));
        HeadPose shown = pose;
        shown.joints(1, 2) += 0.05f;
        shown.controls *= 0.8f;
        const Camera camera = camera_of(avatar, k);
        frames.push_back({bytes_of(test::render(other, shown, camera)), camera, pose});
    }
    return frames;
}

VideoUnknowns everything() { return {true, true, true, true, true, true}; }
VideoUnknowns nothing() { return {false, false, false, false, false, false}; }

// No pulls.
VideoStepRates plain_rates() {
    VideoStepRates rates;
    rates.splats.keep_offset = rates.splats.keep_scale = rates.splats.keep_albedo = 0;
    rates.keep_control = rates.keep_identity = rates.keep_vertex = rates.smooth_vertex = 0;
    return rates;
}
VideoStepRates still_rates() {
    VideoStepRates rates = plain_rates();
    rates.splats.offset = rates.splats.log_scale = rates.splats.rotation = rates.splats.albedo = rates.splats.opacity =
        0;
    rates.control = rates.joint = rates.translation = rates.identity = rates.vertex = 0;
    return rates;
}

std::vector<int> first_frames(int count) {
    std::vector<int> frames;
    for (int k = 0; k < count; ++k) frames.push_back(k);
    return frames;
}

std::unique_ptr<VideoStepEngine> engine_with(const Avatar& avatar, const std::vector<TrainingFrame>& frames,
                                             const VideoUnknowns& unknowns, const CudaVideoOptions& options = {}) {
    auto engine = make_cuda_video_engine(options);
    engine->load(avatar, {unknowns, {}});
    for (std::size_t k = 0; k < frames.size(); ++k) EXPECT_EQ(engine->add_frame(frames[k]), int(k));
    return engine;
}

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

// A frame by the processor's parts: its loss and the derivatives by the posed Gaussians.
struct ByProcessor {
    SplatSet posed;
    LossValue loss;
    SplatGradients gradients;
    ByProcessor(const Avatar& avatar, const TrainingFrame& frame) {
        deform(avatar.splats, splat_frames(avatar, frame.pose), posed);
        const auto rasterizer = make_cpu_rasterizer();
        RasterOptions options;
        options.background = grey;
        Frame picture;
        rasterizer->forward(posed, frame.camera, options, picture);
        FrameGradients by_picture;
        loss = ImageLoss().evaluate(picture, target_of(frame), grey, {}, by_picture);
        rasterizer->backward(by_picture, gradients);
    }
    // Derivative along the way from one pose or shape to another, by differences of the posed Gaussians.
    double along(const Avatar& from_avatar, const HeadPose& from, const Avatar& to_avatar, const HeadPose& to,
                 double distance) const {
        SplatSet a, b;
        deform(from_avatar.splats, splat_frames(from_avatar, from), a);
        deform(to_avatar.splats, splat_frames(to_avatar, to), b);
        double sum = 0;
        for (std::size_t i = 0; i < posed.means.size(); ++i) {
            sum += double(gradients.means[i]) * (double(b.means[i]) - double(a.means[i]));
            sum += double(gradients.scales[i]) * (double(b.scales[i]) - double(a.scales[i]));
        }
        for (std::size_t i = 0; i < posed.count; ++i) {
            const Eigen::Map<const Eigen::Vector4f> qa(&a.rotations[4 * i]), qb(&b.rotations[4 * i]),
                q(&posed.rotations[4 * i]), g(&gradients.rotations[4 * i]);
            const Eigen::Vector4f signed_a = q.dot(qa) < 0 ? -qa : Eigen::Vector4f(qa),
                                  signed_b = q.dot(qb) < 0 ? -qb : Eigen::Vector4f(qb);
            sum += double(g.dot(signed_b - signed_a));
        }
        return sum / distance;
    }
};

class VideoStepTest : public GpuTest {};

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
