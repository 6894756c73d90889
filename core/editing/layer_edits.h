// What people do to a stack of layers as such: add, remove, move, group, merge. A group and what is in it stay together
// in the stack, the group after its layers.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/avatar/paint.h"
#include "core/base/result.h"
#include "core/editing/paint_surface.h"

namespace likeness {

// Of all tiles of a stack; shared ones count once.
std::size_t paint_bytes(const PaintStack& stack);
inline constexpr std::size_t most_paint_bytes = std::size_t(200) << 20;
inline constexpr std::size_t most_paint_layers = 500;
// One sentence: there is no room.
Error paint_full();

// Whether brushes may paint on it: no group, sticker or make-up, whose texels are made of something else.
bool is_paintable(const PaintLayer& layer);

// What commands call it: its name, or its number where another is called the same.
std::string layer_key(const PaintStack& stack, const PaintLayer& layer);

// All of the following give layers that are in the stack; unknown ids are errors (invalid_argument). What is added gets
// a new id, which is returned, and a name that no other layer has.

// Right above another layer, in its group (in the group itself, on top, if that is one); on top of all for 0.
Result<int> add_layer(PaintStack& stack, PaintLayer layer, int above = 0);
// A group with what is in it.
Status remove_layer(PaintStack& stack, int id);
Result<int> duplicate_layer(PaintStack& stack, int id);

enum class LayerPlace { up, down, top, bottom, above, below, into };
inline constexpr std::array<const char*, 7> layer_place_names = {"up",    "down",  "top", "bottom",
                                                                 "above", "below", "into"};
// `target` is needed for above, below and into (a group). Up and down go past the neighbour in the same group, or out
// of the group at its end. Error: where it cannot go (into itself, no group).
Status move_layer(PaintStack& stack, int id, LayerPlace place, int target = 0);
// A new group in the layer's place with the layer in it.
Result<int> group_layer(PaintStack& stack, int id);
// The group goes, its layers stay.
Status ungroup_layer(PaintStack& stack, int id);

// The layer and the next below it in its group become one, which looks the same: opacities and masks are made part of
// the texels, and what blends is blended with what the lower one has (a place where that has nothing keeps the upper
// color). Error: none below, one of them is a group or hidden, or they are kept to different regions or change the
// surface in different ways.
Status merge_down(PaintStack& stack, int id);

enum class MaskEdit { show, hide, remove, invert, apply };
inline constexpr std::array<const char*, 5> mask_edit_names = {"show", "hide", "remove", "invert", "apply"};
// A mask that shows all or nothing, in the place of what there is; none; the opposite; or made part of the texels.
Status edit_mask(PaintStack& stack, int id, MaskEdit edit, const PaintSurface& surface);

// With opacities multiplied, no block coarser than it was.
PaintTexels masked(const PaintTexels& texels, const PaintTexels& mask);
PaintTexels faded(const PaintTexels& texels, float opacity);
// `above` over `below` (W3C Compositing and Blending Level 1, chapter 5: "over" with blending).
PaintTexels laid_over(const PaintTexels& above, const PaintTexels& below, PaintBlend mode = PaintBlend::normal);

}  // namespace likeness
