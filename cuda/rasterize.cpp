// The order of the stages, and the layout of their workspace.
#include "likeness/cuda/rasterize.h"

#include <algorithm>

#include "cuda/raster_stages.h"
#include "likeness/cuda/check.h"

namespace likeness::cuda {
namespace {

// Hands out 256-byte aligned pieces; with a null base it only measures.
class Carver {
  public:
    explicit Carver(void* base) : base_(static_cast<char*>(base)) {}

    template <class T>
    T* take(std::size_t count) {
        T* piece = base_ && count > 0 ? reinterpret_cast<T*>(base_ + used_) : nullptr;
        used_ += (count * sizeof(T) + 255) / 256 * 256;
        return piece;
    }
    std::size_t used() const { return used_; }
    // The next piece begins there again.
    void go_back(std::size_t used) { used_ = used; }

  private:
    char* base_;
    std::size_t used_ = 0;
};

struct TwoInts {
    std::uint32_t values[2];
};

RasterWorkspace lay_out(Carver& carver, const RasterShape& shape) {
    const std::size_t items = std::size_t(shape.items()), capacity = shape.instance_capacity;
    const std::size_t tiles = std::size_t(tile_grid(shape).count());
    RasterWorkspace w;
    w.counters = carver.take<RasterCounters>(1);
    w.tile_counts = carver.take<std::uint32_t>(tiles);
    w.cleared_bytes = carver.used();
    w.geometry = carver.take<ScreenSplat>(items);
    if (shape.channels() > 3) w.features = carver.take<float>(items * std::size_t(shape.channels()));
    w.pair_tiles = carver.take<std::uint32_t>(capacity);
    w.pair_ranks = carver.take<std::uint32_t>(capacity);
    w.merged_keys = reinterpret_cast<unsigned long long*>(w.pair_tiles);  // the first two arrays are as large
    w.keys = carver.take<unsigned long long>(capacity);
    w.tile_ranges = carver.take<TwoInts>(tiles);
    const std::size_t slots = segment_slots(shape), slot_pixels = slots * tile_pixels;
    w.segment_tiles = carver.take<std::uint32_t>(slots);
    w.patch_hits = carver.take<std::uint32_t>(slots * std::size_t(tile_patches * (segment_length / warp_threads)));
    w.segment_ends = carver.take<float>(slot_pixels);
    w.segment_sums = carver.take<float>(slot_pixels * std::size_t(shape.channels()));
    w.last_instance =
        carver.take<std::uint32_t>(std::size_t(shape.views) * std::size_t(shape.width) * std::size_t(shape.height));
    const std::size_t shared = carver.used();
    w.pair_items = carver.take<std::uint32_t>(capacity);
    w.segment_products = carver.take<float>(slot_pixels);
    w.segment_last = carver.take<unsigned char>(slot_pixels);
    const std::size_t forward = carver.used();
    carver.go_back(shared);
    w.screen_gradients = carver.take<float>(screen_gradient_floats(shape));
    const std::size_t backward = carver.used();
    carver.go_back(shared);
    w.scratch = carver.take<unsigned char>(std::max({shape.scratch_bytes, forward - shared, backward - shared}));
    return w;
}

// Lists the channels in feature order and cuts them into groups.
template <class Use>
void for_each_group(const RasterShape& shape, const RasterInputs& inputs, const RasterWorkspace& workspace,
                    const RasterOutputs& outputs, const RasterOutputGradients& gradients, const Use& use) {
    const int channels = shape.channels();
    const bool plain = channels == 3;
    for (int first = 0; first < channels; first += largest_channel_group) {
        ChannelGroup group;
        group.features = plain ? inputs.colors : workspace.features ? workspace.features + first : nullptr;
        if (plain) group.halves = inputs.halves;
        group.stride = channels;
        if (plain && shape.shared && shape.splats > 0) group.wrap = unsigned(shape.splats);
        group.first = first;
        group.count = std::min(largest_channel_group, channels - first);
        for (int c = 0; c < group.count; ++c) {
            int channel = first + c;
            const auto bind = [&](float* output, const float* gradient, int stride) {
                group.output[c] = output ? output + channel : nullptr;
                group.gradient[c] = gradient ? gradient + channel : nullptr;
                group.pixel_stride[c] = stride;
            };
            if (channel < 3) {
                bind(outputs.color, gradients.color, 3);
                group.background[c] = true;
                continue;
            }
            channel -= 3;
            if (shape.depth && channel == 0) {
                bind(outputs.depth, gradients.depth, 1);
                continue;
            }
            channel -= shape.depth ? 1 : 0;
            if (shape.normal && channel < 3) {
                bind(outputs.normal, gradients.normal, 3);
                continue;
            }
            channel -= shape.normal ? 3 : 0;
            bind(outputs.extra, gradients.extra, shape.extra_channels);
        }
        use(group);
    }
}

}  // namespace

std::size_t raster_workspace_bytes(const RasterShape& shape) {
    Carver carver(nullptr);
    lay_out(carver, shape);
    return carver.used();
}

RasterWorkspace carve_raster_workspace(void* memory, const RasterShape& shape) {
    Carver carver(memory);
    return lay_out(carver, shape);
}

void rasterize_forward(const RasterShape& shape, const RasterInputs& inputs, const View* view,
                       const RasterWorkspace& workspace, const RasterOutputs& outputs, cudaStream_t stream,
                       const StageMark& mark) {
    const auto done = [&](const char* stage) {
        if (mark) mark(stage);
    };
    check(cudaMemsetAsync(workspace.counters, 0, workspace.cleared_bytes, stream), "clear counters");
    launch_project(shape, inputs, view, workspace, stream);
    done("project");
    if (shape.splats > 0) {
        launch_tile_lists(shape, workspace, stream, done);
        launch_transmittance(shape, workspace, stream);
        done("transmittance");
    }
    for_each_group(shape, inputs, workspace, outputs, {}, [&](const ChannelGroup& group) {
        launch_blend(shape, view, workspace, group, outputs.alpha, stream);
    });
    done("blend");
}

void rasterize_backward(const RasterShape& shape, const RasterInputs& inputs, const View* view,
                        const RasterWorkspace& workspace, const RasterOutputs& outputs,
                        const RasterOutputGradients& output_gradients, const RasterInputGradients& input_gradients,
                        cudaStream_t stream, const StageMark& mark) {
    if (shape.splats == 0) return;
    check(cudaMemsetAsync(workspace.screen_gradients, 0, sizeof(float) * screen_gradient_floats(shape), stream),
          "clear screen gradients");
    for_each_group(shape, inputs, workspace, outputs, output_gradients, [&](const ChannelGroup& group) {
        const bool used =
            std::any_of(group.gradient, group.gradient + group.count, [](auto* g) { return g != nullptr; });
        const float* alpha_gradient = group.first == 0 ? output_gradients.alpha : nullptr;
        if (!used && alpha_gradient == nullptr) return;
        launch_blend_backward(shape, workspace, group, outputs.alpha, alpha_gradient, stream);
    });
    if (mark) mark("blend backward");
    launch_project_backward(shape, inputs, view, workspace, input_gradients, stream);
    if (mark) mark("project backward");
}

}  // namespace likeness::cuda
