#include "core/learning/step_engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

constexpr std::array<float, 3> grey = {0.5f, 0.5f, 0.5f};

TrainingView view_of(const Avatar& avatar, const Photo& photo) {
    TrainingView view;
    view.frames = splat_frames(avatar, photo.pose);
    view.camera = photo.camera;
    view.target.color = photo.color;
    view.target.alpha = photo.alpha;
    return view;
}

struct Scene {
    Avatar avatar = ball_avatar(1, 10, false);
    TrainingView view;
    Scene() {
        cover(avatar, 0.010f);  // below the largest scale
        view = view_of(avatar, photo_of(avatar, 48));
        // What is to be learned: other colours, sizes, places.
        Random random(3);
        for (float& a : avatar.splats.albedo) a = std::clamp(a + uniform(random, -0.3f, 0.3f), 0.0f, 1.0f);
        for (float& s : avatar.splats.log_scale) s += uniform(random, -0.2f, 0.2f);
    }
};

bool same(const AnchoredSplats& a, const AnchoredSplats& b) {
    return a.count == b.count && a.offset == b.offset && a.log_scale == b.log_scale && a.rotation == b.rotation &&
           a.albedo == b.albedo && a.opacity == b.opacity && a.atlas == b.atlas && a.layer == b.layer;
}
bool finite(const AnchoredSplats& s) {
    for (const auto* list : {&s.offset, &s.log_scale, &s.rotation, &s.albedo, &s.opacity})
        for (float v : *list)
            if (!std::isfinite(v)) return false;
    return true;
}

TEST(CpuStepEngine, SaysWhereAStepsTimeWent) {
    Scene scene;
    const auto engine = make_cpu_step_engine();
    engine->load(scene.avatar.splats);
    EXPECT_TRUE(engine->stages().empty()) << "nothing was measured yet";
    std::vector<std::string> names;
    for (int i = 0; i < 3; ++i) {
        engine->step(scene.view, grey, {});
        names.clear();
        double sum = 0;
        for (const StageTime& stage : engine->stages()) {
            names.push_back(stage.stage);
            EXPECT_GE(stage.milliseconds, 0) << stage.stage;
            sum += stage.milliseconds;
        }
        EXPECT_GT(sum, 0);
    }
    EXPECT_EQ(names, (std::vector<std::string>{"Gaussians", "project", "lists", "blend", "loss", "blend backward",
                                               "project backward", "Gaussians backward", "update"}));
}

TEST(CpuStepEngine, LearnsAPicture) {
    Scene scene;
    const auto engine = make_cpu_step_engine();
    EXPECT_FALSE(engine->name().empty());
    engine->load(scene.avatar.splats);
    EXPECT_TRUE(same(engine->fetch(), scene.avatar.splats));
    const LossValue first = engine->step(scene.view, grey, {});
    LossValue last;
    for (int i = 0; i < 80; ++i) last = engine->step(scene.view, grey, {});
    EXPECT_LT(last.total, 0.5 * first.total);
    EXPECT_LT(last.l1, 0.5 * first.l1);
    EXPECT_LT(last.squared, first.squared);
    const AnchoredSplats learned = engine->fetch();
    EXPECT_FALSE(same(learned, scene.avatar.splats));
    EXPECT_TRUE(finite(learned));
    ASSERT_EQ(engine->screen_gradient().size(), learned.count);
    double sum = 0;
    for (float g : engine->screen_gradient()) {
        EXPECT_GE(g, 0);
        sum += double(g);
    }
    EXPECT_GT(sum, 0);
    engine->load(learned);
    for (float g : engine->screen_gradient()) EXPECT_EQ(g, 0) << "summed since the last load";
}

TEST(CpuStepEngine, ValuesStayInTheirRanges) {
    Scene scene;
    for (float& a : scene.view.target.color.pixels) a = a > 0.5f ? 1.0f : 0.0f;
    const auto engine = make_cpu_step_engine();
    engine->load(scene.avatar.splats);
    StepRates rates;
    rates.albedo = 0.3f;
    rates.log_scale = 1.0f;
    rates.opacity = 2.0f;
    for (int i = 0; i < 25; ++i) engine->step(scene.view, grey, rates);
    const AnchoredSplats s = engine->fetch();
    for (float a : s.albedo) EXPECT_TRUE(a >= 0 && a <= 1) << a;
    for (float l : s.log_scale) EXPECT_LE(l, std::log(rates.largest_scale) + 1e-5f);
    EXPECT_TRUE(finite(s));
}

