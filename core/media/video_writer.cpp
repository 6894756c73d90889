#include "core/media/video_writer.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/output_file.h"
#include "core/image/ops.h"
#include "core/media/ffmpeg.h"
#include "core/media/film_writers.h"
#include "core/media/sound_track.h"

namespace likeness {
namespace {

constexpr int max_side = 16384;  // of H.264's levels

const AVCodec* find_encoder() {
    if (const AVCodec* x264 = avcodec_find_encoder_by_name("libx264")) return x264;
    if (const AVCodec* other = avcodec_find_encoder_by_name("libopenh264")) return other;
    return avcodec_find_encoder(AV_CODEC_ID_MPEG4);  // part of FFmpeg itself
}

}  // namespace

struct VideoWriter::State {
    film::Shape shape;               // the codec's sides are even
    std::optional<OutputFile> file;  // goes unless it was committed
    AVFormatContext* format = nullptr;
    AVStream* stream = nullptr;
    ffmpeg::Codec codec;
    ffmpeg::Frame frame;
    ffmpeg::Packet packet;
    ffmpeg::Scaler scaler;
    std::unique_ptr<SoundTrack> sound;
    std::string note;
    std::vector<std::uint8_t> rgb;
    std::int64_t next = 0;
    bool failed = false, finished = false;

