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
#include "tests/media/numbered.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
}

namespace likeness::test {
namespace {

namespace fs = std::filesystem;

constexpr int rate = 48000, fps = 25;
constexpr double frame_seconds = 1.0 / fps;

struct Clip {
    const char* muxer = "mp4";
    AVCodecID sound = AV_CODEC_ID_AAC;
    double picture_start = 0;             // of both clocks, seconds
    double sound_start = 0, seconds = 6;  // what comes before is not recorded
    double hole_begin = 0, hole_end = 0;  // sound that was lost
    int sample_rate = rate, channels = 2;
};

// One frame in 25 is white, from 0.4 s on; when it is shown 1 kHz begins for 10 ms. Counted from the first picture.
bool is_flash(int frame) { return frame % 25 == 10; }
float click_at(double seconds) {
    const double since = seconds - 0.4 - std::floor(seconds - 0.4);
    return since < 0.01 && seconds >= 0.4 ? 0.8f * float(std::sin(2 * M_PI * 1000 * since + 0.8)) : 0.0f;
}

class Muxed {
  public:
    explicit Muxed(const fs::path& path, const char* muxer) {
        avformat_alloc_output_context2(&format_, nullptr, muxer, path.c_str());
        avio_open(&format_->pb, path.c_str(), AVIO_FLAG_WRITE);
    }
    AVCodecContext* add(AVCodecID id, const std::function<void(AVCodecContext&)>& set) {
        const AVCodec* encoder = avcodec_find_encoder(id);
        AVCodecContext* codec = avcodec_alloc_context3(encoder);
        set(*codec);
        if (format_->oformat->flags & AVFMT_GLOBALHEADER) codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
        EXPECT_GE(avcodec_open2(codec, encoder, nullptr), 0);
        AVStream* stream = avformat_new_stream(format_, nullptr);
        avcodec_parameters_from_context(stream->codecpar, codec);
        stream->time_base = codec->time_base;
        codecs_.push_back(codec);
        return codec;
    }
    void begin() { EXPECT_GE(avformat_write_header(format_, nullptr), 0); }
    void encode(std::size_t i, const AVFrame* frame) {
        EXPECT_GE(avcodec_send_frame(codecs_[i], frame), 0);
        AVPacket* packet = av_packet_alloc();
        while (avcodec_receive_packet(codecs_[i], packet) >= 0) {
            packet->stream_index = int(i);
            av_packet_rescale_ts(packet, codecs_[i]->time_base, format_->streams[i]->time_base);
            EXPECT_GE(av_interleaved_write_frame(format_, packet), 0);
        }
        av_packet_free(&packet);
    }
    ~Muxed() {
        for (std::size_t i = 0; i < codecs_.size(); ++i) encode(i, nullptr);
        av_write_trailer(format_);
        for (AVCodecContext* codec : codecs_) avcodec_free_context(&codec);
        avio_closep(&format_->pb);
        avformat_free_context(format_);
    }

