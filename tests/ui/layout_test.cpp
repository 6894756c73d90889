// Where panels are: docked, closed, moved by their tabs, as large as their text, and the same after a restart.
#include <imgui_internal.h>

#include <fstream>

#include "core/image/save.h"
#include "core/motion/motion_track.h"
#include "tests/ui/interface_bench.h"

namespace likeness::test {
namespace {

ImGuiWindow* window_of(const char* panel) {
    return ImGui::FindWindowByName((std::string(panel) + "###" + panel).c_str());
}

bool in_front(const char* panel) {
    const ImGuiWindow* window = window_of(panel);
    return window && window->DockIsActive && window->DockTabIsVisible;
}

// Was drawn in the last frame, be it behind another tab.
bool is_open(const char* panel) {
    const ImGuiWindow* window = window_of(panel);
    return window && window->WasActive;
}

void draw_some(InterfaceBench& bench) {
    for (int i = 0; i < 12; ++i) bench.app->draw();
}

// As the program does when it ends; the engine that drives the tests keeps it from doing so.
void save_layout(const BenchOptions& options) {
    std::filesystem::create_directories(options.home / "settings");
    ImGui::SaveIniSettingsToDisk((options.home / "settings" / "layout.ini").c_str());
}

TEST(Layout, PanelsAtTheSidesGrowWithTheText) {
    BenchOptions options;
    options.width = 1920;
    options.height = 1200;
    InterfaceBench bench(options);
    const auto size_of = [&](const char* panel) {
        for (int i = 0; i < 4; ++i) bench.app->draw();
        return window_of(panel)->Size;
    };
    const ImVec2 right = size_of("Expression"), below = size_of("Motion"), middle = size_of("Viewport"),
                 parts = size_of("Parts");
    bench.studio().settings().text_scale = 1.5f;
    EXPECT_NEAR(size_of("Expression").x, 1.5f * right.x, 8);
    EXPECT_NEAR(size_of("Motion").y, 1.5f * below.y, 0.1f * below.y);
    EXPECT_NEAR(size_of("Parts").y, 1.5f * parts.y, 0.1f * parts.y);
    EXPECT_LT(size_of("Viewport").x, middle.x);
    bench.studio().settings().text_scale = 1;
    EXPECT_NEAR(size_of("Expression").x, right.x, 8);
    EXPECT_NEAR(size_of("Parts").y, parts.y, 8);
}

TEST(Layout, TheTabsInFrontAreStillThereTheNextTime) {
    const TemporaryFolder home("interface_tabs");
    BenchOptions options;
    options.home = home.path / "home";
    const auto look = [&](InterfaceBench& bench) {
        for (int i = 0; i < 12; ++i) bench.app->draw();
        for (const char* panel : {"Pose", "Parts", "Tasks"}) EXPECT_TRUE(in_front(panel)) << panel;
        EXPECT_FALSE(in_front("Export"));
    };
    {
        InterfaceBench bench(options);
        bench.app->interface().show_panel("Pose");
        bench.app->interface().show_panel("Tasks");
        look(bench);
        save_layout(options);
    }
    InterfaceBench bench(options);
    look(bench);
}

TEST(Layout, ClosedPanelsStayClosedUntilTheLayoutIsReset) {
    const TemporaryFolder home("interface_closed");
    BenchOptions options;
    options.home = home.path / "home";
    {
        InterfaceBench bench(options);
        draw_some(bench);
        ASSERT_TRUE(is_open("History"));
        EXPECT_FALSE(is_open("Preferences"));
        EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
            ctx->SetRef("##MainMenuBar");
            ctx->MenuUncheck("View/Panels/History");
            ctx->MenuCheck("View/Panels/Preferences");
            // By the cross on its tab, which appears under the pointer.
            const ImGuiTabBar* tabs = window_of("Source")->DockNode->TabBar;
            ctx->MouseMove(tabs->Tabs[0].ID);
            ctx->ItemClick("//###Source/#CLOSE");
        }));
        draw_some(bench);
        EXPECT_FALSE(is_open("History"));
        EXPECT_FALSE(is_open("Source"));
        save_layout(options);
    }
    InterfaceBench bench(options);
    draw_some(bench);
    EXPECT_FALSE(is_open("History"));
    EXPECT_FALSE(is_open("Source"));
    EXPECT_TRUE(is_open("Preferences"));
    EXPECT_TRUE(is_open("Log"));
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->SetRef("##MainMenuBar");
        ctx->MenuClick("View/Panels/Reset layout");
    }));
    draw_some(bench);
    EXPECT_TRUE(is_open("History"));
    EXPECT_TRUE(is_open("Source"));
    EXPECT_FALSE(is_open("Preferences"));
}

