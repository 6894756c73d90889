// The derivative of project.h: from sums over a Gaussian's pixels to its attributes.
#pragma once

#include "core/splat/kernels/project.h"

namespace likeness::cpu_raster {
namespace {

inline constexpr std::size_t largest_sums = std::size_t(pixel_sums) + 64;

// Adds up a Gaussian's instances in the order of its tiles, whatever thread blended them, and turns eight Gaussians'
// rows into columns: lanes[sum][Gaussian].
inline void gather_sums(const ProjectBackwardTask& task, const Block& block, std::size_t stride, float (*lanes)[8]) {
    // Slots follow depth, Gaussians here follow their index: the next block's rows are far away, often in another
    // core's cache.
    const std::size_t next = block.first + 8;
    for (std::size_t splat = next; splat < next + 8 && splat < task.forward.splats.count; ++splat) {
        const std::uint32_t count = task.slot_count[splat];
        if (count == 0) continue;  // its slot_begin may be of an earlier scene
        const float* sums = task.sums + std::size_t(task.slot_begin[splat]) * stride;
        const float* end = sums + std::size_t(count) * stride;
        for (; sums < end; sums += 16) __builtin_prefetch(sums);
    }
    for (int i = 0; i < block.lanes; ++i) {
        const std::size_t splat = block.first + std::size_t(i);
        const std::uint32_t count = task.slot_count[splat];
        const float* sums = count > 0 ? task.sums + std::size_t(task.slot_begin[splat]) * stride : nullptr;
        F8 head = all(0.0f);
        float tail[largest_sums - 8] = {};
        for (std::uint32_t n = 0; n < count; ++n, sums += stride) {
            head += load_unaligned(sums);
            for (std::size_t c = 8; c < stride; ++c) tail[c - 8] += sums[c];
        }
        for (int c = 0; c < 8; ++c) lanes[c][i] = head[c];
        for (std::size_t c = 8; c < stride; ++c) lanes[c][i] = tail[c - 8];
    }
    for (int i = block.lanes; i < 8; ++i) {
        for (std::size_t c = 0; c < stride; ++c) lanes[c][i] = 0.0f;
    }
}

struct RotationGradient {
    Vec3 column[3];
};

// d(loss)/d(raw quaternion) from d(loss)/d(rotation matrix): the derivative of the usual quadratic form, then of the
// normalisation.
LIKENESS_INLINE void write_rotation(const Projection& p, const RotationGradient& d, const Block& block, I8 drawn,
                                    float* rotations) {
    const Vec3 &a = d.column[0], &b = d.column[1], &c = d.column[2];
    const F8 two = all(2.0f);
    const F8 w = two * (p.qx * (b.z - c.y) + p.qy * (c.x - a.z) + p.qz * (a.y - b.x));
    const F8 x = two * (p.qy * (b.x + a.y) + p.qz * (c.x + a.z) + p.qw * (b.z - c.y) - two * p.qx * (b.y + c.z));
    const F8 y = two * (p.qx * (b.x + a.y) + p.qz * (c.y + b.z) + p.qw * (c.x - a.z) - two * p.qy * (a.x + c.z));
    const F8 z = two * (p.qx * (c.x + a.z) + p.qy * (c.y + b.z) + p.qw * (a.y - b.x) - two * p.qz * (a.x + b.y));
    const F8 along = p.qw * w + p.qx * x + p.qy * y + p.qz * z;
    block.put(rotations, 4, 0, keep(drawn, (w - p.qw * along) * p.inverse_length));
    block.put(rotations, 4, 1, keep(drawn, (x - p.qx * along) * p.inverse_length));
    block.put(rotations, 4, 2, keep(drawn, (y - p.qy * along) * p.inverse_length));
    block.put(rotations, 4, 3, keep(drawn, (z - p.qz * along) * p.inverse_length));
}

inline void project_block_backward(const ProjectBackwardTask& task, const Block& block) {
    const ProjectTask& forward = task.forward;
    const ScreenView& view = forward.view;
    const FurtherChannels& further = forward.further;
    const std::size_t stride = std::size_t(pixel_sums) + std::size_t(task.use_further ? further.count() : 0);
    alignas(32) float lanes[largest_sums][8];
    gather_sums(task, block, stride, lanes);
    const F8 s = load(lanes[0]), sx = load(lanes[1]), sxx = load(lanes[2]), sy = load(lanes[3]), sxy = load(lanes[4]);
    const F8 syy = load(lanes[8]);
    // Gaussians that are not drawn may hold anything, NaN included; their gradients are zero.
    const I8 drawn = block.get(forward.depths, 1, 0) > all(0.0f);

    const Projection p = project_block(view, forward.splats, block);
    const F8 a = p.yy * p.inverse_determinant, b = -p.xy * p.inverse_determinant, c = p.xx * p.inverse_determinant;
    // exponent = -1/2 d^T K d with d = pixel - mean, K = [a b; b c] = Sigma'^-1
    const F8 grad_u = a * sx + b * sy, grad_v = b * sx + c * sy;
    // d(loss)/dK = -1/2 S with the moments S, hence d(loss)/dSigma' = 1/2 K S K.
    const F8 half = all(0.5f);
    const F8 ks00 = a * sxx + b * sxy, ks01 = a * sxy + b * syy, ks10 = b * sxx + c * sxy, ks11 = b * sxy + c * syy;
    const F8 h00 = half * (ks00 * a + ks01 * b), h01 = half * (ks00 * b + ks01 * c), h11 = half * (ks10 * b + ks11 * c);

    // Sigma' = sum s_k^2 v_k v_k^T, v_k = M r_k.
    RotationGradient rotation;
    Vec3 grad_m0{all(0.0f), all(0.0f), all(0.0f)}, grad_m1 = grad_m0;
    for (int k = 0; k < 3; ++k) {
        const F8 hv0 = h00 * p.v0[k] + h01 * p.v1[k], hv1 = h01 * p.v0[k] + h11 * p.v1[k];
        const F8 scale = block.get(forward.splats.scales, 3, std::size_t(k));
        const F8 grad_scale = (scale + scale) * (p.v0[k] * hv0 + p.v1[k] * hv1);
        block.put(task.scales, 3, std::size_t(k), keep(drawn, grad_scale));
        const F8 twice = p.variance[k] + p.variance[k];
        rotation.column[k] = twice * (hv0 * p.m0 + hv1 * p.m1);
        grad_m0 = grad_m0 + twice * hv0 * p.column[k];
        grad_m1 = grad_m1 + twice * hv1 * p.column[k];
    }

    // M = J W; x and y depend on the mean only where they are not limited.
    const Vec3 w0 = all(view.rotation), w1 = all(view.rotation + 3), w2 = all(view.rotation + 6);
    const F8 fx = all(view.fx) * p.inverse_z, fy = all(view.fy) * p.inverse_z;  // of J
    const F8 grad_x = keep(p.free_x, -fx * dot(grad_m0, w2)), grad_y = keep(p.free_y, -fy * dot(grad_m1, w2));
    Vec3 grad_camera;
    grad_camera.x = (grad_x + view.fx * grad_u) * p.inverse_z;
    grad_camera.y = (grad_y + view.fy * grad_v) * p.inverse_z;
    // M is proportional to 1/z at fixed x, y.
    grad_camera.z = -p.inverse_z * (dot(grad_m0, p.m0) + dot(grad_m1, p.m1)) -
                    p.inverse_z * (grad_camera.x * p.camera.x + grad_camera.y * p.camera.y);

    std::size_t at = std::size_t(pixel_sums);
    if (task.use_further) {
        if (further.depth) grad_camera.z += load(lanes[at++]);
        if (further.normal) {
            const ShortestAxis shortest = shortest_axis(p);
            const Vec3 axis = shortest_direction(p, shortest);
            const F8 sign = facing_sign(view, block.get3(forward.splats.means), axis);
            const Vec3 grad_axis = sign * Vec3{load(lanes[at]), load(lanes[at + 1]), load(lanes[at + 2])};
            at += 3;
            for (int k = 0; k < 3; ++k) {
                const I8 is = shortest.is[k];
                rotation.column[k] =
                    rotation.column[k] + Vec3{keep(is, grad_axis.x), keep(is, grad_axis.y), keep(is, grad_axis.z)};
            }
        }
    }
    const Vec3 grad_mean = grad_camera.x * w0 + grad_camera.y * w1 + grad_camera.z * w2;
    block.put3(task.means, {keep(drawn, grad_mean.x), keep(drawn, grad_mean.y), keep(drawn, grad_mean.z)});
    write_rotation(p, rotation, block, drawn, task.rotations);
    block.put3(task.colors, {load(lanes[5]), load(lanes[6]), load(lanes[7])});
    // alpha = opacity exp(...)
    block.put(task.opacities, 1, 0, keep(drawn, s / block.get(forward.splats.opacities, 1, 0)));
    const std::size_t extras = std::size_t(further.extras);
    for (std::size_t e = 0; e < extras; ++e) {
        block.put(task.extra, extras, e, task.use_further ? load(lanes[at + e]) : all(0.0f));
    }
    if (task.screen_gradient) {
        const F8 norm = keep(drawn, square_root(grad_u * grad_u + grad_v * grad_v));
        block.put(task.screen_gradient, 1, 0, block.get(task.screen_gradient, 1, 0) + norm);
    }
}

void project_backward(const ProjectBackwardTask& task, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; i += 8) {
        project_block_backward(task, Block{i, int(end - i < 8 ? end - i : 8)});
    }
}

}  // namespace
}  // namespace likeness::cpu_raster
