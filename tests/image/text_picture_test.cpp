#include <gtest/gtest.h>

#include <fstream>

#include "core/base/paths.h"
#include "core/image/text_picture.h"
#include "tests/formats/temporary_folder.h"

namespace likeness {
namespace {

double ink(const Image& picture) {
    double sum = 0;
    for (std::size_t i = 3; i < picture.pixels.size(); i += 4) sum += double(picture.pixels[i]);
    return sum;
}

class TextPicture : public testing::Test {
  protected:
    void SetUp() override {
        const auto found = find_asset("Roboto-Medium.ttf");
        ASSERT_TRUE(found) << found.error().message;
        font = *found;
    }
    std::filesystem::path font;
};

TEST_F(TextPicture, LettersStandSideBySideInTheirColor) {
    const auto one = text_picture("n", font, {.color = {0.2f, 0.4f, 0.6f}}), three = text_picture("nnn", font);
    ASSERT_TRUE(one && three);
    EXPECT_EQ(one->channels, 4);
    EXPECT_EQ(one->height, three->height);
    EXPECT_NEAR(three->width - 50, 3 * (one->width - 50), 3) << "200 pixels leave 25 on each side";
    EXPECT_NEAR(ink(*three), 3 * ink(*one), 0.05 * ink(*three));
    bool full = false;
    for (std::size_t i = 0; i < one->pixels.size(); i += 4) {
        if (one->pixels[i + 3] < 1) continue;
        full = true;
        EXPECT_NEAR(one->pixels[i], 0.2f, 1e-6f);
        EXPECT_NEAR(one->pixels[i + 2], 0.6f, 1e-6f);
    }
    EXPECT_TRUE(full);
}

TEST_F(TextPicture, LinesAreCentredAndALabelIsWhite) {
    const auto lines = text_picture("iiiiiiii\ni", font), label = text_picture("i", font, {.label = true});
    ASSERT_TRUE(lines && label);
    // The second line's ink lies in the middle.
    for (int y = lines->height * 3 / 5; y < lines->height; ++y)
        for (int x = 0; x < lines->width / 4; ++x) EXPECT_EQ(lines->at(x, y)[3], 0);
    EXPECT_EQ(label->at(0, 0)[3], 0) << "round corners";
    const float* const beside = label->at(label->width / 2, 4);
    EXPECT_EQ(beside[3], 1);
    EXPECT_EQ(beside[0], 1);
}

TEST_F(TextPicture, WhatCannotBeWrittenIsRefused) {
    const test::TemporaryFolder folder("text_picture");
    const auto file = folder.path / "font.ttf";
    std::ofstream(file) << "no font";
    EXPECT_EQ(text_picture("a", file).error().code, ErrorCode::bad_input);
    EXPECT_EQ(text_picture("a", folder.path / "none.ttf").error().code, ErrorCode::not_found);
    EXPECT_EQ(text_picture("", font).error().code, ErrorCode::bad_input);
    EXPECT_EQ(text_picture("\xff\xfe", font).error().code, ErrorCode::bad_input) << "no UTF-8";
    EXPECT_EQ(text_picture("\xe2\x82", font).error().code, ErrorCode::bad_input) << "half a letter";
    EXPECT_EQ(text_picture(std::string(501, 'a'), font).error().code, ErrorCode::bad_input);
    EXPECT_EQ(text_picture(std::string(400, 'm'), font).error().code, ErrorCode::bad_input) << "too wide";
    EXPECT_EQ(text_picture("   ", font).error().code, ErrorCode::bad_input);
    EXPECT_EQ(text_picture("a", font, {.size = 2}).error().code, ErrorCode::invalid_argument);
    EXPECT_TRUE(text_picture("\xc3\xa9", font)) << "an e with an accent";
}

}  // namespace
}  // namespace likeness