TEST(Layout, PanelsMoveByTheirTabsAndStayThere) {
    const TemporaryFolder home("interface_docking");
    BenchOptions options;
    options.home = home.path / "home";
    {
        InterfaceBench bench(options);
        draw_some(bench);
        const ImGuiID before = window_of("Log")->DockId;
        EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
            // Among the tabs of another place, then a place of its own below it.
            ctx->DockInto("//###Log", "//###Training");
            ctx->Yield(4);
            IM_CHECK_EQ(window_of("Log")->DockId, window_of("Training")->DockId);
            ctx->DockInto("//###Tasks", "//###Training", ImGuiDir_Down);
            ctx->Yield(4);
            IM_CHECK(window_of("Tasks")->Pos.y > window_of("Training")->Pos.y);
            IM_CHECK_EQ(window_of("Tasks")->Pos.x, window_of("Training")->Pos.x);
        }));
        EXPECT_NE(window_of("Log")->DockId, before);
        EXPECT_TRUE(window_of("Viewport")->DockIsActive);
        save_layout(options);
    }
    InterfaceBench bench(options);
    draw_some(bench);
    EXPECT_EQ(window_of("Log")->DockId, window_of("Training")->DockId);
    EXPECT_GT(window_of("Tasks")->Pos.y, window_of("Training")->Pos.y);
    ASSERT_TRUE(bench.studio().execute("panel.reset_layout"));
    draw_some(bench);
    EXPECT_EQ(window_of("Log")->DockId, window_of("Motion")->DockId);
}

// On a small window with large text nothing lies on anything else.
TEST(Layout, LargeTextOnASmallWindowOverlapsNothing) {
    InterfaceBench bench;
    ASSERT_TRUE(bench.studio().execute("file.open", {{"path", sample_avatar().string()}}));
    bench.studio().settings().text_scale = 1.5f;
    ASSERT_TRUE(bench.settle());
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        const ImGuiTestItemInfo cube = ctx->ItemInfo("//###Viewport/##cube");
        const ImGuiWindow* bar = ctx->WindowInfo("//###Viewport/toolbar").Window;
        IM_CHECK(cube.ID != 0 && bar != nullptr);
        IM_CHECK(!cube.RectFull.Overlaps(bar->Rect()));
        IM_CHECK(window_of("Viewport")->Rect().Contains(bar->Rect()));
        IM_CHECK(window_of("Viewport")->Rect().Contains(cube.RectFull));
    }));
    // The motion's transport leaves out what does not fit.
    const std::filesystem::path track = bench.folder.path / "talk.json";
    std::ofstream(track) << R"({"names": ["jawOpen"], "frames": [{"time": 0, "weights": [0]},
        {"time": 0.4, "weights": [0.6]}]})";
    ASSERT_TRUE(bench.studio().execute("motion.open", {{"path", track.string()}}));
    ASSERT_TRUE(bench.draw_until([&] { return bench.studio().motion().loaded(); }));
    const auto speed_is_shown = [&] {
        bool shown = false;
        EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
            ctx->Yield(3);
            shown = ctx->ItemExists("//###Motion/speed/##value");
        }));
        return shown;
    };
    EXPECT_FALSE(speed_is_shown());
    bench.studio().settings().text_scale = 1;
    EXPECT_TRUE(speed_is_shown());
}

// A jaw that is always half open, without a beginning or an end.
class HalfOpen : public PoseSource {
  public:
    const std::vector<std::string>& names() const override { return names_; }
    bool moves_head() const override { return false; }
    double rate() const override { return 30; }
    std::optional<double> duration() const override { return {}; }
    bool sample(double, PoseSample& sample) const override {
        sample = {{0.5f}, {}};
        return true;
    }

  private:
    const std::vector<std::string> names_ = {"jawOpen"};
};

TEST(Layout, ALiveMotionHasNoTimes) {
    InterfaceBench bench;
    ASSERT_TRUE(bench.studio().execute("file.open", {{"path", sample_avatar().string()}}));
    ASSERT_TRUE(bench.settle());
    const auto has_times = [&](bool wanted) {
        return bench.play([&](ImGuiTestContext* ctx) {
            ctx->Yield(3);
            for (const char* item : {"//###Motion/timeline", "//###Motion/speed/##value"})
                IM_CHECK_EQ(ctx->ItemExists(item), wanted);
        });
    };
    bench.studio().motions().play(std::make_shared<RecordedMotion>(*parse_motion("jawOpen\n0\n1\n", "a.csv")), "a.csv");
    EXPECT_TRUE(has_times(true));
    bench.studio().motions().play(std::make_shared<HalfOpen>(), "camera");
    EXPECT_TRUE(has_times(false));
    (void)save_png(std::filesystem::path(LIKENESS_TEST_RESULTS) / "live-motion.png", bench.picture());
    ASSERT_TRUE(bench.studio().execute("motion.pause"));
    bench.app->draw();
    EXPECT_FALSE(bench.studio().motion().playing());
}

}  // namespace
}  // namespace likeness::test
