// The photometric loss between a render and a photograph, with its gradients.
#pragma once

#include "core/image/image.h"
#include "core/splat/rasterizer.h"

namespace likeness {

// What a view should look like. Colors are composited over the render's background by alpha before they are compared.
struct LossTarget {
    Image color;   // 3 channels
    Image alpha;   // 1 channel
    Image weight;  // 1 channel: how much a pixel counts; empty means 1 everywhere
};

// The same as training keeps it: 8 bits a channel, as photographs and videos have them.
struct LossPicture {
    int width = 0, height = 0;
    std::vector<unsigned char> rgba;  // [height, width, 4] sRGB, straight alpha
    std::vector<float> weight;        // [height, width]; empty means 1 everywhere
    // The sum of the weights, at least 1: what the terms are divided by.
    double total_weight() const;
};
// Throws std::invalid_argument when sizes do not match, NotFinite when a value is not finite.
LossPicture loss_picture(const LossTarget& target);

struct LossWeights {
    float l1 = 0.8f;     // mean |difference|
    float dssim = 0.2f;  // (1 - SSIM) / 2, 11 x 11 Gaussian window, sigma 1.5 (Wang et al. 2004)
    float alpha = 0.2f;  // mean |alpha difference|
};

struct LossValue {
    double total = 0, l1 = 0, dssim = 0, alpha = 0, squared = 0;  // squared: mean squared color difference
    // The one place where terms are weighed and added.
    void weigh(const LossWeights& weights) {
        total = double(weights.l1) * l1 + double(weights.dssim) * dssim + double(weights.alpha) * alpha;
    }
};

// Keeps its working memory between calls; one object a thread.
class ImageLoss {
  public:
    // Writes gradients.color and gradients.alpha, both times `scale`. `background` is what the render was made over.
    LossValue evaluate(const Frame& render, const LossPicture& target, const std::array<float, 3>& background,
                       const LossWeights& weights, FrameGradients& gradients, float scale = 1);

  private:
    // Sums of a band of rows.
    struct Terms {
        double l1 = 0, dssim = 0, alpha = 0, squared = 0;
    };
    std::vector<Terms> terms_;
    // Of the whole picture: the target over the background; SSIM's gradients with respect to the filtered render, its
    // square and its product with the target.
    std::vector<float> truth_, grad_mean_, grad_square_, grad_product_;
    std::vector<float> rows_;  // each band's working rows
};

}  // namespace likeness
