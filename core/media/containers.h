// Inside core/media: what files are opened as.
#pragma once

#include <filesystem>
#include <string>

#include "core/media/ffmpeg.h"

namespace likeness {

// Containers that hold their own frames; playlists, image sequences and devices are left out.
inline constexpr const char* containers =
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf,gif,h264,hevc,m4v,mpegvideo,ivf,y4m,"
    "yuv4mpegpipe";

// 0 or FFmpeg's error.
inline int open_container(AVFormatContext*& format, const std::filesystem::path& path) {
    const std::string url = "file:" + path.string();
    AVDictionary* options = nullptr;
    av_dict_set(&options, "protocol_whitelist", "file", 0);
    av_dict_set(&options, "format_whitelist", containers, 0);
    const int opened = avformat_open_input(&format, url.c_str(), nullptr, &options);
    av_dict_free(&options);
    return opened;
}

}  // namespace likeness
