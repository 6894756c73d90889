#include "core/editing/painted_splats.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/base/parallel.h"
#include "core/editing/composed_colors.h"
#include "core/editing/paint_blend.h"

namespace likeness {
namespace {

constexpr int not_looked = -1;                                          // SeenSplats::count
constexpr int node_cell = 4, node_cells = paint_tile_side / node_cell;  // texels; cells of a tile's side
// Differences of color that fine Gaussians are made for; a step that one sees on skin is about twice as large.
constexpr float usual_contrast = 0.03f;
// Standard deviation of a fine Gaussian over the distance to the next: at edges, and in what is even.
constexpr float edge_spread = 0.5f, even_spread = 0.6f;
constexpr float fine_opacity = 0.985f, fine_thickness = 5e-5f;
// Metres above the outermost of the avatar's own: a little less and those shine through, more and paint floats.
constexpr float fine_lift = 3.5e-4f;

// A layer as it is drawn.
struct Drawn {
    const PaintLayer* layer;
    float opacity;  // with its groups'
};

// What layers make of a place, one over the other.
struct Layered {
    Eigen::Vector3f color;
    float left = 1, erased = 1, relief = 0;  // left: of the avatar's own color; erased: of its opacity; metres

    void add(const Drawn& of, const Eigen::Vector4f& texel) {
        if (texel[3] <= 0) return;
        const float alpha = texel[3] * of.opacity;
        color = laid_over(of.layer->blend, color, texel, of.opacity);
        left *= 1 - alpha;
        erased *= 1 - of.layer->erase * alpha;
        relief += of.layer->relief * alpha;
    }
    Eigen::Vector3f shown() const { return color.cwiseMax(0.0f).cwiseMin(1.0f); }
};

// What a Gaussian can show of a layer: nothing where a part of what it covers is not painted.
Eigen::Vector4f cover_of(const PaintLayer& layer, const PaintTexels* region, const Footprint& footprint) {
    Eigen::Vector4f sum = Eigen::Vector4f::Zero();
    float weights = 0, least = 1;
    for (int k = 0; k < Footprint::points; ++k) {
        const Eigen::Vector2f& atlas = footprint.atlas[std::size_t(k)];
        Eigen::Vector4f texel = layer.texels->nearest(atlas);
        if (layer.mask && texel[3] > 0) texel *= layer.mask->nearest(atlas)[3];
        if (region && texel[3] > 0) texel *= region->nearest(atlas)[3];
        least = std::min(least, texel[3]);
        if (least <= 0) return Eigen::Vector4f::Zero();
        const float weight = k == 0 ? 1.0f : k <= Footprint::inner ? 0.236f : 0.0043f;
        sum += weight * texel;
        weights += weight;
    }
    sum /= weights;
    return sum * std::min(1.0f, 4 * least / sum[3]);
}

Eigen::Vector3f color_of(const AnchoredSplats& splats, int i) {
    return Eigen::Vector3f::Map(&splats.albedo[3 * std::size_t(i)]);
}

}  // namespace

// What the avatar's Gaussians show of a layer.
struct PaintedSplats::LayerCover {
    std::shared_ptr<const PaintTexels> texels, mask, region_mask;
    std::string region;
    PaintBlend blend = PaintBlend::normal;
    bool shapes = false;                    // relief or erase
    std::vector<Eigen::Vector4f> of_splat;  // premultiplied
};

// Fine Gaussians over one tile of the surface's own level.
struct PaintedSplats::Detail {
    struct Node {
        SurfacePoint place;
        Eigen::Vector2f atlas;
        float side;  // metres between neighbours
        int cell;
        float x, y;  // texels of the tile
        int texels;  // between neighbours
    };
    std::array<SeenSplats, node_cells * node_cells> seen;
    std::array<float, node_cells * node_cells> height{};  // metres, smoothed: ragged heights make ragged edges
    std::vector<Node> nodes;
    std::map<int, std::vector<Eigen::Vector4f>> texels;  // by the layers' numbers, one a node, premultiplied
    bool wanted = false;                                 // something is painted there
    float height_at(const Node& node) const;
    // Whether one of the avatar's Gaussians there is marked.
    bool sees(const std::vector<std::uint8_t>& marked) const {
        return std::any_of(seen.begin(), seen.end(), [&](const SeenSplats& at) {
            for (int k = 0; k < at.count; ++k)
                if (marked[std::size_t(at.splat[std::size_t(k)])]) return true;
            return false;
        });
    }
};

// Between the cells' middles.
float PaintedSplats::Detail::height_at(const Node& node) const {
    constexpr float last = node_cells - 1;
    const float x = std::clamp(node.x / node_cell - 0.5f, 0.0f, last),
                y = std::clamp(node.y / node_cell - 0.5f, 0.0f, last);
    const int left = std::min(int(x), node_cells - 2), top = std::min(int(y), node_cells - 2);
    const float fx = x - float(left), fy = y - float(top);
    const auto of = [&](int i, int j) { return height[std::size_t(j * node_cells + i)]; };
    return (1 - fy) * ((1 - fx) * of(left, top) + fx * of(left + 1, top)) +
           fy * ((1 - fx) * of(left, top + 1) + fx * of(left + 1, top + 1));
}

PaintedSplats::PaintedSplats() = default;
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
        details_.clear();
        base_ = avatar.splats;
        cover_ = std::make_unique<SplatCover>(*surface_, *base_);
        contrast_ = usual_contrast;
        coarser_ = false;
    }
    paint_ = avatar.paint;
    if (coarser_ && fine_ < most_fine / 2) {
        contrast_ = usual_contrast;
        coarser_ = false;
        for (const auto& [key, detail] : details_) stale_details_.push_back(key);
    }
    follow_layers(*paint_, splats);
    make_details(*paint_, splats);
    shown_ = compose(*paint_, splats);
    while (fine_ > most_fine) {
        contrast_ *= 1.5f;
        coarser_ = true;
        for (const auto& [key, detail] : details_) stale_details_.push_back(key);
        make_details(*paint_, splats);
        shown_ = compose(*paint_, splats);
    }
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
        for (auto& [key, detail] : details_) detail->texels.erase(layer->first);
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
    if (std::find(changed.begin(), changed.end(), 1) != changed.end())
        for (const auto& [key, detail] : details_)
            if (!stale.contains(key) && detail->sees(changed)) stale.insert(key);
    stale_details_.insert(stale_details_.end(), stale.begin(), stale.end());
}

