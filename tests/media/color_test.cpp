// Colors that were stored by the book come back as sRGB: ranges, matrices, and high dynamic range (ITU-R BT.2100).
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "core/media/video_reader.h"
#include "tests/media/numbered.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace likeness::test {
namespace {

namespace fs = std::filesystem;
using Color = std::array<double, 3>;

struct Stored {
    AVPixelFormat layout = AV_PIX_FMT_YUV420P;
    AVColorRange range = AVCOL_RANGE_MPEG;
    AVColorSpace matrix = AVCOL_SPC_BT709;
    AVColorPrimaries primaries = AVCOL_PRI_BT709;
    AVColorTransferCharacteristic transfer = AVCOL_TRC_BT709;
};

// A frame of each color, R'G'B' as stored, without loss.
void write(const fs::path& path, const Stored& stored, const std::vector<Color>& colors) {
    AVFormatContext* format = nullptr;
    avformat_alloc_output_context2(&format, nullptr, "matroska", path.c_str());
    ASSERT_GE(avio_open(&format->pb, path.c_str(), AVIO_FLAG_WRITE), 0);
    const AVCodec* encoder = avcodec_find_encoder(AV_CODEC_ID_FFV1);
    AVCodecContext* codec = avcodec_alloc_context3(encoder);
    codec->width = codec->height = 32;
    codec->pix_fmt = stored.layout;
    codec->time_base = {1, 25};
    codec->color_range = stored.range;
    codec->colorspace = stored.matrix;
    codec->color_primaries = stored.primaries;
    codec->color_trc = stored.transfer;
    ASSERT_GE(avcodec_open2(codec, encoder, nullptr), 0);
    AVStream* stream = avformat_new_stream(format, nullptr);
    avcodec_parameters_from_context(stream->codecpar, codec);
    ASSERT_GE(avformat_write_header(format, nullptr), 0);
    const bool deep = stored.layout == AV_PIX_FMT_YUV420P10LE;
    const double top = deep ? 1023 : 255, unit = deep ? 4 : 1;
    const Color weights = stored.matrix == AVCOL_SPC_BT709       ? Color{0.2126, 0.7152, 0.0722}
                          : stored.matrix == AVCOL_SPC_SMPTE170M ? Color{0.299, 0.587, 0.114}
                                                                 : Color{0.2627, 0.6780, 0.0593};
    AVPacket* packet = av_packet_alloc();
    AVFrame* frame = av_frame_alloc();
    for (std::size_t n = 0; n <= colors.size(); ++n) {
        if (n < colors.size()) {
            av_frame_unref(frame);
            frame->format = stored.layout;
            frame->width = frame->height = 32;
            av_frame_get_buffer(frame, 0);
            const auto& [r, g, b] = colors[n];
            const double luma = weights[0] * r + weights[1] * g + weights[2] * b;
            const Color parts = {luma, (b - luma) / (2 - 2 * weights[2]), (r - luma) / (2 - 2 * weights[0])};
            for (int p = 0; p < 3; ++p) {
                const double part = parts[std::size_t(p)];
                const double value = stored.range == AVCOL_RANGE_JPEG ? part * top + (p ? (top + 1) / 2 : 0)
                                                                      : unit * (p ? 224 * part + 128 : 219 * part + 16);
                for (int y = 0; y < (p ? 16 : 32); ++y)
                    for (int x = 0; x < (p ? 16 : 32); ++x) {
                        std::uint8_t* at = frame->data[p] + y * frame->linesize[p] + x * (deep ? 2 : 1);
                        const auto number = static_cast<unsigned>(std::lround(value));
                        at[0] = std::uint8_t(number);
                        if (deep) at[1] = std::uint8_t(number >> 8);
                    }
            }
            frame->pts = std::int64_t(n);
        }
        avcodec_send_frame(codec, n < colors.size() ? frame : nullptr);
        while (avcodec_receive_packet(codec, packet) >= 0) {
            av_packet_rescale_ts(packet, codec->time_base, stream->time_base);
            av_interleaved_write_frame(format, packet);
        }
    }
    av_write_trailer(format);
    av_frame_free(&frame);
    av_packet_free(&packet);
    avcodec_free_context(&codec);
    avio_closep(&format->pb);
    avformat_free_context(format);
}

std::vector<Color> read(const fs::path& path) {
    std::vector<Color> colors;
    auto reader = VideoReader::open(path);
    EXPECT_TRUE(reader) << reader.error().message;
    while (reader) {
        auto frame = (*reader)->next();
        EXPECT_TRUE(frame) << frame.error().message << frame.error().detail;
        if (!frame || !*frame) break;
        const float* p = (*frame)->at(13, 17);
        colors.push_back({p[0], p[1], p[2]});
    }
    return colors;
}

void expect_same(const std::vector<Color>& a, const std::vector<Color>& b, double tolerance) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i)
        for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(a[i][c], b[i][c], tolerance) << "color " << i << " part " << c;
}

