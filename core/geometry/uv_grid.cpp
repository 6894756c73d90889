#include "core/geometry/uv_grid.h"

#include <algorithm>

namespace likeness {
namespace {

int cell_of(float x, int count) { return int(std::clamp(x * UvGrid::cells, 0.0f, float(count - 1))); }

// Calls visit(cell) for each cell that the triangle's bounding box touches, until it says false.
template <class Visit>
bool visit_cells(const std::vector<Eigen::Vector2f>& uv, const Eigen::Vector3i& triangle, int columns,
                 const Visit& visit) {
    Eigen::Vector2f low = uv[std::size_t(triangle[0])], high = low;
    for (int k = 1; k < 3; ++k) {
        low = low.cwiseMin(uv[std::size_t(triangle[k])]);
        high = high.cwiseMax(uv[std::size_t(triangle[k])]);
    }
    const int right = cell_of(high.x(), columns), top = cell_of(high.y(), UvGrid::cells);
    for (int y = cell_of(low.y(), UvGrid::cells); y <= top; ++y)
        for (int x = cell_of(low.x(), columns); x <= right; ++x)
            if (!visit(std::size_t(y) * std::size_t(columns) + std::size_t(x))) return false;
    return true;
}

}  // namespace

UvGrid::UvGrid(const std::vector<Eigen::Vector2f>& uv, const Triangles& triangles, int squares)
    : uv_(uv), triangles_(triangles), columns_(squares * cells), begin_(std::size_t(columns_) * cells + 1, 0) {
    for (const Eigen::Vector3i& t : triangles)
        visit_cells(uv, t, columns_, [&](std::size_t cell) {
            ++begin_[cell + 1];
            return true;
        });
    for (std::size_t c = 1; c < begin_.size(); ++c) begin_[c] += begin_[c - 1];
    list_.resize(begin_.back());
    std::vector<std::size_t> next(begin_.begin(), begin_.end() - 1);
    for (std::size_t t = 0; t < triangles.size(); ++t)
        visit_cells(uv, triangles[t], columns_, [&](std::size_t cell) {
            list_[next[cell]++] = int(t);
            return true;
        });
}

SurfacePoint UvGrid::locate(const Eigen::Vector2f& point) const {
    const std::size_t cell =
        std::size_t(cell_of(point.y(), cells)) * std::size_t(columns_) + std::size_t(cell_of(point.x(), columns_));
    float best = -1e9f;
    SurfacePoint found{0, {1, 0, 0}};
    for (std::size_t i = begin_[cell]; i < begin_[cell + 1]; ++i) {
        const Eigen::Vector3i& c = triangles_[std::size_t(list_[i])];
        const Eigen::Vector2f a = uv_[std::size_t(c[0])], ab = uv_[std::size_t(c[1])] - a,
                              ac = uv_[std::size_t(c[2])] - a;
        const float area = ab.x() * ac.y() - ab.y() * ac.x();
        if (area == 0) continue;
        const Eigen::Vector2f d = point - a;
        const float w1 = (d.x() * ac.y() - d.y() * ac.x()) / area, w2 = (ab.x() * d.y() - ab.y() * d.x()) / area;
        const float least = std::min({1 - w1 - w2, w1, w2});
        if (least > best) {
            best = least;
            Eigen::Vector3f w(1 - w1 - w2, w1, w2);
            w = w.cwiseMax(0.0f);
            found = {list_[i], w / w.sum()};
        }
    }
    return found;
}

int UvGrid::most_in_a_cell(const std::vector<Eigen::Vector2f>& uv, const Triangles& triangles, int limit) {
    std::vector<int> count(std::size_t(cells) * cells, 0);
    int most = 0;
    for (const Eigen::Vector3i& t : triangles)
        if (!visit_cells(uv, t, cells, [&](std::size_t cell) {
                most = std::max(most, ++count[cell]);
                return most <= limit;
            }))
            break;
    return most;
}

}  // namespace likeness
