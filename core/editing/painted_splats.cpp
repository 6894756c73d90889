#include "core/editing/painted_splats.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/parallel.h"
#include "core/editing/fine_tile.h"

namespace likeness {
namespace {

// Differences of color that fine Gaussians are made for; a step that one sees on skin is about twice as large.
constexpr float usual_contrast = 0.03f, contrast_step = 1.5f;
constexpr float fine_thickness = 5e-5f;

// A copy with room for `count`.
AnchoredSplats copy_with_room(const AnchoredSplats& splats, std::size_t count) {
    AnchoredSplats copy;
    const auto take = [count](auto& to, const auto& from, std::size_t width = 1) {
        to.reserve(count * width);
        to.assign(from.begin(), from.end());
    };
    copy.count = splats.count;
    take(copy.atlas, splats.atlas);
    take(copy.part, splats.part);
    take(copy.anchor, splats.anchor);
    for (const GaussianAttribute& a : gaussian_attributes) take(copy.*a.values, splats.*a.values, a.width);
    return copy;
}

}  // namespace

PaintedSplats::PaintedSplats(Order order) : order_(order) {}
PaintedSplats::~PaintedSplats() = default;
PaintedSplats::PaintedSplats(PaintedSplats&&) noexcept = default;
PaintedSplats& PaintedSplats::operator=(PaintedSplats&&) noexcept = default;

Part<AnchoredSplats> PaintedSplats::update(const Avatar& avatar) {
    const bool painted = std::any_of(avatar.paint->layers.begin(), avatar.paint->layers.end(),
                                     [](const PaintLayer& layer) { return layer.texels && !layer.texels->empty(); });
    if (!painted && layers_.empty()) return avatar.splats;
    if (avatar.rest == rest_ && avatar.splats == base_ && avatar.paint == paint_) return shown_;
    if (avatar.rest != rest_) {
        surface_ = std::make_shared<const PaintSurface>(avatar);
        rest_ = avatar.rest;
        base_ = {};
    }
    const AnchoredSplats& splats = *avatar.splats;
    if (!(avatar.splats == base_) || !cover_) {
        layers_.clear();
        tiles_.clear();
        looked_.clear();
        tiles_seeing_.assign(splats.count, {});
        base_ = avatar.splats;
        own_ = *base_;
        covered_.assign(splats.count, 0.0f);
        drawn_.clear();
        cover_ = std::make_unique<SplatCover>(*surface_, *base_);
        contrast_ = usual_contrast;
        coarser_ = false;
    }
    paint_ = avatar.paint;
    follow_layers(*paint_, splats);
    place_tiles(*paint_, splats);
    compose(*paint_, splats);
    // Finer again only where that leaves room: each way makes all tiles anew.
    while (coarser_ && double(fine_) * std::min(growth_, 4.0) < 0.5 * double(most_fine)) {
        contrast_ = std::max(usual_contrast, contrast_ / contrast_step);
        coarser_ = contrast_ > usual_contrast;
        place_all(*paint_, splats);
    }
    while (fine_ > most_fine) {
        const std::size_t before = fine_;
        contrast_ *= contrast_step;
        coarser_ = true;
        place_all(*paint_, splats);
        growth_ = double(before) / double(std::max<std::size_t>(fine_, 1));
    }
    gather();
    return shown_;
}

void PaintedSplats::follow_layers(const PaintStack& stack, const AnchoredSplats& splats) {
    std::set<PaintTileKey> stale;
    std::vector<std::uint8_t> changed(splats.count, 0);  // 1: shows another share of some layer
    // Where texels differ; `now` may be null.
    const auto differ = [&](const PaintTexels& texels, const PaintTexels* before, std::vector<SpaceCell>& cells) {
        SpaceCell last = 0;
        PaintTileKey last_tile;
        texels.each_tile([&](const PaintTileKey& key, const std::shared_ptr<const PaintTile>& tile) {
            const std::shared_ptr<const PaintTile> old = before ? before->tile(key) : nullptr;
            if (old == tile) return;
            const std::shared_ptr<const TileSurface> lies = surface_->tile(key);
            const int level = surface_->level(key.block);
            for (std::size_t t = 0; t < paint_tile_texels; ++t) {
                if (lies->triangle[t] < 0 || (old ? old->texels[t] == tile->texels[t] : tile->texels[t][3] == 0))
                    continue;
                const SpaceCell cell = space_cell(lies->position[t]);
                const PaintTileKey node_tile = paint_tile_at(paint_texel_position(key, int(t)), level);
                if (cell == last && node_tile == last_tile) continue;
                last = cell;
                last_tile = node_tile;
                cells.push_back(cell);
                stale.insert(node_tile);
            }
        });
    };
    const auto follow = [&](const PaintLayer* now, LayerCover& cover) {
        std::vector<SpaceCell> cells;
        const bool shapes = now && (now->relief != 0 || now->erase != 0);
        const bool whole = !now || now->mask != cover.mask || now->region != cover.region ||
                           now->blend != cover.blend || shapes != cover.shapes;
        const PaintTexels* const new_texels = now ? now->texels.get() : nullptr;
        if (new_texels && (whole || now->texels != cover.texels))
            differ(*new_texels, whole ? nullptr : cover.texels.get(), cells);
        if (cover.texels && (whole || now->texels != cover.texels))
            differ(*cover.texels, whole ? nullptr : new_texels, cells);
        if (now) {
            cover.texels = now->texels;
            cover.mask = now->mask;
            if (now->region != cover.region) cover.region_mask = region_mask(*surface_, now->region);
            cover.region = now->region;
            cover.blend = now->blend;
            cover.shapes = shapes;
        }
        std::sort(cells.begin(), cells.end());
        cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
        if (now) {
            cover.of_splat.resize(splats.count, Eigen::Vector4f::Zero());
            std::vector<int> touched;
            for (const SpaceCell cell : cells) {
                const std::vector<int>& reaching = cover_->reaching(cell);
                touched.insert(touched.end(), reaching.begin(), reaching.end());
            }
            std::sort(touched.begin(), touched.end());
            touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
            parallel_for(touched.size(), 64, [&](std::size_t begin, std::size_t end) {
                for (std::size_t i = begin; i < end; ++i) {
                    const std::size_t splat = std::size_t(touched[i]);
                    const Eigen::Vector4f share = cover_of(*now, cover.region_mask.get(), cover_->footprint(splat));
                    if (share == cover.of_splat[splat]) continue;
                    cover.of_splat[splat] = share;
                    changed[splat] = 1;
                }
            });
        } else {
            for (std::size_t i = 0; i < cover.of_splat.size(); ++i)
                if (cover.of_splat[i][3] > 0) changed[i] = 1;
        }
    };
    for (auto layer = layers_.begin(); layer != layers_.end();) {
        const PaintLayer* const now = paint_layer(stack, layer->first);
        if (now && now->texels) {
            ++layer;
            continue;
        }
        follow(nullptr, *layer->second);
        for (auto& [key, tile] : tiles_) tile->forget(layer->first);
        layer = layers_.erase(layer);
    }
    for (const PaintLayer& layer : stack.layers) {
        if (!layer.texels) continue;
        auto& cover = layers_[layer.id];
        if (!cover) {
            cover = std::make_unique<LayerCover>();
            cover->blend = layer.blend;
            cover->mask = layer.mask;
        }
        follow(&layer, *cover);
    }
    // Fine Gaussians depend on what the avatar's own show at their place.
    for (std::size_t i = 0; i < splats.count; ++i) {
        if (!changed[i]) continue;
        stale_splats_.push_back(int(i));
        for (const PaintTileKey& key : tiles_seeing_[i])
            if (tiles_.contains(key)) stale.insert(key);
    }
    stale_tiles_.insert(stale.begin(), stale.end());
}

void PaintedSplats::place_all(const PaintStack& stack, const AnchoredSplats& splats) {
    for (const auto& [key, tile] : tiles_) stale_tiles_.insert(key);
    place_tiles(stack, splats);
    compose(stack, splats);
}

std::vector<DrawnLayer> PaintedSplats::followed(const PaintStack& stack, bool hidden) const {
    std::vector<DrawnLayer> layers;
    for (const PaintLayer& layer : stack.layers)
        if (const float opacity = shown_opacity(stack, layer); layer.texels && (hidden || opacity > 0))
            layers.push_back({&layer, layers_.at(layer.id).get(), opacity});
    return layers;
}

void PaintedSplats::place_tiles(const PaintStack& stack, const AnchoredSplats& splats) {
    struct Work {
        PaintTileKey key;
        FineTile* tile;
        bool looks = false, painted = false;
    };
    std::vector<Work> work;
    for (const PaintTileKey& key : stale_tiles_) {
        auto& tile = tiles_[key];
        const bool looks = !tile;
        if (looks) tile = std::make_unique<FineTile>();
        work.push_back({key, tile.get(), looks});
    }
    stale_tiles_.clear();
    const std::vector<DrawnLayer> layers = followed(stack, true);
    parallel_for(work.size(), 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            Work& of = work[i];
            const std::shared_ptr<const TileSurface> lies = surface_->tile(of.key);
            if (of.looks) of.tile->look(*cover_, *lies);
            of.painted = of.tile->place(*surface_, of.key, *lies, layers, splats, contrast_);
        }
    });
    for (const Work& of : work) {
        if (of.looks && looked_.insert(of.key).second)
            for (const int i : of.tile->seen_splats()) {
                std::vector<PaintTileKey>& seeing = tiles_seeing_[std::size_t(i)];
                if (seeing.empty() || seeing.back() != of.key) seeing.push_back(of.key);
            }
        if (of.painted)
            placed_.push_back(of.tile);
        else
            tiles_.erase(of.key);
    }
}

