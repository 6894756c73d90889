// Colors that depend on the view: real spherical harmonics to degree 3, as in 3D Gaussian splatting (Kerbl et al. 2023,
// section 3; the basis is that of Ramamoorthi and Hanrahan 2001 with the Condon-Shortley sign, functions in the order
// m = -l .. l).
//
// color = max(0, colors + sum over the functions of degree 1 and above of value * function(d)), d the direction from
// the camera to the Gaussian. SplatSet::colors holds degree 0 already: 0.5 + 0.28209479 * f_dc.
#pragma once

#include <Eigen/Core>
#include <array>
#include <vector>

#include "core/splat/harmonic_basis.h"
#include "core/splat/splat_set.h"

namespace likeness {

inline std::array<float, most_harmonics> harmonic_basis(const Eigen::Vector3f& direction) {
    return harmonic_basis(direction.x(), direction.y(), direction.z());
}

// What is seen from a position in the world, [count, 3]; splats.colors without harmonics.
void colors_from(const SplatSet& splats, const Eigen::Vector3f& position, std::vector<float>& colors);

// Turns positions, rotations and harmonics about the origin.
void turn(SplatSet& splats, const Eigen::Matrix3f& rotation);

}  // namespace likeness
