// The viewer's form of a Gaussian: all but its place as IEEE half floats: few levels of a picture of 8 bits change, by
// one. Scales beyond 65,504 are not drawn, those below 3e-8 are points. Nothing can be learned from it.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "likeness/cuda/deform.h"

namespace likeness::cuda {

// Bits of half floats; 24 bytes where floats take 44.
struct alignas(8) HalfSplat {
    std::uint16_t scale[3];     // metres
    std::uint16_t rotation[4];  // w, x, y, z; unit length
    std::uint16_t color[3];
    std::uint16_t opacity;
    std::uint16_t unused;
};

// At rest, in the frames that the surface gives: scales and opacities as they are where nothing is stretched or hidden.
struct HalfAnchored {
    float* offsets = nullptr;     // [count, 3] metres
    HalfSplat* splats = nullptr;  // [count]
};
struct HalfPosed {
    float* means = nullptr;       // [count, 3]
    HalfSplat* splats = nullptr;  // [count]
};

// `anchored.frames` is not read.
void narrow(int count, const AnchoredArrays& anchored, const HalfAnchored& to, cudaStream_t stream);
// `posed.means` are copied.
void narrow(int count, const PosedArrays& posed, const HalfPosed& to, cudaStream_t stream);

}  // namespace likeness::cuda
