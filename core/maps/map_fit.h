// Scattered values into texels: the maps whose samples are the Gaussians' own values, as nearly as texels can.
#pragma once

#include <cstdint>
#include <vector>

#include "core/maps/map_places.h"
#include "core/maps/map_values.h"

namespace likeness {

// Weighted least squares, coarse to fine: at each resolution from a few texels a chart on, what samples still lack is
// splatted onto the texels about each Gaussian and divided by the weights there (SIRT: Gilbert 1972), so texels between
// Gaussians are smooth and none is empty. Charts are fitted apart and go on into their gutters, so nothing bleeds from
// one to another; the hair's wraps round. A Gaussian with little weight bends its surroundings little. Ellipsoids take
// the name that is nearest to the coarser map's, so that neighbours are averaged axis by axis. Loose Gaussians and
// those of weight 0 count nothing.
// `weight` [count]; `texel_chart` as texel_charts() has it.
MapValues fit_maps(const MapPlaces& places, const std::vector<float>& weight, const AtlasCharts& charts,
                   const std::vector<std::uint16_t>& texel_chart, int side, int squares);

}  // namespace likeness
