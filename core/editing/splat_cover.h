// Which Gaussians show a place of the surface, and which places a Gaussian shows; at rest.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/editing/paint_surface.h"

namespace likeness {

// Cells of space, 4 mm a side.
using SpaceCell = std::uint64_t;
inline constexpr float space_cell_side = 4e-3f;
SpaceCell space_cell(const Eigen::Vector3f& position, int dx = 0, int dy = 0, int dz = 0);

// What a Gaussian covers, as atlas positions: its middle, a ring at 1.7 standard deviations, one at 3.3, where its
// alpha falls below what is drawn (1/255). Ways to them lead over the surface.
struct Footprint {
    static constexpr int inner = 4, outer = 12, points = 1 + inner + outer;
    std::array<Eigen::Vector2f, points> atlas;
};

// The Gaussians that one sees at a place.
struct SeenSplats {
    static constexpr int most = 12;
    int count = 0;                     // 0: nothing is seen there
    std::array<int, most> splat{};     // the heaviest first
    std::array<float, most> weight{};  // sum to 1
    float height = 0;                  // metres outwards, of the outermost that counts
};

class SplatCover {
  public:
    // `splats` are anchored on this surface. Both outlive this.
    SplatCover(const PaintSurface& surface, const AnchoredSplats& splats);

    // Made when it is first asked for; not for two threads and one Gaussian at a time.
    const Footprint& footprint(std::size_t splat);
    SeenSplats seen_at(const SurfacePoint& place) const;
    // Whose footprints may reach into a cell.
    const std::vector<int>& reaching(SpaceCell cell) const;

  private:
    const PaintSurface& surface_;
    const AnchoredSplats& splats_;
    std::vector<Eigen::Vector3f> mean_, normal_;           // the normals of the surface under them
    std::vector<float> lift_;                              // of the means above the anchors
    std::vector<Eigen::Matrix3f> covariance_, precision_;  // the inverse of one that is not too thin
    std::vector<Footprint> footprint_;
    std::vector<std::uint8_t> made_;
    std::vector<int> sheet_;  // of each triangle: those that hang together have one number
    std::unordered_map<SpaceCell, std::vector<int>> reaching_;
    std::vector<int> none_;
};

}  // namespace likeness
