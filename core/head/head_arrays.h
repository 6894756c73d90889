// What goes into a batch of poses of a head and what comes out, on the processor (head_batch.h) and on the GPU
// (likeness/cuda/head.h). All arrays are contiguous float32 in the device's memory.
//
// Behind the head's own vertices may lie others that are only skinned (the hair shell): `expressed` of `vertices` move
// with the expression.
#pragma once

namespace likeness {

struct HeadShape {
    int frames = 1;
    int vertices = 0, expressed = 0;
    int identities = 0, expressions = 0, controls = 0, joints = 0;
    int correctives = 0;  // 9 * joints, or none: entries of the joints' rotations less the identity
    constexpr int coefficients() const { return expressions + correctives; }
};

struct HeadPoses {
    const float* controls = nullptr;     // [frames, controls]
    const float* joints = nullptr;       // [frames, joints, 3] axis-angle, radians
    const float* translation = nullptr;  // [frames, 3]
};

struct HeadOutputs {
    float* coefficients = nullptr;  // [frames, coefficients()] of expression targets, then of correctives
    float* transforms = nullptr;    // [frames, joints, 3, 4]
    float* rested = nullptr;        // [frames, vertices, 3] before skinning; may be null when there is no way back
    float* vertices = nullptr;      // [frames, vertices, 3]
};

// Overwritten; null ones are skipped. `identity` and `rest` are summed over the frames; `rest` is the derivative by
// the person's vertices at rest, so also by offsets on them.
struct HeadGradients {
    float* controls = nullptr;     // [frames, controls]
    float* joints = nullptr;       // [frames, joints, 3]
    float* translation = nullptr;  // [frames, 3]
    float* rest = nullptr;         // [vertices, 3]
    float* identity = nullptr;     // [identities]; needs `rest`
    float* rested = nullptr;       // [frames, vertices, 3] by the vertices before skinning
};

}  // namespace likeness
