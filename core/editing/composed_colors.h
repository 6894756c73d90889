// The colors of places as layers of paint make them of the avatar's own, without light: what the eyedropper takes,
// what clone and heal paint with, what the canvas shows.
#pragma once

#include <Eigen/Core>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/avatar/paint.h"
#include "core/editing/paint_surface.h"
#include "core/editing/surface_colors.h"

namespace likeness {

// The mask of a region by its name: null for none (""), empty for one that this head does not have.
std::shared_ptr<const PaintTexels> region_mask(const PaintSurface& surface, const std::string& name);

// A layer's own texel of a level (of finer ones the mean, between coarser ones), premultiplied, with its mask and
// `region`, the mask of its region (null: everywhere). Precondition: the layer has texels.
Eigen::Vector4f layer_texel(const PaintLayer& layer, const PaintTexels* region, const Eigen::Vector2f& atlas,
                            int level);

// region_mask() of one surface, each made when it is first asked for. From any thread.
class RegionMasks {
  public:
    explicit RegionMasks(std::shared_ptr<const PaintSurface> surface) : surface_(std::move(surface)) {}
    std::shared_ptr<const PaintTexels> of(const std::string& name) const;

  private:
    std::shared_ptr<const PaintSurface> surface_;
    mutable std::mutex mutex_;
    mutable std::map<std::string, std::shared_ptr<const PaintTexels>> masks_;
};

// Of a stack as it is now. From any thread.
class ComposedColors {
  public:
    ComposedColors(Part<PaintStack> stack, const RegionMasks& regions);

    // What the layers that are shown make of the color `own` at an atlas position; `level` as for layer_texel().
    // `left`: share of the avatar's opacity that layers which erase leave.
    Eigen::Vector3f over(const Eigen::Vector3f& own, const Eigen::Vector2f& atlas, int level = most_paint_level,
                         float* left = nullptr) const;
    bool is_of(const Part<PaintStack>& stack) const { return stack == stack_; }
    // Whether a layer that is shown has something in a block of the atlas.
    bool painted(int block) const;

  private:
    struct Shown {
        const PaintLayer* layer;
        float opacity;  // with its groups'
        std::shared_ptr<const PaintTexels> region;
    };
    Part<PaintStack> stack_;
    std::vector<Shown> shown_;
};

}  // namespace likeness
