#include "core/editing/fine_tile.h"

#include <algorithm>
#include <cmath>

namespace likeness {
namespace {

// Standard deviation of a fine Gaussian over the distance to the next: at edges, and in what is even.
constexpr float edge_spread = 0.5f, even_spread = 0.6f;
constexpr float fine_opacity = 0.985f;
// Metres above the outermost of the avatar's own: a little less and those shine through, more and paint floats.
constexpr float fine_lift = 3.5e-4f;

Eigen::Vector3f color_of(const AnchoredSplats& splats, int i) {
    return Eigen::Vector3f::Map(&splats.albedo[3 * std::size_t(i)]);
}

// Calls visit(texel) for those of a square that lie on a chart.
template <class Visit>
void each_texel(const TileSurface& lies, int left, int top, int side, const Visit& visit) {
    for (int j = top; j < top + side; ++j)
        for (int i = left; i < left + side; ++i)
            if (const std::size_t t = std::size_t(j * paint_tile_side + i); lies.inside[t]) visit(t);
}

}  // namespace

// What paint the avatar's own Gaussians do not show.
struct FineTile::Unshown {
    std::vector<float> error = std::vector<float>(paint_tile_texels, 0.0f);  // by texel
    std::array<bool, cells> wanted{}, even{};  // even: all texels are there and painted alike

