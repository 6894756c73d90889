#include "core/editing/surface_flood.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <set>

#include "core/base/parallel.h"

namespace likeness {
namespace {

// Diffusion: steps that only blur (against single Gaussians' noise), then those that stop at edges; how much a step
// moves; and the difference of two nodes (OKLab) from which an edge stops it.
constexpr int blur_steps = 5, edge_steps = 9;
constexpr float step_size = 0.2f, edge_contrast = 0.025f;
// Of the local linear model: links to each side, and its epsilon, the square of a contrast that is no edge.
constexpr int window = 4;
constexpr float window_epsilon = 0.012f * 0.012f;
constexpr std::size_t least_area = 16;  // nodes, of what has a border of its own
constexpr std::size_t hole_nodes = 12;  // of other color that are filled as well

// Eyes, the inside of the mouth and the skin are told apart: behind closed lips and lids nobody means to paint.
int kind_of(HeadRegion region) { return is_eye(region) ? 1 : is_inside_head(region) ? 2 : 0; }

float smooth01(float t) {
    t = std::clamp(t, 0.0f, 1.0f);
    return t * t * (3 - 2 * t);
}

}  // namespace

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

SurfaceFlood::SurfaceFlood(const PaintSurface& surface, const ColorAt& color, const SurfacePoint& seed, float tolerance)
    : surface_(surface), kind_(kind_of(surface.region(seed.triangle))) {
    flood(seed, color, tolerance);
    fill_holes();
    refine();
}

SurfaceFlood::Place SurfaceFlood::place_at(const Eigen::Vector2f& atlas) const {
    const PaintTileKey key = paint_tile_at(atlas, surface_.level(paint_block_at(atlas)));
    const Eigen::Vector2f in = (atlas - paint_texel_position(key, 0)) / paint_texel_size(key.level);
    const auto index = [](float x) { return std::clamp(int(std::lround(x)), 0, paint_tile_side - 1) / cell; };
    return {key, index(in.y()) * side + index(in.x())};
}

SurfaceFlood::Tile SurfaceFlood::look(const PaintTileKey& key, const ColorAt& color) const {
    Tile tile;
    for (auto& links : tile.link) links.fill(-1);
    const auto on = surface_.tile(key);
    const Avatar& avatar = surface_.avatar();
    const float apart = float(cell) * paint_texel_size(key.level);  // atlas units
    std::array<int, cells> texel;
    texel.fill(-1);
    for (int n = 0; n < cells; ++n) {
        // The texel of the chart that is nearest to the node's middle.
        const int left = n % side * cell, top = n / side * cell;
        float nearest = 1e9f;
        for (int y = top; y < top + cell; ++y)
            for (int x = left; x < left + cell; ++x) {
                const int t = y * paint_tile_side + x;
                const float dx = float(x - left) - 0.5f * (cell - 1), dy = float(y - top) - 0.5f * (cell - 1);
                if (!on->inside[std::size_t(t)] || dx * dx + dy * dy >= nearest) continue;
                nearest = dx * dx + dy * dy;
                texel[std::size_t(n)] = t;
            }
        const int t = texel[std::size_t(n)];
        if (t < 0) continue;
        if (kind_of(surface_.region(on->triangle[std::size_t(t)])) != kind_) {
            texel[std::size_t(n)] = -1;
            continue;
        }
        tile.there[std::size_t(n)] = true;
        tile.position[std::size_t(n)] = on->position[std::size_t(t)];
        tile.color[std::size_t(n)] = oklab(color(on->point(t)));
    }
    constexpr std::array<std::array<int, 2>, 4> ways = {{{1, 0}, {-1, 0}, {0, 1}, {0, -1}}};
    for (int n = 0; n < cells; ++n) {
        if (!tile.there[std::size_t(n)]) continue;
        const SurfacePoint point = on->point(texel[std::size_t(n)]);
        // Metres of one node's width in both directions of the atlas.
        Eigen::Matrix2f corners;
        Eigen::Matrix<float, 3, 2> edges;
        const SurfacePoint first{point.triangle, Eigen::Vector3f::UnitX()};
        for (int k = 0; k < 2; ++k) {
            const SurfacePoint corner{point.triangle, Eigen::Vector3f::Unit(k + 1)};
            corners.col(k) = atlas_position(avatar, corner) - atlas_position(avatar, first);
            edges.col(k) = surface_.position(corner) - surface_.position(first);
        }
        if (std::abs(corners.determinant()) < 1e-16f) continue;
        const Eigen::Matrix<float, 3, 2> across = apart * edges * corners.inverse();
        tile.reach[std::size_t(n)] = 2.5f * std::max(across.col(0).norm(), across.col(1).norm());
        for (std::size_t w = 0; w < ways.size(); ++w) {
            const int x = n % side + ways[w][0], y = n / side + ways[w][1];
            const Eigen::Vector2f offset(float(ways[w][0]), float(ways[w][1]));
            if (x >= 0 && y >= 0 && x < side && y < side) {
                const int next = y * side + x;
                if (tile.there[std::size_t(next)] &&
                    (tile.position[std::size_t(next)] - tile.position[std::size_t(n)]).norm() <
                        tile.reach[std::size_t(n)]) {
                    tile.beside[std::size_t(n)][w] = {key, next};
                    continue;
                }
            }
            // In the next tile, or over a seam of the atlas.
            const SurfacePoint reached = surface_.walk(point, across * offset);
            if ((surface_.position(reached) - surface_.position(point)).norm() < 0.3f * (across * offset).norm())
                continue;
            tile.beside[std::size_t(n)][w] = place_at(atlas_position(avatar, reached));
        }
    }
    return tile;
}

// Looks at those tiles that were not yet.
void SurfaceFlood::load(std::vector<PaintTileKey> keys, const ColorAt& color) {
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    std::erase_if(keys, [&](const PaintTileKey& key) { return number_.contains(key); });
    const std::size_t before = tiles_.size();
    tiles_.resize(before + keys.size());
    for (std::size_t k = 0; k < keys.size(); ++k) {
        number_[keys[k]] = int(before + k);
        keys_.push_back(keys[k]);
    }
    parallel_for(keys.size(), 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t k = begin; k < end; ++k) tiles_[before + k] = look(keys[k], color);
    });
}