    ~State() { ffmpeg::close_muxer(format); }
    Error failure(int error) {
        failed = true;
        return film::lost(ffmpeg::write_failure(shape.path, error));
    }
    Status encode(const AVFrame* picture);
    Status encode_sound(bool end);
};

VideoWriter::VideoWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
VideoWriter::~VideoWriter() = default;

Result<std::unique_ptr<VideoWriter>> VideoWriter::create(const std::filesystem::path& path, int width, int height,
                                                         double fps, const std::optional<SoundOf>& sound) {
    auto state = std::make_unique<State>();
    state->shape = {path, width, height, fps};
    if (Status possible = film::check_shape(state->shape, max_side); !possible) return possible.error();
    ffmpeg::be_quiet();
    const AVCodec* encoder = find_encoder();
    if (!encoder)
        return Error{ErrorCode::internal, "This system's FFmpeg cannot write H.264 videos; install libx264.", ""};
    auto file = OutputFile::create(path);
    if (!file) return file.error();
    state->file.emplace(*std::move(file));
    state->codec.reset(avcodec_alloc_context3(encoder));
    state->frame.reset(av_frame_alloc());
    state->packet.reset(av_packet_alloc());
    if (!state->codec || !state->frame || !state->packet) return state->failure(AVERROR(ENOMEM));
    if (const int made = ffmpeg::open_muxer(state->format, "mp4", state->file->temporary()); made < 0)
        return state->failure(made);

    AVCodecContext& codec = *state->codec;
    codec.width = width + width % 2;  // 4:2:0 halves both sides
    codec.height = height + height % 2;
    codec.pix_fmt = AV_PIX_FMT_YUV420P;
    codec.framerate = av_d2q(fps, 1'001'000);
    codec.time_base = av_inv_q(codec.framerate);
    codec.color_range = AVCOL_RANGE_MPEG;
    codec.colorspace = AVCOL_SPC_BT709;
    codec.color_primaries = AVCOL_PRI_BT709;
    codec.color_trc = AVCOL_TRC_BT709;
    codec.gop_size = std::max(1, static_cast<int>(std::lround(std::min(fps, 60.0) * 2.0)));
    if (state->format->oformat->flags & AVFMT_GLOBALHEADER) codec.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    AVDictionary* options = nullptr;
    if (encoder->id == AV_CODEC_ID_MPEG4) {
        codec.flags |= AV_CODEC_FLAG_QSCALE;
        codec.global_quality = 2 * FF_QP2LAMBDA;
    } else if (std::string(encoder->name) == "libx264") {
        av_dict_set(&options, "crf", "16", 0);
        av_dict_set(&options, "preset", "medium", 0);
    } else {
        codec.bit_rate = std::max<std::int64_t>(4'000'000, std::int64_t(codec.width) * codec.height * 12);
    }
    const int opened = avcodec_open2(&codec, encoder, &options);
    av_dict_free(&options);
    if (opened < 0)
        return Error{ErrorCode::internal,
                     "The video encoder refuses '" + path.string() + "'; choose another size or frame rate.",
                     ffmpeg::text_of(opened)};

    state->stream = avformat_new_stream(state->format, nullptr);
    if (!state->stream) return state->failure(AVERROR(ENOMEM));
    state->stream->time_base = codec.time_base;
    state->stream->avg_frame_rate = codec.framerate;
    if (const int copied = avcodec_parameters_from_context(state->stream->codecpar, &codec); copied < 0)
        return state->failure(copied);

    AVFrame& frame = *state->frame;
    frame.format = codec.pix_fmt;
    frame.width = codec.width;
    frame.height = codec.height;
    frame.color_range = codec.color_range;
    frame.colorspace = codec.colorspace;
    if (const int allocated = av_frame_get_buffer(&frame, 0); allocated < 0) return state->failure(allocated);
    state->scaler.reset(sws_getContext(codec.width, codec.height, AV_PIX_FMT_RGB24, codec.width, codec.height,
                                       codec.pix_fmt, SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP, nullptr,
                                       nullptr, nullptr));
    if (!state->scaler) return state->failure(AVERROR(ENOMEM));
    const int* bt709 = sws_getCoefficients(SWS_CS_ITU709);
    sws_setColorspaceDetails(state->scaler.get(), bt709, 1, bt709, 0, 0, 1 << 16, 1 << 16);

    if (sound) {
        auto track = SoundTrack::open(*sound, state->format, state->note);
        if (!track) return track.error();
        state->sound = *std::move(track);
    }

    AVDictionary* mux = nullptr;
    av_dict_set(&mux, "movflags", "faststart", 0);
    const int header = avformat_write_header(state->format, &mux);
    av_dict_free(&mux);
    if (header < 0) return state->failure(header);
    return std::unique_ptr<VideoWriter>(new VideoWriter(std::move(state)));
}

Status VideoWriter::State::encode(const AVFrame* picture) {
    if (const int sent = avcodec_send_frame(codec.get(), picture); sent < 0) return failure(sent);
    while (true) {
        const int got = avcodec_receive_packet(codec.get(), packet.get());
        if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return {};
        if (got < 0) return failure(got);
        packet->stream_index = stream->index;
        if (packet->duration == 0) packet->duration = 1;
        av_packet_rescale_ts(packet.get(), codec->time_base, stream->time_base);
        if (const int put = av_interleaved_write_frame(format, packet.get()); put < 0) return failure(put);
        if (format->pb->error < 0) return failure(format->pb->error);
    }
}

Status VideoWriter::State::encode_sound(bool end) {
    if (!sound) return {};
    const double seconds = double(next) * av_q2d(codec->time_base);
    const int written = sound->write_until(
        seconds, end, [this](AVPacket* encoded) { return av_interleaved_write_frame(format, encoded); });
    if (written < 0) return failure(written);
    return {};
}

std::vector<std::string> VideoWriter::notes() const {
    if (state_->note.empty()) return {};
    return {state_->note};
}

Status VideoWriter::add(const Image& image) {
    State& state = *state_;
    if (state.finished || state.failed) return film::closed(state.shape);
    if (Status same = film::check_frame(state.shape, image); !same) return same;
    const AVCodecContext& codec = *state.codec;
    state.rgb.resize(std::size_t(codec.width) * std::size_t(codec.height) * 3);
    std::uint8_t* out = state.rgb.data();
    for (int y = 0; y < codec.height; ++y)
        for (int x = 0; x < codec.width; ++x, out += 3) {
            const float* p = image.at(std::min(x, image.width - 1), std::min(y, image.height - 1));
            const float alpha = image.channels == 4 ? p[3] : 1.0f;
            for (int c = 0; c < 3; ++c) out[c] = to_u8(image.channels == 1 ? p[0] : p[c] * alpha);
        }
    if (const int writable = av_frame_make_writable(state.frame.get()); writable < 0) return state.failure(writable);
    const std::uint8_t* planes[] = {state.rgb.data()};
    const int strides[] = {codec.width * 3};
    sws_scale(state.scaler.get(), planes, strides, 0, codec.height, state.frame->data, state.frame->linesize);
    state.frame->pts = state.next++;
    if (Status encoded = state.encode(state.frame.get()); !encoded) return encoded;
    return state.encode_sound(false);
}

Status VideoWriter::end(Progress&) {
    State& state = *state_;
    if (state.finished || state.failed) return film::closed(state.shape);
    if (state.next == 0) {
        state.failed = true;
        return film::no_frames(state.shape);
    }
    if (Status flushed = state.encode(nullptr); !flushed) return flushed;
    if (Status flushed = state.encode_sound(true); !flushed) return flushed;
    if (const int trailer = av_write_trailer(state.format); trailer < 0) return state.failure(trailer);
    if (state.format->pb->error < 0) return state.failure(state.format->pb->error);
    if (const int closed = ffmpeg::close_muxer(state.format); closed < 0) return state.failure(closed);
    Status placed = state.file->commit();
    state.failed = !placed.ok();
    state.finished = placed.ok();
    if (!placed) return film::lost(placed.error());
    return {};
}

}  // namespace likeness
