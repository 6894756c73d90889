#include "bench/splat_scene.h"

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

Image noise_gradient(int size) {
    std::mt19937 random(7);
    Image image(size, size, 3);
    const float step = 1.0f / (3.0f * float(size) * float(size));
    for (float& value : image.pixels) value = (random() & 1u) != 0 ? step : -step;
    return image;
}

}  // namespace likeness::bench
