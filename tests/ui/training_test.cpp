// The main job through the interface: a portrait is dropped, appears, trains; and what may happen meanwhile.
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

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
        ctx->ItemOpen("//###Training/Time of a step");
        ctx->Yield(2);
        IM_CHECK(!studio.training().stages.empty());
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

// The cross beside a task in the status bar.
std::string cross_of(const JobInfo& job) {
    return "//##status/$$" + std::to_string(job.id) + "/end/" ICON_FA_XMARK "##end";
}

std::optional<JobInfo> running_job(const Studio& studio, const std::string& name, const std::string& stage = "") {
    for (const JobInfo& job : studio.jobs().list())
        if (job.state == JobState::running && job.name.find(name) != std::string::npos &&
            job.stage.find(stage) != std::string::npos)
            return job;
    return {};
}

TEST(Training, MinimisedItGoesOnAndNothingIsDrawn) {
    InterfaceBench bench;
    Studio& studio = bench.studio();
    ASSERT_TRUE(studio.execute("file.open", {{"path", sample_portrait().string()}}));
    ASSERT_TRUE(bench.draw_until([&] { return training(studio) && !studio.training().curve.empty(); }, 180));
    bench.app->surface().minimise(true);
    const int step = studio.training().step;
    const std::uint64_t frames = bench.app->frames();
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    while (studio.training().step < step + 10 && std::chrono::steady_clock::now() < end)
        ASSERT_TRUE(bench.app->frame());
    EXPECT_GE(studio.training().step, step + 10);
    EXPECT_EQ(bench.app->frames(), frames);
    bench.app->surface().minimise(false);
    const std::uint64_t pictures = bench.app->viewport().pictures();
    EXPECT_TRUE(bench.draw_until([&] { return bench.app->viewport().pictures() > pictures; })) << "what was missed";
    EXPECT_GT(bench.app->frames(), frames);
    EXPECT_FALSE(studio.messages().dialog());
}

TEST(Training, EveryStageCanBeCancelledByItsCross) {
    InterfaceBench bench;
    Studio& studio = bench.studio();
    const auto cancel = [&](const std::string& name, const std::string& stage) {
        std::optional<JobInfo> job;
        ASSERT_TRUE(bench.draw_until([&] { return (job = running_job(studio, name, stage)).has_value(); }, 120))
            << name << ", " << stage;
        EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
            IM_CHECK(wait_until(ctx, [&] { return ctx->ItemExists(cross_of(*job).c_str()); }));
            ctx->ItemClick(cross_of(*job).c_str());
            IM_CHECK(wait_until(
                ctx, [&] { return !studio.jobs().running(job->id); }, 120));
        }));
        for (const JobInfo& ended : studio.jobs().list())
            if (ended.id == job->id) {
                EXPECT_EQ(ended.state, JobState::cancelled) << name << ", " << stage;
            }
        EXPECT_FALSE(studio.messages().dialog()) << "who cancels needs no dialog";
        for (int i = 0; i < 4; ++i) bench.app->draw();
    };
    // Seeing, fitting and painting go by in seconds: each is waited for, and the cross is hit then or a little later.
    for (const char* stage : {"Finding the face", "Cutting out", "Shaping head", "Painting"}) {
        ASSERT_TRUE(studio.execute("file.open", {{"path", sample_portrait().string()}, {"discard", true}}));
        cancel("Preparing", stage);
        EXPECT_EQ(studio.document().stage, DocumentStage::failed) << stage;
        EXPECT_FALSE(studio.document().has_avatar()) << stage;
    }
    ASSERT_TRUE(studio.execute("file.open", {{"path", sample_portrait().string()}, {"discard", true}}));
    ASSERT_TRUE(bench.draw_until([&] { return training(studio) && !studio.training().curve.empty(); }, 180));
    cancel("Training", "");
    EXPECT_EQ(studio.training().state, TrainingState::finished);
    ASSERT_TRUE(studio.document().has_avatar()) << "what was learned stays";
    // Captures and exports.
    const std::filesystem::path turntable = bench.folder.path / "turntable";
    ASSERT_TRUE(studio.execute("capture.turntable", {{"path", turntable.string()}, {"frames", 2000}, {"size", 64}}));
    cancel("Turntable", "");
    // An export may be done before the hand is there; cancelled or not, there is no half of a file.
    const std::filesystem::path splats = bench.folder.path / "splats.ply";
    ASSERT_TRUE(studio.execute("file.export_ply", {{"path", splats.string()}}));
    ASSERT_TRUE(studio.execute("task.cancel_all"));
    ASSERT_TRUE(bench.draw_until([&] { return studio.idle(); }, 60));
    EXPECT_FALSE(studio.messages().dialog());
    if (std::filesystem::exists(splats)) {
        ASSERT_TRUE(studio.execute("file.open", {{"path", splats.string()}, {"discard", true}}));
        ASSERT_TRUE(bench.settle());
        EXPECT_EQ(studio.document().kind, DocumentKind::splats) << "a whole file";
    }
}

