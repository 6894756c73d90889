// Pictures and videos: what is written is what is seen.
#include <algorithm>
#include <fstream>

#include "core/image/load.h"
#include "core/image/ops.h"
#include "core/media/video_reader.h"
#include "tests/ui/interface_bench.h"
#include "ui/icons.h"

namespace likeness::test {
namespace {

std::vector<Image> pictures_in(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(folder, none)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    std::vector<Image> pictures;
    for (const auto& file : files)
        if (auto loaded = load_image(file)) pictures.push_back(*std::move(loaded));
    return pictures;
}

class Capture : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(bench.studio().execute("file.open", {{"path", sample_avatar().string()}}));
        ASSERT_TRUE(bench.settle());
    }
    InterfaceBench bench;
};

// A view that never settles is taken as it is.
TEST_F(Capture, PicturesAreTakenWhileAMotionPlays) {
    Studio& studio = bench.studio();
    const std::filesystem::path track = bench.folder.path / "talk.json";
    std::ofstream(track) << R"({"names": ["jawOpen"], "frames": [{"time": 0, "weights": [0]},
        {"time": 0.4, "weights": [0.6]}, {"time": 0.8, "weights": [0]}]})";
    ASSERT_TRUE(studio.execute("motion.open", {{"path", track.string()}}));
    ASSERT_TRUE(bench.draw_until([&] { return studio.motion().loaded(); }));
    ASSERT_TRUE(studio.execute("motion.loop", {{"on", true}}));
    ASSERT_TRUE(studio.execute("motion.play"));
    const std::filesystem::path window = bench.folder.path / "window.png", mesh = bench.folder.path / "mesh.png";
    ASSERT_TRUE(studio.execute("capture.window", {{"path", window.string()}}));
    EXPECT_TRUE(bench.draw_until([&] { return studio.idle() && std::filesystem::exists(window); }, 30));
    ASSERT_TRUE(studio.execute("view.mode", {{"mode", "mesh"}}));
    ASSERT_TRUE(studio.execute("capture.screenshot", {{"path", mesh.string()}}));
    EXPECT_TRUE(bench.draw_until([&] { return studio.idle() && std::filesystem::exists(mesh); }, 30));
    EXPECT_TRUE(studio.motion().playing());
    const auto picture = load_image(window);
    ASSERT_TRUE(picture) << picture.error().message;
    EXPECT_EQ(picture->width, bench.app->surface().width());
}

TEST_F(Capture, TurntableHasTheBackgroundThatIsShown) {
    Studio& studio = bench.studio();
    const std::filesystem::path folder = bench.folder.path / "checker";
    ASSERT_TRUE(studio.execute("view.background", {{"kind", "checker"}}));
    ASSERT_TRUE(studio.execute("capture.turntable", {{"path", folder.string()}, {"frames", 4}, {"size", 128}}));
    ASSERT_TRUE(bench.settle());
    const std::vector<Image> checker = pictures_in(folder);
    ASSERT_EQ(checker.size(), 4u);
    EXPECT_EQ(checker[0].width, 128);
    float low = 1, high = 0;
    for (int x = 0; x < 24; ++x) {
        low = std::min(low, checker[0].at(x, 1)[0]);
        high = std::max(high, checker[0].at(x, 1)[0]);
    }
    EXPECT_GT(high - low, 0.05f) << "two greys in the corner";
    EXPECT_GT(difference(checker[0], checker[2]), 0.05) << "front and back";

    // A picture, taken from a frame just written.
    ASSERT_TRUE(studio.execute("view.background_picture", {{"path", (folder / "frame-000002.png").string()}}));
    const std::filesystem::path other = bench.folder.path / "picture";
    ASSERT_TRUE(studio.execute("capture.turntable", {{"path", other.string()}, {"frames", 2}, {"size", 128}}));
    ASSERT_TRUE(bench.settle());
    const std::vector<Image> picture = pictures_in(other);
    ASSERT_EQ(picture.size(), 2u);
    for (int x = 0; x < 20; ++x) EXPECT_NEAR(picture[0].at(x, 2)[1], checker[2].at(x, 2)[1], 0.02f);
    EXPECT_FALSE(studio.messages().dialog());

    // A folder that holds something is not written into: a new one inside is.
    ASSERT_TRUE(studio.execute("capture.turntable", {{"path", other.string()}, {"frames", 2}, {"size", 64}}));
    ASSERT_TRUE(bench.settle());
    EXPECT_EQ(pictures_in(other / "sample-turntable").size(), 2u);
    EXPECT_EQ(pictures_in(other).size(), 2u);
}

TEST(Recording, HoldsWhatIsSeenAtItsPaceAndEndsByItsButton) {
    // A clock of its own: how many frames there are does not depend on the machine.
    const auto time = std::make_shared<double>(100);
    BenchOptions options;
    options.clock = [time] { return *time; };
    InterfaceBench bench(options);
    Studio& studio = bench.studio();
    ASSERT_TRUE(studio.execute("file.open", {{"path", sample_avatar().string()}}));
    ASSERT_TRUE(bench.settle());
    const auto turn = [&] {
        for (int i = 0; i < 5; ++i) {
            *time += 1.0 / 30;
            ASSERT_TRUE(studio.execute("view.orbit", {{"yaw", 12.0}}));
            ASSERT_TRUE(bench.settle());
        }
    };
    const auto written = [&] {
        return bench.draw_until([&] {
            for (const JobInfo& job : studio.jobs().list())
                if (job.state == JobState::running) return false;
            return true;
        });
    };
    const std::filesystem::path folder = bench.folder.path / "recording";
    ASSERT_TRUE(studio.execute("capture.record", {{"path", folder.string()}}));
    EXPECT_TRUE(bench.app->viewport().recording());
    turn();
    *time += 1.0 / 30;
    bench.app->draw();
    const Image last = composite_over(bench.app->viewport().read(), {0, 0, 0});
    EXPECT_TRUE(bench.play(
        [&](ImGuiTestContext* ctx) { ctx->ItemClick("//###Viewport/**/" ICON_FA_CIRCLE_STOP "  Recording##stop"); }));
    EXPECT_FALSE(bench.app->viewport().recording());
    ASSERT_TRUE(written());
    const std::vector<Image> frames = pictures_in(folder);
    EXPECT_NEAR(double(frames.size()), 7, 1);
    ASSERT_GE(frames.size(), 3u);
    EXPECT_GT(difference(frames.front(), frames[3]), 0.02) << "it turned";
    EXPECT_LT(difference(frames.back(), last), 0.01) << "the last frame is what was seen last";

    const std::filesystem::path video = bench.folder.path / "recording.mp4";
    ASSERT_TRUE(studio.execute("capture.record", {{"path", video.string()}}));
    turn();
    ASSERT_TRUE(studio.execute("capture.record", {{"on", false}}));
    ASSERT_TRUE(written());
    auto reader = VideoReader::open(video);
    ASSERT_TRUE(reader) << reader.error().message;
    EXPECT_NEAR(double((*reader)->frame_count()), 6, 1);
    EXPECT_DOUBLE_EQ((*reader)->fps(), 30);
    const auto first = (*reader)->next();
    ASSERT_TRUE((*reader)->seek_frame(4));
    const auto later = (*reader)->next();
    ASSERT_TRUE(first && *first && later && *later);
    EXPECT_GT(difference(**first, **later), 0.02);
    EXPECT_FALSE(studio.messages().dialog());
}

}  // namespace
}  // namespace likeness::test
