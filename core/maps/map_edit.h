// An avatar's Gaussians by its maps.
#pragma once

#include "core/avatar/avatar.h"
#include "core/maps/map_places.h"
#include "core/maps/map_values.h"

namespace likeness {

// Puts `maps` in the place of the avatar's maps, and adds to each Gaussian what its sample changed by: colors are kept
// in [0, 1], opacities and scales within what training allows, rotations are turned by the map's turn, in the names of
// the axes that are nearest to the map's. A Gaussian whose sample stays the same stays the same to the bit; loose ones
// (map_places.h) stay. Without maps before nothing changes but the maps. Precondition: prepared(), anchors rebuilt; both
// maps of the same size.
void change_maps(Avatar& avatar, TextureMaps maps);

// The Gaussians of `places` with all that maps have of them; loose ones stay.
AnchoredSplats splats_by_maps(const MapPlaces& places, const MapValues& values);

// The avatar as its maps alone have it: each Gaussian is anchored where it lies and takes all that maps have; loose ones
// stay. Precondition: as above, and it has maps.
Avatar without_residual(const Avatar& avatar);

}  // namespace likeness
