// Inside core/formats: what the numbers of splat files mean.
//
// 3D Gaussian splatting stores scales as natural logarithms and opacities as logits: infinite ones stand for the ends
// of the range. Some programs store both as they are; which it is follows from the distribution.
#pragma once

#include <string>
#include <vector>

#include "core/splat/splat_set.h"

namespace likeness {

// Sentences about what had to be changed or left out, each without the file's name: "12 of its 100 Gaussians ...".
using Notes = std::vector<std::string>;

std::string left_out(std::size_t some, std::size_t all);  // some Gaussians, for their values

// Scales to [1e-9, 1e4], opacities to (0, 1), rotations to length 1. What holds a value that is no number, an infinite
// place or an infinite size is left out. Precondition: scales, opacities and rotations are as stored, all arrays have
// `count` rows.
SplatSet splats_of_stored(SplatSet stored, Notes& notes);

}  // namespace likeness
