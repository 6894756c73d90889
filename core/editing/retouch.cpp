#include "core/editing/retouch.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/parallel.h"

namespace likeness {
namespace {

// Columns: to the right and up along the skin, and outwards; what lies flat has another right.
Eigen::Matrix3f skin_frame(const PaintSurface& surface, const SurfacePoint& at) {
    const Eigen::Vector3f out = surface.normal(at);
    Eigen::Vector3f up = Eigen::Vector3f::UnitY() - out * out.y();
    if (up.norm() < 0.2f) up = Eigen::Vector3f::UnitZ() - out * out.z();
    up.normalize();
    Eigen::Matrix3f frame;
    frame << up.cross(out), up, out;
    return frame;
}

struct Transfer {
    std::shared_ptr<const PaintSurface> surface;
    SurfacePoint from;
    Eigen::Vector3f to;
    Eigen::Matrix3f turn;

    Transfer(std::shared_ptr<const PaintSurface> on, const SurfacePoint& source, const SurfacePoint& target)
        : surface(std::move(on)),
          from(source),
          to(surface->position(target)),
          turn(skin_frame(*surface, source) * skin_frame(*surface, target).transpose()) {}
    SurfacePoint operator()(const Eigen::Vector3f& position) const {
        return surface->walk(from, turn * (position - to));
    }
};

constexpr int ring_points = 8;

Eigen::Vector3f color_around(const PaintSurface& surface, const ColorAt& color, const SurfacePoint& at,
                             float distance) {
    const Eigen::Matrix3f frame = skin_frame(surface, at);
    Eigen::Vector3f sum = Eigen::Vector3f::Zero();
    for (int i = 0; i < ring_points; ++i) {
        const float angle = 6.2831853f * float(i) / ring_points;
        sum += color(surface.walk(at, distance * (std::cos(angle) * frame.col(0) + std::sin(angle) * frame.col(1))));
    }
    return sum / ring_points;
}

// Ottosson 2020, "A perceptual color space for image processing".
Eigen::Vector3f oklab(const Eigen::Vector3f& encoded) {
    const Eigen::Vector3f linear =
        encoded.unaryExpr([](float x) { return x <= 0.04045f ? x / 12.92f : std::pow((x + 0.055f) / 1.055f, 2.4f); });
    const float l = std::cbrt(0.4122214708f * linear[0] + 0.5363325363f * linear[1] + 0.0514459929f * linear[2]);
    const float m = std::cbrt(0.2119034982f * linear[0] + 0.6806995451f * linear[1] + 0.1073969566f * linear[2]);
    const float s = std::cbrt(0.0883024619f * linear[0] + 0.2817188376f * linear[1] + 0.6299787005f * linear[2]);
    return {0.2104542553f * l + 0.7936177850f * m - 0.0040720468f * s,
            1.9779984951f * l - 2.4285922050f * m + 0.4505937099f * s,
            0.0259040371f * l + 0.7827717662f * m - 0.8086757660f * s};
}

// How much of the color there is at each texel of a tile.
using TileShares = std::function<void(const TileSurface& on, std::array<float, paint_tile_texels>& shares)>;

std::shared_ptr<const PaintTexels> covered(const PaintSurface& surface, const std::vector<int>& triangles,
                                           const PaintTexels& before, const FillOptions& options,
                                           const TileShares& shares_of) {
    PaintTexels base = before;
    std::vector<PaintTileKey> keys;
    for (const PaintTileKey& key : surface.tiles_of(triangles)) {
        const int level = base.level(key.block);
        refine_block(base, key.block, key.level);
        const int times = level > key.level ? 1 << (level - key.level) : 1;
        for (int y = 0; y < times; ++y)
            for (int x = 0; x < times; ++x)
                keys.push_back({key.block, std::max(level, key.level), key.x * times + x, key.y * times + y});
    }
    std::vector<std::shared_ptr<const PaintTile>> made(keys.size());
    parallel_for(keys.size(), 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t k = begin; k < end; ++k) {
            const auto on = surface.tile(keys[k]);
            if (!on->any) continue;
            std::array<float, paint_tile_texels> shares{};
            shares_of(*on, shares);
            auto tile = std::make_shared<PaintTile>();
            if (const auto under = base.tile(keys[k])) *tile = *under;
            bool any = false;
            for (std::size_t i = 0; i < paint_tile_texels; ++i)
                if (const float share = options.opacity * shares[i]; share > 0.5f / 255) {
                    tile->texels[i] = painted_over(tile->texels[i], options.color, share);
                    any = true;
                }
            if (any) made[k] = std::move(tile);
        }
    });
    std::size_t added = 0;
    for (std::size_t k = 0; k < keys.size(); ++k)
        if (made[k]) {
            added += base.tile(keys[k]) ? 0 : 1;
            base.set_tile(keys[k], made[k]);
        }
    return added > options.most_new_tiles ? nullptr : std::make_shared<const PaintTexels>(std::move(base));
}

}  // namespace

