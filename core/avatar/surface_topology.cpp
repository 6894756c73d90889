#include <algorithm>
#include <bit>
#include <stdexcept>

#include "core/avatar/avatar.h"
#include "core/avatar/surface_batch.h"

namespace likeness {

SurfaceTopology::SurfaceTopology(const Avatar& avatar)
    : vertices(int(avatar.neutral().cols())),
      vertex_first(std::size_t(vertices) + 1, 0),
      vertex_triangles(avatar.triangles().size() * 3) {
    triangles.reserve(avatar.triangles().size() * 3);
    charts.reserve(avatar.triangles().size() * 4);
    for (std::size_t t = 0; t < avatar.triangles().size(); ++t) {
        const Eigen::Vector3i &corners = avatar.triangles()[t], &c = avatar.triangle_uv()[t];
        for (int k = 0; k < 3; ++k) {
            triangles.push_back(corners[k]);
            ++vertex_first[std::size_t(corners[k]) + 1];
        }
        // dP/du of the triangle; the determinant's sign keeps the direction for mirrored charts.
        const Eigen::Vector2f a = avatar.uv()[std::size_t(c[0])], b = avatar.uv()[std::size_t(c[1])] - a,
                              d = avatar.uv()[std::size_t(c[2])] - a;
        const float sign = b.x() * d.y() - b.y() * d.x() < 0 ? -1.0f : 1.0f;
        charts.insert(charts.end(),
                      {sign * d.y(), -sign * b.y(), 1 / std::max(avatar.neutral_double_area()[t], 1e-12f), 0});
    }
    for (std::size_t v = 1; v < vertex_first.size(); ++v) vertex_first[v] += vertex_first[v - 1];
    std::vector<int> next(vertex_first.begin(), vertex_first.end() - 1);
    for (std::size_t k = 0; k < triangles.size(); ++k)
        vertex_triangles[std::size_t(next[std::size_t(triangles[k])]++)] = int(k / 3);
}

void SurfaceTopology::load_anchors(const AnchoredSplats& splats) {
    anchors = surface_anchors(splats, int(triangles.size() / 3));
}

SurfaceShape SurfaceTopology::shape(int frames) const {
    return {frames, vertices, int(triangles.size() / 3), int(anchors.size() / 4)};
}

SurfaceArrays SurfaceTopology::arrays() const {
    return {triangles.data(), vertex_first.data(), vertex_triangles.data(), charts.data(), anchors.data()};
}

std::vector<float> surface_anchors(const AnchoredSplats& splats, int triangles) {
    std::vector<float> anchors;
    anchors.reserve(4 * splats.count);
    for (const SurfacePoint& at : splats.anchor) {
        if (at.triangle < 0 || at.triangle >= triangles) throw std::invalid_argument("a Gaussian off the surface");
        anchors.insert(anchors.end(),
                       {at.barycentric[0], at.barycentric[1], at.barycentric[2], std::bit_cast<float>(at.triangle)});
    }
    return anchors;
}

}  // namespace likeness
