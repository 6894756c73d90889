// Damaged videos and pictures: what can be read is, the rest is counted and said.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <random>

#include "core/image/file_bytes.h"
#include "core/image/save.h"
#include "core/media/video_reader.h"
#include "core/media/video_writer.h"
#include "tests/media/numbered.h"

namespace likeness::test {
namespace {

namespace fs = std::filesystem;

class Damage : public MediaTest {
  protected:
    struct Seen {
        int frames = 0;
        std::vector<std::string> notes;
    };
    static Seen read(FrameSource& source) {
        Seen seen;
        double last = -1;
        while (true) {
            auto frame = source.next();
            EXPECT_TRUE(frame) << frame.error().message;
            if (!frame || !*frame) break;
            EXPECT_GT(source.time(), last);
            last = source.time();
            ++seen.frames;
        }
        seen.notes = source.notes();
        return seen;
    }
    void write(const fs::path& path, int frames) {
        auto writer = VideoWriter::create(path, 128, 96, 25);
        ASSERT_TRUE(writer);
        std::mt19937 random(3);
        for (int n = 0; n < frames; ++n) {
            Image image = numbered(128, 96, n);
            for (int y = 30; y < 96; ++y)
                for (int x = 0; x < 128; ++x) image.at(x, y)[1] = float((x * 3 + y * 5 + n * 7) % 97) / 97;
            ASSERT_TRUE((*writer)->add(image));
        }
        ASSERT_TRUE((*writer)->finish());
    }
    // Other bytes in the middle fifth.
    fs::path damaged(const fs::path& path, int changes) {
        std::vector<std::uint8_t> bytes = *read_file(path, 1 << 28);
        std::mt19937 random(7);
        for (int i = 0; i < changes; ++i)
            bytes[bytes.size() * 2 / 5 + random() % (bytes.size() / 5)] = std::uint8_t(random());
        const fs::path copy = folder_ / ("damaged-" + path.filename().string());
        EXPECT_TRUE(save_file(copy, bytes));
        return copy;
    }
};

TEST_F(Damage, FramesInTheMiddleAreLeftOutAndCounted) {
    write(folder_ / "a.mp4", 100);
    auto whole = open_frames(folder_ / "a.mp4");
    ASSERT_TRUE(whole);
    const Seen all = read(**whole);
    EXPECT_EQ(all.frames, 100);
    EXPECT_TRUE(all.notes.empty()) << all.notes.front();
    auto source = open_frames(damaged(folder_ / "a.mp4", 30));
    ASSERT_TRUE(source) << source.error().message;
    const Seen seen = read(**source);
    EXPECT_LT(seen.frames, 100);
    EXPECT_GT(seen.frames, 30);
    ASSERT_EQ(seen.notes.size(), 1u);
    EXPECT_EQ(seen.notes[0], "'" + (folder_ / "damaged-a.mp4").string() +
                                 "' is damaged: " + std::to_string(100 - seen.frames) + " frames were left out.");
}

TEST_F(Damage, AnEarlyEndIsSaid) {
    write(folder_ / "a.mp4", 100);
    std::vector<std::uint8_t> bytes = *read_file(folder_ / "a.mp4", 1 << 28);
    bytes.resize(bytes.size() * 6 / 10);
    ASSERT_TRUE(save_file(folder_ / "cut.mp4", bytes));
    auto source = open_frames(folder_ / "cut.mp4");
    ASSERT_TRUE(source) << source.error().message;
    FramesAhead ahead(*std::move(source));
    int frames = 0;
    while (true) {
        auto frame = ahead.next();
        ASSERT_TRUE(frame);
        if (!*frame) break;
        ++frames;
    }
    EXPECT_GT(frames, 40);
    EXPECT_LT(frames, 90);
    ASSERT_FALSE(ahead.notes().empty());
    EXPECT_NE(ahead.notes().back().find("' is cut off: it ends after "), std::string::npos) << ahead.notes().back();
    bytes.resize(100);  // not even the index
    ASSERT_TRUE(save_file(folder_ / "cut.mp4", bytes));
    EXPECT_EQ(open_frames(folder_ / "cut.mp4").error().code, ErrorCode::bad_input);
}

TEST_F(Damage, PicturesOfAFolderAreLeftOutAndCounted) {
    const auto put = [&](const std::string& name, bool good, int n) {
        if (good)
            ASSERT_TRUE(save_png(folder_ / name, numbered(32, 16, n)));
        else
            std::ofstream(folder_ / name) << "damaged";
    };
    for (int n = 0; n < 8; ++n) put("p" + std::to_string(n) + ".png", n != 0 && n != 4 && n != 7, n);
    auto source = open_frames(folder_);
    ASSERT_TRUE(source) << source.error().message;
    FramesAhead ahead(*std::move(source));
    for (const int n : {1, 2, 3, 5, 6}) {
        auto frame = ahead.next();
        ASSERT_TRUE(frame && *frame);
        EXPECT_EQ(number_of((*frame)->picture), n);
        EXPECT_NEAR((*frame)->seconds, n / 25.0, 1e-9) << "a hole stays in the times";
    }
    ASSERT_FALSE(*ahead.next());
    const std::vector<std::string> said = {"3 of the pictures in '" + folder_.string() +
                                           "' cannot be read and were left out; the first of them is 'p0.png'."};
    EXPECT_EQ(ahead.notes(), said);
    for (int n = 0; n < 8; ++n) put("p" + std::to_string(n) + ".png", false, n);
    EXPECT_EQ(open_frames(folder_).error().code, ErrorCode::bad_input);
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    EXPECT_EQ(open_frames(folder_).error().code, ErrorCode::bad_input);
}

// Three frames, then an error.
class Failing : public FrameSource {
  public:
    int width() const override { return 8; }
    int height() const override { return 8; }
    double fps() const override { return 25; }
    std::int64_t frame_count() const override { return 0; }
    double time() const override { return count_ / 25.0; }
    Result<std::optional<Image>> next() override {
        if (count_ == 3) return Error{ErrorCode::device, "It was unplugged.", ""};
        ++count_;
        return std::optional(Image(8, 8, 3));
    }

  private:
    int count_ = 0;
};

TEST_F(Damage, FramesAheadEndWithTheErrorOfTheirSource) {
    FramesAhead ahead(std::make_unique<Failing>());
    for (int n = 0; n < 3; ++n) EXPECT_TRUE(ahead.next());
    EXPECT_EQ(ahead.next().error().code, ErrorCode::device);
    EXPECT_EQ(ahead.next().error().code, ErrorCode::device) << "said again";
    FramesAhead dropped(std::make_unique<Failing>());  // ends although nobody reads it
}

TEST_F(Damage, RealVideos) {
    const char* set = std::getenv("LIKENESS_TEST_DATA");
    const fs::path videos = fs::path(set ? set : LIKENESS_DEFAULT_TEST_DATA) / "videos";
    if (!fs::is_directory(videos)) GTEST_SKIP() << "no videos in " << videos;
    auto source = open_frames(damaged(videos / "liveportrait_d3.mp4", 40));
    ASSERT_TRUE(source) << source.error().message;
    const Seen seen = read(**source);
    EXPECT_LT(seen.frames, 340);
    EXPECT_GT(seen.frames, 200);
    ASSERT_EQ(seen.notes.size(), 1u);
    EXPECT_NE(seen.notes[0].find("' is damaged: " + std::to_string(354 - seen.frames) + " frames were left out."),
              std::string::npos)
        << seen.notes[0];
}

}  // namespace
}  // namespace likeness::test
