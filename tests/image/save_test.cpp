#include "core/image/save.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "core/image/file_bytes.h"
#include "core/image/load.h"
#include "make_pictures.h"

namespace likeness::test {
namespace {

namespace fs = std::filesystem;

class Save : public testing::Test {
  protected:
    void SetUp() override { fs::create_directories(folder_); }
    void TearDown() override { fs::remove_all(folder_); }
    int files() const {
        return static_cast<int>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
    }
    fs::path folder_ = fs::temp_directory_path() / ("likeness_save_" + std::to_string(::getpid()));
};

TEST_F(Save, PngRoundTrip) {
    for (const int depth : {8, 16})
        for (const int channels : {1, 2, 3, 4}) {
            const Image picture = gradient(31, 17, channels);
            const fs::path path = folder_ / "a.png";
            ASSERT_TRUE(save_png(path, picture, {depth, 3}));
            const Result<LoadedImage> loaded = load_picture(path);
            ASSERT_TRUE(loaded);
            EXPECT_EQ(loaded->bit_depth, depth);
            ASSERT_EQ(loaded->image.channels, channels % 2 == 0 ? 4 : 3);
            const double step = depth == 8 ? 0.5 / 255 : 0.5 / 65535;
            for (int x = 0; x < 31; ++x) {
                EXPECT_NEAR(loaded->image.at(x, 9)[0], picture.at(x, 9)[0], step + 1e-6);
                if (channels % 2 == 0) {
                    EXPECT_NEAR(loaded->image.at(x, 9)[3], picture.at(x, 9)[channels - 1], step + 1e-6);
                }
            }
        }
    EXPECT_EQ(files(), 1);  // no temporary file is left
}

TEST_F(Save, ValuesOutsideTheRangeAreClamped) {
    Image picture(3, 1, 3, 2.0f);
    picture.pixels[0] = -1.0f;
    picture.pixels[3] = std::nanf("");
    ASSERT_TRUE(save_png(folder_ / "a.png", picture));
    const Result<Image> loaded = load_image(folder_ / "a.png");
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->pixels[0], 0.0f);
    EXPECT_EQ(loaded->pixels[1], 1.0f);
    EXPECT_EQ(loaded->pixels[3], 0.0f);
}

TEST_F(Save, WrongArguments) {
    EXPECT_EQ(save_png(folder_ / "a.png", Image()).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(save_png(folder_ / "a.png", Image(2, 2, 5)).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(save_png(folder_ / "a.png", Image(2, 2, 3), {12}).error().code, ErrorCode::invalid_argument);
    EXPECT_THROW(encode_png(Image()), std::invalid_argument);
    const Status missing = save_png(folder_ / "no" / "a.png", Image(2, 2, 3));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::io);
    EXPECT_NE(missing.error().message.find("no/a.png'"), std::string::npos) << missing.error().message;
    EXPECT_EQ(files(), 0);
}

TEST_F(Save, AFullDiskIsReported) {
    for (const int number : {ENOSPC, EDQUOT, EFBIG}) {
        const Error full = write_error("a.png", number);
        EXPECT_EQ(full.code, ErrorCode::io);
        EXPECT_NE(full.message.find("free some disk space"), std::string::npos) << full.message;
    }
}

TEST_F(Save, AFailedWriteKeepsTheOldFile) {
    const fs::path path = folder_ / "a.png";
    ASSERT_TRUE(save_png(path, gradient(8, 8)));
    const Result<std::vector<std::uint8_t>> before = read_file(path, 1 << 20);
    // No file may become larger than 4 KiB.
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit old{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
    rlimit small = old;
    small.rlim_cur = 4096;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const Status saved = save_png(path, gradient(300, 300), {16, 0});
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
    ASSERT_FALSE(saved);
    EXPECT_EQ(saved.error().code, ErrorCode::io);
    EXPECT_NE(saved.error().message.find("'" + path.string() + "'"), std::string::npos) << saved.error().message;
    EXPECT_EQ(*read_file(path, 1 << 20), *before);
    EXPECT_EQ(files(), 1);
}

}  // namespace
}  // namespace likeness::test
