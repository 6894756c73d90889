#include "cuda/deform.cuh"
#include "cuda/launch.cuh"
#include "likeness/cuda/surface.h"

namespace likeness::cuda {
namespace {

__device__ inline Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
__device__ inline void add3(float* p, Vec3 v) {
    atomicAdd(p, v.x);
    atomicAdd(p + 1, v.y);
    atomicAdd(p + 2, v.z);
}

struct Corners {
    int a, b, c;
};
__device__ inline Corners corners_of(const SurfaceArrays& arrays, int triangle) {
    const int* t = arrays.triangles + 3 * std::size_t(triangle);
    return {t[0], t[1], t[2]};
}

// Sum of a vertex' triangles' normals, each twice its area long.
__device__ inline Vec3 gathered_normal(const SurfaceArrays& arrays, const float* vertices, int v) {
    Vec3 sum{0, 0, 0};
    for (int k = arrays.vertex_first[v]; k < arrays.vertex_first[v + 1]; ++k) {
        const Corners t = corners_of(arrays, arrays.vertex_triangles[k]);
        const Vec3 a = load3(vertices + 3 * t.a);
        sum = sum + cross(load3(vertices + 3 * t.b) - a, load3(vertices + 3 * t.c) - a);
    }
    return sum;
}

__global__ void __launch_bounds__(linear_threads)
    normals_kernel(SurfaceShape shape, SurfaceArrays arrays, const float* vertices, float* normals) {
    const int v = int(blockIdx.x) * linear_threads + int(threadIdx.x);
    if (v >= shape.vertices) return;
    const std::size_t frame = std::size_t(blockIdx.y) * shape.vertices * 3;
    const Vec3 sum = gathered_normal(arrays, vertices + frame, v);
    const float size = sqrtf(dot(sum, sum));
    store3(normals + frame + 3 * v, size > 0 ? (1.0f / size) * sum : sum);
}

// The frame under a Gaussian, and what its derivative needs.
struct FrameParts {
    Corners t;
    float weight[3];
    Vec3 ab, ac, face;
    float face_length, normal_length, tangent_length, tangent_along, stretch;
    float4 chart;
    bool free_stretch;  // not clamped
    Vec3 origin, tangent, bitangent, normal;
};

__device__ inline FrameParts make_frame(const SurfaceArrays& arrays, const float* vertices, const float* normals,
                                        std::size_t i) {
    const float4 anchor = reinterpret_cast<const float4*>(arrays.anchors)[i];
    const int triangle = __float_as_int(anchor.w);
    FrameParts f;
    f.t = corners_of(arrays, triangle);
    f.weight[0] = anchor.x;
    f.weight[1] = anchor.y;
    f.weight[2] = anchor.z;
    f.chart = reinterpret_cast<const float4*>(arrays.charts)[triangle];
    const Vec3 a = load3(vertices + 3 * f.t.a);
    f.ab = load3(vertices + 3 * f.t.b) - a;
    f.ac = load3(vertices + 3 * f.t.c) - a;
    f.origin = a + anchor.y * f.ab + anchor.z * f.ac;
    f.face = cross(f.ab, f.ac);
    f.face_length = sqrtf(dot(f.face, f.face));
    Vec3 normal = anchor.x * load3(normals + 3 * f.t.a) + anchor.y * load3(normals + 3 * f.t.b) +
                  anchor.z * load3(normals + 3 * f.t.c);
    f.normal_length = sqrtf(dot(normal, normal));
    if (f.normal_length < 1e-6f) {  // as on the processor; nothing is learned there
        f.normal_length = 0;
        normal = f.face_length > 1e-10f ? (1.0f / f.face_length) * f.face : Vec3{0, 0, 1};
    } else {
        normal = (1.0f / f.normal_length) * normal;
    }
    f.normal = normal;
    const Vec3 along = f.chart.x * f.ab + f.chart.y * f.ac;
    f.tangent_along = dot(normal, along);
    Vec3 tangent = along - f.tangent_along * normal;
    f.tangent_length = sqrtf(dot(tangent, tangent));
    if (f.tangent_length < 1e-10f) {
        f.tangent_length = 0;
        const Vec3 other = fabsf(normal.x) < 0.9f ? Vec3{1, 0, 0} : Vec3{0, 1, 0};
        tangent = other - dot(other, normal) * normal;
        tangent = (1.0f / sqrtf(dot(tangent, tangent))) * tangent;
    } else {
        tangent = (1.0f / f.tangent_length) * tangent;
    }
    f.tangent = tangent;
    f.bitangent = cross(normal, tangent);
    const float grown = sqrtf(f.face_length * f.chart.z);
    f.stretch = fminf(fmaxf(grown, 0.5f), 2.0f);
    f.free_stretch = f.stretch == grown;
    return f;
}

__device__ inline void columns(const FrameParts& f, float* m) {
    const Vec3 c[3] = {f.tangent, f.bitangent, f.normal};
#pragma unroll
    for (int k = 0; k < 3; ++k) {
        m[k] = c[k].x;
        m[3 + k] = c[k].y;
        m[6 + k] = c[k].z;
    }
}

__global__ void __launch_bounds__(linear_threads)
    frames_kernel(SurfaceShape shape, SurfaceArrays arrays, const float* vertices, const float* normals, float* out) {
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    if (i >= std::size_t(shape.count)) return;
    const std::size_t frame = std::size_t(blockIdx.y) * shape.vertices * 3;
    const FrameParts f = make_frame(arrays, vertices + frame, normals + frame, i);
    float* to = out + (std::size_t(blockIdx.y) * shape.count + i) * frame_floats;
    store3(to, f.origin);
    columns(f, to + 3);
    to[12] = f.stretch;
}

__global__ void __launch_bounds__(linear_threads)
    pose_kernel(SurfaceShape shape, SurfaceArrays arrays, const float* vertices, const float* normals, AnchoredArrays p,
                const unsigned char* layers, unsigned visible, PosedArrays out) {
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    if (i >= std::size_t(shape.count)) return;
    const std::size_t frame = std::size_t(blockIdx.y) * shape.vertices * 3;
    const std::size_t at = std::size_t(blockIdx.y) * shape.count + i;
    if (layers && !(visible >> layers[i] & 1u)) {
        out.opacities[at] = 0;  // the rest is not looked at
        return;
    }
    const FrameParts f = make_frame(arrays, vertices + frame, normals + frame, i);
    float m[9];
    columns(f, m);
    pose_splat(i, at, f.origin, m, f.stretch, p, out);
}

// What one Gaussian in one frame passes on to the corners of its triangle. A turn of the frame by the rotation vector w
// moves its columns by w x column. The derivative by w is split into what the normal's and the tangent's movements take
// of it: w = n x dn + n (b . dt).
__device__ inline void pass_to_vertices(const FrameParts& f, const float* m, std::size_t i, std::size_t at,
                                        const AnchoredArrays& p, const float* posed_rotations, const PosedGradients& g,
                                        float* by_normals, float* by_vertices) {
    const Vec3 by_mean = load3(g.means + 3 * at), by_scale = load3(g.scales + 3 * at);
    const Quaternion by_rotation = load_quaternion(g.rotations, at);
    const Vec3 turned = multiply(m, load3(p.offsets + 3 * i));
    const Vec3 log_scale = load3(p.log_scales + 3 * i);
    const float by_stretch = dot(by_mean, turned) + by_scale.x * expf(log_scale.x) + by_scale.y * expf(log_scale.y) +
                             by_scale.z * expf(log_scale.z);
    // mean = o + s R offset, and q -> (0, w) q / 2.
    const Quaternion q = load_quaternion(posed_rotations, at);
    const Vec3 from_rotation{
        0.5f * (-by_rotation.w * q.x + by_rotation.x * q.w - by_rotation.y * q.z + by_rotation.z * q.y),
        0.5f * (-by_rotation.w * q.y + by_rotation.x * q.z + by_rotation.y * q.w - by_rotation.z * q.x),
        0.5f * (-by_rotation.w * q.z - by_rotation.x * q.y + by_rotation.y * q.x + by_rotation.z * q.w)};
    const Vec3 by_turn = f.stretch * cross(turned, by_mean) + from_rotation;
    const float about_normal = dot(by_turn, f.normal);
    Vec3 by_normal = cross(by_turn, f.normal), by_ab{0, 0, 0}, by_ac{0, 0, 0};
    if (f.tangent_length > 0) {
        const Vec3 by_along = (about_normal / f.tangent_length) * f.bitangent;
        by_normal = by_normal - f.tangent_along * by_along;
        by_ab = f.chart.x * by_along;
        by_ac = f.chart.y * by_along;
    }
    if (f.free_stretch && f.face_length > 1e-10f) {
        // stretch^2 = z |face|
        const Vec3 by_face = (by_stretch * 0.5f * f.chart.z / (f.stretch * f.face_length)) * f.face;
        by_ab = by_ab + cross(f.ac, by_face);
        by_ac = by_ac + cross(by_face, f.ab);
    }
    add3(by_vertices + 3 * f.t.a, f.weight[0] * by_mean - by_ab - by_ac);
    add3(by_vertices + 3 * f.t.b, f.weight[1] * by_mean + by_ab);
    add3(by_vertices + 3 * f.t.c, f.weight[2] * by_mean + by_ac);
    if (f.normal_length > 0) {
        const Vec3 by_sum = (1.0f / f.normal_length) * (by_normal - dot(by_normal, f.normal) * f.normal);
        add3(by_normals + 3 * f.t.a, f.weight[0] * by_sum);
        add3(by_normals + 3 * f.t.b, f.weight[1] * by_sum);
        add3(by_normals + 3 * f.t.c, f.weight[2] * by_sum);
    }
}

// One thread for each Gaussian, which sees it in every frame: its own derivatives are sums over them.
template <bool Own, bool Vertices>
__global__ void __launch_bounds__(linear_threads)
    frames_backward_kernel(SurfaceShape shape, SurfaceArrays arrays, const float* vertices, const float* normals,
                           AnchoredArrays p, const float* posed_rotations, PosedGradients g, AnchoredGradients own,
                           float* by_normals, float* by_vertices) {
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    if (i >= std::size_t(shape.count)) return;
    // With nothing to sum, the frames run side by side.
    const int first = Own ? 0 : int(blockIdx.y), end = Own ? shape.frames : first + 1;
    SplatDerivatives sum{};
    for (int k = first; k < end; ++k) {
        const std::size_t frame = std::size_t(k) * shape.vertices * 3, at = std::size_t(k) * shape.count + i;
        const FrameParts f = make_frame(arrays, vertices + frame, normals + frame, i);
        AnchorFrame anchor;
        columns(f, anchor.rotation);
        anchor.stretch = f.stretch;
        if constexpr (Own) sum = sum + deform_derivatives(i, at, anchor, p, g);
        if constexpr (Vertices)
            pass_to_vertices(f, anchor.rotation, i, at, p, posed_rotations, g, by_normals + frame, by_vertices + frame);
    }
    if constexpr (Own) store_derivatives(i, sum, own);
}

// In place: from derivatives by the unit normals to those by the sums that were normalised.
__global__ void __launch_bounds__(linear_threads)
    normal_lengths_backward_kernel(SurfaceShape shape, SurfaceArrays arrays, const float* vertices,
                                   const float* normals, float* by_normals) {
    const int v = int(blockIdx.x) * linear_threads + int(threadIdx.x);
    if (v >= shape.vertices) return;
    const std::size_t frame = std::size_t(blockIdx.y) * shape.vertices * 3;
    const Vec3 sum = gathered_normal(arrays, vertices + frame, v);
    const float size = sqrtf(dot(sum, sum));
    float* at = by_normals + frame + 3 * v;
    const Vec3 g = load3(at), n = load3(normals + frame + 3 * v);
    store3(at, size > 0 ? (1.0f / size) * (g - dot(g, n) * n) : Vec3{0, 0, 0});
}

// A vertex gathers from its triangles: each passes on what its three corners' normal sums ask of it.
__global__ void __launch_bounds__(linear_threads)
    normals_backward_kernel(SurfaceShape shape, SurfaceArrays arrays, const float* vertices, const float* by_sums,
                            float* by_vertices) {
    const int v = int(blockIdx.x) * linear_threads + int(threadIdx.x);
    if (v >= shape.vertices) return;
    const std::size_t frame = std::size_t(blockIdx.y) * shape.vertices * 3;
    const float *x = vertices + frame, *g = by_sums + frame;
    float* to = by_vertices + frame + 3 * v;
    Vec3 sum = load3(to);
    for (int k = arrays.vertex_first[v]; k < arrays.vertex_first[v + 1]; ++k) {
        const Corners t = corners_of(arrays, arrays.vertex_triangles[k]);
        const Vec3 by_face = load3(g + 3 * t.a) + load3(g + 3 * t.b) + load3(g + 3 * t.c);
        // face = (b - a) x (c - a) is the same seen from each corner in turn: d face / d a = (c - b) x .
        const Vec3 from = v == t.a ? load3(x + 3 * t.b) : v == t.b ? load3(x + 3 * t.c) : load3(x + 3 * t.a);
        const Vec3 to_edge = v == t.a ? load3(x + 3 * t.c) : v == t.b ? load3(x + 3 * t.a) : load3(x + 3 * t.b);
        sum = sum + cross(by_face, to_edge - from);
    }
    store3(to, sum);
}

dim3 grid_of(int items, int frames) { return dim3(blocks_for(std::size_t(items)), unsigned(frames)); }

}  // namespace

void surface_normals(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices, float* normals,
                     cudaStream_t stream) {
    if (shape.vertices == 0 || shape.frames == 0) return;
    normals_kernel<<<grid_of(shape.vertices, shape.frames), linear_threads, 0, stream>>>(shape, arrays, vertices,
                                                                                         normals);
    check_launch("normals", stream);
}

void surface_frames(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices, const float* normals,
                    float* frames_out, cudaStream_t stream) {
    if (shape.count == 0 || shape.frames == 0) return;
    frames_kernel<<<grid_of(shape.count, shape.frames), linear_threads, 0, stream>>>(shape, arrays, vertices, normals,
                                                                                     frames_out);
    check_launch("frames", stream);
}

void pose_on_surface(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices,
                     const float* normals, const AnchoredArrays& anchored, const unsigned char* layers,
                     unsigned visible, const PosedArrays& posed, cudaStream_t stream) {
    if (shape.count == 0) return;
    pose_kernel<<<grid_of(shape.count, shape.frames), linear_threads, 0, stream>>>(shape, arrays, vertices, normals, anchored,
                                                                        layers, visible, posed);
    check_launch("pose", stream);
}

void surface_backward(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices,
                      const float* normals, const AnchoredArrays& anchored, const float* posed_rotations,
                      const PosedGradients& gradients, float* by_normals, float* by_vertices, cudaStream_t stream,
                      const AnchoredGradients& own) {
    if (shape.vertices == 0 || shape.frames == 0) return;
    const auto launch = [&](auto kernel, int frames) {
        if (shape.count == 0) return;
        kernel<<<grid_of(shape.count, frames), linear_threads, 0, stream>>>(
            shape, arrays, vertices, normals, anchored, posed_rotations, gradients, own, by_normals, by_vertices);
        check_launch("frames backward", stream);
    };
    if (by_vertices == nullptr) {
        if (own.offsets) launch(frames_backward_kernel<true, false>, 1);
        return;
    }
    const std::size_t bytes = sizeof(float) * 3 * std::size_t(shape.vertices) * std::size_t(shape.frames);
    check(cudaMemsetAsync(by_normals, 0, bytes, stream), "clear gradients");
    check(cudaMemsetAsync(by_vertices, 0, bytes, stream), "clear gradients");
    if (own.offsets) {
        launch(frames_backward_kernel<true, true>, 1);
    } else {
        launch(frames_backward_kernel<false, true>, shape.frames);
    }
    const dim3 grid = grid_of(shape.vertices, shape.frames);
    normal_lengths_backward_kernel<<<grid, linear_threads, 0, stream>>>(shape, arrays, vertices, normals, by_normals);
    check_launch("normal lengths backward", stream);
    normals_backward_kernel<<<grid, linear_threads, 0, stream>>>(shape, arrays, vertices, by_normals, by_vertices);
    check_launch("normals backward", stream);
}

}  // namespace likeness::cuda
