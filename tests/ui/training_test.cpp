// The main job through the interface: a portrait is dropped, appears, trains; and what may happen meanwhile.
#include "tests/ui/interface_bench.h"
#include "ui/icons.h"

namespace likeness::test {
namespace {

bool training(const Studio& studio) { return studio.training().state == TrainingState::running; }

TEST(Training, DroppedPortraitAppearsAndImproves) {
    InterfaceBench bench;
    Studio& studio = bench.studio();
    bench.app->surface().drop({sample_portrait()});
    ASSERT_TRUE(bench.draw_until([&] { return !studio.scene().empty() && training(studio); }, 180));
    ASSERT_TRUE(bench.draw_until([&] { return studio.training().curve.size() >= 2; }, 180));
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        // It is turned and made to smile while it trains.
        ctx->SetRef(ctx->WindowInfo("//###Expression/sliders").ID);
        ctx->ItemDragWithDelta("mouthSmileLeft/##value", {60, 0});
        IM_CHECK(training(studio));
        ctx->ItemClick((std::string("//###Training/") + ICON_FA_PAUSE + "  Pause").c_str());
        IM_CHECK(wait_until(
            ctx, [&] { return studio.training().state == TrainingState::paused; }, 60));
        ctx->ItemClick((std::string("//###Training/") + ICON_FA_PLAY + "  Resume").c_str());
        IM_CHECK(wait_until(
            ctx, [&] { return training(studio); }, 60));
    }));
    // The window takes other sizes meanwhile.
    for (const auto& [width, height] : {std::pair{700, 480}, {1900, 1000}, {1280, 800}}) {
        bench.app->surface().resize(width, height);
        for (int i = 0; i < 4; ++i) {
            bench.app->frame(0);
            bench.app->draw();
        }
    }
    EXPECT_TRUE(training(studio));
    ASSERT_TRUE(studio.execute("train.stop"));
    EXPECT_TRUE(bench.draw_until([&] { return studio.training().state == TrainingState::finished; }, 60));
    EXPECT_TRUE(studio.document().has_avatar());
}

TEST(Training, SourceDeletedMeanwhileChangesNothing) {
    InterfaceBench bench;
    Studio& studio = bench.studio();
    const std::filesystem::path portrait = bench.folder.path / "person.png";
    std::filesystem::copy_file(sample_portrait(), portrait);
    ASSERT_TRUE(studio.execute("file.open", {{"path", portrait.string()}}));
    ASSERT_TRUE(bench.draw_until([&] { return training(studio); }, 180));
    std::filesystem::remove(portrait);
    const std::size_t seen = studio.training().curve.size();
    EXPECT_TRUE(bench.draw_until([&] { return studio.training().curve.size() > seen; }, 120));
    EXPECT_FALSE(studio.messages().dialog());
}

TEST(Training, OpeningCanBeCancelled) {
    InterfaceBench bench;
    Studio& studio = bench.studio();
    ASSERT_TRUE(studio.execute("file.open", {{"path", sample_portrait().string()}}));
    bench.app->draw();
    ASSERT_TRUE(studio.execute("task.cancel_all"));
    EXPECT_TRUE(bench.draw_until([&] { return studio.jobs().idle(); }, 120));
    for (int i = 0; i < 5; ++i) bench.app->draw();
    // And begun again.
    ASSERT_TRUE(studio.execute("file.open", {{"path", sample_avatar().string()}, {"discard", true}}));
    EXPECT_TRUE(bench.draw_until([&] { return studio.document().has_avatar(); }));
}

}  // namespace
}  // namespace likeness::test
