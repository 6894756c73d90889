#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <webp/demux.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <fstream>
#include <functional>
#include <numeric>
#include <random>
#include <thread>

#include "core/image/file_bytes.h"
#include "core/image/load.h"
#include "core/media/frame_writer.h"
#include "core/media/video_reader.h"
#include "tests/media/numbered.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace likeness::test {
namespace {

namespace fs = std::filesystem;

class Film : public MediaTest {
  protected:
    fs::path at(const std::string& name) const { return folder_ / name; }

    void write(const fs::path& path, int count, double fps, const std::function<Image(int)>& frame) {
        const Image first = frame(0);
        auto film = open_frame_writer(path, first.width, first.height, fps);
        ASSERT_TRUE(film) << film.error().message;
        for (int n = 0; n < count; ++n) {
            const Status added = (*film)->add(frame(n));
            ASSERT_TRUE(added) << added.error().message << added.error().detail;
        }
        const Status finished = (*film)->finish();
        ASSERT_TRUE(finished) << finished.error().message << finished.error().detail;
        EXPECT_EQ((*film)->add(first).error().code, ErrorCode::invalid_argument);
        EXPECT_EQ((*film)->finish().error().code, ErrorCode::invalid_argument);
    }
};

// A disc of alpha 1 with a ring of 0.6, 0.3 outside it and nothing beyond, in the numbered colors.
Image disc(int size, int n) {
    const Image colors = numbered(size, size, n << 3);  // its columns in the middle
    Image image(size, size, 4);
    for (int y = 0; y < size; ++y)
        for (int x = 0; x < size; ++x) {
            const double r = std::hypot(x + 0.5 - size / 2.0, y + 0.5 - size / 2.0) / size;
            std::copy_n(colors.at(x, y), 3, image.at(x, y));
            image.at(x, y)[3] = r < 0.3 ? 1.0f : r < 0.37 ? 0.6f : r < 0.44 ? 0.3f : 0.0f;
        }
    return image;
}

double difference(const Image& a, const Image& b, int channels) {
    double sum = 0;
    for (int y = 0; y < a.height; ++y)
        for (int x = 0; x < a.width; ++x)
            for (int c = 0; c < channels; ++c) sum += std::abs(double(a.at(x, y)[c]) - double(b.at(x, y)[c]));
    return sum / (double(a.width) * a.height * channels);
}

struct Animation {
    std::vector<Image> frames;
    std::vector<double> ends;  // seconds
    std::uint32_t loops = 1;
};

Animation read_webp(const fs::path& path) {
    Animation result;
    const std::vector<std::uint8_t> bytes = *read_file(path, 1 << 26);
    const WebPData data{bytes.data(), bytes.size()};
    WebPAnimDecoder* const decoder = WebPAnimDecoderNew(&data, nullptr);
    WebPAnimInfo info{};
    if (!decoder || !WebPAnimDecoderGetInfo(decoder, &info)) return result;
    result.loops = info.loop_count;
    std::uint8_t* rgba = nullptr;
    int end = 0;
    while (WebPAnimDecoderHasMoreFrames(decoder) && WebPAnimDecoderGetNext(decoder, &rgba, &end)) {
        Image image(int(info.canvas_width), int(info.canvas_height), 4);
        for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = float(rgba[i]) / 255.0f;
        result.frames.push_back(std::move(image));
        result.ends.push_back(end / 1000.0);
    }
    WebPAnimDecoderDelete(decoder);
    return result;
}

// Alpha of a GIF's frame n, 0..255.
std::vector<std::uint8_t> gif_alpha(const fs::path& path, int n) {
    std::vector<std::uint8_t> alpha;
    AVFormatContext* format = nullptr;
    if (avformat_open_input(&format, path.c_str(), nullptr, nullptr) < 0) return alpha;
    AVCodecContext* codec = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_GIF));
    avcodec_open2(codec, nullptr, nullptr);
    AVPacket* packet = av_packet_alloc();
    AVFrame* frame = av_frame_alloc();
    while (n >= 0 && av_read_frame(format, packet) >= 0) {
        avcodec_send_packet(codec, packet);
        av_packet_unref(packet);
        if (avcodec_receive_frame(codec, frame) == 0) --n;
    }
    for (int y = 0; n < 0 && frame->format == AV_PIX_FMT_BGRA && y < frame->height; ++y)
        for (int x = 0; x < frame->width; ++x) alpha.push_back(frame->data[0][y * frame->linesize[0] + 4 * x + 3]);
    av_frame_free(&frame);
    av_packet_free(&packet);
    avcodec_free_context(&codec);
    avformat_close_input(&format);
    return alpha;
}

