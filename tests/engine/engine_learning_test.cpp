// What training learns, and what it leaves alone.
#include "tests/engine/engine_fixtures.h"

namespace likeness::test {
namespace {

// A covered ball, and a photograph of it; what is to be learned: other colors and sizes.
struct Portrait {
    Avatar avatar = ball_avatar(1, 10, false);
    TrainingView view;
    Portrait() {
        cover(avatar, 0.010f);  // below the largest scale
        const Photo photo = photo_of(avatar, 48);
        view.pose = photo.pose;
        view.camera = photo.camera;
        view.target = loss_picture({photo.color, photo.alpha, {}});
        Random random(3);
        for (float& a : avatar.splats.edit().albedo) a = std::clamp(a + uniform(random, -0.3f, 0.3f), 0.0f, 1.0f);
        for (float& s : avatar.splats.edit().log_scale) s += uniform(random, -0.2f, 0.2f);
    }
    std::unique_ptr<TrainingEngine> engine() const { return engine_with(avatar, {view}, splat_groups()); }
};
const std::vector<int> only = {0};

TEST_F(TrainingEngineTest, a_picture_is_learned) {
    const Portrait portrait;
    const auto engine = portrait.engine();
    EXPECT_FALSE(engine->name().empty());
    EXPECT_TRUE(same(engine->splats(), *portrait.avatar.splats));
    const LossValue first = mean_loss(*engine, only);
    for (int i = 0; i < 80; ++i) engine->step(only, grey);
    const LossValue last = mean_loss(*engine, only);
    EXPECT_LT(last.total, 0.5 * first.total);
    EXPECT_LT(last.l1, 0.5 * first.l1);
    EXPECT_LT(last.squared, first.squared);
    const AnchoredSplats learned = engine->splats();
    EXPECT_FALSE(same(learned, *portrait.avatar.splats));
    EXPECT_TRUE(all_finite(learned));
    ASSERT_EQ(engine->screen_gradient().size(), learned.count);
    double sum = 0;
    for (const float g : engine->screen_gradient()) {
        EXPECT_GE(g, 0);
        sum += double(g);
    }
    EXPECT_GT(sum, 0);
    for (const std::string& name : splat_groups()) {
        Avatar fetched = engine->fetch();
        EXPECT_EQ(engine->values(name), splat_values(fetched, name)) << name;
    }
    engine->load_splats(learned);
    for (const float g : engine->screen_gradient()) EXPECT_EQ(g, 0) << "summed since Gaussians came";
}

TEST_F(TrainingEngineTest, values_stay_in_their_bounds) {
    Portrait portrait;
    for (unsigned char& c : portrait.view.target.rgba) c = c > 127 ? 255 : 0;
    const auto engine = portrait.engine();
    set_rate(*engine, {"albedo"}, 0.3f);
    set_rate(*engine, {"log_scale"}, 1.0f);
    set_rate(*engine, {"opacity"}, 2.0f);
    for (int i = 0; i < 25; ++i) engine->step(only, grey);
    Avatar learned = engine->fetch();
    EXPECT_TRUE(all_finite(*learned.splats));
    for (const GaussianAttribute& a : gaussian_attributes)
        for (const float v : (*learned.splats).*a.values) ASSERT_TRUE(v >= a.low && v <= a.high) << a.name << ": " << v;
    EXPECT_NE(learned.splats->log_scale, portrait.avatar.splats->log_scale);

    // What is out of its bounds comes back to them.
    Avatar wide = portrait.avatar;
    wide.splats.edit().log_scale.assign(3 * wide.splats->count, 0.0f);
    wide.splats.edit().opacity_logit.assign(wide.splats->count, 9.0f);
    const auto other = engine_with(wide, {portrait.view}, splat_groups());
    other->step(only, grey);
    const AnchoredSplats after = other->splats();
    for (const float s : after.log_scale) ASSERT_EQ(s, gaussian_attributes[2].high);
    for (const float o : after.opacity_logit) ASSERT_EQ(o, gaussian_attributes[4].high);
}

TEST_F(TrainingEngineTest, poses_stay_in_the_models_limits) {
    const Avatar avatar = ball_avatar(4, 600, false);
    const HeadModel& model = *avatar.model;
    const std::vector<TrainingView> views = video_views(avatar, 2, 48);
    const auto engine = engine_with(avatar, views, pose_groups());
    for (const bool views_came_again : {false, true}) {
        SCOPED_TRACE(views_came_again);
        if (views_came_again) {
            engine->clear_views();
            for (const TrainingView& view : views) engine->add_view(view);
        }
        set_rate(*engine, {group::controls, group::joints}, 0.4f);
        for (int step = 0; step < 8; ++step) engine->step(first_views(2), grey);
        float least = 1, most = 0;
        bool reached = false;
        for (int k = 0; k < 2; ++k) {
            const HeadPose pose = engine->pose(k);
            least = std::min(least, pose.controls.minCoeff());
            most = std::max(most, pose.controls.maxCoeff());
            for (Eigen::Index i = 0; i < pose.joints.size(); ++i) {
                const float turned = pose.joints.data()[i], low = model.joint_low.data()[i], high = model.joint_high.data()[i];
                ASSERT_GE(turned, low) << i;
                ASSERT_LE(turned, high) << i;
                reached = reached || turned == low || turned == high;
            }
        }
        EXPECT_EQ(least, 0) << "and reach them at that rate";
        EXPECT_EQ(most, 1);
        EXPECT_TRUE(reached);
    }
}

TEST_F(TrainingEngineTest, a_view_of_colors_only_leaves_the_rest) {
    Portrait portrait;
    portrait.view.colors_only = true;
    const auto engine = portrait.engine();
    for (int i = 0; i < 5; ++i) engine->step(only, grey);
    AnchoredSplats s = engine->splats();
    EXPECT_NE(s.albedo, portrait.avatar.splats->albedo);
    s.albedo = portrait.avatar.splats->albedo;
    EXPECT_TRUE(same(s, *portrait.avatar.splats));
    for (const float g : engine->screen_gradient()) ASSERT_EQ(g, 0) << "nor are Gaussians added for it";
}

TEST_F(TrainingEngineTest, a_gaussian_of_no_weight_stays) {
    Portrait portrait;
    std::vector<float> weight(portrait.avatar.splats->count, 1.0f);
    for (std::size_t i = 0; i < weight.size(); i += 2) weight[i] = 0;
    for (const bool later : {false, true}) {
        portrait.view.splat_weight = later ? std::vector<float>() : weight;
        const auto engine = portrait.engine();
        if (later) engine->set_splat_weight(0, weight);
        for (int i = 0; i < 3; ++i) engine->step(only, grey);
        const AnchoredSplats s = engine->splats();
        int moved = 0;
        for (std::size_t i = 0; i < s.count; ++i)
            for (std::size_t k = 0; k < 3; ++k) {
                const bool changed = s.albedo[i * 3 + k] != portrait.avatar.splats->albedo[i * 3 + k];
                ASSERT_FALSE(changed && i % 2 == 0) << i;
                moved += changed;
            }
        EXPECT_GT(moved, 0);
        engine->set_splat_weight(0, {});
        engine->step(only, grey);
        EXPECT_NE(engine->splats().albedo[0], s.albedo[0]) << "without weights all learn";
    }
}

TEST_F(TrainingEngineTest, rates_scale_a_step) {
    const Portrait portrait;
    std::vector<double> moved;
    for (const float scale : {0.0f, 0.5f, 1.0f}) {
        const auto engine = portrait.engine();
        engine->step(only, grey, scale);
        moved.push_back(norm_of(difference(engine->splats().albedo, portrait.avatar.splats->albedo)));
    }
    EXPECT_EQ(moved[0], 0);
    EXPECT_NEAR(moved[1], 0.5 * moved[2], 0.02 * moved[2]);
}

TEST_F(TrainingEngineTest, expression_and_pose_are_recovered) {
    Avatar avatar = ball_avatar(6, 10, false);
    cover(avatar, 0.008f);
    std::vector<TrainingView> views;
    std::vector<HeadPose> truth;
    for (int k = 0; k < 4; ++k) {
        HeadPose pose = HeadPose::neutral(*avatar.model);
        pose.controls.setConstant(0.3f);
        pose.controls[k] = 0.7f;
        pose.joints(1, 2) = 0.2f * float(k) - 0.3f;
        truth.push_back(pose);
        TrainingView view;
        view.camera = camera_of(avatar, 1, 64);
        view.target = picture_of(render(avatar, pose, view.camera));
        // The tracker was wrong by some degrees, 3 mm, and everywhere in the expression.
        view.pose = pose;
        view.pose.joints(0, 2) += 0.06f;
        view.pose.joints(1, 2) -= 0.08f;
        view.pose.translation += Eigen::Vector3f(0.003f, -0.002f, 0.001f);
        Random random(70 + unsigned(k));
        for (float& c : view.pose.controls) c = std::clamp(c + uniform(random, -0.25f, 0.25f), 0.0f, 1.0f);
        views.push_back(view);
    }
    const auto engine = engine_with(avatar, views, pose_groups());
    without_priors(*engine);
    const auto surface_error = [&](const std::vector<HeadPose>& poses) {
        double sum = 0;
        for (std::size_t k = 0; k < poses.size(); ++k)
            sum += double((pose_surface(avatar, poses[k]) - pose_surface(avatar, truth[k])).squaredNorm());
        return std::sqrt(sum / double(avatar.neutral().cols() * Eigen::Index(poses.size())));
    };
    const auto control_error = [&](const std::vector<HeadPose>& poses) {
        double sum = 0;
        for (std::size_t k = 0; k < poses.size(); ++k) sum += double((poses[k].controls - truth[k].controls).norm());
        return sum;
    };
    std::vector<HeadPose> before, after;
    for (const TrainingView& view : views) before.push_back(view.pose);
    set_rate(*engine, {group::controls}, 0.02f);
    set_rate(*engine, {group::joints}, 4e-3f);
    set_rate(*engine, {group::translation}, 4e-4f);
    const double first = mean_loss(*engine, first_views(4)).total;
    constexpr int steps = 400;
    for (int step = 0; step < steps; ++step)
        engine->step(step % 2 == 0 ? std::vector<int>{0, 1} : std::vector<int>{3, 2}, grey, 1 - float(step) / steps);
    const double last = mean_loss(*engine, first_views(4)).total;
    for (int k = 0; k < 4; ++k) after.push_back(engine->pose(k));
    EXPECT_LT(last, 0.2 * first);
    EXPECT_LT(surface_error(after), 0.2 * surface_error(before));
    EXPECT_LT(control_error(after), 0.5 * control_error(before));
    EXPECT_TRUE(same(*engine->fetch().splats, *avatar.splats));
}

// The picture that the engine last saw is the one that the fetched avatar gives.
TEST_F(TrainingEngineTest, what_is_fetched_looks_as_it_was_learned) {
    const Avatar avatar = ball_avatar(7, 1500, true);
    std::vector<TrainingView> views = video_views(avatar, 2);
    const auto engine = engine_with(avatar, views, all_groups());
    set_rate(*engine, {group::vertices}, 3e-5f);
    set_rate(*engine, {group::identity}, 0.005f);
    const double first = mean_loss(*engine, first_views(2)).total;
    for (int step = 0; step < 15; ++step) engine->step(first_views(2), grey);
    const LossValue seen = mean_loss(*engine, first_views(2));
    EXPECT_LT(seen.total, first);
    const Avatar learned = engine->fetch();
    EXPECT_GT((learned.person->identity - avatar.person->identity).norm(), 0.01f);
    EXPECT_GT((learned.person->offsets - avatar.person->offsets).norm(), 0.0005f);
    EXPECT_GT((learned.hair().vertices - avatar.hair().vertices).norm(), 0.0005f);
    double total = 0;
    for (int k = 0; k < 2; ++k) {
        views[std::size_t(k)].pose = engine->pose(k);
        total += 0.5 * ByParts(learned, views[std::size_t(k)]).loss.total;
    }
    EXPECT_NEAR(total, seen.total, 0.002 * total);
}

TEST_F(TrainingEngineTest, without_gaussians) {
    Avatar avatar = ball_avatar(1, 10, false);
    std::vector<TrainingView> views = video_views(avatar, 1, 32);
    avatar.splats = {};
    for (const auto& learned : {splat_groups(), all_groups()}) {
        const auto engine = engine_with(avatar, views, learned);
        for (int step = 0; step < 4; ++step) engine->step(only, background(step));
        EXPECT_TRUE(std::isfinite(engine->loss(0).total));
        EXPECT_EQ(engine->splats().count, 0u);
        EXPECT_TRUE(engine->screen_gradient().empty());
    }
}

}  // namespace
}  // namespace likeness::test
