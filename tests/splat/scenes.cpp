#include "tests/splat/scenes.h"

#include <cmath>
#include <cstdlib>
#include <random>

namespace likeness {

SplatSet random_splats(std::size_t count, int extras, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> unit(0, 1);
    std::normal_distribution<float> normal;
    SplatSet s;
    s.resize(count, extras);
    for (float& v : s.means) v = 0.4f * (unit(random) - 0.5f);
    for (float& v : s.scales) v = 0.002f * std::pow(30.0f, unit(random));
    for (float& v : s.rotations) v = normal(random);
    for (float& v : s.colors) v = unit(random);
    for (std::size_t i = 0; i < count; ++i) s.opacities[i] = i % 5 == 0 ? 0.999f : 0.05f + 0.9f * unit(random);
    for (float& v : s.extra) v = 2 * unit(random) - 1;
    return s;
}

Camera oblique_camera(int width, int height) {
    Camera camera;
    camera.width = width;
    camera.height = height;
    camera.fx = 2.3f * float(width);
    camera.fy = 2.1f * float(height);
    camera.cx = 0.53f * float(width);
    camera.cy = 0.46f * float(height);
    camera.world_to_camera = look_at({0.35f, 0.2f, 0.9f}, {0.01f, -0.02f, 0});
    return camera;
}

Image random_image(int width, int height, int channels, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    Image image(width, height, channels);
    for (float& v : image.pixels) v = normal(random);
    return image;
}

std::unique_ptr<Rasterizer> rasterizer_with(const std::string& simd) {
    setenv("LIKENESS_SIMD", simd.c_str(), 1);
    std::unique_ptr<Rasterizer> rasterizer = make_cpu_rasterizer();
    unsetenv("LIKENESS_SIMD");
    if (rasterizer->name() != "cpu-" + simd) return nullptr;
    return rasterizer;
}

double relative_difference(const std::vector<float>& a, const std::vector<double>& b) {
    double difference = 0, norm = 0;
    for (std::size_t i = 0; i < b.size(); ++i) {
        difference += (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
        norm += b[i] * b[i];
    }
    if (norm == 0) return difference == 0 ? 0 : 1;
    return std::sqrt(difference / norm);
}

}  // namespace likeness
