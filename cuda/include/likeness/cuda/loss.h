// The picture loss of the trainer in two kernels: values and derivatives in one go.
//
// With the target composited over the render's background, t = rgb a + background (1 - a), a mask m and a normaliser n:
//   l1      = sum m |c - t| / (3 n)
//   dssim   = sum m (1 - SSIM(c, t)) / (6 n)     11 x 11 window, sigma 1.5, zero beyond the border (Wang et al. 2004)
//   alpha   = sum m l(alpha, a) / n              l: absolute difference or binary cross-entropy
//   squared = sum m (c - t)^2 / (3 n)            for PSNR; no part of the loss
// loss = weights . (l1, dssim, alpha). Several pictures of one size may share the launches.
// The same terms as core/learning/image_loss.h, whose n is the sum of the mask.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

namespace likeness::cuda {

enum class AlphaLoss { absolute, cross_entropy };

// Cross-entropy reads alpha clamped to [limit, 1 - limit], without derivative outside.
inline constexpr float cross_entropy_limit = 1.0e-4f;

struct LossOptions {
    int width = 0, height = 0;
    float l1_weight = 0.8f;
    float dssim_weight = 0.2f;
    float alpha_weight = 0.2f;
    AlphaLoss alpha_loss = AlphaLoss::absolute;
    float normalizer = 0;  // n; 0 means width * height
    int images = 1;        // pictures one behind the other, in every array below
    int at_once = 0;       // pictures that share a launch and the scratch memory; 0: all
};

struct LossInputs {
    const float* color = nullptr;           // [height, width, 3] as rendered, over the background
    const float* alpha = nullptr;           // [height, width]
    const unsigned char* target = nullptr;  // [height, width, 4] sRGB, straight alpha, 4-byte aligned
    const float* mask = nullptr;            // [height, width]; null means 1
    const float* background = nullptr;      // [3], e.g. View::background in device memory; null means black
    // [images] in device memory; each as `target`, which is not read then.
    const unsigned char* const* targets = nullptr;
};

struct LossTerms {
    double l1 = 0, dssim = 0, alpha = 0, squared = 0;  // before the weights
};

struct LossOutputs {
    LossTerms* terms = nullptr;       // [images], device memory, overwritten
    float* color_gradient = nullptr;  // [height, width, 3], overwritten
    float* alpha_gradient = nullptr;  // [height, width], overwritten
};

// Scratch memory for picture_loss(), aligned to 4 bytes; 0 when dssim_weight is 0; the term is not computed then.
std::size_t loss_workspace_bytes(const LossOptions& options);

void picture_loss(const LossOptions& options, const LossInputs& inputs, void* workspace, const LossOutputs& outputs,
                  cudaStream_t stream);

}  // namespace likeness::cuda
