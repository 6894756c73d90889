// Pictures and videos: what is written is what is seen.
#include <algorithm>
#include <cmath>
#include <fstream>

#include "core/image/load.h"
#include "core/image/ops.h"
#include "core/image/save.h"
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

// More samples: the same picture, its edges smoother.
TEST_F(Capture, SamplesSmoothAPictureAndKeepItsSize) {
    Studio& studio = bench.studio();
    const auto shot = [&](int samples, bool transparent, const char* mode) {
        const std::filesystem::path file = bench.folder.path / (std::string(mode) + std::to_string(samples) + ".png");
        EXPECT_TRUE(studio.execute("view.mode", {{"mode", mode}}));
        EXPECT_TRUE(bench.settle());
        Arguments size = {{"path", file.string()}, {"samples", samples}, {"transparent", transparent}};
        if (std::string(mode) == "splats") {
            size.set("width", 160);
            size.set("height", 120);
        }
        EXPECT_TRUE(studio.execute("capture.screenshot", size));
        EXPECT_TRUE(bench.settle());
        auto picture = load_image(file);
        EXPECT_TRUE(picture);
        return picture ? *std::move(picture) : Image();
    };
    for (const char* mode : {"splats", "mesh"}) {
        const Image one = shot(1, true, mode), sixteen = shot(16, true, mode);
        ASSERT_EQ(one.width, sixteen.width);
        ASSERT_EQ(one.height, sixteen.height);
        ASSERT_EQ(sixteen.channels, 4);
        // Neighbours differ less in alpha, and pixels that are covered in part have the color of what covers them.
        double rough_one = 0, rough_sixteen = 0, alpha_one = 0, alpha_sixteen = 0;
        for (int y = 0; y < one.height; ++y)
            for (int x = 1; x < one.width; ++x) {
                const auto step = [&](const Image& image) {
                    return std::pow(double(image.at(x, y)[3] - image.at(x - 1, y)[3]), 2);
                };
                rough_one += step(one);
                rough_sixteen += step(sixteen);
                alpha_one += double(one.at(x, y)[3]);
                alpha_sixteen += double(sixteen.at(x, y)[3]);
            }
        EXPECT_NEAR(alpha_sixteen / alpha_one, 1, 0.06) << mode;
        if (std::string(mode) == "mesh") {
            EXPECT_LT(rough_sixteen, 0.9 * rough_one);
        }
        int partly = 0, dark = 0;
        for (int i = 0; i < one.width * one.height; ++i) {
            const float* p = &sixteen.pixels[std::size_t(i) * 4];
            if (p[3] < 0.2f || p[3] > 0.8f) continue;
            ++partly;
            dark += p[0] + p[1] + p[2] < 0.05f;
        }
        EXPECT_GT(partly, 10) << mode;
        EXPECT_LT(dark, partly / 4) << mode << ": straight alpha";
    }
    ASSERT_TRUE(studio.execute("view.mode", {{"mode", "splats"}}));
    const std::string file = (bench.folder.path / "x.png").string();
    EXPECT_FALSE(studio.execute("capture.screenshot", {{"path", file}, {"samples", 3}}));
    EXPECT_FALSE(
        studio.execute("capture.screenshot", {{"path", file}, {"samples", 16}, {"width", 4096}, {"height", 4096}}));
    EXPECT_FALSE(studio.execute("capture.screenshot", {{"path", file}, {"width", 640}})) << "and the height?";
    ASSERT_TRUE(studio.execute("view.mode", {{"mode", "mesh"}}));
    EXPECT_FALSE(studio.execute("capture.screenshot", {{"path", file}, {"width", 64}, {"height", 64}}))
        << "that would be splats";
}

