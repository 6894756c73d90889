#include "core/learning/texture_network.h"

#include <stdexcept>

#include "core/base/failure.h"
#include "core/networks/torch_library.h"

namespace likeness {
namespace {

constexpr std::size_t albedo_row = [] {
    std::size_t row = 0;
    while (std::string_view(gaussian_attributes[row].name) != "albedo") ++row;
    return row;
}();

class TextureNetwork final : public TrainingModule {
  public:
    TextureNetwork(const LikenessTorchFunctions& torch, LikenessTexture* texture, int count, ParameterGroup group)
        : torch_(torch), texture_(texture), count_(count), group_(std::move(group)) {}
    ~TextureNetwork() override { torch_.destroy_texture(texture_); }

    std::vector<ParameterGroup> groups() const override { return {group_}; }
    bool takes_part(StepStage stage) const override { return stage == StepStage::anchored; }
    bool can_be_recorded() const override { return false; }
    void forward(StepStage, const StepArrays& a) override {
        if (a.count != count_) throw std::invalid_argument("texture network: it was made for other Gaussians");
        LikenessError error;
        if (!torch_.paint(texture_, a.groups[0].values, a.anchored[albedo_row], a.stream, &error))
            throw DeviceFailure(error.text);
    }
    void backward(StepStage, const StepArrays& a) override {
        LikenessError error;
        if (!torch_.unpaint(texture_, a.grad_anchored[albedo_row], a.groups[0].gradients, a.stream, &error))
            throw DeviceFailure(error.text);
    }

  private:
    const LikenessTorchFunctions& torch_;
    LikenessTexture* texture_;
    int count_;
    ParameterGroup group_;
};

}  // namespace

Result<std::shared_ptr<TrainingModule>> make_texture_network(const std::vector<float>& positions,
                                                             const TextureNetworkOptions& options) {
    const Result<const LikenessTorchFunctions*> torch = torch_functions();
    if (!torch) return torch.error();
    if (options.gpu && (*torch)->gpus() == 0)
        return Error{ErrorCode::device,
                     "LibTorch finds no graphics card; install the torch package with its NVIDIA libraries.", ""};
    const auto count = std::int64_t(positions.size() / 2);
    const LikenessTextureOptions made = {options.gpu,  options.size, options.width,
                                         options.seed, count,        positions.data()};
    LikenessError error;
    LikenessTexture* const texture = (*torch)->create_texture(&made, &error);
    if (!texture) return Error{ErrorCode::invalid_argument, "The texture's network cannot be made.", error.text};
    ParameterGroup group{options.group, 1, options.start, options.rate};
    const auto parameters = std::size_t((*torch)->texture_parameters(texture));
    if (group.values.empty()) {
        group.values.resize(parameters);
        (*torch)->start_texture(texture, group.values.data());
    }
    const bool fits = group.values.size() == parameters;
    std::shared_ptr<TrainingModule> module =
        std::make_shared<TextureNetwork>(**torch, texture, int(count), std::move(group));
    if (!fits) return Error{ErrorCode::invalid_argument, "The texture's network has another number of parameters.", ""};
    return module;
}

}  // namespace likeness
