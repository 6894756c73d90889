// Files of splats in the studio.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/files/file_formats.h"
#include "core/formats/splat_ply.h"
#include "core/image/file_bytes.h"
#include "core/pipeline/export_splats.h"
#include "core/splat/harmonics.h"
#include "tests/studio/studio_fixtures.h"

namespace likeness::test {
namespace {

// What was left out is a line of the log, which the status bar shows; colors that depend on the view are exported, turned
// over or not, and with some Gaussians hidden.
TEST(Splats, ColorsThatDependOnTheViewAreKept) {
    const TemporaryFolder folder("harmonics");
    StudioBench bench(folder.path);
    SplatSet splats;
    splats.resize(4);
    for (std::size_t i = 0; i < 4; ++i) {
        splats.means[3 * i] = float(i);
        splats.rotations[4 * i] = 1;
        splats.opacities[i] = 0.5f;
        for (std::size_t k = 0; k < 3; ++k) splats.scales[3 * i + k] = 0.1f;
    }
    auto harmonics = std::make_shared<Harmonics>();
    harmonics->degree = 2;
    for (int i = 0; i < 4 * 8 * 3; ++i) harmonics->values.push_back(0.01f * float(i));
    splats.harmonics = harmonics;
    ASSERT_TRUE(save_splat_ply(folder.path / "s.ply", splats));
    // The second one's place becomes no number: records have 17 floats and those of the harmonics.
    auto bytes = read_file(folder.path / "s.ply", 1 << 20);
    ASSERT_TRUE(bytes);
    const std::string_view end = "end_header\n";
    const auto data = std::search(bytes->begin(), bytes->end(), end.begin(), end.end()) + std::ptrdiff_t(end.size());
    const float none = std::numeric_limits<float>::quiet_NaN();
    std::memcpy(&*data + (17 + 8 * 3) * sizeof(float), &none, sizeof none);
    ASSERT_TRUE(save_file(folder.path / "s.ply", *bytes));
    bench.run("file.open", {{"path", (folder.path / "s.ply").string()}});
    const auto messages = bench.studio->messages().newer_than();
    ASSERT_FALSE(messages.empty());
    EXPECT_EQ(messages.back().text,
              "'s.ply': 1 of its 4 Gaussians hold values that are no numbers and were left out.");

    const auto colors = [](const SplatSet& set, const Eigen::Vector3f& from) {
        std::vector<float> seen;
        colors_from(set, from, seen);
        return seen;
    };
    const SplatSet opened = *bench.studio->document().splats;
    bench.run("view.turn_over");
    bench.run("file.export_ply", {{"path", (folder.path / "turned.ply").string()}});
    const auto turned = load_splat_ply(folder.path / "turned.ply");
    ASSERT_TRUE(turned && turned->harmonics);
    EXPECT_EQ(turned->harmonics->degree, 2);
    const auto before = colors(opened, {1, 2, 3}), after = colors(*turned, {-1, -2, 3});
    for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(before[i], after[i], 1e-5f);

    Scene scene;
    auto some = std::make_shared<SplatSet>(opened);
    some->opacities[0] = 0;
    scene.splats = some;
    const std::array splat_content = {FileContent::splats};
    Progress progress;
    ASSERT_TRUE(export_splats(scene, *formats_of(splat_content).front(), folder.path / "some.ply", {}, progress));
    const auto shown = load_splat_ply(folder.path / "some.ply");
    ASSERT_TRUE(shown && shown->harmonics);
    ASSERT_EQ(shown->count, 2u);
    const auto all = colors(opened, {1, 2, 3}), rest = colors(*shown, {1, 2, 3});
    for (std::size_t i = 0; i < rest.size(); ++i) EXPECT_NEAR(all[i + 3], rest[i], 1e-5f);
}

}  // namespace
}  // namespace likeness::test
