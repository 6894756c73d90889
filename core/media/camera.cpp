#include "core/media/camera.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>

#include "core/media/ffmpeg.h"
#include "core/media/frame_converter.h"

extern "C" {
#include <libavdevice/avdevice.h>
#include <libavutil/time.h>
}

namespace likeness {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view graph_begin = "lavfi:";
constexpr int largest_side = 16384;
constexpr auto pause = std::chrono::milliseconds(1);  // between looks whether a picture has come
// Above so many pixels a USB camera has its full rate as JPEG only.
constexpr std::int64_t raw_pixels = 640 * 480;

Clock::duration seconds(double count) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(count));
}

class CameraDevice final : public LiveSource {
  public:
    CameraDevice(std::string device, CameraOptions options)
        : device_(std::move(device)), options_(options), is_graph_(device_.starts_with(graph_begin)) {}
    ~CameraDevice() override { avformat_close_input(&format_); }

    Status open();

    int width() const override { return converter_->width(); }
    int height() const override { return converter_->height(); }
    double fps() const override { return fps_; }
    std::int64_t frame_count() const override { return 0; }
    double time() const override { return time_; }
    Clock::time_point captured() const override { return captured_; }
    void stop() override { stopped_ = true; }
    Result<std::optional<Image>> next() override;

  private:
    int open_device(const char* layout);
    Status open_codec();
    Error refused(int error) const;
    Clock::time_point stamp_of(const AVPacket& packet);

    const std::string device_;
    const CameraOptions options_;
    const bool is_graph_;
    AVFormatContext* format_ = nullptr;
    AVStream* stream_ = nullptr;
    ffmpeg::Codec codec_;
    ffmpeg::Frame frame_;
    ffmpeg::Packet packet_;
    std::optional<FrameConverter> converter_;
    double fps_ = 0;
    std::atomic<bool> stopped_ = false;
    bool begun_ = false;
    Clock::time_point first_, captured_;
    double time_ = 0;
    std::int64_t first_stamp_ = 0;  // a graph's
};

Error CameraDevice::refused(int error) const {
    const std::string detail = ffmpeg::text_of(error);
    if (is_graph_)
        return {ErrorCode::bad_input,
                "'" + device_ + "' makes no pictures; after lavfi: write filters of FFmpeg, e.g. lavfi:testsrc2.",
                detail};
    if (error == AVERROR(ENOENT) || error == AVERROR(ENODEV) || error == AVERROR(ENXIO))
        return {ErrorCode::not_found, "There is no camera '" + device_ + "'; connect it or choose another.", detail};
    if (error == AVERROR(EACCES) || error == AVERROR(EPERM))
        return {ErrorCode::device,
                "The camera '" + device_ + "' may not be used; add yourself to the group 'video' and log in again.",
                detail};
    if (error == AVERROR(EBUSY))
        return {ErrorCode::device, "The camera '" + device_ + "' is used by another program; close that first.",
                detail};
    return {ErrorCode::device, "The camera '" + device_ + "' cannot be used; choose another.", detail};
}

int CameraDevice::open_device(const char* layout) {
    const AVInputFormat* kind = av_find_input_format(is_graph_ ? "lavfi" : "video4linux2");
    if (!kind) return AVERROR_DEMUXER_NOT_FOUND;
    format_ = avformat_alloc_context();
    if (!format_) return AVERROR(ENOMEM);
    // A camera that sends nothing must not hold the thread.
    format_->flags |= AVFMT_FLAG_NONBLOCK;
    AVDictionary* settings = nullptr;
    if (!is_graph_) {
        if (options_.width > 0)
            av_dict_set(&settings, "video_size",
                        (std::to_string(options_.width) + "x" + std::to_string(options_.height)).c_str(), 0);
        if (options_.fps > 0) av_dict_set(&settings, "framerate", std::to_string(options_.fps).c_str(), 0);
        if (layout) av_dict_set(&settings, "input_format", layout, 0);
    }
    const std::string url = is_graph_ ? device_.substr(graph_begin.size()) : device_;
    const int opened = avformat_open_input(&format_, url.c_str(), kind, &settings);
    av_dict_free(&settings);
    return opened;
}

