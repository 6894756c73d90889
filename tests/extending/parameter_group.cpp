// A group of parameters: a TrainingModule that names it in groups() (1), says where it takes part, what it changes
// there on the way forward, and adds its gradient on the way back; given to the Trainer or to TrainingEngine::load (2).
// Adam, prior and bounds are the engine's.
#include <gtest/gtest.h>

#include "tests/engine/engine_fixtures.h"

namespace likeness::test {
namespace {

// A number for each view, that the person in its pictures is multiplied by; the background keeps its color.
class Exposure : public TrainingModule {
  public:
    std::vector<ParameterGroup> groups() const override {
        ParameterGroup exposure;
        exposure.name = "exposure";
        exposure.values = {1};  // what each view begins with
        exposure.clock = StepClock::views;
        exposure.rate = 0.01f;
        exposure.low = {0.25f};
        exposure.high = {4};
        return {exposure};
    }
    bool takes_part(StepStage stage) const override { return stage == StepStage::picture; }
    void forward(StepStage, const StepArrays& a) override {
        person_.resize(pixels(a) * 3);
        for (std::size_t i = 0; i < pixels(a) * 3; ++i) {
            person_[i] = a.color[i] - (1 - a.alpha[i / 3]) * a.background[i % 3];
            a.color[i] += (exposure(i / 3, a) - 1) * person_[i];
        }
    }
    void backward(StepStage, const StepArrays& a) override {
        for (std::size_t i = 0; i < pixels(a) * 3; ++i) {
            const float gain = exposure(i / 3, a);
            a.groups[0].gradients[frame(i / 3, a)] += a.grad_color[i] * person_[i];
            a.grad_alpha[i / 3] += (gain - 1) * a.grad_color[i] * a.background[i % 3];
            a.grad_color[i] *= gain;
        }
    }

  private:
    static std::size_t pixels(const StepArrays& a) {
        return std::size_t(a.frames) * std::size_t(a.width) * std::size_t(a.height);
    }
    static std::size_t frame(std::size_t pixel, const StepArrays& a) {
        return pixel / (pixels(a) / std::size_t(a.frames));
    }
    static float exposure(std::size_t pixel, const StepArrays& a) { return a.groups[0].values[frame(pixel, a)]; }
    std::vector<float> person_;
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
