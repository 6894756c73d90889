#include "core/avatar/surface_batch.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/avatar/surface_lanes.h"
#include "core/base/parallel.h"
#include "core/base/vectorize.h"

namespace likeness {
namespace {

using namespace surface_math;

constexpr std::size_t grain = 16;  // blocks
constexpr std::size_t pull_floats = 12, sums_floats = 8;

std::size_t block_count(int count) { return (std::size_t(count) + lanes - 1) / lanes; }

// A Gaussian where nothing is stretched, in the frame that the surface gives it.
struct RestBlock {
    Lanes3 offset, scale;
    Lanes4 rotation;      // unit length
    Lane inverse_length;  // of the raw quaternion
    Lane opacity;
};

[[gnu::always_inline]] inline void load_rest(const AnchoredArrays& from, const Block& block, const int* index,
                                             RestBlock& to) {
    load_rows(from.offsets, block, index, to.offset);
    load_rows(from.log_scales, block, index, to.scale);
    load_rows(from.quaternions, block, index, to.rotation);
    load_rows(from.opacity_logits, block, index, to.opacity);
    for (Lane* values : {&to.scale.x, &to.scale.y, &to.scale.z, &to.opacity})
        for (float& x : values->values) x = exponential_range(x);
#pragma GCC ivdep
    for (int k = 0; k < lanes; ++k) {
        const Vec3 s = to.scale.get(k);
        to.scale.set(k, {exponential(s.x), exponential(s.y), exponential(s.z)});
        const float inverse = 1 / length(to.rotation.get(k));
        to.inverse_length[k] = inverse;
        to.rotation.set(k, scaled(to.rotation.get(k), inverse));
        to.opacity[k] = 1 / (1 + exponential(-to.opacity[k]));
    }
}

struct FrameBlock {
    Lanes3 origin, tangent, bitangent, normal;
    Lane stretch;
    [[gnu::always_inline]] SurfaceFrame get(int k) const {
        return {origin.get(k), tangent.get(k), bitangent.get(k), normal.get(k), stretch[k]};
    }
    [[gnu::always_inline]] void set(int k, const SurfaceFrame& f) {
        origin.set(k, f.origin);
        tangent.set(k, f.tangent);
        bitangent.set(k, f.bitangent);
        normal.set(k, f.normal);
        stretch[k] = f.stretch;
    }
};

[[gnu::always_inline]] inline void load_frames(const float* frames, const Block& block, const int* index,
                                               FrameBlock& to) {
    const float* const rows = frames + frame_floats * block.first;
    for (int k = 0; k < lanes; k += 4) {
        const float* row[4];
        for (int j = 0; j < 4; ++j) row[j] = rows + frame_floats * std::size_t(index[k + j]);
        F4 a[4], b[4], c[4];
        for (int j = 0; j < 4; ++j) {
            a[j] = load4(row[j]);
            b[j] = load4(row[j] + 4);
            c[j] = load4(row[j] + 8);
            to.stretch[k + j] = row[j][12];
        }
        transpose(a[0], a[1], a[2], a[3]);
        transpose(b[0], b[1], b[2], b[3]);
        transpose(c[0], c[1], c[2], c[3]);
        Lane* const columns[12] = {&to.origin.x,    &to.origin.y,  &to.origin.z,    &to.tangent.x,
                                   &to.bitangent.x, &to.normal.x,  &to.tangent.y,   &to.bitangent.y,
                                   &to.normal.y,    &to.tangent.z, &to.bitangent.z, &to.normal.z};
        for (int j = 0; j < 4; ++j) {
            store4(columns[j]->values + k, a[j]);
            store4(columns[4 + j]->values + k, b[j]);
            store4(columns[8 + j]->values + k, c[j]);
        }
    }
}

// Where a block's Gaussians are anchored.
struct AnchorBlock {
    Lanes3 weights, chart;
    int triangle[lanes], a[lanes], b[lanes], c[lanes];
};

[[gnu::always_inline]] inline void load_anchors(const SurfaceArrays& arrays, const Block& block, const int* index,
                                                AnchorBlock& to) {
    for (int k = 0; k < lanes; ++k) {
        const float* const anchor = arrays.anchors + 4 * (block.first + std::size_t(index[k]));
        std::memcpy(&to.triangle[k], anchor + 3, sizeof(int));
        const int* const corners = arrays.triangles + 3 * std::size_t(to.triangle[k]);
        to.a[k] = corners[0];
        to.b[k] = corners[1];
        to.c[k] = corners[2];
        to.weights.set(k, {anchor[0], anchor[1], anchor[2]});
    }
    Lanes4 chart;
    gather4(arrays.charts, to.triangle, chart);
    to.chart = {chart.w, chart.x, chart.y};
}

struct CornerBlock {
    Lanes3 a, b, c;
    Lanes4 normal_a, normal_b, normal_c;  // x, y, z, length
    [[gnu::always_inline]] FrameParts frame(const AnchorBlock& at, int k) const {
        const auto normal = [k](const Lanes4& n) __attribute__((always_inline)) {
            return Vec3{n.w[k], n.x[k], n.y[k]};
        };
        return make_frame({a.get(k), b.get(k), c.get(k)}, {normal(normal_a), normal(normal_b), normal(normal_c)},
                          at.weights.get(k), at.chart.get(k));
    }
};

[[gnu::always_inline]] inline void load_corners(const AnchorBlock& at, const float* vertices, const float* normals,
                                                CornerBlock& to) {
    gather3(vertices, at.a, to.a);
    gather3(vertices, at.b, to.b);
    gather3(vertices, at.c, to.c);
    gather4(normals, at.a, to.normal_a);
    gather4(normals, at.b, to.normal_b);
    gather4(normals, at.c, to.normal_c);
}

[[gnu::always_inline]] inline void frames_on_surface(const AnchorBlock& at, const float* vertices, const float* normals,
                                                     FrameBlock& to) {
    CornerBlock corners;
    load_corners(at, vertices, normals, corners);
#pragma GCC ivdep
    for (int k = 0; k < lanes; ++k) to.set(k, corners.frame(at, k).frame);
}

// Row `view` of arrays [views, count, ...].
PosedArrays of_view(const PosedArrays& a, std::size_t view, std::size_t count) {
    const std::size_t n = view * count;
    return {a.means + 3 * n, a.scales + 3 * n, a.rotations + 4 * n, a.colors + 3 * n, a.opacities + n};
}

[[gnu::always_inline]] inline void pose_block(const RestBlock& rest, const FrameBlock& frames,
                                              const AnchoredArrays& anchored, const Block& block,
                                              const PosedArrays& to) {
    Lanes3 mean, scale;
    Lanes4 rotation;
#pragma GCC ivdep
    for (int k = 0; k < lanes; ++k) {
        const SurfaceFrame f = frames.get(k);
        mean.set(k, f.origin + f.stretch * turned(f, rest.offset.get(k)));
        scale.set(k, f.stretch * rest.scale.get(k));
        rotation.set(k, product(quaternion_of(f), rest.rotation.get(k)));
    }
    store_rows(mean, block, to.means);
    store_rows(scale, block, to.scales);
    store_rows(rotation, block, to.rotations);
    store_rows(rest.opacity, block, to.opacities);
    std::memcpy(to.colors + 3 * block.first, anchored.albedos + 3 * block.first,
                3 * sizeof(float) * std::size_t(block.valid));
}

// A Gaussian's own gradients, summed over the views but for the factors that all views share. Multiplying by a unit
// quaternion from the left keeps lengths and angles: the derivative by the normalised quaternion u, less what points
// along u, is u (0, t) with t the vector part of conj(posed) times the derivative by the posed rotation. So `turn` is
// summed, and neither the frame's quaternion nor the normalisation is looked at again.
struct OwnBlock {
    Lanes3 offset{}, scale{}, turn{};
    Lane opacity_logit{};
    float albedo[3 * lanes]{};
};

struct OwnTask {
    AnchoredArrays anchored;
    const float* posed_rotations;
    PosedGradients gradients;
    AnchoredGradientArrays own;
    ViewWeights weights;
    bool add;
};

// `at` is the block in rows of [views, count, ...].
[[gnu::always_inline]] inline void add_view(const OwnTask& task, std::size_t view, const FrameBlock& frames,
                                            const Block& block, const Block& at, const int* index, OwnBlock& sums) {
    Lane weight;
    if (const float* const w = task.weights.splat_weight ? task.weights.splat_weight[view] : nullptr) {
        load_rows(w, block, index, weight);
    } else {
        for (int k = 0; k < lanes; ++k) weight[k] = 1;
    }
    const float* const grad_color = task.gradients.colors + 3 * at.first;
    float spread[3 * lanes];
    for (int k = 0; k < lanes; ++k) spread[3 * k] = spread[3 * k + 1] = spread[3 * k + 2] = weight[k];
    for (int j = 0; j < 3 * at.valid; ++j) sums.albedo[j] += spread[j] * grad_color[j];
    if (task.weights.colors_only && task.weights.colors_only[view]) return;
    Lanes3 grad_mean, grad_scale;
    Lanes4 rotation, grad_rotation;
    Lane grad_opacity;
    load_rows(task.gradients.means, at, index, grad_mean);
    load_rows(task.gradients.scales, at, index, grad_scale);
    load_rows(task.posed_rotations, at, index, rotation);
    load_rows(task.gradients.rotations, at, index, grad_rotation);
    load_rows(task.gradients.opacities, at, index, grad_opacity);
#pragma GCC ivdep
    for (int k = 0; k < lanes; ++k) {
        const SurfaceFrame f = frames.get(k);
        const float w = weight[k], stretch = w * f.stretch;
        sums.offset.set(k, sums.offset.get(k) + stretch * turned_back(f, grad_mean.get(k)));
        sums.scale.set(k, sums.scale.get(k) + stretch * grad_scale.get(k));
        sums.turn.set(k, sums.turn.get(k) + w * vector_conjugate_product(rotation.get(k), grad_rotation.get(k)));
        sums.opacity_logit[k] += w * grad_opacity[k];
    }
}

[[gnu::always_inline]] inline void finish_own(const OwnTask& task, const RestBlock& rest, const Block& block,
                                              const int* index, OwnBlock& sums) {
    Lanes4 grad_quaternion;
#pragma GCC ivdep
    for (int k = 0; k < lanes; ++k) {
        const Vec3 scale = rest.scale.get(k), sum = sums.scale.get(k), turn = sums.turn.get(k);
        sums.scale.set(k, {scale.x * sum.x, scale.y * sum.y, scale.z * sum.z});
        grad_quaternion.set(k,
                            scaled(product(rest.rotation.get(k), {0, turn.x, turn.y, turn.z}), rest.inverse_length[k]));
        sums.opacity_logit[k] *= rest.opacity[k] * (1 - rest.opacity[k]);
    }
    const AnchoredGradientArrays& own = task.own;
    float* const albedos = own.albedos + 3 * block.first;
    if (task.add) {
        Lanes3 offset, scale;
        Lanes4 quaternion;
        Lane opacity_logit;
        load_rows(own.offsets, block, index, offset);
        load_rows(own.log_scales, block, index, scale);
        load_rows(own.quaternions, block, index, quaternion);
        load_rows(own.opacity_logits, block, index, opacity_logit);
        for (int k = 0; k < lanes; ++k) {
            sums.offset.set(k, offset.get(k) + sums.offset.get(k));
            sums.scale.set(k, scale.get(k) + sums.scale.get(k));
            const Quaternion a = quaternion.get(k), b = grad_quaternion.get(k);
            grad_quaternion.set(k, {a.w + b.w, a.x + b.x, a.y + b.y, a.z + b.z});
            sums.opacity_logit[k] += opacity_logit[k];
        }
        for (int j = 0; j < 3 * block.valid; ++j) sums.albedo[j] += albedos[j];
    }
    store_rows(sums.offset, block, own.offsets);
    store_rows(sums.scale, block, own.log_scales);
    store_rows(grad_quaternion, block, own.quaternions);
    store_rows(sums.opacity_logit, block, own.opacity_logits);
    std::memcpy(albedos, sums.albedo, 3 * sizeof(float) * std::size_t(block.valid));
}

// Rows of view `view` in arrays [views, count, ...].
Block in_view(const Block& block, std::size_t view, std::size_t count) {
    Block at = block;
    at.first += view * count;
    return at;
}

// Surface

struct SurfaceTask {
    SurfaceShape shape;
    SurfaceArrays arrays;
    const float* vertices;
    const float* normals;
    const float* vertices_of(int frame) const {
        return vertices + 3 * std::size_t(frame) * std::size_t(shape.vertices);
    }
    const float* normals_of(int frame) const { return normals + 4 * std::size_t(frame) * std::size_t(shape.vertices); }
};

LIKENESS_VECTORIZE void frame_blocks(const SurfaceTask& task, float* out, std::size_t begin, std::size_t end) {
    const std::size_t count = std::size_t(task.shape.count);
    for (std::size_t b = begin; b < end; ++b) {
        const Block block(b, count);
        int index[lanes];
        row_numbers(block, index);
        AnchorBlock at;
        load_anchors(task.arrays, block, index, at);
        for (int frame = 0; frame < task.shape.frames; ++frame) {
            FrameBlock frames;
            frames_on_surface(at, task.vertices_of(frame), task.normals_of(frame), frames);
            float* to = out + frame_floats * (std::size_t(frame) * count + block.first);
            for (int k = 0; k < block.valid; ++k, to += frame_floats) {
                const SurfaceFrame f = frames.get(k);
                const float row[frame_floats] = {f.origin.x,    f.origin.y,  f.origin.z,    f.tangent.x, f.bitangent.x,
                                                 f.normal.x,    f.tangent.y, f.bitangent.y, f.normal.y,  f.tangent.z,
                                                 f.bitangent.z, f.normal.z,  f.stretch};
                std::memcpy(to, row, sizeof row);
            }
        }
    }
}

LIKENESS_VECTORIZE void surface_blocks(const SurfaceTask& task, const AnchoredArrays& anchored,
                                       const PosedArrays& posed, std::size_t begin, std::size_t end) {
    const std::size_t count = std::size_t(task.shape.count);
    for (std::size_t b = begin; b < end; ++b) {
        const Block block(b, count);
        int index[lanes];
        row_numbers(block, index);
        RestBlock rest;
        load_rest(anchored, block, index, rest);
        AnchorBlock at;
        load_anchors(task.arrays, block, index, at);
        for (int frame = 0; frame < task.shape.frames; ++frame) {
            FrameBlock frames;
            frames_on_surface(at, task.vertices_of(frame), task.normals_of(frame), frames);
            pose_block(rest, frames, anchored, block, of_view(posed, std::size_t(frame), count));
        }
    }
}

// Writes what each Gaussian asks of its triangle to `pulls` [frames, count, 12] (SurfacePull, rows of four); null: not
// asked for.
LIKENESS_VECTORIZE void surface_backward_blocks(const SurfaceTask& task, const OwnTask& own, float* pulls,
                                                std::size_t begin, std::size_t end) {
    const std::size_t count = std::size_t(task.shape.count);
    for (std::size_t b = begin; b < end; ++b) {
        const Block block(b, count);
        int index[lanes];
        row_numbers(block, index);
        RestBlock rest;
        load_rest(own.anchored, block, index, rest);
        AnchorBlock anchors;
        load_anchors(task.arrays, block, index, anchors);
        OwnBlock sums;
        for (int frame = 0; frame < task.shape.frames; ++frame) {
            const Block at = in_view(block, std::size_t(frame), count);
            FrameBlock frames;
            if (pulls) {
                CornerBlock corners;
                load_corners(anchors, task.vertices_of(frame), task.normals_of(frame), corners);
                Lanes3 grad_ab, grad_ac, grad_normals;
                Lanes3 grad_mean, grad_scale;
                Lanes4 rotation, grad_rotation;
                load_rows(own.gradients.means, at, index, grad_mean);
                load_rows(own.gradients.scales, at, index, grad_scale);
                load_rows(own.posed_rotations, at, index, rotation);
                load_rows(own.gradients.rotations, at, index, grad_rotation);
#pragma GCC ivdep
                for (int k = 0; k < lanes; ++k) {
                    const FrameParts parts = corners.frame(anchors, k);
                    frames.set(k, parts.frame);
                    const SurfacePull pull =
                        pull_of(parts, anchors.chart.get(k), turned(parts.frame, rest.offset.get(k)), grad_mean.get(k),
                                dot(rest.scale.get(k), grad_scale.get(k)), rotation.get(k), grad_rotation.get(k));
                    grad_ab.set(k, pull.grad_ab);
                    grad_ac.set(k, pull.grad_ac);
                    grad_normals.set(k, pull.grad_normals);
                }
                float* const to = pulls + pull_floats * at.first;
                const Lanes3* const parts[3] = {&grad_ab, &grad_ac, &grad_normals};
                for (int k = 0; k < block.valid; k += 4)
                    for (int part = 0; part < 3; ++part) {
                        F4 rows[4] = {load4(parts[part]->x.values + k), load4(parts[part]->y.values + k),
                                      load4(parts[part]->z.values + k), F4{}};
                        transpose(rows[0], rows[1], rows[2], rows[3]);
                        for (int j = 0; j < 4 && k + j < block.valid; ++j)
                            store4(to + pull_floats * std::size_t(k + j) + 4 * part, rows[j]);
                    }
            } else {
                frames_on_surface(anchors, task.vertices_of(frame), task.normals_of(frame), frames);
            }
            if (own.own.offsets) add_view(own, std::size_t(frame), frames, block, at, index, sums);
        }
        if (own.own.offsets) finish_own(own, rest, block, index, sums);
    }
}

// One thread sums a frame, in the order of the Gaussians and then of the triangles. `sums` [vertices, 8]: gradients
// by a vertex' place, and by its unit normal, then by the sum that was normalised.
void vertices_of_frame(const SurfaceTask& task, int frame, const float* grad_means, const float* pulls, float* sums,
                       float* grad_vertices) {
    const std::size_t count = std::size_t(task.shape.count), vertex_count = std::size_t(task.shape.vertices);
    const float *const vertices = task.vertices_of(frame), *const normals = task.normals_of(frame);
    std::fill_n(sums, sums_floats * vertex_count, 0.0f);
    const auto add = [sums](int vertex, std::size_t part, F4 v) {
        float* const to = sums + sums_floats * std::size_t(vertex) + part;
        store4(to, load4(to) + v);
    };
    for (std::size_t i = 0; i < count; ++i) {
        const float* const anchor = task.arrays.anchors + 4 * i;
        const int* const t = task.arrays.triangles + 3 * std::size_t(std::bit_cast<int>(anchor[3]));
        const F4 grad_mean = load3(grad_means + 3 * i), grad_ab = load4(pulls + pull_floats * i),
                 grad_ac = load4(pulls + pull_floats * i + 4), grad_normals = load4(pulls + pull_floats * i + 8);
        add(t[0], 0, anchor[0] * grad_mean - grad_ab - grad_ac);
        add(t[0], 4, anchor[0] * grad_normals);
        add(t[1], 0, anchor[1] * grad_mean + grad_ab);
        add(t[1], 4, anchor[1] * grad_normals);
        add(t[2], 0, anchor[2] * grad_mean + grad_ac);
        add(t[2], 4, anchor[2] * grad_normals);
    }
    for (std::size_t v = 0; v < vertex_count; ++v) {
        float* const grad_normal = sums + sums_floats * v + 4;
        const F4 n = load4(normals + 4 * v), g = load4(grad_normal);
        const float size = n[3], inverse = size > 0 ? 1 / size : 0.0f;
        store4(grad_normal, inverse * (g - (g[0] * n[0] + g[1] * n[1] + g[2] * n[2]) * n));
    }
    // face = (b - a) x (c - a) is part of the sum at each of its corners; d face / d a turns it by c - b, and so on.
    for (std::size_t k = 0; k < std::size_t(task.shape.triangles); ++k) {
        const int* const t = task.arrays.triangles + 3 * k;
        const auto normal = [&](int corner) { return load4(sums + sums_floats * std::size_t(t[corner]) + 4); };
        const auto place = [&](int corner) { return load3(vertices + 3 * std::size_t(t[corner])); };
        const F4 grad_face = normal(0) + normal(1) + normal(2), a = place(0), b = place(1), c = place(2);
        add(t[0], 0, cross(grad_face, c - b));
        add(t[1], 0, cross(grad_face, a - c));
        add(t[2], 0, cross(grad_face, b - a));
    }
    for (std::size_t v = 0; v < vertex_count; ++v) store3(grad_vertices + 3 * v, load4(sums + sums_floats * v));
}

void normals_of_frame(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices, float* normals) {
    std::fill_n(normals, 4 * std::size_t(shape.vertices), 0.0f);
    for (std::size_t k = 0; k < std::size_t(shape.triangles); ++k) {
        const int* const t = arrays.triangles + 3 * k;
        const auto place = [&](int corner) { return load3(vertices + 3 * std::size_t(t[corner])); };
        const F4 a = place(0), face = cross(place(1) - a, place(2) - a);
        for (int corner = 0; corner < 3; ++corner) {
            float* const to = normals + 4 * std::size_t(t[corner]);
            store4(to, load4(to) + face);
        }
    }
    for (std::size_t v = 0; v < std::size_t(shape.vertices); ++v) {
        const F4 n = load4(normals + 4 * v);
        const float size = std::sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]), inverse = size > 0 ? 1 / size : 0.0f;
        store4(normals + 4 * v, F4{inverse * n[0], inverse * n[1], inverse * n[2], size});
    }
}

