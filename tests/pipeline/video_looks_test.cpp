#include "core/pipeline/video_looks.h"

#include <fstream>
#include <random>

#include "core/image/file_bytes.h"
#include "tests/pipeline/window_video.h"

namespace likeness::test {
namespace {

namespace fs = std::filesystem;

class VideoLooksTest : public WindowVideo {
  protected:
    void add_frames() {
        for (int i = 0; i < 7; ++i) add(window(70 + 4 * i, 0));
        add(Image(240, 240, 3));  // nothing to see: a cut, then another
        for (int i = 0; i < 4; ++i) add(window(110 - 3 * i, 10));
    }
    // Frames that were looked at, not passed over; `cancel_at`: the frame at which it is cancelled.
    std::size_t look(const TrackOptions& options, std::optional<std::size_t> cancel_at = {}) {
        std::size_t looked = 0;
        Progress* cancelled = nullptr;
        Progress progress([&](double, const std::string& stage) {
            looked += stage == "Following the face";
            if (cancel_at && looked == *cancel_at) cancelled->cancel();
        });
        cancelled = &progress;
        looks_.reset();
        try {
            auto looks = look_through(tools(), folder_.path, options, progress);
            EXPECT_TRUE(looks) << looks.error().message;
            if (looks) looks_ = *std::move(looks);
        } catch (const Cancelled&) {
            EXPECT_TRUE(cancel_at);
        }
        return looked;
    }
    static void expect_same(const VideoLooks& a, const VideoLooks& b) {
        ASSERT_EQ(a.frames.size(), b.frames.size());
        for (std::size_t i = 0; i < a.frames.size(); ++i) {
            const SeenFrame &one = a.frames[i], &other = b.frames[i];
            EXPECT_EQ(one.seconds, other.seconds) << i;
            EXPECT_EQ(one.face, other.face) << i;
            EXPECT_EQ(one.cut, other.cut) << i;
            EXPECT_EQ(one.anew, other.anew) << i;
            EXPECT_EQ(one.points, other.points) << i;
            EXPECT_EQ(one.colors, other.colors) << i;
            ASSERT_EQ(one.torso.size(), other.torso.size()) << i;
            for (std::size_t k = 0; k < one.torso.size(); ++k) {
                EXPECT_EQ(one.torso[k].number, other.torso[k].number);
                EXPECT_EQ(one.torso[k].at, other.torso[k].at);
                EXPECT_EQ(one.torso[k].sureness, other.torso[k].sureness);
            }
        }
    }
    fs::path only_file(const fs::path& folder) const {
        std::vector<fs::path> files(fs::directory_iterator(folder), {});
        return files.size() == 1 ? files[0] : fs::path();
    }

    std::optional<VideoLooks> looks_;
};

TEST_F(VideoLooksTest, AreTheSameOnAnyNumberOfThreads) {
    add_frames();
    look({.looks = 4, .threads = 1});
    ASSERT_TRUE(looks_);
    const VideoLooks alone = *looks_;
    EXPECT_TRUE(alone.frames[3].face);
    EXPECT_FALSE(alone.frames[3].torso.empty());
    look({.looks = 4, .threads = 5});
    ASSERT_TRUE(looks_);
    expect_same(*looks_, alone);
}

TEST_F(VideoLooksTest, GoOnWhereTheyWereCancelled) {
    add_frames();
    const TemporaryFolder kept("video_looks_kept");
    const TrackOptions options{.looks = 3, .keep_in = kept.path / "looks"};
    const std::size_t whole = look(options);
    ASSERT_TRUE(looks_);
    const VideoLooks uninterrupted = *looks_;
    look(options, 6);
    ASSERT_FALSE(looks_);
    const fs::path file = only_file(options.keep_in);
    ASSERT_FALSE(file.empty());
    EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_EQ(look(options), whole - 6);  // six frames are known
    ASSERT_TRUE(looks_);
    expect_same(*looks_, uninterrupted);
    // With another option it is another job.
    EXPECT_EQ(look({.looks = 2, .keep_in = options.keep_in}), whole);
    forget_looks(tools(), folder_.path, options);
    EXPECT_FALSE(fs::exists(file));
}

TEST_F(VideoLooksTest, ADamagedFileOfWhatWasSeenIsNotUsed) {
    for (int i = 0; i < 4; ++i) add(window(70 + 4 * i, 0));
    const TemporaryFolder kept("video_looks_damaged");
    const TrackOptions options{.looks = 1, .keep_in = kept.path};
    const std::size_t whole = look(options);
    look(options, 4);
    const fs::path file = only_file(kept.path);
    const auto bytes = read_file(file, std::size_t(1) << 30);
    ASSERT_TRUE(bytes);
    const auto put = [&](const std::vector<std::uint8_t>& content) {
        std::ofstream(file, std::ios::binary)
            .write(reinterpret_cast<const char*>(content.data()), std::streamsize(content.size()));
    };
    put({bytes->begin(), bytes->begin() + std::ptrdiff_t(bytes->size() / 2)});
    EXPECT_EQ(look(options), whole);
    put({});
    EXPECT_EQ(look(options), whole);
    std::mt19937 engine(4);
    for (int i = 0; i < 12; ++i) {
        std::vector<std::uint8_t> other = *bytes;
        for (int k = 0; k < 60; ++k) other[engine() % other.size()] ^= std::uint8_t(1 + engine() % 255);
        put(other);
        look(options);
        EXPECT_TRUE(looks_);
    }
}

TEST_F(VideoLooksTest, ShowTheNewestFrame) {
    for (int i = 0; i < 3; ++i) add(resize(window(70 + 4 * i, 0), 600, 600));
    std::vector<TrackPreview> shown;
    look({.looks = 1, .preview = [&](const TrackPreview& preview) { shown.push_back(preview); }});
    ASSERT_FALSE(shown.empty());
    EXPECT_EQ(shown[0].number, 0u);
    EXPECT_EQ(shown[0].picture->width, 480);
    ASSERT_TRUE(shown[0].landmarks);
    ASSERT_TRUE(looks_);
    const Eigen::Vector2f nose = (*shown[0].landmarks)[1].head<2>();
    EXPECT_LT((nose - 0.8f * looks_->frames[0].points[1].head<2>()).norm(), 1.5f);
}

}  // namespace
}  // namespace likeness::test
