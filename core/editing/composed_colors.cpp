#include "core/editing/composed_colors.h"

namespace likeness {

std::shared_ptr<const PaintTexels> RegionMasks::of(const std::string& name) const {
    if (name.empty()) return nullptr;
    const std::lock_guard lock(mutex_);
    auto& mask = masks_[name];
    if (!mask) mask = region_mask(*surface_, name);
    return mask;
}

ComposedColors::ComposedColors(Part<PaintStack> stack, const RegionMasks& regions) : stack_(std::move(stack)) {
    for (const PaintLayer& layer : stack_->layers)
        if (const float opacity = shown_opacity(*stack_, layer); layer.texels && opacity > 0)
            shown_.push_back({{&layer, nullptr, opacity}, regions.of(layer.region)});
}

Eigen::Vector3f ComposedColors::over(const Eigen::Vector3f& own, const Eigen::Vector2f& atlas) const {
    LayeredColor color{own};
    for (const Shown& of : shown_) {
        Eigen::Vector4f texel = of.layer.layer->texels->bilinear(atlas);
        for (const PaintTexels* const mask : {of.layer.layer->mask.get(), of.region.get()})
            if (mask && texel[3] > 0) texel *= mask->bilinear(atlas)[3];
        color.add(of.layer, texel);
    }
    return color.shown();
}

}  // namespace likeness
