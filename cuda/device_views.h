// The views that training learns from in GPU memory: pictures as 8 bits, masks, weights of the Gaussians; and rows of
// what is kept of each view.
#pragma once

#include <memory>
#include <vector>

#include "core/learning/training_engine.h"
#include "likeness/cuda/device_buffer.h"
#include "likeness/cuda/loss.h"

namespace likeness::cuda {

// Rows of one width, one a view, that grow and keep what is in them.
class ViewRows {
  public:
    ViewRows(cudaStream_t stream, std::size_t width) : width_(width), values_(stream) {}
    // Appends a row; may move all of them: then generation() changes.
    void add(const std::vector<float>& row);
    void clear();
    float* data() { return values_.data(); }
    std::size_t width() const { return width_; }
    std::size_t count() const { return count_; }
    std::uint64_t generation() const { return generation_; }
    std::vector<float> download() const;  // [count, width]; waits
    std::vector<float> download(std::size_t row) const;

  private:
    std::size_t width_, count_ = 0;
    DeviceBuffer<float> values_;
    std::uint64_t generation_ = 0;
};

struct DeviceView {
    DeviceView(cudaStream_t stream, const TrainingView& view);
    void set_splat_weight(const std::vector<float>& weight, std::size_t splats);
    LossImage image(std::size_t batch) const;
    const float* splat_weight() const { return weight_.size() > 0 ? weight_.data() : nullptr; }

    Camera camera;
    LossWeights weights;
    bool colors_only;
    bool seen = false;  // took part in a step with the Gaussians that there are
    LossValue loss;
    bool loss_known = false;

  private:
    float scale_;
    DeviceBuffer<unsigned char> target_;
    DeviceBuffer<float> mask_, weight_;
};

}  // namespace likeness::cuda