BrushStroke::TexelColor clone_colors(std::shared_ptr<const PaintSurface> surface, ColorAt color, SurfacePoint from,
                                     SurfacePoint to) {
    return [transfer = Transfer(std::move(surface), from, to), color = std::move(color)](
               const TileSurface& on, int texel) { return color(transfer(on.position[std::size_t(texel)])); };
}

BrushStroke::TexelColor heal_colors(std::shared_ptr<const PaintSurface> surface, ColorAt color, SurfacePoint from,
                                    SurfacePoint to, float around) {
    // By vertex: smooth between them, and few.
    const auto differences = std::make_shared<std::map<int, Eigen::Vector3f>>();
    return [surface, transfer = Transfer(surface, from, to), color = std::move(color), differences, around](
               const TileSurface& on, int texel) -> Eigen::Vector3f {
        const SurfacePoint point = on.point(texel);
        Eigen::Vector3f sum = color(transfer(on.position[std::size_t(texel)]));
        for (int k = 0; k < 3; ++k) {
            const int v = surface->avatar().triangles()[std::size_t(point.triangle)][k];
            auto found = differences->find(v);
            if (found == differences->end()) {
                const SurfacePoint corner{point.triangle, Eigen::Vector3f::Unit(k)};
                const Eigen::Vector3f difference =
                    color_around(*surface, color, corner, around) -
                    color_around(*surface, color, transfer(surface->position(corner)), around);
                found = differences->emplace(v, difference).first;
            }
            sum += point.barycentric[k] * found->second;
        }
        return sum.cwiseMax(0.0f).cwiseMin(1.0f);
    };
}

SurfacePoint heal_source(const PaintSurface& surface, const ColorAt& color, const SurfacePoint& at, float around) {
    const Eigen::Vector3f wanted = color_around(surface, color, at, around), middle = surface.position(at);
    const Eigen::Matrix3f frame = skin_frame(surface, at);
    SurfacePoint best = at;
    float nearest = std::numeric_limits<float>::max();
    constexpr int directions = 12;
    for (int i = 0; i < directions; ++i) {
        const float angle = 6.2831853f * float(i) / directions, distance = 3 * around;
        const SurfacePoint there =
            surface.walk(at, distance * (std::cos(angle) * frame.col(0) + std::sin(angle) * frame.col(1)));
        if ((surface.position(there) - middle).norm() < 2 * around) continue;  // the surface ends, or is folded
        const Eigen::Vector3f ring = color_around(surface, color, there, around);
        // Alike around, and even: no blemish in the middle of it.
        const float difference = (ring - wanted).norm() + (color(there) - ring).norm();
        if (difference >= nearest) continue;
        nearest = difference;
        best = there;
    }
    return best;
}

