// Gradients of a training step: against a composition of the processor's parts and against differences of the
// engine's own loss.
#include "tests/engine/engine_fixtures.h"

namespace likeness::test {
namespace {

TEST_F(TrainingEngineTest, gradients_of_a_video_are_those_of_the_parts) {
    const Avatar avatar = ball_avatar(3, 1500, true);
    const std::vector<TrainingView> views = video_views(avatar, 3);
    const auto engine = engine_with(avatar, views, all_groups());
    without_priors(*engine);
    const StepGradients found = engine->gradients(std::vector<int>{2, 0}, grey);
    ASSERT_EQ(found.by_group.size(), all_groups().size());

    AnchoredGradients splats;
    splats.resize(avatar.splats->count);
    splats.set_zero();
    LossValue loss;
    const HeadModel& model = *avatar.model;
    const Eigen::Index control_count = model.control_count(), joint_count = 3 * model.joint_count();
    Eigen::MatrixXf controls(control_count, 2), joints(joint_count, 2), translation(3, 2);
    Eigen::VectorXf identity = Eigen::VectorXf::Zero(model.identity_count());
    const Vertices still = Vertices::Zero(3, avatar.neutral().cols());
    const Eigen::VectorXf same_identity = Eigen::VectorXf::Zero(model.identity_count());
    const Vertices found_vertices =
        Eigen::Map<const Vertices>(found.by_group.at(group::vertices).data(), 3, avatar.neutral().cols());
    // Directions in which the shape is moved: the one that the engine found, and any.
    std::vector<Vertices> directions = {found_vertices / found_vertices.norm()};
    Random random(9);
    for (int k = 0; k < 3; ++k) {
        Vertices d(3, avatar.neutral().cols());
        for (Eigen::Index i = 0; i < d.size(); ++i) d.data()[i] = uniform(random, -1, 1);
        directions.push_back(d / d.norm());
    }
    std::vector<double> along(directions.size(), 0.0);
    for (int b = 0; b < 2; ++b) {
        const TrainingView& view = views[b == 0 ? 2 : 0];
        const ByParts p(avatar, view, 0.5);  // a mean of two
        loss.total += 0.5 * p.loss.total;
        loss.squared += 0.5 * p.loss.squared;
        const AnchoredGradients own = p.own(avatar, view);
        for (const GaussianAttribute& a : gaussian_attributes)
            for (std::size_t i = 0; i < (own.*a.values).size(); ++i) (splats.*a.values)[i] += (own.*a.values)[i];
        const auto by_pose = [&](auto entry, float step) {
            HeadPose low = view.pose, high = view.pose;
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
                p.along(reshaped(avatar, -step, still), view.pose, reshaped(avatar, step, still), view.pose, 0.004));
        }
        for (std::size_t d = 0; d < directions.size(); ++d) {
            // Where the ball's triangles are thinnest they bear no more.
            const float step = 3e-6f / directions[d].cwiseAbs().maxCoeff();
            along[d] += p.along(reshaped(avatar, same_identity, -step * directions[d]), view.pose,
                                reshaped(avatar, same_identity, step * directions[d]), view.pose, 2 * double(step));
        }
    }
    EXPECT_NEAR(found.loss.mean.total, loss.total, 1e-4 * loss.total);
    EXPECT_NEAR(found.loss.mean.squared, loss.squared, 1e-4 * loss.squared);
    EXPECT_EQ(found.loss.priors, 0);
    EXPECT_EQ(found.loss.modules, 0);
    for (const GaussianAttribute& a : gaussian_attributes)
        EXPECT_LT(relative_distance(found.by_group.at(a.name), splats.*a.values), 1e-3) << a.name;
    EXPECT_LT(relative_distance(found.by_group.at(group::controls), controls), 5e-3);
    EXPECT_LT(relative_distance(found.by_group.at(group::joints), joints), 5e-3);
    EXPECT_LT(relative_distance(found.by_group.at(group::translation), translation), 5e-3);
    EXPECT_LT(relative_distance(found.by_group.at(group::identity), identity), 5e-3);
    for (std::size_t d = 0; d < directions.size(); ++d) {
        EXPECT_NEAR(double(found_vertices.cwiseProduct(directions[d]).sum()), along[d],
                    0.01 * double(found_vertices.norm()) * (d == 0 ? 1 : 0.2))
            << d;
    }
}

// Fixed poses, masks, weights of Gaussians, colors alone: each view by itself, and two of one batch.
TEST_F(TrainingEngineTest, gradients_of_a_portrait_are_those_of_the_parts) {
    const Avatar avatar = ball_avatar(3, 1500, true);
    const std::vector<TrainingView> views = portrait_views(avatar);
    for (const bool head_moves : {false, true}) {  // the surface under the Gaussians is posed anew in each step, or not
        std::vector<std::string> learned = splat_groups();
        if (head_moves) learned.push_back(group::translation);
        const auto engine = engine_with(avatar, views, learned);
        without_priors(*engine);
        for (const std::vector<int>& batch : {std::vector<int>{0}, {1}, {2}, {1, 0}}) {
            SCOPED_TRACE(testing::Message() << head_moves << ", from view " << batch[0] << ", " << batch.size());
            AnchoredGradients expected;
            expected.resize(avatar.splats->count);
            expected.set_zero();
            double total = 0, alpha = 0;
            for (const int v : batch) {
                const TrainingView& view = views[std::size_t(v)];
                const ByParts p(avatar, view, 1 / double(batch.size()));
                total += p.loss.total / double(batch.size());
                alpha += p.loss.alpha / double(batch.size());
                const AnchoredGradients own = p.own(avatar, view);
                for (const GaussianAttribute& a : gaussian_attributes)
                    for (std::size_t i = 0; i < (own.*a.values).size(); ++i) (expected.*a.values)[i] += (own.*a.values)[i];
            }
            const StepGradients found = engine->gradients(batch, grey);
            EXPECT_NEAR(found.loss.mean.total, total, 1e-4 * total);
            EXPECT_NEAR(found.loss.mean.alpha, alpha, 1e-4 * alpha);
            for (const GaussianAttribute& a : gaussian_attributes) {
                if (norm_of(expected.*a.values) == 0) {
                    EXPECT_EQ(norm_of(found.by_group.at(a.name)), 0) << a.name;
                } else {
                    // A head that is posed anew differs by roundings, of which one may carry a pixel over a threshold.
                    EXPECT_LT(relative_distance(found.by_group.at(a.name), expected.*a.values), head_moves ? 4e-3 : 1e-3)
                        << a.name;
                }
            }
        }
    }
}

// Along the steepest way, group by group: the loss is not smooth (absolute differences, alpha's threshold), but over
// that many pixels the slope is.
TEST_F(TrainingEngineTest, gradients_are_slopes_of_the_loss) {
    const Avatar avatar = ball_avatar(4, 1500, false);
    const std::vector<TrainingView> views = video_views(avatar, 2);
    const std::vector<int> batch = {0, 1};
    const auto engine = engine_with(avatar, views, all_groups());
    without_priors(*engine);
    const StepGradients g = engine->gradients(batch, grey);
    const auto loss_of = [&](const Avatar& a, const std::vector<TrainingView>& v) {
        return mean_loss(*engine_with(a, v, {}), batch).total;
    };
    const auto expect_slope = [&](const std::string& what, double step, const auto& moved) {
        const std::vector<float>& by = g.by_group.at(what);
        const double norm = norm_of(by);
        ASSERT_GT(norm, 0) << what;
        const double distance = step * std::sqrt(double(by.size()));
        Avatar low = avatar, high = avatar;
        std::vector<TrainingView> low_views = views, high_views = views;
        moved(low, low_views, by, float(-distance / norm));
        moved(high, high_views, by, float(distance / norm));
        const double slope = (loss_of(high, high_views) - loss_of(low, low_views)) / (2 * distance);
        EXPECT_NEAR(slope, norm, 0.05 * norm) << what;
    };
    const std::map<std::string, double> steps = {
        {"offset", 2e-5}, {"log_scale", 0.01}, {"rotation", 0.01}, {"albedo", 0.01}, {"opacity", 0.02}};
    for (const std::string& name : splat_groups())
        expect_slope(name, steps.at(name), [&](Avatar& a, auto&, const std::vector<float>& by, float t) {
            std::vector<float>& values = splat_values(a, name);
            for (std::size_t i = 0; i < by.size(); ++i) values[i] += t * by[i];
        });
    // Poses: a row for each view of the batch.
    const auto expect_pose_slope = [&](const std::string& name, double step, const auto& values_of) {
        expect_slope(name, step, [&](Avatar&, std::vector<TrainingView>& v, const std::vector<float>& by, float t) {
            const std::size_t width = by.size() / v.size();
            for (std::size_t b = 0; b < v.size(); ++b)
                for (std::size_t k = 0; k < width; ++k) values_of(v[b].pose)[k] += t * by[b * width + k];
        });
    };
    expect_pose_slope(group::controls, 0.005, [](HeadPose& p) { return p.controls.data(); });
    expect_pose_slope(group::joints, 5e-4, [](HeadPose& p) { return p.joints.data(); });
    expect_pose_slope(group::translation, 1e-4, [](HeadPose& p) { return p.translation.data(); });
    expect_slope(group::identity, 0.02, [&](Avatar& a, auto&, const std::vector<float>& by, float t) {
        a = reshaped(a, t * Eigen::Map<const Eigen::VectorXf>(by.data(), a.person->identity.size()),
                     Vertices::Zero(3, a.neutral().cols()));
    });
    // Where the ball's triangles are thinnest they bear no more.
    expect_slope(group::vertices, 1.5e-6, [&](Avatar& a, auto&, const std::vector<float>& by, float t) {
        a = reshaped(a, Eigen::VectorXf::Zero(a.person->identity.size()),
                     t * Eigen::Map<const Vertices>(by.data(), 3, a.neutral().cols()));
    });
}

// What is not learned costs no derivative, and does not change those of the rest.
TEST_F(TrainingEngineTest, each_group_may_be_learned_alone) {
    const Avatar avatar = ball_avatar(3, 500, true);
    const std::vector<TrainingView> views = video_views(avatar, 2);
    const auto gradients = [&](const std::vector<std::string>& learned) {
        const auto engine = engine_with(avatar, views, learned, {.deterministic = true});
        without_priors(*engine);
        return engine->gradients(first_views(2), grey).by_group;
    };
    const auto all = gradients(all_groups());
    for (const std::string& name : all_groups()) {
        const auto alone = gradients({name});
        ASSERT_EQ(alone.size(), 1u) << name;
        // Where no pose is learned the surface's frames come by another way.
        EXPECT_LT(relative_distance(alone.at(name), all.at(name)), 1e-3) << name;
    }
    EXPECT_TRUE(gradients({}).empty());
}

}  // namespace
}  // namespace likeness::test
