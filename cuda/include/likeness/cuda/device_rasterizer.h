// The rasterizer for code whose splats already live on the GPU: owns the workspace, grows it between steps, copies
// nothing to the host but a late, asynchronous look at the instance counter.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

#include "core/geometry/camera.h"
#include "core/splat/rasterizer.h"
#include "likeness/cuda/device_buffer.h"
#include "likeness/cuda/rasterize.h"

namespace likeness::cuda {

// Posed splats in device memory, shapes as in SplatSet. For a batch of views each of which has Gaussians of its own:
// the arrays of `count` each, one behind the other.
struct DeviceSplats {
    int count = 0;
    int extra_channels = 0;
    RasterInputs arrays;
};

View make_view(const Camera& camera, const RasterOptions& options);

class DeviceRasterizer {
  public:
    // All work is put on `stream`, which must outlive this object.
    explicit DeviceRasterizer(cudaStream_t stream);
    ~DeviceRasterizer();
    DeviceRasterizer(const DeviceRasterizer&) = delete;
    DeviceRasterizer& operator=(const DeviceRasterizer&) = delete;

    // prepare() and then render(). Never waits for the GPU.
    void forward(const DeviceSplats& splats, const Camera& camera, const RasterOptions& options,
                 const RasterOutputs& outputs);
    // The same for rows [first, end) of the camera's picture alone; `outputs` begin at row `first`.
    void forward_rows(const DeviceSplats& splats, const Camera& camera, const RasterOptions& options,
                      const RasterOutputs& outputs, int first, int end);
    // Gradients of the last forward pass, whose splats and outputs must still hold their values.
    void backward(const RasterOutputGradients& output_gradients, const RasterInputGradients& input_gradients);

    // For graphs: prepare() sizes the workspace and sets the view, and stays outside the capture; render() and
    // backward() are captured. A replay uses the view that set_camera() last put in place. prepare() with another
    // shape, or after an overflow, may move the workspace: then `generation()` changes and the graph is void.
    void prepare(const DeviceSplats& splats, const Camera& camera, const RasterOptions& options) {
        prepare(splats, std::span(&camera, 1), true, options);
    }
    // A batch of views of one size in the same launches; pictures and gradients lie one behind the other. `shared`:
    // all see the same Gaussians, whose gradients are summed; else each view has its own.
    void prepare(const DeviceSplats& splats, std::span<const Camera> cameras, bool shared,
                 const RasterOptions& options);
    void set_camera(const Camera& camera, const RasterOptions& options) { set_cameras(std::span(&camera, 1), options); }
    void set_cameras(std::span<const Camera> cameras, const RasterOptions& options);
    // The same gradients, to the bit, each time (RasterShape); from the next prepare() on.
    void set_deterministic(bool deterministic) { deterministic_ = deterministic; }
    // Memory of at least so many bytes, from the next prepare() on. The rasterizer uses it in render() and in
    // backward() and keeps nothing there in between.
    void reserve_scratch(std::size_t bytes) { scratch_bytes_ = std::max(scratch_bytes_, bytes); }
    void* scratch() { return workspace_.scratch; }
    // For profiles: called by render() and backward() after each stage.
    void set_mark(StageMark mark) { mark_ = std::move(mark); }
    void render(const RasterOutputs& outputs);
    std::uint64_t generation() const { return generation_; }

    // Instances that fit. Grows by itself: a forward pass that needed more makes the next prepare() grow, so at most
    // the passes in flight lose their farthest Gaussians.
    std::uint32_t instance_capacity() const { return shape_.instance_capacity; }
    void reserve_instances(std::uint32_t capacity);
    // A pass that needed more does not grow the workspace: who sets this draws such a picture in bands (bands.h).
    void limit_instances(std::uint32_t most) { most_instances_ = most; }
    // For who reads device_counters() itself, as replays of a graph must: grows at the next prepare() if these say so.
    void make_room(const RasterCounters& counters);

    // Counters of the last forward pass whose numbers have arrived; does not wait.
    std::optional<RasterCounters> poll_counters();
    // Waits for the last forward pass.
    RasterCounters counters();

    const View* view() const { return views_.data(); }
    const RasterCounters* device_counters() const { return workspace_.counters; }
    std::size_t workspace_bytes() const { return memory_.bytes(); }

  private:
    void request_counters();

    cudaStream_t stream_;
    RasterShape shape_;
    RasterInputs inputs_;
    RasterOutputs outputs_;
    RasterWorkspace workspace_;
    DeviceBuffer<unsigned char> memory_;
    DeviceBuffer<View> views_;
    StageMark mark_;
    RasterCounters* pinned_counters_ = nullptr;
    cudaEvent_t counters_arrived_ = nullptr;
    bool counters_requested_ = false;
    std::uint32_t wanted_instances_ = 0, most_instances_ = 0xffffffffu;
    std::uint64_t generation_ = 0;
    bool deterministic_ = false;
    std::size_t scratch_bytes_ = 0;
};

}  // namespace likeness::cuda
