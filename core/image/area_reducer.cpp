#include "core/image/area_reducer.h"

#include <algorithm>
#include <cmath>

namespace likeness {

AreaReducer::AreaReducer(int in_width, int in_height, int channels, bool alpha, int out_width, int out_height)
    : in_width_(in_width),
      in_height_(in_height),
      channels_(channels),
      alpha_(alpha),
      same_size_(in_width == out_width && in_height == out_height),
      out_(out_width, out_height, channels),
      row_(std::size_t(in_width) * std::size_t(channels)) {
    if (same_size_) return;
    reduced_.resize(std::size_t(out_width) * std::size_t(channels));
    spans_.reserve(std::size_t(out_width));
    const double scale = double(in_width) / out_width;
    for (int x = 0; x < out_width; ++x) {
        const double begin = x * scale, end = std::min((x + 1) * scale, double(in_width));
        Span span{};
        span.first = std::min(static_cast<int>(begin), in_width - 1);
        span.last = std::clamp(static_cast<int>(std::ceil(end)) - 1, span.first, in_width - 1);
        span.first_weight = static_cast<float>((std::min(end, span.first + 1.0) - begin) / scale);
        span.last_weight = static_cast<float>((end - span.last) / scale);
        spans_.push_back(span);
    }
}

void AreaReducer::push(const std::uint8_t* row) {
    for (std::size_t i = 0; i < row_.size(); ++i) row_[i] = static_cast<float>(row[i]) / 255.0f;
    push(row_.data());
}

void AreaReducer::push(const std::uint16_t* row) {
    for (std::size_t i = 0; i < row_.size(); ++i) row_[i] = static_cast<float>(row[i]) / 65535.0f;
    push(row_.data());
}

void AreaReducer::push(const float* row) {
    if (next_row_ >= in_height_) return;
    const int y = next_row_++;
    if (same_size_) {
        std::copy_n(row, row_.size(), out_.at(0, y));
        return;
    }
    if (row != row_.data()) std::copy_n(row, row_.size(), row_.data());
    if (alpha_)
        for (float *p = row_.data(), *end = p + row_.size(); p != end; p += channels_)
            for (int c = 0; c + 1 < channels_; ++c) p[c] *= p[channels_ - 1];
    reduce_columns(row_.data());
    // An input row lies in one output row or across the border of two (the output is not larger than the input).
    const double to_out = double(out_.height) / in_height_;
    const double begin = y * to_out, end = (y + 1) * to_out;
    const int out_y = std::min(static_cast<int>(begin), out_.height - 1);
    const double border = out_y + 1.0;
    add_reduced(out_y, static_cast<float>(std::min(end, border) - begin));
    if (end > border && out_y + 1 < out_.height) add_reduced(out_y + 1, static_cast<float>(end - border));
}

void AreaReducer::reduce_columns(const float* row) {
    const auto channels = static_cast<std::size_t>(channels_);
    const auto inner = static_cast<float>(double(out_.width) / in_width_);
    float* out = reduced_.data();
    for (const Span& span : spans_) {
        for (std::size_t c = 0; c < channels; ++c) {
            float sum = row[std::size_t(span.first) * channels + c] * span.first_weight;
            if (span.last > span.first) {
                float between = 0.0f;
                for (int x = span.first + 1; x < span.last; ++x) between += row[std::size_t(x) * channels + c];
                sum += between * inner + row[std::size_t(span.last) * channels + c] * span.last_weight;
            }
            out[c] = sum;
        }
        out += channels;
    }
}

void AreaReducer::add_reduced(int out_y, float weight) {
    float* out = out_.at(0, out_y);
    for (std::size_t i = 0; i < reduced_.size(); ++i) out[i] += weight * reduced_[i];
}

Image AreaReducer::finish() {
    if (alpha_ && !same_size_)
        for (float *p = out_.pixels.data(), *end = p + out_.pixels.size(); p != end; p += channels_) {
            const float alpha = p[channels_ - 1];
            for (int c = 0; c + 1 < channels_; ++c) p[c] = alpha > 0.0f ? p[c] / alpha : 0.0f;
        }
    return std::move(out_);
}

}  // namespace likeness
