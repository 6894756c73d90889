// A Gaussian's way onto the screen and its derivative: EWA splatting (Zwicker et al. 2001, equations 24-31) as used by
// Kerbl et al. 2023, equation 5: Sigma' = J W Sigma W^T J^T.
//
// With Sigma = M M^T, M = R diag(scale), and T = J W the projected covariance is A A^T, A = T M (2x3). Its determinant
// is |a0 x a1|^2 (Lagrange's identity), which keeps its digits for needle-shaped Gaussians.
#pragma once

#include "cuda/constants.h"
#include "cuda/vector.cuh"
#include "likeness/cuda/rasterize.h"

namespace likeness::cuda {

struct Projection {
    Vec3 camera;          // the mean in camera space
    float u, v;           // x/z and y/z, limited
    bool free_u, free_v;  // not limited
    Quaternion unit;
    float raw_length;
    Mat3 rotation;
    Vec3 t0, t1;                    // rows of T
    Vec3 a0, a1;                    // rows of A
    float undilated_determinant;
    float xx, xy, yy, determinant;  // dilated covariance
};

// Unfused, in this order: the sort key must not depend on how a compiler contracts multiply and add.
__device__ inline float camera_depth(const View& view, Vec3 mean) {
    const float* r = view.rotation + 6;
    return __fadd_rn(__fadd_rn(__fadd_rn(__fmul_rn(r[0], mean.x), __fmul_rn(r[1], mean.y)), __fmul_rn(r[2], mean.z)),
                     view.translation[2]);
}

__device__ inline Projection project(const View& view, Vec3 mean, Vec3 scale, Quaternion raw) {
    Projection p;
    p.camera = multiply(view.rotation, mean) + load3(view.translation);
    p.camera.z = camera_depth(view, mean);
    const float inverse_z = 1.0f / p.camera.z;
    const float u = p.camera.x * inverse_z, v = p.camera.y * inverse_z;
    p.u = fminf(fmaxf(u, -view.limit_u), view.limit_u);
    p.v = fminf(fmaxf(v, -view.limit_v), view.limit_v);
    p.free_u = p.u == u;
    p.free_v = p.v == v;
    p.raw_length = length(raw);
    p.unit = scaled(raw, 1.0f / p.raw_length);
    p.rotation = rotation_matrix(p.unit);
    // J = [fx/z, 0, -fx u/z; 0, fy/z, -fy v/z]
    const float jx = view.fx * inverse_z, jy = view.fy * inverse_z;
    const Vec3 r0 = load3(view.rotation), r1 = load3(view.rotation + 3), r2 = load3(view.rotation + 6);
    p.t0 = jx * (r0 + -p.u * r2);
    p.t1 = jy * (r1 + -p.v * r2);
    const Vec3 b0 = multiply_transposed(p.rotation.m, p.t0), b1 = multiply_transposed(p.rotation.m, p.t1);
    p.a0 = {b0.x * scale.x, b0.y * scale.y, b0.z * scale.z};
    p.a1 = {b1.x * scale.x, b1.y * scale.y, b1.z * scale.z};
    const float xx = dot(p.a0, p.a0), yy = dot(p.a1, p.a1);
    const Vec3 area = cross(p.a0, p.a1);
    p.xx = xx + screen_dilation;
    p.xy = dot(p.a0, p.a1);
    p.yy = yy + screen_dilation;
    p.undilated_determinant = dot(area, area);
    p.determinant = p.undilated_determinant + screen_dilation * (xx + yy) + screen_dilation * screen_dilation;
    return p;
}

// Index of the shortest axis, the first of equals.
__device__ inline int shortest_axis(Vec3 scale) {
    int axis = 0;
    float least = scale.x;
    if (scale.y < least) {
        axis = 1;
        least = scale.y;
    }
    if (scale.z < least) axis = 2;
    return axis;
}

// +1 or -1: the sign that turns `axis` towards the camera.
__device__ inline float facing_sign(const View& view, Vec3 mean, Vec3 axis) {
    const Vec3 from_camera = mean + -1.0f * load3(view.position);
    return dot(axis, from_camera) > 0.0f ? -1.0f : 1.0f;
}

struct ScreenGradient {
    float mean_x, mean_y;  // by the position in pixels
    float xx, xy, yy;      // by the inverse covariance; xy counts both off-diagonal entries
    float depth;           // by the camera z, from the depth channel
    Vec3 normal;           // by the world normal
};

struct SplatGradient {
    Vec3 mean, scale;
    Quaternion rotation;
};

// The derivative of project() and of the inverse of the covariance.
__device__ inline SplatGradient project_backward(const View& view, const Projection& p, Vec3 mean, Vec3 scale,
                                                 bool with_normal, const ScreenGradient& g) {
    // Inverse covariance K: d(loss)/d(Sigma') = -K G K with the symmetric G = [xx, xy/2; xy/2, yy].
    const float inverse = 1.0f / p.determinant;
    const float kxx = p.yy * inverse, kxy = -p.xy * inverse, kyy = p.xx * inverse;
    const float half = 0.5f * g.xy;
    const float m00 = g.xx * kxx + half * kxy, m01 = g.xx * kxy + half * kyy;
    const float m10 = half * kxx + g.yy * kxy, m11 = half * kxy + g.yy * kyy;
    const float sxx = -(kxx * m00 + kxy * m10);
    const float sxy = -(kxx * m01 + kxy * m11);
    const float syy = -(kxy * m01 + kyy * m11);
    // Sigma' = A A^T: dA = 2 S A.
    const Vec3 da0 = 2.0f * (sxx * p.a0 + sxy * p.a1), da1 = 2.0f * (sxy * p.a0 + syy * p.a1);
    // A = T M: dT = dA M^T, dM = T^T dA, M = R diag(scale).
    const Vec3 ds0{da0.x * scale.x, da0.y * scale.y, da0.z * scale.z};
    const Vec3 ds1{da1.x * scale.x, da1.y * scale.y, da1.z * scale.z};
    const Vec3 dt0 = multiply(p.rotation.m, ds0), dt1 = multiply(p.rotation.m, ds1);
    const float t0[3] = {p.t0.x, p.t0.y, p.t0.z}, t1[3] = {p.t1.x, p.t1.y, p.t1.z};
    const float da[2][3] = {{da0.x, da0.y, da0.z}, {da1.x, da1.y, da1.z}};
    const float scales[3] = {scale.x, scale.y, scale.z};
    float rotation_gradient[9];
    float scale_gradient[3] = {0, 0, 0};
#pragma unroll
    for (int i = 0; i < 3; ++i) {
#pragma unroll
        for (int k = 0; k < 3; ++k) {
            const float dm = t0[i] * da[0][k] + t1[i] * da[1][k];
            rotation_gradient[3 * i + k] = dm * scales[k];
            scale_gradient[k] += dm * p.rotation.m[3 * i + k];
        }
    }
    if (with_normal) {
        const int axis = shortest_axis(scale);
        const Vec3 direction = axis == 0   ? p.rotation.column(0)
                               : axis == 1 ? p.rotation.column(1)
                                           : p.rotation.column(2);
        const float sign = facing_sign(view, mean, direction);
        const float n[3] = {sign * g.normal.x, sign * g.normal.y, sign * g.normal.z};
#pragma unroll
        for (int i = 0; i < 3; ++i) {
#pragma unroll
            for (int k = 0; k < 3; ++k) rotation_gradient[3 * i + k] += k == axis ? n[i] : 0.0f;
        }
    }
    // T = J W.
    const Vec3 r0 = load3(view.rotation), r1 = load3(view.rotation + 3), r2 = load3(view.rotation + 6);
    const float dj00 = dot(dt0, r0), dj02 = dot(dt0, r2), dj11 = dot(dt1, r1), dj12 = dot(dt1, r2);
    const float iz = 1.0f / p.camera.z;
    // dj02 multiplies -fx u/z; u depends on x and z only where it is not limited.
    const float du = -view.fx * iz * dj02, dv = -view.fy * iz * dj12;
    Vec3 camera{0, 0, 0};
    camera.z = -iz * iz * (view.fx * (dj00 - p.u * dj02) + view.fy * (dj11 - p.v * dj12));
    if (p.free_u) {
        camera.x += du * iz;
        camera.z -= du * p.u * iz;
    }
    if (p.free_v) {
        camera.y += dv * iz;
        camera.z -= dv * p.v * iz;
    }
    // Position on the screen and depth.
    camera.x += g.mean_x * view.fx * iz;
    camera.y += g.mean_y * view.fy * iz;
    camera.z -= (g.mean_x * view.fx * p.camera.x + g.mean_y * view.fy * p.camera.y) * iz * iz;
    camera.z += g.depth;
    SplatGradient out;
    out.mean = multiply_transposed(view.rotation, camera);
    out.scale = {scale_gradient[0], scale_gradient[1], scale_gradient[2]};
    out.rotation = normalize_backward(p.unit, p.raw_length, rotation_matrix_backward(p.unit, rotation_gradient));
    return out;
}

}  // namespace likeness::cuda
