// How it looks: every panel at several sizes and scales without a fault, and pictures against kept ones.
#include "core/image/load.h"
#include "core/image/ops.h"
#include "core/image/save.h"
#include "tests/ui/interface_bench.h"

namespace likeness::test {
namespace {

// Letters come out a little different from one version of the software renderer to the next.
constexpr double tolerance = 0.03;

void expect_golden(const Image& picture, const std::string& name) {
    const std::filesystem::path made = std::filesystem::path(LIKENESS_TEST_RESULTS) / (name + ".png");
    std::filesystem::create_directories(made.parent_path());
    const Image rgb = composite_over(picture, {0, 0, 0});
    (void)save_png(made, rgb);
    const auto kept = load_image(std::filesystem::path(LIKENESS_GOLDEN_FOLDER) / (name + ".png"));
    ASSERT_TRUE(kept) << kept.error().message << " What came out is in " << made;
    EXPECT_LT(difference(rgb, *kept), tolerance) << "compare " << made;
}

TEST(Look, WelcomePagesAreAsTheyWere) {
    for (const char* theme : {"dark", "light"}) {
        BenchOptions options;
        options.theme = theme;
        options.width = 960;
        options.height = 600;
        InterfaceBench bench(options);
        bench.studio().messages().clear();
        for (int i = 0; i < 4; ++i) bench.app->draw();
        expect_golden(bench.picture(), std::string("welcome-") + theme);
    }
}

TEST(Look, EveryPanelDrawsWithAndWithoutADocument) {
    InterfaceBench bench;
    for (const bool with_document : {false, true}) {
        if (with_document) {
            ASSERT_TRUE(bench.studio().execute("file.open", {{"path", sample_avatar().string()}}));
            ASSERT_TRUE(bench.settle());
        }
        for (const auto& [width, height, text] : {std::tuple{1280, 800, 1.0f}, {2560, 1440, 1.5f}, {640, 400, 0.75f}}) {
            bench.app->surface().resize(width, height);
            bench.studio().settings().text_scale = text;
            for (const auto& panel : bench.app->interface().panels()) {
                bench.app->interface().show_panel(panel->name());
                for (int i = 0; i < 4; ++i) bench.app->draw();
            }
        }
    }
    EXPECT_FALSE(bench.studio().messages().dialog());
}

TEST(Look, OnlySplatsAreLookedAt) {
    InterfaceBench bench;
    ASSERT_TRUE(bench.studio().execute("file.open", {{"path", sample_avatar().string()}}));
    ASSERT_TRUE(bench.settle());
    const std::filesystem::path file = bench.folder.path / "splats.ply";
    ASSERT_TRUE(bench.studio().execute("file.export_ply", {{"path", file.string()}}));
    ASSERT_TRUE(bench.settle());
    ASSERT_TRUE(bench.studio().execute("file.open", {{"path", file.string()}}));
    ASSERT_TRUE(bench.settle());
    EXPECT_EQ(bench.studio().document().kind, DocumentKind::splats);
    for (const auto& panel : bench.app->interface().panels()) {
        bench.app->interface().show_panel(panel->name());
        for (int i = 0; i < 3; ++i) bench.app->draw();
    }
    EXPECT_GT(bench.app->viewport().pictures(), 0u);
}

}  // namespace
}  // namespace likeness::test
