#include "core/media/sound_track.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/media/containers.h"
#include "core/media/ffmpeg.h"
#include "core/media/video_reader.h"

extern "C" {
#include <libswresample/swresample.h>
}

namespace likeness {
namespace {

constexpr int usual_rate = 48000;
constexpr std::int64_t bits_a_channel = 96'000;
// What decoders' time stamps may be off by before sound is left out or silence put in, in seconds.
constexpr double tolerance = 0.01;
constexpr double lead_in = 0.5;  // decoded and dropped before the beginning, for codecs that lean on what was before

struct FreeResampler {
    void operator()(SwrContext* resampler) const { swr_free(&resampler); }
};

// The sound from the beginning on, sample after sample: resampled, silence where the file has none.
class SoundReader {
  public:
    ~SoundReader() { avformat_close_input(&format_); }
    // False: there is no sound, or `note` says why it cannot be used.
    Result<bool> open(const SoundOf& sound, std::string& note);
    int rate() const { return rate_; }
    int channels() const { return channels_; }
    // Fills planes of `count` samples; how many there were. Fewer than asked for at the end only.
    std::size_t read(float* const* planes, std::size_t count);

  private:
    bool decode();  // one frame more into queue_; false at the end
    int receive();
    void take(const AVFrame* frame);
    bool set_up(const AVFrame& frame);

