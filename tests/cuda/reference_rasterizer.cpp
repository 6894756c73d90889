#include "tests/cuda/reference_rasterizer.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace likeness::cuda_tests {
namespace {

struct Projected {
    bool visible = false;
    Eigen::Vector2d position;
    Eigen::Matrix2d inverse;
    double depth = 0;
    Eigen::Vector3d normal;
};

Projected project(const ReferenceSplats& s, std::size_t i, const Camera& camera, const RasterOptions& options) {
    Projected out;
    const Eigen::Matrix4d pose = camera.world_to_camera.cast<double>();
    const Eigen::Matrix3d view = pose.topLeftCorner<3, 3>();
    const Eigen::Vector3d mean(s.means[3 * i], s.means[3 * i + 1], s.means[3 * i + 2]);
    const Eigen::Vector3d p = view * mean + pose.topRightCorner<3, 1>();
    if (p.z() < double(options.near_plane)) return out;
    const Eigen::Quaterniond q(s.rotations[4 * i], s.rotations[4 * i + 1], s.rotations[4 * i + 2],
                               s.rotations[4 * i + 3]);
    const Eigen::Matrix3d rotation = q.normalized().toRotationMatrix();
    const Eigen::Vector3d scale(s.scales[3 * i], s.scales[3 * i + 1], s.scales[3 * i + 2]);
    const Eigen::Matrix3d spread = rotation * scale.asDiagonal();
    const double fx = camera.fx, fy = camera.fy;
    const double limit_u = 1.3 * 0.5 * camera.width / fx, limit_v = 1.3 * 0.5 * camera.height / fy;
    const double u = std::clamp(p.x() / p.z(), -limit_u, limit_u), v = std::clamp(p.y() / p.z(), -limit_v, limit_v);
    Eigen::Matrix<double, 2, 3> jacobian;
    jacobian << fx / p.z(), 0, -fx * u / p.z(), 0, fy / p.z(), -fy * v / p.z();
    const Eigen::Matrix<double, 2, 3> a = jacobian * view * spread;
    const Eigen::Matrix2d covariance = a * a.transpose() + 0.3 * Eigen::Matrix2d::Identity();
    out.inverse = covariance.inverse();
    out.position = {fx * p.x() / p.z() + double(camera.cx) + s.screen_offsets[2 * i],
                    fy * p.y() / p.z() + double(camera.cy) + s.screen_offsets[2 * i + 1]};
    out.depth = p.z();
    int axis = 0;
    scale.minCoeff(&axis);
    out.normal = rotation.col(axis);
    const Eigen::Vector3d eye = -view.transpose() * pose.topRightCorner<3, 1>();
    if (out.normal.dot(mean - eye) > 0) out.normal = -out.normal;
    out.visible = true;
    return out;
}

}  // namespace

ReferenceSplats::ReferenceSplats(const SplatSet& splats)
    : count(splats.count),
      extra_channels(splats.extra_channels),
      means(splats.means.begin(), splats.means.end()),
      scales(splats.scales.begin(), splats.scales.end()),
      rotations(splats.rotations.begin(), splats.rotations.end()),
      colors(splats.colors.begin(), splats.colors.end()),
      opacities(splats.opacities.begin(), splats.opacities.end()),
      extra(splats.extra.begin(), splats.extra.end()),
      screen_offsets(2 * splats.count, 0.0) {}

ReferenceFrame render_reference(const ReferenceSplats& splats, const Camera& camera, const RasterOptions& options) {
    std::vector<Projected> projected(splats.count);
    for (std::size_t i = 0; i < splats.count; ++i) projected[i] = project(splats, i, camera, options);
    std::vector<std::size_t> order(splats.count);
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return projected[a].depth < projected[b].depth; });
    ReferenceFrame frame;
    frame.width = camera.width;
    frame.height = camera.height;
    frame.channels = 8 + splats.extra_channels;
    const std::size_t channels = std::size_t(frame.channels);
    frame.values.assign(std::size_t(frame.width) * std::size_t(frame.height) * channels, 0.0);
    for (int y = 0; y < frame.height; ++y) {
        for (int x = 0; x < frame.width; ++x) {
            double* pixel = &frame.values[(std::size_t(y) * std::size_t(frame.width) + std::size_t(x)) * channels];
            double transmittance = 1;
            for (const std::size_t i : order) {
                const Projected& p = projected[i];
                if (!p.visible) continue;
                const Eigen::Vector2d d = Eigen::Vector2d(x + 0.5, y + 0.5) - p.position;
                double alpha = splats.opacities[i] * std::exp(-0.5 * d.dot(p.inverse * d));
                if (alpha < 1.0 / 255.0) continue;
                alpha = std::min(alpha, double(0.99f));
                if (transmittance * (1 - alpha) < double(1e-4f)) break;
                const double weight = alpha * transmittance;
                for (std::size_t c = 0; c < 3; ++c) {
                    pixel[c] += weight * splats.colors[3 * i + c];
                    pixel[5 + c] += weight * p.normal[Eigen::Index(c)];
                }
                pixel[4] += weight * p.depth;
                for (std::size_t c = 0; c + 8 < channels; ++c) {
                    pixel[8 + c] += weight * splats.extra[i * (channels - 8) + c];
                }
                transmittance *= 1 - alpha;
            }
            for (std::size_t c = 0; c < 3; ++c) pixel[c] += transmittance * double(options.background[c]);
            pixel[3] = 1 - transmittance;
        }
    }
    return frame;
}

double weighted_sum(const ReferenceFrame& frame, const FrameGradients& gradients) {
    double sum = 0;
    const Image* const images[] = {&gradients.color, &gradients.alpha, &gradients.depth, &gradients.normal,
                                   &gradients.extra};
    std::size_t first = 0;
    const std::size_t widths[] = {3, 1, 1, 3, std::size_t(frame.channels - 8)};
    for (std::size_t k = 0; k < 5; ++k) {
        const Image& image = *images[k];
        if (!image.empty()) {
            for (std::size_t i = 0; i < image.pixels.size(); ++i) {
                const std::size_t pixel = i / widths[k], channel = first + i % widths[k];
                sum += double(image.pixels[i]) * frame.values[pixel * std::size_t(frame.channels) + channel];
            }
        }
        first += widths[k];
    }
    return sum;
}

}  // namespace likeness::cuda_tests
