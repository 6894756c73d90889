// A term of the loss: a TrainingModule that takes part in StepStage::picture (1), given to the Trainer of a portrait or
// to TrainingEngine::load (2). The arrays are host memory on the processor's engine and device memory on a GPU's, where
// a module launches kernels on the stream that it is given: tests/cuda/added_groups.cu.
#include <gtest/gtest.h>

#include "tests/engine/engine_fixtures.h"

namespace likeness::test {
namespace {

// Pictures shall be dark: weight times their mean value.
class Darkness : public TrainingModule {
  public:
    explicit Darkness(float weight) : weight_(weight) {}
    bool takes_part(StepStage stage) const override { return stage == StepStage::picture; }
    void forward(StepStage, const StepArrays&) override {}
    void backward(StepStage, const StepArrays& a) override {
        const std::size_t values = std::size_t(a.frames) * std::size_t(a.width) * std::size_t(a.height) * 3;
        const float each = weight_ / (float(a.width) * float(a.height) * 3 * float(a.batch));
        for (std::size_t i = 0; i < values; ++i) {
            *a.loss += double(each * a.color[i]);
            a.grad_color[i] += each;
        }
    }

  private:
    float weight_;
};

TEST(Extending, ALossTerm) {
    const Avatar avatar = bounded(ball_avatar(1, 300, true));
    const auto views = video_views(avatar, 2);
    const auto brightness_after = [&](const TrainingModules& modules) {
        const auto engine = make_cpu_training_engine();
        engine->load(avatar, splat_groups(), modules);
        for (const TrainingView& view : views) engine->add_view(view);
        for (int step = 0; step < 20; ++step) engine->step(first_views(2), grey);
        double sum = 0;
        for (const float value : engine->splats().albedo) sum += double(value);
        return sum;
    };
    EXPECT_LT(brightness_after({std::make_shared<Darkness>(10.0f)}), 0.99 * brightness_after({}));
}

}  // namespace
}  // namespace likeness::test
