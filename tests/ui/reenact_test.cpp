// A driver's panels: gains by hand, frames that are left out, key poses on the timeline, films of what is driven.
#include <imgui_internal.h>

#include <fstream>
#include <tuple>

#include "core/image/save.h"
#include "core/media/video_reader.h"
#include "core/media/video_writer.h"
#include "core/motion/motion_track.h"
#include "core/pipeline/drive_avatar.h"
#include "core/pipeline/playback_match.h"
#include "core/pipeline/video_stamp.h"
#include "tests/media/flashes.h"
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

// A program's curves play the same here and on the command line, and stay what they are when they are saved.
TEST_F(Reenact, RecordedCurvesAreMadeWithThisFaceWherePlayedAndKeepTheirValuesWhenSaved) {
    const auto file = [&](const char* name) { return bench.folder.path / name; };
    std::ofstream(file("talk.json")) << R"({"names": ["jawOpen", "eyeBlinkLeft", "mouthSmileLeft"], "fps": 10,
        "frames": [[0.7, 0.2, 0.5], [0.1, 0.9, 0.3], [0.3, 0.1, 0.8]]})";
    const Avatar avatar = studio.document().avatar();
    const HeadModel& model = *avatar.model;
    const auto open = [&](const char* name) {
        ASSERT_TRUE(studio.execute("motion.open", {{"path", file(name).string()}}));
        ASSERT_TRUE(bench.draw_until([&] { return studio.motions().name() == name; }));
    };
    const auto shown = [&](double seconds) {
        EXPECT_TRUE(studio.execute("motion.seek", {{"seconds", seconds}}));
        return studio.shown_pose().controls;
    };
    const auto by_command_line = [&](const char* name, double seconds) {
        HeadRegistry heads;
        Progress unseen;
        const auto driver = open_driver(file(name), heads, {}, unseen);
        EXPECT_TRUE(driver) << driver.error().message;
        return DrivenPoses(avatar, *driver, {}, *studio.document().state.pose).at(seconds)->controls;
    };
    const auto save = [&](const char* name) {
        ASSERT_TRUE(studio.execute("motion.save", {{"path", file(name).string()}}));
        ASSERT_TRUE(bench.settle());
    };
    open("talk.json");
    const Eigen::VectorXf played = shown(0.1);
    EXPECT_TRUE(played.isApprox(by_command_line("talk.json", 0.1), 1e-5f));
    EXPECT_GT(std::abs(played[model.control("eyeBlinkLeft")] - 0.9f), 1e-3f) << "as this face makes it";
    save("saved.json");
    const auto saved = load_motion(file("saved.json"));
    ASSERT_TRUE(saved) << saved.error().message;
    const auto of = [&](const char* name) {
        return saved
            ->weights[saved->names.size() +
                      std::size_t(std::find(saved->names.begin(), saved->names.end(), name) - saved->names.begin())];
    };
    EXPECT_NEAR(of("jawOpen"), 0.1f, 1e-4f);
    EXPECT_NEAR(of("eyeBlinkLeft"), 0.9f, 1e-4f);
    EXPECT_TRUE(saved->made_for.empty());
    open("saved.json");
    EXPECT_TRUE(shown(0.1).isApprox(played, 1e-3f));

    // What was added belongs to this face, and so do the values then.
    ASSERT_TRUE(studio.execute("motion.offset", {{"name", "jawOpen"}, {"value", 0.4}}));
    const Eigen::VectorXf with_more = shown(0.1);
    save("more.json");
    open("more.json");
    EXPECT_TRUE(shown(0.1).isApprox(with_more, 1e-3f));
    EXPECT_TRUE(by_command_line("more.json", 0.1).isApprox(with_more, 1e-3f));
    Avatar other = avatar;
    other.identity_change.edit().added = Eigen::VectorXf::Constant(model.identity_count(), 0.05f);
    EXPECT_NE(face_stamp(other), face_stamp(avatar));
    EXPECT_EQ(load_motion(file("more.json"))->made_for, face_stamp(avatar));
}

// Flashes and clicks of the driver's video in a film of the avatar.
struct SeenAndHeard {
    std::vector<double> flashes;  // of the left part, seconds
    Heard heard;
    int width = 0, height = 0, frames = 0;
    float brightest_right = 0;  // in the corner of the right part, of frames with a flash
};
SeenAndHeard look_at(const std::filesystem::path& film) {
    SeenAndHeard result;
    auto reader = VideoReader::open(film);
    EXPECT_TRUE(reader) << reader.error().message;
    if (!reader) return result;
    result.width = (*reader)->width();
    result.height = (*reader)->height();
    while (true) {
        const auto frame = (*reader)->next();
        if (!frame || !*frame) break;
        ++result.frames;
        if ((*frame)->at(20, 32)[1] < 0.7f) continue;
        result.flashes.push_back((*reader)->time());
        result.brightest_right = std::max(result.brightest_right, (*frame)->at((*frame)->width - 3, 3)[1]);
    }
    result.heard = listen(film, (*reader)->start());
    return result;
}

