// A group of parameters: a TrainingModule that names it in groups() (1), says where it takes part, what it changes
// there on the way forward, and adds its gradient on the way back; given to TrainingEngine::load (2). Adam, prior and
// bounds are the engine's.
#include <gtest/gtest.h>

#include "tests/engine/engine_fixtures.h"

namespace likeness::test {
namespace {

// One number that all pictures are multiplied by.
class Exposure : public TrainingModule {
  public:
    std::vector<ParameterGroup> groups() const override {
        ParameterGroup exposure;
        exposure.name = "exposure";
        exposure.values = {0.5f};
        exposure.rate = 0.01f;
        exposure.low = {0.25f};
        exposure.high = {4};
        return {exposure};
    }
    bool takes_part(StepStage stage) const override { return stage == StepStage::picture; }
    void forward(StepStage, const StepArrays& a) override {
        before_.assign(a.color, a.color + values(a));
        for (std::size_t i = 0; i < values(a); ++i) a.color[i] *= a.groups[0].values[0];
    }
    void backward(StepStage, const StepArrays& a) override {
        for (std::size_t i = 0; i < values(a); ++i) {
            a.groups[0].gradients[0] += a.grad_color[i] * before_[i];
            a.grad_color[i] *= a.groups[0].values[0];
        }
    }

  private:
    static std::size_t values(const StepArrays& a) {
        return std::size_t(a.frames) * std::size_t(a.width) * std::size_t(a.height) * 3;
    }
    std::vector<float> before_;
};

TEST(Extending, AParameterGroup) {
    const Avatar avatar = bounded(ball_avatar(2, 300, true));
    std::vector<TrainingView> views = video_views(avatar, 1);
    const auto engine = engine_with(avatar, views, {}, {}, {std::make_shared<Exposure>()});
    const double before = total_of(engine->gradients(first_views(1), grey).loss);
    for (int step = 0; step < 60; ++step) engine->step(first_views(1), grey);
    EXPECT_GT(engine->values("exposure")[0], 0.7f) << "too dark at the start";
    EXPECT_LT(total_of(engine->gradients(first_views(1), grey).loss), before);
}

}  // namespace
}  // namespace likeness::test
