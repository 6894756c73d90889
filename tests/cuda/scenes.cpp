#include "tests/cuda/scenes.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace likeness::cuda_tests {
namespace {

using Uniform = std::uniform_real_distribution<float>;
using Normal = std::normal_distribution<float>;

void fill_appearance(SplatSet& splats, std::mt19937& random) {
    for (float& value : splats.colors) value = Uniform(0, 1)(random);
    for (float& value : splats.extra) value = Uniform(-1, 1)(random);
}

}  // namespace

Camera front_camera(int width, int height, float distance) {
    Camera camera;
    camera.width = width;
    camera.height = height;
    camera.fx = float(std::max(width, height)) * distance / 0.4f;
    camera.fy = 1.05f * camera.fx;
    camera.cx = 0.52f * float(width);
    camera.cy = 0.47f * float(height);
    camera.world_to_camera = look_at({0.2f * distance, 0.1f * distance, distance}, {0, 0, 0});
    return camera;
}

SplatSet random_scene(std::size_t count, int extra_channels, unsigned seed) {
    std::mt19937 random(seed);
    SplatSet splats;
    splats.resize(count, extra_channels);
    fill_appearance(splats, random);
    for (float& value : splats.rotations) value = 1.5f * Normal()(random);
    for (std::size_t i = 0; i < count; ++i) {
        const bool far_out = i % 7 == 3;
        for (std::size_t axis = 0; axis < 3; ++axis) {
            splats.means[3 * i + axis] = (far_out ? 0.6f : 0.15f) * Uniform(-1, 1)(random);
            splats.scales[3 * i + axis] = std::exp(Uniform(std::log(0.002f), std::log(0.06f))(random));
        }
        // Several of each: clamped alpha, drawn nowhere, anything between.
        splats.opacities[i] = i % 5 == 0 ? 0.998f : i % 11 == 7 ? 0.003f : Uniform(0.02f, 0.97f)(random);
        if (i % 13 == 5) splats.means[3 * i + 2] += 1.5f;  // behind the camera
    }
    return splats;
}

SplatSet head_scene(std::size_t count, int extra_channels, unsigned seed) {
    std::mt19937 random(seed);
    SplatSet splats;
    splats.resize(count, extra_channels);
    fill_appearance(splats, random);
    const Eigen::Vector3f radii(0.075f, 0.11f, 0.095f);
    for (std::size_t i = 0; i < count; ++i) {
        const Eigen::Vector3f direction =
            Eigen::Vector3f(Normal()(random), Normal()(random), Normal()(random)).normalized();
        const Eigen::Vector3f mean = direction.cwiseProduct(radii) * (1.0f + 0.01f * Normal()(random));
        const Eigen::Vector3f normal = direction.cwiseQuotient(radii).normalized();
        const Eigen::AngleAxisf twist(Uniform(0, 6.28f)(random), Eigen::Vector3f::UnitZ());
        const Eigen::Quaternionf rotation =
            Eigen::Quaternionf::FromTwoVectors(Eigen::Vector3f::UnitZ(), normal) * Eigen::Quaternionf(twist);
        // 20 000 Gaussians of 1.6 mm cover the head; more are smaller.
        const float size = 1.6e-3f * std::sqrt(20000.0f / float(count));
        for (int axis = 0; axis < 3; ++axis) {
            splats.means[3 * i + std::size_t(axis)] = mean[axis];
            splats.scales[3 * i + std::size_t(axis)] =
                size * std::exp(0.3f * Normal()(random)) * (axis == 2 ? 0.15f : 1);
        }
        const float quaternion[4] = {rotation.w(), rotation.x(), rotation.y(), rotation.z()};
        std::copy(quaternion, quaternion + 4, &splats.rotations[4 * i]);
        splats.opacities[i] = Uniform(0.3f, 0.99f)(random);
    }
    return splats;
}

FrameGradients random_gradients(const Frame& frame, unsigned seed) {
    std::mt19937 random(seed);
    FrameGradients gradients = frame;
    for (Image* image : {&gradients.color, &gradients.alpha, &gradients.depth, &gradients.normal, &gradients.extra}) {
        for (float& value : image->pixels) value = Normal()(random);
    }
    return gradients;
}

}  // namespace likeness::cuda_tests
