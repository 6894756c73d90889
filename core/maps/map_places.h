// Where maps and Gaussians meet: which chart of the atlas a texel belongs to, and where on the atlas a Gaussian lies.
#pragma once

#include <cstdint>
#include <vector>

#include "core/avatar/avatar.h"

namespace likeness {

// Charts are numbered from 0; each is a connected part of the atlas, the hair's square is one.
struct AtlasCharts {
    std::vector<int> of_triangle;
    int count = 0;
};
AtlasCharts atlas_charts(const Avatar& avatar);

inline constexpr std::uint16_t no_chart = 0xffff;
// [squares, side, side]: the chart that a texel shows, gutters of side / 64 texels (at least 4) about each included;
// no_chart beyond them.
std::vector<std::uint16_t> texel_charts(const Avatar& avatar, const AtlasCharts& charts, int side);

// How many squares an avatar's maps have.
inline int map_squares(const Avatar& avatar) { return avatar.shells->hair.vertices.cols() > 0 ? 2 : 1; }

// The avatar's Gaussians anchored where the surface at rest is below (or above) them: they are at the same places, but
// their tangential offset, which no map has, is 0. A Gaussian beside the surface (the edge of a collar, a loose strand)
// has no such anchor: it is `loose`, stays as it is and takes nothing from maps.
struct MapPlaces {
    AnchoredSplats splats;
    std::vector<unsigned char> loose;  // [count]
};
// Precondition: prepared(), anchors rebuilt.
MapPlaces map_places(const Avatar& avatar);

}  // namespace likeness
