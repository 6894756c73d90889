// The hair shell: a closed grid round the head, from the crown to the chest, grown outwards until its outline meets
// the photograph's matte.
//
// Rows 0 .. cap_rows-1 lie on rays from the skull's centre; the rows below descend along the neck in equal steps.
// Columns go round the head, column 0 in front, towards the subject's left. Chart: u = 1 + column / columns,
// v = row / (rows - 1).
#pragma once

#include <vector>

#include "core/avatar/photo.h"

namespace likeness {

inline constexpr int hair_rows = 48, hair_cap_rows = 26, hair_columns = 64;

// Appends the grid's triangles and chart; `first_vertex` is the index of the grid's first vertex.
void append_hair_topology(int first_vertex, Triangles& triangles, std::vector<Eigen::Vector2f>& uv,
                          Triangles& triangle_uv);

// The grid vertex at the same place on the head's other side.
inline int mirrored_cell(int i) {
    const int row = i / hair_columns, column = i % hair_columns;
    return row * hair_columns + (hair_columns - column) % hair_columns;
}

// The point of the shell at an atlas position, u in [1, 2], v in [0, 1].
SurfacePoint hair_chart_point(const Avatar& avatar, const Eigen::Vector2f& uv);

// How much there is of the whole surface at each vertex: all of the head, and as much of the shell as there is hair.
std::vector<float> surface_presence(const Avatar& avatar, const std::vector<float>& hair_presence);

// Sets avatar.shells from the photograph and prepares the avatar, which must be prepared.
// Returns how much hair there is at each grid vertex, in [0, 1].
std::vector<float> grow_hair(Avatar& avatar, const Photo& photo);

}  // namespace likeness