std::vector<PaintTileKey> SurfaceFlood::around(const std::vector<PaintTileKey>& keys) const {
    std::set<PaintTileKey> found;
    for (const PaintTileKey& key : keys) {
        const Tile& tile = tiles_[std::size_t(number_.at(key))];
        for (std::size_t n = 0; n < cells; ++n)
            for (std::size_t w = 0; w < 4; ++w) {
                if (tile.beside[n][w].node >= 0) found.insert(tile.beside[n][w].tile);
                if (tile.link[n][w] >= 0) found.insert(keys_[std::size_t(tile.link[n][w] / cells)]);
            }
    }
    return {found.begin(), found.end()};
}

void SurfaceFlood::near(int node, int links, std::vector<int>& found) const {
    found.assign(1, node);
    std::size_t begin = 0;
    for (int ring = 0; ring < links; ++ring) {
        const std::size_t end = found.size();
        for (; begin < end; ++begin) {
            const int n = found[begin];
            for (const int next : tile_of(n).link[std::size_t(n % cells)])
                if (next >= 0 && std::find(found.begin(), found.end(), next) == found.end()) found.push_back(next);
        }
    }
}

// Links nodes to those that were looked at since.
void SurfaceFlood::link() {
    parallel_for(tiles_.size(), 4, [&](std::size_t begin, std::size_t end) {
        for (std::size_t t = begin; t < end; ++t) {
            Tile& tile = tiles_[t];
            if (tile.linked) continue;
            tile.linked = true;
            for (std::size_t n = 0; n < cells; ++n)
                for (std::size_t w = 0; w < 4; ++w) {
                    Place& place = tile.beside[n][w];
                    if (place.node < 0) continue;
                    const auto number = number_.find(place.tile);
                    if (number == number_.end()) {
                        tile.linked = false;
                        continue;
                    }
                    const Tile& other = tiles_[std::size_t(number->second)];
                    const std::size_t o = std::size_t(place.node);
                    const int to = number->second * cells + place.node;
                    if (other.there[o] && to != int(t) * cells + int(n) &&
                        (other.position[o] - tile.position[n]).norm() < 2 * tile.reach[n])
                        tile.link[n][w] = to;
                    place.node = -1;
                }
        }
    });
}