// Given frames

LIKENESS_VECTORIZE void deform_blocks(int views, std::size_t count, const float* const* frames,
                                      const AnchoredArrays& anchored, const PosedArrays& posed, std::size_t begin,
                                      std::size_t end) {
    for (std::size_t b = begin; b < end; ++b) {
        const Block block(b, count);
        int index[lanes];
        row_numbers(block, index);
        RestBlock rest;
        load_rest(anchored, block, index, rest);
        for (int view = 0; view < views; ++view) {
            FrameBlock of_block;
            load_frames(frames[view], block, index, of_block);
            pose_block(rest, of_block, anchored, block, of_view(posed, std::size_t(view), count));
        }
    }
}

LIKENESS_VECTORIZE void deform_backward_blocks(int views, std::size_t count, const float* const* frames,
                                               const OwnTask& task, std::size_t begin, std::size_t end) {
    for (std::size_t b = begin; b < end; ++b) {
        const Block block(b, count);
        int index[lanes];
        row_numbers(block, index);
        RestBlock rest;
        load_rest(task.anchored, block, index, rest);
        OwnBlock sums;
        for (int view = 0; view < views; ++view) {
            FrameBlock of_block;
            load_frames(frames[view], block, index, of_block);
            add_view(task, std::size_t(view), of_block, block, in_view(block, std::size_t(view), count), index, sums);
        }
        finish_own(task, rest, block, index, sums);
    }
}

}  // namespace

