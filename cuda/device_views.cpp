#include "cuda/device_views.h"

#include <algorithm>

#include "core/learning/engine_parts.h"

namespace likeness::cuda {

void ViewRows::add(const std::vector<float>& row) {
    if ((count_ + 1) * width_ > values_.size()) {
        DeviceBuffer<float> larger(values_.stream(), std::max<std::size_t>(64, 2 * count_) * width_);
        if (count_ > 0) {
            check(cudaMemcpyAsync(larger.data(), values_.data(), count_ * width_ * sizeof(float),
                                  cudaMemcpyDeviceToDevice, values_.stream()),
                  "grow");
        }
        values_ = std::move(larger);
        ++generation_;
    }
    check(cudaMemcpyAsync(values_.data() + count_ * width_, row.data(), width_ * sizeof(float), cudaMemcpyHostToDevice,
                          values_.stream()),
          "upload a row");
    ++count_;
}

void ViewRows::clear() {
    values_.resize(0);
    count_ = 0;
    ++generation_;
}

std::vector<float> ViewRows::download() const {
    std::vector<float> rows = values_.download();
    rows.resize(count_ * width_);
    return rows;
}

std::vector<float> ViewRows::download(std::size_t row) const {
    std::vector<float> values(width_);
    check(cudaMemcpyAsync(values.data(), values_.data() + row * width_, width_ * sizeof(float), cudaMemcpyDeviceToHost,
                          values_.stream()),
          "download a row");
    check(cudaStreamSynchronize(values_.stream()), "download a row");
    return values;
}

DeviceView::DeviceView(cudaStream_t stream, const TrainingView& view)
    : camera(view.camera),
      weights(view.weights),
      colors_only(view.colors_only),
      scale_(float(1 / view.target.total_weight())),
      target_(stream),
      mask_(stream),
      weight_(stream) {
    target_.upload(view.target.rgba);
    if (!view.target.weight.empty()) mask_.upload(view.target.weight);
}

void DeviceView::set_splat_weight(const std::vector<float>& weight, std::size_t splats) {
    check_splat_weight(weight, splats);
    weight_.upload(weight);
}

LossImage DeviceView::image(std::size_t batch) const {
    return {target_.data(), mask_.size() > 0 ? mask_.data() : nullptr, weights.l1, weights.dssim, weights.alpha, scale_,
            1 / float(batch)};
}

}  // namespace likeness::cuda
