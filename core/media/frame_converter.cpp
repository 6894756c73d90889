#include "core/media/frame_converter.h"

#include <cstdint>
#include <vector>

namespace likeness {
namespace {

// ITU-R BT.2408: the luminance of a white sheet in HDR, cd/m2; it is 1 below. Up to half of that nothing is changed;
// what is brighter, to the peak of what is graded today, is compressed.
constexpr int white_nits = 203;
constexpr double unchanged = 0.5, peak_nits = 1000;

int swscale_matrix(const AVFrame& frame) {
    switch (frame.colorspace) {
        case AVCOL_SPC_BT709:
            return SWS_CS_ITU709;
        case AVCOL_SPC_BT470BG:
        case AVCOL_SPC_SMPTE170M:
            return SWS_CS_ITU601;
        case AVCOL_SPC_SMPTE240M:
            return SWS_CS_SMPTE240M;
        case AVCOL_SPC_FCC:
            return SWS_CS_FCC;
        case AVCOL_SPC_BT2020_NCL:
        case AVCOL_SPC_BT2020_CL:
            return SWS_CS_BT2020;
        default:
            return frame.height >= 720 ? SWS_CS_ITU709 : SWS_CS_ITU601;  // what players assume
    }
}

bool is_full_range(const AVFrame& frame) {
    return frame.color_range == AVCOL_RANGE_JPEG || frame.format == AV_PIX_FMT_YUVJ420P ||
           frame.format == AV_PIX_FMT_YUVJ422P || frame.format == AV_PIX_FMT_YUVJ444P;
}

bool is_hdr(const AVFrame& frame) {
    return frame.color_trc == AVCOL_TRC_SMPTE2084 || frame.color_trc == AVCOL_TRC_ARIB_STD_B67;
}

}  // namespace

FrameConverter::FrameConverter(std::string name, int stored_width, int stored_height, const Turn& turn)
    : name_(std::move(name)), stored_width_(stored_width), stored_height_(stored_height), turn_(turn) {}

Error FrameConverter::bad(const std::string& reason, int error) const {
    if (error == AVERROR(ENOMEM))
        return {ErrorCode::out_of_memory, "There is not enough memory to read '" + name_ + "'.", ""};
    return {ErrorCode::bad_input, "'" + name_ + "' " + reason, error ? ffmpeg::text_of(error) : std::string()};
}

// PQ or HLG and usually BT.2020's primaries, to sRGB in mapped_.
Status FrameConverter::tone_map(const AVFrame& frame) {
    const char* layout = av_get_pix_fmt_name(AVPixelFormat(frame.format));
    const AVPixFmtDescriptor* about = av_pix_fmt_desc_get(AVPixelFormat(frame.format));
    if (!layout || !about) return bad("has frames of a kind that cannot be read; convert it to H.264.");
    const bool rgb = about->flags & AV_PIX_FMT_FLAG_RGB;
    // zscale's numbers are those of ITU-T H.273, as FFmpeg's. What is not said is as HDR usually is.
    const int matrix = rgb                                         ? AVCOL_SPC_RGB
                       : frame.colorspace == AVCOL_SPC_UNSPECIFIED ? AVCOL_SPC_BT2020_NCL
                                                                   : frame.colorspace;
    const int primaries = frame.color_primaries == AVCOL_PRI_UNSPECIFIED ? AVCOL_PRI_BT2020 : frame.color_primaries;
    const std::string text =
        "buffer@in=video_size=" + std::to_string(frame.width) + "x" + std::to_string(frame.height) +
        ":pix_fmt=" + layout + ":time_base=1/1:pixel_aspect=1/1,zscale=transferin=" + std::to_string(frame.color_trc) +
        ":primariesin=" + std::to_string(primaries) + ":matrixin=" + std::to_string(matrix) +
        ":rangein=" + (rgb || is_full_range(frame) ? "full" : "limited") +
        ":transfer=linear:npl=" + std::to_string(white_nits) +
        ",format=gbrpf32le,zscale=primaries=bt709,tonemap=mobius:param=" + std::to_string(unchanged) +
        ":desat=0:peak=" + std::to_string(peak_nits / white_nits) +
        ",zscale=transfer=iec61966-2-1:matrix=gbr:range=full,format=gbrp,buffersink@out";
    if (text != graph_text_ || !graph_) {
        graph_text_ = text;
        if (const int made = ffmpeg::make_graph(graph_, text); made < 0)
            return bad("has colors of high dynamic range that cannot be read; convert it to SDR.", made);
    }
    if (!input_) input_.reset(av_frame_alloc());
    if (!mapped_) mapped_.reset(av_frame_alloc());
    if (!input_ || !mapped_) return bad("", AVERROR(ENOMEM));
    av_frame_unref(input_.get());
    av_frame_unref(mapped_.get());
    int done = av_frame_ref(input_.get(), &frame);
    input_->pts = 0;
    input_->sample_aspect_ratio = {1, 1};
    if (done >= 0) done = av_buffersrc_add_frame(avfilter_graph_get_filter(graph_.get(), "buffer@in"), input_.get());
    if (done >= 0)
        done = av_buffersink_get_frame(avfilter_graph_get_filter(graph_.get(), "buffersink@out"), mapped_.get());
    if (done < 0) return bad("has a frame that cannot be converted; choose another video.", done);
    return {};
}

Result<Image> FrameConverter::convert(const AVFrame& stored) {
    if (std::int64_t(stored.width) * stored.height > max_frame_pixels) return bad("has frames that are too large.");
    const AVFrame* frame = &stored;
    if (is_hdr(stored)) {
        if (Status mapped = tone_map(stored); !mapped) return mapped.error();
        frame = mapped_.get();
    }
    // Frames may change their size on the way; all are brought to the first one's.
    scaler_.reset(sws_getCachedContext(scaler_.release(), frame->width, frame->height, AVPixelFormat(frame->format),
                                       stored_width_, stored_height_, AV_PIX_FMT_RGB24,
                                       SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, nullptr, nullptr, nullptr));
    if (!scaler_) return bad("has frames of a kind that cannot be read; convert it to H.264.");
    sws_setColorspaceDetails(scaler_.get(), sws_getCoefficients(swscale_matrix(*frame)), is_full_range(*frame) ? 1 : 0,
                             sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
    // swscale's vector code may write a little behind a row's end.
    const int stride = (stored_width_ * 3 + 63) / 64 * 64;
    std::vector<std::uint8_t> rgb(std::size_t(stride) * std::size_t(stored_height_) + 64);
    std::uint8_t* planes[] = {rgb.data()};
    const int strides[] = {stride};
    if (sws_scale(scaler_.get(), frame->data, frame->linesize, 0, frame->height, planes, strides) <= 0)
        return bad("has a frame that cannot be converted; choose another video.");

    Image image(width(), height(), 3);
    const int offset_x = turn_.xx < 0 || turn_.xy < 0 ? image.width - 1 : 0;
    const int offset_y = turn_.yx < 0 || turn_.yy < 0 ? image.height - 1 : 0;
    for (int y = 0; y < stored_height_; ++y) {
        const std::uint8_t* p = rgb.data() + std::size_t(y) * std::size_t(stride);
        for (int x = 0; x < stored_width_; ++x, p += 3) {
            float* q = image.at(turn_.xx * x + turn_.xy * y + offset_x, turn_.yx * x + turn_.yy * y + offset_y);
            for (int c = 0; c < 3; ++c) q[c] = static_cast<float>(p[c]) / 255.0f;
        }
    }
    return image;
}

}  // namespace likeness
