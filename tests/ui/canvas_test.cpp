// The canvas: painting on the unwrapped head, panning and zooming, and what it shares with the viewport.
#include <imgui_internal.h>

#include <algorithm>

#include "core/image/ops.h"
#include "core/image/save.h"
#include "tests/ui/interface_bench.h"
#include "ui/icons.h"

namespace likeness::test {
namespace {

class Canvas : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(bench.studio().execute("file.open", {{"path", sample_avatar().string()}}));
        ASSERT_TRUE(bench.settle());
        bench.app->interface().show_panel("Canvas");
        ASSERT_TRUE(bench.settle());
    }
    const PaintStack& stack() { return *bench.studio().document().avatar().paint; }
    const CanvasState& state() { return bench.studio().canvas().state(); }
    ImVec2 middle() {
        const ImGuiWindow* window = ImGui::FindWindowByName("Canvas###Canvas");
        return {window->Pos.x + 0.5f * window->Size.x, window->Pos.y + 0.5f * window->Size.y};
    }
    Image picture() {
        const ImGuiWindow* window = ImGui::FindWindowByName("Canvas###Canvas");
        return crop(bench.picture(), int(window->Pos.x), int(window->Pos.y), int(window->Size.x), int(window->Size.y));
    }
    // Of the place under the pointer.
    std::optional<Eigen::Vector2f> pointed() {
        const auto place = bench.studio().canvas().pointed(true);
        if (!place) return {};
        return atlas_position(bench.studio().document().avatar(), *place);
    }
    // To be looked at.
    static void save(const Image& picture, const std::string& name) {
        const std::filesystem::path folder = LIKENESS_TEST_RESULTS;
        std::filesystem::create_directories(folder);
        EXPECT_TRUE(save_png(folder / (name + ".png"), composite_over(picture, {0, 0, 0})));
    }
    InterfaceBench bench;
};

TEST(CanvasPanel, IsClosedAtFirstAndOpenedByACommand) {
    InterfaceBench bench;
    const auto closed = [&] { return std::ranges::count(bench.studio().settings().closed_panels, "Canvas"); };
    EXPECT_EQ(closed(), 1);
    ASSERT_TRUE(bench.studio().execute("panel.canvas"));
    ASSERT_TRUE(bench.settle());
    EXPECT_EQ(closed(), 0);
}

TEST_F(Canvas, ADragPaintsTheHead) {
    Studio& studio = bench.studio();
    const Image head = bench.app->viewport().read(), flat = picture();
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        const ImVec2 cheek = {middle().x - 30, middle().y + 10};
        ctx->MouseMoveToPos(cheek);
        ctx->KeyPress(ImGuiKey_B);
        IM_CHECK_EQ(int(studio.paint().tool()), int(PaintTool::brush));
        const float size = studio.paint().brush().size, hardness = studio.paint().brush().hardness;
        ctx->KeyPress(ImGuiKey_RightBracket);
        IM_CHECK(studio.paint().brush().size > size);
        ctx->KeyPress(ImGuiKey_RightBracket | ImGuiMod_Shift);
        IM_CHECK(studio.paint().brush().hardness > hardness);
        ctx->MouseMoveToPos(cheek);
        IM_CHECK(pointed().has_value());
        ctx->MouseDragWithDelta({60, 14});
        ctx->Yield(2);
        IM_CHECK_EQ(int(stack().layers.size()), 1);
        IM_CHECK(stack().layers[0].texels && !stack().layers[0].texels->empty());
        IM_CHECK_EQ(int(studio.history().position()), 1);
        IM_CHECK_EQ(state().zoom, 1.0f);
        IM_CHECK_EQ(state().middle.x(), 0.5f);
        ctx->MouseMoveToPos({4, 4});
    }));
    ASSERT_TRUE(bench.settle());
    EXPECT_GT(difference(head, bench.app->viewport().read()), 0.0005) << "it is on the head";
    EXPECT_GT(difference(flat, picture()), 0.002) << "and in the canvas";
    ASSERT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->MouseMoveToPos(middle());
        ctx->KeyPress(ImGuiKey_Z | ImGuiMod_Ctrl);
        IM_CHECK_EQ(int(studio.history().position()), 0);
        ctx->MouseMoveToPos({4, 4});
    }));
    ASSERT_TRUE(bench.settle());
    EXPECT_LT(difference(head, bench.app->viewport().read()), 0.0001);
    EXPECT_LT(difference(flat, picture()), 0.0005);
}