  private:
    AVFormatContext* format_ = nullptr;
    std::vector<AVCodecContext*> codecs_;
};

void make(const fs::path& path, const Clip& clip) {
    av_log_set_level(AV_LOG_QUIET);
    Muxed file(path, clip.muxer);
    file.add(AV_CODEC_ID_MPEG4, [](AVCodecContext& c) {
        c.width = c.height = 64;
        c.pix_fmt = AV_PIX_FMT_YUV420P;
        c.time_base = {1, fps};
        c.framerate = {fps, 1};
        c.max_b_frames = 2;
        c.bit_rate = 400'000;
    });
    AVCodecContext* sound = nullptr;
    if (clip.sound != AV_CODEC_ID_NONE)
        sound = file.add(clip.sound, [&](AVCodecContext& c) {
            c.sample_rate = clip.sample_rate;
            c.time_base = {1, clip.sample_rate};
            c.sample_fmt = clip.sound == AV_CODEC_ID_AAC ? AV_SAMPLE_FMT_FLTP : AV_SAMPLE_FMT_S16;
            c.bit_rate = 128'000;
            av_channel_layout_default(&c.ch_layout, clip.channels);
        });
    file.begin();
    AVFrame* frame = av_frame_alloc();
    std::int64_t sample = std::llround(clip.sound_start * clip.sample_rate);
    for (int n = 0; n < int(clip.seconds * fps); ++n) {
        av_frame_unref(frame);
        frame->format = AV_PIX_FMT_YUV420P;
        frame->width = frame->height = 64;
        av_frame_get_buffer(frame, 0);
        for (int y = 0; y < 64; ++y) std::memset(frame->data[0] + y * frame->linesize[0], is_flash(n) ? 235 : 16, 64);
        for (int p : {1, 2})
            for (int y = 0; y < 32; ++y) std::memset(frame->data[p] + y * frame->linesize[p], 128, 32);
        frame->pts = n + std::llround(clip.picture_start * fps);
        file.encode(0, frame);
        while (sound && double(sample) / clip.sample_rate < (n + 1) * frame_seconds) {
            const int count = sound->frame_size > 0 ? sound->frame_size : 1000;
            av_frame_unref(frame);
            frame->format = sound->sample_fmt;
            frame->sample_rate = clip.sample_rate;
            frame->nb_samples = count;
            av_channel_layout_copy(&frame->ch_layout, &sound->ch_layout);
            av_frame_get_buffer(frame, 0);
            for (int i = 0; i < count; ++i) {
                const float value = click_at(double(sample + i) / clip.sample_rate);
                for (int c = 0; c < clip.channels; ++c)
                    if (sound->sample_fmt == AV_SAMPLE_FMT_FLTP)
                        reinterpret_cast<float*>(frame->extended_data[c])[i] = value;
                    else
                        reinterpret_cast<std::int16_t*>(frame->data[0])[i * clip.channels + c] =
                            std::int16_t(value * 32767);
            }
            frame->pts = sample + std::llround(clip.picture_start * clip.sample_rate);
            const double at = double(sample) / clip.sample_rate;
            sample += count;
            if (at >= clip.hole_begin && at < clip.hole_end) continue;
            file.encode(1, frame);
        }
    }
    av_frame_free(&frame);
}

// Begins of clicks in seconds on the clock of the file's pictures, which start at `first`; and the sound's end.
struct Heard {
    std::vector<double> clicks;
    double end = 0;
    int streams = 0;
};
Heard listen(const fs::path& path, double first) {
    Heard heard;
    AVFormatContext* format = nullptr;
    EXPECT_GE(avformat_open_input(&format, path.c_str(), nullptr, nullptr), 0);
    avformat_find_stream_info(format, nullptr);
    heard.streams = int(format->nb_streams);
    const int best = av_find_best_stream(format, AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
    if (best >= 0) {
        AVStream* stream = format->streams[best];
        AVCodecContext* codec = avcodec_alloc_context3(avcodec_find_decoder(stream->codecpar->codec_id));
        avcodec_parameters_to_context(codec, stream->codecpar);
        codec->pkt_timebase = stream->time_base;
        avcodec_open2(codec, nullptr, nullptr);
        AVPacket* packet = av_packet_alloc();
        AVFrame* frame = av_frame_alloc();
        bool more = true;
        while (more) {
            more = av_read_frame(format, packet) >= 0;
            if (more && packet->stream_index != best) {
                av_packet_unref(packet);
                continue;
            }
            avcodec_send_packet(codec, more ? packet : nullptr);
            av_packet_unref(packet);
            while (avcodec_receive_frame(codec, frame) == 0) {
                EXPECT_EQ(frame->format, AV_SAMPLE_FMT_FLTP);
                const double at = double(frame->best_effort_timestamp) * av_q2d(stream->time_base) - first;
                const auto* samples = reinterpret_cast<const float*>(frame->data[0]);
                for (int i = 0; i < frame->nb_samples; ++i) {
                    const double t = at + double(i) / frame->sample_rate;
                    heard.end = t;
                    if (std::abs(samples[i]) > 0.3f && (heard.clicks.empty() || t - heard.clicks.back() > 0.5))
                        heard.clicks.push_back(t);
                }
            }
        }
        av_frame_free(&frame);
        av_packet_free(&packet);
        avcodec_free_context(&codec);
    }
    avformat_close_input(&format);
    return heard;
}

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
        make(from, clip);
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
    make(folder_ / "long.mp4", {});
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
    make(folder_ / "a.mp4", {.seconds = 1});
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
