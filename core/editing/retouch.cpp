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

// How much of the color there is at each texel of a tile.
using TileShares =
    std::function<void(const PaintTileKey& key, const TileSurface& on, std::array<float, paint_tile_texels>& shares)>;

std::shared_ptr<const PaintTexels> covered(const PaintSurface& surface, const std::vector<PaintTileKey>& tiles,
                                           const PaintTexels& before, const FillOptions& options,
                                           const TileShares& shares_of) {
    PaintTexels base = before;
    std::vector<PaintTileKey> keys;
    for (const PaintTileKey& key : tiles) {
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
            shares_of(keys[k], *on, shares);
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
    const SurfaceFlood flood(surface, color, seed, tolerance);
    return covered(surface, flood.tiles(), before, options,
                   [&](const PaintTileKey& key, const TileSurface& on, std::array<float, paint_tile_texels>& shares) {
                       flood.shares(key, on, shares);
                   });
}

std::shared_ptr<const PaintTexels> fill_region(const FaceRegions& regions, FaceRegion region, const PaintTexels& before,
                                               const FillOptions& options) {
    const PaintSurface& surface = regions.surface();
    return covered(surface, surface.tiles_of(regions.triangles(region)), before, options,
                   [&](const PaintTileKey& key, const TileSurface& on, std::array<float, paint_tile_texels>& shares) {
                       for (int i = 0; i < paint_tile_texels; ++i)
                           if (on.triangle[std::size_t(i)] >= 0)
                               shares[std::size_t(i)] = regions.at(
                                   region, regions.curves().place(on.point(i), paint_texel_position(key, i)));
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
    return covered(surface, surface.tiles_of(triangles), before, options,
                   [&](const PaintTileKey&, const TileSurface& on, std::array<float, paint_tile_texels>& shares) {
                       for (std::size_t i = 0; i < paint_tile_texels; ++i)
                           if (const int t = on.triangle[i]; t >= 0 && reached[std::size_t(t)])
                               shares[i] = share(on.position[i]);
                   });
}

}  // namespace likeness
