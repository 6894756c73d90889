#include "cuda/launch.cuh"
#include "cuda/vector.cuh"
#include "likeness/cuda/deform.h"

namespace likeness::cuda {
namespace {

struct Frame {
    Vec3 origin;
    float rotation[9];
    float stretch;
};

__device__ Frame load_frame(const float* p) {
    Frame f;
    f.origin = load3(p);
#pragma unroll
    for (int k = 0; k < 9; ++k) f.rotation[k] = p[3 + k];
    f.stretch = p[12];
    return f;
}

// Unit quaternion of a rotation matrix (Shepperd 1978): divides by the largest of the four entries.
__device__ Quaternion matrix_quaternion(const float* m) {
    const float trace = m[0] + m[4] + m[8];
    Quaternion q;
    if (trace >= m[0] && trace >= m[4] && trace >= m[8]) {
        q = {1 + trace, m[7] - m[5], m[2] - m[6], m[3] - m[1]};
    } else if (m[0] >= m[4] && m[0] >= m[8]) {
        q = {m[7] - m[5], 1 + m[0] - m[4] - m[8], m[1] + m[3], m[2] + m[6]};
    } else if (m[4] >= m[8]) {
        q = {m[2] - m[6], m[1] + m[3], 1 + m[4] - m[0] - m[8], m[5] + m[7]};
    } else {
        q = {m[3] - m[1], m[2] + m[6], m[5] + m[7], 1 + m[8] - m[0] - m[4]};
    }
    return scaled(q, 1.0f / length(q));
}

__device__ Quaternion product(Quaternion a, Quaternion b) {
    return {a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z, a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
            a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x, a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w};
}

__device__ Quaternion load_quaternion(const float* array, std::size_t i) {
    const float4 q = reinterpret_cast<const float4*>(array)[i];
    return {q.x, q.y, q.z, q.w};
}
__device__ void store_quaternion(float* array, std::size_t i, Quaternion q) {
    reinterpret_cast<float4*>(array)[i] = make_float4(q.w, q.x, q.y, q.z);
}

__device__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

__global__ void __launch_bounds__(linear_threads) deform_kernel(int count, AnchoredArrays a, PosedArrays out) {
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    if (i >= std::size_t(count)) return;
    const Frame f = load_frame(a.frames + i * frame_floats);
    store3(out.means + 3 * i, f.origin + f.stretch * multiply(f.rotation, load3(a.offsets + 3 * i)));
    const Vec3 log_scale = load3(a.log_scales + 3 * i);
    store3(out.scales + 3 * i, f.stretch * Vec3{expf(log_scale.x), expf(log_scale.y), expf(log_scale.z)});
    const Quaternion raw = load_quaternion(a.quaternions, i);
    store_quaternion(out.rotations, i, product(matrix_quaternion(f.rotation), scaled(raw, 1.0f / length(raw))));
    store3(out.colors + 3 * i, load3(a.albedos + 3 * i));
    out.opacities[i] = sigmoid(a.logits[i]);
}

__global__ void __launch_bounds__(linear_threads)
    deform_backward_kernel(int count, AnchoredArrays a, PosedGradients g, AnchoredGradients out) {
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    if (i >= std::size_t(count)) return;
    const Frame f = load_frame(a.frames + i * frame_floats);
    store3(out.offsets + 3 * i, f.stretch * multiply_transposed(f.rotation, load3(g.means + 3 * i)));
    const Vec3 log_scale = load3(a.log_scales + 3 * i), gs = load3(g.scales + 3 * i);
    store3(out.log_scales + 3 * i,
           f.stretch * Vec3{gs.x * expf(log_scale.x), gs.y * expf(log_scale.y), gs.z * expf(log_scale.z)});
    // Left multiplication by a unit quaternion is orthogonal: its transpose is multiplication by the conjugate.
    Quaternion frame = matrix_quaternion(f.rotation);
    frame = {frame.w, -frame.x, -frame.y, -frame.z};
    const Quaternion raw = load_quaternion(a.quaternions, i);
    const float raw_length = length(raw);
    store_quaternion(out.quaternions, i,
                     normalize_backward(scaled(raw, 1.0f / raw_length), raw_length,
                                        product(frame, load_quaternion(g.rotations, i))));
    store3(out.albedos + 3 * i, load3(g.colors + 3 * i));
    const float opacity = sigmoid(a.logits[i]);
    out.logits[i] = g.opacities[i] * opacity * (1.0f - opacity);
}

}  // namespace

void deform_forward(int count, const AnchoredArrays& anchored, const PosedArrays& posed, cudaStream_t stream) {
    if (count == 0) return;
    deform_kernel<<<blocks_for(std::size_t(count)), linear_threads, 0, stream>>>(count, anchored, posed);
    check_launch("deform", stream);
}

void deform_backward(int count, const AnchoredArrays& anchored, const PosedGradients& posed_gradients,
                     const AnchoredGradients& gradients, cudaStream_t stream) {
    if (count == 0) return;
    deform_backward_kernel<<<blocks_for(std::size_t(count)), linear_threads, 0, stream>>>(count, anchored,
                                                                                          posed_gradients, gradients);
    check_launch("deform backward", stream);
}

}  // namespace likeness::cuda
