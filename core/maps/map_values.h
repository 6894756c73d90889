// What bakers and edits work on: the maps' eleven channels that Gaussians have, as floats in the Gaussians' own units,
// and how a Gaussian reads them.
#pragma once

#include <Eigen/Geometry>
#include <array>
#include <cstdint>
#include <vector>

#include "core/avatar/avatar.h"

namespace likeness {

// albedo 3, opacity logit 1, log scale 3 (of metres), axis-angle 3, normal offset 1 (metres).
inline constexpr std::size_t sampled_channels = 11;
using SampledValues = std::array<float, sampled_channels>;
inline constexpr std::size_t opacity_channel = 3, scale_channel = 4, rotation_channel = 7, offset_channel = 10;

struct MapValues {
    int side = 0, squares = 0;
    std::vector<float> texels;  // [squares, side, side, 11], rows from the top
    std::size_t texel_count() const { return std::size_t(squares) * std::size_t(side) * std::size_t(side); }
};
MapValues map_values(const TextureMaps& maps);
// `normals` [texels, 3].
TextureMaps texture_maps(const MapValues& values, const std::vector<float>& normals);

// The four texels about a place on the atlas, their centres at (k + 1/2) / side, and how much each counts. The hair's
// square is closed round its columns; else the last texel goes on beyond the border.
struct MapTap {
    std::array<std::uint32_t, 4> texel;
    std::array<float, 4> weight;
};
MapTap map_tap(const Eigen::Vector2f& place, int side);
std::vector<MapTap> map_taps(const std::vector<Eigen::Vector2f>& places, int side);
SampledValues sample(const MapValues& values, const MapTap& tap);

// An ellipsoid has 24 names: its axes in another order or turned about.
struct NamedAxes {
    Eigen::Quaternionf rotation;
    Eigen::Vector3f log_scale;
};
// The one whose rotation is nearest to another.
NamedAxes nearest_name(const NamedAxes& axes, const Eigen::Quaternionf& to);

Eigen::Quaternionf quaternion_of_turn(const Eigen::Vector3f& axis_angle);
Eigen::Vector3f turn_of_quaternion(Eigen::Quaternionf rotation);  // at most pi long

}  // namespace likeness
