// The mathematics of one Gaussian on the surface (surface_batch.h). Choices are made between values, never between
// ways through the code, so that loops over Gaussians side by side become vectors.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace likeness::surface_math {

struct Vec3 {
    float x, y, z;
};
[[gnu::always_inline]] inline Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
[[gnu::always_inline]] inline Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
[[gnu::always_inline]] inline Vec3 operator*(float s, Vec3 a) { return {s * a.x, s * a.y, s * a.z}; }
[[gnu::always_inline]] inline float dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
[[gnu::always_inline]] inline Vec3 cross(Vec3 a, Vec3 b) {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
[[gnu::always_inline]] inline float length(Vec3 a) { return std::sqrt(dot(a, a)); }
[[gnu::always_inline]] inline Vec3 select(bool which, Vec3 a, Vec3 b) {
    return {which ? a.x : b.x, which ? a.y : b.y, which ? a.z : b.z};
}

struct Quaternion {
    float w, x, y, z;
};
[[gnu::always_inline]] inline Quaternion product(Quaternion a, Quaternion b) {
    return {a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z, a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
            a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x, a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w};
}
[[gnu::always_inline]] inline float length(Quaternion q) {
    return std::sqrt(q.w * q.w + q.x * q.x + q.y * q.y + q.z * q.z);
}
[[gnu::always_inline]] inline Quaternion scaled(Quaternion q, float s) { return {s * q.w, s * q.x, s * q.y, s * q.z}; }
// The vector part of conj(a) b.
[[gnu::always_inline]] inline Vec3 vector_conjugate_product(Quaternion a, Quaternion b) {
    return {a.w * b.x - a.x * b.w - a.y * b.z + a.z * b.y, a.w * b.y + a.x * b.z - a.y * b.w - a.z * b.x,
            a.w * b.z - a.x * b.y + a.y * b.x - a.z * b.w};
}
// The vector part of a conj(b).
[[gnu::always_inline]] inline Vec3 vector_product_conjugate(Quaternion a, Quaternion b) {
    return {-a.w * b.x + a.x * b.w - a.y * b.z + a.z * b.y, -a.w * b.y + a.x * b.z + a.y * b.w - a.z * b.x,
            -a.w * b.z - a.x * b.y + a.y * b.x + a.z * b.w};
}

// Where e^x is neither infinite nor a denormal. A loop of its own: beside exponential() the compiler would branch.
[[gnu::always_inline]] inline float exponential_range(float x) {
    const float below = x < 88.0f ? x : 88.0f;
    return below > -87.0f ? below : -87.0f;
}
// e^x in that range to two units in the last place: x = n ln 2 + r with ln 2 in two parts
// (Cody and Waite 1980), then Taylor's series, whose rest is below 6e-9 for |r| <= ln 2 / 2.
[[gnu::always_inline]] inline float exponential(float x) {
    constexpr float shift = 12582912.0f;  // 1.5 * 2^23: the sum's last digits are the rounded integer
    const float sum = x * 1.44269504f + shift;
    const float n = sum - shift;
    const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float series = 1.0f / 5040;
    series = series * r + 1.0f / 720;
    series = series * r + 1.0f / 120;
    series = series * r + 1.0f / 24;
    series = series * r + 1.0f / 6;
    series = series * r + 0.5f;
    series = series * r + 1.0f;
    series = series * r + 1.0f;
    const std::uint32_t exponent = std::bit_cast<std::uint32_t>(sum) + 127u;
    return series * std::bit_cast<float>(exponent << 23);
}

// Where the surface carries a Gaussian: the axes are R's columns.
struct SurfaceFrame {
    Vec3 origin, tangent, bitangent, normal;
    float stretch;
};
[[gnu::always_inline]] inline Vec3 turned(const SurfaceFrame& f, Vec3 v) {
    return v.x * f.tangent + (v.y * f.bitangent + v.z * f.normal);
}
[[gnu::always_inline]] inline Vec3 turned_back(const SurfaceFrame& f, Vec3 v) {
    return {dot(f.tangent, v), dot(f.bitangent, v), dot(f.normal, v)};
}

// Unit quaternion of the axes (Shepperd 1978): from the largest of the four entries.
[[gnu::always_inline]] inline Quaternion quaternion_of(const SurfaceFrame& f) {
    const Vec3 &a = f.tangent, &b = f.bitangent, &c = f.normal;
    const float w = 1 + a.x + b.y + c.z, x = 1 + a.x - b.y - c.z, y = 1 - a.x + b.y - c.z, z = 1 - a.x - b.y + c.z;
    const float wx = b.z - c.y, wy = c.x - a.z, wz = a.y - b.x, xy = a.y + b.x, xz = c.x + a.z, yz = b.z + c.y;
    const float wx_most = w > x ? w : x, yz_most = y > z ? y : z;
    const bool first = w >= x, second = y >= z, pair = wx_most >= yz_most;
    const Quaternion p{first ? w : wx, first ? wx : x, first ? wy : xy, first ? wz : xz};
    const Quaternion q{second ? wy : wz, second ? xy : xz, second ? y : yz, second ? yz : z};
    const Quaternion r{pair ? p.w : q.w, pair ? p.x : q.x, pair ? p.y : q.y, pair ? p.z : q.z};
    return scaled(r, 1 / length(r));
}

struct Corners {
    Vec3 a, b, c;
};

// A frame and what its gradients need.
struct FrameParts {
    SurfaceFrame frame;
    Vec3 ab, ac, face;
    // The inverses are 0 where nothing is learned: no normal, no tangent, no area or a stretch at its limits.
    float inverse_normal_length, inverse_tangent_length, tangent_along, inverse_face_length;
};

// `weights` barycentric; `chart` x, y, z of SurfaceArrays::charts.
[[gnu::always_inline]] inline FrameParts make_frame(const Corners& at, const Corners& normals, Vec3 weights,
                                                    Vec3 chart) {
    FrameParts p;
    p.ab = at.b - at.a;
    p.ac = at.c - at.a;
    p.frame.origin = at.a + (weights.y * p.ab + weights.z * p.ac);
    p.face = cross(p.ab, p.ac);
    const float face_length = length(p.face), inverse_face_length = 1 / face_length;
    const bool has_face = face_length > 1e-10f;

    const Vec3 sum = weights.x * normals.a + (weights.y * normals.b + weights.z * normals.c);
    const float normal_length = length(sum), inverse_normal_length = 1 / normal_length;
    const bool has_normal = normal_length >= 1e-6f;
    const Vec3 normal =
        select(has_normal, inverse_normal_length * sum, select(has_face, inverse_face_length * p.face, Vec3{0, 0, 1}));
    p.inverse_normal_length = has_normal ? inverse_normal_length : 0.0f;

    const Vec3 along = chart.x * p.ab + chart.y * p.ac;
    p.tangent_along = dot(normal, along);
    const Vec3 in_plane = along - p.tangent_along * normal;
    const float tangent_length = length(in_plane), inverse_tangent_length = 1 / tangent_length;
    const bool has_tangent = tangent_length >= 1e-10f;
    // Else any direction across the normal.
    const bool off_x = std::abs(normal.x) < 0.9f;
    const Vec3 axis{off_x ? 1.0f : 0.0f, off_x ? 0.0f : 1.0f, 0};
    const Vec3 across = axis - dot(axis, normal) * normal;
    p.frame.tangent = select(has_tangent, inverse_tangent_length * in_plane, (1 / length(across)) * across);
    p.inverse_tangent_length = has_tangent ? inverse_tangent_length : 0.0f;
    p.frame.normal = normal;
    p.frame.bitangent = cross(normal, p.frame.tangent);

    const float grown = std::sqrt(face_length * chart.z);
    const bool low = grown<0.5f, high = grown> 2.0f;
    p.frame.stretch = low ? 0.5f : high ? 2.0f : grown;
    const float moving = has_face ? inverse_face_length : 0.0f;
    p.inverse_face_length = low ? 0.0f : high ? 0.0f : moving;
    return p;
}

// What a Gaussian asks of its triangle: gradients with respect to the edges from corner a, and by the sum of the
// weighted unit normals. By the origin it is the derivative by the mean.
struct SurfacePull {
    Vec3 grad_ab, grad_ac, grad_normals;
};

// A turn of the frame by the rotation vector w moves its axes by w x axis and the posed quaternion q by (0, w) q / 2.
// The derivative by w is split into what the normal's and the tangent's movements take of it: w = n x dn + n (b . dt).
// `turned_offset` = R offset; `grad_scales` the sum of exp(log_scale) times the gradients with respect to the posed
// scales.
[[gnu::always_inline]] inline SurfacePull pull_of(const FrameParts& p, Vec3 chart, Vec3 turned_offset, Vec3 grad_mean,
                                                  float grad_scales, Quaternion posed_rotation,
                                                  Quaternion grad_rotation) {
    const SurfaceFrame& f = p.frame;
    const Vec3 grad_turn =
        f.stretch * cross(turned_offset, grad_mean) + 0.5f * vector_product_conjugate(grad_rotation, posed_rotation);
    const Vec3 grad_along = (dot(grad_turn, f.normal) * p.inverse_tangent_length) * f.bitangent;
    const Vec3 grad_normal = cross(grad_turn, f.normal) - p.tangent_along * grad_along;
    // stretch^2 = chart.z |face|
    const float grad_stretch = dot(grad_mean, turned_offset) + grad_scales;
    const Vec3 grad_face = (grad_stretch * 0.5f * chart.z * p.inverse_face_length / f.stretch) * p.face;
    return {chart.x * grad_along + cross(p.ac, grad_face), chart.y * grad_along + cross(grad_face, p.ab),
            p.inverse_normal_length * (grad_normal - dot(grad_normal, f.normal) * f.normal)};
}

}  // namespace likeness::surface_math
