// The engine's priors against their formulas (core/learning/parameter_group.h) and against differences of its own energy.
#include <algorithm>

#include "tests/engine/engine_fixtures.h"

namespace likeness::test {
namespace {

TEST_F(TrainingEngineTest, priors_lead_back_to_the_start) {
    const Avatar avatar = ball_avatar(8, 800, false);
    const std::vector<TrainingView> views = video_views(avatar, 2);
    const auto engine = engine_with(avatar, views, all_groups());
    without_priors(*engine);
    engine->settings(group::vertices).rate = 1e-4f;
    for (int step = 0; step < 5; ++step) engine->step(first_views(2), grey);
    const StepGradients without = engine->gradients(first_views(2), grey);
    EXPECT_EQ(without.loss.priors, 0);
    engine->settings(group::controls).prior = 0.5f;
    engine->settings(group::identity).prior = 5;
    engine->settings(group::vertices).prior = 0.2f;
    engine->settings(group::vertices).smooth = 0.7f;
    engine->settings("albedo").prior = 4;
    engine->settings("offset").prior = 0.3f;
    const StepGradients with = engine->gradients(first_views(2), grey);
    EXPECT_NEAR(with.loss.mean.total, without.loss.mean.total, 1e-6);
    const auto by_prior = [&](const std::string& name) {
        return difference(with.by_group.at(name), without.by_group.at(name));
    };

    double priors = 0;
    const std::vector<float> identity = engine->values(group::identity);
    std::vector<float> grad_identity;
    for (const float v : identity) {
        grad_identity.push_back(2 * 5 / float(identity.size()) * v);
        priors += 5 * double(v) * double(v) / double(identity.size());
    }
    EXPECT_LT(relative_distance(by_prior(group::identity), grad_identity), 1e-2);

    // Of vertices in millimetres, and between the corners of triangles.
    const std::vector<float> changed = engine->values(group::vertices);
    const Vertices moved = 1000 * Eigen::Map<const Vertices>(changed.data(), 3, avatar.neutral().cols());
    priors += 0.2 * double(moved.squaredNorm()) / double(moved.cols());
    Vertices grad_vertices = 2 * 0.2f * 1000 / float(moved.cols()) * moved;
    const float pairs = 3 * float(avatar.triangles().size());
    for (const Eigen::Vector3i& t : avatar.triangles())
        for (int k = 0; k < 3; ++k) {
            const int a = t[k], b = t[(k + 1) % 3];
            const Eigen::Vector3f d = moved.col(a) - moved.col(b);
            priors += 0.7 * double(d.squaredNorm()) / double(pairs);
            grad_vertices.col(a) += 2 * 0.7f * 1000 / pairs * d;
            grad_vertices.col(b) -= 2 * 0.7f * 1000 / pairs * d;
        }
    EXPECT_LT(relative_distance(by_prior(group::vertices), grad_vertices), 1e-2);

    std::vector<float> grad_controls;
    for (int b = 0; b < 2; ++b) {
        const Eigen::VectorXf change = engine->pose(b).controls - views[std::size_t(b)].pose.controls;
        for (const float c : change) grad_controls.push_back(2 * 0.5f / 2 * c);  // a mean over two views
        priors += 0.5 * double(change.squaredNorm()) / 2;
    }
    EXPECT_LT(relative_distance(by_prior(group::controls), grad_controls), 1e-2);

    const AnchoredSplats learned = engine->splats();
    for (const auto& [name, weight, unit] : {std::tuple{"albedo", 4.0, 1.0}, {"offset", 0.3, 1e-3}}) {
        Avatar then = avatar, now = avatar;
        now.splats = learned;
        std::vector<float> change = difference(splat_values(now, name), splat_values(then, name));
        const double scale = weight / (unit * unit * double(avatar.splats->count));
        for (float& c : change) {
            priors += scale * double(c) * double(c);
            c *= float(2 * scale);
        }
        EXPECT_LT(relative_distance(by_prior(name), change), 1e-2) << name;
    }
    EXPECT_NEAR(with.loss.priors, priors, 1e-3 * priors);
}

// The row "offset" of gaussian_attributes.h: its prior is a weight of the mean squared distance in millimetres.
TEST_F(TrainingEngineTest, the_prior_of_offsets_is_per_square_millimetre) {
    const GaussianAttribute* row = nullptr;
    for (const GaussianAttribute& a : gaussian_attributes)
        if (std::string(a.name) == "offset") row = &a;
    ASSERT_TRUE(row);
    ASSERT_GT(row->prior, 0);
    const Avatar avatar = ball_avatar(8, 300, false);
    std::vector<TrainingView> views = video_views(avatar, 1, 32);
    const auto engine = engine_with(avatar, views, {"offset"});
    EXPECT_EQ(engine->settings("offset").prior, row->prior) << "what training begins with";
    engine->settings("offset").rate = 3e-4f;
    for (int step = 0; step < 3; ++step) engine->step(first_views(1), grey);

    const auto millimetres_squared = [&](const std::vector<float>& offsets) {
        double sum = 0;
        for (std::size_t i = 0; i < offsets.size(); ++i) {
            const double d = 1000 * (double(offsets[i]) - double(avatar.splats->offset[i]));
            sum += d * d;
        }
        return sum / double(avatar.splats->count);
    };
    const auto look = [&] {
        const StepGradients with = engine->gradients(first_views(1), grey);
        engine->settings("offset").prior = 0;
        const StepGradients without = engine->gradients(first_views(1), grey);
        engine->settings("offset").prior = row->prior;
        return std::pair(with.loss.priors, difference(with.by_group.at("offset"), without.by_group.at("offset")));
    };
    const std::vector<float> here = engine->values("offset");
    const auto [energy, slope] = look();
    EXPECT_NEAR(energy, double(row->prior) * millimetres_squared(here), 1e-4 * energy);
    EXPECT_GT(energy, 0);

    // Somewhere else: the energy grew by the mean of both slopes along the way, which is exact for a square.
    engine->settings("offset").rate = 1e-4f;
    for (int step = 0; step < 2; ++step) engine->step(first_views(1), grey);
    const std::vector<float> there = engine->values("offset");
    const auto [energy_there, slope_there] = look();
    double along = 0;
    for (std::size_t i = 0; i < here.size(); ++i)
        along += 0.5 * (double(slope[i]) + double(slope_there[i])) * (double(there[i]) - double(here[i]));
    EXPECT_NEAR(energy_there - energy, along, 0.01 * std::abs(along));
    EXPECT_GT(std::abs(along), 1e-3 * energy);
}

TEST_F(TrainingEngineTest, priors_of_added_groups) {
    const Avatar avatar = ball_avatar(8, 100, false);
    ParameterGroup absolute{"absolute", 2, {0.5f, -1, 2, 0.25f, 0, 3}, 0.02f};
    absolute.prior = {0.6f, 0.1f, Norm::absolute, {0, 0, 2, 1, 0, 0}};
    ParameterGroup squared{"squared", 3, {1, 2, 3}, 0.01f};
    squared.prior = {0.4f, 2, Norm::squared, {0, 0, 0}};
    ParameterGroup seen{"seen", 1, {0.5f}, 0.02f};
    seen.clock = StepClock::views;
    seen.prior = {0.8f, 1, Norm::squared, {-0.5f}};
    std::vector<TrainingView> views = video_views(avatar, 3, 32);
    const auto engine = engine_with(avatar, views, {}, {},
                                    {std::make_shared<UnseenGroups>(std::vector{absolute, squared, seen})});
    EXPECT_EQ(engine->groups(), (std::vector<std::string>{"absolute", "squared", "seen"}));
    const StepGradients g = engine->gradients(std::vector<int>{2, 0}, grey);
    // Of two columns and three rows; sign of each value's distance from its centre.
    const float a = 0.6f / (3 * 0.1f);
    const std::vector<float> by_absolute = {a, -a, 0, -a, 0, a};
    const std::vector<float>& found = g.by_group.at("absolute");
    ASSERT_EQ(found.size(), by_absolute.size());
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], by_absolute[i], 1e-5) << i;
    const float s = 2 * 0.4f / 4;
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(g.by_group.at("squared")[i], s * float(i + 1), 1e-5) << i;
    EXPECT_EQ(g.by_group.at("seen").size(), 2u) << "a row for each view of the batch";
    for (const float v : g.by_group.at("seen")) EXPECT_NEAR(v, 2 * 0.8f / 2, 1e-5);
    const double energy = 0.6 / 0.3 * (0.5 + 1 + 0 + 0.75 + 0 + 3) + 0.4 / 4 * (1 + 4 + 9) + 0.8 / 2 * 2;
    EXPECT_NEAR(g.loss.priors, energy, 1e-4 * energy);