void PaintedSplats::make_details(const PaintStack& stack, const AnchoredSplats& splats) {
    std::sort(stale_details_.begin(), stale_details_.end());
    stale_details_.erase(std::unique(stale_details_.begin(), stale_details_.end()), stale_details_.end());
    std::vector<std::pair<PaintTileKey, Detail*>> work;
    for (const PaintTileKey& key : stale_details_) {
        auto& detail = details_[key];
        if (!detail) {
            detail = std::make_unique<Detail>();
            for (SeenSplats& seen : detail->seen) seen.count = not_looked;
        }
        work.emplace_back(key, detail.get());
    }
    stale_details_.clear();

    const auto make = [&](const PaintTileKey& key, Detail& detail) {
        const std::shared_ptr<const TileSurface> lies = surface_->tile(key);
        detail.nodes.clear();
        detail.texels.clear();
        detail.wanted = false;
        struct LayerTexels {
            const PaintLayer* layer;
            const LayerCover* cover;
            std::vector<Eigen::Vector4f> texels;
        };
        std::vector<LayerTexels> layers;
        for (const PaintLayer& layer : stack.layers) {
            if (!layer.texels) continue;
            const int level = layer.texels->level(key.block);
            // What most layers are made of: texels that lie as the nodes do.
            const std::shared_ptr<const PaintTile> own = layer.texels->tile(key);
            if (level < 0 || (level == key.level && !own)) continue;
            const PaintTexels* const region = layers_.at(layer.id)->region_mask.get();
            std::vector<Eigen::Vector4f> texels(paint_tile_texels, Eigen::Vector4f::Zero());
            bool any = false;
            for (int t = 0; t < paint_tile_texels; ++t) {
                if (!lies->inside[std::size_t(t)] || (own && own->texels[std::size_t(t)][3] == 0)) continue;
                texels[std::size_t(t)] = layer_texel(layer, region, paint_texel_position(key, t), key.level);
                any |= texels[std::size_t(t)][3] > 0;
            }
            if (any) layers.push_back({&layer, layers_.at(layer.id).get(), std::move(texels)});
        }
        if (layers.empty()) return;
        detail.wanted = true;
        for (const LayerTexels& of : layers) detail.texels[of.layer->id];
        const auto add_node = [&](int x, int y, int side, int cell) {
            const int middle = (y + side / 2) * paint_tile_side + x + side / 2;
            if (!lies->inside[std::size_t(middle)]) return;
            const float half = 0.5f * float(side) - float(side / 2) - 0.5f;  // from that texel's middle to the node's
            const Eigen::Vector2f atlas =
                paint_texel_position(key, middle) + half * paint_texel_size(key.level) * Eigen::Vector2f::Ones();
            const SurfacePoint place = side > 1 ? surface_->at(atlas) : lies->point(middle);
            const Eigen::Vector3f at = lies->position[std::size_t(middle)];
            // How far the next texel is; at a chart's edge, the one before.
            float step = 0;
            int steps = 0;
            for (const int next : {1, -1, paint_tile_side, -paint_tile_side}) {
                const int t = middle + next;
                if (t < 0 || t >= paint_tile_texels || !lies->inside[std::size_t(t)]) continue;
                if (std::abs(next) == 1 && t / paint_tile_side != middle / paint_tile_side) continue;
                step += (lies->position[std::size_t(t)] - at).norm();
                ++steps;
            }
            if (steps == 0) return;
            const float middle_of = 0.5f * float(side);
            detail.nodes.push_back({place, atlas, float(side) * step / float(steps), cell, float(x) + middle_of,
                                    float(y) + middle_of, side});
            for (const LayerTexels& of : layers) {
                Eigen::Vector4f sum = Eigen::Vector4f::Zero();
                int count = 0;
                for (int j = y; j < y + side; ++j)
                    for (int i = x; i < x + side; ++i)
                        if (const std::size_t t = std::size_t(j * paint_tile_side + i); lies->inside[t])
                            sum += of.texels[t], ++count;
                detail.texels[of.layer->id].push_back(sum / float(std::max(count, 1)));
            }
        };
        const auto each_texel = [&](int left, int top, int side, auto&& visit) {
            for (int j = top; j < top + side; ++j)
                for (int i = left; i < left + side; ++i)
                    if (const std::size_t t = std::size_t(j * paint_tile_side + i); lies->inside[t]) visit(t);
        };
        // Whether all texels of a square are there and painted alike.
        const auto even = [&](int left, int top, int side) {
            for (const LayerTexels& of : layers) {
                Eigen::Vector4f low = Eigen::Vector4f::Constant(2), high = Eigen::Vector4f::Constant(-1);
                int count = 0;
                each_texel(left, top, side, [&](std::size_t t) {
                    ++count;
                    low = low.cwiseMin(of.texels[t]);
                    high = high.cwiseMax(of.texels[t]);
                });
                if (count < side * side || (high - low).maxCoeff() > contrast_) return false;
            }
            return true;
        };
        // What paint the avatar's own Gaussians do not show, by texel.
        std::vector<float> error(paint_tile_texels, 0.0f);
        std::array<bool, node_cells * node_cells> wanted{}, is_even{};
        for (int cell = 0; cell < node_cells * node_cells; ++cell) {
            const int x = cell % node_cells * node_cell, y = cell / node_cells * node_cell;
            SeenSplats& seen = detail.seen[std::size_t(cell)];
            if (seen.count == not_looked) {
                // From its middle, or what of it is nearest to there.
                int nearest = -1, distance = 2 * node_cell * node_cell;
                each_texel(x, y, node_cell, [&](std::size_t t) {
                    const int dx = int(t) % paint_tile_side - x - node_cell / 2,
                              dy = int(t) / paint_tile_side - y - node_cell / 2;
                    if (dx * dx + dy * dy < distance) {
                        distance = dx * dx + dy * dy;
                        nearest = int(t);
                    }
                });
                seen = nearest < 0 ? SeenSplats{} : cover_->seen_at(lies->point(nearest));
            }
            if (seen.count == 0) continue;
            Eigen::Vector3f own = Eigen::Vector3f::Zero();
            for (int k = 0; k < seen.count; ++k)
                own += seen.weight[std::size_t(k)] * color_of(splats, seen.splat[std::size_t(k)]);
            float most = 0;
            for (const LayerTexels& of : layers) {
                Eigen::Vector4f shown = Eigen::Vector4f::Zero();
                for (int k = 0; k < seen.count; ++k)
                    shown += seen.weight[std::size_t(k)] * of.cover->of_splat[std::size_t(seen.splat[std::size_t(k)])];
                const Eigen::Vector3f with = laid_over(of.layer->blend, own, shown, 1);
                const bool shape = of.layer->relief != 0 || of.layer->erase != 0;
                each_texel(x, y, node_cell, [&](std::size_t t) {
                    const Eigen::Vector4f& texel = of.texels[t];
                    float e = (laid_over(of.layer->blend, own, texel, 1) - with).cwiseAbs().maxCoeff();
                    if (shape) e = std::max(e, std::abs(texel[3] - shown[3]));
                    error[t] = std::max(error[t], e);
                    most = std::max(most, e);
                });
            }
            wanted[std::size_t(cell)] = most >= contrast_;
            is_even[std::size_t(cell)] = even(x, y, node_cell);
        }
        // Large ones only amid their like: over an edge they would blur it.
        const auto amid_even = [&](int cell) {
            for (int y = cell / node_cells - 1; y <= cell / node_cells + 1; ++y)
                for (int x = cell % node_cells - 1; x <= cell % node_cells + 1; ++x)
                    if (x >= 0 && y >= 0 && x < node_cells && y < node_cells &&
                        !is_even[std::size_t(y * node_cells + x)])
                        return false;
            return true;
        };
        for (int cell = 0; cell < node_cells * node_cells; ++cell) {
            if (!wanted[std::size_t(cell)]) continue;
            const int x = cell % node_cells * node_cell, y = cell / node_cells * node_cell;
            if (is_even[std::size_t(cell)]) {
                const int side = amid_even(cell) ? node_cell : node_cell / 2;
                for (int j = y; j < y + node_cell; j += side)
                    for (int i = x; i < x + node_cell; i += side) add_node(i, j, side, cell);
                continue;
            }
            each_texel(x, y, node_cell, [&](std::size_t t) {
                if (error[t] > 0.5f * contrast_) add_node(int(t) % paint_tile_side, int(t) / paint_tile_side, 1, cell);
            });
        }
    };
    const auto smooth = [](Detail& detail) {
        constexpr int reach = 2;
        for (int cell = 0; cell < node_cells * node_cells; ++cell) {
            float sum = 0, weights = 0;
            for (int y = cell / node_cells - reach; y <= cell / node_cells + reach; ++y)
                for (int x = cell % node_cells - reach; x <= cell % node_cells + reach; ++x) {
                    if (x < 0 || y < 0 || x >= node_cells || y >= node_cells) continue;
                    const SeenSplats& seen = detail.seen[std::size_t(y * node_cells + x)];
                    if (seen.count <= 0) continue;
                    sum += seen.height;
                    weights += 1;
                }
            detail.height[std::size_t(cell)] = weights > 0 ? sum / weights : 0;
        }
    };
    parallel_for(work.size(), 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            make(work[i].first, *work[i].second);
            if (work[i].second->wanted) smooth(*work[i].second);
        }
    });
    for (const auto& [key, detail] : work)
        if (!detail->wanted) details_.erase(key);
}

