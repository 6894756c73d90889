// The photometric loss between a render and a photograph, with its derivatives.
#pragma once

#include "core/image/image.h"
#include "core/splat/rasterizer.h"

namespace likeness {

// What a view should look like. Colours are composited over the render's background by alpha before they are compared.
struct LossTarget {
    Image color;   // 3 channels
    Image alpha;   // 1 channel
    Image weight;  // 1 channel: how much a pixel counts; empty means 1 everywhere
};

struct LossWeights {
    float l1 = 0.8f;     // mean |difference|
    float dssim = 0.2f;  // (1 - SSIM) / 2, 11 x 11 Gaussian window, sigma 1.5 (Wang et al. 2004)
    float alpha = 0.2f;  // mean |alpha difference|
};

struct LossValue {
    double total = 0, l1 = 0, dssim = 0, alpha = 0, squared = 0;  // squared: mean squared colour difference
};

// Keeps its working memory between calls; one object a thread.
class ImageLoss {
  public:
    // Writes gradients.color and gradients.alpha. `background` is what the render was made over.
    LossValue evaluate(const Frame& render, const LossTarget& target, const std::array<float, 3>& background,
                       const LossWeights& weights, FrameGradients& gradients);

  private:
    // Sums of a band of rows.
    struct Terms {
        double l1 = 0, dssim = 0, alpha = 0, squared = 0;
    };
    std::vector<Terms> terms_;
    // Of the whole picture: the target over the background; SSIM's derivatives by the filtered render, its square and its
    // product with the target.
    std::vector<float> truth_, by_mean_, by_square_, by_product_;
    std::vector<float> rows_;  // each band's working rows
};

}  // namespace likeness