TEST_F(Capture, FilmsHaveTheirSizeTheirTransparencyAndEveryFrameOfTheMotion) {
    Studio& studio = bench.studio();
    EXPECT_FALSE(studio.execute("capture.motion", {{"path", (bench.folder.path / "m.mp4").string()}}));
    const std::filesystem::path track = bench.folder.path / "nod.json";
    std::ofstream(track) << R"({"names": ["jawOpen"], "fps": 10, "frames": [[0], [0], [1], [1]]})";
    ASSERT_TRUE(studio.execute("motion.open", {{"path", track.string()}}));
    ASSERT_TRUE(bench.draw_until([&] { return studio.motion().loaded(); }));
    ASSERT_TRUE(studio.execute("motion.offset", {{"name", "jawOpen"}, {"value", -2.0}}));
    const auto film = [&](const char* name) {
        const std::filesystem::path folder = bench.folder.path / name;
        EXPECT_TRUE(studio.execute(
            "capture.motion",
            {{"path", folder.string()}, {"width", 95}, {"height", 128}, {"transparent", true}, {"samples", 4}}));
        EXPECT_TRUE(bench.settle());
        return pictures_in(folder);
    };
    const std::vector<Image> still = film("still");
    ASSERT_TRUE(studio.execute("motion.clear_offset"));
    const std::vector<Image> moved = film("moved");
    ASSERT_EQ(still.size(), 4u);
    ASSERT_EQ(moved.size(), 4u);
    EXPECT_EQ(moved[0].width, 95);
    EXPECT_EQ(moved[0].height, 128);
    ASSERT_EQ(moved[0].channels, 4);
    EXPECT_EQ(moved[0].at(0, 0)[3], 0) << "nothing in the corner";
    EXPECT_EQ(difference(moved[0], moved[1]), 0);
    EXPECT_GT(difference(moved[1], moved[2]), 0.005) << "the mouth opens";
    EXPECT_EQ(difference(still[0], still[3]), 0) << "what was added keeps it shut";
    EXPECT_FALSE(
        studio.execute("capture.turntable", {{"path", (bench.folder.path / "t.mp4").string()}, {"transparent", true}}))
        << "a video has no transparency";
    for (const char* name : {"m.gif", "m.webp"}) {
        const std::filesystem::path file = bench.folder.path / name;
        EXPECT_TRUE(studio.execute("capture.motion",
                                   {{"path", file.string()}, {"width", 64}, {"height", 64}, {"transparent", true}}));
        EXPECT_TRUE(bench.settle());
        EXPECT_GT(std::filesystem::file_size(file), 300u) << name;
    }
    EXPECT_FALSE(studio.execute("capture.motion", {{"path", (bench.folder.path / "m.mov").string()}}));
    const std::filesystem::path video = bench.folder.path / "m.mp4";
    ASSERT_TRUE(
        studio.execute("capture.motion", {{"path", video.string()}, {"fps", 20.0}, {"width", 63}, {"height", 47}}));
    ASSERT_TRUE(bench.settle());
    auto reader = VideoReader::open(video);
    ASSERT_TRUE(reader) << reader.error().message;
    EXPECT_EQ((*reader)->frame_count(), 8);
    EXPECT_EQ((*reader)->width(), 64);
}

TEST_F(Capture, TheDialogAsksForSizeSamplesAndTransparencyBeforeTheFile) {
    Studio& studio = bench.studio();
    bench.app->interface().dialogs().use_native(false);
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->KeyPress(ImGuiKey_F12);
        ctx->Yield(4);
        IM_CHECK(ctx->ItemExists("//Save a picture/size/Own"));
        ctx->ItemClick("//Save a picture/size/HD");
        ctx->ItemClick("//Save a picture/samples/16");
        ctx->ItemCheck("//Save a picture/Transparent background");
        ctx->Yield(2);
    }));
    (void)save_png(std::filesystem::path(LIKENESS_TEST_RESULTS) / "capture-picture.png", bench.picture());
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->Yield(4);
    }));
    ASSERT_TRUE(studio.file_request());
    const Arguments& chosen = studio.file_request()->arguments;
    EXPECT_EQ(chosen.integer("width"), 1920);
    EXPECT_EQ(chosen.integer("height"), 1080);
    EXPECT_EQ(chosen.integer("samples"), 16);
    EXPECT_TRUE(chosen.flag("transparent"));
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        IM_CHECK(!ctx->ItemExists("//Save a picture/size/HD"));
        ctx->KeyPress(ImGuiKey_Escape);
        ctx->Yield(3);
        studio.invoke("capture.turntable");
        ctx->Yield(4);
        ctx->ItemClick("//Save a turntable/as/GIF");
        ctx->Yield(2);
        ctx->ItemCheck("//Save a turntable/Transparent background");
        ctx->ItemClick("//Save a turntable/as/PNG pictures");
        ctx->ItemCheck("//Save a turntable/Transparent background");
        ctx->Yield(2);
    }));
    EXPECT_TRUE(studio.file_request());
    (void)save_png(std::filesystem::path(LIKENESS_TEST_RESULTS) / "capture-turntable.png", bench.picture());
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->KeyPress(ImGuiKey_Escape);
        ctx->Yield(3);
    }));
    EXPECT_FALSE(studio.file_request());
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        studio.invoke("capture.turntable");
        ctx->Yield(4);
        ctx->ItemClick("//Save a turntable/as/WebP");
        ctx->Yield(2);
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->Yield(4);
    }));
    ASSERT_TRUE(studio.file_request());
    EXPECT_EQ(studio.file_request()->patterns, std::vector<std::string>{"*.webp"});
    EXPECT_EQ(studio.file_request()->arguments.text("as"), "webp");
    EXPECT_TRUE(studio.file_request()->arguments.flag("transparent"));
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