Part<AnchoredSplats> PaintedSplats::compose(const PaintStack& stack, const AnchoredSplats& splats) {
    std::vector<Drawn> drawn;
    for (const PaintLayer& layer : stack.layers)
        if (layer.texels && shown_opacity(stack, layer) > 0) drawn.push_back({&layer, shown_opacity(stack, layer)});
    AnchoredSplats shown = splats;
    std::vector<const LayerCover*> covers;
    for (const Drawn& of : drawn) covers.push_back(layers_.at(of.layer->id).get());
    std::vector<float> covered(splats.count, 0.0f);  // how much paint each shows
    parallel_for(splats.count, 2048, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            Layered over{color_of(splats, int(i))};
            for (std::size_t k = 0; k < drawn.size(); ++k) over.add(drawn[k], covers[k]->of_splat[i]);
            if (over.left == 1) continue;
            covered[i] = 1 - over.left;
            Eigen::Vector3f::Map(&shown.albedo[3 * i]) = over.shown();
            shown.offset[3 * i + 2] += over.relief;
            if (over.erased < 1) {
                const float opacity = std::max(over.erased / (1 + std::exp(-splats.opacity_logit[i])), 1e-4f);
                shown.opacity_logit[i] = std::log(opacity / (1 - opacity));
            }
        }
    });

    struct Fine {
        const Detail::Node* node;
        Eigen::Vector3f color;
        float opacity, height;
        SplatPart part;
    };
    std::vector<const Detail*> details;
    for (const auto& [key, detail] : details_) details.push_back(detail.get());
    std::vector<std::vector<Fine>> made(details.size());
    parallel_for(details.size(), 4, [&](std::size_t begin, std::size_t end) {
        for (std::size_t d = begin; d < end; ++d) {
            const Detail& detail = *details[d];
            std::vector<const std::vector<Eigen::Vector4f>*> texels;
            for (const Drawn& of : drawn) {
                const auto found = detail.texels.find(of.layer->id);
                texels.push_back(found == detail.texels.end() ? nullptr : &found->second);
            }
            int cell = -1;
            Eigen::Vector3f own = Eigen::Vector3f::Zero(),
                            now = own;  // the avatar's own color there, and with the paint that its Gaussians show
            float shows = 0;
            for (std::size_t n = 0; n < detail.nodes.size(); ++n) {
                const Detail::Node& node = detail.nodes[n];
                const SeenSplats& seen = detail.seen[std::size_t(node.cell)];
                if (node.cell != cell) {
                    cell = node.cell;
                    own = now = Eigen::Vector3f::Zero();
                    shows = 0;
                    for (int k = 0; k < seen.count; ++k) {
                        const float w = seen.weight[std::size_t(k)];
                        const int i = seen.splat[std::size_t(k)];
                        own += w * color_of(splats, i);
                        now += w * color_of(shown, i);
                        shows += w * covered[std::size_t(i)];
                    }
                }
                Layered over{own};
                for (std::size_t k = 0; k < drawn.size(); ++k)
                    if (texels[k]) over.add(drawn[k], (*texels[k])[n]);
                const Eigen::Vector3f change = over.shown() - now;
                if (change.cwiseAbs().maxCoeff() < 0.5f * contrast_) continue;
                const float paint = 1 - over.left;
                float opacity = paint >= shows ? (paint - shows) / std::max(1 - shows, 1e-3f)
                                               : (shows - paint) / std::max(shows, 1e-3f);
                for (int c = 0; c < 3; ++c)
                    opacity = std::max(opacity, change[c] > 0 ? change[c] / std::max(1 - now[c], 1e-3f)
                                                              : -change[c] / std::max(now[c], 1e-3f));
                opacity = std::clamp(opacity, 0.02f, 1.0f);
                const Eigen::Vector3f color = (now + change / opacity).cwiseMax(0.0f).cwiseMin(1.0f);
                opacity = std::min(opacity * over.erased, fine_opacity);
                if (opacity < 0.01f) continue;
                made[d].push_back({&node, color, opacity, detail.height_at(node) + fine_lift + over.relief,
                                   splats.part[std::size_t(seen.splat[0])]});
            }
        }
    });
    fine_ = 0;
    for (const auto& of : made) fine_ += of.size();
    if (fine_ > most_fine) return {};
    shown.painted_from = splats.count;
    std::size_t i = splats.count;
    shown.resize(splats.count + fine_);
    for (const auto& of : made)
        for (const Fine& fine : of) {
            shown.atlas[i] = fine.node->atlas;
            shown.anchor[i] = fine.node->place;
            shown.part[i] = fine.part;
            Eigen::Vector3f::Map(&shown.albedo[3 * i]) = fine.color;
            Eigen::Vector3f::Map(&shown.offset[3 * i]) = Eigen::Vector3f(0, 0, fine.height);
            const float spread = std::log((fine.node->texels == 1 ? edge_spread : even_spread) * fine.node->side);
            Eigen::Vector3f::Map(&shown.log_scale[3 * i]) = Eigen::Vector3f(spread, spread, std::log(fine_thickness));
            Eigen::Vector4f::Map(&shown.rotation[4 * i]) = Eigen::Vector4f(1, 0, 0, 0);
            shown.opacity_logit[i] = std::log(fine.opacity / (1 - fine.opacity));
            ++i;
        }
    return shown;
}

Avatar painted(Avatar avatar) {
    PaintedSplats painter;
    avatar.splats = painter.update(avatar);
    return avatar;
}

}  // namespace likeness
