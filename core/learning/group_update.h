// Priors and Adam over a group's values, on the processor; all arrays contiguous float32.
#pragma once

#include <cstddef>

#include "core/learning/group_step.h"

namespace likeness {

// Values that a thread takes at once. Sums are made of such pieces, so that they do not depend on the threads.
inline constexpr std::size_t piece_of_group = std::size_t(1) << 14;

// What a thread does with a piece of a group whose bounds are the same for all columns. `finite` becomes false when a
// derivative, with the prior's, is not finite.
double add_prior_to_piece(const GroupStep& step, const float* values, const float* centre, float* gradients,
                          std::size_t count, bool& finite);
void update_piece(const GroupStep& step, float* values, const float* gradients, float* first_moments,
                  float* second_moments, std::size_t count);

// The same for a whole group, on all threads.
// Adds the prior's gradients to `gradients` and returns its energy. `centre` may be null: zeros.
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
