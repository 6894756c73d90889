// The picture loss of the trainer in two kernels: values and gradients in one go.
//
// With a picture's target composited over the render's background, t = rgb a + background (1 - a), its mask m and the
// factor s of its terms:
//   l1      = s sum m |c - t| / 3
//   dssim   = s sum m (1 - SSIM(c, t)) / 6     11 x 11 window, sigma 1.5, zero beyond the border (Wang et al. 2004)
//   alpha   = s sum m |alpha - a|
//   squared = s sum m (c - t)^2 / 3            for PSNR; no part of the loss
// loss = weights . (l1, dssim, alpha). Several pictures of one size share the launches.
// The same terms as core/learning/image_loss.h, where s is one over the sum of the mask.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

namespace likeness::cuda {

// What a render is compared with.
struct LossImage {
    const unsigned char* target = nullptr;  // [height, width, 4] sRGB, straight alpha, 4-byte aligned
    const float* mask = nullptr;            // [height, width]; null means 1
    float l1_weight = 0.8f, dssim_weight = 0.2f, alpha_weight = 0.2f;
    float scale = 1;  // of the terms and their gradients
    float share = 1;  // of this picture in the loss: scales the gradients alone
};

struct LossOptions {
    int width = 0, height = 0;
    int images = 1;     // pictures one behind the other, in every array below
    int at_once = 0;    // pictures that share a launch and the scratch memory; 0: all
    bool dssim = true;  // else that term is not computed, whatever its weights
};

struct LossInputs {
    const float* color = nullptr;        // [images, height, width, 3] as rendered, over the background
    const float* alpha = nullptr;        // [images, height, width]
    const LossImage* images = nullptr;   // [images] in device memory
    const float* background = nullptr;   // [3], e.g. View::background in device memory; null means black
};

struct LossTerms {
    double l1 = 0, dssim = 0, alpha = 0, squared = 0;  // before the weights
};

struct LossOutputs {
    LossTerms* terms = nullptr;       // [images], device memory; added to
    float* color_gradient = nullptr;  // [images, height, width, 3], overwritten
    float* alpha_gradient = nullptr;  // [images, height, width], overwritten
};

// Scratch memory for picture_loss(), aligned to 4 bytes; 0 without dssim.
std::size_t loss_workspace_bytes(const LossOptions& options);

void picture_loss(const LossOptions& options, const LossInputs& inputs, void* workspace, const LossOutputs& outputs,
                  cudaStream_t stream);

}  // namespace likeness::cuda
