// Where panels are: docked, closed, moved by their tabs, as large as their text, and the same after a restart.
#include <imgui_internal.h>

#include <algorithm>
#include <fstream>

#include "core/image/save.h"
#include "core/motion/motion_track.h"
#include "tests/ui/interface_bench.h"
#include "ui/icons.h"

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

void set_text_scale(const BenchOptions& options, float scale) {
    std::filesystem::create_directories(options.home / "settings");
    std::ofstream(options.home / "settings" / "settings.json") << "{\"version\": 1, \"text_scale\": " << scale << "}";
}

void draw_some(InterfaceBench& bench) {
    for (int i = 0; i < 24; ++i) bench.app->draw();
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

TEST(Layout, OneThatWasSavedAtOneScaleOpensAtAnother) {
    const TemporaryFolder home("interface_scales");
    BenchOptions options;
    options.home = home.path / "home";
    options.width = 1600;
    options.height = 1000;
    ImVec2 side, below;
    {
        InterfaceBench bench(options);
        ImGui::DockBuilderSetNodeSize(window_of("Expression")->DockNode->ParentNode->ID, {380, 900});
        draw_some(bench);
        side = window_of("Expression")->Size;
        below = window_of("Motion")->Size;
        EXPECT_NEAR(side.x, 380, 2);
        save_layout(options);
    }
    set_text_scale(options, 1.5f);
    {
        InterfaceBench bench(options);
        draw_some(bench);
        EXPECT_NEAR(window_of("Expression")->Size.x, 1.5f * side.x, 4);
        EXPECT_NEAR(window_of("Motion")->Size.y, 1.5f * below.y, 4);
        save_layout(options);
    }
    // Written large, opened small: the sides become as narrow again.
    set_text_scale(options, 1);
    {
        InterfaceBench bench(options);
        draw_some(bench);
        EXPECT_NEAR(window_of("Expression")->Size.x, side.x, 4);
        EXPECT_NEAR(window_of("Motion")->Size.y, below.y, 4);
    }
    // A window in which such wide sides leave nothing: they give way.
    options.width = 940;
    InterfaceBench bench(options);
    draw_some(bench);
    EXPECT_GT(window_of("Viewport")->Size.x, 0.36f * 940);
    EXPECT_FALSE(bench.app->interface().layout().small());
}

TEST(Layout, ASmallWindowHasAllPanelsAsTabsBesideALargeViewport) {
    InterfaceBench bench;
    draw_some(bench);
    ImGui::DockBuilderSetNodeSize(window_of("Expression")->DockNode->ParentNode->ID, {340, 700});
    bench.app->interface().show_panel("Pose");
    draw_some(bench);
    const ImVec2 side = window_of("Pose")->Size;
    EXPECT_NEAR(side.x, 340, 2);
    bench.app->surface().resize(900, 600);
    bench.studio().settings().text_scale = 1.5f;
    draw_some(bench);
    EXPECT_GT(window_of("Viewport")->Size.x, 450);
    EXPECT_GT(window_of("Viewport")->Size.y, 480);
    const ImGuiDockNode* tabs = window_of("Source")->DockNode;
    ASSERT_TRUE(tabs && tabs->TabBar);
    for (const auto& panel : bench.app->interface().panels()) {
        if (panel->name() == "Viewport" || !panel->open) continue;
        EXPECT_EQ(window_of(panel->name().c_str())->DockNode, tabs) << panel->name();
    }
    EXPECT_LE(tabs->TabBar->WidthAllTabsIdeal, tabs->TabBar->BarRect.GetWidth()) << "no tab is behind an arrow";
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {  // each comes by a click on its icon
        for (const char* panel : {"Motion", "Source", "Log"}) {
            ctx->ItemClick(window_of(panel)->TabId);
            ctx->Yield(3);
            IM_CHECK(in_front(panel));
        }
    }));
    // With room again all is as it was left; and so is the column of the small window after that.
    bench.app->surface().resize(1280, 800);
    bench.studio().settings().text_scale = 1;
    draw_some(bench);
    EXPECT_NEAR(window_of("Pose")->Size.x, side.x, 2);
    EXPECT_TRUE(in_front("Pose"));
    EXPECT_TRUE(in_front("Source"));
    EXPECT_NE(window_of("Source")->DockNode, window_of("Pose")->DockNode);
    bench.app->surface().resize(900, 600);
    bench.studio().settings().text_scale = 1.5f;
    draw_some(bench);
    EXPECT_TRUE(in_front("Log"));
}

