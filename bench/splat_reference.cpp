#include "bench/splat_reference.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/parallel.h"

namespace likeness::bench {
namespace {

constexpr int tile = 16;

void add(std::atomic<float>& target, float value) {
    float old = target.load(std::memory_order_relaxed);
    while (!target.compare_exchange_weak(old, old + value, std::memory_order_relaxed)) {
    }
}

}  // namespace

void ReferenceRasterizer::project(const SplatSet& splats, const Camera& camera) {
    screen_.resize(splats.count);
    radius_.resize(splats.count);
    const Eigen::Matrix3f world = camera.world_to_camera.topLeftCorner<3, 3>();
    const Eigen::Vector3f offset = camera.world_to_camera.topRightCorner<3, 1>();
    parallel_for(splats.count, 512, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const Eigen::Vector3f p = world * Eigen::Map<const Eigen::Vector3f>(&splats.means[3 * i]) + offset;
            const float* q = &splats.rotations[4 * i];
            const Eigen::Matrix3f rotation = Eigen::Quaternionf(q[0], q[1], q[2], q[3]).normalized().toRotationMatrix();
            const Eigen::Matrix3f m = rotation * Eigen::Map<const Eigen::Vector3f>(&splats.scales[3 * i]).asDiagonal();
            Eigen::Matrix<float, 2, 3> jacobian;
            jacobian << camera.fx / p.z(), 0, -camera.fx * p.x() / (p.z() * p.z()), 0, camera.fy / p.z(),
                -camera.fy * p.y() / (p.z() * p.z());
            const Eigen::Matrix<float, 2, 3> a = jacobian * world * m;
            Eigen::Matrix2f covariance = a * a.transpose();
            covariance.diagonal().array() += 0.3f;
            const Eigen::Matrix2f inverse = covariance.inverse();
            const float middle = 0.5f * covariance.trace();
            radius_[i] = std::ceil(
                3.0f * std::sqrt(middle + std::sqrt(std::max(0.1f, middle * middle - covariance.determinant()))));
            screen_[i] = {camera.fx * p.x() / p.z() + camera.cx,
                          camera.fy * p.y() / p.z() + camera.cy,
                          inverse(0, 0),
                          inverse(0, 1),
                          inverse(1, 1),
                          splats.opacities[i],
                          p.z(),
                          &splats.colors[3 * i],
                          std::uint32_t(i)};
        }
    });
}

void ReferenceRasterizer::list_tiles(int width, int height) {
    std::vector<std::uint32_t> order(screen_.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return screen_[a].depth < screen_[b].depth; });
    columns_ = (width + tile - 1) / tile;
    const int rows = (height + tile - 1) / tile;
    tiles_.resize(std::size_t(columns_) * std::size_t(rows));
    for (auto& list : tiles_) list.clear();
    for (const std::uint32_t i : order) {
        const Screen& s = screen_[i];
        if (!(s.depth > 0.01f)) continue;
        const auto clamp = [](float x, int limit) { return std::clamp(int(std::floor(x / tile)), 0, limit); };
        const int left = clamp(s.u - radius_[i], columns_), right = clamp(s.u + radius_[i] + tile - 1, columns_);
        const int top = clamp(s.v - radius_[i], rows), bottom = clamp(s.v + radius_[i] + tile - 1, rows);
        for (int y = top; y < bottom; ++y) {
            for (int x = left; x < right; ++x) tiles_[std::size_t(y * columns_ + x)].push_back(i);
        }
    }
}

