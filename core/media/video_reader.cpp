#include "core/media/video_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <new>
#include <vector>

#include "core/image/file_bytes.h"
#include "core/media/containers.h"
#include "core/media/ffmpeg.h"
#include "core/media/frame_converter.h"

namespace likeness {
namespace {

constexpr int most_failures = 1000;
constexpr std::size_t max_indexed_frames = 20'000'000;

Turn turn_of(const AVStream& stream) {
    const std::uint8_t* data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
    Turn turn;
    if (!data) return turn;
    // FFmpeg's display matrix, rows of three: (x', y') = (a x + c y, b x + d y), in 16.16.
    std::array<std::int32_t, 9> m;
    std::copy_n(data, sizeof m, reinterpret_cast<std::uint8_t*>(m.data()));
    const auto sign = [](std::int32_t v) { return v > 0 ? 1 : v < 0 ? -1 : 0; };
    const auto size = [](std::int32_t v) { return std::abs(std::int64_t(v)); };
    if (size(m[0]) >= size(m[1]))
        turn = {sign(m[0]), 0, 0, sign(m[4])};
    else
        turn = {0, sign(m[3]), sign(m[1]), 0};
    const bool valid = turn.swaps() ? turn.xy != 0 && turn.yx != 0 : turn.yy != 0;
    return valid ? turn : Turn{};
}

}  // namespace

struct VideoReader::State {
    std::string name;
    AVFormatContext* format = nullptr;
    AVStream* stream = nullptr;
    ffmpeg::Codec codec;
    ffmpeg::Frame frame;
    ffmpeg::Packet packet;
    std::optional<FrameConverter> converter;
    double fps = 0.0;
    std::int64_t frame_count = 0;
    bool draining = false, pending = false;  // pending: `frame` waits to be returned
    bool moved = false;                      // by a seek
    bool lost = false;                       // a packet before the next frame
    std::int64_t doubtful_until = AV_NOPTS_VALUE;
    std::int64_t packets = 0, decoded = 0, damaged = 0;
    std::vector<std::int64_t> timestamps;  // of all frames in display order; filled by the first seek
    double time = 0.0;
    std::int64_t first_timestamp = AV_NOPTS_VALUE;

    ~State() { avformat_close_input(&format); }

