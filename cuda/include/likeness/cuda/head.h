// The head model on the GPU, many frames at once: from poses to vertices, and gradients back. The GPU twin of
// core/head/head_batch.h; the formulas and conventions are those of core/head/head_model.h, and tests compare them.
//
// All pointers are device pointers; nothing is allocated, everything may be captured into a graph.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

#include "core/head/head_arrays.h"

namespace likeness::cuda {

inline constexpr int most_joints = 16;

using likeness::HeadGradients;
using likeness::HeadOutputs;
using likeness::HeadPoses;
using likeness::HeadShape;  // joints <= most_joints

// What does not change from frame to frame.
struct HeadArrays {
    const float* rest = nullptr;                // [vertices, 3] of the person, metres
    const float* joint_position = nullptr;      // [joints, 3] of the person
    const float* weights = nullptr;             // [vertices, joints]
    const float* expression = nullptr;          // [coefficients(), expressed, 3] targets, then correctives
    const float* control_expression = nullptr;  // [expressions, controls]
    const float* control_joint = nullptr;       // [joints * 3, controls]
    const int* joint_parent = nullptr;          // [joints]; -1 for the root, parents first
    // For gradients with respect to identity only.
    const float* identity = nullptr;        // [identities, expressed, 3]
    const float* joint_identity = nullptr;  // [joints * 3, identities]
};

// head_express(), then head_skin(), in one pass over the vertices.
void head_forward(const HeadShape& shape, const HeadArrays& arrays, const HeadPoses& poses, const HeadOutputs& outputs,
                  cudaStream_t stream);

// All outputs but `vertices`. `rested` may be changed before head_skin().
void head_express(const HeadShape& shape, const HeadArrays& arrays, const HeadPoses& poses, const HeadOutputs& outputs,
                  cudaStream_t stream);
// `vertices` from `rested` and `transforms`.
void head_skin(const HeadShape& shape, const HeadArrays& arrays, const HeadOutputs& outputs, cudaStream_t stream);

std::size_t head_backward_floats(const HeadShape& shape);  // of scratch memory
// `outputs` as they were after skinning; `grad_vertices` [frames, vertices, 3]. head_skin_backward(), then
// head_express_backward().
void head_backward(const HeadShape& shape, const HeadArrays& arrays, const HeadPoses& poses, const HeadOutputs& outputs,
                   const float* grad_vertices, float* scratch, const HeadGradients& gradients, cudaStream_t stream);
// gradients.rested, which may be read and changed before head_express_backward(); it and the scratch memory lead there.
void head_skin_backward(const HeadShape& shape, const HeadArrays& arrays, const HeadOutputs& outputs,
                        const float* grad_vertices, float* scratch, const HeadGradients& gradients,
                        cudaStream_t stream);
// All other gradients.
void head_express_backward(const HeadShape& shape, const HeadArrays& arrays, const HeadPoses& poses, float* scratch,
                           const HeadGradients& gradients, cudaStream_t stream);

}  // namespace likeness::cuda
