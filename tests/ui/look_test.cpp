// How it looks: every panel at several sizes and scales without a fault, and pictures against kept ones.
#include <imgui_internal.h>

#include <algorithm>
#include <chrono>

#include "core/formats/splat_ply.h"
#include "core/image/load.h"
#include "core/image/ops.h"
#include "core/image/save.h"
#include "tests/ui/interface_bench.h"
#include "ui/icons.h"

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
        ASSERT_TRUE(bench.draw_until([&] {  // the sample portrait's small picture is there
            const auto jobs = bench.studio().jobs().list();
            return std::ranges::any_of(jobs, [](const JobInfo& job) { return job.name == "Making small pictures"; }) &&
                   std::ranges::none_of(jobs, [](const JobInfo& job) { return job.state == JobState::running; });
        }));
        for (int i = 0; i < 4; ++i) bench.app->frame(0), bench.app->draw();
        expect_golden(bench.picture(), std::string("welcome-") + theme);
    }
}

// The part of the picture that a window covers.
Image of_window(InterfaceBench& bench, const char* name) {
    const ImGuiWindow* window = ImGui::FindWindowByName(name);
    if (!window) return {};
    return crop(bench.picture(), int(window->Pos.x), int(window->Pos.y), int(window->Size.x), int(window->Size.y));
}

// Without the avatar itself, which may look better tomorrow.
TEST(Look, PanelsAreAsTheyWere) {
    for (const char* theme : {"dark", "light"}) {
        BenchOptions options;
        options.theme = theme;
        InterfaceBench bench(options);
        Studio& studio = bench.studio();
        ASSERT_TRUE(studio.execute("file.open", {{"path", sample_avatar().string()}}));
        ASSERT_TRUE(bench.settle());
        ASSERT_TRUE(studio.execute("pose.preset.apply", {{"name", "Smile"}}));
        ASSERT_TRUE(studio.execute("pose.head", {{"yaw", 20.0}}));
        ASSERT_TRUE(bench.settle());
        const auto shown = [&](const char* panel) {
            bench.app->interface().show_panel(panel);
            for (int i = 0; i < 8; ++i) bench.app->draw();
            return of_window(bench, (std::string(panel) + "###" + panel).c_str());
        };
        // Presets are pictures of the avatar.
        ASSERT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
            ctx->SetRef(ctx->WindowInfo("//###Expression/sliders").ID);
            ctx->ItemClose("Presets");
            ctx->MouseMoveToPos({4, 4});
            ctx->Yield(2);
        }));
        expect_golden(shown("Expression"), std::string("expression-") + theme);
        expect_golden(shown("Pose"), std::string("pose-") + theme);
        expect_golden(shown("History"), std::string("history-") + theme);
        expect_golden(shown("Export"), std::string("export-") + theme);
        bench.app->interface().shortcut_sheet().toggle();
        for (int i = 0; i < 4; ++i) bench.app->draw();
        expect_golden(of_window(bench, ICON_FA_KEYBOARD "  Keyboard and mouse###shortcuts"),
                      std::string("shortcuts-") + theme);
        bench.app->interface().shortcut_sheet().toggle();
        bench.app->interface().command_palette().open();
        for (int i = 0; i < 4; ++i) bench.app->draw();
        expect_golden(of_window(bench, "Commands###palette"), std::string("palette-") + theme);
    }
}

