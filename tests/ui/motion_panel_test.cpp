// A motion that plays is edited: what is added shows as a row, and pictures at rest are whole.
#include "core/image/save.h"
#include "core/motion/motion_track.h"
#include "tests/ui/interface_bench.h"
#include "ui/icons.h"

namespace likeness::test {
namespace {

class MotionPanelTest : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(studio.execute("file.open", {{"path", sample_avatar().string()}}));
        ASSERT_TRUE(bench.settle());
        studio.motions().play(std::make_shared<RecordedMotion>(*parse_motion(
                                  R"({"names": ["jawOpen", "browInnerUp"], "fps": 30, "frames": [[0, 0.2], [0.1, 0.2],
                                      [0.2, 0.2], [0.3, 0.2], [0.3, 0.2], [0.2, 0.2], [0.1, 0.2], [0, 0.2]]})",
                                  "talk")),
                              "talk.json");
        ASSERT_TRUE(bench.settle());
    }
    float shown(const char* name) { return studio.shown_pose().controls[studio.document().model()->control(name)]; }

    InterfaceBench bench;
    Studio& studio = bench.studio();
};

TEST_F(MotionPanelTest, ASliderThatIsDraggedWhileItPlaysBecomesARow) {
    ASSERT_TRUE(studio.execute("motion.play"));
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        IM_CHECK(!ctx->ItemExists("//###Motion/added"));
        ctx->SetRef(ctx->WindowInfo("//###Expression/sliders").ID);
        ctx->ItemInput("browInnerUp/##value");
        ctx->KeyCharsReplaceEnter("0.7");
        ctx->Yield(4);
        IM_CHECK(studio.motion().playing());
        IM_CHECK(ctx->ItemExists("//###Motion/added"));
    }));
    EXPECT_NEAR(shown("browInnerUp"), 0.7f, 1e-4f);
    (void)save_png(std::filesystem::path(LIKENESS_TEST_RESULTS) / "motion-added.png", bench.picture());
    EXPECT_EQ(studio.history().entries().back().title, "Expression: browInnerUp");
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->ItemClick("//###Motion/added");
        ctx->Yield(3);
        ctx->ItemInput("//$FOCUSED/browInnerUp/amount/##value");
        ctx->KeyCharsReplaceEnter("0.25");
        ctx->Yield(2);
    }));
    EXPECT_NEAR(shown("browInnerUp"), 0.45f, 0.02f) << "0.2 as this face makes it, and 0.25";
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->KeyPress(ImGuiKey_Escape);
        ctx->ItemClick("//###Motion/clear added/" ICON_FA_XMARK "##clear added");
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists("//###Motion/added"));
    }));
    EXPECT_NEAR(shown("browInnerUp"), 0.2f, 0.02f);
}

TEST_F(MotionPanelTest, ItsRateIsCountedAndAPausedPictureIsWhole) {
    ASSERT_TRUE(studio.execute("motion.play"));
    EXPECT_TRUE(bench.draw_until([&] { return studio.motion().rate().frames() > 20; }));
    EXPECT_GT(studio.motion().rate().per_second(studio.now()), 0.5);
    ASSERT_TRUE(studio.execute("motion.pause"));
    ASSERT_TRUE(bench.settle());
    EXPECT_EQ(bench.app->viewport().statistics().resolution, 1);
    const std::uint64_t frames = studio.motion().rate().frames();
    // A step is a picture of its own, whole as well.
    ASSERT_TRUE(studio.execute("motion.step"));
    ASSERT_TRUE(bench.settle());
    EXPECT_EQ(bench.app->viewport().statistics().resolution, 1);
    EXPECT_LE(studio.motion().rate().frames(), frames) << "nothing plays";
}

}  // namespace
}  // namespace likeness::test
