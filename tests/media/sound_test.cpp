// Flashes that click: whoever copies a video with its sound must let them coincide still.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <optional>
#include <random>
#include <vector>

#include "core/image/file_bytes.h"
#include "core/media/video_reader.h"
#include "core/media/video_writer.h"
#include "tests/media/flashes.h"
#include "tests/media/numbered.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
}

namespace likeness::test {
namespace {

namespace fs = std::filesystem;

constexpr int rate = Clip::rate, fps = Clip::fps;
constexpr double frame_seconds = 1.0 / fps;

class Sound : public MediaTest {
  protected:
    // The pictures from `begin` to `end` of a clip, written again with their sound; flashes and clicks of the result.
    struct Copy {
        std::vector<double> flashes;
        Heard heard;
        double seconds = 0;
        std::vector<std::string> notes;
    };
    Copy copy(const Clip& clip, double begin, double end) {
        const fs::path from =
            folder_ / ("a." + std::string(clip.muxer == std::string("matroska") ? "mkv" : clip.muxer));
        make_clip(from, clip);
        Copy result;
        auto reader = VideoReader::open(from);
        EXPECT_TRUE(reader);
        auto writer = VideoWriter::create(folder_ / "b.mp4", 64, 64, fps, SoundOf{from, begin, end});
        EXPECT_TRUE(writer) << writer.error().message << writer.error().detail;
        while (true) {
            auto frame = (*reader)->next();
            if (!frame || !*frame || (*reader)->time() >= end - 1e-6) break;
            if ((*reader)->time() < begin - 1e-6) continue;
            EXPECT_TRUE((*writer)->add(**frame));
        }
        const Status finished = (*writer)->finish();
        EXPECT_TRUE(finished) << finished.error().message << finished.error().detail;
        result.notes = (*writer)->notes();
        auto again = VideoReader::open(folder_ / "b.mp4");
        while (true) {
            auto frame = (*again)->next();
            if (!frame || !*frame) break;
            if ((*frame)->at(32, 32)[1] > 0.5f) result.flashes.push_back((*again)->time());
            result.seconds = (*again)->time() + frame_seconds;
        }
        result.heard = listen(folder_ / "b.mp4", (*again)->start());
        return result;
    }
    static void expect_in_step(const Copy& copy, std::size_t count) {
        ASSERT_EQ(copy.flashes.size(), count);
        ASSERT_EQ(copy.heard.clicks.size(), count);
        for (std::size_t i = 0; i < count; ++i)
            EXPECT_NEAR(copy.heard.clicks[i], copy.flashes[i], 0.005) << i << " (a frame is " << frame_seconds << ")";
    }
};

TEST_F(Sound, StaysInStepWithThePictures) {
    const Copy whole = copy({}, 0, 1e9);
    expect_in_step(whole, 6);
    EXPECT_NEAR(whole.heard.end, 6, 0.05);
    EXPECT_TRUE(whole.notes.empty());
    const Copy part = copy({}, 1.92, 4.6);
    expect_in_step(part, 3);  // 2.4, 3.4, 4.4
    EXPECT_NEAR(part.seconds, 2.68, 1e-3);
    EXPECT_NEAR(part.heard.end, part.seconds, 0.03) << "it ends with the pictures";
}

TEST_F(Sound, ThatBeginsLaterAndClocksThatDoNotStartAtZero) {
    expect_in_step(copy({.muxer = "mpegts", .picture_start = 3.6}, 0, 1e9), 6);
    expect_in_step(copy({.muxer = "mpegts", .picture_start = 3.6}, 3.0, 1e9), 3);
    Clip late{.muxer = "mp4", .sound_start = 1.3};
    Copy copied = copy(late, 0, 1e9);
    ASSERT_EQ(copied.heard.clicks.size(), 5u) << "1.4 is the first one heard: its first click was not recorded";
    copied.flashes.erase(copied.flashes.begin());
    expect_in_step(copied, 5);
    late.muxer = "matroska";
    late.sound = AV_CODEC_ID_PCM_S16LE;
    late.sample_rate = 44100;
    late.channels = 1;
    copied = copy(late, 1, 1e9);
    expect_in_step(copied, 5);
    expect_in_step(copy({.muxer = "matroska", .sound = AV_CODEC_ID_PCM_S16LE, .sample_rate = 96000}, 2, 5), 3);
    // What was lost in the middle is silent, and the rest in step.
    copied = copy({.muxer = "matroska", .sound = AV_CODEC_ID_PCM_S16LE, .hole_begin = 1.0, .hole_end = 3.0}, 0, 1e9);
    ASSERT_EQ(copied.flashes.size(), 6u);
    copied.flashes.erase(copied.flashes.begin() + 1, copied.flashes.begin() + 3);
    expect_in_step(copied, 4);
    // Sound that was recorded before the first picture is left out.
    expect_in_step(
        copy({.muxer = "matroska", .sound = AV_CODEC_ID_PCM_S16LE, .picture_start = 1, .sound_start = -0.7}, 0, 1e9),
        6);
}

TEST_F(Sound, OfAVideoWithoutAnyIsNoTrack) {
    const Copy silent = copy({.sound = AV_CODEC_ID_NONE}, 0, 1e9);
    EXPECT_EQ(silent.heard.streams, 1);
    EXPECT_EQ(silent.flashes.size(), 6u);
    EXPECT_TRUE(silent.notes.empty());
    EXPECT_TRUE(VideoWriter::create(folder_ / "c.mp4", 64, 64, 30, SoundOf{folder_}));
    EXPECT_EQ(VideoWriter::create(folder_ / "c.mp4", 64, 64, 30, SoundOf{folder_ / "none.mp4"}).error().code,
              ErrorCode::not_found);
    EXPECT_EQ(VideoWriter::create(folder_ / "c.mp4", 64, 64, 30, SoundOf{folder_ / "a.mp4", 2, 2}).error().code,
              ErrorCode::invalid_argument);
    EXPECT_EQ(VideoWriter::create(folder_ / "c.mp4", 64, 64, 30, SoundOf{folder_ / "a.mp4", -1}).error().code,
              ErrorCode::invalid_argument);
    EXPECT_EQ(files(), 2);
}

TEST_F(Sound, EndsWhereItEndsAndMayBeDamaged) {
    make_clip(folder_ / "long.mp4", {});
    auto writer = VideoWriter::create(folder_ / "b.mp4", 64, 64, fps, SoundOf{folder_ / "long.mp4", 5.0});
    ASSERT_TRUE(writer);
    for (int n = 0; n < 100; ++n) ASSERT_TRUE((*writer)->add(Image(64, 64, 3)));
    ASSERT_TRUE((*writer)->finish());
    EXPECT_NEAR(listen(folder_ / "b.mp4", 0).end, 1.0, 0.05) << "a second is left; the pictures go on";

    std::fstream file(folder_ / "long.mp4", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(30'000);
    for (int i = 0; i < 20'000; ++i) file.put(char(i * 7919 >> 3));
    file.close();
    auto damaged = VideoWriter::create(folder_ / "c.mp4", 64, 64, fps, SoundOf{folder_ / "long.mp4"});
    ASSERT_TRUE(damaged) << damaged.error().message;
    for (int n = 0; n < 150; ++n) ASSERT_TRUE((*damaged)->add(Image(64, 64, 3)));
    EXPECT_TRUE((*damaged)->finish());
}

TEST_F(Sound, MutationsReturn) {
    make_clip(folder_ / "a.mp4", {.seconds = 1});
    const std::vector<std::uint8_t> good = *read_file(folder_ / "a.mp4", 1 << 24);
    std::mt19937 random(23);
    int opened = 0;
    for (int round = 0; round < 60; ++round) {
        std::vector<std::uint8_t> bytes = good;
        // The index is at the end.
        for (std::size_t i = 0, changes = 1 + random() % 6; i < changes; ++i) {
            const std::size_t last = random() % 2 == 0 ? bytes.size() : std::min<std::size_t>(2500, bytes.size());
            bytes[bytes.size() - 1 - random() % last] = static_cast<std::uint8_t>(random());
        }
        ASSERT_TRUE(save_file(folder_ / "b.mp4", bytes));
        auto writer =
            VideoWriter::create(folder_ / "c.mp4", 16, 16, fps, SoundOf{folder_ / "b.mp4", 0.1 * (round % 3)});
        if (!writer) continue;
        ++opened;
        for (int n = 0; n < 20; ++n) ASSERT_TRUE((*writer)->add(Image(16, 16, 3)));
        EXPECT_TRUE((*writer)->finish());
    }
    EXPECT_GT(opened, 20);
}

}  // namespace
}  // namespace likeness::test
