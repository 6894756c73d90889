// The colors that a half-covered pixel's foreground has, once the background's share is taken out.
#pragma once

#include "core/image/image.h"

namespace likeness {

// Fast multi-level foreground estimation (Germer, Uelwer, Conrad, Harmeling 2020). `alpha` has one channel and the
// picture's size. Returns three channels, defined (smoothly extended) where alpha is 0, too.
Image estimate_foreground(const Image& picture, const Image& alpha);

}  // namespace likeness
