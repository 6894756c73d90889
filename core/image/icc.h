// Embedded color profiles to sRGB, by lcms2.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/image/decode.h"
#include "core/image/image.h"

namespace likeness {

// RGB (and alpha, if raw.alpha) in sRGB from raw.pixels by the profile raw.icc or by raw.gamma. Nothing when there is
// neither, when the profile is unusable or for another color model, or when it is sRGB within 1/255.
std::optional<Image> convert_to_srgb(const decode::Raw& raw);

}  // namespace likeness
