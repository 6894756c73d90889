// The little linear algebra that the kernels need.
#pragma once

#include <cuda_runtime.h>

namespace likeness::cuda {

struct Vec3 {
    float x, y, z;
};
__device__ inline Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
__device__ inline Vec3 operator*(float s, Vec3 a) { return {s * a.x, s * a.y, s * a.z}; }
__device__ inline float dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
__device__ inline Vec3 cross(Vec3 a, Vec3 b) {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
__device__ inline Vec3 load3(const float* p) { return {p[0], p[1], p[2]}; }
__device__ inline void store3(float* p, Vec3 a) {
    p[0] = a.x;
    p[1] = a.y;
    p[2] = a.z;
}

// Row-major 3x3.
struct Mat3 {
    float m[9];
    __device__ Vec3 column(int k) const { return {m[k], m[3 + k], m[6 + k]}; }
};
__device__ inline Vec3 multiply(const float* m, Vec3 v) {
    return {m[0] * v.x + m[1] * v.y + m[2] * v.z, m[3] * v.x + m[4] * v.y + m[5] * v.z,
            m[6] * v.x + m[7] * v.y + m[8] * v.z};
}
__device__ inline Vec3 multiply_transposed(const float* m, Vec3 v) {
    return {m[0] * v.x + m[3] * v.y + m[6] * v.z, m[1] * v.x + m[4] * v.y + m[7] * v.z,
            m[2] * v.x + m[5] * v.y + m[8] * v.z};
}

struct Quaternion {
    float w, x, y, z;
};
__device__ inline float length(Quaternion q) { return sqrtf(q.w * q.w + q.x * q.x + q.y * q.y + q.z * q.z); }
__device__ inline Quaternion scaled(Quaternion q, float s) { return {s * q.w, s * q.x, s * q.y, s * q.z}; }

// Rotation matrix of a unit quaternion.
__device__ inline Mat3 rotation_matrix(Quaternion q) {
    const float xx = q.x * q.x, yy = q.y * q.y, zz = q.z * q.z;
    const float xy = q.x * q.y, xz = q.x * q.z, yz = q.y * q.z;
    const float wx = q.w * q.x, wy = q.w * q.y, wz = q.w * q.z;
    return {{1 - 2 * (yy + zz), 2 * (xy - wz), 2 * (xz + wy), 2 * (xy + wz), 1 - 2 * (xx + zz), 2 * (yz - wx),
             2 * (xz - wy), 2 * (yz + wx), 1 - 2 * (xx + yy)}};
}

// Gradient by a unit quaternion's entries from the gradient `g` by its rotation matrix: the derivative of the
// nine polynomials above.
__device__ inline Quaternion rotation_matrix_backward(Quaternion q, const float* g) {
    return {2 * (q.x * (g[7] - g[5]) + q.y * (g[2] - g[6]) + q.z * (g[3] - g[1])),
            2 * (q.y * (g[1] + g[3]) + q.z * (g[2] + g[6]) + q.w * (g[7] - g[5]) - 2 * q.x * (g[4] + g[8])),
            2 * (q.x * (g[1] + g[3]) + q.z * (g[5] + g[7]) + q.w * (g[2] - g[6]) - 2 * q.y * (g[0] + g[8])),
            2 * (q.x * (g[2] + g[6]) + q.y * (g[5] + g[7]) + q.w * (g[3] - g[1]) - 2 * q.z * (g[0] + g[4]))};
}

// Gradient by a raw quaternion from the one by its normalised form: (g - q (q . g)) / |raw|.
__device__ inline Quaternion normalize_backward(Quaternion unit, float raw_length, Quaternion g) {
    const float along = unit.w * g.w + unit.x * g.x + unit.y * g.y + unit.z * g.z;
    const float s = 1.0f / raw_length;
    return {s * (g.w - along * unit.w), s * (g.x - along * unit.x), s * (g.y - along * unit.y),
            s * (g.z - along * unit.z)};
}

}  // namespace likeness::cuda