// Three Gaussians, from their file to the screen.
TEST(Look, SplatsAreAsTheyWere) {
    SplatSet splats;
    splats.resize(3);
    for (std::size_t i = 0; i < 3; ++i) {
        splats.means[i * 3] = 0.1f * (float(i) - 1);
        splats.rotations[i * 4] = 1;
        splats.opacities[i] = 0.95f;
        splats.colors[i * 3 + i] = 0.9f;
        for (std::size_t k = 0; k < 3; ++k) splats.scales[i * 3 + k] = k == i ? 0.05f : 0.015f;
    }
    BenchOptions options;
    options.width = 960;
    options.height = 600;
    InterfaceBench bench(options);
    const std::filesystem::path file = bench.folder.path / "three.ply";
    ASSERT_TRUE(save_splat_ply(file, splats, false));
    ASSERT_TRUE(bench.studio().execute("file.open", {{"path", file.string()}}));
    ASSERT_TRUE(bench.settle());
    ASSERT_TRUE(bench.studio().execute("view.orbit", {{"yaw", 25.0}, {"pitch", 15.0}, {"to", true}}));
    ASSERT_TRUE(bench.studio().execute("view.zoom", {{"factor", 0.45}, {"to", true}}));
    ASSERT_TRUE(bench.settle());
    expect_golden(bench.app->viewport().read(), "three-splats");
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

TEST(Look, ABackgroundChosenByHandOutlivesTheTheme) {
    BenchOptions options;
    options.theme = "light";
    options.width = 640;
    options.height = 400;
    InterfaceBench bench(options);
    Studio& studio = bench.studio();
    const auto use = [&](const char* theme) {
        ASSERT_TRUE(studio.execute("settings.theme", {{"value", theme}}));
        bench.app->draw();
    };
    EXPECT_EQ(studio.settings().theme, "light") << "what Preferences show";
    const std::array<float, 3> light = studio.view().background_color;
    use("dark");
    const std::array<float, 3> dark = studio.view().background_color;
    EXPECT_LT(dark[0], light[0]);
    const std::array<float, 3> green = {0.1f, 0.6f, 0.2f};
    studio.view().background_color = green;
    use("light");
    EXPECT_EQ(studio.view().background_color, green);
}

TEST(Look, PicturesOfClosedDocumentsAreGone) {
    InterfaceBench bench;
    const auto textures = [&] {
        for (int i = 0; i < 4; ++i) bench.app->draw();
        return ImGui::GetPlatformIO().Textures.Size;
    };
    const int before = textures();
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(bench.studio().execute("file.open", {{"path", sample_avatar().string()}}));
        ASSERT_TRUE(bench.settle());
        EXPECT_GT(textures(), before) << "the photograph";
        ASSERT_TRUE(bench.studio().execute("file.close"));
        // The welcome page shows the file's own small picture, once that is made.
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (textures() != before + 1 && std::chrono::steady_clock::now() < end) bench.app->frame(0.05);
        EXPECT_EQ(textures(), before + 1);
    }
}

// What needs frames although nobody does anything gets them from the studio's own loop.
TEST(Look, TooltipsDialogsAndFullResolutionComeWithoutFurtherInput) {
    InterfaceBench bench;
    Studio& studio = bench.studio();
    const auto frames_until = [&](const std::function<bool()>& condition) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!condition() && std::chrono::steady_clock::now() < end) bench.app->frame(0.25);
        return condition();
    };
    ASSERT_TRUE(studio.execute("file.open", {{"path", sample_avatar().string()}}));
    ASSERT_TRUE(frames_until([&] { return studio.document().has_avatar(); }));
    bench.app->viewport().set_moving(true);
    bench.app->draw();
    bench.app->viewport().set_moving(false);
    EXPECT_TRUE(frames_until([&] { return bench.app->viewport().settled(); })) << "a view at rest is drawn in full";

    bench.app->interface().show_panel("Parts");
    for (int i = 0; i < 8; ++i) bench.app->draw();
    const ImGuiWindow* parts = ImGui::FindWindowByName("Parts###Parts");
    ASSERT_TRUE(parts);
    ImGui::GetIO().AddMousePosEvent(parts->Pos.x + 30, parts->Pos.y + 45);
    for (int i = 0; i < 3; ++i) bench.app->draw();
    EXPECT_TRUE(frames_until([] {
        const ImGuiWindow* tip = ImGui::FindWindowByName("##Tooltip_00");
        return tip && tip->WasActive;
    }));

    studio.messages().error({ErrorCode::io, "That went wrong.", ""});
    for (int i = 0; i < 3; ++i) bench.app->draw();
    EXPECT_TRUE(frames_until([] { return GImGui->DimBgRatio >= 1; })) << "what lies behind a dialog is dim";
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