// Precondition: what lies around was looked at, and linked.
void SurfaceFlood::smooth(int tile) {
    Tile& made = tiles_[std::size_t(tile)];
    // All nodes that the steps reach from: of few tiles, so they get numbers of their own.
    std::vector<int> nodes;
    std::vector<std::pair<int, std::array<int, cells>>> numbers;
    const auto number_of = [&](int n) -> int& {
        auto found =
            std::find_if(numbers.begin(), numbers.end(), [&](const auto& of) { return of.first == n / cells; });
        if (found == numbers.end()) {
            found = numbers.insert(numbers.end(), {n / cells, {}});
            found->second.fill(-1);
        }
        return found->second[std::size_t(n % cells)];
    };
    const auto add = [&](int n) {
        int& number = number_of(n);
        if (number >= 0) return;
        number = int(nodes.size());
        nodes.push_back(n);
    };
    for (int n = 0; n < cells; ++n)
        if (made.there[std::size_t(n)]) add(tile * cells + n);
    const std::size_t own = nodes.size();
    std::size_t begin = 0;
    for (int ring = 0; ring < blur_steps + edge_steps; ++ring)
        for (const std::size_t end = nodes.size(); begin < end; ++begin) {
            const int n = nodes[begin];
            for (const int next : tile_of(n).link[std::size_t(n % cells)])
                if (next >= 0) add(next);
        }
    std::vector<Eigen::Vector3f> now(nodes.size()), next(nodes.size());
    std::vector<std::array<int, 4>> link(nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const int n = nodes[i];
        now[i] = tile_of(n).color[std::size_t(n % cells)];
        for (std::size_t w = 0; w < 4; ++w) {
            const int to = tile_of(n).link[std::size_t(n % cells)][w];
            link[i][w] = to < 0 ? -1 : number_of(to);
        }
    }
    for (int step = 0; step < blur_steps + edge_steps; ++step) {
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            Eigen::Vector3f change = Eigen::Vector3f::Zero();
            for (const int to : link[i]) {
                if (to < 0) continue;
                const Eigen::Vector3f difference = now[std::size_t(to)] - now[i];
                const float passes =
                    step < blur_steps ? 1 : 1 / (1 + difference.squaredNorm() / (edge_contrast * edge_contrast));
                change += passes * difference;
            }
            next[i] = now[i] + step_size * change;
        }
        std::swap(now, next);
    }
    for (std::size_t i = 0; i < own; ++i) made.smooth[std::size_t(nodes[i] % cells)] = now[i];
    made.smoothed = true;
}

void SurfaceFlood::flood(const SurfacePoint& seed, const ColorAt& color, float tolerance) {
    const Place from = place_at(atlas_position(surface_.avatar(), seed));
    // Looks at tiles and two rings around them, for the diffusion; smooths the tiles.
    const auto make = [&](const std::vector<PaintTileKey>& keys) {
        load(keys, color);
        const auto ring = around(keys);
        load(ring, color);
        load(around(ring), color);
        link();
        std::vector<int> numbers;
        for (const PaintTileKey& key : keys)
            if (const int number = number_.at(key); !tiles_[std::size_t(number)].smoothed) numbers.push_back(number);
        parallel_for(numbers.size(), 1, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) smooth(numbers[i]);
        });
    };
    make({from.tile});
    // The seed's node, or the one of its tile that is nearest.
    const int first_tile = number_.at(from.tile);
    const Eigen::Vector3f at = surface_.position(seed);
    int first = -1;
    float nearest = 1e9f;
    for (int n = 0; n < cells; ++n) {
        const Tile& tile = tiles_[std::size_t(first_tile)];
        if (!tile.there[std::size_t(n)]) continue;
        const float distance = (tile.position[std::size_t(n)] - at).norm();
        if (distance < nearest) {
            nearest = distance;
            first = first_tile * cells + n;
        }
    }
    if (first < 0) return;
    const Eigen::Vector3f wanted = tile_of(first).smooth[std::size_t(first % cells)];
    std::vector<int> front{first};
    const auto take = [&](int n) {
        Tile& tile = tile_of(n);
        float& share = tile.share[std::size_t(n % cells)];
        if (share > 0 || (tile.smooth[std::size_t(n % cells)] - wanted).norm() >= tolerance) return false;
        share = 1;
        inside_.push_back(n);
        return true;
    };
    take(first);
    while (!front.empty()) {
        std::vector<int> waiting;  // in tiles that are not smoothed yet
        while (!front.empty()) {
            const int n = front.back();
            front.pop_back();
            for (const int next : tile_of(n).link[std::size_t(n % cells)]) {
                if (next < 0) continue;
                if (!tile_of(next).smoothed)
                    waiting.push_back(next);
                else if (take(next))
                    front.push_back(next);
            }
        }
        if (waiting.empty()) break;
        std::vector<PaintTileKey> keys;
        for (const int n : waiting) keys.push_back(keys_[std::size_t(n / cells)]);
        std::sort(keys.begin(), keys.end());
        keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
        make(keys);
        for (const int n : waiting)
            if (take(n)) front.push_back(n);
    }
    // The border's own surroundings are looked at below.
    std::vector<PaintTileKey> keys;
    for (const int n : inside_) keys.push_back(keys_[std::size_t(n / cells)]);
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    make(around(keys));
}