void PaintedSplats::compose(const PaintStack& stack, const AnchoredSplats& splats) {
    const std::vector<DrawnLayer> drawn = followed(stack, false);
    std::vector<DrawnAs> as;
    for (const DrawnLayer& of : drawn)
        as.push_back({of.layer->id, of.opacity, of.layer->blend, of.layer->relief, of.layer->erase});
    if (as != drawn_) {
        drawn_ = std::move(as);
        stale_splats_.resize(splats.count);
        std::iota(stale_splats_.begin(), stale_splats_.end(), 0);
        placed_.clear();
        for (const auto& [key, tile] : tiles_) placed_.push_back(tile.get());
    }
    parallel_for(stale_splats_.size(), 512, [&](std::size_t begin, std::size_t end) {
        for (std::size_t n = begin; n < end; ++n) {
            const auto i = std::size_t(stale_splats_[n]);
            LayeredColor over{Eigen::Vector3f::Map(&splats.albedo[3 * i])};
            for (const DrawnLayer& of : drawn) over.add(of, of.cover->of_splat[i]);
            covered_[i] = 1 - over.left;
            Eigen::Vector3f::Map(&own_.albedo[3 * i]) =
                over.left == 1 ? Eigen::Vector3f(Eigen::Vector3f::Map(&splats.albedo[3 * i])) : over.shown();
            own_.offset[3 * i + 2] = splats.offset[3 * i + 2] + over.relief;
            own_.opacity_logit[i] = splats.opacity_logit[i];
            if (over.erased < 1) {
                const float opacity = std::max(over.erased / (1 + std::exp(-splats.opacity_logit[i])), 1e-4f);
                own_.opacity_logit[i] = std::log(opacity / (1 - opacity));
            }
        }
    });
    stale_splats_.clear();
    parallel_for(placed_.size(), 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i)
            placed_[i]->compose(drawn, splats, own_, covered_, contrast_, order_ == Order::leads);
    });
    placed_.clear();
    fine_ = 0;
    for (const auto& [key, tile] : tiles_) fine_ += tile->fine().size();
}