    Error bad(const std::string& reason, int error = 0) const {
        if (error == AVERROR(ENOMEM))
            return {ErrorCode::out_of_memory, "There is not enough memory to read '" + name + "'.", ""};
        return {ErrorCode::bad_input, "'" + name + "' " + reason, error ? ffmpeg::text_of(error) : std::string()};
    }
    Status open_codec();
    bool is_damaged();
    bool decode();  // the next frame into `frame`; false at the end
    Result<std::optional<Image>> convert();
    Status restart(std::int64_t timestamp);
    Status make_index();
};

VideoReader::VideoReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
VideoReader::~VideoReader() = default;

int VideoReader::width() const { return state_->converter->width(); }
int VideoReader::height() const { return state_->converter->height(); }
double VideoReader::fps() const { return state_->fps; }
std::int64_t VideoReader::frame_count() const { return state_->frame_count; }
double VideoReader::time() const { return state_->time; }
double VideoReader::start() const {
    const std::int64_t first = state_->first_timestamp;
    return first == AV_NOPTS_VALUE ? 0 : double(first) * av_q2d(state_->stream->time_base);
}

Result<std::unique_ptr<VideoReader>> VideoReader::open(const std::filesystem::path& path) {
    if (const Result<std::uint64_t> size = readable_file_size(path); !size) return size.error();
    ffmpeg::be_quiet();
    auto state = std::make_unique<State>();
    state->name = path.string();
    const int opened = open_container(state->format, path);
    if (opened < 0) return state->bad("is not a video that can be read, or is cut off; choose an MP4 file.", opened);
    if (const int found = avformat_find_stream_info(state->format, nullptr); found < 0)
        return state->bad("is damaged; choose another video.", found);
    const int best = av_find_best_stream(state->format, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
    if (best < 0) return state->bad("holds no pictures; choose a video.", best);
    state->stream = state->format->streams[best];
    // Sound and other tracks are not even taken apart.
    for (unsigned i = 0; i < state->format->nb_streams; ++i)
        if (static_cast<int>(i) != best) state->format->streams[i]->discard = AVDISCARD_ALL;
    if (Status codec = state->open_codec(); !codec) return codec.error();
    return std::unique_ptr<VideoReader>(new VideoReader(std::move(state)));
}

Status VideoReader::State::open_codec() {
    const AVCodecParameters& parameters = *stream->codecpar;
    const AVCodec* decoder = avcodec_find_decoder(parameters.codec_id);
    if (!decoder) return bad("uses a codec that is not supported; convert it to H.264.");
    if (parameters.width < 1 || parameters.height < 1 ||
        std::int64_t(parameters.width) * parameters.height > max_frame_pixels)
        return bad("has frames of " + std::to_string(parameters.width) + " x " + std::to_string(parameters.height) +
                   " pixels, which cannot be read; make them smaller first.");
    codec.reset(avcodec_alloc_context3(decoder));
    frame.reset(av_frame_alloc());
    packet.reset(av_packet_alloc());
    if (!codec || !frame || !packet) return bad("", AVERROR(ENOMEM));
    if (const int copied = avcodec_parameters_to_context(codec.get(), &parameters); copied < 0)
        return bad("is damaged; choose another video.", copied);
    codec->max_pixels = max_frame_pixels;
    codec->pkt_timebase = stream->time_base;
    codec->thread_count = 0;
    if (const int opened = avcodec_open2(codec.get(), decoder, nullptr); opened < 0)
        return bad("uses a codec that cannot be read; convert it to H.264.", opened);

    int stored_width = parameters.width;
    const int stored_height = parameters.height;
    const AVRational aspect = av_guess_sample_aspect_ratio(format, stream, nullptr);
    if (const double ratio = aspect.num > 0 && aspect.den > 0 ? av_q2d(aspect) : 1.0; ratio > 0.25 && ratio < 4.0) {
        const auto wide = static_cast<int>(std::lround(stored_width * ratio));
        if (wide >= 1 && std::int64_t(wide) * stored_height <= max_frame_pixels) stored_width = wide;
    }
    converter.emplace(name, stored_width, stored_height, turn_of(*stream));
    AVRational rate = stream->avg_frame_rate;
    if (rate.num <= 0 || rate.den <= 0) rate = stream->r_frame_rate;
    fps = rate.num > 0 && rate.den > 0 ? std::clamp(av_q2d(rate), 0.001, 10000.0) : 25.0;
    frame_count = stream->nb_frames;
    if (frame_count <= 0) {
        double seconds = 0.0;
        if (stream->duration > 0)
            seconds = static_cast<double>(stream->duration) * av_q2d(stream->time_base);
        else if (format->duration > 0)
            seconds = static_cast<double>(format->duration) / AV_TIME_BASE;
        frame_count = std::isfinite(seconds) && seconds * fps < 1e12 ? std::llround(seconds * fps) : 0;
    }
    return {};
}

// Whether the decoder made up a part of `frame`, or may have: it leans on others that were lost or damaged, up to the
// next key frame, or for a second where none comes.
bool VideoReader::State::is_damaged() {
    constexpr int made_up =
        FF_DECODE_ERROR_INVALID_BITSTREAM | FF_DECODE_ERROR_CONCEALMENT_ACTIVE | FF_DECODE_ERROR_DECODE_SLICES;
    const std::int64_t stamp = frame->best_effort_timestamp;
    const bool whole = !(frame->decode_error_flags & made_up || frame->flags & AV_FRAME_FLAG_CORRUPT);
    if (whole && frame->key_frame) {
        lost = false;
        doubtful_until = AV_NOPTS_VALUE;
    }
    if ((!whole || lost) && stamp != AV_NOPTS_VALUE)
        doubtful_until = stamp + av_rescale_q(1, {1, 1}, stream->time_base);
    lost = false;
    return !whole || (stamp != AV_NOPTS_VALUE && doubtful_until != AV_NOPTS_VALUE && stamp < doubtful_until);
}

bool VideoReader::State::decode() {
    int failures = 0;  // one after another
    while (failures < most_failures) {
        const int got = avcodec_receive_frame(codec.get(), frame.get());
        if (got == 0) {
            if (frame->width < 1 || frame->height < 1 || !frame->data[0]) continue;
            if (first_timestamp == AV_NOPTS_VALUE) first_timestamp = frame->best_effort_timestamp;
            if (is_damaged()) {
                ++damaged;
                continue;
            }
            ++decoded;
            return true;
        }
        if (got == AVERROR_EOF) return false;
        if (got != AVERROR(EAGAIN)) {  // of a packet before
            ++damaged;
            ++failures;
            lost = true;
            continue;
        }
        if (draining) return false;
        const int read = av_read_frame(format, packet.get());
        if (read == AVERROR_INVALIDDATA && ++failures < most_failures) continue;
        if (read < 0) {
            draining = true;
            avcodec_send_packet(codec.get(), nullptr);
            continue;
        }
        if (packet->stream_index == stream->index) {
            ++packets;
            if (avcodec_send_packet(codec.get(), packet.get()) < 0) {
                ++damaged;
                lost = true;
            } else {
                failures = 0;
            }
        }
        av_packet_unref(packet.get());
    }
    return false;
}

std::vector<std::string> VideoReader::notes() const {
    const State& state = *state_;
    std::vector<std::string> notes;
    if (state.damaged > 0)
        notes.push_back("'" + state.name + "' is damaged: " + std::to_string(state.damaged) +
                        (state.damaged == 1 ? " frame was" : " frames were") + " left out.");
    const std::int64_t promised = state.stream->nb_frames;
    if (state.draining && !state.moved && state.packets < promised)
        notes.push_back("'" + state.name + "' is cut off: it ends after " + std::to_string(state.packets) + " of " +
                        std::to_string(promised) + " frames.");
    return notes;
}

Result<std::optional<Image>> VideoReader::next() {
    State& state = *state_;
    if (!state.pending && !state.decode()) {
        if (state.decoded == 0) return state.bad("holds no frame that can be decoded; choose another video.");
        return std::optional<Image>();
    }
    state.pending = false;
    try {
        return state.convert();
    } catch (const std::bad_alloc&) {
        return state.bad("", AVERROR(ENOMEM));
    }
}

Result<std::optional<Image>> VideoReader::State::convert() {
    auto image = converter->convert(*frame);
    if (!image) return image.error();
    const std::int64_t stamp = frame->best_effort_timestamp;
    if (stamp != AV_NOPTS_VALUE && first_timestamp != AV_NOPTS_VALUE) {
        const std::int64_t first = timestamps.empty() ? first_timestamp : timestamps.front();
        time = (static_cast<double>(stamp) - static_cast<double>(first)) * av_q2d(stream->time_base);
    }
    av_frame_unref(frame.get());
    return std::optional<Image>(*std::move(image));
}

Status VideoReader::State::restart(std::int64_t timestamp) {
    const int sought = av_seek_frame(format, stream->index, timestamp, AVSEEK_FLAG_BACKWARD);
    if (sought < 0) return bad("cannot be read from the middle; convert it to an H.264 MP4.", sought);
    avcodec_flush_buffers(codec.get());
    draining = pending = lost = false;
    doubtful_until = AV_NOPTS_VALUE;
    moved = true;
    return {};
}

// Timestamps of all frames, from the packets alone.
Status VideoReader::State::make_index() {
    if (!timestamps.empty()) return {};
    const std::int64_t start = stream->start_time == AV_NOPTS_VALUE ? 0 : stream->start_time;
    if (Status begun = restart(std::min<std::int64_t>(start, 0)); !begun)
        if (begun = restart(start); !begun) return begun;  // some containers know no time before their first
    std::vector<std::int64_t> found;
    while (av_read_frame(format, packet.get()) >= 0) {
        if (packet->stream_index == stream->index && !(packet->flags & AV_PKT_FLAG_DISCARD) && packet->size > 0 &&
            found.size() < max_indexed_frames)
            found.push_back(packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts);
        av_packet_unref(packet.get());
    }
    if (found.empty()) return bad("holds no frame that can be decoded; choose another video.");
    std::sort(found.begin(), found.end());
    timestamps = std::move(found);
    frame_count = static_cast<std::int64_t>(timestamps.size());
    return {};
}

Status VideoReader::seek_frame(std::int64_t n) {
    State& state = *state_;
    try {
        if (Status indexed = state.make_index(); !indexed) return indexed;
    } catch (const std::bad_alloc&) {
        return state.bad("", AVERROR(ENOMEM));
    }
    if (n < 0 || n >= state.frame_count) {
        if (Status begun = state.restart(state.timestamps.front()); !begun) return begun;
        return Error{ErrorCode::invalid_argument,
                     "'" + state.name + "' has " + std::to_string(state.frame_count) + " frames and no frame " +
                         std::to_string(n) + ".",
                     ""};
    }
    const std::int64_t wanted = state.timestamps[static_cast<std::size_t>(n)];
    // Containers seek by decoding order and to frames that lean on earlier ones, so a seek can land too late: then from
    // further back, at last from the start.
    for (const std::int64_t from :
         {wanted, state.timestamps[static_cast<std::size_t>(std::max<std::int64_t>(0, n - 300))],
          state.timestamps.front()}) {
        if (Status begun = state.restart(from); !begun) return begun;
        bool first = true;
        while (state.decode()) {
            const std::int64_t stamp = state.frame->best_effort_timestamp;
            if (first && stamp > wanted) break;  // too late
            first = false;
            if (stamp >= wanted) {
                state.pending = true;
                return {};
            }
        }
    }
    return state.bad("has a frame " + std::to_string(n) + " that cannot be decoded; choose another video.");
}

}  // namespace likeness