void surface_normals(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices, float* normals) {
    const std::size_t count = std::size_t(shape.vertices);
    parallel_for(std::size_t(shape.frames), 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t f = begin; f < end; ++f)
            normals_of_frame(shape, arrays, vertices + 3 * f * count, normals + 4 * f * count);
    });
}

void surface_frames(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices, const float* normals,
                    float* frames_out) {
    const SurfaceTask task{shape, arrays, vertices, normals};
    parallel_for(block_count(shape.count), grain,
                 [&](std::size_t begin, std::size_t end) { frame_blocks(task, frames_out, begin, end); });
}

void pose_on_surface(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices,
                     const float* normals, const AnchoredArrays& anchored, const PosedArrays& posed) {
    const SurfaceTask task{shape, arrays, vertices, normals};
    parallel_for(block_count(shape.count), grain,
                 [&](std::size_t begin, std::size_t end) { surface_blocks(task, anchored, posed, begin, end); });
}

std::size_t surface_backward_floats(const SurfaceShape& shape) {
    return std::size_t(shape.frames) *
           (pull_floats * std::size_t(shape.count) + sums_floats * std::size_t(shape.vertices));
}

void surface_backward(const SurfaceShape& shape, const SurfaceArrays& arrays, const float* vertices,
                      const float* normals, const AnchoredArrays& anchored, const float* posed_rotations,
                      const PosedGradients& gradients, float* scratch, float* grad_vertices,
                      const AnchoredGradientArrays& own, const ViewWeights& weights) {
    if (!grad_vertices && !own.offsets) return;
    const SurfaceTask task{shape, arrays, vertices, normals};
    const OwnTask own_task{anchored, posed_rotations, gradients, own, weights, false};
    float* const pulls = grad_vertices ? scratch : nullptr;
    parallel_for(block_count(shape.count), grain, [&](std::size_t begin, std::size_t end) {
        surface_backward_blocks(task, own_task, pulls, begin, end);
    });
    if (!grad_vertices) return;
    const std::size_t count = std::size_t(shape.count), vertex_count = std::size_t(shape.vertices);
    float* const sums = scratch + pull_floats * std::size_t(shape.frames) * count;
    parallel_for(std::size_t(shape.frames), 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t f = begin; f < end; ++f)
            vertices_of_frame(task, int(f), gradients.means + 3 * f * count, pulls + pull_floats * f * count,
                              sums + sums_floats * f * vertex_count, grad_vertices + 3 * f * vertex_count);
    });
}

void deform_batch(int views, int count, const float* const* frames, const AnchoredArrays& anchored,
                  const PosedArrays& posed) {
    parallel_for(block_count(count), grain, [&](std::size_t begin, std::size_t end) {
        deform_blocks(views, std::size_t(count), frames, anchored, posed, begin, end);
    });
}

void deform_batch_backward(int views, int count, const float* const* frames, const AnchoredArrays& anchored,
                           const float* posed_rotations, const PosedGradients& posed_gradients,
                           const AnchoredGradientArrays& own, const ViewWeights& weights, bool add) {
    const OwnTask task{anchored, posed_rotations, posed_gradients, own, weights, add};
    parallel_for(block_count(count), grain, [&](std::size_t begin, std::size_t end) {
        deform_backward_blocks(views, std::size_t(count), frames, task, begin, end);
    });
}

}  // namespace likeness
