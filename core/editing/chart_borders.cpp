#include "core/editing/chart_borders.h"

#include <algorithm>
#include <tuple>

namespace likeness {

ChartBorders chart_borders(const Avatar& avatar) {
    const Triangles& triangles = avatar.triangle_uv();
    const std::vector<Eigen::Vector2f>& uv = avatar.uv();
    const auto head = avatar.model->triangles.size();
    std::vector<std::tuple<int, int, int>> edges;  // the lower vertex, the higher, the square
    edges.reserve(3 * triangles.size());
    for (std::size_t t = 0; t < triangles.size(); ++t)
        for (int k = 0; k < 3; ++k) {
            const int a = triangles[t][k], b = triangles[t][(k + 1) % 3];
            edges.emplace_back(std::min(a, b), std::max(a, b), t >= head ? 1 : 0);
        }
    std::sort(edges.begin(), edges.end());
    ChartBorders borders;
    for (std::size_t i = 0; i < edges.size();) {
        std::size_t next = i + 1;
        while (next < edges.size() && edges[next] == edges[i]) ++next;
        const auto [a, b, square] = edges[i];
        if (next == i + 1) borders[std::size_t(square)].push_back({uv[std::size_t(a)], uv[std::size_t(b)]});
        i = next;
    }
    return borders;
}

}  // namespace likeness