void ReferenceRasterizer::forward(const SplatSet& splats, const Camera& camera, float background, Image& color) {
    width_ = camera.width;
    height_ = camera.height;
    background_ = background;
    project(splats, camera);
    list_tiles(width_, height_);
    if (color.width != width_ || color.height != height_ || color.channels != 3) color = Image(width_, height_, 3);
    const std::size_t pixels = std::size_t(width_) * std::size_t(height_);
    transmittance_.resize(pixels);
    last_.resize(pixels);
    blended_.resize(pixels);
    parallel_for(tiles_.size(), 4, [&](std::size_t begin, std::size_t end) {
        for (std::size_t t = begin; t < end; ++t) {
            const int left = int(t) % columns_ * tile, top = int(t) / columns_ * tile;
            for (int y = top; y < std::min(top + tile, height_); ++y) {
                for (int x = left; x < std::min(left + tile, width_); ++x) {
                    float transmittance = 1, r = 0, g = 0, b = 0;
                    std::uint32_t last = 0, blended = 0, walked = 0;
                    for (const std::uint32_t i : tiles_[t]) {
                        ++walked;
                        const Screen& s = screen_[i];
                        const float dx = float(x) + 0.5f - s.u, dy = float(y) + 0.5f - s.v;
                        const float power = -0.5f * (s.a * dx * dx + s.c * dy * dy) - s.b * dx * dy;
                        if (power > 0) continue;
                        const float alpha = std::min(0.99f, s.opacity * std::exp(power));
                        if (alpha < 1.0f / 255.0f) continue;
                        const float next = transmittance * (1 - alpha);
                        if (next < 1e-4f) break;
                        const float weight = transmittance * alpha;
                        r += weight * s.color[0];
                        g += weight * s.color[1];
                        b += weight * s.color[2];
                        transmittance = next;
                        last = walked;
                        ++blended;
                    }
                    float* out = color.at(x, y);
                    out[0] = r + transmittance * background;
                    out[1] = g + transmittance * background;
                    out[2] = b + transmittance * background;
                    const std::size_t pixel = std::size_t(y) * std::size_t(width_) + std::size_t(x);
                    transmittance_[pixel] = transmittance;
                    last_[pixel] = last;
                    blended_[pixel] = blended;
                }
            }
        }
    });
}

void ReferenceRasterizer::backward(const Image& grad_color) {
    if (gradients_.size() != screen_.size() * 9) gradients_ = std::vector<std::atomic<float>>(screen_.size() * 9);
    for (auto& value : gradients_) value.store(0, std::memory_order_relaxed);
    parallel_for(tiles_.size(), 4, [&](std::size_t begin, std::size_t end) {
        for (std::size_t t = begin; t < end; ++t) {
            const int left = int(t) % columns_ * tile, top = int(t) / columns_ * tile;
            for (int y = top; y < std::min(top + tile, height_); ++y) {
                for (int x = left; x < std::min(left + tile, width_); ++x) {
                    const std::size_t pixel = std::size_t(y) * std::size_t(width_) + std::size_t(x);
                    const float* by = grad_color.at(x, y);
                    float transmittance = transmittance_[pixel];
                    float behind = transmittance * background_ * (by[0] + by[1] + by[2]);
                    for (std::uint32_t n = last_[pixel]; n-- > 0;) {
                        const std::uint32_t i = tiles_[t][n];
                        const Screen& s = screen_[i];
                        const float dx = float(x) + 0.5f - s.u, dy = float(y) + 0.5f - s.v;
                        const float power = -0.5f * (s.a * dx * dx + s.c * dy * dy) - s.b * dx * dy;
                        if (power > 0) continue;
                        const float falloff = std::exp(power), alpha = std::min(0.99f, s.opacity * falloff);
                        if (alpha < 1.0f / 255.0f) continue;
                        transmittance /= 1 - alpha;
                        const float weight = transmittance * alpha;
                        const float along = by[0] * s.color[0] + by[1] * s.color[1] + by[2] * s.color[2];
                        const float grad_alpha = transmittance * along - behind / (1 - alpha);
                        behind += weight * along;
                        std::atomic<float>* out = &gradients_[std::size_t(i) * 9];
                        const float grad_power = s.opacity * falloff * grad_alpha;
                        add(out[0], grad_power * (s.a * dx + s.b * dy));
                        add(out[1], grad_power * (s.b * dx + s.c * dy));
                        add(out[2], -0.5f * grad_power * dx * dx);
                        add(out[3], -grad_power * dx * dy);
                        add(out[4], -0.5f * grad_power * dy * dy);
                        add(out[5], falloff * grad_alpha);
                        for (int c = 0; c < 3; ++c) add(out[6 + c], weight * by[c]);
                    }
                }
            }
        }
    });
}

double ReferenceRasterizer::pairs() const { return std::accumulate(blended_.begin(), blended_.end(), 0.0); }

}  // namespace likeness::bench
