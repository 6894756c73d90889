// The triangle of a texture atlas that lies under a point.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <span>
#include <vector>

#include "core/geometry/mesh.h"

namespace likeness {

// Triangles by the cells of a grid that their bounding boxes touch. `uv` and `triangles` outlive it.
class UvGrid {
  public:
    static constexpr int cells = 256;  // a side of the unit square

    // The atlas is `squares` unit squares side by side, [0, squares] x [0, 1]; what lies outside counts to the nearest
    // cell. Memory: a number for each triangle and cell that it touches, see most_in_a_cell.
    UvGrid(const std::vector<Eigen::Vector2f>& uv, const Triangles& triangles, int squares);

    // The triangle that holds the point, else the one of its cell that it is least outside of, with shares >= 0 that
    // sum to 1; the first triangle where there is none.
    SurfacePoint locate(const Eigen::Vector2f& point) const;

    // How many triangles touch the fullest cell of the unit square; counting ends above `limit`.
    static int most_in_a_cell(const std::vector<Eigen::Vector2f>& uv, const Triangles& triangles, int limit);

  private:
    const std::vector<Eigen::Vector2f>& uv_;
    const Triangles& triangles_;
    int columns_;
    std::vector<std::size_t> begin_;  // of each cell in list_, and the end of the last
    std::vector<int> list_;
};

}  // namespace likeness