void PaintedSplats::gather() {
    // A tile's first Gaussians that do not lead, and that do: the former come first.
    struct Tile {
        const FineTile* tile;
        std::size_t first, leading;
    };
    std::vector<Tile> tiles;
    std::size_t count = own_.count, leading = 0;
    for (const auto& [key, tile] : tiles_) {
        if (tile->fine().empty()) continue;
        const auto leads = std::size_t(
            std::count_if(tile->fine().begin(), tile->fine().end(), [](const FineSplat& f) { return f.leads; }));
        tiles.push_back({tile.get(), count, leading});
        count += tile->fine().size() - leads;
        leading += leads;
    }
    AnchoredSplats shown = copy_with_room(own_, count + leading);
    shown.painted_from = own_.count;
    shown.leading_from = count;
    shown.resize(count + leading);
    parallel_for(tiles.size(), 64, [&](std::size_t begin, std::size_t end) {
        for (std::size_t t = begin; t < end; ++t) {
            std::size_t first = tiles[t].first, lead = count + tiles[t].leading;
            for (const FineSplat& fine : tiles[t].tile->fine()) {
                const std::size_t i = fine.leads ? lead++ : first++;
                shown.atlas[i] = fine.atlas;
                shown.anchor[i] = fine.place;
                shown.part[i] = fine.part;
                Eigen::Vector3f::Map(&shown.albedo[3 * i]) = fine.color;
                Eigen::Vector3f::Map(&shown.offset[3 * i]) = Eigen::Vector3f(0, 0, fine.height);
                const float spread = std::log(fine.deviation);
                Eigen::Vector3f::Map(&shown.log_scale[3 * i]) =
                    Eigen::Vector3f(spread, spread, std::log(fine_thickness));
                Eigen::Vector4f::Map(&shown.rotation[4 * i]) = Eigen::Vector4f(1, 0, 0, 0);
                shown.opacity_logit[i] = std::log(fine.opacity / (1 - fine.opacity));
            }
        }
    });
    shown_ = std::move(shown);
}

Avatar painted(Avatar avatar) {
    PaintedSplats painter;
    avatar.splats = painter.update(avatar);
    return avatar;
}

}  // namespace likeness
