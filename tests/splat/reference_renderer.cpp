#include "tests/splat/reference_renderer.h"

#include <algorithm>
#include <cmath>

namespace likeness {
namespace {

struct Screen {
    Eigen::Vector2d mean;
    Eigen::Matrix2d inverse;
    Eigen::Matrix3d rotation;
    double depth = 0;
};

Screen project(const DoubleSplats& s, std::size_t i, const Camera& camera) {
    const Eigen::Matrix3d world = camera.world_to_camera.topLeftCorner<3, 3>().cast<double>();
    const Eigen::Vector3d offset = camera.world_to_camera.topRightCorner<3, 1>().cast<double>();
    const Eigen::Vector3d p = world * Eigen::Map<const Eigen::Vector3d>(&s.means[3 * i]) + offset;
    const double limit_x = 1.3 * 0.5 * camera.width / camera.fx, limit_y = 1.3 * 0.5 * camera.height / camera.fy;
    const double x = std::clamp(p.x() / p.z(), -limit_x, limit_x), y = std::clamp(p.y() / p.z(), -limit_y, limit_y);
    Eigen::Matrix<double, 2, 3> jacobian;
    jacobian << camera.fx / p.z(), 0, -camera.fx * x / p.z(), 0, camera.fy / p.z(), -camera.fy * y / p.z();
    Screen screen;
    const double* q = &s.rotations[4 * i];
    screen.rotation = Eigen::Quaterniond(q[0], q[1], q[2], q[3]).normalized().toRotationMatrix();
    const Eigen::Matrix<double, 2, 3> a =
        jacobian * world * screen.rotation * Eigen::Map<const Eigen::Vector3d>(&s.scales[3 * i]).asDiagonal();
    Eigen::Matrix2d covariance = a * a.transpose();
    covariance.diagonal().array() += 0.3;
    screen.inverse = covariance.inverse();
    screen.mean = {camera.fx * p.x() / p.z() + camera.cx, camera.fy * p.y() / p.z() + camera.cy};
    screen.depth = p.z();
    return screen;
}

DoublePicture draw(const DoubleSplats& s, const Camera& camera, const RasterOptions& options, Decisions& d,
                   bool decide) {
    std::vector<Screen> screen;
    for (std::size_t i = 0; i < s.count; ++i) screen.push_back(project(s, i, camera));
    if (decide) {
        d = Decisions();
        for (std::uint32_t i = 0; i < s.count; ++i) {
            if (screen[i].depth >= double(options.near_plane)) d.order.push_back(i);
        }
        std::stable_sort(d.order.begin(), d.order.end(),
                         [&](auto a, auto b) { return float(screen[a].depth) < float(screen[b].depth); });
        for (const std::uint32_t i : d.order) {
            const double* scales = &s.scales[3 * i];
            d.shortest.push_back(int(std::min_element(scales, scales + 3) - scales));
            const Eigen::Vector3d view =
                Eigen::Map<const Eigen::Vector3d>(&s.means[3 * i]) - camera.position().cast<double>();
            d.facing.push_back(screen[i].rotation.col(d.shortest.back()).dot(view) > 0 ? -1.0 : 1.0);
        }
        d.fates.assign(std::size_t(camera.width) * std::size_t(camera.height) * d.order.size(), Fate::dropped);
    }

    DoublePicture picture{camera.width, camera.height, 8 + s.extras, {}};
    picture.values.assign(std::size_t(camera.width) * std::size_t(camera.height) * std::size_t(picture.channels), 0.0);
    for (int y = 0; y < camera.height; ++y) {
        for (int x = 0; x < camera.width; ++x) {
            const std::size_t pixel = std::size_t(y) * std::size_t(camera.width) + std::size_t(x);
            double* out = &picture.values[pixel * std::size_t(picture.channels)];
            double transmittance = 1;
            for (std::size_t n = 0; n < d.order.size(); ++n) {
                const std::uint32_t i = d.order[n];
                const Eigen::Vector2d delta = Eigen::Vector2d(x + 0.5, y + 0.5) - screen[i].mean;
                double alpha = s.opacities[i] * std::exp(-0.5 * delta.dot(screen[i].inverse * delta));
                Fate& fate = d.fates[pixel * d.order.size() + n];
                if (decide) {
                    fate = alpha < 1.0 / 255.0 ? Fate::dropped : alpha > 0.99 ? Fate::clamped : Fate::blended;
                    const double kept = 1 - std::min(alpha, 0.99);
                    if (fate != Fate::dropped && transmittance * kept < 1e-4) fate = Fate::stopped;
                }
                if (fate == Fate::dropped) continue;
                if (fate == Fate::stopped) break;
                if (fate == Fate::clamped) alpha = 0.99;
                const double weight = transmittance * alpha;
                transmittance *= 1 - alpha;
                for (int c = 0; c < 3; ++c) out[c] += weight * s.colors[3 * i + std::size_t(c)];
                out[4] += weight * screen[i].depth;
                for (int c = 0; c < 3; ++c) out[5 + c] += weight * d.facing[n] * screen[i].rotation(c, d.shortest[n]);
                for (int c = 0; c < s.extras; ++c)
                    out[8 + c] += weight * s.extra[i * std::size_t(s.extras) + std::size_t(c)];
            }
            for (int c = 0; c < 3; ++c) out[c] += transmittance * double(options.background[std::size_t(c)]);
            out[3] = 1 - transmittance;
        }
    }
    return picture;
}

}  // namespace

DoubleSplats to_double(const SplatSet& s) {
    const auto copy = [](const std::vector<float>& v) { return std::vector<double>(v.begin(), v.end()); };
    return {s.count,           s.extra_channels, copy(s.means),     copy(s.scales),
            copy(s.rotations), copy(s.colors),   copy(s.opacities), copy(s.extra)};
}

DoublePicture render(const DoubleSplats& splats, const Camera& camera, const RasterOptions& options,
                     Decisions& decisions) {
    return draw(splats, camera, options, decisions, true);
}

DoublePicture render_again(const DoubleSplats& splats, const Camera& camera, const RasterOptions& options,
                           const Decisions& decisions) {
    Decisions copy = decisions;
    return draw(splats, camera, options, copy, false);
}

}  // namespace likeness
