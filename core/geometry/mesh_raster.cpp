#include "core/geometry/mesh_raster.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/parallel.h"

namespace likeness {
namespace {

struct Corner {
    float x, y, inverse_z, presence = 1;
};

MeshBuffer empty_buffer(int width, int height) {
    MeshBuffer buffer;
    buffer.width = width;
    buffer.height = height;
    const std::size_t n = std::size_t(width) * std::size_t(height);
    buffer.triangle.assign(n, -1);
    buffer.barycentric.assign(n, Eigen::Vector2f::Zero());
    buffer.depth.assign(n, std::numeric_limits<float>::infinity());
    return buffer;
}

// The triangle's pixels in rows [top, bottom).
void draw(MeshBuffer& buffer, int top, int bottom, int id, const Corner& a, const Corner& b, const Corner& c) {
    const float area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
    if (!(std::abs(area) > 1e-12f)) return;
    const int x0 = std::max(0, int(std::floor(std::min({a.x, b.x, c.x}) - 0.5f)));
    const int x1 = std::min(buffer.width - 1, int(std::ceil(std::max({a.x, b.x, c.x}) - 0.5f)));
    const int y0 = std::max(top, int(std::floor(std::min({a.y, b.y, c.y}) - 0.5f)));
    const int y1 = std::min(bottom - 1, int(std::ceil(std::max({a.y, b.y, c.y}) - 0.5f)));
    for (int y = y0; y <= y1; ++y)
        for (int x = x0; x <= x1; ++x) {
            const float px = float(x) + 0.5f, py = float(y) + 0.5f;
            const float w0 = ((b.x - px) * (c.y - py) - (b.y - py) * (c.x - px)) / area;
            const float w1 = ((c.x - px) * (a.y - py) - (c.y - py) * (a.x - px)) / area;
            const float w2 = 1 - w0 - w1;
            if (w0 < 0 || w1 < 0 || w2 < 0) continue;
            const float q0 = w0 * a.inverse_z, q1 = w1 * b.inverse_z, q2 = w2 * c.inverse_z;
            const float z = 1 / (q0 + q1 + q2);
            const std::size_t i = buffer.index(x, y);
            if (!(z < buffer.depth[i])) continue;
            if (!((q0 * a.presence + q1 * b.presence + q2 * c.presence) * z > 0.5f)) continue;
            buffer.depth[i] = z;
            buffer.triangle[i] = id;
            buffer.barycentric[i] = {q1 * z, q2 * z};
        }
}

}  // namespace

MeshBuffer rasterize_mesh(const Vertices& vertices, const Triangles& triangles, const Camera& camera, bool front_only,
                          const std::vector<float>* presence) {
    MeshBuffer buffer = empty_buffer(camera.width, camera.height);
    std::vector<Corner> corners(std::size_t(vertices.cols()));
    for (Eigen::Index v = 0; v < vertices.cols(); ++v) {
        float z = 0;
        const Eigen::Vector2f p = camera.project(vertices.col(v), &z);
        corners[std::size_t(v)] = {p.x(), p.y(), z > 0.01f ? 1 / z : 0, presence ? (*presence)[std::size_t(v)] : 1};
    }
    // Each thread draws all triangles, but only into rows of its own.
    const std::size_t rows = std::size_t(std::max(32, buffer.height / worker_count()));
    parallel_for(std::size_t(buffer.height), rows, [&](std::size_t begin, std::size_t end) {
        const int top = int(begin), bottom = int(end);
        for (std::size_t t = 0; t < triangles.size(); ++t) {
            const Corner &a = corners[std::size_t(triangles[t][0])], &b = corners[std::size_t(triangles[t][1])],
                         &c = corners[std::size_t(triangles[t][2])];
            if (std::max({a.presence, b.presence, c.presence}) <= 0.5f) continue;
            if (a.inverse_z == 0 || b.inverse_z == 0 || c.inverse_z == 0) continue;
            // Image y points down, so a front face (counter-clockwise in space) has negative area here.
            if (front_only && (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x) >= 0) continue;
            draw(buffer, top, bottom, int(t), a, b, c);
        }
    });
    return buffer;
}

MeshBuffer rasterize_uv(const std::vector<Eigen::Vector2f>& uv, const Triangles& triangle_uv, int size) {
    MeshBuffer buffer = empty_buffer(size, size);
    const auto corner = [&](int i) {
        return Corner{uv[std::size_t(i)].x() * float(size), uv[std::size_t(i)].y() * float(size), 1};
    };
    for (std::size_t t = 0; t < triangle_uv.size(); ++t)
        draw(buffer, 0, size, int(t), corner(triangle_uv[t][0]), corner(triangle_uv[t][1]), corner(triangle_uv[t][2]));
    return buffer;
}

}  // namespace likeness
