// Parameter groups and terms of the loss added from outside, through public headers alone (added_groups.h): their
// gradients are slopes of the engine's own loss, and learning them lowers it.
#include <functional>

#include "tests/engine/added_cases.h"
#include "tests/engine/engine_fixtures.h"

namespace likeness::test {
namespace {

// Along the steepest way of each group. Of the pictures' terms only the structural one, which is smooth.
TEST_F(TrainingEngineTest, gradients_of_added_groups_are_slopes_of_the_loss) {
    AddedScene scene;
    for (TrainingView& view : scene.views) view.weights = {.l1 = 0, .dssim = 1, .alpha = 0};
    for (const AddedCase& added : added_cases(scene)) {
        const auto gradients = [&](const std::vector<int>& batch, const Starts& starts) {
            return engine_with(scene.avatar, scene.views, {}, {}, added.modules(added_modules(), starts))
                ->gradients(batch, grey);
        };
        const StepGradients one = gradients({1}, added.starts), two = gradients({2, 0}, added.starts);
        EXPECT_EQ(one.by_group.size(), added.starts.size()) << added.name;
        for (const auto& [group, start] : added.starts) {
            const bool of_views = added.of_views.count(group) != 0;
            for (const std::vector<int>& batch : {std::vector<int>{1}, {2, 0}}) {
                SCOPED_TRACE(added.name + ", " + group + ", views: " + std::to_string(batch.size()));
                const std::vector<float>& by = (batch.size() == 1 ? one : two).by_group.at(group);
                ASSERT_EQ(by.size(), start.size() * (of_views ? batch.size() : 1));
                if (of_views && batch.size() > 1) continue;  // all views begin with the same row
                const double norm = norm_of(by), distance = added.steps.at(group) * std::sqrt(double(start.size()));
                ASSERT_GT(norm, 0);
                const auto loss_at = [&](double t) {
                    Starts moved = added.starts;
                    for (std::size_t i = 0; i < by.size(); ++i) moved[group][i] += float(t / norm * double(by[i]));
                    return total_of(gradients(batch, moved).loss);
                };
                const double slope = (loss_at(distance) - loss_at(-distance)) / (2 * distance);
                EXPECT_NEAR(slope, norm, 0.05 * norm);
            }
            // Rows of a batch are those of its views alone, of which the pictures' loss is the mean.
            if (!of_views || two.loss.modules != 0) continue;
            for (std::size_t f = 0; f < 2; ++f) {
                const std::vector<float> alone = gradients({f == 0 ? 2 : 0}, added.starts).by_group.at(group);
                for (std::size_t i = 0; i < start.size(); ++i)
                    EXPECT_NEAR(two.by_group.at(group)[f * start.size() + i], 0.5f * alone[i], 1e-3 * norm_of(alone))
                        << added.name << ", " << group << ", view " << f;
            }
        }
    }
}

TEST_F(TrainingEngineTest, added_groups_are_learned) {
    const AddedScene scene;
    for (const AddedCase& added : added_cases(scene)) {
        SCOPED_TRACE(added.name);
        const auto engine = engine_with(scene.avatar, scene.views, {}, {}, added.modules(added_modules(), added.starts));
        const double first = total_of(engine->gradients(first_views(3), grey).loss);
        for (int step = 0; step < 40; ++step)
            engine->step(step % 2 == 0 ? std::vector<int>{0, 1} : std::vector<int>{2, 0}, grey);
        const double last = total_of(engine->gradients(first_views(3), grey).loss);
        EXPECT_LT(last, added.falls_to * first);
        for (const auto& [group, start] : added.starts) {
            const std::vector<float> now = engine->values(group);
            ASSERT_EQ(now.size(), start.size() * (added.of_views.count(group) ? 3 : 1)) << group;
            EXPECT_NE(std::vector<float>(now.begin(), now.begin() + std::ptrdiff_t(start.size())), start) << group;
        }
        EXPECT_TRUE(same(engine->splats(), *scene.avatar.splats)) << "nothing else moved";
        EXPECT_TRUE(same(engine->pose(1), scene.views[1].pose));
    }
}

TEST_F(TrainingEngineTest, rows_of_added_groups_belong_to_their_views) {
    const AddedScene scene;
    ASSERT_EQ(scene.views.size(), 3u);
    const auto engine = engine_with(scene.avatar, scene.views, {}, {}, {added_modules().exposure({{"exposure", {0.8f}}})});
    engine->step(std::vector<int>{1}, grey);
    const std::vector<float> rows = engine->values("exposure");
    EXPECT_EQ(rows[0], 0.8f);
    EXPECT_NE(rows[1], 0.8f);
    EXPECT_EQ(rows[2], 0.8f);
    EXPECT_EQ(engine->add_view(scene.views[0]), 3);
    const std::vector<float> more = engine->values("exposure");
    EXPECT_EQ(more.size(), 4u);
    EXPECT_EQ(more[1], rows[1]);
    EXPECT_EQ(more[3], 0.8f);
    // The batch's order is the rows' order.
    const auto by = [&](const std::vector<int>& batch) { return engine->gradients(batch, grey).by_group.at("exposure"); };
    const std::vector<float> there = by({1, 2}), back = by({2, 1});
    EXPECT_NEAR(there[0], back[1], 1e-5f * std::abs(there[0]));
    EXPECT_NEAR(there[1], back[0], 1e-5f * std::abs(there[1]));
    EXPECT_GT(std::abs(there[0] - there[1]), 1e-3f * std::abs(there[0]));
}

// With the built-in groups, and with each other: the gradients of what was there already change with what is added,
// and stay slopes of the whole.
TEST_F(TrainingEngineTest, added_groups_learn_beside_the_built_in_ones) {
    AddedScene scene;
    for (TrainingView& view : scene.views) view.weights = {.l1 = 0, .dssim = 1, .alpha = 0};
    TrainingModules modules;
    std::size_t groups = 0;
    for (const AddedCase& added : added_cases(scene)) {
        if (added.alone) continue;
        for (const ModulePointer& module : added.modules(added_modules(), added.starts)) modules.push_back(module);
        groups += added.starts.size();
    }
    const auto engine = engine_with(scene.avatar, scene.views, all_groups(), {}, modules);
    without_priors(*engine);
    EXPECT_EQ(engine->groups().size(), all_groups().size() + groups);
    const double first = total_of(engine->gradients(first_views(3), grey).loss);
    EXPECT_GT(engine->gradients(first_views(3), grey).loss.modules, 0);
    for (int step = 0; step < 20; ++step) engine->step(first_views(3), grey);
    EXPECT_LT(total_of(engine->gradients(first_views(3), grey).loss), 0.9 * first);

    // By the Gaussians' colors, through light, map, exposure and both losses.
    const auto loss_at = [&](const std::vector<float>& by, double t, StepGradients* found) {
        Avatar moved = scene.avatar;
        AnchoredSplats& splats = moved.splats.edit();
        for (std::size_t i = 0; i < by.size(); ++i) splats.albedo[i] += float(t) * by[i];
        const auto other = engine_with(moved, scene.views, {"albedo"}, {}, modules);
        without_priors(*other);
        const StepGradients g = other->gradients(first_views(3), grey);
        if (found) *found = g;
        return total_of(g.loss);
    };
    StepGradients here;
    loss_at({}, 0, &here);
    const std::vector<float>& by = here.by_group.at("albedo");
    const double norm = norm_of(by), distance = 0.01 * std::sqrt(double(by.size()));
    const double slope =
        (loss_at(by, distance / norm, nullptr) - loss_at(by, -distance / norm, nullptr)) / (2 * distance);
    EXPECT_NEAR(slope, norm, 0.05 * norm);
}

// On the way back modules come in the opposite order: a term on exposed pictures is turned by the exposure.
TEST_F(TrainingEngineTest, modules_of_one_stage_follow_each_other) {
    const AddedScene scene;
    std::vector<TrainingView> views = scene.views;
    for (TrainingView& view : views) view.weights = {.l1 = 0, .dssim = 0, .alpha = 0};  // the term alone
    const auto look = [&](float exposure) {
        return engine_with(scene.avatar, views, {}, {},
                           {added_modules().exposure({{"exposure", {exposure}}}),
                            added_modules().picture_term(0.7f, scene.picture)})
            ->gradients(std::vector<int>{0}, grey);
    };
    const StepGradients here = look(0.8f);
    const double slope = (look(0.81f).loss.modules - look(0.79f).loss.modules) / 0.02;
    EXPECT_GT(std::abs(slope), 0.01);
    EXPECT_NEAR(here.by_group.at("exposure")[0], slope, 1e-3 * std::abs(slope));
}

// The mean of squares is what the engine itself measures for PSNR.
TEST_F(TrainingEngineTest, a_term_of_the_loss_may_come_from_elsewhere) {
    const AddedScene scene;
    TrainingView view = scene.views[0];
    for (std::size_t i = 3; i < view.target.rgba.size(); i += 4) view.target.rgba[i] = 255;
    std::vector<float> picture;
    for (std::size_t i = 0; i < view.target.rgba.size(); ++i)
        if (i % 4 != 3) picture.push_back(float(view.target.rgba[i]) / 255);
    view.weights = {.l1 = 0, .dssim = 0, .alpha = 0};
    const auto engine = engine_with(scene.avatar, {view, view}, {"albedo"}, {}, {added_modules().picture_term(2, picture)});
    without_priors(*engine);
    const StepLoss one = engine->gradients(std::vector<int>{0}, grey).loss;
    EXPECT_EQ(one.mean.total, 0);
    EXPECT_NEAR(one.modules, 2 * one.mean.squared, 1e-4 * one.modules);
    const StepLoss two = engine->gradients(first_views(2), grey).loss;
    EXPECT_NEAR(two.modules, one.modules, 1e-4 * two.modules) << "a mean over the batch, as the module weighs it";
    set_rate(*engine, {"albedo"}, 0.02f);
    for (int step = 0; step < 20; ++step) engine->step(std::vector<int>{0}, grey);
    EXPECT_LT(engine->gradients(std::vector<int>{0}, grey).loss.modules, 0.99 * one.modules)
        << "most of it is where nobody is";
}

// Bounds of each column, and gradients that are none.
TEST_F(TrainingEngineTest, bounds_of_added_groups) {
    const AddedScene scene;
    ParameterGroup several{"several", 2, {0.5f, 0.5f, 0.5f, 0.5f}, 0.1f};
    several.prior = {1, 1, Norm::squared, {2, -2, -2, 2}};
    several.low = {0, -1};
    several.high = {1.5f, 1};
    ParameterGroup seen{"seen", 2, {0, 0}, 0.1f};
    seen.clock = StepClock::views;
    seen.prior = {1, 1, Norm::squared, {2, 2}};
    seen.high = {0.25f, 0.5f};
    const auto engine = engine_with(scene.avatar, scene.views, {}, {},
                                    {std::make_shared<UnseenGroups>(std::vector{several, seen})});
    for (int step = 0; step < 40; ++step) engine->step(std::vector<int>{0, 2}, grey);
    EXPECT_EQ(engine->values("several"), (std::vector<float>{1.5f, -1, 0, 1}));
    EXPECT_EQ(engine->values("seen"), (std::vector<float>{0.25f, 0.5f, 0, 0, 0.25f, 0.5f}));
}

}  // namespace
}  // namespace likeness::test
