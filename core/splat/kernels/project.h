// A Gaussian's way onto the screen, eight at a time: EWA splatting (Zwicker et al. 2001, equations 24-31) as used by
// Kerbl et al. 2023, equation 5: Sigma' = J W Sigma W^T J^T + dilation.
//
// With the rotation's columns r_k and variances s_k^2, and the 2x3 matrix M = J W: Sigma' = sum s_k^2 v_k v_k^T,
// v_k = M r_k. Its determinant is sum_{j<k} s_j^2 s_k^2 (v_j x v_k)^2 (Cauchy-Binet), which keeps its digits for
// needle-shaped Gaussians.
#pragma once

#include "core/splat/kernels/kernels.h"
#include "core/splat/kernels/vec8.h"

namespace likeness::cpu_raster {
namespace {

struct Vec3 {
    F8 x, y, z;
};

LIKENESS_INLINE Vec3 operator+(const Vec3& a, const Vec3& b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
LIKENESS_INLINE Vec3 operator-(const Vec3& a, const Vec3& b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
LIKENESS_INLINE Vec3 operator*(F8 s, const Vec3& a) { return {s * a.x, s * a.y, s * a.z}; }
LIKENESS_INLINE F8 dot(const Vec3& a, const Vec3& b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
LIKENESS_INLINE Vec3 all(const float* v) { return {all(v[0]), all(v[1]), all(v[2])}; }
LIKENESS_INLINE F8 absolute(F8 x) { return reinterpret_cast<F8>(reinterpret_cast<I8>(x) & INT32_MAX); }

// Finite also means not so large that its square overflows.
LIKENESS_INLINE I8 usable(F8 x) { return absolute(x) < all(1.0e18f); }

// Gathers from arrays of structures; lanes beyond the end repeat the block's first Gaussian.
struct Block {
    std::size_t first;
    int lanes;

    LIKENESS_INLINE F8 get(const float* values, std::size_t stride, std::size_t component) const {
        const float* p = values + first * stride + component;
        if (lanes == 8) {
            return F8{p[0],          p[stride],     p[2 * stride], p[3 * stride],
                      p[4 * stride], p[5 * stride], p[6 * stride], p[7 * stride]};
        }
        F8 x = all(p[0]);
        for (int i = 1; i < lanes; ++i) x[i] = p[std::size_t(i) * stride];
        return x;
    }
    LIKENESS_INLINE void put(float* values, std::size_t stride, std::size_t component, F8 x) const {
        alignas(32) float lane[8];
        store(lane, x);
        float* p = values + first * stride + component;
        for (int i = 0; i < lanes; ++i) p[std::size_t(i) * stride] = lane[i];
    }
    LIKENESS_INLINE Vec3 get3(const float* values) const {
        return {get(values, 3, 0), get(values, 3, 1), get(values, 3, 2)};
    }
    LIKENESS_INLINE void put3(float* values, const Vec3& v) const {
        put(values, 3, 0, v.x);
        put(values, 3, 1, v.y);
        put(values, 3, 2, v.z);
    }
};

struct Projection {
    Vec3 camera;  // the mean in camera space
    F8 inverse_z;
    F8 x, y;            // x/z and y/z, limited
    I8 free_x, free_y;  // not limited
    F8 qw, qx, qy, qz;  // normalised
    F8 inverse_length;  // of the raw quaternion
    Vec3 column[3];     // of the rotation
    Vec3 m0, m1;        // rows of M
    F8 v0[3], v1[3];    // v_k
    F8 variance[3];
    F8 undilated_determinant;
    F8 xx, xy, yy, inverse_determinant;  // dilated covariance
};

LIKENESS_INLINE Projection project_block(const ScreenView& view, const SplatInputs& splats, const Block& block) {
    Projection p;
    const Vec3 mean = block.get3(splats.means);
    const float* t = view.translation;
    const Vec3 w0 = all(view.rotation), w1 = all(view.rotation + 3), w2 = all(view.rotation + 6);
    p.camera = {dot(w0, mean) + all(t[0]), dot(w1, mean) + all(t[1]), dot(w2, mean) + all(t[2])};
    p.inverse_z = all(1.0f) / p.camera.z;
    const F8 x = p.camera.x * p.inverse_z, y = p.camera.y * p.inverse_z;
    p.x = minimum(maximum(x, all(-view.limit_x)), all(view.limit_x));
    p.y = minimum(maximum(y, all(-view.limit_y)), all(view.limit_y));
    p.free_x = p.x == x;
    p.free_y = p.y == y;

    const F8 w = block.get(splats.rotations, 4, 0), i = block.get(splats.rotations, 4, 1);
    const F8 j = block.get(splats.rotations, 4, 2), k = block.get(splats.rotations, 4, 3);
    p.inverse_length = all(1.0f) / square_root(w * w + i * i + j * j + k * k);
    p.qw = w * p.inverse_length;
    p.qx = i * p.inverse_length;
    p.qy = j * p.inverse_length;
    p.qz = k * p.inverse_length;
    const F8 one = all(1.0f), two = all(2.0f);
    p.column[0] = {one - two * (p.qy * p.qy + p.qz * p.qz), two * (p.qx * p.qy + p.qw * p.qz),
                   two * (p.qx * p.qz - p.qw * p.qy)};
    p.column[1] = {two * (p.qx * p.qy - p.qw * p.qz), one - two * (p.qx * p.qx + p.qz * p.qz),
                   two * (p.qy * p.qz + p.qw * p.qx)};
    p.column[2] = {two * (p.qx * p.qz + p.qw * p.qy), two * (p.qy * p.qz - p.qw * p.qx),
                   one - two * (p.qx * p.qx + p.qy * p.qy)};

    // J = [fx/z, 0, -fx x/z; 0, fy/z, -fy y/z] with x, y already divided by z
    p.m0 = all(view.fx) * p.inverse_z * (w0 - p.x * w2);
    p.m1 = all(view.fy) * p.inverse_z * (w1 - p.y * w2);
    F8 xx = all(0.0f), xy = xx, yy = xx;
    for (int c = 0; c < 3; ++c) {
        const F8 scale = block.get(splats.scales, 3, std::size_t(c));
        p.variance[c] = scale * scale;
        p.v0[c] = dot(p.m0, p.column[c]);
        p.v1[c] = dot(p.m1, p.column[c]);
        xx += p.variance[c] * p.v0[c] * p.v0[c];
        xy += p.variance[c] * p.v0[c] * p.v1[c];
        yy += p.variance[c] * p.v1[c] * p.v1[c];
    }
    const F8 dilation = all(screen_dilation);
    F8 determinant = dilation * (xx + yy) + dilation * dilation;
    p.undilated_determinant = all(0.0f);
    for (int c = 0; c < 3; ++c) {
        const int d = (c + 1) % 3;
        const F8 cross = p.v0[c] * p.v1[d] - p.v0[d] * p.v1[c];
        const F8 part = p.variance[c] * p.variance[d] * cross * cross;
        determinant += part;
        p.undilated_determinant += part;
    }
    p.xx = xx + dilation;
    p.xy = xy;
    p.yy = yy + dilation;
    p.inverse_determinant = all(1.0f) / determinant;
    return p;
}

// Index of the shortest axis (the first of equals) as masks.
struct ShortestAxis {
    I8 is[3];
};
LIKENESS_INLINE ShortestAxis shortest_axis(const Projection& p) {
    const F8* v = p.variance;
    ShortestAxis s;
    s.is[0] = (v[0] <= v[1]) & (v[0] <= v[2]);
    s.is[1] = ~s.is[0] & (v[1] <= v[2]);
    s.is[2] = ~(s.is[0] | s.is[1]);
    return s;
}

// -1 or 1: the sign that turns `axis` towards the camera.
LIKENESS_INLINE F8 facing_sign(const ScreenView& view, const Vec3& mean, const Vec3& axis) {
    return select(dot(axis, mean - all(view.position)) > all(0.0f), all(-1.0f), all(1.0f));
}

// The shortest axis itself, not yet turned.
LIKENESS_INLINE Vec3 shortest_direction(const Projection& p, const ShortestAxis& shortest) {
    const auto pick = [&](F8 a, F8 b, F8 c) { return select(shortest.is[0], a, select(shortest.is[1], b, c)); };
    const Vec3* r = p.column;
    return {pick(r[0].x, r[1].x, r[2].x), pick(r[0].y, r[1].y, r[2].y), pick(r[0].z, r[1].z, r[2].z)};
}

inline void write_screen_splats(const ProjectTask& task, const Projection& p, const Block& block, I8 visible) {
    const ScreenView& view = task.view;
    F8 opacity = block.get(task.splats.opacities, 1, 0);
    if (block.first + 8 > task.splats.filtered_from) {
        const F8 share = square_root(p.undilated_determinant * p.inverse_determinant);
        for (int i = 0; i < block.lanes; ++i)
            if (block.first + std::size_t(i) >= task.splats.filtered_from) opacity[i] *= share[i];
    }
    const Vec3 color = block.get3(task.splats.colors);
    F8 log2_opacity = opacity;
    for (int i = 0; i < 8; ++i) log2_opacity[i] = __builtin_log2f(log2_opacity[i]);

    const F8 u = all(view.fx) * p.camera.x * p.inverse_z + all(view.cx);
    const F8 v = all(view.fy) * p.camera.y * p.inverse_z + all(view.cy);
    // alpha = smallest_alpha is the ellipse d^T Sigma'^-1 d = reach.
    const F8 power = (log2_opacity - all(log2_smallest_alpha)) * all(1.0f / log2_e) + all(power_slack);
    const F8 reach = maximum(power + power, all(0.0f));
    const F8 half_width = square_root(reach * p.xx), half_height = square_root(reach * p.yy);
    visible &= (power >= all(power_slack)) & usable(opacity) & usable(u) & usable(v) & usable(half_width) &
               usable(half_height) & usable(p.inverse_determinant) & (p.inverse_determinant > all(0.0f)) &
               usable(p.qw) & usable(p.qx) & usable(p.qy) & usable(p.qz) & usable(color.x) & usable(color.y) &
               usable(color.z);
    // Outside the picture.
    visible &= (u + half_width > all(0.0f)) & (u - half_width < all(float(view.width))) &
               (v + half_height > all(0.0f)) & (v - half_height < all(float(view.height)));

    // power = -1/2 d^T Sigma'^-1 d, in base 2.
    const F8 half = all(-0.5f * log2_e) * p.inverse_determinant;
    const F8 determinant = all(1.0f) / p.inverse_determinant;
    const F8 columns[16] = {u,
                            v,
                            log2_opacity,
                            half * p.yy,
                            half * p.xy * all(-2.0f),
                            half * p.xx,
                            color.x,
                            color.y,
                            color.z,
                            half_width,
                            half_height,
                            p.xy / p.xx,
                            determinant / (p.xx * p.xx),
                            p.xy * square_root(reach / p.yy),
                            all(0.0f),
                            all(0.0f)};
    alignas(32) float lanes[16][8];
    for (int c = 0; c < 16; ++c) store(lanes[c], columns[c]);
    for (int i = 0; i < block.lanes; ++i) {
        float* out = &task.screen[block.first + std::size_t(i)].u;
        for (int c = 0; c < 14; ++c) out[c] = lanes[c][i];
    }
    F8 order = p.camera.z;
    if (block.first + 8 > task.splats.leading_from)
        for (int i = 0; i < block.lanes; ++i)
            if (block.first + std::size_t(i) >= task.splats.leading_from)
                order[i] = order[i] - lead > nearest_order ? order[i] - lead : nearest_order;
    F8 depth = keep(visible, order);
    // Extras may be any number of channels; only their being numbers matters here.
    const std::size_t extras = std::size_t(task.further.extras);
    for (std::size_t c = 0; c < extras; ++c) depth = keep(usable(block.get(task.splats.extra, extras, c)), depth);
    block.put(task.depths, 1, 0, depth);
}

inline void write_features(const ProjectTask& task, const Projection& p, const Block& block) {
    const std::size_t stride = std::size_t(task.further.count());
    std::size_t at = 0;
    if (task.further.depth) block.put(task.features, stride, at++, p.camera.z);
    if (task.further.normal) {
        const Vec3 axis = shortest_direction(p, shortest_axis(p));
        const Vec3 normal = facing_sign(task.view, block.get3(task.splats.means), axis) * axis;
        block.put(task.features, stride, at++, normal.x);
        block.put(task.features, stride, at++, normal.y);
        block.put(task.features, stride, at++, normal.z);
    }
    const std::size_t extras = std::size_t(task.further.extras);
    for (std::size_t c = 0; c < extras; ++c) {
        block.put(task.features, stride, at + c, block.get(task.splats.extra, extras, c));
    }
}

void project(const ProjectTask& task, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; i += 8) {
        const Block block{i, int(end - i < 8 ? end - i : 8)};
        const Projection p = project_block(task.view, task.splats, block);
        const I8 in_front = (p.camera.z >= all(task.view.near_plane)) & usable(p.camera.z);
        write_screen_splats(task, p, block, in_front);
        if (task.further.count() > 0) write_features(task, p, block);
    }
}

}  // namespace
}  // namespace likeness::cpu_raster
