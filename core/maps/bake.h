// Baking: maps of an avatar's Gaussians, directly, in seconds and without a network (bake_neural.h has one).
//
// 1. How much each Gaussian is seen: its share of the pixels (opacity, footprint, what lies before it), from the
//    photograph's side, 30 degrees beside it, and all round.
// 2. Its values are splatted onto the texels about it by that weight, coarse to fine (map_fit.h).
// 3. The maps are refined so that the avatar without its residual shows what the avatar shows: Adam on the texels that
//    Gaussians read, through the rasterizer.
#pragma once

#include <functional>

#include "core/avatar/avatar.h"
#include "core/base/result.h"
#include "core/base/task.h"
#include "core/maps/map_fit.h"
#include "core/splat/rasterizer.h"

namespace likeness {

struct BakeOptions {
    int side = 1024;  // one of map_sides
    int steps = 128;  // of the refinement
};

// A camera and a pose that baking looks from.
struct BakeView {
    HeadPose pose;
    Camera camera;
};
// The photograph's view, and the same turned by 30 degrees to the left and right; `size` pixels a side.
std::array<BakeView, 3> source_views(const Avatar& avatar, int size);
// From the sides, behind, above and below, at rest.
std::vector<BakeView> views_all_round(const Avatar& avatar);

// [count] of the avatar's Gaussians: the sum over the pixels of how much each is blended into them.
std::vector<float> seen_weights(const Avatar& avatar, Rasterizer& rasterizer, Progress& progress);

// What the maps say of the surface's slope: normals of the offset map's relief, in the surface's frame, [texels, 3].
std::vector<float> relief_normals(const Avatar& avatar, const MapValues& values,
                                  const std::vector<std::uint16_t>& texel_chart);

// Fitted but not refined, with what baking needs of the avatar.
struct FittedMaps {
    MapPlaces places;
    std::vector<std::uint16_t> texel_chart;
    MapValues values;
};
FittedMaps fit_avatar_maps(const Avatar& avatar, Rasterizer& rasterizer, int side, Progress& progress);
void refine_maps(const Avatar& avatar, Rasterizer& rasterizer, FittedMaps& maps, int steps, Progress& progress);

// Maps of the avatar, whose old maps count nothing. Precondition: prepared(), anchors rebuilt. Errors: invalid_argument
// (no such side, no Gaussians). Throws Cancelled, std::bad_alloc.
Result<TextureMaps> bake_direct(const Avatar& avatar, Rasterizer& rasterizer, const BakeOptions& options,
                                Progress& progress);

// The sides as text: "256, 512, 1024 or 2048". Error for another.
Status check_map_side(int side);

}  // namespace likeness
