#include "likeness/cuda/device_rasterizer.h"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "cuda/constants.h"

namespace likeness::cuda {
namespace {

// First guess, low since what is too much is never given back; and head room when growing, so that a moving camera does
// not grow the workspace at every step.
std::uint32_t first_capacity(int items) { return std::max(1u << 16, 2u * unsigned(items)); }
std::uint32_t with_head_room(std::uint32_t instances) {
    return (instances + instances / 16 + 65535u) / 65536u * 65536u;
}

bool same_shape(const RasterShape& a, const RasterShape& b) {
    return a.splats == b.splats && a.extra_channels == b.extra_channels && a.depth == b.depth && a.normal == b.normal &&
           a.width == b.width && a.height == b.height && a.instance_capacity == b.instance_capacity &&
           a.views == b.views && a.shared == b.shared && a.deterministic == b.deterministic &&
           a.scratch_bytes == b.scratch_bytes;
}

}  // namespace

View make_view(const Camera& camera, const RasterOptions& options) {
    View view{};
    for (int row = 0; row < 3; ++row) {
        for (int column = 0; column < 3; ++column) {
            view.rotation[3 * row + column] = camera.world_to_camera(row, column);
        }
        view.translation[row] = camera.world_to_camera(row, 3);
    }
    const Eigen::Vector3f position = camera.position();
    for (int axis = 0; axis < 3; ++axis) view.position[axis] = position[axis];
    view.fx = camera.fx;
    view.fy = camera.fy;
    view.cx = camera.cx;
    view.cy = camera.cy;
    view.limit_u = frustum_limit * 0.5f * float(camera.width) / camera.fx;
    view.limit_v = frustum_limit * 0.5f * float(camera.height) / camera.fy;
    view.near_plane = std::max(options.near_plane, 1.0e-6f);  // sort keys are the bits of positive depths
    for (int channel = 0; channel < 3; ++channel) view.background[channel] = options.background[std::size_t(channel)];
    return view;
}

DeviceRasterizer::DeviceRasterizer(cudaStream_t stream) : stream_(stream), memory_(stream), views_(stream, 1) {
    void* pinned = nullptr;
    check(cudaMallocHost(&pinned, sizeof(RasterCounters)), "allocate counters");
    pinned_counters_ = static_cast<RasterCounters*>(pinned);
    check(cudaEventCreateWithFlags(&counters_arrived_, cudaEventDisableTiming), "create event");
}

DeviceRasterizer::~DeviceRasterizer() {
    if (counters_requested_) cudaEventSynchronize(counters_arrived_);  // the copy writes to memory freed below
    cudaEventDestroy(counters_arrived_);
    cudaFreeHost(pinned_counters_);
}

void DeviceRasterizer::reserve_instances(std::uint32_t capacity) {
    wanted_instances_ = std::max(wanted_instances_, capacity);
}

void DeviceRasterizer::prepare(const DeviceSplats& splats, std::span<const Camera> cameras, bool shared,
                               const RasterOptions& options) {
    poll_counters();
    const Camera& camera = cameras.front();
    for (const Camera& other : cameras) {
        if (other.width != camera.width || other.height != camera.height) {
            throw std::invalid_argument("rasterizer: views of a batch differ in size");
        }
    }
    RasterShape shape;
    shape.splats = splats.count;
    shape.extra_channels = splats.extra_channels;
    shape.depth = options.depth;
    shape.normal = options.normal;
    shape.width = camera.width;
    shape.height = camera.height;
    shape.views = int(cameras.size());
    shape.shared = shared || shape.views == 1;
    shape.deterministic = deterministic_;
    shape.scratch_bytes = scratch_bytes_;
    if (wanted_instances_ == 0) wanted_instances_ = first_capacity(shape.items());
    shape.instance_capacity = wanted_instances_;
    if (!same_shape(shape, shape_) || memory_.size() == 0) {
        const std::size_t bytes = raster_workspace_bytes(shape);
        shape_ = RasterShape{};  // should the allocation fail, the next call must not believe in the old workspace
        memory_.resize(bytes);
        workspace_ = carve_raster_workspace(memory_.data(), shape);
        shape_ = shape;
        ++generation_;
    }
    inputs_ = splats.arrays;
    set_cameras(cameras, options);
}

void DeviceRasterizer::set_cameras(std::span<const Camera> cameras, const RasterOptions& options) {
    if (cameras.size() > views_.size()) {
        views_.resize(cameras.size());
        ++generation_;
    }
    std::vector<View> views;
    for (const Camera& camera : cameras) views.push_back(make_view(camera, options));
    set_views(views_.data(), views.data(), int(views.size()), stream_);
}

void DeviceRasterizer::render(const RasterOutputs& outputs) {
    outputs_ = outputs;
    rasterize_forward(shape_, inputs_, views_.data(), workspace_, outputs_, stream_, mark_);
}

void DeviceRasterizer::forward(const DeviceSplats& splats, const Camera& camera, const RasterOptions& options,
                               const RasterOutputs& outputs) {
    prepare(splats, camera, options);
    render(outputs);
    request_counters();
}

void DeviceRasterizer::forward_rows(const DeviceSplats& splats, const Camera& camera, const RasterOptions& options,
                                    const RasterOutputs& outputs, int first, int end) {
    Camera rows = camera;
    rows.height = end - first;
    prepare(splats, rows, options);
    View view = make_view(camera, options);  // the limits of the Jacobian are the whole picture's
    view.cy -= float(first);
    set_views(views_.data(), &view, 1, stream_);
    render(outputs);
    request_counters();
}

void DeviceRasterizer::backward(const RasterOutputGradients& output_gradients,
                                const RasterInputGradients& input_gradients) {
    rasterize_backward(shape_, inputs_, views_.data(), workspace_, outputs_, output_gradients, input_gradients, stream_,
                       mark_);
}

void DeviceRasterizer::request_counters() {
    if (counters_requested_) return;  // one look at a time; the next one comes soon enough
    report_counters(workspace_.counters, pinned_counters_, stream_);
    check(cudaEventRecord(counters_arrived_, stream_), "read counters");
    counters_requested_ = true;
}

std::optional<RasterCounters> DeviceRasterizer::poll_counters() {
    if (!counters_requested_) return std::nullopt;
    const cudaError_t state = cudaEventQuery(counters_arrived_);
    if (state == cudaErrorNotReady) return std::nullopt;
    check(state, "read counters");
    counters_requested_ = false;
    make_room(*pinned_counters_);
    return *pinned_counters_;
}

void DeviceRasterizer::make_room(const RasterCounters& counters) {
    if (counters.instances <= shape_.instance_capacity || counters.instances > most_instances_) return;
    wanted_instances_ = std::max(wanted_instances_, with_head_room(counters.instances));
}

RasterCounters DeviceRasterizer::counters() {
    check(cudaStreamSynchronize(stream_), "read counters");
    if (counters_requested_) poll_counters();  // a look from an earlier pass may still be pending
    if (memory_.size() == 0) return {};
    request_counters();
    check(cudaStreamSynchronize(stream_), "read counters");
    return poll_counters().value_or(RasterCounters{});
}

}  // namespace likeness::cuda
