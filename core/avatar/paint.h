// Paint over an avatar's own colors: layers in order, each with texels over the atlas. Nothing of the avatar beneath is
// lost: what is shown is made of both (core/editing/painted_splats.h).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/avatar/paint_texels.h"
#include "core/image/image.h"

namespace likeness {

// How a layer's color meets the one beneath, both sRGB-encoded (W3C Compositing and Blending Level 1, chapters 9 and
// 10; `color` takes hue and saturation of the layer, `luminosity` its lightness).
enum class PaintBlend : std::uint8_t { normal, multiply, screen, overlay, soft_light, color, luminosity };
inline constexpr std::array<const char*, 7> paint_blend_names = {"normal",     "multiply", "screen",    "overlay",
                                                                 "soft_light", "color",    "luminosity"};

// A picture put on the skin.
struct Sticker {
    std::shared_ptr<const Image> picture;  // RGBA, straight alpha; never null
    std::string file;                      // where the picture came from; empty for text
    // What a text sticker says; `picture` was made of it.
    std::string text, font;
    Eigen::Vector2f atlas = Eigen::Vector2f::Zero();  // of its middle
    float width = 0.04f;                              // metres on the skin; the height follows from the picture
    float angle = 0;                                  // radians, counter-clockwise as one sees it; 0: upright
    float stretch = 1;                                // of the height
    bool projected = false;  // through the skin's plane at the middle; else laid along the skin
    bool pair = false;       // also on the other side of the face, mirrored
    // Corners and points between moved, as shares of width and height, 4 x 4 rows from the top left; zero: not warped.
    std::array<Eigen::Vector2f, 16> warp{};
    Sticker() { warp.fill(Eigen::Vector2f::Zero()); }
};

// Cosmetics as numbers, from which the layer's texels are made (core/editing/make_up.h).
struct MakeUp {
    std::string kind;                     // "lipstick"
    std::array<float, 3> color{};         // sRGB-encoded
    std::map<std::string, float> amount;  // by name, mostly in [0, 1]
};

struct PaintLayer {
    int id = 0;             // unique in the stack, > 0
    int group = 0;          // the id of the group that it is in; 0: none
    bool is_group = false;  // has no texels; its opacity and visibility count for what is in it
    std::string name = {};
    bool visible = true;
    float opacity = 1;
    PaintBlend blend = PaintBlend::normal;
    std::string region = {};                       // shows only there (core/editing/face_regions.h); empty: everywhere
    std::shared_ptr<const PaintTexels> mask = {};  // its alpha counts as a share; null: all is shown
    std::shared_ptr<const PaintTexels> texels = {};  // null: nothing is painted
    std::shared_ptr<const Sticker> sticker = {};     // the texels are made of it; null for other layers
    std::shared_ptr<const MakeUp> make_up = {};      // as above
    float relief = 0;  // metres outwards where it covers in full; a few millimetres at most
    float erase = 0;   // share of the avatar's own opacity that goes where it covers in full
};

inline constexpr float most_relief = 5e-3f;  // metres

struct PaintStack {
    std::vector<PaintLayer> layers;  // the lowest first; a group comes after what is in it
};

// Null when unknown.
const PaintLayer* paint_layer(const PaintStack& stack, int id);
int new_paint_layer_id(const PaintStack& stack);
// With its groups': 0 when it or one of them is hidden.
float shown_opacity(const PaintStack& stack, const PaintLayer& layer);

std::size_t content_bytes(const PaintStack& stack, const BlockVisitor& shared);

}  // namespace likeness
