// One Gaussian from its anchored parameters to posed ones, and gradients back (likeness/cuda/deform.h).
#pragma once

#include "cuda/half_splat.cuh"
#include "cuda/vector.cuh"
#include "likeness/cuda/deform.h"

namespace likeness::cuda {

// Where the posed surface carries a Gaussian (deform.h).
struct AnchorFrame {
    Vec3 origin;
    float rotation[9];
    float stretch;
};

__device__ inline AnchorFrame load_frame(const float* p) {
    AnchorFrame f;
    f.origin = load3(p);
#pragma unroll
    for (int k = 0; k < 9; ++k) f.rotation[k] = p[3 + k];
    f.stretch = p[12];
    return f;
}

// Unit quaternion of a rotation matrix (Shepperd 1978): divides by the largest of the four entries.
__device__ inline Quaternion matrix_quaternion(const float* m) {
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

__device__ inline Quaternion product(Quaternion a, Quaternion b) {
    return {a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z, a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
            a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x, a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w};
}

__device__ inline Quaternion load_quaternion(const float* array, std::size_t i) {
    const float4 q = reinterpret_cast<const float4*>(array)[i];
    return {q.x, q.y, q.z, q.w};
}
__device__ inline void store_quaternion(float* array, std::size_t i, Quaternion q) {
    reinterpret_cast<float4*>(array)[i] = make_float4(q.w, q.x, q.y, q.z);
}

__device__ inline float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

// A Gaussian where nothing is stretched, in the frame that the surface gives it.
struct RestSplat {
    Vec3 offset, scale, color;
    Quaternion rotation;  // unit length
    float opacity;
};
__device__ inline RestSplat rest_splat(const AnchoredArrays& a, std::size_t i) {
    const Vec3 log_scale = load3(a.log_scales + 3 * i);
    const Quaternion raw = load_quaternion(a.quaternions, i);
    return {load3(a.offsets + 3 * i),
            {expf(log_scale.x), expf(log_scale.y), expf(log_scale.z)},
            load3(a.albedos + 3 * i),
            scaled(raw, 1.0f / length(raw)),
            sigmoid(a.opacity_logits[i])};
}
__device__ inline RestSplat rest_splat(const HalfAnchored& a, std::size_t i) {
    const HalfSplat s = a.splats[i];
    return {load3(a.offsets + 3 * i), widened(s.scale), widened(s.color), widened(s.rotation), widened(s.opacity)};
}

__device__ inline void store_splat(const PosedArrays& to, std::size_t at, Vec3 mean, Vec3 scale, Quaternion rotation,
                                   Vec3 color, float opacity) {
    store3(to.means + 3 * at, mean);
    store3(to.scales + 3 * at, scale);
    store_quaternion(to.rotations, at, rotation);
    store3(to.colors + 3 * at, color);
    to.opacities[at] = opacity;
}
__device__ inline void store_splat(const HalfPosed& to, std::size_t at, Vec3 mean, Vec3 scale, Quaternion rotation,
                                   Vec3 color, float opacity) {
    store3(to.means + 3 * at, mean);
    to.splats[at] = narrowed(scale, rotation, color, opacity);
}

// Gaussian `i` to row `at` of the posed ones. `rotation` row-major.
template <class Anchored, class Posed>
__device__ inline void pose_splat(std::size_t i, std::size_t at, Vec3 origin, const float* rotation, float stretch,
                                  const Anchored& a, const Posed& out) {
    const RestSplat s = rest_splat(a, i);
    store_splat(out, at, origin + stretch * multiply(rotation, s.offset), stretch * s.scale,
                product(matrix_quaternion(rotation), s.rotation), s.color, s.opacity);
}

// Gradients of the loss by one Gaussian's own parameters.
struct SplatGradients {
    Vec3 offset, log_scale, albedo;
    Quaternion quaternion;
    float opacity_logit;
};

// Of Gaussian `i`, whose posed form is row `at` of `g`.
__device__ inline SplatGradients deform_gradients(std::size_t i, std::size_t at, const AnchorFrame& f,
                                                      const AnchoredArrays& a, const PosedGradients& g) {
    SplatGradients d;
    d.offset = f.stretch * multiply_transposed(f.rotation, load3(g.means + 3 * at));
    const Vec3 log_scale = load3(a.log_scales + 3 * i), gs = load3(g.scales + 3 * at);
    d.log_scale = f.stretch * Vec3{gs.x * expf(log_scale.x), gs.y * expf(log_scale.y), gs.z * expf(log_scale.z)};
    // Left multiplication by a unit quaternion is orthogonal: its transpose is multiplication by the conjugate.
    Quaternion frame = matrix_quaternion(f.rotation);
    frame = {frame.w, -frame.x, -frame.y, -frame.z};
    const Quaternion raw = load_quaternion(a.quaternions, i);
    const float raw_length = length(raw);
    d.quaternion =
        normalize_backward(scaled(raw, 1.0f / raw_length), raw_length, product(frame, load_quaternion(g.rotations, at)));
    d.albedo = load3(g.colors + 3 * at);
    const float opacity = sigmoid(a.opacity_logits[i]);
    d.opacity_logit = g.opacities[at] * opacity * (1.0f - opacity);
    return d;
}

// As much of them as a view teaches this Gaussian.
__device__ inline SplatGradients weighed(const SplatGradients& d, const ViewWeights& weights, int view,
                                           std::size_t i) {
    const float* const of_view = weights.splat_weight ? weights.splat_weight[view] : nullptr;
    const float w = of_view ? of_view[i] : 1.0f;
    const bool colors_only = weights.colors_only && weights.colors_only[view];
    if (w == 1.0f && !colors_only) return d;
    const float g = colors_only ? 0.0f : w;
    return {g * d.offset, g * d.log_scale, w * d.albedo, scaled(d.quaternion, g), g * d.opacity_logit};
}

__device__ inline SplatGradients operator+(const SplatGradients& a, const SplatGradients& b) {
    const Quaternion &p = a.quaternion, &q = b.quaternion;
    return {a.offset + b.offset, a.log_scale + b.log_scale, a.albedo + b.albedo,
            {p.w + q.w, p.x + q.x, p.y + q.y, p.z + q.z}, a.opacity_logit + b.opacity_logit};
}

__device__ inline void store_gradients(std::size_t i, const SplatGradients& d, const AnchoredGradientArrays& out) {
    store3(out.offsets + 3 * i, d.offset);
    store3(out.log_scales + 3 * i, d.log_scale);
    store_quaternion(out.quaternions, i, d.quaternion);
    store3(out.albedos + 3 * i, d.albedo);
    out.opacity_logits[i] = d.opacity_logit;
}

}  // namespace likeness::cuda
