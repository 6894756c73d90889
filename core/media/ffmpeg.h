// Inside core/media: owners for FFmpeg's objects, and what several files do with them.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>

#include "core/base/output_file.h"

namespace likeness::ffmpeg {

struct Free {
    void operator()(AVCodecContext* codec) const { avcodec_free_context(&codec); }
    void operator()(AVFrame* frame) const { av_frame_free(&frame); }
    void operator()(AVPacket* packet) const { av_packet_free(&packet); }
    void operator()(SwsContext* scaler) const { sws_freeContext(scaler); }
    void operator()(AVDictionary* options) const { av_dict_free(&options); }
    void operator()(AVFilterGraph* graph) const { avfilter_graph_free(&graph); }
};
using Codec = std::unique_ptr<AVCodecContext, Free>;
using Frame = std::unique_ptr<AVFrame, Free>;
using Packet = std::unique_ptr<AVPacket, Free>;
using Scaler = std::unique_ptr<SwsContext, Free>;
using Graph = std::unique_ptr<AVFilterGraph, Free>;

inline std::string text_of(int error) {
    char text[AV_ERROR_MAX_STRING_SIZE] = {};
    av_strerror(error, text, sizeof text);
    return text;
}

// FFmpeg writes to standard error by itself; our messages come from return values.
inline void be_quiet() { av_log_set_level(AV_LOG_QUIET); }

// What writing `target` failed with.
inline Error write_failure(const std::filesystem::path& target, int error) {
    if (error == AVERROR(ENOMEM))
        return {ErrorCode::out_of_memory, "There is not enough memory to write '" + target.string() + "'.", ""};
    const bool from_system = error < 0 && AVUNERROR(error) > 0 && AVUNERROR(error) < 200;
    Error result = write_error(target, from_system ? AVUNERROR(error) : EIO);
    result.detail = text_of(error);
    return result;
}

// A muxer of that short name that writes into the file. "file:", so that no name is taken for a protocol. 0 or an
// error.
inline int open_muxer(AVFormatContext*& format, const char* name, const std::filesystem::path& file) {
    const std::string url = "file:" + file.string();
    if (const int made = avformat_alloc_output_context2(&format, nullptr, name, url.c_str()); made < 0) return made;
    return avio_open(&format->pb, url.c_str(), AVIO_FLAG_WRITE);
}

// 0 or an error; the last bytes are written here.
inline int close_muxer(AVFormatContext*& format) {
    if (!format) return 0;
    const int closed = format->pb ? avio_closep(&format->pb) : 0;
    avformat_free_context(format);
    format = nullptr;
    return closed;
}

// All that `text` describes, with its sources and sinks (of names like "buffer@in"). 0 or an error.
inline int make_graph(Graph& graph, const std::string& text) {
    graph.reset(avfilter_graph_alloc());
    if (!graph) return AVERROR(ENOMEM);
    graph->nb_threads = 1;
    AVFilterInOut *inputs = nullptr, *outputs = nullptr;
    int made = avfilter_graph_parse2(graph.get(), text.c_str(), &inputs, &outputs);
    avfilter_inout_free(&inputs);
    avfilter_inout_free(&outputs);
    if (made >= 0) made = avfilter_graph_config(graph.get(), nullptr);
    if (made < 0) graph.reset();
    return made;
}

}  // namespace likeness::ffmpeg
