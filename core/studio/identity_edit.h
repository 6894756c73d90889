// Changes a person's shape by the head's named identity targets; hair moves along.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/avatar/avatar.h"

namespace likeness {

// Two targets that undo each other ("nose-hump-decr" and "-incr", "nose-trans-down" and "-up") are one slider.
struct IdentitySlider {
    std::string name;         // "nose-hump", "nose-trans-up"
    std::string group;        // "nose"
    int up = -1, down = -1;   // targets; down is -1 for one that has no opposite
    float low = 0, high = 1;  // sensible changes
};
// In the model's order; empty for a head without identity targets.
std::vector<IdentitySlider> identity_sliders(const HeadModel& model);
// The slider's value in a change of identity coefficients, and back.
float slider_value(const IdentitySlider& slider, const Eigen::VectorXf& change);
void set_slider(const IdentitySlider& slider, float value, Eigen::VectorXf& change);

// Bakes changed identities of one person. One thread at a time.
class IdentityBaker {
  public:
    explicit IdentityBaker(std::shared_ptr<const Avatar> fitted) : fitted_(std::move(fitted)) {}
    // The fitted avatar with `change` [I] added to its identity; prepared. Hair follows the nearest parts of the head.
    std::shared_ptr<const Avatar> bake(const Eigen::VectorXf& change);
    // The way back: the avatar from which `change` makes `changed`.
    static std::shared_ptr<const Avatar> before(const std::shared_ptr<const Avatar>& changed,
                                                const Eigen::VectorXf& change);

  private:
    void bind_hair();
    std::shared_ptr<const Avatar> fitted_;
    static constexpr int neighbours_ = 4;
    std::vector<int> near_;       // [hair vertices, neighbours_] vertices of the head
    std::vector<float> weights_;  // of those, each four sum to 1
};

}  // namespace likeness
