#include "core/editing/composed_colors.h"

#include <algorithm>

#include "core/editing/face_regions.h"
#include "core/editing/paint_blend.h"

namespace likeness {
namespace {

Eigen::Vector4f texel_of_level(const PaintTexels& texels, const Eigen::Vector2f& atlas, int level) {
    const int own = texels.level(paint_block_at(atlas));
    if (own <= level) return own == level ? texels.nearest(atlas) : texels.bilinear(atlas);
    // Finer ones are averaged over the coarser texel.
    const int side = 1 << std::min(own - level, 2);
    const float size = paint_texel_size(level);
    Eigen::Vector4f sum = Eigen::Vector4f::Zero();
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x)
            sum += texels.nearest(atlas + size * Eigen::Vector2f((float(x) + 0.5f) / float(side) - 0.5f,
                                                                 (float(y) + 0.5f) / float(side) - 0.5f));
    return sum / float(side * side);
}

}  // namespace

std::shared_ptr<const PaintTexels> region_mask(const PaintSurface& surface, const std::string& name) {
    if (name.empty()) return nullptr;
    const FaceRegion* const region = face_region_named(name);
    return std::make_shared<const PaintTexels>(region ? FaceRegions(surface).mask(*region) : PaintTexels());
}

Eigen::Vector4f layer_texel(const PaintLayer& layer, const PaintTexels* region, const Eigen::Vector2f& atlas,
                            int level) {
    Eigen::Vector4f texel = texel_of_level(*layer.texels, atlas, level);
    if (layer.mask && texel[3] > 0) texel *= texel_of_level(*layer.mask, atlas, level)[3];
    if (region && texel[3] > 0) texel *= texel_of_level(*region, atlas, level)[3];
    return texel;
}

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
            shown_.push_back({&layer, opacity, regions.of(layer.region)});
}

Eigen::Vector3f ComposedColors::over(const Eigen::Vector3f& own, const Eigen::Vector2f& atlas, int level,
                                     float* left) const {
    Eigen::Vector3f color = own;
    if (left) *left = 1;
    for (const Shown& of : shown_) {
        const Eigen::Vector4f texel = layer_texel(*of.layer, of.region.get(), atlas, level);
        if (texel[3] <= 0) continue;
        color = laid_over(of.layer->blend, color, texel, of.opacity);
        if (left) *left *= 1 - of.layer->erase * std::min(texel[3] * of.opacity, 1.0f);
    }
    return color.cwiseMax(0.0f).cwiseMin(1.0f);
}

bool ComposedColors::painted(int block) const {
    return std::any_of(shown_.begin(), shown_.end(),
                       [block](const Shown& of) { return of.layer->texels->level(block) >= 0; });
}

}  // namespace likeness