// The delays of a GIF's graphic control extensions, in hundredths of a second.
std::vector<int> delays(const std::vector<std::uint8_t>& gif) {
    std::vector<int> found;
    for (std::size_t i = 0; i + 8 < gif.size(); ++i)
        if (gif[i] == 0x21 && gif[i + 1] == 0xf9 && gif[i + 2] == 4 && gif[i + 7] == 0)
            found.push_back(gif[i + 4] + 256 * gif[i + 5]);
    return found;
}

TEST_F(Film, TheKindFollowsFromTheName) {
    EXPECT_EQ(film_kind("a.mp4"), FilmKind::mp4);
    EXPECT_EQ(film_kind("b/A.MP4"), FilmKind::mp4);
    EXPECT_EQ(film_kind("a.gif"), FilmKind::gif);
    EXPECT_EQ(film_kind("a.WebP"), FilmKind::webp);
    EXPECT_EQ(film_kind("a"), FilmKind::pictures);
    EXPECT_EQ(film_kind("-"), FilmKind::raw);
    ASSERT_EQ(::mkfifo(at("pipe.mp4").c_str(), 0600), 0);
    EXPECT_EQ(film_kind(at("pipe.mp4")), FilmKind::raw);
    for (const char* name : {"a.mp4", "a.gif", "a.webp", "a"}) EXPECT_TRUE(check_film(at(name))) << name;
    for (const char* name : {"a.mov", "a.png", "a.AVI"})
        EXPECT_EQ(check_film(at(name)).error().code, ErrorCode::invalid_argument) << name;
    std::ofstream(at("taken")) << "text";
    EXPECT_EQ(check_film(at("taken")).error().code, ErrorCode::invalid_argument);
    fs::create_directories(at("folder.mp4"));
    EXPECT_EQ(check_film(at("folder.mp4")).error().code, ErrorCode::invalid_argument);
    for (const char* name : {"no/a.mp4", "no/a.gif", "no/a.webp"}) {
        const auto film = open_frame_writer(at(name), 8, 8, 30);
        ASSERT_FALSE(film) << name;
        EXPECT_EQ(film.error().code, ErrorCode::io);
        EXPECT_NE(film.error().message.find(name), std::string::npos) << film.error().message;
    }
    EXPECT_EQ(open_frame_writer(at("taken/a"), 8, 8, 30).error().code, ErrorCode::io);
}

TEST_F(Film, FramesOfAnotherSizeAndNoFramesAreRefusedAndNothingStays) {
    fs::create_directories(at("kept"));
    std::ofstream(at("kept/note.txt")) << "mine";
    for (const char* name : {"a.mp4", "a.gif", "a.webp", "made/here", "kept"}) {
        for (const auto& [w, h, fps] :
             {std::tuple{0, 64, 30.0}, {64, 20000, 30.0}, {64, 64, 0.0}, {64, 64, std::nan("")}})
            EXPECT_EQ(open_frame_writer(at(name), w, h, fps).error().code, ErrorCode::invalid_argument) << name;
        {
            auto film = open_frame_writer(at(name), 64, 48, 30);
            ASSERT_TRUE(film) << film.error().message;
            ASSERT_TRUE((*film)->add(numbered(64, 48, 1)));
            const Status other = (*film)->add(numbered(48, 64, 1));
            EXPECT_EQ(other.error().code, ErrorCode::invalid_argument);
            EXPECT_NE(other.error().message.find("48 x 64 pixels instead of 64 x 48"), std::string::npos)
                << other.error().message;
            EXPECT_FALSE((*film)->add(Image(64, 48, 2)));
            EXPECT_TRUE((*film)->add(numbered(64, 48, 2)));
        }
        auto film = open_frame_writer(at(name), 64, 48, 30);
        ASSERT_TRUE(film);
        EXPECT_EQ((*film)->finish().error().code, ErrorCode::invalid_argument);
    }
    EXPECT_FALSE(fs::exists(at("made/here")));
    fs::remove(at("made"));
    EXPECT_EQ(files(), 1);
    EXPECT_EQ(std::distance(fs::directory_iterator(at("kept")), fs::directory_iterator()), 1);
}

