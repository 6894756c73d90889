#include "core/editing/brush.h"

#include <algorithm>
#include <cmath>

namespace likeness {
namespace {

// Of the radius and of the normals: what faces away from where the brush is held is not painted (the back of an ear).
// Of a pen: below, a dab is round (sine); no dab is longer than three times its width (square of the sine).
constexpr float least_lean = 0.2f, most_lean = 1 - 1 / 9.0f;
constexpr float facing_from = -0.35f, facing_full = 0.0f;
constexpr float least_edge = 0.25e-3f;  // metres over which also the hardest brush fades: a texel or two

// How much of a dab there is at a distance.
float falloff(float distance, float radius, float hardness) {
    if (distance >= radius) return 0;
    const float edge = std::min(radius, std::max(least_edge, (1 - hardness) * radius));
    const float t = (distance - (radius - edge)) / edge;
    return t <= 0 ? 1.0f : 1 - t * t * (3 - 2 * t);
}

std::uint8_t byte_of(float x) { return std::uint8_t(std::clamp(x, 0.0f, 1.0f) * 255.0f + 0.5f); }

}  // namespace

PaintTexel painted_over(const PaintTexel& texel, const std::array<float, 3>& color, float share) {
    const float under = float(texel[3]) / 255.0f * (1 - share), alpha = share + under;
    PaintTexel made = texel;
    if (alpha <= 0) return made;
    for (std::size_t c = 0; c < 3; ++c)
        made[c] = byte_of((share * color[c] + under * float(texel[c]) / 255.0f) / alpha);
    made[3] = byte_of(alpha);
    return made;
}

void refine_block(PaintTexels& texels, int block, int level) {
    const int coarse = texels.level(block);
    if (coarse < 0 || coarse >= level) return;
    std::vector<std::pair<PaintTileKey, std::shared_ptr<const PaintTile>>> tiles;
    texels.each_tile([&](const PaintTileKey& key, const auto& tile) {
        if (key.block == block) tiles.emplace_back(key, tile);
    });
    for (const auto& [key, tile] : tiles) texels.set_tile(key, nullptr);
    const int times = 1 << (level - coarse);
    for (const auto& [key, tile] : tiles)
        for (int j = 0; j < times; ++j)
            for (int i = 0; i < times; ++i) {
                auto fine = std::make_shared<PaintTile>();
                for (int y = 0; y < paint_tile_side; ++y)
                    for (int x = 0; x < paint_tile_side; ++x) {
                        const int from =
                            (j * paint_tile_side + y) / times * paint_tile_side + (i * paint_tile_side + x) / times;
                        fine->texels[std::size_t(y * paint_tile_side + x)] = tile->texels[std::size_t(from)];
                    }
                texels.set_tile({block, level, key.x * times + i, key.y * times + j}, std::move(fine));
            }
}

BrushStroke::BrushStroke(std::shared_ptr<const PaintSurface> surface, std::shared_ptr<const PaintTexels> before,
                         const BrushOptions& options, Effect effect, TexelColor color, std::size_t most_new_tiles)
    : surface_(std::move(surface)),
      mirror_(surface_),
      before_(before ? std::move(before) : std::make_shared<const PaintTexels>()),
      base_(*before_),
      options_(options),
      effect_(effect),
      color_(std::move(color)),
      now_(before_),
      most_new_tiles_(most_new_tiles) {
    options_.size = std::clamp(options_.size, least_brush, most_brush);
    for (Footprint& footprint : footprints_) footprint.reached.assign(surface_->avatar().triangles().size(), 0);
}

float BrushStroke::spacing() const { return options_.size * std::clamp(options_.spacing, 0.02f, 2.0f); }

std::vector<int> BrushStroke::reach(Footprint& footprint, const SurfacePoint& at, float radius) {
    const Eigen::Vector3f middle = surface_->position(at);
    footprint.step = dabs_ > 1 ? Eigen::Vector3f(middle - footprint.middle) : Eigen::Vector3f(0, 0, 0);
    footprint.middle = middle;
    footprint.normal = surface_->normal(at);
    std::vector<int> triangles = surface_->near(at, radius);
    for (const int t : triangles) footprint.reached[std::size_t(t)] = std::uint32_t(dabs_);
    return triangles;
}

// Of the level that the layer has there already, if that is finer than a brush's.
std::vector<PaintTileKey> BrushStroke::tiles_of(const std::vector<int>& triangles) {
    std::vector<PaintTileKey> tiles;
    for (const PaintTileKey& key : surface_->tiles_of(triangles)) {
        const int level = base_.level(key.block);
        if (level >= 0 && level < key.level) refine_block(base_, key.block, key.level);
        const int times = level > key.level ? 1 << (level - key.level) : 1;
        for (int y = 0; y < times; ++y)
            for (int x = 0; x < times; ++x)
                tiles.push_back({key.block, std::max(level, key.level), key.x * times + x, key.y * times + y});
    }
    return tiles;
}

void BrushStroke::dab(const SurfacePoint& at, float pressure) {
    pressure = std::clamp(pressure, 0.0f, 1.0f);
    const float radius = 0.5f * std::max(least_brush, options_.size * (options_.pressure_size ? pressure : 1.0f));
    const float flow = std::clamp(options_.flow, 0.0f, 1.0f) * (options_.pressure_flow ? pressure : 1.0f);
    last_ = at;
    ++dabs_;
    std::vector<int> triangles = reach(footprints_[0], at, radius);
    int footprints = 1;
    if (options_.symmetric) {
        const SurfacePoint other = mirror_(at);
        const std::vector<int> others = reach(footprints_[1], other, radius);
        triangles.insert(triangles.end(), others.begin(), others.end());
        footprints = 2;
    }
    const std::vector<PaintTileKey> keys = tiles_of(triangles);
    if (effect_ == Effect::smudge) return smudge(keys, footprints, radius, flow);
    for (const PaintTileKey& key : keys) cover(key, footprints, radius, flow);
}

float BrushStroke::share_at(const TileSurface& on, std::size_t texel, int footprints, float radius) const {
    const int t = on.triangle[texel];
    float share = 0;
    for (int f = 0; f < footprints && t >= 0; ++f) {
        const Footprint& of = footprints_[std::size_t(f)];
        if (of.reached[std::size_t(t)] != std::uint32_t(dabs_)) continue;
        const Eigen::Vector3f from = on.position[texel] - of.middle;
        float squared = from.squaredNorm();
        if (squared >= radius * radius) continue;
        if (const float sine = lean_.norm(); sine > least_lean) {
            const float along = from.dot(lean_) / sine, cosine = std::sqrt(1 - std::min(sine * sine, most_lean));
            squared = along * along + (squared - along * along) / (cosine * cosine);
            if (squared >= radius * radius) continue;
        }
        const float weight = falloff(std::sqrt(squared), radius, options_.hardness);
        if (weight <= share) continue;
        const Eigen::Vector3i& c = surface_->avatar().triangles()[std::size_t(t)];
        const Eigen::Vector2f& b = on.barycentric[texel];
        const float facing =
            of.normal.dot((1 - b.x() - b.y()) * surface_->normals().col(c[0]) + b.x() * surface_->normals().col(c[1]) +
                          b.y() * surface_->normals().col(c[2]));
        share = std::max(share, weight * std::clamp((facing - facing_from) / (facing_full - facing_from), 0.0f, 1.0f));
    }
    return share;
}

BrushStroke::Tile* BrushStroke::open(const PaintTileKey& key) {
    if (const auto found = tiles_.find(key); found != tiles_.end()) return &found->second;
    const bool there = base_.tile(key) != nullptr;
    if (!there && new_tiles_ >= most_new_tiles_) {
        full_ = true;
        return nullptr;
    }
    new_tiles_ += there ? 0 : 1;
    return &tiles_[key];
}

void BrushStroke::cover(const PaintTileKey& key, int footprints, float radius, float flow) {
    if (effect_ == Effect::erase && !base_.tile(key)) return;
    const std::shared_ptr<const TileSurface> on = surface_->tile(key);
    if (!on->any) return;
    Tile* tile = nullptr;
    for (std::size_t i = 0; i < paint_tile_texels; ++i) {
        const float share = share_at(*on, i, footprints, radius);
        if (share <= 0) continue;
        if (!tile && !(tile = open(key))) return;
        if (color_ && tile->colors.empty()) tile->colors.assign(paint_tile_texels, Eigen::Vector3f::Constant(-1));
        if (color_ && tile->colors[i].x() < 0) tile->colors[i] = color_(*on, int(i)).cwiseMax(0.0f);
        tile->share[i] += flow * share * (1 - tile->share[i]);
        tile->changed = stale_ = true;
    }
}

Eigen::Vector4f BrushStroke::smudged_at(const Eigen::Vector2f& atlas) const {
    const int block = paint_block_at(atlas), level = std::max(base_.level(block), surface_->level(block));
    const PaintTileKey key = paint_tile_at(atlas, level);
    const auto found = tiles_.find(key);
    if (found == tiles_.end()) return base_.nearest(atlas);
    const float size = paint_texel_size(level);
    const Eigen::Vector2f in = (atlas - paint_texel_position(key, 0)) / size;
    const auto index = [](float x) { return std::clamp(int(std::lround(x)), 0, paint_tile_side - 1); };
    return found->second.smudged[std::size_t(index(in.y()) * paint_tile_side + index(in.x()))];
}

// Each texel takes a share of what lies one step back on the surface.
void BrushStroke::smudge(const std::vector<PaintTileKey>& keys, int footprints, float radius, float flow) {
    if (dabs_ < 2) return;
    struct Change {
        Tile* tile;
        std::size_t texel;
        Eigen::Vector4f value;
    };
    std::vector<Change> changes;
    for (const PaintTileKey& key : keys) {
        const std::shared_ptr<const TileSurface> on = surface_->tile(key);
        if (!on->any) continue;
        const bool bare = !base_.tile(key) && !tiles_.contains(key);
        for (std::size_t i = 0; i < paint_tile_texels; ++i) {
            const float share = share_at(*on, i, footprints, radius);
            if (share <= 0) continue;
            const Footprint& of = footprints == 2 && (on->position[i] - footprints_[1].middle).squaredNorm() <
                                                         (on->position[i] - footprints_[0].middle).squaredNorm()
                                      ? footprints_[1]
                                      : footprints_[0];
            const SurfacePoint back = surface_->walk(on->point(int(i)), -of.step);
            const Eigen::Vector4f from = smudged_at(atlas_position(surface_->avatar(), back));
            if (bare && from[3] <= 0) continue;
            Tile* const tile = open(key);
            if (!tile) break;
            if (tile->smudged.empty()) {
                tile->smudged.resize(paint_tile_texels);
                for (int k = 0; k < paint_tile_texels; ++k)
                    tile->smudged[std::size_t(k)] = base_.nearest(paint_texel_position(key, k));
            }
            const Eigen::Vector4f& here = tile->smudged[i];
            changes.push_back({tile, i, here + flow * share * (from - here)});
        }
    }
    for (const Change& change : changes) {
        change.tile->smudged[change.texel] = change.value;
        change.tile->changed = stale_ = true;
    }
}

float BrushStroke::due_in(const SurfacePoint& at) const {
    return last_ ? spacing() - (surface_->position(at) - surface_->position(*last_)).norm() : 0;
}

void BrushStroke::dab_if_due(const SurfacePoint& at, float pressure) {
    if (due_in(at) <= 0) dab(at, pressure);
}

void BrushStroke::walk_to(const SurfacePoint& at, float pressure) {
    const Eigen::Vector3f to = surface_->position(at);
    constexpr int most_dabs = 4096;
    for (int i = 0; last_ && i < most_dabs; ++i) {
        const Eigen::Vector3f from = surface_->position(*last_), way = to - from;
        if (way.norm() < spacing()) return;
        const SurfacePoint next = surface_->walk(*last_, way.normalized() * spacing());
        // Behind an edge of the surface, or round a fold: there is no way on.
        if ((surface_->position(next) - to).norm() >= way.norm() - 0.1f * spacing()) break;
        dab(next, pressure);
    }
    dab(at, pressure);
}

std::shared_ptr<const PaintTile> BrushStroke::made(const PaintTileKey& key, const Tile& tile) const {
    const std::shared_ptr<const PaintTile> base = base_.tile(key);
    auto made = base ? std::make_shared<PaintTile>(*base) : std::make_shared<PaintTile>();
    const float opacity = std::clamp(options_.opacity, 0.0f, 1.0f);
    bool any = false;
    for (std::size_t i = 0; i < paint_tile_texels; ++i) {
        PaintTexel& texel = made->texels[i];
        if (effect_ == Effect::smudge) {
            const Eigen::Vector4f& value = tile.smudged[i];
            for (int c = 0; c < 3 && value[3] > 0; ++c) texel[std::size_t(c)] = byte_of(value[c] / value[3]);
            texel[3] = byte_of(value[3]);
        } else if (const float a = opacity * tile.share[i]; a > 0 && effect_ == Effect::erase) {
            texel[3] = byte_of(float(texel[3]) / 255.0f * (1 - a));
        } else if (a > 0) {
            std::array<float, 3> color = options_.color;
            if (!tile.colors.empty())
                for (std::size_t c = 0; c < 3; ++c) color[c] = tile.colors[i][Eigen::Index(c)];
            texel = painted_over(texel, color, a);
        }
        any |= texel[3] != 0;
    }
    return any ? made : nullptr;
}

std::shared_ptr<const PaintTexels> BrushStroke::texels() {
    if (!stale_) return now_;
    stale_ = false;
    auto next = std::make_shared<PaintTexels>(*now_);
    for (auto& [key, tile] : tiles_) {
        if (!tile.changed) continue;
        tile.changed = false;
        // Coarser texels that were there are refined the first time.
        if (const int level = next->level(key.block); level >= 0 && level < key.level)
            refine_block(*next, key.block, key.level);
        next->set_tile(key, made(key, tile));
    }
    now_ = std::move(next);
    return now_;
}

// Lazy mouse: the brush is on a string of that length.
void StrokePath::to(const Eigen::Vector2f& pixel, float pressure, const Pick& pick, BrushStroke& stroke) {
    Position now{pixel, pressure};
    if (last_ && stabiliser_ > 0) {
        const Eigen::Vector2f way = pixel - last_->pixel;
        const float length = way.norm();
        now.pixel = length > stabiliser_ ? Eigen::Vector2f(last_->pixel + way * ((length - stabiliser_) / length))
                                         : last_->pixel;
    }
    if (!last_) {
        last_ = reached_ = now;
        if (const auto place = pick(pixel)) stroke.dab_if_due(place->point, pressure);
        return;
    }
    // Through the middles between positions, bent towards the positions: a quadratic B-spline.
    const Position middle{0.5f * (last_->pixel + now.pixel), 0.5f * (last_->pressure + now.pressure)};
    curve(*reached_, *last_, middle, pick, stroke);
    reached_ = middle;
    last_ = now;
}

void StrokePath::end(const Pick& pick, BrushStroke& stroke) {
    if (last_) curve(*reached_, *last_, *last_, pick, stroke);
    last_.reset();
    reached_.reset();
}

void StrokePath::curve(const Position& from, const Position& middle, const Position& to, const Pick& pick,
                       BrushStroke& stroke) {
    const float length = (middle.pixel - from.pixel).norm() + (to.pixel - middle.pixel).norm();
    float gone = 0;
    constexpr int most_steps = 20000;
    constexpr float ahead = 0.9f;  // of the way to where the next dab is due: slants differ
    std::optional<Eigen::Vector3f> before;
    float stepped = 0, slant = 1;  // pixels; metres of the surface for one of the screen
    for (int i = 0; i < most_steps; ++i) {
        const float t = length > 0 ? std::min(1.0f, gone / length) : 1.0f, s = 1 - t;
        const Eigen::Vector2f pixel = s * s * from.pixel + 2 * s * t * middle.pixel + t * t * to.pixel;
        const float pressure = s * from.pressure + t * to.pressure;
        const auto place = pick(pixel);
        float step = 1;
        if (place) {
            stroke.dab_if_due(place->point, pressure);
            const Eigen::Vector3f here = stroke.surface().position(place->point);
            if (before && stepped > 0)
                slant = std::clamp((here - *before).norm() * place->pixels_per_metre / stepped, 1.0f, 4.0f);
            before = here;
            step = ahead * stroke.due_in(place->point) * place->pixels_per_metre / slant;
        }
        if (t >= 1) break;
        stepped = std::max(0.5f, step);
        gone += stepped;
    }
}

}  // namespace likeness