TEST(CpuStepEngine, ColoursOnlyLeavesTheRest) {
    Scene scene;
    scene.view.colors_only = true;
    const auto engine = make_cpu_step_engine();
    engine->load(scene.avatar.splats);
    for (int i = 0; i < 5; ++i) engine->step(scene.view, grey, {});
    AnchoredSplats s = engine->fetch();
    EXPECT_NE(s.albedo, scene.avatar.splats.albedo);
    s.albedo = scene.avatar.splats.albedo;
    EXPECT_TRUE(same(s, scene.avatar.splats));
}

TEST(CpuStepEngine, AGaussianOfNoWeightStays) {
    Scene scene;
    scene.view.splat_weight.assign(scene.avatar.splats.count, 1.0f);
    for (std::size_t i = 0; i < scene.avatar.splats.count; i += 2) scene.view.splat_weight[i] = 0;
    const auto engine = make_cpu_step_engine();
    engine->load(scene.avatar.splats);
    for (int i = 0; i < 3; ++i) engine->step(scene.view, grey, {});
    const AnchoredSplats s = engine->fetch();
    int moved = 0;
    for (std::size_t i = 0; i < s.count; ++i)
        for (std::size_t k = 0; k < 3; ++k) {
            const bool changed = s.albedo[i * 3 + k] != scene.avatar.splats.albedo[i * 3 + k];
            ASSERT_FALSE(changed && i % 2 == 0) << i;
            moved += changed;
        }
    EXPECT_GT(moved, 0);
}

TEST(CpuStepEngine, ThePullGoesBackToTheSeed) {
    Scene scene;
    scene.view.weights = {.l1 = 0, .dssim = 0, .alpha = 0};  // nothing but the pull
    const auto engine = make_cpu_step_engine();
    engine->load(scene.avatar.splats);
    for (int i = 0; i < 3; ++i) engine->step(scene.view, grey, {});
    EXPECT_TRUE(same(engine->fetch(), scene.avatar.splats)) << "at the seed there is nothing to pull";
}

TEST(CpuStepEngine, ANumberThatIsNoneChangesNothing) {
    const Scene scene;
    const auto engine = make_cpu_step_engine();
    engine->load(scene.avatar.splats);
    engine->step(scene.view, grey, {});
    const AnchoredSplats before = engine->fetch();
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    for (int what = 0; what < 3; ++what) {
        TrainingView bad = scene.view;
        (what == 0 ? bad.target.color.pixels[300] : what == 1 ? bad.target.alpha.pixels[100] : bad.camera.fx) = nan;
        try {
            engine->step(bad, grey, {});
        } catch (const std::runtime_error&) {
            EXPECT_TRUE(same(engine->fetch(), before)) << what;
            continue;
        }
        EXPECT_EQ(what, 2) << "a picture that is no number is noticed";
        EXPECT_TRUE(finite(engine->fetch())) << what;
        engine->load(before);
    }
    // A surface that is no number under some Gaussians.
    TrainingView bad = scene.view;
    for (std::size_t i = 0; i < 5 * frame_floats; ++i) bad.frames.values[i] = nan;
    try {
        engine->step(bad, grey, {});
        EXPECT_TRUE(finite(engine->fetch())) << "no step may leave parameters that are no numbers";
    } catch (const std::runtime_error&) {
        EXPECT_TRUE(same(engine->fetch(), before));
    }
    engine->load(before);
    EXPECT_NO_THROW(engine->step(scene.view, grey, {})) << "and it goes on";
}

TEST(CpuStepEngine, RepeatsItselfExactly) {
    const Scene scene;
    AnchoredSplats results[2];
    for (AnchoredSplats& result : results) {
        const auto engine = make_cpu_step_engine();
        engine->load(scene.avatar.splats);
        for (int i = 0; i < 10; ++i) engine->step(scene.view, {float(i) / 10, 0.3f, 0.6f}, {});
        result = engine->fetch();
    }
    EXPECT_TRUE(same(results[0], results[1]));
}

}  // namespace
}  // namespace likeness::test
