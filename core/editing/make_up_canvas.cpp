#include "core/editing/make_up_canvas.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/parallel.h"
#include "core/editing/make_up.h"
#include "core/image/ops.h"

namespace likeness {
namespace {

std::uint32_t mixed(std::uint32_t x) {  // finaliser of MurmurHash3 (Appleby, public domain)
    x ^= x >> 16;
    x *= 0x85ebca6bu;
    x ^= x >> 13;
    x *= 0xc2b2ae35u;
    return x ^ (x >> 16);
}

PaintTexel bytes_of(const MakeUpTexel& t) {
    return {to_u8(t.color.x()), to_u8(t.color.y()), to_u8(t.color.z()), to_u8(t.alpha)};
}

}  // namespace

float hashed(std::uint32_t seed, std::uint32_t a, std::uint32_t b) {
    return float(mixed(mixed(mixed(seed + 0x9e3779b9u) ^ a) + b * 0x27d4eb2fu) >> 8) / 16777216.0f;
}

float smooth_noise(std::uint32_t seed, const Eigen::Vector3f& at) {
    const Eigen::Vector3f cell(std::floor(at.x()), std::floor(at.y()), std::floor(at.z()));
    const Eigen::Vector3f in = at - cell;
    const Eigen::Vector3f t = in.cwiseProduct(in).cwiseProduct(Eigen::Vector3f::Constant(3) - 2 * in);
    float sum = 0;
    for (int k = 0; k < 8; ++k) {
        const int x = k & 1, y = k >> 1 & 1, z = k >> 2;
        const float weight = (x ? t.x() : 1 - t.x()) * (y ? t.y() : 1 - t.y()) * (z ? t.z() : 1 - t.z());
        const std::uint32_t a =
            std::uint32_t(int(cell.x()) + x) * 73856093u ^ std::uint32_t(int(cell.y()) + y) * 19349663u;
        sum += weight * hashed(seed, a, std::uint32_t(int(cell.z()) + z));
    }
    return sum;
}

float MakeUpCanvas::amount(std::string_view name) const { return make_up_amount(make_up, name); }

Eigen::Vector3f MakeUpCanvas::lit_color() const {
    const Eigen::Vector3f light = Eigen::Vector3f::Constant(0.25f) + 0.75f * tones.light;
    return color().cwiseProduct(light).cwiseMax(0.0f).cwiseMin(1.0f);
}

PaintTexels MakeUpCanvas::shaded(const std::vector<int>& triangles, float finest, const Shade& shade) const {
    const PaintSurface& surface = regions.surface();
    const std::vector<PaintTileKey> keys = surface.tiles_of(triangles, finest);
    std::vector<std::shared_ptr<const PaintTile>> tiles(keys.size());
    std::vector<std::uint8_t> wanted(surface.avatar().triangles().size(), 0);
    for (const int t : triangles) wanted[std::size_t(t)] = 1;
    parallel_for(keys.size(), 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const std::shared_ptr<const TileSurface> on = surface.tile(keys[i]);
            auto tile = std::make_shared<PaintTile>();
            bool any = false;
            for (int texel = 0; texel < paint_tile_texels; ++texel) {
                const int triangle = on->triangle[std::size_t(texel)];
                if (triangle < 0 || !wanted[std::size_t(triangle)]) continue;
                const PaintTexel painted =
                    bytes_of(shade(curves().place(on->point(texel), paint_texel_position(keys[i], texel))));
                if (painted[3] == 0) continue;
                tile->texels[std::size_t(texel)] = painted;
                any = true;
            }
            if (any) tiles[i] = std::move(tile);
        }
    });
    PaintTexels texels;
    for (std::size_t i = 0; i < keys.size(); ++i)
        if (tiles[i]) texels.set_tile(keys[i], tiles[i]);
    return texels;
}

