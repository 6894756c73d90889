#include "core/editing/paint_surface.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <tuple>

namespace likeness {
namespace {

constexpr float border_texels = 2.0f;
constexpr std::size_t most_kept_tiles = 1024;  // of 0.1 MB

float cross2(const Eigen::Vector2f& a, const Eigen::Vector2f& b) { return a.x() * b.y() - a.y() * b.x(); }

// The nearest point of a triangle to `p`, as weights of b and c, and how far it is.
std::pair<Eigen::Vector2f, float> nearest_on(const Eigen::Vector2f& a, const Eigen::Vector2f& b,
                                             const Eigen::Vector2f& c, const Eigen::Vector2f& p) {
    std::pair<Eigen::Vector2f, float> best{Eigen::Vector2f::Zero(), std::numeric_limits<float>::max()};
    const auto edge = [&](const Eigen::Vector2f& from, const Eigen::Vector2f& to, const Eigen::Vector2f& weights_from,
                          const Eigen::Vector2f& weights_to) {
        const Eigen::Vector2f along = to - from;
        const float length = along.squaredNorm();
        const float t = length > 0 ? std::clamp((p - from).dot(along) / length, 0.0f, 1.0f) : 0.0f;
        const float distance = (from + t * along - p).norm();
        if (distance < best.second) best = {(1 - t) * weights_from + t * weights_to, distance};
    };
    edge(a, b, {0, 0}, {1, 0});
    edge(b, c, {1, 0}, {0, 1});
    edge(c, a, {0, 1}, {0, 0});
    return best;
}

}  // namespace

PaintSurface::PaintSurface(const Avatar& avatar)
    : avatar_(avatar),
      normals_(vertex_normals(avatar.neutral(), avatar.triangles())),
      head_triangles_(int(avatar.model->triangles.size())),
      grid_(avatar_.rest->topology->uv, avatar_.rest->topology->triangle_uv, 2) {
    const Triangles& triangles = avatar_.triangles();
    // Edges by their vertices: (low, high, triangle, which).
    std::vector<std::tuple<int, int, int, int>> edges;
    edges.reserve(triangles.size() * 3);
    for (int t = 0; t < int(triangles.size()); ++t)
        for (int k = 0; k < 3; ++k) {
            const int a = triangles[std::size_t(t)][k], b = triangles[std::size_t(t)][(k + 1) % 3];
            edges.emplace_back(std::min(a, b), std::max(a, b), t, k);
        }
    std::sort(edges.begin(), edges.end());
    beside_.assign(triangles.size(), {-1, -1, -1});
    for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
        const auto& [a, b, t, k] = edges[i];
        const auto& [c, d, u, l] = edges[i + 1];
        if (a != c || b != d) continue;
        beside_[std::size_t(t)][std::size_t(k)] = u;
        beside_[std::size_t(u)][std::size_t(l)] = t;
    }

    std::array<std::vector<std::pair<float, float>>, paint_block_count> texels;  // metres a texel, area of the atlas
    const std::vector<Eigen::Vector2f>& uv = avatar_.uv();
    const float reach = border_texels * paint_texel_size(0);
    for (int t = 0; t < int(triangles.size()); ++t) {
        const Eigen::Vector3i& c = avatar_.triangle_uv()[std::size_t(t)];
        const Eigen::Vector2f &p = uv[std::size_t(c[0])], &q = uv[std::size_t(c[1])], &r = uv[std::size_t(c[2])];
        const float square = is_hair(t) ? 1.0f : 0.0f;
        const Eigen::Vector2f low = p.cwiseMin(q).cwiseMin(r), high = p.cwiseMax(q).cwiseMax(r);
        const auto column = [&](float u) { return std::clamp(int((u - square) * paint_blocks_side), 0, 15); };
        const auto row = [&](float v) { return std::clamp(int(v * paint_blocks_side), 0, 15); };
        const float area = std::abs(cross2(q - p, r - p));
        const float length = area > 0 ? std::sqrt(avatar_.neutral_double_area()[std::size_t(t)] / area) : 0.0f;
        for (int y = row(low.y() - reach); y <= row(high.y() + reach); ++y)
            for (int x = column(low.x() - reach); x <= column(high.x() + reach); ++x) {
                const int block = (int(square) * paint_blocks_side + y) * paint_blocks_side + x;
                triangles_of_[std::size_t(block)].push_back(t);
                texels[std::size_t(block)].emplace_back(length * paint_texel_size(0), area);
            }
    }
    for (int b = 0; b < paint_block_count; ++b) {
        auto& of = texels[std::size_t(b)];
        std::sort(of.begin(), of.end());
        float all = 0, below = 0;
        for (const auto& [length, area] : of) all += area;
        for (const auto& [length, area] : of) {
            below += area;
            texel_[std::size_t(b)] = length;
            if (2 * below >= all) break;
        }
    }
}

Eigen::Vector3f PaintSurface::normal(const SurfacePoint& p) const {
    const Eigen::Vector3f sum = surface_position(normals_, avatar_.triangles(), p);
    const float length = sum.norm();
    return length > 1e-6f ? Eigen::Vector3f(sum / length) : Eigen::Vector3f(0, 0, 1);
}

