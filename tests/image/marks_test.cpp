// What pictures say about their colors and which way up they are, and JPEGs that lack little.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "core/image/exif.h"
#include "core/image/load.h"
#include "core/image/ops.h"
#include "make_pictures.h"

namespace likeness::test {
namespace {

Result<LoadedImage> load(const Bytes& bytes) { return load_picture_from_memory(bytes, "test"); }

Image flat(float r, float g, float b) {
    Image image(8, 8, 3);
    for (int y = 0; y < 8; ++y)
        for (int x = 0; x < 8; ++x) std::copy_n(std::array{r, g, b}.data(), 3, image.at(x, y));
    return image;
}

Bytes chrm(std::array<std::uint32_t, 8> values) {
    Bytes bytes;
    for (const std::uint32_t v : values)
        for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(std::uint8_t(v >> shift));
    return bytes;
}
const Bytes adobe_rgb = chrm({31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000});
const Bytes gamma_22 = {0, 0, 0xb1, 0x8f};

Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }
Bytes behind(const std::string& first, const Bytes& rest) {
    return bytes_of(first + std::string(rest.begin(), rest.end()));
}

std::array<float, 3> shown(const Image& image, const PngSpec& spec) {
    const auto loaded = load(make_png(image, spec));
    EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
    if (!loaded) return {};
    const float* p = loaded->image.at(3, 3);
    return {p[0], p[1], p[2]};
}

void expect_color(const std::array<float, 3>& got, const std::array<float, 3>& expected, float tolerance = 0.005f) {
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(got[c], expected[c], tolerance) << c;
}

TEST(PngColor, CicpIsConverted) {
    const Image picture = flat(0.3f, 0.7f, 0.4f);
    PngSpec profile;
    profile.icc = wide_profile();  // Display P3's primaries, gamma 2.2
    PngSpec named;
    named.chunks = {{"cICP", {12, 4, 0, 1}}};
    expect_color(shown(picture, named), shown(picture, profile));
    EXPECT_GT(std::abs(shown(picture, named)[0] - 0.3f), 0.03f);
    // PQ: a signal of 0.58 is 203 cd/m^2, the white of screens (BT.2408, table 1).
    PngSpec bright;
    bright.chunks = {{"cICP", {1, 16, 0, 1}}};
    expect_color(shown(flat(0.58f, 0.58f, 0.58f), bright), {1, 1, 1}, 0.02f);
    expect_color(shown(flat(0.9f, 0, 0), bright), {1, 0, 0}, 0.02f);
    PngSpec hlg;
    hlg.chunks = {{"cICP", {1, 18, 0, 1}}};
    expect_color(shown(flat(0.75f, 0.75f, 0.75f), hlg), {1, 1, 1}, 0.02f);
    // What nobody defined, or what is no RGB, says nothing.
    for (const Bytes& odd : {Bytes{2, 13, 0, 1}, Bytes{12, 200, 0, 1}, Bytes{12, 13, 9, 1}, Bytes{12, 13, 0}}) {
        PngSpec spec;
        spec.chunks = {{"cICP", odd}};
        expect_color(shown(picture, spec), {0.3f, 0.7f, 0.4f});
    }
}

TEST(PngColor, CicpBeforeProfileBeforeSrgbBeforePrimaries) {
    const Image picture = flat(0.3f, 0.7f, 0.4f);
    PngSpec spec;
    spec.icc = swapped_profile();
    spec.chunks = {{"cICP", {1, 13, 0, 1}}, {"cHRM", adobe_rgb}, {"gAMA", gamma_22}};
    expect_color(shown(picture, spec), {0.3f, 0.7f, 0.4f});
    spec.chunks.erase(spec.chunks.begin());
    expect_color(shown(picture, spec), {0.7f, 0.3f, 0.4f});
    spec.icc.clear();
    spec.chunks.push_back({"sRGB", {0}});
    expect_color(shown(picture, spec), {0.3f, 0.7f, 0.4f});
}

// Adobe RGB to linear sRGB: 1.39836 R - 0.39836 G, G, 1.04293 B - 0.04293 G.
TEST(PngColor, PrimariesAndGamma) {
    PngSpec spec;
    spec.chunks = {{"gAMA", gamma_22}, {"cHRM", adobe_rgb}};
    const auto light = [](float v) { return std::pow(v, 2.2f); };
    const float r = light(0.7f), g = light(0.6f), b = light(0.4f);
    expect_color(shown(flat(0.7f, 0.6f, 0.4f), spec), {linear_to_srgb(1.39836f * r - 0.39836f * g), linear_to_srgb(g),
                                                       linear_to_srgb(1.04293f * b - 0.04293f * g)});
}

// A TIFF structure whose only entry is the orientation as LONG.
Bytes long_orientation(std::uint8_t value) {
    return {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 4, 0, 0, 0, 1, 0, 0, 0, value, 0, 0, 0, 0};
}

Bytes with_segment(const Bytes& jpeg, const std::string& tag, const Bytes& content) {
    const std::size_t size = 2 + tag.size() + content.size();
    std::string out(jpeg.begin(), jpeg.begin() + 2);
    out += {char(0xff), char(0xe1), char(size >> 8), char(size & 255)};
    out += tag + std::string(content.begin(), content.end()) + std::string(jpeg.begin() + 2, jpeg.end());
    return bytes_of(out);
}

int orientation(const Bytes& file) {
    const auto loaded = load(file);
    EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
    return loaded ? loaded->orientation : 0;
}

TEST(Orientation, AsLongInASecondSegmentOrInXmp) {
    const std::string exif("Exif\0\0", 6), xap("http://ns.adobe.com/xap/1.0/\0", 29);
    const Bytes jpeg = make_jpeg(gradient(24, 16));
    const Bytes once = with_segment(jpeg, exif, long_orientation(6));
    EXPECT_EQ(orientation(once), 6);
    Bytes nothing = long_orientation(0);
    EXPECT_EQ(orientation(with_segment(once, exif, nothing)), 6) << "the first says nothing about it";
    EXPECT_EQ(orientation(with_segment(once, exif, long_orientation(3))), 3) << "the first counts";
    const std::string packet = "<x:xmpmeta><rdf:Description tiff:Make=\"x\" tiff:Orientation=\"8\"/></x:xmpmeta>";
    const Bytes xmp(packet.begin(), packet.end());
    EXPECT_EQ(orientation(with_segment(jpeg, xap, xmp)), 8);
    EXPECT_EQ(orientation(with_segment(once, xap, xmp)), 6) << "EXIF counts more";
    EXPECT_EQ(xmp_orientation("<tiff:Orientation>3</tiff:Orientation>"), 3);
    EXPECT_EQ(xmp_orientation("tiff:Orientation=\"12\""), std::nullopt);
    EXPECT_EQ(xmp_orientation("tiff:Orientation"), std::nullopt);
    EXPECT_EQ(xmp_orientation("tiff:Orientation=\"9\" tiff:Orientation='2'"), 2);
}

TEST(Orientation, RawProfilesOfPng) {
    const auto text = [](const std::string& key, const Bytes& content) {
        std::string words = key + '\0' + "\nexif\n      " + std::to_string(content.size()) + "\n";
        const char* digits = "0123456789abcdef";
        for (std::size_t i = 0; i < content.size(); ++i) {
            words += digits[content[i] >> 4];
            words += digits[content[i] & 15];
            if (i % 36 == 35) words += '\n';
        }
        words += '\n';
        return Bytes(words.begin(), words.end());
    };
    const Bytes content = behind(std::string("Exif\0\0", 6), make_exif(5, 35));
    PngSpec spec;
    spec.chunks = {{"tEXt", text("Raw profile type exif", content)}};
    EXPECT_EQ(orientation(make_png(gradient(24, 16), spec)), 5);
    spec.chunks = {{"tEXt", text("Raw profile type APP1", content)}};
    EXPECT_EQ(orientation(make_png(gradient(24, 16), spec)), 5);
    spec.exif = make_exif(7, 35);
    EXPECT_EQ(orientation(make_png(gradient(24, 16), spec)), 7) << "the chunk made for it counts more";
    EXPECT_TRUE(raw_profile("\nexif\n 4\n45zz").empty());
    EXPECT_TRUE(raw_profile("").empty());
}

// What browsers show is shown, with a note; a picture whose lower half is missing is an error.
TEST(JpegThatLacksLittle, IsShownWithANote) {
    const Image picture = gradient(256, 256);
    for (const bool progressive : {false, true}) {
        JpegSpec spec;
        spec.progressive = progressive;
        const Bytes whole = make_jpeg(picture, spec);
        Bytes cut(whole.begin(), whole.end() - 20);
        const auto loaded = load(cut);
        ASSERT_TRUE(loaded) << progressive << loaded.error().message;
        ASSERT_EQ(loaded->notes.size(), 1u);
        EXPECT_NE(loaded->notes[0].find("cut off"), std::string::npos) << loaded->notes[0];
        float worst = 0;
        for (int y = 0; y < 200; ++y)
            for (int x = 0; x < 256; ++x)
                worst = std::max(worst, std::abs(loaded->image.at(x, y)[0] - picture.at(x, y)[0]));
        EXPECT_LT(worst, 0.06f);
        EXPECT_FALSE(load(Bytes(whole.begin(), whole.begin() + std::ptrdiff_t(whole.size() / 2))));
        EXPECT_TRUE(load(whole)->notes.empty());
    }
}

TEST(JpegThatLacksLittle, MayHaveStrayBytesInFront) {
    const Bytes jpeg = make_jpeg(gradient(64, 64));
    const auto loaded = load(behind(std::string("\n\r\0", 3), jpeg));
    ASSERT_TRUE(loaded) << loaded.error().message;
    ASSERT_EQ(loaded->notes.size(), 1u);
    EXPECT_NE(loaded->notes[0].find("3 stray bytes"), std::string::npos);
    EXPECT_FALSE(load(behind(std::string(5000, ' '), jpeg)));
    const auto song = load(behind("ID3\x03 a song with its cover", jpeg));
    ASSERT_FALSE(song) << "a sound with a picture in it is no picture";
    EXPECT_NE(song.error().message.find("a sound"), std::string::npos);
}

}  // namespace
}  // namespace likeness::test