    // Large Gaussians only amid their like: over an edge they would blur it.
    bool amid_even(int cell) const {
        for (int y = cell / cells_across - 1; y <= cell / cells_across + 1; ++y)
            for (int x = cell % cells_across - 1; x <= cell % cells_across + 1; ++x)
                if (x >= 0 && y >= 0 && x < cells_across && y < cells_across &&
                    !even[std::size_t(y * cells_across + x)])
                    return false;
        return true;
    }
};

void FineTile::look(const SplatCover& cover, const TileSurface& lies) {
    std::array<float, cells> height{};
    for (int cell = 0; cell < cells; ++cell) {
        const int x = cell % cells_across * cell_side, y = cell / cells_across * cell_side;
        // From its middle, or what of it is nearest to there.
        int nearest = -1, distance = 2 * cell_side * cell_side;
        each_texel(lies, x, y, cell_side, [&](std::size_t t) {
            const int dx = int(t) % paint_tile_side - x - cell_side / 2,
                      dy = int(t) / paint_tile_side - y - cell_side / 2;
            if (dx * dx + dy * dy < distance) {
                distance = dx * dx + dy * dy;
                nearest = int(t);
            }
        });
        if (nearest >= 0) {
            const SeenSplats seen = cover.seen_at(lies.point(nearest));
            seen_splat_.insert(seen_splat_.end(), seen.splat.begin(), seen.splat.begin() + seen.count);
            seen_weight_.insert(seen_weight_.end(), seen.weight.begin(), seen.weight.begin() + seen.count);
            height[std::size_t(cell)] = seen.height;
        }
        first_[std::size_t(cell) + 1] = std::uint32_t(seen_splat_.size());
    }
    constexpr int reach = 2;
    for (int cell = 0; cell < cells; ++cell) {
        float sum = 0, weights = 0;
        for (int y = cell / cells_across - reach; y <= cell / cells_across + reach; ++y)
            for (int x = cell % cells_across - reach; x <= cell % cells_across + reach; ++x) {
                if (x < 0 || y < 0 || x >= cells_across || y >= cells_across) continue;
                const std::size_t near = std::size_t(y * cells_across + x);
                if (first_[near] == first_[near + 1]) continue;
                sum += height[near];
                weights += 1;
            }
        height_[std::size_t(cell)] = weights > 0 ? sum / weights : 0;
    }
}

FineTile::Unshown FineTile::find_unshown(const TileSurface& lies, const std::vector<LayerTexels>& layers,
                                         const AnchoredSplats& splats, float contrast) const {
    Unshown unshown;
    const auto even = [&](int left, int top) {
        for (const LayerTexels& of : layers) {
            Eigen::Vector4f low = Eigen::Vector4f::Constant(2), high = Eigen::Vector4f::Constant(-1);
            int count = 0;
            each_texel(lies, left, top, cell_side, [&](std::size_t t) {
                ++count;
                low = low.cwiseMin(of.texels[t]);
                high = high.cwiseMax(of.texels[t]);
            });
            if (count < cell_side * cell_side || (high - low).maxCoeff() > contrast) return false;
        }
        return true;
    };
    for (std::size_t cell = 0; cell < cells; ++cell) {
        const int x = int(cell) % cells_across * cell_side, y = int(cell) / cells_across * cell_side;
        if (first_[cell] == first_[cell + 1]) continue;  // nothing is seen there
        Eigen::Vector3f own = Eigen::Vector3f::Zero();
        for (std::uint32_t k = first_[cell]; k < first_[cell + 1]; ++k)
            own += seen_weight_[k] * color_of(splats, seen_splat_[k]);
        float most = 0;
        for (const LayerTexels& of : layers) {
            Eigen::Vector4f shown = Eigen::Vector4f::Zero();
            for (std::uint32_t k = first_[cell]; k < first_[cell + 1]; ++k)
                shown += seen_weight_[k] * of.of->cover->of_splat[std::size_t(seen_splat_[k])];
            const PaintLayer& layer = *of.of->layer;
            const Eigen::Vector3f with = laid_over(layer.blend, own, shown, 1);
            const bool shape = layer.relief != 0 || layer.erase != 0;
            each_texel(lies, x, y, cell_side, [&](std::size_t t) {
                const Eigen::Vector4f& texel = of.texels[t];
                float e = (laid_over(layer.blend, own, texel, 1) - with).cwiseAbs().maxCoeff();
                if (shape) e = std::max(e, std::abs(texel[3] - shown[3]));
                unshown.error[t] = std::max(unshown.error[t], e);
                most = std::max(most, e);
            });
        }
        unshown.wanted[cell] = most >= contrast;
        unshown.even[cell] = even(x, y);
    }
    return unshown;
}

void FineTile::add_node(const PaintSurface& surface, const PaintTileKey& key, const TileSurface& lies,
                        const std::vector<LayerTexels>& layers, int x, int y, int side, int cell) {
    const int middle = (y + side / 2) * paint_tile_side + x + side / 2;
    if (!lies.inside[std::size_t(middle)]) return;
    const float half = 0.5f * float(side) - float(side / 2) - 0.5f;  // from that texel's middle to the node's
    const Eigen::Vector2f atlas =
        paint_texel_position(key, middle) + half * paint_texel_size(key.level) * Eigen::Vector2f::Ones();
    const SurfacePoint place = side > 1 ? surface.at(atlas) : lies.point(middle);
    const Eigen::Vector3f at = lies.position[std::size_t(middle)];
    // How far the next texel is; at a chart's edge, the one before.
    float step = 0;
    int steps = 0;
    for (const int next : {1, -1, paint_tile_side, -paint_tile_side}) {
        const int t = middle + next;
        if (t < 0 || t >= paint_tile_texels || !lies.inside[std::size_t(t)]) continue;
        if (std::abs(next) == 1 && t / paint_tile_side != middle / paint_tile_side) continue;
        step += (lies.position[std::size_t(t)] - at).norm();
        ++steps;
    }
    if (steps == 0) return;
    const float middle_of = 0.5f * float(side);
    nodes_.push_back(
        {place, atlas, float(side) * step / float(steps), cell, float(x) + middle_of, float(y) + middle_of, side});
    for (const LayerTexels& of : layers) {
        Eigen::Vector4f sum = Eigen::Vector4f::Zero();
        int count = 0;
        each_texel(lies, x, y, side, [&](std::size_t t) { sum += of.texels[t], ++count; });
        texels_[of.of->layer->id].push_back(sum / float(std::max(count, 1)));
    }
}

bool FineTile::place(const PaintSurface& surface, const PaintTileKey& key, const TileSurface& lies,
                     const std::vector<DrawnLayer>& drawn, const AnchoredSplats& splats, float contrast) {
    nodes_.clear();
    texels_.clear();
    fine_.clear();
    std::vector<LayerTexels> layers;
    for (const DrawnLayer& of : drawn)
        if (auto texels = layer_texels(*of.layer, of.cover->region_mask.get(), key, lies); !texels.empty())
            layers.push_back({&of, std::move(texels)});
    if (layers.empty()) return false;
    const Unshown unshown = find_unshown(lies, layers, splats, contrast);
    for (int cell = 0; cell < cells; ++cell) {
        if (!unshown.wanted[std::size_t(cell)]) continue;
        const int x = cell % cells_across * cell_side, y = cell / cells_across * cell_side;
        if (unshown.even[std::size_t(cell)]) {
            const int side = unshown.amid_even(cell) ? cell_side : cell_side / 2;
            for (int j = y; j < y + cell_side; j += side)
                for (int i = x; i < x + cell_side; i += side) add_node(surface, key, lies, layers, i, j, side, cell);
            continue;
        }
        each_texel(lies, x, y, cell_side, [&](std::size_t t) {
            if (unshown.error[t] > 0.5f * contrast)
                add_node(surface, key, lies, layers, int(t) % paint_tile_side, int(t) / paint_tile_side, 1, cell);
        });
    }
    return true;
}

// Between the cells' middles.
float FineTile::height_at(const Node& node) const {
    constexpr float last = cells_across - 1;
    const float x = std::clamp(node.x / cell_side - 0.5f, 0.0f, last),
                y = std::clamp(node.y / cell_side - 0.5f, 0.0f, last);
    const int left = std::min(int(x), cells_across - 2), top = std::min(int(y), cells_across - 2);
    const float fx = x - float(left), fy = y - float(top);
    const auto of = [&](int i, int j) { return height_[std::size_t(j * cells_across + i)]; };
    return (1 - fy) * ((1 - fx) * of(left, top) + fx * of(left + 1, top)) +
           fy * ((1 - fx) * of(left, top + 1) + fx * of(left + 1, top + 1));
}

void FineTile::compose(const std::vector<DrawnLayer>& drawn, const AnchoredSplats& splats, const AnchoredSplats& shown,
                       const std::vector<float>& covered, float contrast) {
    fine_.clear();
    std::vector<const std::vector<Eigen::Vector4f>*> texels;
    for (const DrawnLayer& of : drawn) {
        const auto found = texels_.find(of.layer->id);
        texels.push_back(found == texels_.end() ? nullptr : &found->second);
    }
    int cell = -1;
    // The avatar's own color there, and with the paint that its Gaussians show.
    Eigen::Vector3f own = Eigen::Vector3f::Zero(), now = own;
    float shows = 0;
    SplatPart part{};
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
        const Node& node = nodes_[n];
        if (node.cell != cell) {
            cell = node.cell;
            own = now = Eigen::Vector3f::Zero();
            shows = 0;
            const std::uint32_t first = first_[std::size_t(cell)];
            part = splats.part[std::size_t(seen_splat_[first])];
            for (std::uint32_t k = first; k < first_[std::size_t(cell) + 1]; ++k) {
                const float w = seen_weight_[k];
                const int i = seen_splat_[k];
                own += w * color_of(splats, i);
                now += w * color_of(shown, i);
                shows += w * covered[std::size_t(i)];
            }
        }
        LayeredColor over{own};
        for (std::size_t k = 0; k < drawn.size(); ++k)
            if (texels[k]) over.add(drawn[k], (*texels[k])[n]);
        const Eigen::Vector3f change = over.shown() - now;
        if (change.cwiseAbs().maxCoeff() < 0.5f * contrast) continue;
        const float paint = 1 - over.left;
        float opacity =
            paint >= shows ? (paint - shows) / std::max(1 - shows, 1e-3f) : (shows - paint) / std::max(shows, 1e-3f);
        for (int c = 0; c < 3; ++c)
            opacity = std::max(opacity, change[c] > 0 ? change[c] / std::max(1 - now[c], 1e-3f)
                                                      : -change[c] / std::max(now[c], 1e-3f));
        opacity = std::clamp(opacity, 0.02f, 1.0f);
        const Eigen::Vector3f color = (now + change / opacity).cwiseMax(0.0f).cwiseMin(1.0f);
        opacity = std::min(opacity * over.erased, fine_opacity);
        if (opacity < 0.01f) continue;
        fine_.push_back({node.place, node.atlas, (node.texels == 1 ? edge_spread : even_spread) * node.side, color,
                         opacity, height_at(node) + fine_lift + over.relief, part});
    }
}

}  // namespace likeness
