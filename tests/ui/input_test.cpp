// Keys and pointer of a real display (Xvfb), faster than frames are drawn: what arrives at once is never lost, and no
// frame waits for further input.
#include <gtest/gtest.h>
#include <imgui_internal.h>

#include <chrono>
#include <cstring>

#include "render/pen_input.h"
#include "tests/ui/display_hands.h"
#include "tests/ui/interface_bench.h"

namespace likeness::test {
namespace {

class Input : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(hands.there()) << "run it with xvfb-run";
        StudioAppOptions options;
        options.fixed_size = true;
        options.surface.scale = 1;
        options.theme = "dark";
        options.studio.folders = {folder.path / "settings", folder.path / "state"};
        options.studio.device = "cpu";
        auto made = StudioApp::create(std::move(options));
        ASSERT_TRUE(made) << made.error().message;
        app = *std::move(made);
        app->interface().dialogs().use_native(false);
        ASSERT_TRUE(app->studio().execute("file.open", {{"path", sample_avatar().string()}}));
        ASSERT_TRUE(run_until([&] { return app->studio().idle() && app->viewport().settled(); }, 60));
        int width = 0, height = 0;
        bool maximised = false;
        int x = 0, y = 0;
        app->surface().place(x, y, width, height, maximised);
        corner = {float(x), float(y)};
        move(middle_of_view()).flush();
        rest();
    }
    // The program's own loop: frames are drawn as they are owed.
    bool run_until(const std::function<bool()>& condition, double limit = 8) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(limit);
        while (!condition()) {
            if (std::chrono::steady_clock::now() > end || !app->frame()) return condition();
        }
        return true;
    }
    void rest(double limit = 0.6) {
        run_until([] { return false; }, limit);
    }
    ImRect window(const char* name) const {
        for (const ImGuiWindow* w : ImGui::GetCurrentContext()->Windows)
            if (w->WasActive && std::strstr(w->Name, name)) return w->Rect();
        ADD_FAILURE() << "no window " << name;
        return {};
    }
    ImVec2 middle_of_view() const {
        const ImRect rect = window("###Viewport");
        return corner + rect.Min + ImVec2(0.5f, 0.6f) * rect.GetSize();
    }
    Hands& move(const ImVec2& to) { return hands.move(to.x, to.y); }
    bool tooltip_shown() const {
        for (const ImGuiWindow* w : ImGui::GetCurrentContext()->Windows)
            if ((w->Flags & ImGuiWindowFlags_Tooltip) && w->WasActive && !w->Hidden) return true;
        return false;
    }
    const ViewState& view() const { return app->studio().view(); }

    TemporaryFolder folder{"input"};
    Hands hands;
    std::unique_ptr<StudioApp> app;
    ImVec2 corner;
};

TEST_F(Input, TapsOfOneFrameAllCount) {
    int changes = 0;
    bool before = view().grid;
    for (int i = 0; i < 5; ++i) hands.tap(XK_g);
    hands.flush();
    EXPECT_TRUE(run_until([&] {
        if (view().grid != before) ++changes;
        before = view().grid;
        return changes == 5;
    })) << changes;
    rest();
    // Rolled over: the second goes down before the first is up.
    hands.press(XK_g).press(XK_l).release(XK_g).release(XK_l).flush();
    EXPECT_TRUE(run_until([&] { return !view().grid && view().landmarks; }));
}

TEST_F(Input, AModifierBelongsToTheKeyThatItWasHeldWith) {
    Studio& studio = app->studio();
    ASSERT_TRUE(studio.execute("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.5}}));
    const HeadPose posed = *studio.document().state.pose;
    const HeadPose neutral = HeadPose::neutral(*studio.document().model());
    hands.press(XK_Control_L).flush();
    rest();
    hands.press(XK_0).release(XK_Control_L).release(XK_0).flush();
    EXPECT_TRUE(run_until([&] { return *studio.document().state.pose == neutral; })) << "Ctrl+0";
    EXPECT_FALSE(view().source_camera) << "not 0";
    ASSERT_TRUE(studio.execute("edit.undo"));
    hands.press(XK_0).press(XK_Control_L).release(XK_0).release(XK_Control_L).flush();
    EXPECT_TRUE(run_until([&] { return view().source_camera; })) << "0";
    EXPECT_EQ(*studio.document().state.pose, posed) << "not Ctrl+0";
}

TEST_F(Input, AWordTypedIntoThePaletteThatOpensIsWhole) {
    hands.press(XK_Control_L).tap(XK_p).release(XK_Control_L).type("statistics").tap(XK_Return).flush();
    EXPECT_TRUE(run_until([&] { return view().statistics; }));
    EXPECT_FALSE(app->interface().command_palette().is_open());
    EXPECT_EQ(view().mode, ViewMode::splats) << "letters of the word are no shortcuts";
    EXPECT_FALSE(view().grid || view().landmarks || view().compare != CompareMode::off);
}

TEST_F(Input, ADragOfOneFrameTurnsTheView) {
    const ImVec2 at = middle_of_view();
    move(at).press_button();
    move(at + ImVec2(60, 0));
    move(at + ImVec2(120, 0)).release_button().flush();
    EXPECT_TRUE(run_until([&] { return view().yaw < -0.5f; })) << view().yaw;
}

TEST_F(Input, APointerThatJumpsAndClicksPressesTheButton) {
    const ImRect bar = window("toolbar");
    const float side = bar.GetHeight();
    // The last two before the camera are those of the comparison.
    move(corner + ImVec2(bar.Max.x - 2.2f * side, bar.GetCenter().y)).press_button().release_button().flush();
    EXPECT_TRUE(run_until([&] { return view().compare != CompareMode::off; }));
    const CompareMode mode = view().compare;
    rest(0.3);
    EXPECT_EQ(view().compare, mode) << "once";
}

TEST_F(Input, APointerThatJumpsAndRestsIsAnswered) {
    const ImRect bar = window("toolbar"), training = window("###Training"), sliders = window("###Expression/sliders");
    const ImVec2 button = {bar.Max.x - 0.6f * bar.GetHeight(), bar.GetCenter().y};
    const ImVec2 slider = {sliders.GetCenter().x, sliders.Min.y + 60};
    const ImVec2 train = {training.Min.x + 40, training.Min.y + 48};
    EXPECT_FALSE(tooltip_shown());
    for (const double idle : {0.1, 0.8})
        for (const ImVec2& at : {button, slider, train}) {
            move(corner + at).flush();
            EXPECT_TRUE(run_until([&] { return tooltip_shown(); }, 6)) << at.x << ", " << at.y << " after " << idle;
            rest(idle);
            move(middle_of_view()).flush();
            EXPECT_TRUE(run_until([&] { return !tooltip_shown(); }, 6));
            rest(idle);
        }
    const std::uint64_t frames = app->frames();
    rest(1.5);
    EXPECT_LE(app->frames(), frames + 3) << "at rest nothing is owed";
}

// XTest's pointer is a device as a mouse is one: the X Input Extension is asked, and finds no pen.
TEST_F(Input, WithoutAPenThePointerPressesInFull) {
    const auto pens = open_pen_input();
    if (!pens) GTEST_SKIP() << "a build without libxi";
    EXPECT_TRUE(pens->devices().empty());
    move(middle_of_view() + ImVec2(30, 10)).flush();
    rest(0.2);
    EXPECT_FALSE(pens->poll().pen);
    EXPECT_EQ(pens->poll().pressure, 1);
    EXPECT_EQ(app->studio().paint().pressure(), 1);
}

}  // namespace
}  // namespace likeness::test