double light(double srgb) { return srgb <= 0.04045 ? srgb / 12.92 : std::pow((srgb + 0.055) / 1.055, 2.4); }
double srgb(double light) { return light <= 0.0031308 ? 12.92 * light : 1.055 * std::pow(light, 1 / 2.4) - 0.055; }
double pq(double nits) {
    const double p = std::pow(nits / 10000, 2610.0 / 16384);
    return std::pow((0.8359375 + 18.8515625 * p) / (1 + 18.6875 * p), 78.84375);
}
// BT.709's primaries in BT.2020's (BT.2087).
Color in_2020(const Color& c) {
    return {0.6274 * c[0] + 0.3293 * c[1] + 0.0433 * c[2], 0.0691 * c[0] + 0.9195 * c[1] + 0.0114 * c[2],
            0.0164 * c[0] + 0.0880 * c[1] + 0.8956 * c[2]};
}

using Colors = MediaTest;
const std::vector<Color> skin_and_others = {{0.68, 0.5, 0.42}, {0.3, 0.2, 0.15}, {0.05, 0.05, 0.05}, {0.2, 0.4, 0.6}};

TEST_F(Colors, RangesAndMatricesAreRead) {
    for (const AVColorRange range : {AVCOL_RANGE_MPEG, AVCOL_RANGE_JPEG})
        for (const AVColorSpace matrix : {AVCOL_SPC_BT709, AVCOL_SPC_SMPTE170M, AVCOL_SPC_BT2020_NCL})
            for (const AVPixelFormat layout : {AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV420P10LE}) {
                write(folder_ / "a.mkv", {layout, range, matrix}, skin_and_others);
                expect_same(read(folder_ / "a.mkv"), skin_and_others, 0.012);
            }
}

TEST_F(Colors, HighDynamicRangeBecomesSrgb) {
    // A white sheet is 203 cd/m2 (BT.2408); what is darker than half its light looks as it would in sRGB.
    std::vector<Color> stored;
    for (const Color& color : skin_and_others) {
        Color wide = in_2020({light(color[0]), light(color[1]), light(color[2])});
        for (double& part : wide) part = pq(203 * part);
        stored.push_back(wide);
    }
    for (const double nits : {203.0, 400.0, 1000.0, 4000.0}) stored.push_back({pq(nits), pq(nits), pq(nits)});
    for (const AVColorRange range : {AVCOL_RANGE_MPEG, AVCOL_RANGE_JPEG}) {
        write(folder_ / "pq.mkv",
              {AV_PIX_FMT_YUV420P10LE, range, AVCOL_SPC_BT2020_NCL, AVCOL_PRI_BT2020, AVCOL_TRC_SMPTE2084}, stored);
        std::vector<Color> seen = read(folder_ / "pq.mkv");
        ASSERT_EQ(seen.size(), stored.size());
        double last = 0.75;
        for (std::size_t i = skin_and_others.size(); i + 1 < seen.size(); ++i) {
            EXPECT_GT(seen[i][1], last + 0.015) << "brighter is brighter, to 1000 cd/m2";
            last = seen[i][1];
        }
        EXPECT_NEAR(last, 1, 0.01);
        EXPECT_NEAR(seen.back()[0], 1, 0.01);
        seen.resize(skin_and_others.size());
        expect_same(seen, skin_and_others, 0.015);
    }
    // HLG on a display of 1000 cd/m2: light is 1000 E^1.2, and half the signal is E = 1 / 12 (BT.2100).
    write(folder_ / "hlg.mkv",
          {AV_PIX_FMT_YUV420P10LE, AVCOL_RANGE_MPEG, AVCOL_SPC_BT2020_NCL, AVCOL_PRI_BT2020, AVCOL_TRC_ARIB_STD_B67},
          {{0.5, 0.5, 0.5}, {0.25, 0.25, 0.25}});
    const auto grey = [](double scene) { return srgb(1000 * std::pow(scene, 1.2) / 203); };
    const double half = grey(1.0 / 12), quarter = grey(0.25 * 0.25 / 3);
    expect_same(read(folder_ / "hlg.mkv"), {{half, half, half}, {quarter, quarter, quarter}}, 0.015);
}

}  // namespace
}  // namespace likeness::test
