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
#include "core/editing/layer_cover.h"
#include "core/editing/paint_surface.h"

namespace likeness {

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

    // What the layers that are shown make of the color `own` at an atlas position.
    Eigen::Vector3f over(const Eigen::Vector3f& own, const Eigen::Vector2f& atlas) const;
    bool is_of(const Part<PaintStack>& stack) const { return stack == stack_; }

    // Those layers, the lowest first.
    struct Shown {
        DrawnLayer layer;  // without a cover
        std::shared_ptr<const PaintTexels> region;
    };
    const std::vector<Shown>& shown() const { return shown_; }

  private:
    Part<PaintStack> stack_;
    std::vector<Shown> shown_;
};

}  // namespace likeness
