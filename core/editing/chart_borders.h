// Where the surface is cut open into the charts of its atlas.
#pragma once

#include <Eigen/Core>
#include <array>
#include <vector>

#include "core/avatar/avatar.h"

namespace likeness {

// Edges of triangles that no other triangle shares on the atlas, by its squares (0 head, 1 hair), as atlas positions.
using ChartEdge = std::array<Eigen::Vector2f, 2>;
using ChartBorders = std::array<std::vector<ChartEdge>, 2>;
// Precondition: avatar.prepared().
ChartBorders chart_borders(const Avatar& avatar);

}  // namespace likeness
