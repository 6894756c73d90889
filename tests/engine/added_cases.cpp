#include "tests/engine/added_cases.h"

namespace likeness::test {
namespace {

std::vector<float> uniforms(unsigned seed, std::size_t count, float low, float high) {
    Random random(seed);
    std::vector<float> values(count);
    for (float& v : values) v = uniform(random, low, high);
    return values;
}

// Waves of a centimetre over the surface.
std::vector<float> smooth_targets(const Avatar& avatar, int count) {
    std::vector<float> targets;
    for (int k = 0; k < count; ++k)
        for (Eigen::Index i = 0; i < avatar.neutral().size(); ++i)
            targets.push_back(0.01f * std::sin(20 * avatar.neutral()(k % 3, i / 3) + float(i % 3) + float(k)));
    return targets;
}

}  // namespace

AddedScene::AddedScene() {
    constexpr int side = 64;
    views = video_views(avatar, 3, side);
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x)
            for (int c = 0; c < 3; ++c) picture.push_back(0.5f + 0.4f * std::sin(0.1f * float(x + c * y)));
}

std::vector<AddedCase> added_cases(const AddedScene& scene) {
    const std::size_t count = scene.avatar.splats->count;
    std::vector<float> positions, normals;
    const SplatFrames at_rest = splat_frames(scene.avatar, HeadPose::neutral(*scene.avatar.model));
    for (std::size_t i = 0; i < count; ++i) {
        for (int k = 0; k < 2; ++k) positions.push_back(scene.avatar.splats->atlas[i][k]);
        for (std::size_t k = 0; k < 3; ++k) normals.push_back(at_rest.values[i * frame_floats + 5 + 3 * k]);
    }
    constexpr int map_size = 6;
    const std::vector<float> light = {0.9f, 0.8f, 0.7f, 0.1f, 0, -0.1f, 0.2f, 0.1f, 0, 0.1f, 0.1f, 0.2f};
    const std::vector<float> picture = scene.picture;

    std::vector<AddedCase> cases;
    cases.push_back({"an expression target",
                     {{"targets", smooth_targets(scene.avatar, 1)}, {"amounts", {0.5f}}},
                     {"amounts"},
                     {{"targets", 1e-6}, {"amounts", 9e-3}},
                     0.98,
                     true,
                     [](const AddedModules& m, const Starts& s) { return TrainingModules{m.vertex_basis(s)}; }});
    cases.push_back({"a residual basis",
                     {{"targets", smooth_targets(scene.avatar, 3)}, {"amounts", {0.2f, 0.4f, -0.3f}}},
                     {"amounts"},
                     {{"targets", 3e-7}, {"amounts", 9e-4}},
                     0.95,
                     false,
                     [](const AddedModules& m, const Starts& s) { return TrainingModules{m.vertex_basis(s)}; }});
    cases.push_back({"texels of a map",
                     {{"texels", uniforms(3, 3 * map_size * map_size, -0.05f, 0.05f)}},
                     {},
                     {{"texels", 0.01}},
                     0.9,
                     false,
                     [=](const AddedModules& m, const Starts& s) {
                         return TrainingModules{m.albedo_map(s, map_size, positions)};
                     }});
    cases.push_back({"a latent and its decoder",
                     {{"latent", {0.5f, -0.2f}}, {"decoder", uniforms(4, 6 * count, -0.05f, 0.1f)}},
                     {},
                     {{"latent", 0.01}, {"decoder", 1e-3}},
                     0.95,
                     false,
                     [](const AddedModules& m, const Starts& s) { return TrainingModules{m.latent(s)}; }});
    cases.push_back({"light",
                     {{"light", light}},
                     {},
                     {{"light", 0.01}},
                     0.9,
                     false,
                     [=](const AddedModules& m, const Starts& s) { return TrainingModules{m.light(s, normals)}; }});
    cases.push_back({"exposure",
                     {{"exposure", {0.8f}}},
                     {"exposure"},
                     {{"exposure", 0.01}},
                     0.9,
                     true,
                     [](const AddedModules& m, const Starts& s) { return TrainingModules{m.exposure(s)}; }});
    cases.push_back({"exposure under another term of the loss",
                     {{"exposure", {0.8f}}},
                     {"exposure"},
                     {{"exposure", 0.01}},
                     0.9,
                     false,
                     [=](const AddedModules& m, const Starts& s) {
                         return TrainingModules{m.exposure(s), m.picture_term(1, picture)};
                     }});
    return cases;
}

}  // namespace likeness::test
