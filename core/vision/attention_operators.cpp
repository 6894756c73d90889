#include "core/vision/attention_operators.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/vision/flexbuffer.h"

namespace likeness {

namespace {

using Options = std::map<std::string, FlexValue>;

int integer(const Options& options, const char* key) {
    const auto found = options.find(key);
    if (found == options.end() || !std::holds_alternative<std::int64_t>(found->second))
        throw std::runtime_error(std::string("missing option ") + key);
    return int(std::get<std::int64_t>(found->second));
}

double number(const Options& options, const char* key) {
    const auto found = options.find(key);
    if (found != options.end()) {
        if (const double* real = std::get_if<double>(&found->second)) return *real;
        if (const std::int64_t* whole = std::get_if<std::int64_t>(&found->second)) return double(*whole);
    }
    throw std::runtime_error(std::string("missing option ") + key);
}

// A 4x4 matrix, row-major, takes points of a window to points of the map it is cut from. With landmarks rotated by
// r = target - atan2(right - left), their bounding box of size w x h has, rotated back, the middle c; then
//   M = translate(c) rotate(-r) scale(scale_x w / output_width, scale_y h / output_height) translate(-output / 2).
class LandmarksToMatrix final : public CustomOperator {
  public:
    const char* name() const override { return "Landmarks2TransformMatrix"; }

    void prepare(std::span<const std::uint8_t> bytes) override {
        const Options options = read_flexbuffer_map(bytes);
        Node node;
        node.left = integer(options, "left_rotation_idx");
        node.right = integer(options, "right_rotation_idx");
        node.target_rotation = number(options, "target_rotation_radians");
        node.width = integer(options, "output_width");
        node.height = integer(options, "output_height");
        node.scale_x = number(options, "scale_x");
        node.scale_y = number(options, "scale_y");
        const auto subset = options.find("subset_idxs");
        if (subset == options.end() || !std::holds_alternative<std::vector<std::int64_t>>(subset->second))
            throw std::runtime_error("missing option subset_idxs");
        for (const std::int64_t index : std::get<std::vector<std::int64_t>>(subset->second))
            node.subset.push_back(int(index));
        if (node.subset.empty() || node.width <= 0 || node.height <= 0)
            throw std::runtime_error("options out of range");
        nodes_.push_back(std::move(node));
    }

    std::vector<int> output_dimensions(const std::vector<int>&) const override { return {1, 4, 4}; }

    void run(const std::vector<View>& inputs, float* matrix) override {
        // The three nodes (lips, left eye, right eye) share this object and run in the order of their preparation.
        const Node& node = nodes_.at(next_);
        next_ = (next_ + 1) % nodes_.size();
        const View& landmarks = inputs.at(0);
        if (landmarks.dimensions.size() != 3 || landmarks.dimensions[2] != 3)
            throw std::runtime_error("landmarks must be 1 x N x 3");
        const auto point = [&](int index) {
            if (index < 0 || index >= landmarks.dimensions[1]) throw std::runtime_error("landmark out of range");
            return landmarks.data + 3 * std::size_t(index);
        };
        const float* left = point(node.left);
        const float* right = point(node.right);
        const double rotation =
            node.target_rotation - std::atan2(double(right[1] - left[1]), double(right[0] - left[0]));
        const double c = std::cos(rotation), s = std::sin(rotation);
        double low_x = 1e30, low_y = 1e30, high_x = -1e30, high_y = -1e30;
        for (const int index : node.subset) {
            const float* p = point(index);
            const double x = c * double(p[0]) - s * double(p[1]), y = s * double(p[0]) + c * double(p[1]);
            low_x = std::min(low_x, x), high_x = std::max(high_x, x);
            low_y = std::min(low_y, y), high_y = std::max(high_y, y);
        }
        const double middle_x = (low_x + high_x) / 2, middle_y = (low_y + high_y) / 2;
        const double scale_x = node.scale_x * (high_x - low_x) / node.width;
        const double scale_y = node.scale_y * (high_y - low_y) / node.height;
        // rotate(-rotation) has rows (c, s) and (-s, c).
        const double m00 = c * scale_x, m01 = s * scale_y, m10 = -s * scale_x, m11 = c * scale_y;
        const double x = c * middle_x + s * middle_y - m00 * node.width / 2 - m01 * node.height / 2;
        const double y = -s * middle_x + c * middle_y - m10 * node.width / 2 - m11 * node.height / 2;
        const double rows[16] = {m00, m01, 0, x, m10, m11, 0, y, 0, 0, 1, 0, 0, 0, 0, 1};
        std::copy(rows, rows + 16, matrix);
    }

