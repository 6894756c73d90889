// The parameter groups of an engine in GPU memory: values, Adam's moments, centres of priors, gradients, bounds. The
// attributes of the Gaussians lie in one block (parameters.h), each other group by itself.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/learning/group_table.h"
#include "core/learning/training_module.h"
#include "cuda/device_views.h"
#include "cuda/replay.h"
#include "likeness/cuda/group_step.h"
#include "likeness/cuda/parameters.h"

namespace likeness::cuda {

class DeviceGroups {
  public:
    explicit DeviceGroups(cudaStream_t stream) : stream_(stream) {}

    void clear();
    // Attributes of the Gaussians become groups whose values put_splats() brings.
    int add(ParameterGroup group);
    // All attributes of these Gaussians; moments start at zero.
    void put_splats(const GaussianValues& values, std::size_t count);
    // The same for values that are in GPU memory already, as a block.
    void take_splats(DeviceBuffer<float> block, std::size_t count);
    // A view comes: `first`, its rows where they do not begin with the group's own values.
    void add_view(const std::map<int, std::vector<float>>& first);
    void clear_views();

    GroupTable& table() { return table_; }
    const GroupTable& table() const { return table_; }
    std::vector<float> download(int k) const;                     // values; waits
    std::vector<float> download_row(int k, std::size_t view) const;
    std::vector<float> download_gradients(int k, std::size_t batch) const;
    void download_splats(GaussianValues& values) const;  // all attributes, into arrays of their sizes

    // Changes when arrays have moved: a graph that names them is void.
    std::uint64_t generation() const;

    // ---- of a batch ----
    void prepare(std::size_t batch);  // room for gradients and gathered rows
    std::vector<DeviceGroup> groups(std::size_t batch, std::size_t surface_vertices);
    float* values(int k) { return own_[std::size_t(k)]->values.data(); }  // StepClock::steps, not of the Gaussians
    float* rows(int k) { return own_[std::size_t(k)]->rows[0].data(); }
    float* gathered(int k) { return own_[std::size_t(k)]->gathered.data(); }
    float* gradients(int k);
    void clear_gradients(int k, std::size_t batch);
    // For modules.
    GroupArrays arrays(int k) { return {of_views(k) ? gathered(k) : values(k), gradients(k)}; }
    RowTask row_task(int k) { return {rows(k), gathered(k), int(table_[k].about.width)}; }
    bool of_views(int k) const { return table_[k].about.clock == StepClock::views; }
    int* view_steps() { return view_steps_.data(); }

    DeviceBuffer<float>& splat_values() { return splats_; }
    ParameterArrays splat_parameters() { return cut_parameters(splats_.data(), count_); }
    ParameterArrays splat_gradients() { return cut_parameters(splat_gradients_.data(), count_); }

  private:
    struct Own {
        explicit Own(cudaStream_t stream, std::size_t width)
            : values(stream),
              first(stream),
              second(stream),
              centre(stream),
              gradients(stream),
              gathered(stream),
              low(stream),
              high(stream),
              rows{ViewRows(stream, width), ViewRows(stream, width), ViewRows(stream, width), ViewRows(stream, width)} {}
        DeviceBuffer<float> values, first, second, centre, gradients, gathered, low, high;
        ViewRows rows[4];  // values, moments, centre
        int attribute = -1;  // of the Gaussians: its row in the table of attributes
    };
    cudaStream_t stream_;
    GroupTable table_;
    std::vector<std::unique_ptr<Own>> own_;
    std::size_t count_ = 0, views_ = 0;
    DeviceBuffer<float> splats_{stream_}, splat_first_{stream_}, splat_second_{stream_}, splat_centre_{stream_},
        splat_gradients_{stream_};
    DeviceBuffer<int> view_steps_{stream_};
    std::uint64_t generation_ = 0;
    mutable PinnedArray<float> downloaded_;
};

}  // namespace likeness::cuda
