// Pictures whose colors, ends or beginnings are unusual. All show the sample portrait.
#include <png.h>

#include <cstdio>

#include "core/image/load.h"
#include "tests/field/field.h"

namespace likeness::test {
namespace {

class FieldPictures : public Field {
  protected:
    // As the background of a view, which shows it as it is.
    Image behind(const std::filesystem::path& picture) {
        return shown(field("06_nerfstudio_rgb/nerfstudio_rgb.ply"),
                     {"view.background_picture path=\"" + picture.string() + "\"", "wait for=idle"});
    }
};

TEST_F(FieldPictures, ColorsOfPngAreConverted) {
    const Image expected = behind(sample());
    for (const char* file : {"18_png_colour/p3_cicp.png", "18_png_colour/adobergb_chrm_gama.png"}) {
        EXPECT_EQ(info(field(file))["colors_converted"], true) << file;
        EXPECT_LT(difference(behind(field(file)), expected), 0.006) << file;
    }
    EXPECT_EQ(info(sample())["colors_converted"], false);
}

// 100 megapixels behind a head: read once, and reduced while it is read.
TEST_F(FieldPictures, ABackgroundOfAHundredMegapixelsStaysBelowAGibibyte) {
    // Written in parts: a picture in memory would take what is measured.
    const auto large = folder.path / "large.png";
    {
        png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
        png_infop info = png_create_info_struct(png);
        std::FILE* out = std::fopen(large.c_str(), "wb");
        ASSERT_TRUE(png && info && out);
        png_init_io(png, out);
        png_set_compression_level(png, 1);
        png_set_IHDR(png, info, 10000, 10000, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE,
                     PNG_FILTER_TYPE_BASE);
        png_write_info(png, info);
        std::vector<png_byte> row(30000);
        for (int y = 0; y < 10000; ++y) {
            for (std::size_t i = 0; i < row.size(); ++i) row[i] = png_byte((i / 3 + std::size_t(y)) / 64);
            png_write_row(png, row.data());
        }
        png_write_end(png, info);
        png_destroy_write_struct(&png, &info);
        std::fclose(out);
    }
    const auto picture = folder.path / "shown.png";
    const long peak = peak_megabytes([&] {
        return studio(field("06_nerfstudio_rgb/nerfstudio_rgb.ply"),
                      {"view.background_picture path=\"" + large.string() + "\"", "wait for=idle",
                       "capture.screenshot path=\"" + picture.string() + "\" width=1280 height=800"})
                   .code == 0;
    });
    EXPECT_LT(peak, 1024);
    EXPECT_TRUE(std::filesystem::exists(picture));
}

TEST_F(FieldPictures, JpegsThatBrowsersShowAreShownWithANote) {
    const Image expected = behind(sample());
    for (const auto& [file, words] : std::initializer_list<std::pair<const char*, const char*>>{
             {"20_scan_short/scan_short_by_20_bytes.jpg", "cut off"},
             {"20_scan_short/leading_newline.jpg", "stray bytes"}}) {
        EXPECT_TRUE(notes_say(info(field(file)), words)) << file;
        EXPECT_LT(difference(behind(field(file)), expected), 0.02) << file;
        const auto avatar = folder.path / "a.likeness";
        const Outcome outcome = run(train_arguments(field(file), avatar, 3), folder.path);
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        EXPECT_NE(outcome.err.find(words), std::string::npos) << outcome.err;
    }
}

}  // namespace
}  // namespace likeness::test
