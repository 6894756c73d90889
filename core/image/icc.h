// Embedded color profiles, and colors named by primaries and curve, to sRGB, by lcms2.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/image/decode.h"
#include "core/image/image.h"

namespace likeness {

// RGB (and alpha, if raw.alpha) in sRGB from raw.pixels by raw.space or the profile raw.icc. Nothing when there is
// neither, when the profile is unusable or for another color model, or when it is sRGB within 1/255.
std::optional<Image> convert_to_srgb(const decode::Raw& raw);

// Whether ColorSpace::transfer may have this code of ITU-T H.273.
bool is_transfer(int code);

}  // namespace likeness