TEST_F(Film, AGifHasTheColorsTheTimesAndLoops) {
    write(at("a.gif"), 12, 30.0, [](int n) { return numbered(160, 120, n); });
    const std::vector<std::uint8_t> bytes = *read_file(at("a.gif"), 1 << 24);
    const std::string text(bytes.begin(), bytes.end());
    EXPECT_NE(text.find(std::string("NETSCAPE2.0\x03\x01\x00\x00\x00", 16)), std::string::npos) << "for ever";
    const std::vector<int> each = delays(bytes);
    ASSERT_EQ(each.size(), 12u);
    int sum = 0;
    for (const int delay : each) {
        EXPECT_TRUE(delay == 3 || delay == 4) << delay;
        sum += delay;
    }
    EXPECT_EQ(sum, 40) << "twelve frames at 30 a second";
    auto reader = VideoReader::open(at("a.gif"));
    ASSERT_TRUE(reader) << reader.error().message;
    for (int n = 0; n < 12; ++n) {
        auto frame = (*reader)->next();
        ASSERT_TRUE(frame && *frame) << n;
        EXPECT_EQ(number_of(**frame), n);
        EXPECT_LT(difference(**frame, numbered(160, 120, n), 3), 0.02) << n;
    }
    EXPECT_FALSE(*(*reader)->next());

    // Frames faster than a viewer's 50 a second are left out; the length stays.
    write(at("b.gif"), 60, 120.0, [](int n) { return numbered(32, 16, n); });
    const std::vector<int> fast = delays(*read_file(at("b.gif"), 1 << 24));
    EXPECT_LE(fast.size(), 25u);
    for (const int delay : fast) EXPECT_GE(delay, 2);
    EXPECT_EQ(std::accumulate(fast.begin(), fast.end(), 0), 50);
}

TEST_F(Film, AlphaIsKeptWhereItCanBe) {
    const auto frame = [](int n) { return disc(96, n); };
    for (const char* name : {"a.mp4", "a.gif", "a.webp", "a"}) write(at(name), 5, 25.0, frame);
    const Image truth = disc(96, 4);
    const auto last = load_image(at("a/frame-000004.png"));
    ASSERT_TRUE(last);
    ASSERT_EQ(last->channels, 4);
    EXPECT_LT(difference(*last, truth, 4), 0.003) << "straight alpha";
    EXPECT_EQ(std::distance(fs::directory_iterator(at("a")), fs::directory_iterator()), 5);

    const Animation webp = read_webp(at("a.webp"));
    ASSERT_EQ(webp.frames.size(), 5u);
    EXPECT_EQ(webp.loops, 0u) << "for ever";
    for (std::size_t n = 0; n < 5; ++n) EXPECT_NEAR(webp.ends[n], double(n + 1) / 25, 0.001);
    double alpha = 0, color = 0;
    for (int y = 0; y < 96; ++y)
        for (int x = 0; x < 96; ++x) {
            alpha = std::max(alpha, std::abs(double(webp.frames[4].at(x, y)[3]) - double(truth.at(x, y)[3])));
            if (truth.at(x, y)[3] == 1)
                color += std::abs(double(webp.frames[4].at(x, y)[1]) - double(truth.at(x, y)[1])) / (96 * 96 * 0.28);
        }
    EXPECT_LT(alpha, 0.01);
    EXPECT_LT(color, 0.02);

    const std::vector<std::uint8_t> gif = gif_alpha(at("a.gif"), 4);
    ASSERT_EQ(gif.size(), 96u * 96u);
    for (int y = 0; y < 96; ++y)
        for (int x = 0; x < 96; ++x)
            ASSERT_EQ(gif[std::size_t(y) * 96 + std::size_t(x)], truth.at(x, y)[3] >= 0.5f ? 255 : 0) << x << " " << y;

    Image grey(10, 6, 1, 0.5f);
    for (const char* name : {"g.mp4", "g.gif", "g.webp", "g"}) write(at(name), 2, 25.0, [&](int) { return grey; });
    EXPECT_NEAR(read_webp(at("g.webp")).frames.at(0).at(3, 3)[2], 0.5f, 0.01f);
}

// What a program at the other end of a named pipe gets; `most` bytes, then it goes away.
class PipeReader {
  public:
    PipeReader(const fs::path& path, std::size_t most) : handle_(::open(path.c_str(), O_RDONLY | O_NONBLOCK)) {
        ::fcntl(handle_, F_SETFL, 0);
        thread_ = std::jthread([this, most](const std::stop_token& stop) {
            std::array<std::uint8_t, 65536> part{};
            while (!stop.stop_requested() && bytes.size() < most) {
                const ssize_t got = ::read(handle_, part.data(), std::min(part.size(), most - bytes.size()));
                if (got > 0) bytes.insert(bytes.end(), part.begin(), part.begin() + got);
                if (got == 0 && !bytes.empty()) break;  // before the writer has come it reads nothing
            }
            ::close(handle_);
        });
    }
    void wait() { thread_.join(); }
    std::vector<std::uint8_t> bytes;

  private:
    int handle_;
    std::jthread thread_;
};

