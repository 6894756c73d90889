// How close a render is to a true picture: PSNR and SSIM (docs/measures.md, "Against a picture").
#pragma once

#include <cstddef>

#include "core/base/result.h"
#include "core/image/image.h"

namespace likeness::metrics {

inline constexpr int kPictureSize = 512;  // reported figures are of pictures of this width and height

// The pixels that count.
enum class PictureRegion {
    truth,       // truth's alpha > 0.5: a still portrait
    either,      // truth's or render's alpha > 0.5: a driven avatar
    full_frame,  // all
};

struct PictureScore {
    double psnr = 0;         // dB for a data range of 1; infinite for equal pictures
    double ssim = 0;         // 1 for equal pictures
    std::size_t pixels = 0;  // how many counted
};

// RGB or RGBA (straight alpha; RGB is opaque) over a plain color, clamped to [0, 1]: an RGB picture.
Image over_background(const Image& picture, float background);

// One channel, 1 where a pixel counts. Pictures as for over_background, of equal size.
Image region_mask(const Image& truth, const Image& render, PictureRegion region);

// Mean over channels and masked pixels; equal sizes and channels. NaN when the mask is empty.
double psnr(const Image& a, const Image& b, const Image& mask);

// Structural similarity (Wang et al. 2004, eq. 13): 11 x 11 Gaussian window, sigma 1.5, K1 0.01, K2 0.03, data range 1,
// population covariances, the picture mirrored at its border (edge pixel repeated). The map is made from the whole
// pictures, then averaged over channels and masked pixels. NaN when the mask is empty.
double ssim(const Image& a, const Image& b, const Image& mask);

// Both over 50 % grey, both 512 x 512. Errors: invalid_argument for other sizes or channels or when no pixel counts.
Result<PictureScore> compare_pictures(const Image& truth, const Image& render, PictureRegion region);

}  // namespace likeness::metrics