std::shared_ptr<const PaintTexels> fill_alike(const PaintSurface& surface, const ColorAt& color,
                                              const SurfacePoint& seed, float tolerance, const PaintTexels& before,
                                              const FillOptions& options) {
    const Eigen::Vector3f wanted = oklab(color(seed));
    const float full = tolerance / 1.5f;
    const auto share = [&](const SurfacePoint& p) {
        const float difference = (oklab(color(p)) - wanted).norm();
        const float t = std::clamp((tolerance - difference) / std::max(tolerance - full, 1e-6f), 0.0f, 1.0f);
        return t * t * (3 - 2 * t);
    };
    // Over edges on which some place is alike.
    std::vector<int> triangles{seed.triangle};
    std::vector<bool> seen(surface.avatar().triangles().size());
    seen[std::size_t(seed.triangle)] = true;
    for (std::size_t i = 0; i < triangles.size(); ++i)
        for (int k = 0; k < 3; ++k) {
            const int next = surface.beside(triangles[i], k);
            if (next < 0 || seen[std::size_t(next)]) continue;
            bool alike = false;
            for (const float t : {0.2f, 0.5f, 0.8f}) {
                SurfacePoint p{triangles[i], Eigen::Vector3f::Zero()};
                p.barycentric[k] = 1 - t;
                p.barycentric[(k + 1) % 3] = t;
                alike = alike || share(p) > 0.02f;
            }
            if (!alike) continue;
            seen[std::size_t(next)] = true;
            triangles.push_back(next);
        }
    return covered(surface, triangles, before, options,
                   [&](const TileSurface& on, std::array<float, paint_tile_texels>& shares) {
                       // Colors are no finer than the Gaussians: each fourth texel is looked at, those between lie
                       // between.
                       constexpr int step = 4, side = paint_tile_side / step + 1;
                       std::array<float, side * side> known;
                       for (int y = 0; y < side; ++y)
                           for (int x = 0; x < side; ++x) {
                               const int texel = std::min(y * step, paint_tile_side - 1) * paint_tile_side +
                                                 std::min(x * step, paint_tile_side - 1);
                               known[std::size_t(y * side + x)] =
                                   on.triangle[std::size_t(texel)] < 0 ? -1 : share(on.point(texel));
                           }
                       for (int i = 0; i < paint_tile_texels; ++i) {
                           const int t = on.triangle[std::size_t(i)];
                           if (t < 0 || !seen[std::size_t(t)]) continue;
                           const int x = i % paint_tile_side, y = i / paint_tile_side;
                           const float fx = float(x % step) / step, fy = float(y % step) / step;
                           float sum = 0, weights = 0;
                           for (int k = 0; k < 4; ++k) {
                               const float weight = (k % 2 ? fx : 1 - fx) * (k / 2 ? fy : 1 - fy);
                               const float of = known[std::size_t((y / step + k / 2) * side + x / step + k % 2)];
                               if (of < 0) continue;
                               sum += weight * of;
                               weights += weight;
                           }
                           shares[std::size_t(i)] = weights > 0 ? sum / weights : share(on.point(i));
                       }
                   });
}

std::shared_ptr<const PaintTexels> gradient(const PaintSurface& surface, const SurfacePoint& from,
                                            const SurfacePoint& to, bool radial, const PaintTexels& before,
                                            const FillOptions& options) {
    const Eigen::Vector3f start = surface.position(from), way = surface.position(to) - start;
    const float length = std::max(way.norm(), 1e-4f);
    const auto share = [&](const Eigen::Vector3f& at) {
        const float t = radial ? (at - start).norm() / length : (at - start).dot(way) / (length * length);
        const float s = 1 - std::clamp(t, 0.0f, 1.0f);
        return s * s * (3 - 2 * s);
    };
    constexpr float everywhere = 10;  // metres
    const std::vector<int> triangles = surface.near(from, radial ? length : everywhere);
    std::vector<bool> reached(surface.avatar().triangles().size());
    for (const int t : triangles) reached[std::size_t(t)] = true;
    return covered(surface, triangles, before, options,
                   [&](const TileSurface& on, std::array<float, paint_tile_texels>& shares) {
                       for (std::size_t i = 0; i < paint_tile_texels; ++i)
                           if (const int t = on.triangle[i]; t >= 0 && reached[std::size_t(t)])
                               shares[i] = share(on.position[i]);
                   });
}

}  // namespace likeness
