#include "cuda/bands.h"

#include "core/base/task.h"
#include "cuda/constants.h"

namespace likeness::cuda {
namespace {

RasterOutputs rows_of(const RasterOutputs& whole, int width, int first, int extra_channels) {
    const std::size_t pixels = std::size_t(width) * std::size_t(first);
    const auto from = [pixels](float* image, std::size_t channels) {
        return image ? image + pixels * channels : nullptr;
    };
    return {from(whole.color, 3), from(whole.alpha, 1), from(whole.depth, 1), from(whole.normal, 3),
            from(whole.extra, std::size_t(extra_channels))};
}

}  // namespace

void draw_bands(DeviceRasterizer& rasterizer, const DeviceSplats& splats, const Camera& camera,
                const RasterOptions& options, const RasterOutputs& outputs, std::uint32_t most, int first, int end) {
    const RasterOutputs rows = rows_of(outputs, camera.width, first, splats.extra_channels);
    while (true) {
        if (options.stop && options.stop->load(std::memory_order_relaxed)) throw Cancelled();
        rasterizer.forward_rows(splats, camera, options, rows, first, end);
        const std::uint32_t needed = rasterizer.counters().instances;
        if (needed <= rasterizer.instance_capacity()) return;
        if (needed > most && end - first > tile_height) {
            const int tiles = (end - first + tile_height - 1) / tile_height;
            const int middle = first + tiles / 2 * tile_height;
            draw_bands(rasterizer, splats, camera, options, outputs, most, first, middle);
            draw_bands(rasterizer, splats, camera, options, outputs, most, middle, end);
            return;
        }
        rasterizer.reserve_instances(needed);
    }
}

}  // namespace likeness::cuda
