// Stickers in the viewport: dropped on the face, moved by their handles.
#include <imgui_internal.h>

#include <fstream>

#include "core/base/paths.h"
#include "core/image/save.h"
#include "tests/ui/interface_bench.h"
#include "ui/icons.h"

namespace likeness::test {
namespace {

using Handle = ui::StickerGizmo::Handle;

ImVec2 in_viewport(ImGuiTestContext* context, float x, float y) {
    const ImGuiWindow* window = context->GetWindowByRef("//###Viewport");
    return {window->Pos.x + x * window->Size.x, window->Pos.y + y * window->Size.y};
}
ImVec2 cheek(ImGuiTestContext* context) { return in_viewport(context, 0.46f, 0.56f); }
ImVec2 background(ImGuiTestContext* context) { return in_viewport(context, 0.08f, 0.6f); }

class StickersInViewport : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(bench.studio().execute("file.open", {{"path", sample_avatar().string()}}));
        ASSERT_TRUE(bench.settle());
        Image dot(40, 20, 4, 1.0f);
        for (int i = 0; i < 40 * 20; ++i) dot.pixels[std::size_t(4 * i)] = 0;
        ASSERT_TRUE(save_png(file("full.png"), dot));
        dot.at(0, 0)[3] = 0;
        ASSERT_TRUE(save_png(file("dot.png"), dot));
    }
    std::filesystem::path file(const char* name) const { return bench.folder.path / name; }
    const PaintStack& stack() { return *bench.studio().document().avatar().paint; }
    const Sticker& sticker() { return *stack().layers.back().sticker; }
    ImVec2 handle(Handle handle, int which = 0) { return gizmo().place_of(handle, which); }
    const ui::StickerGizmo& gizmo() { return bench.app->interface().viewport().sticker_gizmo(); }
    void drop(ImGuiTestContext* ctx, const ImVec2& at, const std::filesystem::path& what) {
        ctx->MouseMoveToPos(at);
        bench.app->surface().drop({what});
        ctx->Yield(3);
    }
    bool placed(ImGuiTestContext* ctx, std::size_t layers = 1) {
        const bool there = wait_until(ctx, [&] { return stack().layers.size() == layers; });
        ctx->Yield(3);
        return there;
    }
    InterfaceBench bench;
};

TEST_F(StickersInViewport, APictureDroppedOnTheFaceLiesThere) {
    Studio& studio = bench.studio();
    const std::uint64_t document = studio.document().id;
    const Image before = bench.app->viewport().read();
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        drop(ctx, cheek(ctx), file("dot.png"));
        IM_CHECK(placed(ctx));
        IM_CHECK(studio.stickers().handles());
        IM_CHECK_EQ(int(studio.history().position()), 1);
        IM_CHECK(std::abs(sticker().width - 40e-3f) < 1e-6f);
        const ImVec2 middle = handle(Handle::inside), at = cheek(ctx);
        IM_CHECK(std::hypot(middle.x - at.x, middle.y - at.y) < 2);
    }));
    ASSERT_TRUE(bench.settle());
    EXPECT_GT(difference(before, bench.app->viewport().read()), 0.001);
    EXPECT_EQ(studio.document().id, document);
    ASSERT_TRUE(studio.execute("edit.undo"));
    EXPECT_TRUE(stack().layers.empty());
}