// Specks of another color inside.
void SurfaceFlood::fill_holes() {
    std::vector<bool> seen(tiles_.size() * cells);
    std::vector<int> filled;
    for (const int from : inside_)
        for (const int first : tile_of(from).link[std::size_t(from % cells)]) {
            if (first < 0 || seen[std::size_t(first)] || tile_of(first).share[std::size_t(first % cells)] > 0) continue;
            std::vector<int> hole{first};
            seen[std::size_t(first)] = true;
            bool small = true;
            for (std::size_t i = 0; i < hole.size() && hole.size() <= 64 * hole_nodes; ++i)
                for (const int next : tile_of(hole[i]).link[std::size_t(hole[i] % cells)]) {
                    if (next < 0 || tile_of(next).share[std::size_t(next % cells)] > 0) continue;
                    if (seen[std::size_t(next)]) {
                        small = small && std::find(hole.begin(), hole.end(), next) != hole.end();
                        continue;
                    }
                    seen[std::size_t(next)] = true;
                    hole.push_back(next);
                }
            if (small && hole.size() <= hole_nodes) filled.insert(filled.end(), hole.begin(), hole.end());
        }
    for (const int n : filled) {
        tile_of(n).share[std::size_t(n % cells)] = 1;
        inside_.push_back(n);
    }
}

// The share at the border, by the colors around.
void SurfaceFlood::refine() {
    // A spot that is smaller than a window would be smoothed away.
    if (inside_.size() < least_area) return;
    // Nodes near the border, then those whose windows reach there.
    std::vector<int> band, found;
    std::vector<bool> seen(tiles_.size() * cells);
    const auto add = [&](int n) {
        if (!seen[std::size_t(n)] && tile_of(n).smoothed) {
            seen[std::size_t(n)] = true;
            band.push_back(n);
        }
    };
    for (const int n : inside_) {
        const auto& link = tile_of(n).link[std::size_t(n % cells)];
        const bool at_border =
            tile_of(n).share[std::size_t(n % cells)] < 0.98f || std::any_of(link.begin(), link.end(), [&](int next) {
                return next >= 0 && tile_of(next).share[std::size_t(next % cells)] < 0.98f;
            });
        if (!at_border) continue;
        near(n, window + 1, found);
        for (const int of : found) add(of);
    }
    struct Model {
        Eigen::Vector3f slope = Eigen::Vector3f::Zero();
        float offset = 0;
    };
    std::vector<int> place(tiles_.size() * cells, -1);
    std::vector<Model> models(band.size());
    for (std::size_t i = 0; i < band.size(); ++i) place[std::size_t(band[i])] = int(i);
    parallel_for(band.size(), 64, [&](std::size_t begin, std::size_t end) {
        std::vector<int> around;
        for (std::size_t i = begin; i < end; ++i) {
            near(band[i], window, around);
            Eigen::Vector3f mean = Eigen::Vector3f::Zero(), with = mean;
            Eigen::Matrix3f spread = Eigen::Matrix3f::Zero();
            float share = 0;
            int count = 0;
            for (const int n : around) {
                if (!tile_of(n).smoothed) continue;
                const Eigen::Vector3f& c = tile_of(n).smooth[std::size_t(n % cells)];
                const float s = tile_of(n).share[std::size_t(n % cells)];
                mean += c;
                spread += c * c.transpose();
                with += s * c;
                share += s;
                ++count;
            }
            const float each = 1.0f / float(std::max(count, 1));
            mean *= each;
            share *= each;
            const Eigen::Matrix3f covariance =
                each * spread - mean * mean.transpose() + window_epsilon * Eigen::Matrix3f::Identity();
            models[i].slope = covariance.inverse() * (each * with - share * mean);
            models[i].offset = share - models[i].slope.dot(mean);
        }
    });
    std::vector<float> refined(band.size());
    parallel_for(band.size(), 64, [&](std::size_t begin, std::size_t end) {
        std::vector<int> around;
        for (std::size_t i = begin; i < end; ++i) {
            near(band[i], window, around);
            Model sum;
            int count = 0;
            for (const int n : around) {
                const int of = place[std::size_t(n)];
                if (of < 0) continue;
                sum.slope += models[std::size_t(of)].slope;
                sum.offset += models[std::size_t(of)].offset;
                ++count;
            }
            const float alpha =
                (sum.slope.dot(tile_of(band[i]).smooth[std::size_t(band[i] % cells)]) + sum.offset) / float(count);
            refined[i] = std::clamp(alpha, 0.0f, 1.0f);
        }
    });
    const auto put = [&] {
        for (std::size_t i = 0; i < band.size(); ++i) tile_of(band[i]).share[std::size_t(band[i] % cells)] = refined[i];
    };
    put();
    // Smooth from node to node: a border that jumps is seen as steps.
    for (int pass = 0; pass < 2; ++pass) {
        for (std::size_t i = 0; i < band.size(); ++i) {
            float sum = 4 * refined[i], weights = 4;
            for (const int next : tile_of(band[i]).link[std::size_t(band[i] % cells)]) {
                if (next < 0) continue;
                sum += tile_of(next).share[std::size_t(next % cells)];
                weights += 1;
            }
            refined[i] = sum / weights;
        }
        put();
    }
}

