// Looking at the avatar: mouse, keys, what is drawn, and both ways of getting pictures to the screen.
#include <cmath>

#include "tests/ui/interface_bench.h"

namespace likeness::test {
namespace {

ImVec2 middle_of_view(ImGuiTestContext* context) {
    const ImGuiWindow* window = context->GetWindowByRef("//###Viewport");
    return {window->Pos.x + 0.5f * window->Size.x, window->Pos.y + 0.55f * window->Size.y};
}

class Viewport : public testing::Test {
  protected:
    void open() {
        ASSERT_TRUE(bench.studio().execute("file.open", {{"path", sample_avatar().string()}}));
        ASSERT_TRUE(bench.settle());
        ASSERT_TRUE(bench.studio().document().has_avatar());
    }
    InterfaceBench bench;
};

TEST_F(Viewport, MouseTurnsMovesZoomsAndPicks) {
    open();
    Studio& studio = bench.studio();
    ViewState& view = studio.view();
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->MouseMoveToPos(middle_of_view(ctx));
        ctx->MouseDragWithDelta({120, 40});
        IM_CHECK(view.yaw < -0.3f);  // dragged to the right: seen from the subject's right
        IM_CHECK(view.pitch > 0.1f);
        ctx->MouseMoveToPos(middle_of_view(ctx));
        ctx->MouseDragWithDelta({60, 0}, ImGuiMouseButton_Right);
        IM_CHECK(view.pan[0] > 0.01f);
        const float zoom = view.zoom;
        ctx->MouseMoveToPos(middle_of_view(ctx));
        ctx->MouseWheelY(2);
        IM_CHECK(view.zoom > zoom * 1.1f);
        ctx->KeyPress(ImGuiKey_F);
        IM_CHECK_EQ(view.zoom, 1.0f);
        IM_CHECK_EQ(view.pan[0], 0.0f);
        ctx->KeyPress(ImGuiKey_1);
        IM_CHECK(wait_until(
            ctx, [&] { return std::abs(view.yaw) < 1e-3f && std::abs(view.pitch) < 1e-3f; }, 20));
    }));
    ASSERT_TRUE(bench.settle());
    const auto click = [&] {
        EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
            ctx->MouseMoveToPos(middle_of_view(ctx));
            ctx->MouseClick();
            ctx->Yield(3);
        }));
    };
    click();
    EXPECT_FALSE(bench.app->interface().viewport().picked()) << "a click leaves nothing unless it was asked for";
    ASSERT_TRUE(studio.execute("view.points"));
    click();
    const auto& picked = bench.app->interface().viewport().picked();
    ASSERT_TRUE(picked);
    EXPECT_FALSE(picked->region.empty());
    EXPECT_GT(picked->position.z(), 0.0f);  // on the face's side
    ASSERT_TRUE(studio.execute("view.points"));
    bench.app->draw();
    EXPECT_FALSE(bench.app->interface().viewport().picked());
}

TEST_F(Viewport, EveryModeDrawsSomethingElse) {
    open();
    std::vector<Image> pictures;
    for (const char* mode : view_mode_names) {
        ASSERT_TRUE(bench.studio().execute("view.mode", {{"mode", mode}}));
        ASSERT_TRUE(bench.settle());
        pictures.push_back(bench.app->viewport().read());
        for (std::size_t i = 0; i + 1 < pictures.size(); ++i)
            EXPECT_GT(difference(pictures[i], pictures.back()), 0.01) << view_mode_names[i] << " and " << mode;
    }
}

TEST_F(Viewport, ComparisonShowsThePhotographWhereItBelongs) {
    open();
    ASSERT_TRUE(bench.studio().execute("pose.source"));
    ASSERT_TRUE(bench.studio().execute("view.compare", {{"mode", "wipe"}, {"wipe", 0.0}}));
    ASSERT_TRUE(bench.settle());
    const Image avatar = bench.app->viewport().read();
    ASSERT_TRUE(bench.studio().execute("view.compare", {{"mode", "wipe"}, {"wipe", 1.0}}));
    ASSERT_TRUE(bench.settle());
    const Image photograph = bench.app->viewport().read();
    EXPECT_GT(difference(avatar, photograph), 0.02);
    // The avatar was painted from the photograph: in the middle of the face they agree.
    double error = 0;
    int count = 0;
    for (int y = avatar.height * 4 / 10; y < avatar.height * 6 / 10; ++y)
        for (int x = avatar.width * 45 / 100; x < avatar.width * 55 / 100; ++x, ++count)
            for (int c = 0; c < 3; ++c)
                error += std::abs(double(avatar.at(x, y)[c]) - double(photograph.at(x, y)[c])) / 3;
    EXPECT_LT(error / count, 0.08);
}

TEST_F(Viewport, TurningTheViewEndsAComparisonAndSaysSo) {
    open();
    const ViewState& view = bench.studio().view();
    for (const ImGuiKeyChord keys : {ImGuiKeyChord(ImGuiKey_C), ImGuiMod_Shift | ImGuiKey_C}) {
        for (const char* how : {"drag", "wheel", "key"}) {
            EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
                ctx->KeyPress(keys);
                ctx->Yield(2);
                IM_CHECK(view.compare != CompareMode::off);
                IM_CHECK(view.source_camera);
            }));
            ASSERT_TRUE(bench.settle());
            EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
                ctx->MouseMoveToPos(middle_of_view(ctx) + ImVec2(100, 0));
                if (how == std::string("drag"))
                    ctx->MouseDragWithDelta({40, 0});
                else if (how == std::string("wheel"))
                    ctx->MouseWheelY(1);
                else
                    ctx->KeyPress(ImGuiKey_3);
                ctx->Yield(2);
                IM_CHECK_EQ(int(view.compare), int(CompareMode::off));
                IM_CHECK(!view.source_camera);
                IM_CHECK(bench.app->interface().viewport().noting());
            }));
        }
    }
    // What is said goes by itself.
    EXPECT_TRUE(bench.draw_until([&] { return !bench.app->interface().viewport().noting(); }, 20));
}

TEST_F(Viewport, BothPresentersShowTheSame) {
    open();
    bench.app->viewport().set_presenter("host");
    ASSERT_TRUE(bench.settle());
    const Image by_host = bench.app->viewport().read();
    bench.app->viewport().set_presenter("pixel_buffer");
    ASSERT_TRUE(bench.settle());
    EXPECT_EQ(bench.app->viewport().statistics().path_reason, "chosen by hand");
    EXPECT_LT(difference(by_host, bench.app->viewport().read()), 1e-4);
}

TEST_F(Viewport, StillViewSettlesAtFullResolution) {
    open();
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->MouseMoveToPos(middle_of_view(ctx));
        ctx->MouseDragWithDelta({80, 0});
    }));
    ASSERT_TRUE(bench.settle());
    EXPECT_EQ(bench.app->viewport().statistics().resolution, 1.0f);
    const std::uint64_t pictures = bench.app->viewport().pictures();
    for (int i = 0; i < 20; ++i) bench.app->draw();
    EXPECT_EQ(bench.app->viewport().pictures(), pictures) << "nothing changes, so nothing is rendered";
}

}  // namespace
}  // namespace likeness::test