TEST_F(Reenact, AFilmHasTheDriverBesideTheAvatarAndItsSoundInStep) {
    const auto video = bench.folder.path / "clicks.mp4";
    make_clip(video, {.seconds = 4});
    FaceTrack track = small_track({});
    track.rate = 25;
    for (int n = 5; n < 100; ++n) {  // the motion begins 0.2 s after the video
        const FaceTrack one = small_track({tracked});
        track.frames.push_back(one.frames[0]);
        track.frames.back().seconds = n / 25.0;
        for (std::size_t i = 0; i < track.frames.back().landmarks.size(); ++i)
            track.frames.back().landmarks[i] = {i % 2 == 0 ? 20.0f : 44.0f, i % 3 == 0 ? 20.0f : 44.0f, 0};
    }
    track.video_stamp = stamp_of(video);
    ASSERT_TRUE(save_track(bench.folder.path / "clicks.track", track));
    ASSERT_TRUE(studio.execute("file.open", {{"path", video.string()}}));
    ASSERT_TRUE(bench.draw_until([&] { return studio.motions().name() == "clicks.mp4" && studio.driver().driving(); }));
    ASSERT_TRUE(studio.execute("motion.pause"));
    ASSERT_TRUE(studio.execute("motion.in", {{"seconds", 0.4}}));
    const auto film = [&](const char* name, Arguments more) {
        more.set("path", (bench.folder.path / name).string());
        more.set("width", 96);
        more.set("height", 64);
        EXPECT_TRUE(studio.execute("capture.motion", more));
        EXPECT_TRUE(bench.settle());
        return look_at(bench.folder.path / name);
    };
    const SeenAndHeard both = film("both.mp4", {{"beside", true}});
    EXPECT_EQ(both.width, 64 + 96);
    EXPECT_EQ(both.height, 64);
    EXPECT_EQ(both.frames, 85);  // 3.8 s less 0.4
    ASSERT_EQ(both.flashes.size(), 3u) << "those at 1.4, 2.4 and 3.4 s of the video";
    ASSERT_EQ(both.heard.clicks.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_NEAR(both.flashes[i], 0.8 + double(i), 0.021);
        EXPECT_NEAR(both.heard.clicks[i], both.flashes[i], 0.021);
    }
    EXPECT_LT(both.brightest_right, 0.6f) << "the driver is to the left alone";
    const SeenAndHeard alone = film("alone.mp4", {{"sound", true}});
    EXPECT_EQ(alone.width, 96);
    EXPECT_EQ(alone.heard.clicks.size(), 3u);
    EXPECT_EQ(film("silent.mp4", {{"sound", false}}).heard.streams, 1);

    std::filesystem::rename(video, bench.folder.path / "elsewhere.mp4");
    ASSERT_TRUE(studio.execute("file.open", {{"path", (bench.folder.path / "clicks.track").string()}}));
    ASSERT_TRUE(bench.draw_until([&] { return studio.motions().name() == "clicks.track"; }));
    const Status nothing =
        studio.execute("capture.motion", {{"path", (bench.folder.path / "x.mp4").string()}, {"beside", true}});
    ASSERT_FALSE(nothing);
    EXPECT_NE(nothing.error().message.find("not beside its track"), std::string::npos) << nothing.error().message;
}

TEST_F(Reenact, TheDialogOfAFilmAsksForTheDriverAndItsSound) {
    bench.app->interface().dialogs().use_native(false);
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        studio.invoke("capture.motion");
        ctx->Yield(4);
        ctx->ItemCheck("//Save a film of the motion/Picture beside the avatar");
        ctx->ItemUncheck("//Save a film of the motion/Sound");
        ctx->Yield(2);
    }));
    keep_picture("capture-motion.png");
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->Yield(4);
    }));
    ASSERT_TRUE(studio.file_request());
    EXPECT_TRUE(studio.file_request()->arguments.flag("beside"));
    EXPECT_FALSE(studio.file_request()->arguments.flag("sound"));
}

TEST(ReenactDialog, OfAFilmFitsASmallWindowAndALargeText) {
    for (const auto& [width, height, text, name] : {std::tuple{900, 600, 1.5f, "capture-motion-small.png"},
                                                    std::tuple{1280, 800, 1.0f, "capture-motion-usual.png"},
                                                    std::tuple{1800, 1200, 2.0f, "capture-motion-double.png"}}) {
        BenchOptions options;
        options.width = width;
        options.height = height;
        InterfaceBench bench(options);
        Studio& studio = bench.studio();
        studio.settings().text_scale = text;
        bench.app->interface().dialogs().use_native(false);
        ASSERT_TRUE(studio.execute("file.open", {{"path", sample_avatar().string()}}));
        ASSERT_TRUE(bench.settle());
        const auto track = bench.folder.path / "talk.json";
        std::ofstream(track) << R"({"names": ["jawOpen"], "fps": 10, "frames": [[0], [0.5], [1], [0.2]]})";
        ASSERT_TRUE(studio.execute("motion.open", {{"path", track.string()}}));
        ASSERT_TRUE(bench.settle());
        EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
            studio.invoke("capture.motion");
            ctx->Yield(6);
            const ImRect room(ImGui::GetMainViewport()->WorkPos,
                              ImGui::GetMainViewport()->WorkPos + ImGui::GetMainViewport()->WorkSize);
            IM_CHECK(room.Contains(ctx->WindowInfo("//Save a film of the motion").RectFull));
            for (const char* item : {"size/HD", "Choose a file...", "Cancel"}) {
                const auto info = ctx->ItemInfo((std::string("//Save a film of the motion/") + item).c_str());
                IM_CHECK(info.ID != 0);
                IM_CHECK(info.RectClipped.GetHeight() >= info.RectFull.GetHeight() - 1);
                IM_CHECK(room.Contains(info.RectFull));
            }
        }));
        (void)save_png(std::filesystem::path(LIKENESS_TEST_RESULTS) / name, bench.picture());
    }
}

}  // namespace
}  // namespace likeness::test
