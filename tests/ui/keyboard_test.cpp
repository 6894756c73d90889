// What keys do wherever the focus is, and tooltips that keep out of the way.
#include <imgui_internal.h>

#include <cstring>
#include <fstream>

#include "tests/ui/interface_bench.h"
#include "ui/icons.h"

namespace likeness::test {
namespace {

bool tooltip_is_shown() {
    for (const ImGuiWindow* window : ImGui::GetCurrentContext()->Windows)
        if ((window->Flags & ImGuiWindowFlags_Tooltip) && window->WasActive && !window->Hidden) return true;
    return false;
}

class Keyboard : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(studio.execute("file.open", {{"path", sample_avatar().string()}}));
        ASSERT_TRUE(bench.settle());
    }
    void open_motion() {
        const std::filesystem::path track = bench.folder.path / "track.csv";
        std::ofstream(track) << "seconds,jawOpen\n0,0\n20,1\n40,0\n";
        ASSERT_TRUE(studio.execute("motion.open", {{"path", track.string()}}));
        ASSERT_TRUE(bench.draw_until([&] { return studio.motion().loaded() && studio.jobs().idle(); }));
    }
    InterfaceBench bench;
    Studio& studio = bench.studio();
};

TEST_F(Keyboard, SpacePlaysWhateverHasTheFocus) {
    open_motion();
    ASSERT_TRUE(studio.execute("part.show", {{"part", "hair"}, {"on", false}}));
    const auto toggles = [&](ImGuiTestContext* ctx) {
        const bool playing = studio.motion().playing();
        ctx->KeyPress(ImGuiKey_Space);
        ctx->Yield(2);
        return studio.motion().playing() != playing;
    };
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        IM_CHECK(toggles(ctx));
        // A button that the keyboard has chosen.
        ctx->NavMoveTo("//###Parts/Show all");
        IM_CHECK(ImGui::GetCurrentContext()->NavCursorVisible);
        IM_CHECK(toggles(ctx));
        IM_CHECK(studio.document().state.parts->hidden[std::size_t(SplatPart::hair)]);
        // Enter presses it.
        ctx->NavMoveTo("//###Parts/Show all");
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->Yield(2);
        IM_CHECK(!studio.document().state.parts->hidden[std::size_t(SplatPart::hair)]);
        // A slider that is held.
        ctx->SetRef(ctx->WindowInfo("//###Expression/sliders").ID);
        ctx->MouseMove("mouthSmileLeft/##value");
        ctx->MouseDown();
        IM_CHECK(toggles(ctx));
        ctx->MouseUp();
        // A menu that is open.
        ctx->MenuClick("//##MainMenuBar/View");
        IM_CHECK(toggles(ctx));
        ctx->PopupCloseAll();
        ctx->Yield(2);
        // A text: there it is a letter.
        const bool playing = studio.motion().playing();
        ctx->ItemInput("//###Expression/##search");
        ctx->KeyChars("a b");
        ctx->KeyPress(ImGuiKey_Space);
        ctx->Yield(2);
        IM_CHECK_EQ(studio.motion().playing(), playing);
        ctx->KeyPress(ImGuiKey_Escape);
        IM_CHECK(toggles(ctx));
    }));
}

TEST_F(Keyboard, NoTooltipCoversWhatIsDragged) {
    open_motion();
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        const auto hold_and_drag = [&](const char* item, float by) {
            ctx->MouseMove(item);
            IM_CHECK(wait_until(ctx, tooltip_is_shown, 20));
            ctx->MouseDown();
            for (int i = 0; i < 90; ++i) {
                if (i % 30 == 5) ctx->MouseMoveToPos(ImGui::GetIO().MousePos + ImVec2(by, 0));
                ctx->Yield();
                IM_CHECK(!tooltip_is_shown());
            }
            ctx->MouseUp();
        };
        ctx->SetRef(ctx->WindowInfo("//###Expression/sliders").ID);
        hold_and_drag("mouthSmileLeft/##value", 15);
        hold_and_drag("//###Motion/timeline", 15);
        bench.app->interface().show_panel("Pose");
        ctx->Yield(4);
        ctx->SetRef(ctx->WindowInfo("//###Pose/joints").ID);
        hold_and_drag("gaze", 8);
    }));
}

}  // namespace
}  // namespace likeness::test
