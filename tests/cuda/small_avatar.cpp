#include "tests/cuda/small_avatar.h"

#include <Eigen/Geometry>

#include "tests/cuda/gpu_test.h"
#include "tests/cuda/scenes.h"

namespace likeness::cuda_tests {
namespace {

float in_bytes(float value) { return std::round(255 * value) / 255; }

}  // namespace

SmallAvatar::SmallAvatar(std::size_t count, unsigned seed) {
    Random random(seed);
    splats.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        directions.push_back(Eigen::Vector3f(random.normal(), random.normal(), random.normal()).normalized());
    }
    splats.offset = random.uniforms(3 * count, -0.001f, 0.001f);
    splats.log_scale = random.uniforms(3 * count, -6.2f, -5.0f);
    splats.rotation = random.normals(4 * count);
    splats.albedo = random.uniforms(3 * count, 0.1f, 0.9f);
    splats.opacity = random.uniforms(count, -2, 4);
}

SplatFrames SmallAvatar::frames(float turn) const {
    const Eigen::Matrix3f about(Eigen::AngleAxisf(turn, Eigen::Vector3f::UnitY()));
    SplatFrames frames;
    for (const Eigen::Vector3f& d : directions) {
        const Eigen::Vector3f at = about * d.cwiseProduct(Eigen::Vector3f(0.075f, 0.11f, 0.095f));
        const Eigen::Matrix<float, 3, 3, Eigen::RowMajor> rotation(
            Eigen::Quaternionf::FromTwoVectors(Eigen::Vector3f::UnitZ(), about * d).toRotationMatrix());
        frames.values.insert(frames.values.end(), at.data(), at.data() + 3);
        frames.values.insert(frames.values.end(), rotation.data(), rotation.data() + 9);
        frames.values.push_back(1 + 0.2f * d.x());
    }
    return frames;
}

std::vector<TrainingView> make_views(const SmallAvatar& avatar, int size) {
    std::vector<TrainingView> views(3);
    for (std::size_t k = 0; k < 3; ++k) {
        TrainingView& view = views[k];
        const int side = k == 2 ? size / 2 : size;
        view.frames = avatar.frames(k == 0 ? 0.1f : k == 1 ? -0.1f : 0.8f);
        view.camera = front_camera(side, side);
        view.target.color = Image(side, side, 3);
        view.target.alpha = Image(side, side, 1);
        for (int y = 0; y < side; ++y) {
            for (int x = 0; x < side; ++x) {
                const float u = (float(x) + 0.5f) / float(side), v = (float(y) + 0.5f) / float(side);
                const float from_middle = std::hypot(u - 0.5f, 0.8f * (v - 0.5f));
                // The GPU keeps targets in bytes; these lose nothing by that.
                *view.target.alpha.at(x, y) = in_bytes(std::clamp(10 * (0.22f - from_middle) + 0.5f, 0.0f, 1.0f));
                float* const color = view.target.color.at(x, y);
                color[0] = in_bytes(0.5f + 0.4f * std::sin(20 * u));
                color[1] = in_bytes(0.5f + 0.4f * std::sin(15 * v + 5 * u));
                color[2] = in_bytes(0.3f + 0.5f * v);
            }
        }
    }
    views[1].colors_only = true;
    views[1].weights.alpha = 0;
    views[1].splat_weight = Random(7).uniforms(avatar.splats.count, 0, 1);
    views[2].weights = {.l1 = 0, .dssim = 0, .alpha = 0.4f};
    Image& mask = views[2].target.weight = Image(size / 2, size / 2, 1, 1.0f);
    for (std::size_t i = 0; i < mask.pixels.size(); i += 5) mask.pixels[i] = 0;
    return views;
}

}  // namespace likeness::cuda_tests
