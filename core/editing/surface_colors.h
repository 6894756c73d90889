// The avatar's own colors, without light and paint, anywhere on its surface: what the eyedropper, clone, heal and fill
// look at.
#pragma once

#include <Eigen/Core>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/editing/paint_surface.h"

namespace likeness {

class SurfaceColors {
  public:
    // Of the Gaussians of `avatar`, which lie on that surface.
    SurfaceColors(std::shared_ptr<const PaintSurface> surface, const Avatar& avatar);
    bool is_of(const PaintSurface* surface, const Avatar& avatar) const {
        return surface == surface_.get() && avatar.splats == splats_;
    }
    // Of the Gaussians of the triangles around, by their opacity and distance; sRGB-encoded. Grey where there are none
    // within a centimetre.
    Eigen::Vector3f at(const SurfacePoint& point) const {
        return known(point).value_or(Eigen::Vector3f::Constant(0.5f));
    }
    std::optional<Eigen::Vector3f> known(const SurfacePoint& point) const;

  private:
    std::shared_ptr<const PaintSurface> surface_;
    Part<AnchoredSplats> splats_;
    std::vector<int> first_, by_triangle_;       // Gaussians of triangle t: by_triangle_[first_[t] .. first_[t + 1])
    std::vector<int> vertex_first_, of_vertex_;  // triangles of vertex v, likewise
    std::vector<Eigen::Vector3f> position_;      // of each Gaussian's anchor at rest
    std::vector<float> opacity_, precision_;     // 1 / (2 sigma^2)
};

// Colors that a person is made of, for a palette: skin in shade, as usual and in light, lips, hair, cloth; those that
// there are.
struct NamedColor {
    std::string name;
    std::array<float, 3> color{};
};
std::vector<NamedColor> person_colors(const Avatar& avatar);

}  // namespace likeness
