// The head model on the GPU, many frames at once: from poses to vertices, and derivatives back. The GPU twin of
// core/head/head_model.h, whose formulas and conventions hold; tests compare the two.
//
// Behind the head's own vertices may lie others that are only skinned (the hair shell): `expressed` of `vertices` move
// with the expression. All pointers are device pointers of contiguous float32 arrays; nothing is allocated, everything
// may be captured into a graph.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

namespace likeness::cuda {

inline constexpr int most_joints = 16;

struct HeadShape {
    int frames = 1;
    int vertices = 0, expressed = 0;
    int identities = 0, expressions = 0, controls = 0, joints = 0;  // joints <= most_joints
};

// What does not change from frame to frame.
struct HeadArrays {
    const float* rest = nullptr;                // [vertices, 3] of the person, metres
    const float* joint_position = nullptr;      // [joints, 3] of the person
    const float* weights = nullptr;             // [vertices, joints]
    const float* expression = nullptr;          // [expressions, expressed, 3]
    const float* control_expression = nullptr;  // [expressions, controls]
    const float* control_joint = nullptr;       // [joints * 3, controls]
    const int* joint_parent = nullptr;          // [joints]; -1 for the root, parents first
    // For derivatives by identity only.
    const float* identity = nullptr;        // [identities, expressed, 3]
    const float* joint_identity = nullptr;  // [joints * 3, identities]
};

struct HeadPoses {
    const float* controls = nullptr;     // [frames, controls]
    const float* joints = nullptr;       // [frames, joints, 3] axis-angle, radians
    const float* translation = nullptr;  // [frames, 3]
};

struct HeadOutputs {
    float* coefficients = nullptr;  // [frames, expressions]
    float* transforms = nullptr;    // [frames, joints, 3, 4]
    float* rested = nullptr;        // [frames, vertices, 3] before skinning; may be null when there is no way back
    float* vertices = nullptr;      // [frames, vertices, 3]
};
void head_forward(const HeadShape& shape, const HeadArrays& arrays, const HeadPoses& poses, const HeadOutputs& outputs,
                  cudaStream_t stream);

// Overwritten; null ones are skipped. `identity` and `rest` are summed over the frames; `rest` is the derivative by
// the person's vertices at rest, so also by offsets on them.
struct HeadGradients {
    float* controls = nullptr;     // [frames, controls]
    float* joints = nullptr;       // [frames, joints, 3]
    float* translation = nullptr;  // [frames, 3]
    float* rest = nullptr;         // [vertices, 3]
    float* identity = nullptr;     // [identities]; needs `rest`
};
std::size_t head_backward_floats(const HeadShape& shape);  // of scratch memory
// `outputs` as head_forward() left them; `by_vertices` [frames, vertices, 3].
void head_backward(const HeadShape& shape, const HeadArrays& arrays, const HeadPoses& poses, const HeadOutputs& outputs,
                   const float* by_vertices, float* scratch, const HeadGradients& gradients, cudaStream_t stream);

}  // namespace likeness::cuda
