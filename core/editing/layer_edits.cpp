#include "core/editing/layer_edits.h"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "core/editing/brush.h"
#include "core/editing/paint_blend.h"

namespace likeness {
namespace {

Error layer_error(const std::string& sentence) { return {ErrorCode::invalid_argument, sentence, ""}; }
Error unknown_layer(int id) { return layer_error("There is no layer " + std::to_string(id) + "."); }

std::size_t index_of(const PaintStack& stack, int id) {
    std::size_t i = 0;
    while (i < stack.layers.size() && stack.layers[i].id != id) ++i;
    return i;
}

// The layer and all that is in it, in their order.
std::set<int> with_contents(const PaintStack& stack, int id) {
    std::set<int> ids{id};
    for (std::size_t before = 0; before != ids.size();) {
        before = ids.size();
        for (const PaintLayer& layer : stack.layers)
            if (ids.contains(layer.group)) ids.insert(layer.id);
    }
    return ids;
}

std::vector<PaintLayer> taken_out(PaintStack& stack, int id) {
    const std::set<int> ids = with_contents(stack, id);
    std::vector<PaintLayer> out;
    for (const PaintLayer& layer : stack.layers)
        if (ids.contains(layer.id)) out.push_back(layer);
    std::erase_if(stack.layers, [&](const PaintLayer& layer) { return ids.contains(layer.id); });
    return out;
}

// The first of the layer's own block, and one after its last.
std::pair<std::size_t, std::size_t> block_of(const PaintStack& stack, int id) {
    const std::set<int> ids = with_contents(stack, id);
    std::size_t first = stack.layers.size(), last = 0;
    for (std::size_t i = 0; i < stack.layers.size(); ++i)
        if (ids.contains(stack.layers[i].id)) {
            first = std::min(first, i);
            last = i + 1;
        }
    return {first, last};
}

void put(PaintStack& stack, std::size_t at, const std::vector<PaintLayer>& layers) {
    stack.layers.insert(stack.layers.begin() + std::ptrdiff_t(at), layers.begin(), layers.end());
}

std::string free_name(const PaintStack& stack, const std::string& wanted) {
    const auto taken = [&](const std::string& name) {
        return std::ranges::any_of(stack.layers, [&](const PaintLayer& layer) { return layer.name == name; });
    };
    if (!taken(wanted)) return wanted;
    // "Paint 2" is followed by "Paint 3".
    std::string stem = wanted;
    while (!stem.empty() && stem.back() >= '0' && stem.back() <= '9') stem.pop_back();
    if (stem.size() == wanted.size() || stem.empty() || stem.back() != ' ') stem = wanted + " ";
    for (std::size_t n = 2;; ++n)
        if (const std::string name = stem + std::to_string(n); !taken(name)) return name;
}

// The next beneath (or above) in the same group; null when it is the last one.
const PaintLayer* neighbour(const PaintStack& stack, int id, bool above) {
    const PaintLayer* const layer = paint_layer(stack, id);
    const PaintLayer* found = nullptr;
    bool passed = false;
    for (const PaintLayer& other : stack.layers) {
        if (other.id == id) {
            if (!above) return found;
            passed = true;
            continue;
        }
        if (other.group != layer->group) continue;
        if (above && passed) return &other;
        if (!passed) found = &other;
    }
    return nullptr;
}

std::uint8_t rounded(float x) { return std::uint8_t(std::clamp(x, 0.0f, 255.0f) + 0.5f); }

bool any_alpha(const PaintTile& tile) {
    return std::ranges::any_of(tile.texels, [](const PaintTexel& texel) { return texel[3] != 0; });
}

// Both as fine as the finer one, in all blocks of `texels`.
void refine_to(PaintTexels& texels, const PaintTexels& other) {
    for (int b = 0; b < paint_block_count; ++b)
        if (texels.level(b) >= 0) refine_block(texels, b, other.level(b));
}

}  // namespace

std::size_t paint_bytes(const PaintStack& stack) {
    std::unordered_set<const PaintTile*> tiles;
    for (const PaintLayer& layer : stack.layers)
        for (const auto& texels : {layer.texels, layer.mask})
            if (texels) texels->each_tile([&](const PaintTileKey&, const auto& tile) { tiles.insert(tile.get()); });
    return tiles.size() * sizeof(PaintTile);
}

Error paint_full() {
    return {ErrorCode::invalid_argument,
            "The layers have no room for more: they take 200 MB already. Merge or remove some.", ""};
}

std::string layer_key(const PaintStack& stack, const PaintLayer& layer) {
    const bool alone = 1 == std::ranges::count_if(stack.layers, [&](const PaintLayer& other) {
                           return other.name == layer.name;
                       });
    return alone && !layer.name.empty() ? layer.name : std::to_string(layer.id);
}

bool is_paintable(const PaintLayer& layer) { return !layer.is_group && !layer.sticker && !layer.make_up; }

Result<int> add_layer(PaintStack& stack, PaintLayer layer, int above) {
    if (stack.layers.size() >= most_paint_layers)
        return layer_error("An avatar has at most " + std::to_string(most_paint_layers) + " layers; merge some.");
    layer.id = new_paint_layer_id(stack);
    layer.group = 0;
    layer.name = free_name(stack, layer.name.empty() ? "Layer" : layer.name);
    std::size_t at = stack.layers.size();
    if (above != 0) {
        const PaintLayer* const below = paint_layer(stack, above);
        if (!below) return unknown_layer(above);
        at = index_of(stack, above) + (below->is_group ? 0 : 1);
        layer.group = below->is_group ? below->id : below->group;
    }
    const int id = layer.id;
    put(stack, at, {std::move(layer)});
    return id;
}

Status remove_layer(PaintStack& stack, int id) {
    if (!paint_layer(stack, id)) return unknown_layer(id);
    taken_out(stack, id);
    return {};
}

Result<int> duplicate_layer(PaintStack& stack, int id) {
    if (!paint_layer(stack, id)) return unknown_layer(id);
    const auto [first, last] = block_of(stack, id);
    std::vector<PaintLayer> copies(stack.layers.begin() + std::ptrdiff_t(first),
                                   stack.layers.begin() + std::ptrdiff_t(last));
    if (stack.layers.size() + copies.size() > most_paint_layers)
        return layer_error("An avatar has at most " + std::to_string(most_paint_layers) + " layers; merge some.");
    std::map<int, int> ids;
    int next = new_paint_layer_id(stack);
    for (PaintLayer& copy : copies) {
        ids[copy.id] = next;
        copy.id = next++;
        if (copy.id == ids[id]) copy.name = free_name(stack, copy.name + " copy");
    }
    for (PaintLayer& copy : copies)
        if (const auto found = ids.find(copy.group); found != ids.end()) copy.group = found->second;
    put(stack, last, copies);
    return ids[id];
}

Status move_layer(PaintStack& stack, int id, LayerPlace place, int target) {
    const PaintLayer* const layer = paint_layer(stack, id);
    if (!layer) return unknown_layer(id);
    if (place == LayerPlace::up || place == LayerPlace::down) {
        const bool up = place == LayerPlace::up;
        if (const PaintLayer* const next = neighbour(stack, id, up)) {
            target = next->id;
        } else if (layer->group != 0 && paint_layer(stack, layer->group)) {
            target = layer->group;  // out of the group
        } else {
            return {};
        }
        place = up ? LayerPlace::above : LayerPlace::below;
    }
    if (place == LayerPlace::top || place == LayerPlace::bottom) {
        std::vector<PaintLayer> block = taken_out(stack, id);
        block.back().group = 0;
        put(stack, place == LayerPlace::top ? stack.layers.size() : 0, block);
        return {};
    }
    const PaintLayer* const other = paint_layer(stack, target);
    if (!other) return unknown_layer(target);
    if (with_contents(stack, id).contains(target)) return layer_error("A layer cannot be moved into itself.");
    if (place == LayerPlace::into && !other->is_group)
        return layer_error("'" + other->name + "' is no group; choose one, or 'above' or 'below'.");
    const int group = place == LayerPlace::into ? other->id : other->group;
    std::vector<PaintLayer> block = taken_out(stack, id);
    block.back().group = group;
    const auto [first, last] = block_of(stack, target);
    put(stack, place == LayerPlace::below ? first : place == LayerPlace::into ? last - 1 : last, block);
    return {};
}

Result<int> group_layer(PaintStack& stack, int id) {
    if (!paint_layer(stack, id)) return unknown_layer(id);
    PaintLayer group{.is_group = true, .name = "Group"};
    group.group = paint_layer(stack, id)->group;
    const int above = group.group;
    auto added = add_layer(stack, std::move(group), id);
    if (!added) return added;
    // Beside the layer, and of its group, also if that is a group itself.
    auto block = taken_out(stack, *added);
    block.back().group = above;
    put(stack, block_of(stack, id).second, block);
    if (Status moved = move_layer(stack, id, LayerPlace::into, *added); !moved) return moved.error();
    return added;
}

Status ungroup_layer(PaintStack& stack, int id) {
    const PaintLayer* const group = paint_layer(stack, id);
    if (!group) return unknown_layer(id);
    if (!group->is_group) return layer_error("'" + group->name + "' is no group.");
    const int above = group->group;
    for (PaintLayer& layer : stack.layers)
        if (layer.group == id) layer.group = above;
    std::erase_if(stack.layers, [&](const PaintLayer& layer) { return layer.id == id; });
    return {};
}

PaintTexels masked(const PaintTexels& texels, const PaintTexels& mask) {
    PaintTexels from = texels;
    refine_to(from, mask);
    PaintTexels made = from;
    from.each_tile([&](const PaintTileKey& key, const auto& tile) {
        auto next = std::make_shared<PaintTile>(*tile);
        for (int i = 0; i < paint_tile_texels; ++i) {
            std::uint8_t& alpha = next->texels[std::size_t(i)][3];
            if (alpha != 0) alpha = rounded(float(alpha) * mask.nearest(paint_texel_position(key, i))[3]);
        }
        made.set_tile(key, any_alpha(*next) ? std::move(next) : nullptr);
    });
    return made;
}

PaintTexels faded(const PaintTexels& texels, float opacity) {
    if (opacity >= 1) return texels;
    PaintTexels made = texels;
    texels.each_tile([&](const PaintTileKey& key, const auto& tile) {
        auto next = std::make_shared<PaintTile>(*tile);
        for (PaintTexel& texel : next->texels) texel[3] = rounded(float(texel[3]) * opacity);
        made.set_tile(key, any_alpha(*next) ? std::move(next) : nullptr);
    });
    return made;
}

PaintTexels laid_over(const PaintTexels& above, const PaintTexels& below, PaintBlend mode) {
    PaintTexels over = above, made = below;
    refine_to(over, below);
    refine_to(made, above);
    over.each_tile([&](const PaintTileKey& key, const auto& tile) {
        const auto under = made.tile(key);
        if (!under) {
            made.set_tile(key, tile);
            return;
        }
        auto next = std::make_shared<PaintTile>(*under);
        for (std::size_t i = 0; i < paint_tile_texels; ++i) {
            const PaintTexel &a = tile->texels[i], &b = under->texels[i];
            const float share = float(a[3]) / 255.0f, beneath = float(b[3]) / 255.0f,
                        alpha = share + beneath * (1 - share);
            if (a[3] == 0 || alpha <= 0) continue;
            const Eigen::Vector3f upper(a[0], a[1], a[2]), lower(b[0], b[1], b[2]);
            const Eigen::Vector3f both = 255 * blended(mode, lower / 255, upper / 255);
            const Eigen::Vector3f color =
                (share * ((1 - beneath) * upper + beneath * both) + (1 - share) * beneath * lower) / alpha;
            for (std::size_t c = 0; c < 3; ++c) next->texels[i][c] = rounded(color[Eigen::Index(c)]);
            next->texels[i][3] = rounded(255 * alpha);
        }
        made.set_tile(key, std::move(next));
    });
    return made;
}

Status merge_down(PaintStack& stack, int id) {
    const PaintLayer* const layer = paint_layer(stack, id);
    if (!layer) return unknown_layer(id);
    const PaintLayer* const below = neighbour(stack, id, false);
    if (!below) return layer_error("There is no layer below '" + layer->name + "' to merge it with.");
    if (layer->is_group || below->is_group) return layer_error("A group cannot be merged; ungroup it first.");
    if (!layer->visible || !below->visible) return layer_error("A hidden layer cannot be merged; show it first.");
    const std::string both = "'" + layer->name + "' and '" + below->name + "'";
    if (layer->region != below->region) return layer_error(both + " are kept to different regions.");
    if (layer->relief != below->relief || layer->erase != below->erase)
        return layer_error(both + " change the surface in different ways.");
    const auto own_look = [](const PaintLayer& of) {
        PaintTexels texels = of.texels ? *of.texels : PaintTexels();
        if (of.mask) texels = masked(texels, *of.mask);
        return faded(texels, of.opacity);
    };
    PaintLayer merged = *below;
    merged.texels = std::make_shared<const PaintTexels>(laid_over(own_look(*layer), own_look(*below), layer->blend));
    merged.opacity = 1;
    merged.mask = nullptr;
    merged.sticker = nullptr;
    merged.make_up = nullptr;
    stack.layers[index_of(stack, below->id)] = std::move(merged);
    return remove_layer(stack, id);
}

Status edit_mask(PaintStack& stack, int id, MaskEdit edit, const PaintSurface& surface) {
    if (!paint_layer(stack, id)) return unknown_layer(id);
    PaintLayer& layer = stack.layers[index_of(stack, id)];
    if (layer.is_group) return layer_error("A group has no mask.");
    if (edit == MaskEdit::remove) {
        layer.mask = nullptr;
        return {};
    }
    if (edit == MaskEdit::apply) {
        if (!layer.mask) return layer_error("'" + layer.name + "' has no mask.");
        if (!is_paintable(layer))
            return layer_error("A mask is not made part of a sticker or make-up, which may be changed again.");
        if (layer.texels) layer.texels = std::make_shared<const PaintTexels>(masked(*layer.texels, *layer.mask));
        layer.mask = nullptr;
        return {};
    }
    // White tiles are one and the same tile.
    auto white = std::make_shared<PaintTile>();
    white->texels.fill({255, 255, 255, 255});
    const auto mask = std::make_shared<PaintTexels>();
    if (edit == MaskEdit::show || (edit == MaskEdit::invert && layer.mask)) {
        for (int b = 0; b < paint_block_count; ++b) {
            const int there = edit == MaskEdit::invert ? layer.mask->level(b) : -1;
            const int level = std::max(there, surface.level(b)), side = 1 << level;
            PaintTexels old = edit == MaskEdit::invert ? *layer.mask : PaintTexels();
            refine_block(old, b, level);
            for (int y = 0; y < side; ++y)
                for (int x = 0; x < side; ++x) {
                    const PaintTileKey key{b, level, x, y};
                    const auto tile = old.tile(key);
                    if (!tile) {
                        mask->set_tile(key, white);
                        continue;
                    }
                    auto next = std::make_shared<PaintTile>(*tile);
                    for (PaintTexel& texel : next->texels) texel[3] = std::uint8_t(255 - texel[3]);
                    mask->set_tile(key, any_alpha(*next) ? std::move(next) : nullptr);
                }
        }
    }
    layer.mask = mask;
    return {};
}

}  // namespace likeness
