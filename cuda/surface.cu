#include "cuda/deform.cuh"
#include "cuda/exact.cuh"
#include "cuda/launch.cuh"
#include "likeness/cuda/surface.h"

namespace likeness::cuda {
namespace {

__device__ inline Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }

// What a vertex is asked for: gradients with respect to its place and by its unit normal, later by the sum that was normalised. A
// memory sector each, so that a corner costs two atomic operations where the GPU has wide ones.
struct alignas(32) VertexSums {
    float4 place, normal;
};
__device__ inline void add3(float4* p, Vec3 v) {
#if __CUDA_ARCH__ >= 900
    atomicAdd(p, make_float4(v.x, v.y, v.z, 0));
#else
    atomicAdd(&p->x, v.x);
    atomicAdd(&p->y, v.y);
    atomicAdd(&p->z, v.z);
#endif
}
__device__ inline void add_place(VertexSums* sums, int v, Vec3 by) { add3(&sums[v].place, by); }
__device__ inline void add_normal(VertexSums* sums, int v, Vec3 by) { add3(&sums[v].normal, by); }

// The same in integers, for deterministic sums.
struct ExactVertexSums {
    ExactSum place[3], normal[3];
};
__device__ inline void add3(ExactSum* p, Vec3 v) {
    add_exactly(p, v.x, vertex_units);
    add_exactly(p + 1, v.y, vertex_units);
    add_exactly(p + 2, v.z, vertex_units);
}
__device__ inline void add_place(ExactVertexSums* sums, int v, Vec3 by) { add3(sums[v].place, by); }
__device__ inline void add_normal(ExactVertexSums* sums, int v, Vec3 by) { add3(sums[v].normal, by); }

__device__ inline float4 values_of(const ExactSum* p) {
    return make_float4(value_of(p[0], vertex_units), value_of(p[1], vertex_units), value_of(p[2], vertex_units), 0);
}
__global__ void __launch_bounds__(linear_threads)
    read_sums_kernel(std::size_t count, const ExactVertexSums* exact, VertexSums* sums) {
    const std::size_t v = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    if (v < count) sums[v] = {values_of(exact[v].place), values_of(exact[v].normal)};
}

__device__ inline Vec3 xyz(float4 v) { return {v.x, v.y, v.z}; }
__device__ inline float4 load_normal(const float* normals, int v) {
    return reinterpret_cast<const float4*>(normals)[v];
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
    wait_for_previous();
    const int v = int(blockIdx.x) * linear_threads + int(threadIdx.x);
    if (v >= shape.vertices) return;
    const std::size_t frame = std::size_t(blockIdx.y) * shape.vertices;
    const Vec3 sum = gathered_normal(arrays, vertices + 3 * frame, v);
    const float size = sqrtf(dot(sum, sum)), inverse = size > 0 ? 1.0f / size : 0.0f;
    reinterpret_cast<float4*>(normals)[frame + v] =
        make_float4(inverse * sum.x, inverse * sum.y, inverse * sum.z, size);
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
    Vec3 normal = anchor.x * xyz(load_normal(normals, f.t.a)) + anchor.y * xyz(load_normal(normals, f.t.b)) +
                  anchor.z * xyz(load_normal(normals, f.t.c));
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
    const std::size_t frame = std::size_t(blockIdx.y) * shape.vertices;
    const FrameParts f = make_frame(arrays, vertices + 3 * frame, normals + 4 * frame, i);
    float* to = out + (std::size_t(blockIdx.y) * shape.count + i) * frame_floats;
    store3(to, f.origin);
    columns(f, to + 3);
    to[12] = f.stretch;
}

__device__ inline void hide(const PosedArrays& posed, std::size_t at) { posed.opacities[at] = 0; }
__device__ inline void hide(const HalfPosed& posed, std::size_t at) { posed.splats[at].opacity = 0; }

// `parts` null: all are seen.
template <class Anchored, class Posed>
__global__ void __launch_bounds__(linear_threads)
    pose_kernel(SurfaceShape shape, SurfaceArrays arrays, const float* vertices, const float* normals, Anchored p,
                const unsigned char* parts, unsigned visible, Posed out) {
    wait_for_previous();
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    if (i >= std::size_t(shape.count)) return;
    const std::size_t frame = std::size_t(blockIdx.y) * shape.vertices;
    const std::size_t at = std::size_t(blockIdx.y) * shape.count + i;
    if (parts && !(visible >> parts[i] & 1u)) {
        hide(out, at);  // the rest is not looked at
        return;
    }
    const FrameParts f = make_frame(arrays, vertices + 3 * frame, normals + 4 * frame, i);
    float m[9];
    columns(f, m);
    pose_splat(i, at, f.origin, m, f.stretch, p, out);
}

// What one Gaussian in one frame passes on to the corners of its triangle. A turn of the frame by the rotation vector w
// moves its columns by w x column. The derivative by w is split into what the normal's and the tangent's movements take
// of it: w = n x dn + n (b . dt).
template <class Sums>
__device__ inline void pass_to_vertices(const FrameParts& f, const float* m, std::size_t i, std::size_t at,
                                        const AnchoredArrays& p, const float* posed_rotations, const PosedGradients& g,
                                        Sums* sums) {
    const Vec3 grad_mean = load3(g.means + 3 * at), grad_scale = load3(g.scales + 3 * at);
    const Quaternion grad_rotation = load_quaternion(g.rotations, at);
    const Vec3 turned = multiply(m, load3(p.offsets + 3 * i));
    const Vec3 log_scale = load3(p.log_scales + 3 * i);
    const float grad_stretch = dot(grad_mean, turned) + grad_scale.x * expf(log_scale.x) + grad_scale.y * expf(log_scale.y) +
                             grad_scale.z * expf(log_scale.z);
    // mean = o + s R offset, and q -> (0, w) q / 2.
    const Quaternion q = load_quaternion(posed_rotations, at);
    const Vec3 from_rotation{
        0.5f * (-grad_rotation.w * q.x + grad_rotation.x * q.w - grad_rotation.y * q.z + grad_rotation.z * q.y),
        0.5f * (-grad_rotation.w * q.y + grad_rotation.x * q.z + grad_rotation.y * q.w - grad_rotation.z * q.x),
        0.5f * (-grad_rotation.w * q.z - grad_rotation.x * q.y + grad_rotation.y * q.x + grad_rotation.z * q.w)};
    const Vec3 grad_turn = f.stretch * cross(turned, grad_mean) + from_rotation;
    const float about_normal = dot(grad_turn, f.normal);
    Vec3 grad_normal = cross(grad_turn, f.normal), grad_ab{0, 0, 0}, grad_ac{0, 0, 0};
    if (f.tangent_length > 0) {
        const Vec3 grad_along = (about_normal / f.tangent_length) * f.bitangent;
        grad_normal = grad_normal - f.tangent_along * grad_along;
        grad_ab = f.chart.x * grad_along;
        grad_ac = f.chart.y * grad_along;
    }
    if (f.free_stretch && f.face_length > 1e-10f) {
        // stretch^2 = z |face|
        const Vec3 grad_face = (grad_stretch * 0.5f * f.chart.z / (f.stretch * f.face_length)) * f.face;
        grad_ab = grad_ab + cross(f.ac, grad_face);
        grad_ac = grad_ac + cross(grad_face, f.ab);
    }
    add_place(sums, f.t.a, f.weight[0] * grad_mean - grad_ab - grad_ac);
    add_place(sums, f.t.b, f.weight[1] * grad_mean + grad_ab);
    add_place(sums, f.t.c, f.weight[2] * grad_mean + grad_ac);
    if (f.normal_length > 0) {
        const Vec3 grad_sum = (1.0f / f.normal_length) * (grad_normal - dot(grad_normal, f.normal) * f.normal);
        add_normal(sums, f.t.a, f.weight[0] * grad_sum);
        add_normal(sums, f.t.b, f.weight[1] * grad_sum);
        add_normal(sums, f.t.c, f.weight[2] * grad_sum);
    }
}

// A block has `columns` Gaussians and up to `rows` frames side by side; a Gaussian's own gradients are summed over
// its frames, by a thread and then by the first row.
constexpr int most_rows = 8;

template <bool Own, bool Vertices, class Sums>
__global__ void __launch_bounds__(linear_threads)
    frames_backward_kernel(SurfaceShape shape, SurfaceArrays arrays, const float* vertices, const float* normals,
                           AnchoredArrays p, const float* posed_rotations, PosedGradients g, AnchoredGradientArrays own,
                           ViewWeights weights, Sums* sums) {
    wait_for_previous();
    __shared__ SplatGradients rows[Own ? linear_threads : 1];
    const std::size_t i = std::size_t(blockIdx.x) * blockDim.x + threadIdx.x;
    const bool inside = i < std::size_t(shape.count);
    SplatGradients sum{};
    for (int k = int(threadIdx.y); inside && k < shape.frames; k += int(blockDim.y)) {
        const std::size_t frame = std::size_t(k) * shape.vertices, at = std::size_t(k) * shape.count + i;
        const FrameParts f = make_frame(arrays, vertices + 3 * frame, normals + 4 * frame, i);
        AnchorFrame anchor;
        columns(f, anchor.rotation);
        anchor.stretch = f.stretch;
        if constexpr (Own) sum = sum + weighed(deform_gradients(i, at, anchor, p, g), weights, k, i);
        if constexpr (Vertices) pass_to_vertices(f, anchor.rotation, i, at, p, posed_rotations, g, sums + frame);
    }
    if constexpr (Own) {
        rows[threadIdx.y * blockDim.x + threadIdx.x] = sum;
        __syncthreads();
        if (!inside || threadIdx.y != 0) return;
        for (unsigned k = 1; k < blockDim.y; ++k) sum = sum + rows[k * blockDim.x + threadIdx.x];
        store_gradients(i, sum, own);
    }
}

// In place: from gradients with respect to the unit normals to those by the sums that were normalised.
__global__ void __launch_bounds__(linear_threads)
    normal_lengths_backward_kernel(std::size_t count, const float* normals, VertexSums* sums) {
    wait_for_previous();
    const std::size_t v = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    if (v >= count) return;
    const float4 n = reinterpret_cast<const float4*>(normals)[v];
    const Vec3 g = xyz(sums[v].normal);
    const float inverse = n.w > 0 ? 1.0f / n.w : 0.0f, along = dot(g, xyz(n));
    sums[v].normal =
        make_float4(inverse * (g.x - along * n.x), inverse * (g.y - along * n.y), inverse * (g.z - along * n.z), 0);
}

// A vertex gathers from its triangles: each passes on what its three corners' normal sums ask of it.
__global__ void __launch_bounds__(linear_threads)
    normals_backward_kernel(SurfaceShape shape, SurfaceArrays arrays, const float* vertices, const VertexSums* sums,
                            float* grad_vertices) {
    wait_for_previous();
    const int v = int(blockIdx.x) * linear_threads + int(threadIdx.x);
    if (v >= shape.vertices) return;
    const std::size_t frame = std::size_t(blockIdx.y) * shape.vertices;
    const float* x = vertices + 3 * frame;
    sums += frame;
    Vec3 sum = xyz(sums[v].place);
    for (int k = arrays.vertex_first[v]; k < arrays.vertex_first[v + 1]; ++k) {
        const Corners t = corners_of(arrays, arrays.vertex_triangles[k]);
        const Vec3 grad_face = xyz(sums[t.a].normal) + xyz(sums[t.b].normal) + xyz(sums[t.c].normal);
        // face = (b - a) x (c - a) is the same seen from each corner in turn: d face / d a = (c - b) x .
        const Vec3 from = v == t.a ? load3(x + 3 * t.b) : v == t.b ? load3(x + 3 * t.c) : load3(x + 3 * t.a);
        const Vec3 to_edge = v == t.a ? load3(x + 3 * t.c) : v == t.b ? load3(x + 3 * t.a) : load3(x + 3 * t.b);
        sum = sum + cross(grad_face, to_edge - from);
    }
    store3(grad_vertices + 3 * (frame + v), sum);
}

dim3 grid_of(int items, int frames) { return dim3(blocks_for(std::size_t(items)), unsigned(frames)); }

template <class Anchored, class Posed>
void launch_pose(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices, const float* normals,
                 const Anchored& anchored, const unsigned char* parts, unsigned visible, const Posed& posed,
                 cudaStream_t stream) {
    if (shape.count == 0) return;
    launch_chained("pose", pose_kernel<Anchored, Posed>, grid_of(shape.count, shape.frames), linear_threads, stream,
                   shape, arrays, vertices, normals, anchored, parts, visible, posed);
}

}  // namespace