TEST_F(StickersInViewport, OfAPictureWithoutTransparentPartsOneIsAsked) {
    Studio& studio = bench.studio();
    const std::uint64_t document = studio.document().id;
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        const auto asked = [&] {
            return wait_until(ctx, [&] { return ctx->ItemExists("//$FOCUSED/###Place as sticker"); });
        };
        drop(ctx, cheek(ctx), file("full.png"));
        IM_CHECK(asked());
        IM_CHECK(stack().layers.empty());
        ctx->KeyPress(ImGuiKey_Escape);
        ctx->Yield(3);
        IM_CHECK(!studio.stickers().dropped());
        IM_CHECK(stack().layers.empty());
        drop(ctx, cheek(ctx), file("full.png"));
        IM_CHECK(asked());
        ctx->ItemClick("//$FOCUSED/###Use as background");
        ctx->Yield(3);
        IM_CHECK(studio.view().background == BackgroundKind::picture);
        drop(ctx, cheek(ctx), file("full.png"));
        IM_CHECK(asked());
        ctx->ItemClick("//$FOCUSED/###Place as sticker");
        IM_CHECK(placed(ctx));
        IM_CHECK(!studio.stickers().dropped());
        IM_CHECK_EQ(studio.document().id, document);
        IM_CHECK_EQ(int(studio.history().position()), 1);
        // What was made would be lost: that is asked before it becomes the portrait.
        drop(ctx, cheek(ctx), file("full.png"));
        IM_CHECK(asked());
        ctx->ItemClick("//$FOCUSED/###Open as portrait");
        IM_CHECK(wait_until(ctx, [&] { return studio.question().has_value(); }));
    }));
}

TEST_F(StickersInViewport, BesideTheHeadItIsAPortraitAsEver) {
    Studio& studio = bench.studio();
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        const std::uint64_t document = studio.document().id;
        drop(ctx, background(ctx), file("dot.png"));
        IM_CHECK(wait_until(ctx, [&] { return studio.document().id != document; }));
    }));
}

TEST_F(StickersInViewport, AnSvgDroppedOnTheFaceIsDrawn) {
    if (find_companion("likeness-svg").empty()) GTEST_SKIP() << "this build has no librsvg";
    Studio& studio = bench.studio();
    std::ofstream(file("round.svg"))
        << R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4" fill="lime"/></svg>)";
    std::ofstream(file("bad.svg")) << "<svg";
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        drop(ctx, cheek(ctx), file("round.svg"));
        IM_CHECK(placed(ctx));
        IM_CHECK_STR_EQ(stack().layers[0].name.c_str(), "round");
        drop(ctx, background(ctx), file("round.svg"));
        IM_CHECK(wait_until(ctx, [&] { return studio.messages().dialog().has_value(); }));
        IM_CHECK(studio.messages().dialog()->message.find("on the head") != std::string::npos);
        ctx->ItemClick("//###error/Close");
        ctx->Yield(3);
        drop(ctx, cheek(ctx), file("bad.svg"));
        IM_CHECK(wait_until(ctx, [&] { return studio.messages().dialog().has_value(); }));
        IM_CHECK(studio.messages().dialog()->message.find("bad.svg") != std::string::npos);
        IM_CHECK_EQ(int(stack().layers.size()), 1);
    }));
}

