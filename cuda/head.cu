// Sums are taken in a fixed order, so the same input gives the same bits.
#include "cuda/launch.cuh"
#include "cuda/vector.cuh"
#include "likeness/cuda/head.h"

namespace likeness::cuda {
namespace {

constexpr int rig_threads = 128;
constexpr int basis_threads = 256;
constexpr int transform_floats = 12;

// HeadShape::coefficients() for both sides.
__host__ __device__ int coefficient_count(const HeadShape& shape) { return shape.expressions + shape.correctives; }

unsigned vertex_blocks(const HeadShape& shape) { return blocks_for(std::size_t(shape.vertices)); }

// ---- the joints' chain, one thread ----

struct Chain {
    float axis_angle[most_joints][3];
    float local[most_joints][9], world[most_joints][9];
    float origin[most_joints][3];
};

__device__ void set_identity(float* m) {
    for (int k = 0; k < 9; ++k) m[k] = k % 4 == 0 ? 1.0f : 0.0f;
}

__device__ void matrix_product(const float* a, const float* b, float* out) {
    for (int r = 0; r < 3; ++r)
        for (int c = 0; c < 3; ++c)
            out[3 * r + c] = a[3 * r] * b[c] + a[3 * r + 1] * b[3 + c] + a[3 * r + 2] * b[6 + c];
}

// sin(x) / x and (1 - cos x) / x^2 and (x - sin x) / x^3, with their series where the quotients lose digits.
struct Ratios {
    float sine, cosine, rest;
};
__device__ Ratios ratios(float x) {
    if (x < 0.3f) {
        const float s = x * x;
        return {1 - s / 6 + s * s / 120, 0.5f - s / 24 + s * s / 720, 1.0f / 6 - s / 120 + s * s / 5040};
    }
    return {sinf(x) / x, (1 - cosf(x)) / (x * x), (x - sinf(x)) / (x * x * x)};
}

// out = identity + a K + b K^2 with K the cross product matrix of `v`.
__device__ void cross_series(const float* v, float a, float b, float* out) {
    const float k[9] = {0, -v[2], v[1], v[2], 0, -v[0], -v[1], v[0], 0};
    float kk[9];
    matrix_product(k, k, kk);
    for (int i = 0; i < 9; ++i) out[i] = (i % 4 == 0 ? 1.0f : 0.0f) + a * k[i] + b * kk[i];
}

__device__ void make_chain(const HeadShape& shape, const HeadArrays& arrays, const float* translation, Chain& chain) {
    for (int j = 0; j < shape.joints; ++j) {
        const float* a = chain.axis_angle[j];
        const Ratios r = ratios(sqrtf(a[0] * a[0] + a[1] * a[1] + a[2] * a[2]));
        cross_series(a, r.sine, r.cosine, chain.local[j]);  // Rodrigues
        const int parent = arrays.joint_parent[j];
        const Vec3 p = load3(arrays.joint_position + 3 * j);
        Vec3 pivot;
        if (parent < 0) {
            for (int k = 0; k < 9; ++k) chain.world[j][k] = chain.local[j][k];
            pivot = p + load3(translation);
        } else {
            matrix_product(chain.world[parent], chain.local[j], chain.world[j]);
            pivot = multiply(chain.world[parent], p) + load3(chain.origin[parent]);
        }
        store3(chain.origin[j], pivot + -1.0f * multiply(chain.world[j], p));
    }
}

// Expression coefficients and driven joint angles of a block's frame, by all threads; needs a barrier after it.
__device__ void drive(const HeadShape& shape, const HeadArrays& arrays, const HeadPoses& poses, int frame,
                      float* coefficients, Chain& chain) {
    const float* controls = poses.controls + std::size_t(frame) * shape.controls;
    for (int row = int(threadIdx.x); row < shape.expressions + 3 * shape.joints; row += int(blockDim.x)) {
        const int k = row - shape.expressions;
        const float* basis =
            k < 0 ? arrays.control_expression + row * shape.controls : arrays.control_joint + k * shape.controls;
        float sum = k < 0 ? 0.0f : poses.joints[std::size_t(frame) * 3 * shape.joints + k];
        for (int c = 0; c < shape.controls; ++c) sum += basis[c] * controls[c];
        if (k >= 0) {
            chain.axis_angle[k / 3][k % 3] = sum;
        } else if (coefficients) {
            coefficients[row] = sum;
        }
    }
}

__global__ void __launch_bounds__(rig_threads)
    rig_kernel(HeadShape shape, HeadArrays arrays, HeadPoses poses, HeadOutputs out) {
    wait_for_previous();
    __shared__ Chain chain;
    const int frame = int(blockIdx.x);
    float* const coefficients = out.coefficients + std::size_t(frame) * coefficient_count(shape);
    drive(shape, arrays, poses, frame, coefficients, chain);
    __syncthreads();
    if (threadIdx.x != 0) return;
    make_chain(shape, arrays, poses.translation + 3 * frame, chain);
    for (int k = 0; k < shape.correctives; ++k)  // the rotations' entries less the identity's
        coefficients[shape.expressions + k] = chain.local[k / 9][k % 9] - (k % 9 % 4 == 0 ? 1.0f : 0.0f);
    float* to = out.transforms + std::size_t(frame) * shape.joints * transform_floats;
    for (int j = 0; j < shape.joints; ++j, to += transform_floats)
        for (int r = 0; r < 3; ++r) {
            for (int c = 0; c < 3; ++c) to[4 * r + c] = chain.world[j][3 * r + c];
            to[4 * r + 3] = chain.origin[j][r];
        }
}

// Without `express` the vertices at rest are taken from out.rested; without `skin` they end there.
template <bool express, bool skin>
__global__ void __launch_bounds__(linear_threads) vertices_kernel(HeadShape shape, HeadArrays arrays, HeadOutputs out) {
    wait_for_previous();
    extern __shared__ float shared[];
    const int count = coefficient_count(shape);
    float *coefficients = shared, *transforms = shared + count;
    const std::size_t frame = blockIdx.y;
    for (int e = int(threadIdx.x); express && e < count; e += linear_threads)
        coefficients[e] = out.coefficients[frame * count + e];
    for (int k = int(threadIdx.x); k < shape.joints * transform_floats; k += linear_threads)
        transforms[k] = out.transforms[frame * shape.joints * transform_floats + k];
    __syncthreads();
    const int v = int(blockIdx.x) * linear_threads + int(threadIdx.x);
    if (v >= shape.vertices) return;
    const std::size_t at = 3 * (frame * shape.vertices + v);
    Vec3 x = load3(express ? arrays.rest + 3 * std::size_t(v) : out.rested + at);
    if (express) {
        if (v < shape.expressed)
            for (int e = 0; e < count; ++e)
                if (const float c = coefficients[e]; c != 0.0f)
                    x = x + c * load3(arrays.expression + 3 * (std::size_t(e) * shape.expressed + v));
        if (out.rested) store3(out.rested + at, x);
    }
    if (!skin) return;
    Vec3 sum{0, 0, 0};
    for (int j = 0; j < shape.joints; ++j) {
        const float w = arrays.weights[std::size_t(v) * shape.joints + j];
        if (w == 0.0f) continue;
        const float* m = transforms + j * transform_floats;
        sum = sum + w * Vec3{m[0] * x.x + m[1] * x.y + m[2] * x.z + m[3], m[4] * x.x + m[5] * x.y + m[6] * x.z + m[7],
                             m[8] * x.x + m[9] * x.y + m[10] * x.z + m[11]};
    }
    store3(out.vertices + at, sum);
}

// ---- and back ----

// Pieces of the scratch memory.
struct Scratch {
    float* grad_rested;        // [frames, vertices, 3]
    float* grad_transform;     // [frames, blocks, joints, 12] sums of each block of vertices
    float* grad_coefficient;   // [frames, coefficients()]
    float* grad_joint_origin;  // [frames, joints, 3] by the joints' positions at rest
};
Scratch cut(const HeadShape& shape, float* memory, const HeadGradients& gradients) {
    const std::size_t frames = std::size_t(shape.frames), blocks = vertex_blocks(shape);
    Scratch s{};
    s.grad_rested = gradients.rested ? gradients.rested : memory;
    s.grad_transform = memory + frames * std::size_t(shape.vertices) * 3;
    s.grad_coefficient = s.grad_transform + frames * blocks * std::size_t(shape.joints) * transform_floats;
    s.grad_joint_origin = s.grad_coefficient + frames * std::size_t(coefficient_count(shape));
    return s;
}

__device__ float sum_over_warp(float value) {
    for (int step = warp_threads / 2; step > 0; step /= 2) value += __shfl_xor_sync(all_lanes, value, step);
    return value;
}

__global__ void __launch_bounds__(linear_threads)
    vertices_backward_kernel(HeadShape shape, HeadArrays arrays, HeadOutputs out, const float* grad_vertices, Scratch s) {
    wait_for_previous();
    constexpr int warps = linear_threads / warp_threads;
    __shared__ float sums[warps][most_joints * transform_floats];
    const std::size_t frame = blockIdx.y;
    const int v = int(blockIdx.x) * linear_threads + int(threadIdx.x);
    const int warp = int(threadIdx.x) / warp_threads, lane = int(threadIdx.x) % warp_threads;
    Vec3 g{0, 0, 0}, x{0, 0, 0}, grad_rested{0, 0, 0};
    const bool inside = v < shape.vertices;
    const std::size_t at = 3 * (frame * shape.vertices + v);
    if (inside) {
        g = load3(grad_vertices + at);
        x = load3(out.rested + at);
    }
    for (int j = 0; j < shape.joints; ++j) {
        const float w = inside ? arrays.weights[std::size_t(v) * shape.joints + j] : 0.0f;
        float values[transform_floats] = {};
        const bool any = __any_sync(all_lanes, w != 0.0f);
        if (any) {
            const float* m = out.transforms + (frame * shape.joints + j) * transform_floats;
            grad_rested = grad_rested + w * Vec3{m[0] * g.x + m[4] * g.y + m[8] * g.z, m[1] * g.x + m[5] * g.y + m[9] * g.z,
                                             m[2] * g.x + m[6] * g.y + m[10] * g.z};
            const float rows[3] = {w * g.x, w * g.y, w * g.z};
#pragma unroll
            for (int r = 0; r < 3; ++r) {
                values[4 * r] = sum_over_warp(rows[r] * x.x);
                values[4 * r + 1] = sum_over_warp(rows[r] * x.y);
                values[4 * r + 2] = sum_over_warp(rows[r] * x.z);
                values[4 * r + 3] = sum_over_warp(rows[r]);
            }
        }
        if (lane == 0)
            for (int k = 0; k < transform_floats; ++k) sums[warp][j * transform_floats + k] = values[k];
    }
    if (inside) store3(s.grad_rested + at, grad_rested);
    __syncthreads();
    const int floats = shape.joints * transform_floats;
    for (int k = int(threadIdx.x); k < floats; k += linear_threads) {
        float sum = 0;
        for (int i = 0; i < warps; ++i) sum += sums[i][k];
        s.grad_transform[(frame * gridDim.x + blockIdx.x) * floats + k] = sum;
    }
}

// Sum over a block; the result is in thread 0.
__device__ float sum_over_block(float value) {
    __shared__ float sums[basis_threads / warp_threads];
    value = sum_over_warp(value);
    if (threadIdx.x % warp_threads == 0) sums[threadIdx.x / warp_threads] = value;
    __syncthreads();
    float sum = 0;
    if (threadIdx.x == 0)
        for (const float part : sums) sum += part;
    return sum;
}

// A row of a basis times a vector: derivative by that row's coefficient.
__device__ float along_row(const float* row, const float* by, std::size_t floats) {
    float sum = 0;
    for (std::size_t i = threadIdx.x; i < floats; i += basis_threads) sum += row[i] * by[i];
    return sum_over_block(sum);
}

__global__ void __launch_bounds__(basis_threads)
    expression_backward_kernel(HeadShape shape, HeadArrays arrays, Scratch s) {
    wait_for_previous();
    const std::size_t e = blockIdx.x, frame = blockIdx.y, floats = 3 * std::size_t(shape.expressed);
    const float sum = along_row(arrays.expression + e * floats, s.grad_rested + frame * shape.vertices * 3, floats);
    if (threadIdx.x == 0) s.grad_coefficient[frame * coefficient_count(shape) + e] = sum;
}

__global__ void __launch_bounds__(linear_threads) rest_backward_kernel(HeadShape shape, Scratch s, float* grad_rest) {
    wait_for_previous();
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x,
                      floats = 3 * std::size_t(shape.vertices);
    if (i >= floats) return;
    float sum = 0;
    for (int frame = 0; frame < shape.frames; ++frame) sum += s.grad_rested[std::size_t(frame) * floats + i];
    grad_rest[i] = sum;
}

__global__ void __launch_bounds__(basis_threads)
    identity_backward_kernel(HeadShape shape, HeadArrays arrays, Scratch s, const float* grad_rest, float* grad_identity) {
    wait_for_previous();
    const std::size_t i = blockIdx.x, floats = 3 * std::size_t(shape.expressed);
    float sum = along_row(arrays.identity + i * floats, grad_rest, floats);
    if (threadIdx.x != 0) return;
    for (int k = 0; k < 3 * shape.joints; ++k) {
        float grad_position = 0;
        for (int frame = 0; frame < shape.frames; ++frame)
            grad_position += s.grad_joint_origin[frame * 3 * shape.joints + k];
        sum += arrays.joint_identity[std::size_t(k) * shape.identities + i] * grad_position;
    }
    grad_identity[i] = sum;
}

// The chain backwards. With W = world, o = origin, p = position at rest, P the parent's:
//   W_j = W_P R_j,   o_j = W_P p_j + o_P - W_j p_j.
__global__ void __launch_bounds__(rig_threads)
    rig_backward_kernel(HeadShape shape, HeadArrays arrays, HeadPoses poses, Scratch s, unsigned blocks,
                        HeadGradients gradients) {
    wait_for_previous();
    __shared__ Chain chain;
    __shared__ float grad_transform[most_joints * transform_floats];
    __shared__ float grad_angle[most_joints * 3], grad_position[most_joints * 3], grad_translation[3];
    const int frame = int(blockIdx.x), floats = shape.joints * transform_floats;
    const float* const grad_coefficient = s.grad_coefficient + std::size_t(frame) * coefficient_count(shape);
    drive(shape, arrays, poses, frame, nullptr, chain);
    for (int k = int(threadIdx.x); k < floats; k += rig_threads) {
        float sum = 0;
        for (unsigned b = 0; b < blocks; ++b) sum += s.grad_transform[(std::size_t(frame) * blocks + b) * floats + k];
        grad_transform[k] = sum;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        make_chain(shape, arrays, poses.translation + 3 * frame, chain);
        store3(grad_translation, {0, 0, 0});
        for (int j = shape.joints - 1; j >= 0; --j) {
            float grad_world[9];
            const float* t = grad_transform + j * transform_floats;
            for (int r = 0; r < 3; ++r)
                for (int c = 0; c < 3; ++c) grad_world[3 * r + c] = t[4 * r + c];
            const Vec3 grad_origin{t[3], t[7], t[11]}, p = load3(arrays.joint_position + 3 * j);
            const float o[3] = {grad_origin.x, grad_origin.y, grad_origin.z}, ps[3] = {p.x, p.y, p.z};
            for (int r = 0; r < 3; ++r)
                for (int c = 0; c < 3; ++c) grad_world[3 * r + c] -= o[r] * ps[c];
            Vec3 grad_p = -1.0f * multiply_transposed(chain.world[j], grad_origin);
            const int parent = arrays.joint_parent[j];
            float above[9];
            if (parent < 0) {
                set_identity(above);
                store3(grad_translation, load3(grad_translation) + grad_origin);
            } else {
                for (int k = 0; k < 9; ++k) above[k] = chain.world[parent][k];
            }
            grad_p = grad_p + multiply_transposed(above, grad_origin);
            store3(grad_position + 3 * j, grad_p);
            // M = W_P^T dW_j R_j^T pairs with the rotation vector of d R_j: its antisymmetric part.
            float half[9], m[9], transposed[9];
            for (int r = 0; r < 3; ++r)
                for (int c = 0; c < 3; ++c) transposed[3 * r + c] = chain.local[j][3 * c + r];
            matrix_product(grad_world, transposed, half);  // dW_j R_j^T: what the parent's W receives
            for (int r = 0; r < 3; ++r)
                for (int c = 0; c < 3; ++c)
                    m[3 * r + c] = above[r] * half[c] + above[3 + r] * half[3 + c] + above[6 + r] * half[6 + c];
            if (shape.correctives > 0) {  // they too are moved by R_j
                float grad_local[9];
                matrix_product(grad_coefficient + shape.expressions + 9 * j, transposed, grad_local);
                for (int k = 0; k < 9; ++k) m[k] += grad_local[k];
            }
            const Vec3 grad_turn{m[7] - m[5], m[2] - m[6], m[3] - m[1]};
            // exp(a + d) ~ exp(J d) exp(a), J the left Jacobian of SO(3) (Sola et al. 2018, eq. 145).
            const float* a = chain.axis_angle[j];
            const Ratios r = ratios(sqrtf(a[0] * a[0] + a[1] * a[1] + a[2] * a[2]));
            float jacobian[9];
            cross_series(a, r.cosine, r.rest, jacobian);
            store3(grad_angle + 3 * j, multiply_transposed(jacobian, grad_turn));
            if (parent >= 0) {
                float* up = grad_transform + parent * transform_floats;
                for (int row = 0; row < 3; ++row) {
                    for (int c = 0; c < 3; ++c) up[4 * row + c] += half[3 * row + c] + o[row] * ps[c];
                    up[4 * row + 3] += o[row];
                }
            }
        }
    }
    __syncthreads();
    for (int k = int(threadIdx.x); k < 3 * shape.joints; k += rig_threads) {
        if (gradients.joints) gradients.joints[frame * 3 * shape.joints + k] = grad_angle[k];
        s.grad_joint_origin[frame * 3 * shape.joints + k] = grad_position[k];
    }
    if (gradients.translation && threadIdx.x < 3)
        gradients.translation[3 * frame + threadIdx.x] = grad_translation[threadIdx.x];
    if (gradients.controls == nullptr) return;
    for (int c = int(threadIdx.x); c < shape.controls; c += rig_threads) {
        float sum = 0;
        for (int e = 0; e < shape.expressions; ++e)
            sum += arrays.control_expression[e * shape.controls + c] * grad_coefficient[e];
        for (int k = 0; k < 3 * shape.joints; ++k) sum += arrays.control_joint[k * shape.controls + c] * grad_angle[k];
        gradients.controls[std::size_t(frame) * shape.controls + c] = sum;
    }
}

void launch_vertices(const char* stage, void (*kernel)(HeadShape, HeadArrays, HeadOutputs), const HeadShape& shape,
                     const HeadArrays& arrays, const HeadOutputs& outputs, cudaStream_t stream) {
    const std::size_t shared = sizeof(float) * std::size_t(coefficient_count(shape) + shape.joints * transform_floats);
    launch_chained_sharing(shared, stage, kernel, dim3(vertex_blocks(shape), unsigned(shape.frames)), linear_threads, stream, shape, arrays, outputs);
}

}  // namespace

void head_forward(const HeadShape& shape, const HeadArrays& arrays, const HeadPoses& poses, const HeadOutputs& outputs,
                  cudaStream_t stream) {
    if (shape.frames == 0 || shape.vertices == 0) return;
    launch_chained("joints", rig_kernel, unsigned(shape.frames), rig_threads, stream, shape, arrays, poses, outputs);
    launch_vertices("head", vertices_kernel<true, true>, shape, arrays, outputs, stream);
}

void head_express(const HeadShape& shape, const HeadArrays& arrays, const HeadPoses& poses, const HeadOutputs& outputs,
                  cudaStream_t stream) {
    if (shape.frames == 0 || shape.vertices == 0) return;
    launch_chained("joints", rig_kernel, unsigned(shape.frames), rig_threads, stream, shape, arrays, poses, outputs);
    launch_vertices("express", vertices_kernel<true, false>, shape, arrays, outputs, stream);
}

void head_skin(const HeadShape& shape, const HeadArrays& arrays, const HeadOutputs& outputs, cudaStream_t stream) {
    if (shape.frames == 0 || shape.vertices == 0) return;
    launch_vertices("skin", vertices_kernel<false, true>, shape, arrays, outputs, stream);
}

std::size_t head_backward_floats(const HeadShape& shape) {
    const std::size_t a_frame = std::size_t(shape.vertices) * 3 +
                                vertex_blocks(shape) * std::size_t(shape.joints) * transform_floats +
                                std::size_t(coefficient_count(shape)) + std::size_t(shape.joints) * 3;
    return std::size_t(shape.frames) * a_frame;
}

void head_backward(const HeadShape& shape, const HeadArrays& arrays, const HeadPoses& poses, const HeadOutputs& outputs,
                   const float* grad_vertices, float* scratch, const HeadGradients& gradients, cudaStream_t stream) {
    head_skin_backward(shape, arrays, outputs, grad_vertices, scratch, gradients, stream);
    head_express_backward(shape, arrays, poses, scratch, gradients, stream);
}

void head_skin_backward(const HeadShape& shape, const HeadArrays& arrays, const HeadOutputs& outputs,
                        const float* grad_vertices, float* scratch, const HeadGradients& gradients, cudaStream_t stream) {
    if (shape.frames == 0 || shape.vertices == 0) return;
    launch_chained("head backward", vertices_backward_kernel, dim3(vertex_blocks(shape), unsigned(shape.frames)), linear_threads, stream, shape, arrays, outputs, grad_vertices, cut(shape, scratch, gradients));
}

void head_express_backward(const HeadShape& shape, const HeadArrays& arrays, const HeadPoses& poses, float* scratch,
                           const HeadGradients& gradients, cudaStream_t stream) {
    if (shape.frames == 0 || shape.vertices == 0) return;
    const Scratch s = cut(shape, scratch, gradients);
    const unsigned frames = unsigned(shape.frames), coefficients = unsigned(coefficient_count(shape));
    if ((gradients.controls && coefficients > 0) || shape.correctives > 0) {
        launch_chained("expression backward", expression_backward_kernel, dim3(coefficients, frames), basis_threads, stream, shape, arrays, s);
    }
    launch_chained("joints backward", rig_backward_kernel, frames, rig_threads, stream, shape, arrays, poses, s, vertex_blocks(shape), gradients);
    if (gradients.rest == nullptr) return;
    launch_chained("rest backward", rest_backward_kernel, blocks_for(3 * std::size_t(shape.vertices)), linear_threads, stream, shape, s, gradients.rest);
    if (gradients.identity && shape.identities > 0) {
        launch_chained("identity backward", identity_backward_kernel, unsigned(shape.identities), basis_threads, stream, shape, arrays, s, gradients.rest, gradients.identity);
    }
}

}  // namespace likeness::cuda