Status CameraDevice::open() {
    ffmpeg::be_quiet();
    avdevice_register_all();
    int opened = AVERROR(EINVAL);
    if (!is_graph_ && std::int64_t(options_.width) * options_.height > raw_pixels) opened = open_device("mjpeg");
    if (opened == AVERROR(EINVAL)) opened = open_device(nullptr);
    if (opened < 0) return refused(opened);
    if (is_graph_) (void)avformat_find_stream_info(format_, nullptr);  // its rate
    const int best = av_find_best_stream(format_, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
    if (best < 0) return refused(best);
    stream_ = format_->streams[best];
    return open_codec();
}

Status CameraDevice::open_codec() {
    const AVCodecParameters& parameters = *stream_->codecpar;
    const AVCodec* decoder = avcodec_find_decoder(parameters.codec_id);
    codec_.reset(decoder ? avcodec_alloc_context3(decoder) : nullptr);
    frame_.reset(av_frame_alloc());
    packet_.reset(av_packet_alloc());
    if (parameters.width < 1 || parameters.height < 1 ||
        std::int64_t(parameters.width) * parameters.height > max_frame_pixels)
        return refused(AVERROR(EINVAL));
    if (!codec_ || !frame_ || !packet_) return refused(AVERROR_DECODER_NOT_FOUND);
    if (const int copied = avcodec_parameters_to_context(codec_.get(), &parameters); copied < 0) return refused(copied);
    codec_->max_pixels = max_frame_pixels;
    codec_->pkt_timebase = stream_->time_base;
    codec_->flags |= AV_CODEC_FLAG_LOW_DELAY;
    codec_->thread_type = FF_THREAD_SLICE;  // threads by frames would keep some back
    if (const int started = avcodec_open2(codec_.get(), decoder, nullptr); started < 0) return refused(started);
    AVRational rate = stream_->avg_frame_rate;
    if (rate.num <= 0 || rate.den <= 0) rate = stream_->r_frame_rate;
    fps_ = rate.num > 0 && rate.den > 0 ? std::clamp(av_q2d(rate), 0.1, 1000.0) : 30.0;
    const bool resized = is_graph_ && options_.width > 0;
    converter_.emplace(device_, resized ? options_.width : parameters.width,
                       resized ? options_.height : parameters.height, options_.mirror ? Turn{-1, 0, 0, 1} : Turn{});
    return {};
}

// A driver's stamps count as the steady clock does (CLOCK_MONOTONIC); one that does not is not believed.
Clock::time_point CameraDevice::stamp_of(const AVPacket& packet) {
    const Clock::time_point now = Clock::now();
    if (packet.pts == AV_NOPTS_VALUE) return now;
    if (is_graph_) {
        if (!begun_) first_stamp_ = packet.pts;
        const double since = double(packet.pts - first_stamp_) * av_q2d(stream_->time_base);
        return (begun_ ? first_ : now) + seconds(std::clamp(since, 0.0, 1e6));
    }
    const Clock::time_point taken(
        std::chrono::microseconds(av_rescale_q(packet.pts, stream_->time_base, AV_TIME_BASE_Q)));
    return taken <= now && now - taken < std::chrono::seconds(2) ? taken : now;
}

Result<std::optional<Image>> CameraDevice::next() {
    const Clock::time_point give_up = Clock::now() + seconds(options_.patience);
    while (!stopped_) {
        const int read = av_read_frame(format_, packet_.get());
        if (read == AVERROR(EAGAIN)) {
            if (Clock::now() > give_up)
                return Error{ErrorCode::device,
                             "The camera '" + device_ + "' sends no pictures; look whether it is connected.", ""};
            std::this_thread::sleep_for(pause);
            continue;
        }
        if (read == AVERROR_EOF && is_graph_) return std::optional<Image>();
        if (read < 0)
            return Error{ErrorCode::device,
                         "The camera '" + device_ + "' was unplugged or has failed; connect it again.",
                         ffmpeg::text_of(read)};
        const Clock::time_point stamp = stamp_of(*packet_);
        int got = AVERROR(EAGAIN);
        if (packet_->stream_index == stream_->index) {
            avcodec_send_packet(codec_.get(), packet_.get());
            got = avcodec_receive_frame(codec_.get(), frame_.get());
        }
        av_packet_unref(packet_.get());
        // JPEG pictures of which a part was lost on the cable are passed over.
        if (got < 0 || frame_->decode_error_flags != 0) {
            if (Clock::now() > give_up)
                return Error{ErrorCode::device, "The camera '" + device_ + "' sends damaged pictures only.", ""};
            continue;
        }
        auto image = converter_->convert(*frame_);
        av_frame_unref(frame_.get());
        if (!image) return image.error();
        // A graph has its pictures at once: each waits for its time.
        while (is_graph_ && !stopped_ && Clock::now() < stamp)
            std::this_thread::sleep_for(std::min<Clock::duration>(stamp - Clock::now(), std::chrono::milliseconds(50)));
        if (!begun_) first_ = stamp;
        begun_ = true;
        time_ = std::chrono::duration<double>(stamp - first_).count();
        captured_ = is_graph_ ? Clock::now() : stamp;
        return std::optional<Image>(*std::move(image));
    }
    return std::optional<Image>();
}

}  // namespace

Result<std::unique_ptr<LiveSource>> open_camera(const std::string& device, const CameraOptions& options) {
    if (options.width < 0 || options.height < 0 || options.width > largest_side || options.height > largest_side ||
        (options.width > 0) != (options.height > 0) || !(options.fps >= 0 && options.fps <= 1000) ||
        !(options.patience > 0 && options.patience <= 3600))
        return Error{ErrorCode::invalid_argument,
                     "A camera's size needs both sides, of at most 16384 pixels, and its rate at most 1000.", ""};
    std::string chosen = device;
    if (chosen.empty()) {
        const std::vector<CameraInfo> cameras = list_cameras();
        if (cameras.empty())
            return Error{ErrorCode::not_found, "There is no camera, or none that may be used; connect one.", ""};
        chosen = cameras.front().device;
    }
    auto camera = std::make_unique<CameraDevice>(chosen, options);
    if (Status opened = camera->open(); !opened) return opened.error();
    return std::unique_ptr<LiveSource>(std::move(camera));
}

}  // namespace likeness
