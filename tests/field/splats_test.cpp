// Splat files of other programs: shown as they are meant, and what is doubtful is said. All are of one head.
#include <algorithm>
#include <chrono>
#include <numeric>

#include "core/formats/splat_ply.h"
#include "core/splat/harmonics.h"
#include "tests/field/field.h"

namespace likeness::test {
namespace {

class FieldSplats : public Field {
  protected:
    const std::filesystem::path usual = field("06_nerfstudio_rgb/nerfstudio_rgb.ply");

    void looks_like_the_others(const std::string& inside) {
        SCOPED_TRACE(inside);
        const Image expected = shown(usual), got = shown(field(inside));
        EXPECT_LT(difference(got, expected), 0.02);
    }
};

// Mean color of the middle of a picture.
std::array<double, 3> middle(const Image& image) {
    std::array<double, 3> sum{};
    const int side = image.width / 8;
    for (int y = -side; y < side; ++y)
        for (int x = -side; x < side; ++x)
            for (std::size_t c = 0; c < 3; ++c)
                sum[c] += image.at(image.width / 2 + x, image.height / 2 + y)[c] / (4.0 * side * side);
    return sum;
}

TEST_F(FieldSplats, ColorsAsBytesAreShown) {
    const Image picture = shown(usual);
    const auto color = middle(picture);
    EXPECT_GT(color[0], color[2] + 0.1) << "skin";
    // A head that stands upright: turned over it is another picture.
    EXPECT_GT(difference(picture, shown(usual, {"view.turn_over", "wait for=idle"})), 0.04);
    EXPECT_EQ(info(usual)["gaussians"], 12000);
}

TEST_F(FieldSplats, InfiniteOpacitiesAreOpaque) {
    looks_like_the_others("05_inf_opacity/inf_opacity_opaque.ply");
    const auto all = info(field("05_inf_opacity/inf_opacity_all.ply"));
    EXPECT_EQ(all["gaussians"], 12000);
    EXPECT_TRUE(all["notes"].empty()) << "nothing was left out";
    EXPECT_LT(difference(shown(field("05_inf_opacity/inf_opacity_all.ply")), shown(usual)), 0.03);
}

TEST_F(FieldSplats, FlatGaussiansAreShown) {
    looks_like_the_others("07_2dgs/2dgs_no_scale_2.ply");
    looks_like_the_others("07_2dgs/2dgs_scale_2_minus_inf.ply");
}

TEST_F(FieldSplats, ValuesWithoutLogarithmAreRecognised) {
    looks_like_the_others("08_activated_values_memory/activated_values_253.ply");
    EXPECT_TRUE(notes_say(info(field("08_activated_values_memory/activated_values_253.ply")), "not as logarithms"));
}

// Gaussians larger than the view: bounded memory, and a picture that takes long is given up when asked.
TEST_F(FieldSplats, HugeGaussiansTakeNoGigabytesAndCanBeCancelled) {
    auto splats = load_splat_ply(usual);
    ASSERT_TRUE(splats);
    std::fill(splats->scales.begin(), splats->scales.end(), 1.0f);
    std::fill(splats->opacities.begin(), splats->opacities.end(), 0.01f);
    ASSERT_TRUE(save_splat_ply(folder.path / "huge.ply", *splats));
    const auto never = folder.path / "never.png";
    const auto begin = std::chrono::steady_clock::now();
    const auto cancelled = [&] {
        return studio(folder.path / "huge.ply",
                      {"capture.screenshot path=\"" + never.string() + "\" width=2048 height=2048", "wait seconds=3",
                       "task.cancel_all"})
                   .code == 0;
    };
    EXPECT_LT(peak_megabytes(cancelled), 1024);
    EXPECT_FALSE(std::filesystem::exists(never));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
}

TEST_F(FieldSplats, HarmonicsAreShownAndExported) {
    const auto file = field("10_sh3_lost/sh3_view_dependent.ply");
    EXPECT_EQ(info(file)["harmonics"], 3);
    const auto front = middle(shown(file)), back = middle(shown(file, {"view.back"}));
    EXPECT_GT(front[0], front[2] + 0.3) << "orange from the front";
    EXPECT_GT(back[2], back[0] + 0.3) << "blue from behind";
    const auto copy = folder.path / "copy.ply";
    const Outcome outcome = studio(file, {"file.export_ply path=\"" + copy.string() + "\""});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const auto a = load_splat_ply(file), b = load_splat_ply(copy);
    ASSERT_TRUE(a && b && a->harmonics && b->harmonics);
    std::vector<float> seen, again;
    colors_from(*a, {0.3f, 0.2f, 1}, seen);
    colors_from(*b, {0.3f, 0.2f, 1}, again);
    ASSERT_EQ(seen.size(), again.size());
    for (std::size_t i = 0; i < seen.size(); ++i) ASSERT_NEAR(seen[i], again[i], 1e-4f);
}

TEST_F(FieldSplats, OtherFormsAreNamed) {
    for (const auto& [file, words] : std::initializer_list<std::pair<const char*, const char*>>{
             {"st_minimal-raw.spz", "Gaussian splats in SPZ form"},
             {"st_minimal-v2.spz", "Gaussian splats in SPZ form"},
             {"st_minimal-v3.spz", "Gaussian splats in SPZ form"},
             {"st_minimal-v4.spz", "Gaussian splats in SPZ form"},
             {"st_minimal.splat", "Gaussian splats in the form of .splat files"},
             {"head.splat", "Gaussian splats in the form of .splat files"},
             {"st_minimal.ksplat", "Gaussian splats in KSPLAT form"}}) {
        refused(field(std::string("11_other_splat_formats/") + file), words);
        const Outcome outcome = studio(field(std::string("11_other_splat_formats/") + file), {});
        EXPECT_EQ(outcome.code, 3);
        EXPECT_NE(outcome.err.find(words), std::string::npos) << outcome.err;
    }
}

TEST_F(FieldSplats, FilesOfACameraStandUpright) {
    looks_like_the_others("12_ml_sharp/ml_sharp.ply");
    EXPECT_TRUE(notes_say(info(field("12_ml_sharp/ml_sharp.ply")), "turned upright"));
}

}  // namespace
}  // namespace likeness::test
