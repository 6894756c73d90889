// A layer of paint as the avatar's Gaussians show it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/avatar/paint.h"
#include "core/editing/paint_blend.h"
#include "core/editing/splat_cover.h"

namespace likeness {

struct LayerCover {
    std::shared_ptr<const PaintTexels> texels, mask, region_mask;
    std::string region;
    PaintBlend blend = PaintBlend::normal;
    bool shapes = false;                    // relief or erase
    std::vector<Eigen::Vector4f> of_splat;  // [count] premultiplied
};

// Its opacity with its groups', and what Gaussians show of it.
struct DrawnLayer {
    const PaintLayer* layer;
    const LayerCover* cover;
    float opacity;
};

// What layers make of a place, one over the other.
struct LayeredColor {
    Eigen::Vector3f color;
    float left = 1, erased = 1, relief = 0;  // left: of the avatar's own color; erased: of its opacity; metres

    void add(const DrawnLayer& of, const Eigen::Vector4f& texel) {
        if (texel[3] <= 0) return;
        const float alpha = texel[3] * of.opacity;
        color = laid_over(of.layer->blend, color, texel, of.opacity);
        left *= 1 - alpha;
        erased *= 1 - of.layer->erase * alpha;
        relief += of.layer->relief * alpha;
    }
    Eigen::Vector3f shown() const { return color.cwiseMax(0.0f).cwiseMin(1.0f); }
};

// The mask of a layer's region; null for no name. Of a region that the head does not have nothing is shown.
std::shared_ptr<const PaintTexels> region_mask(const PaintSurface& surface, const std::string& name);

// A layer's texels with its masks, premultiplied, at the texels of a tile of the surface's own level; zero beside the
// charts. Empty where nothing is painted. `region`: the mask of the layer's region; null for none.
std::vector<Eigen::Vector4f> layer_texels(const PaintLayer& layer, const PaintTexels* region, const PaintTileKey& key,
                                          const TileSurface& lies);

// What a Gaussian can show of a layer: nothing where a part of what it covers is not painted.
Eigen::Vector4f cover_of(const PaintLayer& layer, const PaintTexels* region, const Footprint& footprint);

}  // namespace likeness