TEST_F(Canvas, AStrokeBeginsWhereItComesOntoAChart) {
    Studio& studio = bench.studio();
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        const ImGuiWindow* window = ctx->GetWindowByRef("//###Canvas");
        ctx->MouseMoveToPos({window->Pos.x + 4, middle().y});
        ctx->KeyPress(ImGuiKey_B);
        IM_CHECK(!pointed().has_value());
        ctx->MouseDown();
        ctx->Yield(2);
        IM_CHECK_EQ(int(stack().layers.size()), 0);
        ctx->MouseMoveToPos({middle().x - 20, middle().y + 10});
        ctx->Yield(2);
        ctx->MouseMoveToPos({middle().x + 20, middle().y + 10});
        ctx->MouseUp();
        ctx->Yield(2);
        IM_CHECK_EQ(int(stack().layers.size()), 1);
        IM_CHECK_EQ(int(studio.history().position()), 1);
        // Esc lets one go, also while the viewport looks at the keys first.
        ctx->MouseMoveToPos({middle().x - 20, middle().y + 20});
        ctx->MouseDown();
        ctx->MouseMoveToPos({middle().x + 20, middle().y + 20});
        ctx->KeyPress(ImGuiKey_Escape);
        ctx->MouseUp();
        ctx->Yield(2);
        IM_CHECK_EQ(int(studio.history().position()), 1);
        IM_CHECK_EQ(int(studio.paint().tool()), int(PaintTool::brush));
    }));
}

TEST_F(Canvas, PansAndZoomsAtThePointer) {
    Studio& studio = bench.studio();
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        const ImVec2 cheek = {middle().x - 30, middle().y + 10};
        ctx->MouseMoveToPos(cheek);
        ctx->KeyPress(ImGuiKey_B);
        ctx->Yield(2);
        const auto before = pointed();
        IM_CHECK(before.has_value());
        for (int i = 0; i < 4; ++i) ctx->MouseWheelY(1);
        ctx->Yield(2);
        IM_CHECK(state().zoom > 1.5f);
        IM_CHECK(pointed() && (*pointed() - *before).norm() < 4e-3f);
        const Eigen::Vector2f at = state().middle;
        ctx->MouseDragWithDelta({40, 0}, ImGuiMouseButton_Middle);
        IM_CHECK(state().middle.x() < at.x() - 0.02f);
        IM_CHECK_EQ(int(stack().layers.size()), 0);
        // Space and a drag move it too, and no tool works then.
        ctx->MouseMoveToPos(cheek);
        const float x = state().middle.x();
        ctx->KeyDown(ImGuiKey_Space);
        ctx->MouseDragWithDelta({-40, 0});
        ctx->KeyUp(ImGuiKey_Space);
        IM_CHECK(state().middle.x() > x + 0.02f);
        IM_CHECK_EQ(int(stack().layers.size()), 0);
        ctx->MouseMoveToPos(cheek);
        const float yaw = studio.view().yaw = 0.5f;
        ctx->KeyPress(ImGuiKey_Home);
        ctx->Yield(2);
        IM_CHECK_EQ(state().zoom, 1.0f);
        IM_CHECK_EQ(state().middle.x(), 0.5f);
        IM_CHECK_EQ(studio.view().yaw, yaw);  // the key was the canvas'
        studio.view().yaw = 0;
    }));
}

TEST_F(Canvas, SharesThePointerWithTheViewport) {
    Studio& studio = bench.studio();
    ASSERT_TRUE(studio.execute("paint.use_brush"));
    ASSERT_TRUE(studio.execute("paint.brush", {{"size", 30.0}}));
    const auto point_at = [&](float x, float y) {
        ImGui::GetIO().AddMousePosEvent(x, y);
        for (int i = 0; i < 4; ++i) bench.app->draw();
    };
    const ImGuiWindow* view = ImGui::FindWindowByName("###Viewport");
    const Image without = bench.picture();
    point_at(view->Pos.x + 0.5f * view->Size.x + 40, view->Pos.y + 0.55f * view->Size.y);
    EXPECT_TRUE(studio.canvas().pointed(false));
    EXPECT_FALSE(studio.canvas().pointed(true));
    const Image from_view = bench.picture();
    point_at(middle().x + 60, middle().y + 30);
    EXPECT_TRUE(studio.canvas().pointed(true));
    EXPECT_FALSE(studio.canvas().pointed(false));
    const Image from_canvas = bench.picture();
    save(from_view, "canvas-from-viewport");
    save(from_canvas, "canvas-pointer");
    // The other one shows the brush.
    const auto part = [](const Image& of, const ImGuiWindow* window) {
        return crop(of, int(window->Pos.x), int(window->Pos.y) + 60, int(window->Size.x), int(window->Size.y) - 60);
    };
    const ImGuiWindow* flat = ImGui::FindWindowByName("###Canvas");
    EXPECT_GT(difference(part(without, flat), part(from_view, flat)), 0.0002);
    EXPECT_GT(difference(part(without, view), part(from_canvas, view)), 0.0002);
    point_at(4, 4);
    EXPECT_FALSE(studio.canvas().pointed(true));
}

TEST_F(Canvas, ButtonsChooseWhatIsShown) {
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->SetRef(ctx->WindowInfo("//###Canvas/bar").ID);
        ctx->ItemClick("Hair");
        IM_CHECK_EQ(state().square, 1);
        ctx->ItemClick("Mask");
        IM_CHECK_EQ(int(state().content), int(CanvasContent::mask));
        ctx->ItemClick("seams/" ICON_FA_DRAW_POLYGON "##seams");
        IM_CHECK(!state().seams);
    }));
}

}  // namespace
}  // namespace likeness::test
