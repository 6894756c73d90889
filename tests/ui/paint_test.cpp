// Painting in the viewport with the mouse.
#include <imgui_internal.h>

#include "tests/ui/interface_bench.h"

namespace likeness::test {
namespace {

ImVec2 cheek(ImGuiTestContext* context) {
    const ImGuiWindow* window = context->GetWindowByRef("//###Viewport");
    return {window->Pos.x + 0.5f * window->Size.x - 20, window->Pos.y + 0.56f * window->Size.y};
}

class PaintInViewport : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(bench.studio().execute("file.open", {{"path", sample_avatar().string()}}));
        ASSERT_TRUE(bench.settle());
    }
    const PaintStack& stack() { return *bench.studio().document().avatar().paint; }
    InterfaceBench bench;
};

TEST_F(PaintInViewport, ADragPaintsAndEscTurnsTheViewAgain) {
    Studio& studio = bench.studio();
    const Image before = bench.app->viewport().read();
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->MouseMoveToPos(cheek(ctx));
        ctx->KeyPress(ImGuiKey_B);
        IM_CHECK_EQ(int(studio.paint().tool()), int(PaintTool::brush));
        const float size = studio.paint().brush().size;
        ctx->KeyPress(ImGuiKey_RightBracket);
        IM_CHECK(studio.paint().brush().size > size);
        ctx->MouseMoveToPos(cheek(ctx));
        ctx->MouseDragWithDelta({40, 20});
        ctx->Yield(2);
        IM_CHECK_EQ(studio.view().yaw, 0.0f);
        IM_CHECK_EQ(int(stack().layers.size()), 1);
        IM_CHECK(stack().layers[0].texels && !stack().layers[0].texels->empty());
        IM_CHECK_EQ(int(studio.history().position()), 1);
        // The right button turns the view meanwhile.
        ctx->MouseMoveToPos(cheek(ctx));
        ctx->MouseDragWithDelta({60, 0}, ImGuiMouseButton_Right);
        IM_CHECK(studio.view().yaw < -0.1f);
        studio.view().yaw = studio.view().pitch = 0;
        studio.redraw();
        ctx->KeyPress(ImGuiKey_Escape);
        IM_CHECK_EQ(int(studio.paint().tool()), int(PaintTool::select));
        ctx->MouseMoveToPos(cheek(ctx));
        ctx->MouseDragWithDelta({60, 0});
        IM_CHECK(studio.view().yaw < -0.1f);
        IM_CHECK_EQ(int(studio.history().position()), 1);
        studio.view().yaw = studio.view().pitch = 0;
        studio.redraw();
    }));
    ASSERT_TRUE(bench.settle());
    EXPECT_GT(difference(before, bench.app->viewport().read()), 0.0005) << "the stroke is seen";
    ASSERT_TRUE(studio.execute("edit.undo"));
    ASSERT_TRUE(bench.settle());
    EXPECT_LT(difference(before, bench.app->viewport().read()), 0.0001);
}

TEST_F(PaintInViewport, EscLetsAStrokeGo) {
    Studio& studio = bench.studio();
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->MouseMoveToPos(cheek(ctx));
        ctx->KeyPress(ImGuiKey_B);
        ctx->MouseDown();
        ctx->MouseMoveToPos({cheek(ctx).x + 30, cheek(ctx).y});
        IM_CHECK_EQ(int(stack().layers.size()), 1);
        ctx->KeyPress(ImGuiKey_Escape);
        ctx->MouseUp();
        ctx->Yield(2);
        IM_CHECK_EQ(int(stack().layers.size()), 0);
        IM_CHECK_EQ(int(studio.history().position()), 0);
        IM_CHECK_EQ(int(studio.paint().tool()), int(PaintTool::brush));
    }));
}

}  // namespace
}  // namespace likeness::test