std::vector<PaintTileKey> SurfaceFlood::tiles() const {
    // By the triangles, which may have borders in other tiles.
    std::vector<int> triangles;
    for (std::size_t t = 0; t < tiles_.size(); ++t) {
        if (std::none_of(tiles_[t].share.begin(), tiles_[t].share.end(), [](float share) { return share > 0; }))
            continue;
        const auto on = surface_.tile(keys_[t]);
        triangles.insert(triangles.end(), on->triangle.begin(), on->triangle.end());
    }
    std::sort(triangles.begin(), triangles.end());
    triangles.erase(std::unique(triangles.begin(), triangles.end()), triangles.end());
    std::erase(triangles, -1);
    return surface_.tiles_of(triangles);
}

void SurfaceFlood::shares(const PaintTileKey& key, const TileSurface& on,
                          std::array<float, paint_tile_texels>& shares) const {
    const int level = surface_.level(key.block);
    const float apart = float(cell) * paint_texel_size(level);
    for (int i = 0; i < paint_tile_texels; ++i) {
        if (on.triangle[std::size_t(i)] < 0) continue;
        // Between the four nodes around, those of other charts left out.
        const Eigen::Vector2f atlas = paint_texel_position(key, i);
        const PaintTileKey own = paint_tile_at(atlas, level);
        const Eigen::Vector2f from =
            paint_texel_position(own, 0) + 0.5f * (cell - 1) * paint_texel_size(level) * Eigen::Vector2f::Ones();
        const Eigen::Vector2f in = (atlas - from) / apart;
        const Eigen::Vector2f low = in.array().floor();
        float sum = 0, weights = 0;
        for (int k = 0; k < 4; ++k) {
            int x = int(low.x()) + k % 2, y = int(low.y()) + k / 2;
            const float weight = (1 - std::abs(in.x() - float(x))) * (1 - std::abs(in.y() - float(y)));
            PaintTileKey tile = own;
            if (x < 0 || y < 0 || x >= side || y >= side) {
                const Eigen::Vector2f there = from + apart * Eigen::Vector2f(float(x), float(y));
                const float square = atlas.x() >= 1 ? 1.0f : 0.0f;
                if (there.x() < square || there.y() < 0 || there.x() >= square + 1 || there.y() >= 1) continue;
                const Place place = place_at(there);
                tile = place.tile;
                x = place.node % side;
                y = place.node / side;
            }
            const auto number = number_.find(tile);
            if (number == number_.end()) continue;
            const Tile& of = tiles_[std::size_t(number->second)];
            const std::size_t n = std::size_t(y * side + x);
            if (!of.there[n] || (of.position[n] - on.position[std::size_t(i)]).norm() > of.reach[n]) continue;
            sum += weight * of.share[n];
            weights += weight;
        }
        shares[std::size_t(i)] = weights > 1e-4f ? smooth01((sum / weights - 0.2f) / 0.6f) : 0;
    }
}

}  // namespace likeness
