#include "core/avatar/strands.h"

#include <algorithm>
#include <cmath>

#include "core/image/ops.h"

namespace likeness {

std::size_t StrandField::index(float x, float y) const {
    const int ix = std::clamp(int(x), 0, width - 1), iy = std::clamp(int(y), 0, height - 1);
    return std::size_t(iy) * std::size_t(width) + std::size_t(ix);
}
const Eigen::Vector2f& StrandField::at(float x, float y) const { return direction[index(x, y)]; }
float StrandField::coherence_at(float x, float y) const { return coherence[index(x, y)]; }

StrandField strand_field(const Image& color, float sigma) {
    const int w = color.width, h = color.height;
    Image grey(w, h, 1), tensor(w, h, 3);
    for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x) {
            const float* c = color.at(x, y);
            *grey.at(x, y) = 0.299f * c[0] + 0.587f * c[1] + 0.114f * c[2];
        }
    grey = gaussian_blur(grey, 0.8f);
    for (int y = 1; y + 1 < h; ++y)
        for (int x = 1; x + 1 < w; ++x) {
            const float gx = 0.5f * (*grey.at(x + 1, y) - *grey.at(x - 1, y));
            const float gy = 0.5f * (*grey.at(x, y + 1) - *grey.at(x, y - 1));
            float* t = tensor.at(x, y);
            t[0] = gx * gx;
            t[1] = gx * gy;
            t[2] = gy * gy;
        }
    tensor = gaussian_blur(tensor, sigma);
    StrandField field;
    field.width = w;
    field.height = h;
    field.direction.reserve(std::size_t(w) * std::size_t(h));
    for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x) {
            const float* t = tensor.at(x, y);
            // The strand runs along the eigenvector of the smaller eigenvalue.
            const float angle = 0.5f * std::atan2(2 * t[1], t[0] - t[2]);  // of the larger one
            field.direction.emplace_back(-std::sin(angle), std::cos(angle));
            const float trace = t[0] + t[2];
            const float gap = std::sqrt((t[0] - t[2]) * (t[0] - t[2]) + 4 * t[1] * t[1]);
            field.coherence.push_back(trace > 1e-7f ? gap / trace : 0.0f);
        }
    return field;
}

}  // namespace likeness
