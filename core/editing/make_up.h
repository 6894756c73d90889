// Make-up as parametric layers: numbers in, texels over the avatar's surface out, to be shown with the kind's blend
// mode. Every kind mixes with this person's own skin, lips, brows and light (own_colors.h), so that the same numbers
// suit dark, light and old skin. Lengths are of a usual face and grow with the person's.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "core/avatar/paint.h"
#include "core/base/result.h"
#include "core/editing/face_regions.h"

namespace likeness {

// A number that a person sets; a slider.
struct MakeUpAmount {
    const char* name;   // in files and commands
    const char* title;  // for people
    float low, high, usual;
    const char* unit;  // "mm", or "" for a share
    const char* tooltip;
};

struct MakeUpKind {
    const char* name;
    const char* title;
    const char* tooltip;
    std::array<float, 3> color;  // usual, sRGB-encoded
    bool has_color;              // false: `color` does nothing
    PaintBlend blend;
    FaceRegion region;                      // what a head must have for it
    std::span<const MakeUpAmount> amounts;  // the first is "amount" in [0, 1]: 0 is nothing at all
};

std::span<const MakeUpKind> make_up_kinds();
const MakeUpKind* make_up_kind(std::string_view name);  // null when unknown

// The kind with its usual amounts, and a color that suits this person: of the own brows, hair and so on.
// Precondition: the kind is known.
MakeUp usual_make_up(const FaceRegions& regions, std::string_view kind);
// Within the kind's range: as set, else as usual. Precondition: the kind has such an amount.
float make_up_amount(const MakeUp& make_up, std::string_view name);

// The same make-up gives the same texels. Amounts that the kind does not have are not looked at. Errors:
// invalid_argument (an unknown kind), not_found (the head lacks the landmarks or the region that it takes).
Result<PaintTexels> make_up_layer(const FaceRegions& regions, const MakeUp& make_up);
// With regions made for this call.
Result<PaintTexels> make_up_layer(const PaintSurface& surface, const MakeUp& make_up);

}  // namespace likeness
