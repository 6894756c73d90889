// A driver's panels: gains by hand, frames that are left out, key poses on the timeline.
#include "core/image/save.h"
#include "core/media/video_writer.h"
#include "core/pipeline/video_stamp.h"
#include "tests/tracking/small_track.h"
#include "tests/ui/interface_bench.h"
#include "ui/icons.h"

namespace likeness::test {
namespace {

using enum FrameState;

class Reenact : public testing::Test {
  protected:
    // Ten frames of a grey video, as a track beside it says; the fifth has no face.
    void SetUp() override {
        const auto video = bench.folder.path / "somebody.mp4";
        auto writer = VideoWriter::create(video, 64, 64, 10);
        ASSERT_TRUE(writer);
        for (int n = 0; n < 10; ++n) ASSERT_TRUE((*writer)->add(Image(64, 64, 3, 0.2f + 0.05f * float(n))));
        ASSERT_TRUE((*writer)->finish());
        FaceTrack track =
            small_track({tracked, tracked, tracked, tracked, no_face, tracked, tracked, tracked, tracked, tracked});
        track.video_stamp = stamp_of(video);
        for (TrackedFrame& frame : track.frames) {
            frame.seconds -= 1;
            frame.error = 0.004f;
        }
        ASSERT_TRUE(save_track(bench.folder.path / "somebody.track", track));
        ASSERT_TRUE(studio.execute("file.open", {{"path", sample_avatar().string()}}));
        ASSERT_TRUE(bench.settle());
        ASSERT_TRUE(studio.execute("file.open", {{"path", video.string()}}));
        ASSERT_TRUE(bench.draw_until([&] { return studio.driver().driving() != nullptr; }));
        ASSERT_TRUE(studio.execute("motion.pause"));
        ASSERT_TRUE(bench.settle());
    }
    float gain(MotionGroup group) { return studio.motions().options().gain[std::size_t(group)]; }
    void keep_picture(const char* name) {
        (void)save_png(std::filesystem::path(LIKENESS_TEST_RESULTS) / name, bench.picture());
    }

    InterfaceBench bench;
    Studio& studio = bench.studio();
};

TEST_F(Reenact, ComesToTheFrontAndItsSlidersAreEditsOfTheirOwn) {
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->SetRef(ctx->WindowInfo("//###Reenact/retargeting").ID);
        ctx->ItemDragWithDelta("brows/##value", {40, 0});
        IM_CHECK(gain(MotionGroup::brows) > 1.2f);
        IM_CHECK_EQ(int(studio.history().entries().size()), 1);
        ctx->ItemDoubleClick("brows/##value");
        ctx->Yield(2);
        IM_CHECK_EQ(gain(MotionGroup::brows), 1.0f);
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_Z);
        IM_CHECK(gain(MotionGroup::brows) > 1.2f);
    }));
    keep_picture("reenact.png");
}

TEST_F(Reenact, FramesThatAreDraggedOverAreLeftOutAndAClickGoesThere) {
    ASSERT_TRUE(studio.execute("panel.video"));
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->Yield(6);
        const ImGuiTestItemInfo chart = ctx->ItemInfo("//###Video/errors");
        const auto x = [&](float frame) { return chart.RectFull.Min.x + frame / 10 * chart.RectFull.GetWidth(); };
        const float y = chart.RectFull.GetCenter().y;
        ctx->MouseMoveToPos({x(5.5f), y});
        ctx->MouseDown();
        ctx->MouseMoveToPos({x(7.5f), y});
        ctx->MouseUp();
        ctx->Yield(2);
        ctx->ItemClick("//###Video/drop/" ICON_FA_SCISSORS "##drop");
        ctx->Yield(2);
        IM_CHECK(studio.motions().edit().dropped == (std::vector<std::array<int, 2>>{{5, 8}}));
        ctx->MouseMoveToPos({x(2.5f), y});
        ctx->MouseClick();
        ctx->Yield(2);
        IM_CHECK(std::abs(studio.motion().time() - 0.25) < 0.02);
    }));
    keep_picture("video.png");
}

TEST_F(Reenact, KeyPosesAreDraggedAlongTheTimeline) {
    ASSERT_TRUE(studio.execute("motion.close"));
    ASSERT_TRUE(studio.execute("key.add"));
    ASSERT_TRUE(studio.execute("motion.seek", {{"seconds", 2.0}}));
    ASSERT_TRUE(studio.execute("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.7}}));
    ASSERT_TRUE(studio.execute("key.add"));
    ASSERT_TRUE(studio.execute("panel.motion"));
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->Yield(6);
        const float width = ctx->ItemInfo("//###Motion/timeline").RectFull.GetWidth();
        ctx->ItemDragWithDelta("//###Motion/$$1/key", {width / 5, 0});
        ctx->Yield(2);
        const auto& keys = studio.document().state.keys->keys;
        IM_CHECK_EQ(int(keys.size()), 2);
        IM_CHECK(std::abs(keys[1].seconds - 3) < 0.05);
        ctx->ItemClick("//###Motion/$$0/key");
        ctx->Yield(2);
        IM_CHECK_EQ(studio.motion().time(), 0.0);
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_Z);
        ctx->Yield(2);
        IM_CHECK(std::abs(studio.document().state.keys->keys[1].seconds - 2) < 1e-6);
    }));
    keep_picture("keys.png");
}

}  // namespace
}  // namespace likeness::test
