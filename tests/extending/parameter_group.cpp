// A group of parameters: a TrainingModule that names it in groups() (1), says where it takes part, what it changes
// there on the way forward, and adds its gradient on the way back; given to the Trainer or to TrainingEngine::load (2).
// Adam, prior and bounds are the engine's.
#include <gtest/gtest.h>

#include "tests/engine/engine_fixtures.h"

namespace likeness::test {
namespace {

// A number for each view, that its pictures are multiplied by.
class Exposure : public TrainingModule {
  public:
    std::vector<ParameterGroup> groups() const override {
        ParameterGroup exposure;
        exposure.name = "exposure";
        exposure.values = {0.5f};  // what each view begins with
        exposure.clock = StepClock::views;
        exposure.rate = 0.01f;
        exposure.low = {0.25f};
        exposure.high = {4};
        return {exposure};
    }
    bool takes_part(StepStage stage) const override { return stage == StepStage::picture; }
    void forward(StepStage, const StepArrays& a) override {
        before_.assign(a.color, a.color + values(a));
        for (std::size_t i = 0; i < values(a); ++i) a.color[i] *= a.groups[0].values[frame(i, a)];
    }
    void backward(StepStage, const StepArrays& a) override {
        for (std::size_t i = 0; i < values(a); ++i) {
            a.groups[0].gradients[frame(i, a)] += a.grad_color[i] * before_[i];
            a.grad_color[i] *= a.groups[0].values[frame(i, a)];
        }
    }

  private:
    static std::size_t values(const StepArrays& a) {
        return std::size_t(a.frames) * std::size_t(a.width) * std::size_t(a.height) * 3;
    }
    static std::size_t frame(std::size_t value, const StepArrays& a) {
        return value / (values(a) / std::size_t(a.frames));
    }
    std::vector<float> before_;
};

TEST(Extending, AParameterGroup) {
    const Avatar avatar = bounded(ball_avatar(2, 300, true));
    const auto engine = make_cpu_training_engine();
    engine->load(avatar, {}, {std::make_shared<Exposure>()});
    for (const TrainingView& view : video_views(avatar, 2)) engine->add_view(view);
    const double before = total_of(engine->gradients(first_views(2), grey).loss);
    for (int step = 0; step < 60; ++step) engine->step(first_views(2), grey);
    const std::vector<float> exposure = engine->values("exposure");
    ASSERT_EQ(exposure.size(), 2u) << "one for each view";
    for (const float e : exposure) EXPECT_GT(e, 0.7f) << "too dark at the start";
    EXPECT_LT(total_of(engine->gradients(first_views(2), grey).loss), before);
}

}  // namespace
}  // namespace likeness::test
