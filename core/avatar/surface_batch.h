// The posed surface under the Gaussians, many frames at once: normals, the frame that each Gaussian sits in, the
// Gaussians themselves, and gradients back to the vertices and to the Gaussians' own parameters. The structs serve
// both devices; the functions are the processor's and have their twins in cuda/include/likeness/cuda/surface.h.
//
// A Gaussian sits in a frame that the posed surface gives it: origin o (metres), rotation R (columns are tangent,
// bitangent, normal), stretch s (local length over rest length). Its own parameters are relative to that frame:
//   mean = o + s R offset        scale = s exp(log_scale)     rotation = quaternion(R) * normalize(quaternion)
//   color = albedo               opacity = 1 / (1 + exp(-logit))
// All arrays are contiguous. The functions run on all threads of core/base/parallel.h and give the same to the bit for
// any number of them. None throws.
#pragma once

#include <cstddef>
#include <vector>

namespace likeness {

struct AnchoredSplats;
struct Avatar;

// Floats of a frame: origin 3, R row-major 9 (orthonormal, determinant 1), stretch 1.
inline constexpr std::size_t frame_floats = 13;

struct AnchoredArrays {
    const float* frames = nullptr;       // [count, 13]
    const float* offsets = nullptr;      // [count, 3] metres, in the frame
    const float* log_scales = nullptr;   // [count, 3]
    const float* quaternions = nullptr;  // [count, 4] w, x, y, z; any length > 0
    const float* albedos = nullptr;      // [count, 3]
    const float* opacity_logits = nullptr;  // [count]
};

struct PosedArrays {
    float* means = nullptr;      // [count, 3]
    float* scales = nullptr;     // [count, 3]
    float* rotations = nullptr;  // [count, 4], unit length
    float* colors = nullptr;     // [count, 3]
    float* opacities = nullptr;  // [count]
};

// Gradients of the loss by the posed arrays, as a rasterizer writes them.
struct PosedGradients {
    const float* means = nullptr;
    const float* scales = nullptr;
    const float* rotations = nullptr;
    const float* colors = nullptr;
    const float* opacities = nullptr;
};

// Gradients by a Gaussian's own parameters, shapes as in AnchoredArrays; the frames are constants here.
struct AnchoredGradientArrays {
    float* offsets = nullptr;
    float* log_scales = nullptr;
    float* quaternions = nullptr;
    float* albedos = nullptr;
    float* opacity_logits = nullptr;
};

// How much each view's gradients with respect to the Gaussians' own parameters count. Gradients by vertices are not
// weighed.
struct ViewWeights {
    const float* const* splat_weight = nullptr;  // [views] of [count], any of them null for 1; null for 1 everywhere
    const unsigned char* colors_only = nullptr;  // [views] not 0: only the albedos learn of that view; null for none
};

struct SurfaceShape {
    int frames = 1;
    int vertices = 0, triangles = 0;
    int count = 0;            // of the Gaussians
    bool deterministic = false;  // the GPU's: the same gradients, to the bit, each time; slower
};

struct SurfaceArrays {
    const int* triangles = nullptr;         // [triangles, 3]
    const int* vertex_first = nullptr;      // [vertices + 1] where a vertex' triangles begin in vertex_triangles
    const int* vertex_triangles = nullptr;  // [3 * triangles]
    // [triangles, 4]: the tangent is x (b - a) + y (c - a); the square of the stretch is z times the length of
    // (b - a) x (c - a).
    const float* charts = nullptr;
    const float* anchors = nullptr;  // [count, 4]: barycentric weights, and the triangle's number as bits
};

// What SurfaceArrays point to, for an avatar's surface.
struct SurfaceTopology {
    int vertices = 0;
    std::vector<int> triangles, vertex_first, vertex_triangles;
    std::vector<float> charts, anchors;

    SurfaceTopology() = default;
    explicit SurfaceTopology(const Avatar& avatar);  // without anchors
    // Throws std::invalid_argument for a Gaussian off the surface, as surface_anchors() does.
    void load_anchors(const AnchoredSplats& splats);
    SurfaceShape shape(int frames) const;
    SurfaceArrays arrays() const;
};
std::vector<float> surface_anchors(const AnchoredSplats& splats, int triangles);

// `vertices` [frames, vertices, 3]; `normals` [frames, vertices, 4]: unit length, zero where a vertex has no triangle,
// and the length of the sum of the triangles' normals, each twice its area long.
void surface_normals(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices, float* normals);
// `frames_out` [frames, count, 13].
void surface_frames(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices, const float* normals,
                    float* frames_out);

// From vertices to Gaussians in one step; `posed` [frames, count, ...]. `anchored.frames` is not read.
void pose_on_surface(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices,
                     const float* normals, const AnchoredArrays& anchored, const PosedArrays& posed);

// Gradients by the vertices [frames, vertices, 3] (overwritten; null: not asked for) from those by the posed
// Gaussians of one loss. `posed_rotations` as they were posed; all arrays [frames, ...] but the parameters, which the
// frames share; `anchored.frames` is not read. `scratch` has surface_backward_floats(). `own`: also the gradients with
// respect to the Gaussians' parameters (overwritten), summed over the frames, which `weights` weighs as views; null
// pointers: not asked for, all or none.
std::size_t surface_backward_floats(const SurfaceShape& shape);
void surface_backward(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices,
                      const float* normals, const AnchoredArrays& anchored, const float* posed_rotations,
                      const PosedGradients& gradients, float* scratch, float* grad_vertices,
                      const AnchoredGradientArrays& own = {}, const ViewWeights& weights = {});

// The same in views whose frames are given and fixed: `frames` [views] of [count, 13]; `posed` and `posed_gradients`
// [views, count, ...]. `anchored.frames` is not read. With `add` the sums over the views are added to `own`.
void deform_batch(int views, int count, const float* const* frames, const AnchoredArrays& anchored,
                  const PosedArrays& posed);
void deform_batch_backward(int views, int count, const float* const* frames, const AnchoredArrays& anchored,
                           const float* posed_rotations, const PosedGradients& posed_gradients,
                           const AnchoredGradientArrays& own, const ViewWeights& weights = {}, bool add = false);

}  // namespace likeness
