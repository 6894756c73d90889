#include "bench/splat_scene.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <random>

namespace likeness::bench {

Camera default_view(const SplatSet& splats, int size) {
    constexpr float distance = 1.1f, height = 0.40f;  // metres
    float least = 0, most = 0;
    for (std::size_t i = 0; i < splats.count; ++i) {
        const float y = splats.means[3 * i + 1];
        least = i == 0 ? y : std::min(least, y);
        most = i == 0 ? y : std::max(most, y);
    }
    const float middle = 0.5f * (least + most);
    Camera camera;
    camera.width = camera.height = size;
    camera.fx = camera.fy = float(size) * distance / height;
    camera.cx = camera.cy = 0.5f * float(size);
    camera.world_to_camera = look_at({0, middle, distance}, {0, middle, 0});
    return camera;
}

SplatSet split(const SplatSet& splats, int parts) {
    std::mt19937 random(11);
    std::normal_distribution<float> normal;
    SplatSet result;
    result.resize(splats.count * std::size_t(parts));
    std::size_t to = 0;
    for (std::size_t i = 0; i < splats.count; ++i) {
        const float* q = &splats.rotations[4 * i];
        const Eigen::Matrix3f turn = Eigen::Quaternionf(q[0], q[1], q[2], q[3]).normalized().toRotationMatrix();
        const Eigen::Vector3f mean(&splats.means[3 * i]), scale(&splats.scales[3 * i]);
        for (int k = 0; k < parts; ++k, ++to) {
            const Eigen::Vector3f drawn(normal(random), normal(random), normal(random));
            Eigen::Map<Eigen::Vector3f>(&result.means[3 * to]) = mean + turn * scale.cwiseProduct(drawn);
            Eigen::Map<Eigen::Vector3f>(&result.scales[3 * to]) = scale / 1.6f;
            std::copy_n(q, 4, &result.rotations[4 * to]);
            std::copy_n(&splats.colors[3 * i], 3, &result.colors[3 * to]);
            result.opacities[to] = splats.opacities[i];
        }
    }
    return result;
}

SplatSet of_count(SplatSet splats, std::size_t count) {
    if (splats.count < count) splats = split(splats, int((count + splats.count - 1) / splats.count));
    SplatSet chosen;
    chosen.resize(std::min(count, splats.count));
    for (std::size_t i = 0; i < chosen.count; ++i) {
        const std::size_t from = i * splats.count / chosen.count;
        const auto copy = [&](std::vector<float>& to, const std::vector<float>& source, std::size_t width) {
            std::copy_n(source.begin() + long(from * width), width, to.begin() + long(i * width));
        };
        copy(chosen.means, splats.means, 3);
        copy(chosen.scales, splats.scales, 3);
        copy(chosen.rotations, splats.rotations, 4);
        copy(chosen.colors, splats.colors, 3);
        copy(chosen.opacities, splats.opacities, 1);
    }
    return chosen;
}

Image noise_gradient(int size) {
    std::mt19937 random(7);
    Image image(size, size, 3);
    const float step = 1.0f / (3.0f * float(size) * float(size));
    for (float& value : image.pixels) value = (random() & 1u) != 0 ? step : -step;
    return image;
}

}  // namespace likeness::bench