// A task that goes on until `end` or until it is cancelled, and says something of another length at each step.
int talking_job(Studio& studio, const std::shared_ptr<std::atomic<bool>>& end) {
    return studio.jobs()
        .start("Talking",
               [end](Progress& progress) -> Status {
                   for (int i = 0; !*end; ++i) {
                       progress.report(0.1 + 0.001 * (i % 500), std::string(std::size_t(3 + i * 7 % 40), 'm'));
                       std::this_thread::sleep_for(std::chrono::milliseconds(5));
                   }
                   return {};
               },
               {})
        .id();
}

TEST(Training, CrossesStayInPlaceAndActAtOnce) {
    InterfaceBench bench;
    Studio& studio = bench.studio();
    const auto first_ends = std::make_shared<std::atomic<bool>>(false),
               never = std::make_shared<std::atomic<bool>>(false);
    const int first = talking_job(studio, first_ends), second = talking_job(studio, never);
    const auto info = [&](int id) {
        for (const JobInfo& job : studio.jobs().list())
            if (job.id == id) return job;
        return JobInfo{};
    };
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        const ImVec2 at[] = {ctx->ItemInfo(cross_of(info(first)).c_str()).RectFull.Min,
                             ctx->ItemInfo(cross_of(info(second)).c_str()).RectFull.Min};
        for (int i = 0; i < 60; ++i) {
            ctx->Yield();
            IM_CHECK(at[0].x == ctx->ItemInfo(cross_of(info(first)).c_str()).RectFull.Min.x);
            IM_CHECK(at[1].x == ctx->ItemInfo(cross_of(info(second)).c_str()).RectFull.Min.x);
        }
        // The first ends while the button is down: the second takes its place.
        ctx->MouseMove(cross_of(info(second)).c_str());
        ctx->MouseDown();
        *first_ends = true;
        IM_CHECK(wait_until(ctx, [&] { return !studio.jobs().running(first); }));
        ctx->Yield(2);
        ctx->MouseUp();
        IM_CHECK(wait_until(
            ctx, [&] { return !studio.jobs().running(second); }, 20));
    }));
    *never = true;
    EXPECT_EQ(info(first).state, JobState::finished);
    EXPECT_EQ(info(second).state, JobState::cancelled);
}

TEST(Training, AnAvatarFromAFileTrainsOnByItsButton) {
    InterfaceBench bench;
    Studio& studio = bench.studio();
    ASSERT_TRUE(studio.execute("file.open", {{"path", sample_avatar().string()}}));
    ASSERT_TRUE(bench.settle());
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->ItemClick((std::string("//###Training/") + ICON_FA_PLAY + "  Train").c_str());
        IM_CHECK(wait_until(
            ctx, [&] { return training(studio) && studio.training().curve.size() >= 2; }, 180));
    }));
    EXPECT_TRUE(studio.document().dirty());
    EXPECT_TRUE(studio.document().source->landmarks.has_value());
}

TEST(Training, OpeningCanBeCancelled) {
    InterfaceBench bench;
    Studio& studio = bench.studio();
    ASSERT_TRUE(studio.execute("file.open", {{"path", sample_portrait().string()}}));
    ASSERT_TRUE(studio.execute("task.cancel_all")) << "no frame has taken in its outcome yet";
    EXPECT_TRUE(bench.draw_until([&] { return studio.jobs().idle(); }, 120));
    for (int i = 0; i < 5; ++i) bench.app->draw();
    // And begun again.
    ASSERT_TRUE(studio.execute("file.open", {{"path", sample_avatar().string()}, {"discard", true}}));
    EXPECT_TRUE(bench.draw_until([&] { return studio.document().has_avatar(); }));
}

}  // namespace
}  // namespace likeness::test