    // Nothing else moves them: they come to their centres.
    for (int step = 0; step < 400; ++step) engine->step(std::vector<int>{step % 3}, grey, step < 300 ? 1.0f : 0.2f);
    const std::vector<float> end = engine->values("absolute");
    for (std::size_t i = 0; i < end.size(); ++i) EXPECT_NEAR(end[i], absolute.prior.centre[i], 0.02) << i;
    ASSERT_EQ(engine->values("seen").size(), 3u);
    for (const float v : engine->values("seen")) EXPECT_NEAR(v, -0.5f, 0.1);
}

TEST_F(TrainingEngineTest, at_the_start_there_is_nothing_to_lead_back) {
    const Avatar avatar = bounded(ball_avatar(1, 300, true));
    std::vector<TrainingView> views = video_views(avatar, 2, 32);
    for (TrainingView& view : views) view.weights = {.l1 = 0, .dssim = 0, .alpha = 0};  // nothing but the priors
    const auto engine = engine_with(avatar, views, all_groups());
    for (int step = 0; step < 3; ++step) engine->step(first_views(2), grey);
    EXPECT_TRUE(same(engine->splats(), *avatar.splats));
    EXPECT_EQ(norm_of(engine->values(group::identity)), 0);
    EXPECT_EQ(norm_of(engine->values(group::vertices)), 0);
    for (int k = 0; k < 2; ++k) EXPECT_TRUE(same(engine->pose(k), views[std::size_t(k)].pose));
}

TEST_F(TrainingEngineTest, priors_count_from_the_gaussians_that_came_last) {
    const Avatar avatar = ball_avatar(1, 300, false);
    const auto engine = engine_with(avatar, video_views(avatar, 1, 32), splat_groups());
    for (int step = 0; step < 3; ++step) engine->step(first_views(1), grey);
    EXPECT_GT(engine->gradients(first_views(1), grey).loss.priors, 0);
    engine->load_splats(engine->splats());
    EXPECT_EQ(engine->gradients(first_views(1), grey).loss.priors, 0);
}

}  // namespace
}  // namespace likeness::test