  private:
    struct Node {
        int left = 0, right = 0, width = 0, height = 0;
        double target_rotation = 0, scale_x = 1, scale_y = 1;
        std::vector<int> subset;
    };
    std::vector<Node> nodes_;
    std::size_t next_ = 0;
};

// Cuts a window out of a feature map (1 x H x W x C): output(u, v) is the map sampled bilinearly at M (u + 0.5, v +
// 0.5), pixel centres at +0.5, and 0 where that lies outside the centres of the map's border pixels.
class TransformTensor final : public CustomOperator {
  public:
    const char* name() const override { return "TransformTensorBilinear"; }

    void prepare(std::span<const std::uint8_t> bytes) override {
        const Options options = read_flexbuffer_map(bytes);
        const int width = integer(options, "output_width"), height = integer(options, "output_height");
        if (width <= 0 || height <= 0 || (width_ != 0 && (width != width_ || height != height_)))
            throw std::runtime_error("windows of different or no size");  // all three nodes cut 16 x 16
        width_ = width, height_ = height;
    }

    std::vector<int> output_dimensions(const std::vector<int>& map) const override {
        if (map.size() != 4) throw std::runtime_error("the feature map must be 1 x H x W x C");
        return {1, height_, width_, map[3]};
    }

    void run(const std::vector<View>& inputs, float* output) override {
        const View& map = inputs.at(0);
        const float* m = inputs.at(1).data;
        if (map.dimensions.size() != 4) throw std::runtime_error("the feature map must be 1 x H x W x C");
        const int height = map.dimensions[1], width = map.dimensions[2], channels = map.dimensions[3];
        for (int v = 0; v < height_; ++v) {
            for (int u = 0; u < width_; ++u, output += channels) {
                const float cu = float(u) + 0.5f, cv = float(v) + 0.5f;
                const float x = m[0] * cu + m[1] * cv + m[3] - 0.5f;
                const float y = m[4] * cu + m[5] * cv + m[7] - 0.5f;
                if (!(x >= 0.0f && x <= float(width - 1) && y >= 0.0f && y <= float(height - 1))) {
                    std::fill(output, output + channels, 0.0f);
                    continue;
                }
                const int x0 = int(x), y0 = int(y);
                const int x1 = std::min(x0 + 1, width - 1), y1 = std::min(y0 + 1, height - 1);
                const float fx = x - float(x0), fy = y - float(y0);
                const auto pixel = [&](int px, int py) {
                    return map.data + (std::size_t(py) * std::size_t(width) + std::size_t(px)) * std::size_t(channels);
                };
                const float *a = pixel(x0, y0), *b = pixel(x1, y0), *c = pixel(x0, y1), *d = pixel(x1, y1);
                for (int k = 0; k < channels; ++k) {
                    const float upper = a[k] + fx * (b[k] - a[k]);
                    const float lower = c[k] + fx * (d[k] - c[k]);
                    output[k] = upper + fy * (lower - upper);
                }
            }
        }
    }

  private:
    int width_ = 0, height_ = 0;
};

// Takes the points (1 x N x 2 or 3) of a window back through M; z passes unchanged.
class TransformPoints final : public CustomOperator {
  public:
    const char* name() const override { return "TransformLandmarks"; }
    void prepare(std::span<const std::uint8_t>) override {}
    std::vector<int> output_dimensions(const std::vector<int>& points) const override { return points; }

    void run(const std::vector<View>& inputs, float* output) override {
        const View& points = inputs.at(0);
        const float* m = inputs.at(1).data;
        if (points.dimensions.size() != 3 || (points.dimensions[2] != 2 && points.dimensions[2] != 3))
            throw std::runtime_error("points must be 1 x N x 2 or 1 x N x 3");
        const int stride = points.dimensions[2];
        const float* p = points.data;
        for (int i = 0; i < points.dimensions[1]; ++i, p += stride, output += stride) {
            output[0] = m[0] * p[0] + m[1] * p[1] + m[3];
            output[1] = m[4] * p[0] + m[5] * p[1] + m[7];
            if (stride == 3) output[2] = p[2];
        }
    }
};

}  // namespace

std::vector<std::unique_ptr<CustomOperator>> attention_operators() {
    std::vector<std::unique_ptr<CustomOperator>> operators;
    operators.push_back(std::make_unique<LandmarksToMatrix>());
    operators.push_back(std::make_unique<TransformTensor>());
    operators.push_back(std::make_unique<TransformPoints>());
    return operators;
}

}  // namespace likeness
