// A GIF has 256 colors: FFmpeg's palettegen finds the best for all frames together, paletteuse dithers with them. So
// all frames come first; they wait in a temporary file beside the target.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <vector>

#include "core/base/output_file.h"
#include "core/media/ffmpeg.h"
#include "core/media/film_writers.h"

namespace likeness::film {
namespace {

constexpr int ticks = 100;         // a second; the format's clock
constexpr const char* writing_stage = "Choosing the GIF's colors and writing it";
constexpr int least_duration = 2;  // browsers show what is shorter for ten ticks

class GifWriter : public FrameWriter {
  public:
    GifWriter(Shape shape, OutputFile file, OutputFile spool)
        : shape_(std::move(shape)), file_(std::move(file)), spool_(std::move(spool)) {}
    ~GifWriter() override {
        if (trailer_due_) av_write_trailer(format_);  // FFmpeg's GIF muxer frees the packet it holds back only there
        ffmpeg::close_muxer(format_);
    }

    Status open();
    Status add(const Image& image) override;

  private:
    Status end(Progress& progress) override;
    Error failure(int error) const { return lost(ffmpeg::write_failure(shape_.path, error)); }
    std::string source(const char* name) const;
    int fill_picture();  // from bytes_, for a graph to keep
    int find_palette(AVFrame& palette);
    Status encode_all(AVFrame& palette, Progress& progress);
    Status encode(const AVFrame* frame);
    Status drain(AVFilterContext* sink);

