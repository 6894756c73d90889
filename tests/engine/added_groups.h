// Parameter groups and terms of the loss that the engines know nothing of, built on core/learning/training_module.h
// alone: proof that one more can be added without a line in core/ or cuda/.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/learning/training_module.h"

namespace likeness::test {

// What the groups begin with, by their names.
using Starts = std::map<std::string, std::vector<float>>;
using ModulePointer = std::shared_ptr<TrainingModule>;

// Makes the modules of one device. The groups of each:
struct AddedModules {
    // "targets" [K * vertices, 3] and, of each view, "amounts" [K]: before skinning, a vertex moves by the sum of the
    // targets times the view's amounts. One is an expression target, several are a residual basis.
    ModulePointer (*vertex_basis)(const Starts&);
    // "texels" [size * size, 3]: added to the albedos, sampled bilinearly. `positions` [count, 2] in [0, 1]: where the
    // Gaussians are on it.
    ModulePointer (*albedo_map)(const Starts&, int size, const std::vector<float>& positions);
    // "latent" [1, L] and "decoder" [L * count, 3]: the Gaussians' albedo moves by the sum of the decoder's rows times
    // the latent.
    ModulePointer (*latent)(const Starts&);
    // "light" [4, 3]: colors are multiplied by spherical harmonics of degree 1 of the `normals` [count, 3].
    ModulePointer (*light)(const Starts&, const std::vector<float>& normals);
    // Of each view, "exposure" [1]: what pictures are multiplied by.
    ModulePointer (*exposure)(const Starts&);
    // No group: weight times the mean squared difference of each picture to `picture` [height, width, 3].
    ModulePointer (*picture_term)(float weight, const std::vector<float>& picture);
};
const AddedModules& processor_modules();
const AddedModules& gpu_modules();

// Groups that no picture depends on: priors, bounds and clocks alone move them.
class UnseenGroups final : public TrainingModule {
  public:
    explicit UnseenGroups(std::vector<ParameterGroup> groups) : groups_(std::move(groups)) {}
    std::vector<ParameterGroup> groups() const override { return groups_; }
    bool takes_part(StepStage) const override { return false; }
    void forward(StepStage, const StepArrays&) override {}
    void backward(StepStage, const StepArrays&) override {}

  private:
    std::vector<ParameterGroup> groups_;
};

}  // namespace likeness::test