    AVFormatContext* format_ = nullptr;
    AVStream* stream_ = nullptr;
    ffmpeg::Codec codec_;
    ffmpeg::Frame frame_;
    ffmpeg::Packet packet_;
    std::unique_ptr<SwrContext, FreeResampler> resampler_;
    AVSampleFormat from_format_ = AV_SAMPLE_FMT_NONE;
    int from_rate_ = 0, from_channels_ = 0;
    double begin_ = 0;  // in the container's time, seconds
    int rate_ = usual_rate, channels_ = 2;
    bool draining_ = false, ended_ = false;
    std::int64_t length_ = 0;               // samples in all, at most
    std::int64_t position_ = 0;             // of the next sample that is queued
    std::int64_t given_ = 0, silence_ = 0;  // samples that were read; zeros before the queue's first
    std::array<std::vector<float>, 2> queue_;
    std::size_t queue_begin_ = 0;
};

Result<bool> SoundReader::open(const SoundOf& sound, std::string& note) {
    // Its times count from the first picture.
    auto pictures = VideoReader::open(sound.file);
    if (!pictures) return pictures.error();
    if (auto first = (*pictures)->next(); !first) return first.error();
    begin_ = (*pictures)->start() + sound.begin;
    pictures->reset();

    const std::string name = sound.file.string();
    if (open_container(format_, sound.file) < 0 || avformat_find_stream_info(format_, nullptr) < 0) {
        note = "The sound of '" + name + "' cannot be read and is left out.";
        return false;
    }
    const int best = av_find_best_stream(format_, AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
    if (best == AVERROR_STREAM_NOT_FOUND) return false;
    const AVCodec* decoder = best < 0 ? nullptr : avcodec_find_decoder(format_->streams[best]->codecpar->codec_id);
    codec_.reset(decoder ? avcodec_alloc_context3(decoder) : nullptr);
    frame_.reset(av_frame_alloc());
    packet_.reset(av_packet_alloc());
    if (!codec_ || !frame_ || !packet_ ||
        avcodec_parameters_to_context(codec_.get(), format_->streams[best]->codecpar) < 0 ||
        (codec_->pkt_timebase = format_->streams[best]->time_base, avcodec_open2(codec_.get(), decoder, nullptr)) < 0) {
        note = "The sound of '" + name + "' uses a codec that is not supported and is left out.";
        return false;
    }
    stream_ = format_->streams[best];
    for (unsigned i = 0; i < format_->nb_streams; ++i)
        if (format_->streams[i] != stream_) format_->streams[i]->discard = AVDISCARD_ALL;
    channels_ = codec_->ch_layout.nb_channels == 1 ? 1 : 2;
    constexpr std::array kept = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000};
    if (std::find(kept.begin(), kept.end(), codec_->sample_rate) != kept.end()) rate_ = codec_->sample_rate;
    const double seconds = std::min(sound.end - sound.begin, 1e6);
    length_ = std::llround(seconds * rate_);
    if (sound.begin > lead_in)  // where that fails, all before is decoded and dropped
        (void)av_seek_frame(format_, best, std::int64_t(std::floor((begin_ - lead_in) / av_q2d(stream_->time_base))),
                            AVSEEK_FLAG_BACKWARD);
    return true;
}

bool SoundReader::set_up(const AVFrame& frame) {
    const auto format = AVSampleFormat(frame.format);
    if (resampler_ && format == from_format_ && frame.sample_rate == from_rate_ &&
        frame.ch_layout.nb_channels == from_channels_)
        return true;
    AVChannelLayout to, from;
    av_channel_layout_default(&to, channels_);
    if (frame.ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&from, frame.ch_layout.nb_channels);
    else if (from = {}; av_channel_layout_copy(&from, &frame.ch_layout) < 0)
        return false;
    SwrContext* made = nullptr;
    const int set =
        swr_alloc_set_opts2(&made, &to, AV_SAMPLE_FMT_FLTP, rate_, &from, format, frame.sample_rate, 0, nullptr);
    av_channel_layout_uninit(&from);
    resampler_.reset(made);
    if (set < 0 || swr_init(made) < 0) {
        resampler_.reset();
        return false;
    }
    from_format_ = format;
    from_rate_ = frame.sample_rate;
    from_channels_ = frame.ch_layout.nb_channels;
    return true;
}

// Null: what the resampler still holds.
void SoundReader::take(const AVFrame* frame) {
    if (frame ? frame->nb_samples < 1 || frame->sample_rate < 1 || !set_up(*frame) : !resampler_) return;
    const double held = double(swr_get_delay(resampler_.get(), 1'000'000)) / 1e6;
    const int room = swr_get_out_samples(resampler_.get(), frame ? frame->nb_samples : 0);
    if (room <= 0) return;
    std::array<std::vector<float>, 2> made;
    std::array<std::uint8_t*, 2> planes{};
    for (int c = 0; c < channels_; ++c) {
        made[std::size_t(c)].resize(std::size_t(room));
        planes[std::size_t(c)] = reinterpret_cast<std::uint8_t*>(made[std::size_t(c)].data());
    }
    const int got = swr_convert(resampler_.get(), planes.data(), room,
                                frame ? const_cast<const std::uint8_t**>(frame->extended_data) : nullptr,
                                frame ? frame->nb_samples : 0);
    if (got <= 0) return;
    std::size_t skip = 0;
    if (frame && frame->best_effort_timestamp != AV_NOPTS_VALUE) {
        const double at = double(frame->best_effort_timestamp) * av_q2d(stream_->time_base) - begin_ - held;
        const std::int64_t expected = std::llround(std::clamp(at, -1e6, 1e6) * rate_);
        const bool first = position_ == 0;
        if (expected < position_ && (first || double(position_ - expected) > tolerance * rate_))
            skip = std::size_t(std::min<std::int64_t>(position_ - expected, got));
        if (expected > position_ && (first || double(expected - position_) > tolerance * rate_)) {
            const std::int64_t gap = std::max<std::int64_t>(0, std::min(expected, length_) - position_);
            silence_ += gap;  // comes before the queue, which is empty here
            position_ += gap;
        }
    }
    for (int c = 0; c < channels_; ++c) {
        const auto& samples = made[std::size_t(c)];
        queue_[std::size_t(c)].insert(queue_[std::size_t(c)].end(), samples.begin() + std::ptrdiff_t(skip),
                                      samples.begin() + got);
    }
    position_ += got - std::int64_t(skip);
}

int SoundReader::receive() {
    const int got = avcodec_receive_frame(codec_.get(), frame_.get());
    if (got == 0) {
        take(frame_.get());
        av_frame_unref(frame_.get());
    }
    return got;
}

bool SoundReader::decode() {
    while (!ended_) {
        const int got = receive();
        if (got == 0) return true;
        if (got == AVERROR_EOF || draining_) {
            take(nullptr);
            ended_ = true;
            return true;
        }
        if (av_read_frame(format_, packet_.get()) < 0) {
            draining_ = true;
            avcodec_send_packet(codec_.get(), nullptr);
            continue;
        }
        // A damaged packet is passed over: silence stands where it was.
        if (packet_->stream_index == stream_->index) avcodec_send_packet(codec_.get(), packet_.get());
        av_packet_unref(packet_.get());
    }
    return false;
}

std::size_t SoundReader::read(float* const* planes, std::size_t count) {
    count = std::size_t(std::min<std::int64_t>(std::int64_t(count), length_ - given_));
    std::size_t done = 0;
    while (done < count) {
        if (silence_ > 0) {
            const std::size_t zeros = std::size_t(std::min<std::int64_t>(silence_, std::int64_t(count - done)));
            for (int c = 0; c < channels_; ++c) std::fill_n(planes[c] + done, zeros, 0.0f);
            silence_ -= std::int64_t(zeros);
            done += zeros;
            continue;
        }
        if (queue_begin_ == queue_[0].size()) {
            for (auto& channel : queue_) channel.clear();
            queue_begin_ = 0;
            if (!decode()) break;
            continue;
        }
        const std::size_t some = std::min(count - done, queue_[0].size() - queue_begin_);
        for (int c = 0; c < channels_; ++c)
            std::copy_n(queue_[std::size_t(c)].data() + queue_begin_, some, planes[c] + done);
        queue_begin_ += some;
        done += some;
    }
    given_ += std::int64_t(done);
    return done;
}

}  // namespace

struct SoundTrack::State {
    SoundReader reader;
    AVStream* stream = nullptr;
    ffmpeg::Codec codec;
    ffmpeg::Frame frame;
    ffmpeg::Packet packet;
    std::int64_t written = 0;  // samples
    bool ended = false;
};

SoundTrack::SoundTrack(std::unique_ptr<State> state) : state_(std::move(state)) {}
SoundTrack::~SoundTrack() = default;

Result<std::unique_ptr<SoundTrack>> SoundTrack::open(const SoundOf& sound, AVFormatContext* muxer, std::string& note) {
    if (!(sound.begin >= 0) || !std::isfinite(sound.begin) || !(sound.end > sound.begin))
        return Error{ErrorCode::invalid_argument,
                     "The sound of '" + sound.file.string() + "' must end after it begins, at 0 seconds or later.", ""};
    std::error_code none;
    if (std::filesystem::is_directory(sound.file, none)) return std::unique_ptr<SoundTrack>();  // pictures are silent
    auto state = std::make_unique<State>();
    auto opened = state->reader.open(sound, note);
    if (!opened) return opened.error();
    if (!*opened) return std::unique_ptr<SoundTrack>();
    const Error memory{ErrorCode::out_of_memory, "There is not enough memory for the sound.", ""};
    const AVCodec* encoder = avcodec_find_encoder(AV_CODEC_ID_AAC);
    state->codec.reset(encoder ? avcodec_alloc_context3(encoder) : nullptr);
    state->frame.reset(av_frame_alloc());
    state->packet.reset(av_packet_alloc());
    if (!state->frame || !state->packet) return memory;
    if (!state->codec) {
        note = "This system's FFmpeg cannot write AAC: the sound is left out.";
        return std::unique_ptr<SoundTrack>();
    }
    AVCodecContext& codec = *state->codec;
    codec.sample_fmt = AV_SAMPLE_FMT_FLTP;
    codec.sample_rate = state->reader.rate();
    codec.time_base = {1, codec.sample_rate};
    codec.bit_rate = bits_a_channel * state->reader.channels();
    av_channel_layout_default(&codec.ch_layout, state->reader.channels());
    if (muxer->oformat->flags & AVFMT_GLOBALHEADER) codec.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    if (const int begun = avcodec_open2(&codec, encoder, nullptr); begun < 0)
        return Error{ErrorCode::internal, "The sound of '" + sound.file.string() + "' cannot be encoded.",
                     ffmpeg::text_of(begun)};
    state->stream = avformat_new_stream(muxer, nullptr);
    if (!state->stream || avcodec_parameters_from_context(state->stream->codecpar, &codec) < 0) return memory;
    state->stream->time_base = codec.time_base;
    return std::unique_ptr<SoundTrack>(new SoundTrack(std::move(state)));
}

int SoundTrack::write_until(double seconds, bool end, const std::function<int(AVPacket*)>& put) {
    State& state = *state_;
    AVFrame& frame = *state.frame;
    const std::int64_t target = std::llround(seconds * state.codec->sample_rate);
    const std::int64_t whole = state.codec->frame_size;
    const auto send = [&](const AVFrame* samples) {
        if (const int sent = avcodec_send_frame(state.codec.get(), samples); sent < 0) return sent;
        while (true) {
            const int got = avcodec_receive_packet(state.codec.get(), state.packet.get());
            if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return 0;
            if (got < 0) return got;
            state.packet->stream_index = state.stream->index;
            av_packet_rescale_ts(state.packet.get(), state.codec->time_base, state.stream->time_base);
            if (const int done = put(state.packet.get()); done < 0) return done;
        }
    };
    while (!state.ended && (state.written + whole <= target || (end && state.written < target))) {
        av_frame_unref(&frame);
        frame.format = state.codec->sample_fmt;
        frame.sample_rate = state.codec->sample_rate;
        frame.nb_samples = int(std::min(whole, target - state.written));
        if (const int copied = av_channel_layout_copy(&frame.ch_layout, &state.codec->ch_layout); copied < 0)
            return copied;
        if (const int got = av_frame_get_buffer(&frame, 0); got < 0) return got;
        const std::size_t asked = std::size_t(frame.nb_samples);
        const std::size_t got = state.reader.read(reinterpret_cast<float**>(frame.extended_data), asked);
        state.ended = got < asked;
        if (got == 0) break;
        frame.nb_samples = int(got);
        frame.pts = state.written;
        state.written += std::int64_t(got);
        if (const int sent = send(&frame); sent < 0) return sent;
    }
    return end ? send(nullptr) : 0;
}

}  // namespace likeness