HeadRegion PaintSurface::region(int triangle) const {
    return is_hair(triangle) ? HeadRegion::other : avatar_.model->triangle_region[std::size_t(triangle)];
}

std::optional<SurfacePoint> PaintSurface::inside(const Eigen::Vector2f& atlas) const {
    if (!(atlas.x() >= 0 && atlas.x() < 2 && atlas.y() >= 0 && atlas.y() < 1)) return {};
    const SurfacePoint found = at(atlas);
    constexpr float slack = 1e-5f;  // of rounding
    if ((atlas_position(avatar_, found) - atlas).norm() > slack) return {};
    return found;
}

float PaintSurface::metres_per_unit(int triangle) const {
    const Eigen::Vector3i& c = avatar_.triangle_uv()[std::size_t(triangle)];
    const std::vector<Eigen::Vector2f>& uv = avatar_.uv();
    const Eigen::Vector2f a = uv[std::size_t(c[0])];
    const float area = std::abs(cross2(uv[std::size_t(c[1])] - a, uv[std::size_t(c[2])] - a));
    return std::sqrt(avatar_.neutral_double_area()[std::size_t(triangle)] / std::max(area, 1e-12f));
}

int PaintSurface::level(int block, float finest) const {
    int level = 0;
    for (float texel = texel_[std::size_t(block)]; texel > finest && level < most_paint_level; texel /= 2) ++level;
    return level;
}

std::shared_ptr<const TileSurface> PaintSurface::tile(const PaintTileKey& key) const {
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = tiles_.find(key); found != tiles_.end()) return found->second;
    }
    auto tile = std::make_shared<TileSurface>();
    tile->triangle.fill(-1);
    std::array<float, paint_tile_texels> outside;
    outside.fill(border_texels);
    const Eigen::Vector2f first = paint_texel_position(key, 0);
    const float size = paint_texel_size(key.level);
    const std::vector<Eigen::Vector2f>& uv = avatar_.uv();
    for (const int t : triangles_of_[std::size_t(key.block)]) {
        const Eigen::Vector3i& of = avatar_.triangle_uv()[std::size_t(t)];
        // In texels of the tile: whole numbers are the texels' middles.
        const Eigen::Vector2f a = (uv[std::size_t(of[0])] - first) / size, b = (uv[std::size_t(of[1])] - first) / size,
                              c = (uv[std::size_t(of[2])] - first) / size;
        const float area = cross2(b - a, c - a);
        if (area == 0) continue;
        // Weights below which a texel is surely farther beyond an edge than a border is broad.
        constexpr float beyond = 1.01f * border_texels + 0.01f;
        const float least0 = -beyond * (c - b).norm() / std::abs(area),
                    least1 = -beyond * (c - a).norm() / std::abs(area),
                    least2 = -beyond * (b - a).norm() / std::abs(area);
        const Eigen::Vector2f low = a.cwiseMin(b).cwiseMin(c).array() - border_texels,
                              high = a.cwiseMax(b).cwiseMax(c).array() + border_texels;
        const float last = paint_tile_side - 1;
        if (high.x() < 0 || high.y() < 0 || low.x() > last || low.y() > last) continue;
        for (int y = int(std::max(0.0f, std::ceil(low.y()))); float(y) <= std::min(last, high.y()); ++y)
            for (int x = int(std::max(0.0f, std::ceil(low.x()))); float(x) <= std::min(last, high.x()); ++x) {
                const std::size_t texel = std::size_t(y * paint_tile_side + x);
                if (tile->inside[texel]) continue;
                const Eigen::Vector2f p{float(x), float(y)};
                Eigen::Vector2f weights{cross2(p - a, c - a) / area, cross2(b - a, p - a) / area};
                if (weights.x() < least1 || weights.y() < least2 || 1 - weights.x() - weights.y() < least0) continue;
                float distance = 0;
                if (weights.minCoeff() < 0 || weights.sum() > 1) std::tie(weights, distance) = nearest_on(a, b, c, p);
                if (tile->triangle[texel] >= 0 ? distance >= outside[texel] : distance > border_texels) continue;
                outside[texel] = distance;
                tile->inside[texel] = distance == 0;
                tile->triangle[texel] = t;
                tile->barycentric[texel] = weights;
                tile->any = true;
            }
    }
    for (int texel = 0; texel < paint_tile_texels; ++texel)
        if (tile->triangle[std::size_t(texel)] >= 0) tile->position[std::size_t(texel)] = position(tile->point(texel));
    const std::lock_guard lock(mutex_);
    if (tiles_.size() >= most_kept_tiles) tiles_.clear();
    return tiles_.emplace(key, std::move(tile)).first->second;
}