PaintTexels MakeUpCanvas::stroked(const std::vector<SkinStroke>& strokes, float finest, PaintTexels under) const {
    const PaintSurface& surface = regions.surface();
    struct OnSkin {
        Eigen::Vector3f metric;
        int chart;
    };
    std::vector<OnSkin> skin(strokes.size());
    std::map<PaintTileKey, std::vector<std::size_t>> on_tile;
    for (std::size_t s = 0; s < strokes.size(); ++s) {
        const SkinStroke& stroke = strokes[s];
        const FacePlace place = curves().place(surface.at(stroke.from), stroke.from);
        skin[s] = {place.metric, curves().chart(place.triangle)};
        const float reach = std::max(stroke.from_radius, stroke.to_radius) + stroke.softness;
        const Eigen::Vector2f by{1.5f * reach / std::sqrt(std::max(place.metric[0], 1e-6f)),
                                 1.5f * reach / std::sqrt(std::max(place.metric[2], 1e-6f))};
        const Eigen::Vector2f low = (stroke.from.cwiseMin(stroke.to) - by).cwiseMax(0.0f),
                              high = (stroke.from.cwiseMax(stroke.to) + by).cwiseMin(0.9999f);
        const int block_low_x = int(low.x() * paint_blocks_side), block_high_x = int(high.x() * paint_blocks_side);
        const int block_low_y = int(low.y() * paint_blocks_side), block_high_y = int(high.y() * paint_blocks_side);
        for (int y = block_low_y; y <= block_high_y; ++y)
            for (int x = block_low_x; x <= block_high_x; ++x) {
                const int block = y * paint_blocks_side + x;
                const int kept = under.level(block), level = kept >= 0 ? kept : surface.level(block, finest);
                const int sides = 1 << level;
                const auto in = [&](float at, int of) {
                    return std::clamp(int(at * float(paint_blocks_side * sides)) - of * sides, 0, sides - 1);
                };
                for (int j = in(low.y(), y); j <= in(high.y(), y); ++j)
                    for (int i = in(low.x(), x); i <= in(high.x(), x); ++i) on_tile[{block, level, i, j}].push_back(s);
            }
    }
    const std::vector<std::pair<PaintTileKey, std::vector<std::size_t>>> jobs(on_tile.begin(), on_tile.end());
    std::vector<std::shared_ptr<const PaintTile>> tiles(jobs.size());
    parallel_for(jobs.size(), 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t n = begin; n < end; ++n) {
            const PaintTileKey& key = jobs[n].first;
            const std::shared_ptr<const TileSurface> on = surface.tile(key);
            if (!on->any) continue;
            const std::shared_ptr<const PaintTile> before = under.tile(key);
            std::vector<MakeUpTexel> mix(paint_tile_texels);
            if (before)
                for (std::size_t t = 0; t < paint_tile_texels; ++t) {
                    const PaintTexel& texel = before->texels[t];
                    mix[t] = {Eigen::Vector3f(texel[0], texel[1], texel[2]) / 255.0f, float(texel[3]) / 255.0f};
                }
            const Eigen::Vector2f first = paint_texel_position(key, 0);
            const float size = paint_texel_size(key.level);
            bool any = before != nullptr;
            for (const std::size_t s : jobs[n].second) {
                const SkinStroke& stroke = strokes[s];
                const Eigen::Vector3f& g = skin[s].metric;
                const float reach = std::max(stroke.from_radius, stroke.to_radius) + stroke.softness;
                const Eigen::Vector2f by{1.5f * reach / std::sqrt(std::max(g[0], 1e-6f)),
                                         1.5f * reach / std::sqrt(std::max(g[2], 1e-6f))};
                const Eigen::Vector2f low = (stroke.from.cwiseMin(stroke.to) - by - first) / size,
                                      high = (stroke.from.cwiseMax(stroke.to) + by - first) / size;
                const Eigen::Vector2f way = stroke.to - stroke.from;
                const float length = metric_square(g, way);
                for (int y = std::max(0, int(std::ceil(low.y()))); y < paint_tile_side && float(y) <= high.y(); ++y)
                    for (int x = std::max(0, int(std::ceil(low.x()))); x < paint_tile_side && float(x) <= high.x();
                         ++x) {
                        const std::size_t t = std::size_t(y * paint_tile_side + x);
                        if (on->triangle[t] < 0 || curves().chart(on->triangle[t]) != skin[s].chart) continue;
                        const Eigen::Vector2f from = first + size * Eigen::Vector2f(float(x), float(y)) - stroke.from;
                        const float dot = g[0] * from.x() * way.x() + g[1] * (from.x() * way.y() + from.y() * way.x()) +
                                          g[2] * from.y() * way.y();
                        const float along = length > 0 ? std::clamp(dot / length, 0.0f, 1.0f) : 0.0f;
                        const float distance = std::sqrt(metric_square(g, from - along * way));
                        const float radius = stroke.from_radius + along * (stroke.to_radius - stroke.from_radius);
                        const float alpha = stroke.alpha * smooth_step(radius + 0.5f * stroke.softness,
                                                                       radius - 0.5f * stroke.softness, distance);
                        if (alpha < 0.5f / 255.0f) continue;
                        MakeUpTexel& to = mix[t];
                        const float covered = alpha + to.alpha * (1 - alpha);
                        to.color += (alpha / covered) * (stroke.color - to.color);
                        to.alpha = covered;
                        any = true;
                    }
            }
            if (!any) continue;
            auto tile = std::make_shared<PaintTile>();
            for (std::size_t t = 0; t < paint_tile_texels; ++t)
                if (const PaintTexel texel = bytes_of(mix[t]); texel[3] > 0) tile->texels[t] = texel;
            tiles[n] = std::move(tile);
        }
    });
    for (std::size_t n = 0; n < jobs.size(); ++n)
        if (tiles[n]) under.set_tile(jobs[n].first, tiles[n]);
    return under;
}

}  // namespace likeness