TEST(Layout, OneKeyHidesAllPanelsAndShowsThemAgain) {
    InterfaceBench bench;
    bench.app->interface().show_panel("Pose");
    bench.app->interface().show_panel("Tasks");
    bench.app->interface().show_panel("Preferences");
    draw_some(bench);
    const ImVec2 viewport = window_of("Viewport")->Size, pose = window_of("Pose")->Size;
    const auto press = [&] {
        EXPECT_TRUE(bench.play([](ImGuiTestContext* ctx) { ctx->KeyPress(ImGuiKey_H); }));
        draw_some(bench);
    };
    press();
    EXPECT_FLOAT_EQ(window_of("Viewport")->Size.x, 1280);
    for (const char* panel : {"Pose", "Source", "Motion", "Preferences"}) EXPECT_FALSE(is_open(panel)) << panel;
    EXPECT_EQ(std::ranges::count(bench.studio().settings().closed_panels, "Pose"), 0) << "hidden is not closed";
    press();
    EXPECT_EQ(window_of("Viewport")->Size.x, viewport.x);
    EXPECT_EQ(window_of("Viewport")->Size.y, viewport.y);
    EXPECT_EQ(window_of("Pose")->Size.x, pose.x);
    for (const char* panel : {"Pose", "Tasks", "Parts", "Source"}) EXPECT_TRUE(in_front(panel)) << panel;
    EXPECT_TRUE(is_open("Preferences"));
    // A panel that is asked for brings all back.
    press();
    ASSERT_TRUE(bench.studio().execute("panel.history"));
    draw_some(bench);
    EXPECT_TRUE(in_front("History"));
    EXPECT_TRUE(in_front("Pose"));
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->SetRef("##MainMenuBar");
        ctx->MenuClick("View/Hide all panels");
        ctx->Yield(4);
        IM_CHECK(!is_open("Source"));
        ctx->MenuClick("View/Show all panels");
        ctx->Yield(4);
        IM_CHECK(is_open("Source"));
    }));
}

TEST(Layout, PreferencesFitIntoASmallWindowAndCloseByEscape) {
    BenchOptions options;
    options.width = 900;
    options.height = 600;
    InterfaceBench bench(options);
    bench.app->interface().show_panel("Preferences");
    draw_some(bench);
    bench.studio().settings().text_scale = 1.5f;  // while they are open
    draw_some(bench);
    const ImRect room(ImGui::GetMainViewport()->WorkPos,
                      ImGui::GetMainViewport()->WorkPos + ImGui::GetMainViewport()->WorkSize);
    EXPECT_TRUE(room.Contains(window_of("Preferences")->Rect()));
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->SetRef(ctx->WindowInfo("//###Preferences/preferences").ID);
        ctx->ScrollToBottom("");
        ctx->Yield(2);
        const ImGuiTestItemInfo last =
            ctx->ItemInfo((std::string("**/") + ICON_FA_FOLDER_PLUS "  Add folder...").c_str());
        IM_CHECK(last.ID != 0);
        IM_CHECK(window_of("Preferences")->Rect().Contains(last.RectFull));
        // A value that is being typed is given up first.
        ctx->ScrollToTop("");
        ctx->ItemClick("**/text/##value", 0, ImGuiTestOpFlags_None);
        ctx->WindowFocus("//###Preferences");
        ctx->KeyPress(ImGuiKey_Escape);
        ctx->Yield(2);
    }));
    EXPECT_FALSE(is_open("Preferences"));
}

// What is under the pointer stays there until it is let go, and a double-click's second click meets the same slider.
TEST(Layout, NoSliderMovesWhileItIsHeld) {
    InterfaceBench bench;
    ASSERT_TRUE(bench.studio().execute("file.open", {{"path", sample_avatar().string()}}));
    ASSERT_TRUE(bench.settle());
    const auto hold_all = [&](const char* panel) {
        bench.app->interface().show_panel(panel);
        draw_some(bench);
        int held = 0;
        EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
            ImGuiTestItemList items;
            ctx->GatherItems(&items, ctx->ItemInfo((std::string("//###") + panel).c_str()).ID, -1);
            for (const ImGuiTestItemInfo& item : items) {
                if (std::string(item.DebugLabel) != "##value" || !item.Window) continue;
                if (!item.Window->InnerClipRect.Contains(item.RectFull)) continue;  // scrolled away
                ctx->MouseMoveToPos(item.RectFull.GetCenter());
                ctx->MouseDown();
                for (const float by : {20.0f, 40.0f, -30.0f}) {
                    ctx->MouseMoveToPos(item.RectFull.GetCenter() + ImVec2(by, 0));
                    ctx->Yield(4);
                    const ImGuiTestItemInfo now = ctx->ItemInfo(item.ID);
                    IM_CHECK_SILENT(now.RectFull.Min.x == item.RectFull.Min.x);
                    IM_CHECK_SILENT(now.RectFull.Min.y == item.RectFull.Min.y);
                }
                ctx->MouseUp();
                ++held;
            }
        })) << panel;
        return held;
    };
    for (const char* panel : {"Training", "Expression", "Pose", "Identity"}) EXPECT_GT(hold_all(panel), 0) << panel;
    EXPECT_GT(hold_all("Preferences"), 0);
}

TEST(Layout, TextSizeWaitsForADoubleClickThatResetsIt) {
    InterfaceBench bench;
    bench.app->interface().show_panel("Preferences");
    bench.studio().settings().text_scale = 1.3f;
    draw_some(bench);
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->SetRef(ctx->WindowInfo("//###Preferences/preferences").ID);
        ctx->ItemDoubleClick("**/text/##value");
    }));
    ASSERT_TRUE(bench.draw_until([&] { return bench.studio().settings().text_scale == 1; }, 5));
    // A single click counts too, after a while in which nothing else happens; a command is not taken back.
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) { ctx->ItemClick("**/text/##value"); }));
    EXPECT_TRUE(bench.draw_until([&] { return bench.studio().settings().text_scale > 1.2f; }, 5));
    ASSERT_TRUE(bench.studio().execute("settings.text_scale", {{"value", 1.1}}));
    draw_some(bench);
    EXPECT_FLOAT_EQ(bench.studio().settings().text_scale, 1.1f);
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
        sample = {};
        sample.weights = {0.5f};
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