void surface_normals(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices, float* normals,
                     cudaStream_t stream) {
    if (shape.vertices == 0 || shape.frames == 0) return;
    launch_chained("normals", normals_kernel, grid_of(shape.vertices, shape.frames), linear_threads, stream, shape, arrays, vertices, normals);
}

void surface_frames(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices, const float* normals,
                    float* frames_out, cudaStream_t stream) {
    if (shape.count == 0 || shape.frames == 0) return;
    frames_kernel<<<grid_of(shape.count, shape.frames), linear_threads, 0, stream>>>(shape, arrays, vertices, normals,
                                                                                     frames_out);
    check_launch("frames", stream);
}

void pose_on_surface(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices,
                     const float* normals, const AnchoredArrays& anchored, const PosedArrays& posed,
                     cudaStream_t stream) {
    launch_pose(shape, arrays, vertices, normals, anchored, nullptr, ~0u, posed, stream);
}

void pose_on_surface(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices,
                     const float* normals, const HalfAnchored& anchored, const unsigned char* parts,
                     unsigned visible, const HalfPosed& posed, cudaStream_t stream) {
    launch_pose(shape, arrays, vertices, normals, anchored, parts, visible, posed, stream);
}

std::size_t surface_backward_floats(const SurfaceShape& shape) {
    const std::size_t a_vertex = sizeof(VertexSums) + (shape.deterministic ? sizeof(ExactVertexSums) : 0);
    return std::size_t(shape.frames) * std::size_t(shape.vertices) * a_vertex / sizeof(float);
}

