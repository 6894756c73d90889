// Anchored Gaussians to posed ones, and back: the GPU twin of the deformer's last step.
//
// A Gaussian sits in a frame that the posed mesh gives it: origin o (metres), rotation R, stretch s (local length over
// rest length). Its own parameters are relative to that frame:
//   mean = o + s R offset        scale = s exp(log_scale)     rotation = quaternion(R) * normalize(quaternion)
//   color = albedo               opacity = 1 / (1 + exp(-logit))
// All pointers are device pointers of contiguous float32 arrays.
#pragma once

#include <cuda_runtime_api.h>

namespace likeness::cuda {

// Floats of a frame: origin 3, R row-major 9 (orthonormal, determinant 1), stretch 1.
inline constexpr int frame_floats = 13;

struct AnchoredArrays {
    const float* frames = nullptr;       // [count, 13]
    const float* offsets = nullptr;      // [count, 3] metres, in the frame
    const float* log_scales = nullptr;   // [count, 3]
    const float* quaternions = nullptr;  // [count, 4] w, x, y, z; any length > 0
    const float* albedos = nullptr;      // [count, 3]
    const float* logits = nullptr;       // [count]
};

struct PosedArrays {
    float* means = nullptr;      // [count, 3]
    float* scales = nullptr;     // [count, 3]
    float* rotations = nullptr;  // [count, 4], unit length
    float* colors = nullptr;     // [count, 3]
    float* opacities = nullptr;  // [count]
};

// Derivatives of the loss by the posed arrays, as rasterize_backward() writes them.
struct PosedGradients {
    const float* means = nullptr;
    const float* scales = nullptr;
    const float* rotations = nullptr;
    const float* colors = nullptr;
    const float* opacities = nullptr;
};

// Derivatives by a Gaussian's own parameters; overwritten. The frames are constants here: they follow from the mesh.
struct AnchoredGradients {
    float* offsets = nullptr;
    float* log_scales = nullptr;
    float* quaternions = nullptr;
    float* albedos = nullptr;
    float* logits = nullptr;
};

void deform_forward(int count, const AnchoredArrays& anchored, const PosedArrays& posed, cudaStream_t stream);
void deform_backward(int count, const AnchoredArrays& anchored, const PosedGradients& posed_gradients,
                     const AnchoredGradients& gradients, cudaStream_t stream);

}  // namespace likeness::cuda
