#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>

#include "core/image/file_bytes.h"
#include "core/image/save.h"
#include "core/media/video_reader.h"
#include "core/media/video_writer.h"
#include "tests/media/numbered.h"

extern "C" {
#include <libavformat/avformat.h>
#include <libavutil/display.h>
}

namespace likeness::test {
namespace {

namespace fs = std::filesystem;

using Video = MediaTest;

void write(const fs::path& path, int width, int height, int frames, double fps = 30.0) {
    Result<std::unique_ptr<VideoWriter>> writer = VideoWriter::create(path, width, height, fps);
    ASSERT_TRUE(writer) << writer.error().message << writer.error().detail;
    for (int n = 0; n < frames; ++n) {
        const Status added = (*writer)->add(numbered(width, height, n));
        ASSERT_TRUE(added) << added.error().message;
    }
    const Status finished = (*writer)->finish();
    ASSERT_TRUE(finished) << finished.error().message << finished.error().detail;
}

std::unique_ptr<VideoReader> open(const fs::path& path) {
    Result<std::unique_ptr<VideoReader>> reader = VideoReader::open(path);
    EXPECT_TRUE(reader) << (reader ? "" : reader.error().message + reader.error().detail);
    return reader ? std::move(*reader) : nullptr;
}

TEST_F(Video, RoundTrip) {
    write(folder_ / "a.mp4", 128, 96, 150, 29.97);
    EXPECT_EQ(files(), 1);
    const auto reader = open(folder_ / "a.mp4");
    ASSERT_TRUE(reader);
    EXPECT_EQ(reader->width(), 128);
    EXPECT_EQ(reader->height(), 96);
    EXPECT_EQ(reader->frame_count(), 150);
    EXPECT_NEAR(reader->fps(), 29.97, 0.001);
    for (int n = 0; n < 150; ++n) {
        const Result<std::optional<Image>> frame = reader->next();
        ASSERT_TRUE(frame && *frame) << n;
        ASSERT_EQ(number_of(**frame), n);
        EXPECT_NEAR(reader->time(), n / 29.97, 1e-3);
        double worst = 0.0;
        const Image truth = numbered(128, 96, n);
        for (int y = 32; y < 90; ++y)
            for (int x = 0; x < 128; ++x)
                for (int c = 0; c < 3; ++c)
                    worst = std::max(worst, std::abs(double((*frame)->at(x, y)[c]) - double(truth.at(x, y)[c])));
        ASSERT_LT(worst, 0.04) << n;
    }
    const Result<std::optional<Image>> end = reader->next();
    ASSERT_TRUE(end);
    EXPECT_FALSE(*end);
    EXPECT_FALSE(*reader->next());
}

TEST_F(Video, SeekingIsExact) {
    write(folder_ / "a.mp4", 64, 64, 200, 25.0);
    const auto reader = open(folder_ / "a.mp4");
    ASSERT_TRUE(reader);
    std::mt19937 random(3);
    for (int i = 0; i < 40; ++i) {
        const int n = i == 0 ? 199 : i == 1 ? 0 : static_cast<int>(random() % 200);
        ASSERT_TRUE(reader->seek_frame(n)) << n;
        ASSERT_EQ(number_of(**reader->next()), n);
        if (n < 199) {
            ASSERT_EQ(number_of(**reader->next()), n + 1);
        }
    }
    EXPECT_EQ(reader->seek_frame(200).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(reader->seek_frame(-1).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(number_of(**reader->next()), 0);
}

TEST_F(Video, OddAndTinySizes) {
    for (const auto& [w, h] : {std::pair{65, 33}, {64, 33}, {1, 1}, {17, 2}}) {
        write(folder_ / "a.mp4", w, h, 3);
        const auto reader = open(folder_ / "a.mp4");
        ASSERT_TRUE(reader);
        EXPECT_EQ(reader->width(), w + w % 2);
        EXPECT_EQ(reader->height(), h + h % 2);
        EXPECT_TRUE(*reader->next());
    }
}

TEST_F(Video, UnfinishedLeavesNothing) {
    {
        Result<std::unique_ptr<VideoWriter>> writer = VideoWriter::create(folder_ / "a.mp4", 64, 64, 30.0);
        ASSERT_TRUE(writer);
        for (int n = 0; n < 100; ++n) ASSERT_TRUE((*writer)->add(numbered(64, 64, n)));
        EXPECT_FALSE((*writer)->add(Image(32, 64, 3)));
        EXPECT_FALSE((*writer)->add(Image(64, 64, 2)));
        EXPECT_EQ(files(), 1);
    }
    EXPECT_EQ(files(), 0);
    Result<std::unique_ptr<VideoWriter>> empty = VideoWriter::create(folder_ / "a.mp4", 64, 64, 30.0);
    ASSERT_TRUE(empty);
    EXPECT_FALSE((*empty)->finish());
    empty = Error{};
    EXPECT_EQ(files(), 0);
    EXPECT_EQ(VideoWriter::create(folder_ / "a.mp4", 0, 64, 30.0).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(VideoWriter::create(folder_ / "a.mp4", 64, 64, 0.0).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(VideoWriter::create(folder_ / "a.mp4", 64, 64, std::nan("")).error().code, ErrorCode::invalid_argument);
    const auto missing = VideoWriter::create(folder_ / "no" / "a.mp4", 64, 64, 30.0);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::io);
    EXPECT_NE(missing.error().message.find("no/a.mp4'"), std::string::npos) << missing.error().message;
}

TEST_F(Video, AFullDiskIsReportedAndTheOldFileStays) {
    write(folder_ / "a.mp4", 64, 64, 5);
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit old{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
    rlimit small = old;
    small.rlim_cur = 20'000;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    Status status;
    {
        Result<std::unique_ptr<VideoWriter>> writer = VideoWriter::create(folder_ / "a.mp4", 256, 256, 30.0);
        std::mt19937 random(5);
        for (int n = 0; writer && status && n < 60; ++n) {
            Image noise(256, 256, 3);
            for (float& value : noise.pixels) value = static_cast<float>(random() % 256) / 255.0f;
            status = (*writer)->add(noise);
        }
        if (writer && status) status = (*writer)->finish();
    }
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::io);
    EXPECT_NE(status.error().message.find("a.mp4'"), std::string::npos) << status.error().message;
    EXPECT_NE(status.error().message.find("nothing of this film is kept"), std::string::npos) << status.error().message;
    EXPECT_EQ(files(), 1);
    EXPECT_EQ(open(folder_ / "a.mp4")->frame_count(), 5);
}

// Copies a video with a display matrix, as phones write them, and with other times (in ticks of the stream; rising).
void copy_changed(const fs::path& from, const fs::path& to, double degrees,
                  const std::function<std::int64_t(std::int64_t)>& when = {}) {
    AVFormatContext *in = nullptr, *out = nullptr;
    ASSERT_EQ(avformat_open_input(&in, from.c_str(), nullptr, nullptr), 0);
    ASSERT_GE(avformat_find_stream_info(in, nullptr), 0);
    ASSERT_GE(avformat_alloc_output_context2(&out, nullptr, "mp4", to.c_str()), 0);
    AVStream* stream = avformat_new_stream(out, nullptr);
    avcodec_parameters_copy(stream->codecpar, in->streams[0]->codecpar);
    stream->time_base = in->streams[0]->time_base;
    auto* matrix = reinterpret_cast<std::int32_t*>(av_stream_new_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, 36));
    av_display_rotation_set(matrix, degrees);
    ASSERT_GE(avio_open(&out->pb, to.c_str(), AVIO_FLAG_WRITE), 0);
    ASSERT_GE(avformat_write_header(out, nullptr), 0);
    AVPacket* packet = av_packet_alloc();
    while (av_read_frame(in, packet) >= 0) {
        av_packet_rescale_ts(packet, in->streams[0]->time_base, stream->time_base);
        if (when) {
            packet->pts = when(packet->pts);
            packet->dts = when(packet->dts);
            packet->duration = 0;
        }
        av_interleaved_write_frame(out, packet);
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
    av_write_trailer(out);
    avio_closep(&out->pb);
    avformat_free_context(out);
    avformat_close_input(&in);
}

TEST_F(Video, RotationIsApplied) {
    write(folder_ / "a.mp4", 64, 48, 4);
    for (const int turn : {0, 90, 180, 270}) {
        // av_display_rotation_set takes the clockwise angle by which the frame is to be turned for display.
        copy_changed(folder_ / "a.mp4", folder_ / "b.mp4", turn);
        const auto reader = open(folder_ / "b.mp4");
        ASSERT_TRUE(reader);
        EXPECT_EQ(reader->width(), turn % 180 == 0 ? 64 : 48);
        const Result<std::optional<Image>> frame = reader->next();
        ASSERT_TRUE(frame && *frame);
        const Image truth = numbered(64, 48, 0);
        for (int y = 20; y < 44; y += 4)
            for (int x = 4; x < 60; x += 4) {
                int u = x, v = y;
                if (turn == 90) u = 47 - y, v = x;
                if (turn == 180) u = 63 - x, v = 47 - y;
                if (turn == 270) u = y, v = 63 - x;
                for (int c = 0; c < 3; ++c) ASSERT_NEAR((*frame)->at(u, v)[c], truth.at(x, y)[c], 0.05) << turn;
            }
    }
}

TEST_F(Video, AVaryingRateKeepsItsTimes) {
    write(folder_ / "a.mp4", 64, 48, 40, 25.0);
    // Slower and slower: frame n is shown after n + n n / 20 of its ticks.
    constexpr std::int64_t tick = 512;  // of the muxer's clock, 12800 a second
    const auto slower = [](std::int64_t t) { return t <= 0 ? t : t + t * t / (20 * tick); };
    copy_changed(folder_ / "a.mp4", folder_ / "b.mp4", 0, slower);
    const auto reader = open(folder_ / "b.mp4");
    ASSERT_TRUE(reader);
    for (int n = 0; n < 40; ++n) {
        const auto frame = reader->next();
        ASSERT_TRUE(frame && *frame) << n;
        EXPECT_EQ(number_of(**frame), n);
        EXPECT_NEAR(reader->time(), (n + n * n / 20.0) / 25, 2e-3) << n;
    }
    EXPECT_FALSE(*reader->next());
    for (const int n : {30, 3, 39}) {
        ASSERT_TRUE(reader->seek_frame(n));
        EXPECT_EQ(number_of(**reader->next()), n);
        EXPECT_NEAR(reader->time(), (n + n * n / 20.0) / 25, 2e-3);
    }
}

TEST_F(Video, HostileFiles) {
    const auto refused = [](const fs::path& path, ErrorCode code) {
        const auto reader = VideoReader::open(path);
        ASSERT_FALSE(reader) << path;
        EXPECT_EQ(reader.error().code, code) << path;
        EXPECT_NE(reader.error().message.find("'" + path.string() + "'"), std::string::npos) << reader.error().message;
    };
    refused(folder_ / "none.mp4", ErrorCode::not_found);
    refused(folder_, ErrorCode::bad_input);
    refused("/dev/zero", ErrorCode::bad_input);
    const auto file = [&](const char* name, const std::string& content) {
        std::ofstream(folder_ / name, std::ios::binary) << content;
        return folder_ / name;
    };
    refused(file("empty.mp4", ""), ErrorCode::bad_input);
    refused(file("text.mp4", "hello"), ErrorCode::bad_input);
    // A playlist would open other files.
    refused(file("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n"), ErrorCode::bad_input);
    refused(file("list.ffconcat", "ffconcat version 1.0\nfile '/etc/passwd'\n"), ErrorCode::bad_input);
    refused("http://localhost/a.mp4", ErrorCode::not_found);
}

TEST_F(Video, MutationsReturn) {
    write(folder_ / "a.mp4", 48, 32, 12);
    const std::vector<std::uint8_t> good = *read_file(folder_ / "a.mp4", 1 << 24);
    std::mt19937 random(17);
    int opened = 0;
    for (int round = 0; round < 300; ++round) {
        std::vector<std::uint8_t> bytes = good;
        for (std::size_t i = 0, changes = 1 + random() % 8; i < changes; ++i)
            bytes[random() % (random() % 2 == 0 ? bytes.size() : std::min<std::size_t>(900, bytes.size()))] =
                static_cast<std::uint8_t>(random());
        if (round % 4 == 0) bytes.resize(1 + random() % bytes.size());
        ASSERT_TRUE(save_file(folder_ / "b.mp4", bytes));
        const auto reader = VideoReader::open(folder_ / "b.mp4");
        if (!reader) continue;
        ++opened;
        for (int n = 0; n < 50; ++n) {
            const Result<std::optional<Image>> frame = (*reader)->next();
            if (!frame || !*frame) break;
            ASSERT_EQ((*frame)->width, (*reader)->width());
        }
        (void)(*reader)->seek_frame(3).ok();
        (void)(*reader)->next().ok();
    }
    EXPECT_GT(opened, 20);
}

TEST_F(Video, RealVideos) {
    const char* set = std::getenv("LIKENESS_TEST_DATA");
    const fs::path videos = fs::path(set ? set : LIKENESS_DEFAULT_TEST_DATA) / "videos";
    if (!fs::is_directory(videos)) GTEST_SKIP() << "no videos in " << videos;
    const struct {
        const char* name;
        int width, height, frames;
        double fps;
    } known[] = {{"liveportrait_d3.mp4", 512, 512, 354, 30.0},
                 {"liveportrait_d9.mp4", 480, 480, 587, 0.0},
                 {"obama.mp4", 834, 884, 241, 24.0}};
    for (const auto& video : known) {
        const auto reader = open(videos / video.name);
        ASSERT_TRUE(reader);
        EXPECT_EQ(reader->width(), video.width);
        EXPECT_EQ(reader->height(), video.height);
        if (video.fps > 0.0) {
            EXPECT_NEAR(reader->fps(), video.fps, 0.01);
        }
        std::vector<Image> kept;
        int frames = 0;
        while (true) {
            Result<std::optional<Image>> frame = reader->next();
            ASSERT_TRUE(frame) << frame.error().message;
            if (!*frame) break;
            if (frames % 60 == 0) kept.push_back(std::move(**frame));
            ++frames;
        }
        EXPECT_EQ(frames, video.frames) << video.name;
        // Seeking finds the very frames that reading through gave.
        for (std::size_t i = kept.size(); i-- > 0;) {
            ASSERT_TRUE(reader->seek_frame(static_cast<std::int64_t>(i) * 60));
            EXPECT_EQ(reader->frame_count(), frames);
            ASSERT_EQ((**reader->next()).pixels, kept[i].pixels) << video.name << " " << i * 60;
        }
    }
}

TEST_F(Video, AFolderOfPicturesIsAVideo) {
    for (const int n : {2, 10, 1, 9}) {
        const Image frame = numbered(n == 10 ? 64 : 32, n == 10 ? 32 : 16, n);
        ASSERT_TRUE(save_png(folder_ / ("f" + std::to_string(n) + ".png"), frame));
    }
    std::ofstream(folder_ / "notes.txt") << "no picture";
    auto source = open_frames(folder_);
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_EQ((*source)->frame_count(), 4);
    FramesAhead ahead(*std::move(source), 2);
    for (const int n : {1, 2, 9, 10}) {  // by value, and of the first one's size
        auto frame = ahead.next();
        ASSERT_TRUE(frame && *frame);
        EXPECT_EQ((*frame)->picture.width, 32);
        EXPECT_EQ(number_of((*frame)->picture), n);
    }
    for (int again = 0; again < 2; ++again) {
        auto end = ahead.next();
        ASSERT_TRUE(end);
        EXPECT_FALSE(*end);
    }
}

}  // namespace
}  // namespace likeness::test
