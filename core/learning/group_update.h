// Priors and Adam over a group's values, on the processor; all arrays contiguous float32.
#pragma once

#include <cstddef>

#include "core/learning/group_step.h"

namespace likeness {

// Adds the prior's derivatives to `gradients` and returns its energy. `centre` may be null: zeros.
double add_prior(const GroupStep& step, const float* values, const float* centre, float* gradients, std::size_t count);
// The prior between the corners of a surface's triangles; rows of `width` floats, one a vertex. `vertex_first` and
// `vertex_triangles` as in SurfaceArrays.
double add_smoothness(const GroupStep& step, const float* values, std::size_t width, std::size_t vertices,
                      const int* triangles, const int* vertex_first, const int* vertex_triangles, float* gradients);

bool all_finite(const float* values, std::size_t count);

// Adam's update and the bounds. `low` and `high` [width] for bounds of each column, else null.
void update_group(const GroupStep& step, float* values, const float* gradients, float* first_moments,
                  float* second_moments, std::size_t count, std::size_t width = 1, const float* low = nullptr,
                  const float* high = nullptr);

}  // namespace likeness