    const Shape shape_;
    OutputFile file_, spool_;
    std::vector<std::uint8_t> bytes_;   // of a frame, RGBA
    std::vector<std::int64_t> stamps_;  // of the frames in the spool, in ticks
    std::int64_t count_ = 0;
    bool closed_ = false;
    ffmpeg::Graph palette_graph_, use_graph_;
    AVFilterContext* palette_in_ = nullptr;
    ffmpeg::Frame picture_, result_;
    ffmpeg::Packet packet_;
    ffmpeg::Codec codec_;
    AVFormatContext* format_ = nullptr;
    bool trailer_due_ = false;
};

std::string GifWriter::source(const char* name) const {
    return "buffer@" + std::string(name) + "=video_size=" + std::to_string(shape_.width) + "x" +
           std::to_string(shape_.height) + ":pix_fmt=rgba:time_base=1/" + std::to_string(ticks) + ":pixel_aspect=1/1";
}

Status GifWriter::open() {
    picture_.reset(av_frame_alloc());
    result_.reset(av_frame_alloc());
    packet_.reset(av_packet_alloc());
    if (!picture_ || !result_ || !packet_) return no_memory(shape_);
    if (const int made = ffmpeg::make_graph(palette_graph_, source("in") + ",palettegen,buffersink@out"); made < 0)
        return failure(made);
    palette_in_ = avfilter_graph_get_filter(palette_graph_.get(), "buffer@in");
    return {};
}

int GifWriter::fill_picture() {
    av_frame_unref(picture_.get());
    picture_->format = AV_PIX_FMT_RGBA;
    picture_->width = shape_.width;
    picture_->height = shape_.height;
    if (const int got = av_frame_get_buffer(picture_.get(), 0); got < 0) return got;
    const std::size_t row = std::size_t(shape_.width) * 4;
    for (int y = 0; y < shape_.height; ++y)
        std::copy_n(&bytes_[std::size_t(y) * row], row, picture_->data[0] + std::ptrdiff_t(y) * picture_->linesize[0]);
    return 0;
}

Status GifWriter::add(const Image& image) {
    if (closed_) return closed(shape_);
    if (Status same = check_frame(shape_, image); !same) return same;
    const std::int64_t stamp = std::llround(double(count_++) * ticks / shape_.fps);
    if (!stamps_.empty() && stamp - stamps_.back() < least_duration) return {};
    closed_ = true;
    try {
        bytes_ = rgba_of(image);
        stamps_.push_back(stamp);
    } catch (const std::bad_alloc&) {
        return no_memory(shape_);
    }
    if (Status kept = spool_.write(bytes_); !kept) return lost(kept.error());
    if (const int filled = fill_picture(); filled < 0) return failure(filled);
    picture_->pts = stamp;
    if (const int put = av_buffersrc_add_frame(palette_in_, picture_.get()); put < 0) return failure(put);
    closed_ = false;
    return {};
}

int GifWriter::find_palette(AVFrame& palette) {
    if (const int end = av_buffersrc_add_frame(palette_in_, nullptr); end < 0) return end;
    const int got =
        av_buffersink_get_frame(avfilter_graph_get_filter(palette_graph_.get(), "buffersink@out"), &palette);
    palette_graph_.reset();
    return got;
}

Status GifWriter::encode(const AVFrame* frame) {
    if (const int sent = avcodec_send_frame(codec_.get(), frame); sent < 0) return failure(sent);
    while (true) {
        const int got = avcodec_receive_packet(codec_.get(), packet_.get());
        if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return {};
        if (got < 0) return failure(got);
        packet_->stream_index = 0;
        if (const int put = av_interleaved_write_frame(format_, packet_.get()); put < 0) return failure(put);
        if (format_->pb->error < 0) return failure(format_->pb->error);
    }
}

Status GifWriter::drain(AVFilterContext* sink) {
    while (true) {
        const int got = av_buffersink_get_frame(sink, result_.get());
        if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return {};
        if (got < 0) return failure(got);
        Status encoded = encode(result_.get());
        av_frame_unref(result_.get());
        if (!encoded) return encoded;
    }
}

Status GifWriter::encode_all(AVFrame& palette, Progress& progress) {
    const AVCodec* encoder = avcodec_find_encoder(AV_CODEC_ID_GIF);
    if (!encoder) return Error{ErrorCode::internal, "This system's FFmpeg cannot write GIF files.", ""};
    const std::string sides = std::to_string(palette.width) + "x" + std::to_string(palette.height);
    const int made = ffmpeg::make_graph(
        use_graph_, source("in") + "[frames];buffer@palette=video_size=" + sides + ":pix_fmt=" +
                        av_get_pix_fmt_name(AVPixelFormat(palette.format)) + ":time_base=1/" + std::to_string(ticks) +
                        ":pixel_aspect=1/1[palette];[frames][palette]paletteuse=diff_mode=rectangle,buffersink@out");
    if (made < 0) return failure(made);
    AVFilterContext* const in = avfilter_graph_get_filter(use_graph_.get(), "buffer@in");
    AVFilterContext* const colors = avfilter_graph_get_filter(use_graph_.get(), "buffer@palette");
    AVFilterContext* const sink = avfilter_graph_get_filter(use_graph_.get(), "buffersink@out");
    palette.pts = 0;
    if (const int put = av_buffersrc_add_frame(colors, &palette); put < 0) return failure(put);
    if (const int put = av_buffersrc_add_frame(colors, nullptr); put < 0) return failure(put);

    codec_.reset(avcodec_alloc_context3(encoder));
    if (!codec_) return no_memory(shape_);
    codec_->width = shape_.width;
    codec_->height = shape_.height;
    codec_->pix_fmt = AV_PIX_FMT_PAL8;
    codec_->time_base = {1, ticks};
    if (const int opened = avcodec_open2(codec_.get(), encoder, nullptr); opened < 0) return failure(opened);
    if (const int opened = ffmpeg::open_muxer(format_, "gif", file_.temporary()); opened < 0) return failure(opened);
    AVStream* const stream = avformat_new_stream(format_, nullptr);
    if (!stream) return no_memory(shape_);
    stream->time_base = codec_->time_base;
    if (const int copied = avcodec_parameters_from_context(stream->codecpar, codec_.get()); copied < 0)
        return failure(copied);
    // The last frame lasts until the film's end.
    const std::int64_t end = std::llround(double(count_) * ticks / shape_.fps);
    AVDictionary* options = nullptr;
    av_dict_set(&options, "loop", "0", 0);  // for ever
    av_dict_set_int(&options, "final_delay", std::clamp<std::int64_t>(end - stamps_.back(), least_duration, 65535), 0);
    const int header = avformat_write_header(format_, &options);
    av_dict_free(&options);
    if (header < 0) return failure(header);
    trailer_due_ = true;

    std::ifstream frames(spool_.temporary(), std::ios::binary);
    std::size_t number = 0;
    for (const std::int64_t stamp : stamps_) {
        progress.report(double(number++) / double(stamps_.size()), writing_stage);
        if (!frames.read(reinterpret_cast<char*>(bytes_.data()), std::streamsize(bytes_.size())))
            return failure(AVERROR(EIO));
        if (const int filled = fill_picture(); filled < 0) return failure(filled);
        picture_->pts = stamp;
        if (const int put = av_buffersrc_add_frame(in, picture_.get()); put < 0) return failure(put);
        if (Status written = drain(sink); !written) return written;
    }
    if (const int put = av_buffersrc_add_frame(in, nullptr); put < 0) return failure(put);
    if (Status written = drain(sink); !written) return written;
    if (Status written = encode(nullptr); !written) return written;
    trailer_due_ = false;
    if (const int trailer = av_write_trailer(format_); trailer < 0) return failure(trailer);
    if (format_->pb->error < 0) return failure(format_->pb->error);
    if (const int done = ffmpeg::close_muxer(format_); done < 0) return failure(done);
    return {};
}

Status GifWriter::end(Progress& progress) {
    if (closed_) return closed(shape_);
    closed_ = true;
    if (stamps_.empty()) return no_frames(shape_);
    progress.report(0, writing_stage);
    const ffmpeg::Frame palette(av_frame_alloc());
    if (!palette) return no_memory(shape_);
    if (const int found = find_palette(*palette); found < 0) return failure(found);
    if (Status encoded = encode_all(*palette, progress); !encoded) return encoded;
    if (Status placed = file_.commit(); !placed) return lost(placed.error());
    return {};
}

}  // namespace

Result<std::unique_ptr<FrameWriter>> write_gif(const Shape& shape) {
    ffmpeg::be_quiet();
    auto file = OutputFile::create(shape.path);
    if (!file) return file.error();
    auto spool = OutputFile::create(shape.path);
    if (!spool) return spool.error();
    auto writer = std::make_unique<GifWriter>(shape, *std::move(file), *std::move(spool));
    if (Status opened = writer->open(); !opened) return opened.error();
    return std::unique_ptr<FrameWriter>(std::move(writer));
}

}  // namespace likeness::film
