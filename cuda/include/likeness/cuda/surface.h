// The posed surface under the Gaussians: normals, the frame that each Gaussian sits in, the Gaussians themselves, and
// gradients back to the vertices. The GPU twin of core/avatar/surface_batch.h, whose arrays these are. All pointers
// are device pointers of contiguous arrays; nothing is allocated.
#pragma once

#include "likeness/cuda/deform.h"
#include "likeness/cuda/half_splat.h"

namespace likeness::cuda {

using likeness::SurfaceArrays;
using likeness::SurfaceShape;

// `vertices` [frames, vertices, 3]; `normals` [frames, vertices, 4], aligned to 16 bytes: unit length, zero where a
// vertex has no triangle, and the length of the sum of the triangles' normals, each twice its area long.
void surface_normals(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices, float* normals,
                     cudaStream_t stream);
// `frames_out` [frames, count, 13].
void surface_frames(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices, const float* normals,
                    float* frames_out, cudaStream_t stream);

// From vertices to Gaussians in one step; `posed` [frames, count, ...]. `anchored.frames` is not read.
void pose_on_surface(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices,
                     const float* normals, const AnchoredArrays& anchored, const PosedArrays& posed,
                     cudaStream_t stream);

// The viewer's: `parts` [count] numbers below 32; those whose bit in `visible` is not set get opacity 0.
void pose_on_surface(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices,
                     const float* normals, const HalfAnchored& anchored, const unsigned char* parts, unsigned visible,
                     const HalfPosed& posed, cudaStream_t stream);

// Gradients by the vertices [frames, vertices, 3] (overwritten; null: not asked for) from those by the posed
// Gaussians of one loss. `posed_rotations` as they were posed; all arrays [frames, ...] but the parameters, which the
// frames share; `anchored.frames` is not read. `scratch` has surface_backward_floats(), aligned to 32 bytes. Sums run
// in no fixed order unless shape.deterministic. `own`: also the gradients with respect to the Gaussians' parameters,
// summed over the frames, which `weights` (in device memory too) weighs as views; null pointers: not asked for.
std::size_t surface_backward_floats(const SurfaceShape& shape);
void surface_backward(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices,
                      const float* normals, const AnchoredArrays& anchored, const float* posed_rotations,
                      const PosedGradients& gradients, float* scratch, float* grad_vertices, cudaStream_t stream,
                      const AnchoredGradientArrays& own = {}, const ViewWeights& weights = {});

}  // namespace likeness::cuda
