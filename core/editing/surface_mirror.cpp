#include "core/editing/surface_mirror.h"

#include <algorithm>
#include <limits>

#include "core/avatar/hair_shell.h"

namespace likeness {
namespace {

// The nearest point of a triangle, as weights: Ericson, "Real-Time Collision Detection" (2004), 5.1.5.
Eigen::Vector3f nearest_weights(const Eigen::Vector3f& p, const Eigen::Vector3f& a, const Eigen::Vector3f& b,
                                const Eigen::Vector3f& c) {
    const Eigen::Vector3f ab = b - a, ac = c - a, ap = p - a, bp = p - b, cp = p - c;
    const float d1 = ab.dot(ap), d2 = ac.dot(ap), d3 = ab.dot(bp), d4 = ac.dot(bp), d5 = ab.dot(cp), d6 = ac.dot(cp);
    if (d1 <= 0 && d2 <= 0) return {1, 0, 0};
    if (d3 >= 0 && d4 <= d3) return {0, 1, 0};
    if (d6 >= 0 && d5 <= d6) return {0, 0, 1};
    const float vc = d1 * d4 - d3 * d2, vb = d5 * d2 - d1 * d6, va = d3 * d6 - d5 * d4;
    if (vc <= 0 && d1 >= 0 && d3 <= 0 && d1 > d3) return {1 - d1 / (d1 - d3), d1 / (d1 - d3), 0};
    if (vb <= 0 && d2 >= 0 && d6 <= 0 && d2 > d6) return {1 - d2 / (d2 - d6), 0, d2 / (d2 - d6)};
    if (const float e = d4 - d3, f = d5 - d6; va <= 0 && e >= 0 && f >= 0 && e + f > 0)
        return {0, 1 - e / (e + f), e / (e + f)};
    const float sum = va + vb + vc;
    return sum > 0 ? Eigen::Vector3f(va / sum, vb / sum, vc / sum) : Eigen::Vector3f(1, 0, 0);
}

}  // namespace

SurfaceMirror::SurfaceMirror(std::shared_ptr<const PaintSurface> surface) : surface_(std::move(surface)) {
    const Triangles& triangles = surface_->avatar().triangles();
    first_.assign(std::size_t(surface_->avatar().neutral().cols()) + 1, 0);
    for (const Eigen::Vector3i& t : triangles)
        for (const int v : t) ++first_[std::size_t(v) + 1];
    for (std::size_t v = 1; v < first_.size(); ++v) first_[v] += first_[v - 1];
    triangles_.resize(triangles.size() * 3);
    std::vector<int> next(first_.begin(), first_.end() - 1);
    for (int t = 0; t < int(triangles.size()); ++t)
        for (const int v : triangles[std::size_t(t)]) triangles_[std::size_t(next[std::size_t(v)]++)] = t;
}

int SurfaceMirror::mirrored(int vertex) const {
    const HeadModel& model = *surface_->avatar().model;
    const int head = model.vertex_count();
    return vertex < head ? model.mirror_vertex[std::size_t(vertex)] : head + mirrored_cell(vertex - head);
}

SurfacePoint SurfaceMirror::operator()(const SurfacePoint& point) const {
    const Vertices& at = surface_->avatar().neutral();
    const Triangles& triangles = surface_->avatar().triangles();
    Eigen::Vector3i vertices;
    Eigen::Vector3f middle = Eigen::Vector3f::Zero();
    for (int k = 0; k < 3; ++k) {
        vertices[k] = mirrored(triangles[std::size_t(point.triangle)][k]);
        middle += point.barycentric[k] * at.col(vertices[k]);
    }
    // The two sides may be cut into triangles differently.
    SurfacePoint best = point;
    float nearest = std::numeric_limits<float>::max();
    for (const int v : vertices)
        for (int i = first_[std::size_t(v)]; i < first_[std::size_t(v) + 1]; ++i) {
            const int t = triangles_[std::size_t(i)];
            const Eigen::Vector3i& c = triangles[std::size_t(t)];
            const SurfacePoint on{t, nearest_weights(middle, at.col(c[0]), at.col(c[1]), at.col(c[2]))};
            const float distance = (surface_->position(on) - middle).squaredNorm();
            if (distance >= nearest) continue;
            nearest = distance;
            best = on;
        }
    return best;
}

}  // namespace likeness