void surface_backward(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices,
                      const float* normals, const AnchoredArrays& anchored, const float* posed_rotations,
                      const PosedGradients& gradients, float* scratch, float* grad_vertices, cudaStream_t stream,
                      const AnchoredGradientArrays& own, const ViewWeights& weights) {
    if (shape.vertices == 0 || shape.frames == 0) return;
    const std::size_t count = std::size_t(shape.vertices) * std::size_t(shape.frames);
    VertexSums* const sums = reinterpret_cast<VertexSums*>(scratch);
    ExactVertexSums* const exact = reinterpret_cast<ExactVertexSums*>(sums + count);
    int rows = 1;
    while (rows < most_rows && rows < shape.frames) rows *= 2;
    const int columns = linear_threads / rows;
    const auto launch = [&](auto kernel, auto* target) {
        if (shape.count == 0) return;
        launch_chained("frames backward", kernel, unsigned((shape.count + columns - 1) / columns),
                       dim3(unsigned(columns), unsigned(rows)), stream, shape, arrays, vertices, normals, anchored,
                       posed_rotations, gradients, own, weights, target);
    };
    if (grad_vertices == nullptr) {
        if (own.offsets) launch(frames_backward_kernel<true, false, VertexSums>, sums);
        return;
    }
    check(cudaMemsetAsync(scratch, 0, sizeof(float) * cuda::surface_backward_floats(shape), stream), "clear gradients");
    const auto launch_to = [&]<class Sums>(Sums* target) {
        if (own.offsets) {
            launch(frames_backward_kernel<true, true, Sums>, target);
        } else {
            launch(frames_backward_kernel<false, true, Sums>, target);
        }
    };
    if (shape.deterministic) {
        launch_to(exact);
        read_sums_kernel<<<blocks_for(count), linear_threads, 0, stream>>>(count, exact, sums);
        check_launch("read sums", stream);
    } else {
        launch_to(sums);
    }
    launch_chained("normal lengths backward", normal_lengths_backward_kernel, blocks_for(count), linear_threads, stream, count, normals, sums);
    launch_chained("normals backward", normals_backward_kernel, grid_of(shape.vertices, shape.frames), linear_threads, stream, shape, arrays, vertices, sums, grad_vertices);
}

}  // namespace likeness::cuda
