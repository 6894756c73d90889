// The processor's training engine behind another, which tests make fail.
#pragma once

#include "core/learning/training_engine.h"

namespace likeness::test {

class ForwardingEngine : public TrainingEngine {
  public:
    std::string name() const override { return "forwarding"; }
    void load(const Avatar& avatar, const std::vector<std::string>& learned, const TrainingModules& modules) override {
        inner_->load(avatar, learned, modules);
    }
    void load_splats(const AnchoredSplats& splats) override { inner_->load_splats(splats); }
    Ancestry densify(const DensifyOptions& options) override { return inner_->densify(options); }
    int add_view(const TrainingView& view) override { return inner_->add_view(view); }
    void set_splat_weight(int view, std::vector<float> weight) override {
        inner_->set_splat_weight(view, std::move(weight));
    }
    void clear_views() override { inner_->clear_views(); }
    std::vector<std::string> groups() const override { return inner_->groups(); }
    GroupSettings& settings(const std::string& group) override { return inner_->settings(group); }
    std::vector<float> values(const std::string& group) const override { return inner_->values(group); }
    std::optional<StepLoss> step(std::span<const int> views, const std::array<float, 3>& background,
                                 float rate_scale) override {
        return inner_->step(views, background, rate_scale);
    }
    LossValue loss(int view) const override { return inner_->loss(view); }
    StepGradients gradients(std::span<const int> views, const std::array<float, 3>& background) override {
        return inner_->gradients(views, background);
    }
    std::vector<StageTime> stages() const override { return inner_->stages(); }
    std::vector<StageTime> timed_step(std::span<const int> views, const std::array<float, 3>& background) override {
        return inner_->timed_step(views, background);
    }
    AnchoredSplats splats() const override { return inner_->splats(); }
    Avatar fetch() const override { return inner_->fetch(); }
    HeadPose pose(int view) const override { return inner_->pose(view); }
    std::vector<float> screen_gradient() const override { return inner_->screen_gradient(); }

  protected:
    std::unique_ptr<TrainingEngine> inner_ = make_cpu_training_engine();
};

}  // namespace likeness::test
