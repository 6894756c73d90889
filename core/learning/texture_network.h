// A U-Net that paints the Gaussians' albedo: its texture is read where they are on the atlas and added to what they
// have. The parameters are a group of the engine, whose Adam moves them; LibTorch turns gradients by the albedo into
// gradients by the parameters. The seed of networks that write maps.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/learning/training_module.h"

namespace likeness {

struct TextureNetworkOptions {
    bool gpu = false;  // whether the engine's arrays are on one
    int size = 64;     // of the texture: a multiple of 4, from 8
    int width = 16;    // channels of the U-Net at full size: 60,115 parameters
    unsigned seed = 1;
    float rate = 2e-3f;          // Adam's
    std::vector<float> start{};  // parameters to begin with; empty: random ones
    std::string group = "texture_network";
};

// `positions` [count, 2]: where the Gaussians are on the atlas; the module serves an engine with these Gaussians alone.
// On a GPU sums are in no fixed order. Errors: not_found when LibTorch is not installed, device when it has no GPU,
// invalid_argument.
Result<std::shared_ptr<TrainingModule>> make_texture_network(const std::vector<float>& positions,
                                                             const TextureNetworkOptions& options = {});

}  // namespace likeness