std::vector<PaintTileKey> PaintSurface::tiles_of(const std::vector<int>& triangles, float finest) const {
    std::set<PaintTileKey> tiles;
    const std::vector<Eigen::Vector2f>& uv = avatar_.uv();
    for (const int t : triangles) {
        const Eigen::Vector3i& c = avatar_.triangle_uv()[std::size_t(t)];
        const Eigen::Vector2f &p = uv[std::size_t(c[0])], &q = uv[std::size_t(c[1])], &r = uv[std::size_t(c[2])];
        const int square = is_hair(t) ? 1 : 0;
        const Eigen::Vector2f low = p.cwiseMin(q).cwiseMin(r), high = p.cwiseMax(q).cwiseMax(r);
        const auto block_of = [](float x) { return std::clamp(int(x * paint_blocks_side), 0, paint_blocks_side - 1); };
        const float reach = border_texels * paint_texel_size(0), left = low.x() - float(square) - reach,
                    right = high.x() - float(square) + reach;
        for (int y = block_of(low.y() - reach); y <= block_of(high.y() + reach); ++y)
            for (int x = block_of(left); x <= block_of(right); ++x) {
                const int block = (square * paint_blocks_side + y) * paint_blocks_side + x;
                const int level = this->level(block, finest), side = 1 << level;
                const float tile = 1.0f / float(paint_blocks_side * side),
                            near = border_texels * paint_texel_size(level);
                const auto in_block = [&](float at, int of) {
                    return std::clamp(int(at / tile) - of * side, 0, side - 1);
                };
                for (int j = in_block(low.y() - near, y); j <= in_block(high.y() + near, y); ++j)
                    for (int i = in_block(low.x() - float(square) - near, x);
                         i <= in_block(high.x() - float(square) + near, x); ++i)
                        tiles.insert({block, level, i, j});
            }
    }
    return {tiles.begin(), tiles.end()};
}

std::vector<int> PaintSurface::near(const SurfacePoint& from, float radius) const {
    const Eigen::Vector3f middle = position(from);
    const Triangles& triangles = avatar_.triangles();
    const Vertices& at = avatar_.neutral();
    // Whether an edge comes into the ball.
    const auto reaches = [&](int a, int b) {
        const Eigen::Vector3f along = at.col(b) - at.col(a);
        const float length = along.squaredNorm();
        const float t = length > 0 ? std::clamp((middle - at.col(a)).dot(along) / length, 0.0f, 1.0f) : 0.0f;
        return (at.col(a) + t * along - middle).squaredNorm() <= radius * radius;
    };
    std::vector<int> found{from.triangle};
    std::set<int> seen{from.triangle};
    for (std::size_t i = 0; i < found.size(); ++i) {
        const Eigen::Vector3i& t = triangles[std::size_t(found[i])];
        for (int k = 0; k < 3; ++k) {
            const int next = beside_[std::size_t(found[i])][std::size_t(k)];
            if (next >= 0 && reaches(t[k], t[(k + 1) % 3]) && seen.insert(next).second) found.push_back(next);
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

SurfacePoint PaintSurface::walk(const SurfacePoint& from, const Eigen::Vector3f& way) const {
    const Triangles& triangles = avatar_.triangles();
    const Vertices& at = avatar_.neutral();
    SurfacePoint p = from;
    Eigen::Vector3f left = way;
    constexpr int most_triangles = 256;
    for (int step = 0; step < most_triangles; ++step) {
        const Eigen::Vector3i& t = triangles[std::size_t(p.triangle)];
        const Eigen::Vector3f a = at.col(t[0]), ab = at.col(t[1]) - a, ac = at.col(t[2]) - a, face = ab.cross(ac);
        const float area = face.squaredNorm();
        if (area <= 0) break;
        // Along the triangle, as long as before.
        const float length = left.norm();
        left -= face * (face.dot(left) / area);
        if (left.norm() < 1e-3f * length || length <= 0) break;
        left *= length / left.norm();
        const float d1 = left.cross(ac).dot(face) / area, d2 = ab.cross(left).dot(face) / area;
        const Eigen::Vector3f change{-d1 - d2, d1, d2};
        // The vertex whose weight is the first to be used up: the way leaves over the edge opposite of it.
        float share = 1;
        int vertex = -1;
        for (int k = 0; k < 3; ++k)
            if (change[k] < 0) {
                const float s = std::max(0.0f, p.barycentric[k] / -change[k]);
                if (s < share) {
                    share = s;
                    vertex = k;
                }
            }
        p.barycentric = (p.barycentric + share * change).cwiseMax(0.0f);
        p.barycentric /= p.barycentric.sum();
        if (vertex < 0) break;
        left *= 1 - share;
        const int next = beside_[std::size_t(p.triangle)][std::size_t((vertex + 1) % 3)];
        if (next < 0) break;
        // The same point by the next triangle's vertices.
        const Eigen::Vector3i& u = triangles[std::size_t(next)];
        Eigen::Vector3f weights = Eigen::Vector3f::Zero();
        for (int k = 0; k < 3; ++k)
            for (int l = 0; l < 3; ++l)
                if (t[k] == u[l]) weights[l] = p.barycentric[k];
        p = {next, weights / std::max(weights.sum(), 1e-12f)};
    }
    return p;
}

}  // namespace likeness