TEST_F(StickersInViewport, HandlesMoveTurnScaleAndWarp) {
    Studio& studio = bench.studio();
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        drop(ctx, cheek(ctx), file("dot.png"));
        IM_CHECK(placed(ctx));
        const auto pull = [&](const ImVec2& from, const ImVec2& way) {
            ctx->MouseMoveToPos(from);
            ctx->MouseDragWithDelta(way);
            ctx->Yield(2);
        };
        // Inside: it goes along, and the view stays.
        const ImVec2 was = handle(Handle::inside);
        pull(was, {24, -12});
        IM_CHECK(std::hypot(handle(Handle::inside).x - was.x - 24, handle(Handle::inside).y - was.y + 12) < 2);
        IM_CHECK_EQ(studio.view().yaw, 0.0f);
        IM_CHECK_EQ(int(studio.history().position()), 2);
        // A corner: larger, of the same shape.
        const ImVec2 middle = handle(Handle::inside), corner = handle(Handle::corner, 3);
        pull(corner, {0.5f * (corner.x - middle.x), 0.5f * (corner.y - middle.y)});
        IM_CHECK(std::abs(sticker().width - 60e-3f) < 3e-3f);
        IM_CHECK_EQ(sticker().stretch, 1.0f);
        IM_CHECK_EQ(int(studio.history().position()), 3);
        // The ring: from above the middle to its left.
        const ImVec2 ring = handle(Handle::ring), now = handle(Handle::inside);
        const float length = std::hypot(ring.x - now.x, ring.y - now.y);
        pull(ring, {now.x - length - ring.x, now.y - ring.y});
        IM_CHECK(sticker().angle > 1.2f && sticker().angle < 2.0f);
        IM_CHECK_EQ(int(studio.history().position()), 4);
        // A corner of the warp comes where it is pulled.
        IM_CHECK(studio.execute("sticker.handles", {{"kind", "warp"}}).ok());
        ctx->Yield(2);
        const ImVec2 point = handle(Handle::warp, 0);
        pull(point, {10, 8});
        IM_CHECK(sticker().warp[0].norm() > 0.02f);
        IM_CHECK_EQ(sticker().warp[15].norm(), 0.0f);
        IM_CHECK(std::hypot(handle(Handle::warp, 0).x - point.x - 10, handle(Handle::warp, 0).y - point.y - 8) < 2);
        IM_CHECK_EQ(int(studio.history().position()), 5);
        // One step each.
        for (int i = 0; i < 4; ++i) IM_CHECK(studio.execute("edit.undo").ok());
        IM_CHECK_EQ(int(stack().layers.size()), 1);
        IM_CHECK(std::abs(sticker().width - 40e-3f) < 1e-6f);
        IM_CHECK_EQ(sticker().angle, 0.0f);
        IM_CHECK_EQ(sticker().warp[0].norm(), 0.0f);
    }));
}

TEST_F(StickersInViewport, EscLetsADragGoAndThenTheHandles) {
    Studio& studio = bench.studio();
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        drop(ctx, cheek(ctx), file("dot.png"));
        IM_CHECK(placed(ctx));
        const auto before = stack().layers[0].sticker;
        ctx->MouseMoveToPos(handle(Handle::inside));
        ctx->MouseDown();
        ctx->MouseMoveToPos({cheek(ctx).x + 30, cheek(ctx).y - 20});
        IM_CHECK(stack().layers[0].sticker != before);
        ctx->KeyPress(ImGuiKey_Escape);
        ctx->MouseUp();
        ctx->Yield(2);
        IM_CHECK(stack().layers[0].sticker == before);
        IM_CHECK_EQ(int(studio.history().position()), 1);
        IM_CHECK(studio.stickers().handles());
        ctx->KeyPress(ImGuiKey_Escape);
        IM_CHECK(!studio.stickers().handles());
        // A click on it brings them back, one beside it takes them away.
        ctx->MouseMoveToPos(cheek(ctx));
        ctx->MouseClick();
        ctx->Yield(2);
        IM_CHECK(studio.stickers().handles());
        ctx->MouseMoveToPos(background(ctx));
        ctx->MouseClick();
        ctx->Yield(2);
        IM_CHECK(!studio.stickers().handles());
    }));
}

TEST_F(StickersInViewport, TheProgramsOwnAreInTheLayersPanel) {
    if (find_companion("likeness-svg").empty()) GTEST_SKIP() << "this build has no librsvg";
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        bench.app->interface().show_panel("Layers");
        ctx->Yield(4);
        ctx->ItemClick("//###Layers/put/" ICON_FA_WAND_MAGIC_SPARKLES "##put");
        ctx->ItemClick("//$FOCUSED/Stickers");
        ctx->ItemClick("//###Menu_00/heart");
        IM_CHECK(placed(ctx));
        IM_CHECK_STR_EQ(stack().layers[0].name.c_str(), "Heart");
        IM_CHECK(std::abs(sticker().width - 22e-3f) < 1e-6f);
    }));
}

}  // namespace
}  // namespace likeness::test
