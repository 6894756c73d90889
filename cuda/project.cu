// First stage of the forward pass and last of the backward pass: one thread for each Gaussian.
#include "cuda/launch.cuh"
#include "cuda/projection.cuh"
#include "cuda/raster_stages.h"
#include "cuda/tiles.cuh"

namespace likeness::cuda {
namespace {

struct ProjectArguments {
    RasterInputs inputs;
    const View* view;
    RasterWorkspace workspace;
    int splats, channels, extra_channels;
    bool depth, normal;
    int columns, rows;
    unsigned slots;
};

// Finite, and not so large that its square overflows: a Gaussian with any other value is not drawn.
__device__ bool usable(float x) { return fabsf(x) < 1.0e18f; }
__device__ bool usable(Vec3 v) { return usable(v.x) && usable(v.y) && usable(v.z); }

__device__ bool usable_appearance(const ProjectArguments& a, std::size_t i) {
    if (!usable(a.inputs.opacities[i]) || !usable(load3(a.inputs.colors + 3 * i))) return false;
    for (int k = 0; k < a.extra_channels; ++k) {
        if (!usable(a.inputs.extra[i * a.extra_channels + k])) return false;
    }
    return true;
}

// Channels of a Gaussian in the order colour, depth, normal, extra.
__device__ void write_features(const ProjectArguments& a, int i, float depth, Vec3 normal) {
    float* row = a.workspace.features + std::size_t(i) * a.channels;
    store3(row, load3(a.inputs.colors + 3 * std::size_t(i)));
    int channel = 3;
    if (a.depth) row[channel++] = depth;
    if (a.normal) {
        store3(row + channel, normal);
        channel += 3;
    }
    for (int k = 0; k < a.extra_channels; ++k) row[channel + k] = a.inputs.extra[std::size_t(i) * a.extra_channels + k];
}

__global__ void __launch_bounds__(linear_threads) project_kernel(ProjectArguments a) {
    const int i = int(blockIdx.x) * linear_threads + int(threadIdx.x);
    // This stage also clears what later ones only add to.
    if (i < a.columns * a.rows) static_cast<uint2*>(a.workspace.tile_ranges)[i] = make_uint2(0, 0);
    for (unsigned slot = unsigned(i); slot < a.slots; slot += gridDim.x * linear_threads) {
        a.workspace.segment_tiles[slot] = no_tile;
    }
    if (i == 0) *a.workspace.counters = RasterCounters{};

    bool visible = false;
    ScreenSplat splat{};
    ushort4 box = no_tiles();
    unsigned key = culled_depth_key;
    if (i < a.splats) {
        const View view = *a.view;
        const std::size_t row = std::size_t(i);
        const Vec3 mean = load3(a.inputs.means + 3 * row);
        const float opacity = a.inputs.opacities[row];
        // Comparisons are written so that a NaN culls.
        if (camera_depth(view, mean) >= view.near_plane && opacity >= smallest_alpha) {
            const Vec3 scale = load3(a.inputs.scales + 3 * row);
            const float4 q = reinterpret_cast<const float4*>(a.inputs.rotations)[row];
            const Projection p = project(view, mean, scale, {q.x, q.y, q.z, q.w});
            splat.x = view.fx * p.camera.x / p.camera.z + view.cx;
            splat.y = view.fy * p.camera.y / p.camera.z + view.cy;
            splat.opacity = opacity;
            splat.power_limit = power_limit(opacity);
            const float inverse = 1.0f / p.determinant;
            splat.xx = p.yy * inverse;
            splat.xy = -p.xy * inverse;
            splat.yy = p.xx * inverse;
            const bool drawable = usable(splat.x) && usable(splat.y) && usable(p.xx) && usable(p.yy) &&
                                  usable(p.unit.w) && p.determinant > 0.0f && isfinite(p.determinant) &&
                                  usable_appearance(a, row);
            if (drawable) {
                box = tile_box(splat.x, splat.y, p.xx, p.yy, splat.power_limit, a.columns, a.rows);
            }
            visible = box_tiles(box) > 0;
            if (visible) {
                key = __float_as_uint(p.camera.z);
                if (a.workspace.features) {
                    Vec3 normal{0, 0, 0};
                    if (a.normal) {
                        const int axis = shortest_axis(scale);
                        normal = axis == 0   ? p.rotation.column(0)
                                 : axis == 1 ? p.rotation.column(1)
                                             : p.rotation.column(2);
                        normal = facing_sign(view, mean, normal) * normal;
                    }
                    write_features(a, i, p.camera.z, normal);
                }
            }
        }
    }
    const int touched = visit_tiles(visible, splat, box, [](int, int, int, int) {});
    if (i >= a.splats) return;
    if (touched == 0) {
        splat.opacity = 0;
        key = culled_depth_key;
    }
    static_cast<ScreenSplat*>(a.workspace.geometry)[i] = splat;
    static_cast<ushort4*>(a.workspace.tile_boxes)[i] = box;
    a.workspace.tile_counts[i] = unsigned(touched);
    a.workspace.depth_keys[0][i] = key;
    a.workspace.depth_order[0][i] = unsigned(i);
}

struct BackwardArguments {
    ProjectArguments forward;
    RasterInputGradients gradients;
    int row;  // floats of a row of screen sums
};

__device__ void store_if(float* target, std::size_t index, Vec3 value) {
    if (target) store3(target + 3 * index, value);
}

__global__ void __launch_bounds__(linear_threads) project_backward_kernel(BackwardArguments b) {
    const ProjectArguments& a = b.forward;
    const int i = int(blockIdx.x) * linear_threads + int(threadIdx.x);
    if (i >= a.splats) return;
    const std::size_t index = std::size_t(i);
    const ScreenSplat splat = static_cast<const ScreenSplat*>(a.workspace.geometry)[i];
    SplatGradient g{};
    Vec3 color{0, 0, 0};
    float opacity = 0;
    const float* sums = a.workspace.screen_gradients + index * b.row;
    const bool visible = splat.opacity > 0.0f;
    if (visible) {
        const View view = *a.view;
        const Vec3 mean = load3(a.inputs.means + 3 * index), scale = load3(a.inputs.scales + 3 * index);
        const float4 q = reinterpret_cast<const float4*>(a.inputs.rotations)[index];
        const Projection p = project(view, mean, scale, {q.x, q.y, q.z, q.w});
        // Sums of dL/dpower times 1, dx, dy, dx^2, dx dy, dy^2 (blend_backward.cu); d = pixel - mean.
        const float sum_x = sums[1], sum_y = sums[2];
        ScreenGradient s{};
        s.mean_x = -(splat.xx * sum_x + splat.xy * sum_y);
        s.mean_y = -(splat.xy * sum_x + splat.yy * sum_y);
        s.xx = 0.5f * sums[3];
        s.xy = sums[4];
        s.yy = 0.5f * sums[5];
        opacity =
            -sums[0] / splat.opacity;  // alpha = opacity exp(-power): dalpha/dopacity = -(dalpha/dpower) / opacity
        int channel = screen_sums;
        color = load3(sums + channel);
        channel += 3;
        if (a.depth) s.depth = sums[channel++];
        if (a.normal) s.normal = load3(sums + channel);
        g = project_backward(view, p, mean, scale, a.normal, s);
        if (b.gradients.screen) b.gradients.screen[i] += sqrtf(s.mean_x * s.mean_x + s.mean_y * s.mean_y);
    }
    store_if(b.gradients.means, index, g.mean);
    store_if(b.gradients.scales, index, g.scale);
    store_if(b.gradients.colors, index, color);
    if (b.gradients.rotations) {
        reinterpret_cast<float4*>(b.gradients.rotations)[index] =
            make_float4(g.rotation.w, g.rotation.x, g.rotation.y, g.rotation.z);
    }
    if (b.gradients.opacities) b.gradients.opacities[i] = opacity;
    if (b.gradients.extra) {
        const float* extra = sums + screen_sums + a.channels - a.extra_channels;
        for (int k = 0; k < a.extra_channels; ++k) {
            b.gradients.extra[index * a.extra_channels + k] = visible ? extra[k] : 0.0f;
        }
    }
}

ProjectArguments arguments(const RasterShape& shape, const RasterInputs& inputs, const View* view,
                           const RasterWorkspace& workspace) {
    const TileGrid grid = tile_grid(shape);
    return {inputs,      view,         workspace,    shape.splats, shape.channels(),    shape.extra_channels,
            shape.depth, shape.normal, grid.columns, grid.rows,    segment_slots(shape)};
}

}  // namespace

void launch_project(const RasterShape& shape, const RasterInputs& inputs, const View* view,
                    const RasterWorkspace& workspace, cudaStream_t stream) {
    const int threads = max(shape.splats, tile_grid(shape).count());
    project_kernel<<<blocks_for(threads), linear_threads, 0, stream>>>(arguments(shape, inputs, view, workspace));
    check_launch("project", stream);
}

void launch_project_backward(const RasterShape& shape, const RasterInputs& inputs, const View* view,
                             const RasterWorkspace& workspace, const RasterInputGradients& gradients,
                             cudaStream_t stream) {
    if (shape.splats == 0) return;
    project_backward_kernel<<<blocks_for(shape.splats), linear_threads, 0, stream>>>(
        {arguments(shape, inputs, view, workspace), gradients, screen_gradient_row(shape)});
    check_launch("project backward", stream);
}

}  // namespace likeness::cuda
