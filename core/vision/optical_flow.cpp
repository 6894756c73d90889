#include "core/vision/optical_flow.h"

#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <cmath>

#include "core/image/ops.h"

namespace likeness {
namespace {

constexpr int pyramid_levels = 4, least_side = 24;
constexpr int reach = 7, window = (2 * reach + 1) * (2 * reach + 1);
constexpr int rounds = 15;
constexpr float settled = 0.02f;          // pixels
constexpr float tied = 2e-4f * window;    // keeps what the window says nothing about, as along an edge, where it is
constexpr float most_difference = 0.06f;  // mean, of the two windows once they lie on each other

// Pixel centres at whole numbers here.
float blend(const Image& image, int x0, int y0, float u, float v) {
    const float *a = image.at(x0, y0), *b = image.at(x0, y0 + 1);
    return (a[0] * (1 - u) + a[1] * u) * (1 - v) + (b[0] * (1 - u) + b[1] * u) * v;
}

// The window round a place; takes(k, value) gets its samples row by row.
template <class Takes>
void sample_window(const Image& image, float left, float top, const Takes& takes) {
    const bool inside = left >= float(reach) && top >= float(reach) && left < float(image.width - 2 - reach) &&
                        top < float(image.height - 2 - reach);
    std::size_t k = 0;
    for (int j = -reach; j <= reach; ++j) {
        const float y = top + float(j);
        if (inside) {
            const int y0 = int(y);
            const float v = y - float(y0);
            for (int i = -reach; i <= reach; ++i, ++k) {
                const float x = left + float(i);
                const int x0 = int(x);
                takes(k, blend(image, x0, y0, x - float(x0), v));
            }
            continue;
        }
        const int y0 = std::clamp(int(std::floor(y)), 0, image.height - 2);
        const float v = std::clamp(y - float(y0), 0.0f, 1.0f);
        for (int i = -reach; i <= reach; ++i, ++k) {
            const float x = left + float(i);
            const int x0 = std::clamp(int(std::floor(x)), 0, image.width - 2);
            takes(k, blend(image, x0, y0, std::clamp(x - float(x0), 0.0f, 1.0f), v));
        }
    }
}

// Derivatives with 3, 10, 3 weights across (Scharr 2000).
void derive(const Image& grey, Image& dx, Image& dy) {
    dx = Image(grey.width, grey.height, 1);
    dy = dx;
    for (int y = 0; y < grey.height; ++y) {
        const float* up = grey.at(0, std::max(y - 1, 0));
        const float* here = grey.at(0, y);
        const float* down = grey.at(0, std::min(y + 1, grey.height - 1));
        float *to_x = dx.at(0, y), *to_y = dy.at(0, y);
        const auto pixel = [&](int left, int x, int right) {
            to_x[x] =
                (3 * (up[right] - up[left]) + 10 * (here[right] - here[left]) + 3 * (down[right] - down[left])) / 32;
            to_y[x] = (3 * (down[left] - up[left]) + 10 * (down[x] - up[x]) + 3 * (down[right] - up[right])) / 32;
        };
        pixel(0, 0, std::min(1, grey.width - 1));
        for (int x = 1; x + 1 < grey.width; ++x) pixel(x - 1, x, x + 1);
        if (grey.width > 1) pixel(grey.width - 2, grey.width - 1, grey.width - 1);
    }
}

}  // namespace

FlowPyramid::FlowPyramid(Image grey) {
    for (int l = 0; l < pyramid_levels; ++l) {
        if (l > 0) {
            const Image& above = levels_.back().grey;
            if (std::min(above.width, above.height) / 2 < least_side) break;
            grey = resize(above, above.width / 2, above.height / 2);
        }
        Level level;
        derive(grey, level.dx, level.dy);
        level.grey = std::move(grey);
        levels_.push_back(std::move(level));
    }
}

Eigen::Vector3f FlowPyramid::tensor_at(int x, int y) const {
    constexpr int around = 3;
    Eigen::Vector3f sum = Eigen::Vector3f::Zero();
    if (x < around || y < around || x >= width() - around || y >= height() - around) return sum;
    for (int j = -around; j <= around; ++j)
        for (int i = -around; i <= around; ++i) {
            const float dx = *levels_[0].dx.at(x + i, y + j), dy = *levels_[0].dy.at(x + i, y + j);
            sum += Eigen::Vector3f(dx * dx, dx * dy, dy * dy);
        }
    return sum;
}

std::optional<Eigen::Vector2f> FlowPyramid::find(const FlowPyramid& next, const Eigen::Vector2f& from,
                                                 const Eigen::Vector2f& guess) const {
    const Eigen::Vector2f middle = Eigen::Vector2f::Constant(0.5f);
    Eigen::Vector2f flow = guess - from;  // in pixels of the finest level
    for (std::size_t l = levels_.size(); l-- > 0;) {
        const Level &here = levels_[l], &there = next.levels_[l];
        // Levels are half as large or a pixel less.
        const Eigen::Vector2f scale(float(here.grey.width) / float(width()), float(here.grey.height) / float(height()));
        const Eigen::Vector2f start = from.cwiseProduct(scale) - middle;
        Eigen::Vector2f moved = flow.cwiseProduct(scale);
        std::array<float, window> value{}, dx{}, dy{};
        Eigen::Matrix2f gram = Eigen::Matrix2f::Identity() * tied;
        sample_window(here.grey, start.x(), start.y(), [&](std::size_t k, float at) { value[k] = at; });
        sample_window(here.dx, start.x(), start.y(), [&](std::size_t k, float at) { dx[k] = at; });
        sample_window(here.dy, start.x(), start.y(), [&](std::size_t k, float at) { dy[k] = at; });
        for (std::size_t k = 0; k < window; ++k) {
            gram(0, 0) += dx[k] * dx[k];
            gram(0, 1) += dx[k] * dy[k];
            gram(1, 1) += dy[k] * dy[k];
        }
        gram(1, 0) = gram(0, 1);
        const Eigen::Matrix2f solve = gram.inverse();
        float difference = 0;
        for (int round = 0; round < rounds; ++round) {
            Eigen::Vector2f right = Eigen::Vector2f::Zero();
            difference = 0;
            sample_window(there.grey, start.x() + moved.x(), start.y() + moved.y(), [&](std::size_t k, float at) {
                const float d = value[k] - at;
                right += d * Eigen::Vector2f(dx[k], dy[k]);
                difference += std::abs(d) / float(window);
            });
            const Eigen::Vector2f step = solve * right;
            moved += step;
            if (step.norm() < settled) break;
        }
        flow = moved.cwiseQuotient(scale);
        const Eigen::Vector2f at = from + flow;
        if (!flow.allFinite() || at.x() < 0 || at.y() < 0 || at.x() > float(width()) || at.y() > float(height()))
            return std::nullopt;
        if (l == 0 && difference > most_difference) return std::nullopt;
    }
    return from + flow;
}

}  // namespace likeness