TEST_F(Film, RawFramesGoToWhoeverReadsThem) {
    std::signal(SIGPIPE, SIG_IGN);
    const fs::path pipe = at("pipe");
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const auto nobody = open_frame_writer(pipe, 65, 33, 30);
    ASSERT_FALSE(nobody);
    EXPECT_NE(nobody.error().message.find("No program reads"), std::string::npos) << nobody.error().message;
    const auto plain = [](int n) { return numbered(65, 33, n); };
    const auto clear = [](int n) { return disc(33, n); };
    for (const bool alpha : {false, true}) {
        PipeReader reader(pipe, 1 << 24);
        write(pipe, 7, 30.0, alpha ? std::function<Image(int)>(clear) : plain);
        reader.wait();
        const Image last = alpha ? clear(6) : plain(6);
        const std::size_t size = last.pixels.size();
        ASSERT_EQ(reader.bytes.size(), 7 * size);
        for (std::size_t i = 0; i < size; ++i) ASSERT_NEAR(reader.bytes[6 * size + i], last.pixels[i] * 255, 0.51) << i;
    }
    PipeReader reader(pipe, 100'000);
    auto film = open_frame_writer(pipe, 128, 128, 30);
    ASSERT_TRUE(film);
    EXPECT_TRUE((*film)->add(numbered(128, 128, 0)));
    EXPECT_EQ((*film)->add(Image(128, 128, 4)).error().code, ErrorCode::invalid_argument) << "rgb or rgba, not both";
    Status status;
    for (int n = 0; n < 100 && status; ++n) status = (*film)->add(numbered(128, 128, n));
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::io);
    EXPECT_NE(status.error().message.find("has ended"), std::string::npos) << status.error().message;
    EXPECT_EQ((*film)->add(numbered(128, 128, 0)).error().code, ErrorCode::invalid_argument) << "closed";
}

TEST_F(Film, AGifIsWrittenWithProgressAndCanBeCancelledMeanwhile) {
    write(at("a.gif"), 2, 30, [](int n) { return numbered(16, 16, n); });
    const auto before = std::filesystem::file_size(at("a.gif"));
    for (const bool whole : {false, true}) {
        auto film = open_frame_writer(at("a.gif"), 48, 48, 25);
        ASSERT_TRUE(film);
        for (int n = 0; n < 20; ++n) ASSERT_TRUE((*film)->add(numbered(48, 48, n)));
        std::vector<double> reported;
        Progress progress([&](double done, const std::string&) {
            reported.push_back(done);
            if (!whole && done > 0.4) progress.cancel();
        });
        if (whole) {
            ASSERT_TRUE((*film)->finish(progress));
            EXPECT_GE(reported.size(), 20u);
            EXPECT_TRUE(std::is_sorted(reported.begin(), reported.end()));
            EXPECT_GT(reported.back(), 0.9);
            EXPECT_GT(std::filesystem::file_size(at("a.gif")), before);
        } else {
            EXPECT_THROW((void)(*film)->finish(progress), Cancelled);
            EXPECT_LT(reported.back(), 0.6);
            film->reset();
            EXPECT_EQ(files(), 1) << "the old one alone";
            EXPECT_EQ(std::filesystem::file_size(at("a.gif")), before);
        }
    }
}

TEST_F(Film, AFullDiskIsSaidAndTheOldFileStays) {
    std::mt19937 random(5);
    std::vector<Image> noise(20, Image(96, 96, 3));
    for (Image& image : noise)
        for (float& value : image.pixels) value = float(random() % 256) / 255.0f;
    for (const char* name : {"a.gif", "a.webp", "a"}) {
        if (film_kind(name) != FilmKind::pictures) write(at(name), 2, 30, [](int n) { return numbered(16, 16, n); });
        std::signal(SIGXFSZ, SIG_IGN);
        rlimit old{};
        ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
        rlimit small = old;
        small.rlim_cur = 20'000;
        ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
        Status status;
        {
            auto film = open_frame_writer(at(name), 96, 96, 30);
            for (std::size_t n = 0; film && status && n < noise.size(); ++n)
                status = (*film)->add(n < 2 ? Image(96, 96, 3) : noise[n]);
            if (film && status) status = (*film)->finish();
        }
        ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
        ASSERT_FALSE(status) << name;
        EXPECT_EQ(status.error().code, ErrorCode::io);
        EXPECT_NE(status.error().message.find(name), std::string::npos) << status.error().message;
        EXPECT_EQ(status.error().message.find("nothing of this film is kept") != std::string::npos,
                  film_kind(name) != FilmKind::pictures)
            << status.error().message;
        if (film_kind(name) == FilmKind::pictures) {
            EXPECT_NE(status.error().message.find("; the 2 pictures before it are whole."), std::string::npos)
                << status.error().message;
            EXPECT_TRUE(load_image(at("a/frame-000001.png")));
        }
    }
    EXPECT_EQ(files(), 3);
    EXPECT_EQ(read_webp(at("a.webp")).frames.size(), 2u);
    EXPECT_EQ(delays(*read_file(at("a.gif"), 1 << 20)).size(), 2u);
}

}  // namespace
}  // namespace likeness::test
