#include "core/avatar/paint.h"

#include <algorithm>

namespace likeness {

const PaintLayer* paint_layer(const PaintStack& stack, int id) {
    const auto found =
        std::find_if(stack.layers.begin(), stack.layers.end(), [&](const PaintLayer& layer) { return layer.id == id; });
    return id > 0 && found != stack.layers.end() ? &*found : nullptr;
}

int new_paint_layer_id(const PaintStack& stack) {
    int last = 0;
    for (const PaintLayer& layer : stack.layers) last = std::max(last, layer.id);
    return last + 1;
}

float shown_opacity(const PaintStack& stack, const PaintLayer& layer) {
    float opacity = layer.visible ? layer.opacity : 0.0f;
    // No deeper than there are layers: a file may say that two groups are in each other.
    int group = layer.group;
    for (std::size_t depth = 0; group != 0 && depth < stack.layers.size(); ++depth) {
        const PaintLayer* const above = paint_layer(stack, group);
        if (!above) break;
        opacity *= above->visible ? above->opacity : 0.0f;
        group = above->group;
    }
    return opacity;
}

std::size_t content_bytes(const PaintStack& stack, const BlockVisitor& shared) {
    std::size_t bytes = sizeof(PaintStack);
    for (const PaintLayer& layer : stack.layers) {
        bytes += sizeof(PaintLayer);
        for (const auto& texels : {layer.texels, layer.mask})
            if (texels) shared(texels.get(), content_bytes(*texels, shared));
        if (layer.sticker) {
            const Image& picture = *layer.sticker->picture;
            shared(layer.sticker.get(), sizeof(Sticker));
            shared(&picture, picture.pixels.size() * sizeof(float));
        }
        if (layer.make_up) shared(layer.make_up.get(), sizeof(MakeUp));
    }
    return bytes;
}

}  // namespace likeness
