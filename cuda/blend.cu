// Front-to-back blending (Kerbl et al. 2023, equation 3).
#include "cuda/blend.cuh"
#include "cuda/launch.cuh"

namespace likeness::cuda {
namespace {

template <int Channels>
__global__ void __launch_bounds__(tile_pixels) blend_kernel(RasterWorkspace w, const View* view, ChannelGroup group,
                                                            float* alpha_output, int columns, int width, int height) {
    __shared__ Batch<Channels> batch;
    const PixelPlace place = pixel_place(columns, width, height);
    const uint2 range = static_cast<const uint2*>(w.tile_ranges)[blockIdx.x];
    float transmittance = 1.0f;
    float sums[Channels] = {};
    unsigned last = 0;
    bool done = !place.inside;
    bool warp_done = __all_sync(all_lanes, done);

    for (unsigned base = range.x; base < range.y; base += tile_pixels) {
        if (__syncthreads_and(warp_done)) break;
        load_batch(batch, w, group.features, group.stride, group.count, base + threadIdx.x, range.y);
        __syncthreads();
        const int filled = int(min(unsigned(tile_pixels), range.y - base));
        for (int first = 0; first < filled && !warp_done; first += warp_threads) {
            unsigned hits = patch_hits(batch, first, filled, place);
            while (hits != 0) {
                const int i = first + __ffs(int(hits)) - 1;
                hits &= hits - 1;
                if (done) continue;
                const ScreenSplat& splat = batch.splats[i];
                const float raw = splat_alpha(splat, place.centre_x - splat.x, place.centre_y - splat.y);
                if (raw < smallest_alpha) continue;
                const float alpha = fminf(raw, largest_alpha);
                const float next = __fmul_rn(transmittance, __fsub_rn(1.0f, alpha));
                if (next < smallest_transmittance) {
                    done = true;
                    continue;
                }
                const float weight = alpha * transmittance;
#pragma unroll
                for (int c = 0; c < Channels; ++c) sums[c] += weight * batch.features[i * Channels + c];
                transmittance = next;
                last = base - range.x + unsigned(i) + 1;
            }
            warp_done = __all_sync(all_lanes, done);
        }
    }
    if (!place.inside) return;
    const std::size_t pixel = std::size_t(place.y) * width + place.x;
#pragma unroll
    for (int c = 0; c < Channels; ++c) {
        if (group.output[c] == nullptr) continue;
        const float behind = group.background[c] ? transmittance * view->background[c] : 0.0f;
        group.output[c][pixel * group.pixel_stride[c]] = sums[c] + behind;
    }
    if (group.first == 0) {  // the same for all groups
        alpha_output[pixel] = 1.0f - transmittance;
        w.last_instance[pixel] = last;
    }
}

template <int Channels>
void launch(const RasterShape& shape, const View* view, const RasterWorkspace& workspace, const ChannelGroup& group,
            float* alpha, cudaStream_t stream) {
    const TileGrid grid = tile_grid(shape);
    blend_kernel<Channels><<<unsigned(grid.count()), tile_pixels, 0, stream>>>(workspace, view, group, alpha,
                                                                               grid.columns, shape.width, shape.height);
}

}  // namespace

void launch_blend(const RasterShape& shape, const View* view, const RasterWorkspace& workspace,
                  const ChannelGroup& group, float* alpha, cudaStream_t stream) {
    if (group.count <= 3) {
        launch<3>(shape, view, workspace, group, alpha, stream);
    } else if (group.count <= 4) {
        launch<4>(shape, view, workspace, group, alpha, stream);
    } else {
        launch<largest_channel_group>(shape, view, workspace, group, alpha, stream);
    }
    check_launch("blend", stream);
}

}  // namespace likeness::cuda
