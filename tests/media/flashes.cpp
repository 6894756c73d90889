#include "tests/media/flashes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace likeness::test {

namespace fs = std::filesystem;

namespace {

constexpr int fps = Clip::fps;
constexpr double frame_seconds = 1.0 / fps;

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

}  // namespace

bool is_flash(int frame) { return frame % 25 == 10; }
float click_at(double seconds) {
    const double since = seconds - 0.4 - std::floor(seconds - 0.4);
    return since < 0.01 && seconds >= 0.4 ? 0.8f * float(std::sin(2 * M_PI * 1000 * since + 0.8)) : 0.0f;
}

void make_clip(const fs::path& path, const Clip& clip) {
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

}  // namespace likeness::test
