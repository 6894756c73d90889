// SVG pictures: good ones, and those that want to do harm.
#include "core/image/svg.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include "core/base/paths.h"
#include "core/image/save.h"
#include "tests/formats/temporary_folder.h"

namespace likeness::test {
namespace {

Result<Image> drawn(const std::string& text, int side = 100, const std::atomic<bool>* stop = nullptr) {
    return draw_svg({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, "a.svg", side, stop);
}
std::string svg(const std::string& inside, const std::string& size = R"(viewBox="0 0 40 20")") {
    return R"(<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" )" + size + ">" +
           inside + "</svg>";
}

class Svg : public testing::Test {
  protected:
    void SetUp() override {
        if (find_companion("likeness-svg").empty()) GTEST_SKIP() << "this build has no librsvg";
    }
};

void expect_pixel(const Image& image, int x, int y, std::array<float, 4> color) {
    for (std::size_t c = 0; c < 4; ++c)
        EXPECT_NEAR(image.at(x, y)[c], color[c], 1.5f / 255) << "channel " << c << " at " << x << ", " << y;
}

TEST_F(Svg, IsDrawnAtTheWantedSizeWithStraightAlpha) {
    const auto image = drawn(svg(R"(<rect width="20" height="20" fill="#ff8000"/>
        <rect x="20" width="10" height="20" fill="#0080ff" opacity="0.5"/>)"));
    ASSERT_TRUE(image) << image.error().message << image.error().detail;
    ASSERT_EQ(image->width, 100);
    ASSERT_EQ(image->height, 50);
    ASSERT_EQ(image->channels, 4);
    expect_pixel(*image, 25, 25, {1, 0.5f, 0, 1});
    expect_pixel(*image, 60, 25, {0, 0.5f, 1, 0.5f});
    expect_pixel(*image, 90, 25, {0, 0, 0, 0});
    const auto large = drawn(svg(R"(<rect width="20" height="20"/>)"), largest_svg_side);
    ASSERT_TRUE(large);
    EXPECT_EQ(large->width, largest_svg_side);
}

TEST_F(Svg, OfAnySizeAndWithoutOne) {
    const std::string red = R"(<rect x="10" y="10" width="80" height="40" fill="red"/>)";
    for (const char* size : {R"(width="1e9" height="5e8")", R"(width="80mm" height="40mm")", R"(viewBox="10 10 80 40")",
                             R"(width="100%" height="100%")", "", R"(width="100%" viewBox="0 0 2 1")"}) {
        const auto image = drawn(svg(red, size), 64);
        ASSERT_TRUE(image) << size << image.error().message;
        EXPECT_EQ(image->width, 64) << size;
        EXPECT_EQ(image->height, 32) << size;
    }
    const auto thin = drawn(svg(red, R"(viewBox="0 0 100000 1")"));
    ASSERT_TRUE(thin);
    EXPECT_EQ(thin->height, 1);
    for (const char* size : {R"(width="0" height="5")", R"(viewBox="0 0 0 0")"}) {
        const auto none = drawn(svg(red, size));
        EXPECT_TRUE(none || none.error().message.starts_with("'a.svg' ")) << size;
    }
    EXPECT_FALSE(drawn(svg("", "")));
}

TEST_F(Svg, IsToldFromOtherFiles) {
    const auto is = [](const std::string& text, const std::string& name = "a") {
        return is_svg({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, name);
    };
    EXPECT_TRUE(is(svg("")));
    EXPECT_TRUE(is("\xef\xbb\xbf<?xml version='1.0'?>\n<!-- by hand --><svg:svg>"));
    EXPECT_TRUE(is("<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' ''><svg>"));
    EXPECT_TRUE(is("anything", "A.SVG"));
    EXPECT_FALSE(is("<!DOCTYPE html><svg>"));
    EXPECT_FALSE(is("<html><svg>"));
    EXPECT_FALSE(is("\x89PNG"));
    EXPECT_FALSE(is(""));
}

TEST_F(Svg, ReadsNothingBesideItself) {
    const TemporaryFolder folder("svg");
    Image red(8, 8, 4, 1.0f);
    for (int i = 0; i < 64; ++i) red.pixels[std::size_t(4 * i + 1)] = red.pixels[std::size_t(4 * i + 2)] = 0;
    ASSERT_TRUE(save_png(folder.path / "red.png", red));
    std::ofstream(folder.path / "red.svg") << svg(R"(<rect id="r" width="40" height="20" fill="red"/>)");
    std::ofstream(folder.path / "red.css") << "rect { fill: red }";
    std::ofstream(folder.path / "words.txt") << "M0 0H40V20H0z";
    const std::string at = "file://" + folder.path.string();
    const std::string rect = R"(<rect width="40" height="20" fill="none"/>)";
    for (const std::string& text :
         {svg(R"(<image width="40" height="20" href=")" + at + R"(/red.png"/>)" + rect),
          svg(R"(<image width="40" height="20" xlink:href="red.png"/>)" + rect),
          svg(R"(<use href=")" + at + R"(/red.svg#r"/>)" + rect),
          svg("<style>@import url('" + at + "/red.css');</style><rect width='40' height='20' fill='none'/>"),
          svg(R"(<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href=")" + at + R"(/red.svg"/>)" + rect),
          "<!DOCTYPE svg [<!ENTITY path SYSTEM '" + at + "/words.txt'>]>" +
              svg(R"(<path d="&path;" fill="red"/>)" + rect)}) {
        const auto image = drawn(text);
        if (!image) continue;
        for (std::size_t i = 0; i < image->pixels.size(); i += 4) ASSERT_EQ(image->pixels[i + 3], 0) << text;
    }
    // What is part of the file is drawn.
    const auto own = drawn(svg(
        R"(<image width="40" height="20" preserveAspectRatio="none" href="data:image/svg+xml;utf8,)"
        R"(&lt;svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 2 1'&gt;&lt;rect width='2' height='1' fill='red'/&gt;&lt;/svg&gt;"/>)"));
    ASSERT_TRUE(own);
}

// Each ends within its limits with a picture or a sentence.
TEST_F(Svg, BombsDoNoHarm) {
    std::string laughs = "<!DOCTYPE svg [<!ENTITY a0 'ha'>";
    for (int i = 1; i < 30; ++i) {
        laughs += "<!ENTITY a" + std::to_string(i) + " '";
        for (int k = 0; k < 10; ++k) laughs += "&a" + std::to_string(i - 1) + ";";
        laughs += "'>";
    }
    laughs += "]>" + svg("<text>&a29;</text>");
    std::string uses = R"(<g id="u0"><rect width="1" height="1"/></g>)";
    for (int i = 1; i < 30; ++i) {
        uses += "<g id='u" + std::to_string(i) + "'>";
        for (int k = 0; k < 10; ++k) uses += "<use href='#u" + std::to_string(i - 1) + "'/>";
        uses += "</g>";
    }
    std::string deep;
    for (int i = 0; i < 200000; ++i) deep += "<g>";
    std::string filter = R"(<filter id="f" x="-1e6" y="-1e6" width="1e8" height="1e8" filterUnits="userSpaceOnUse">)";
    for (int i = 0; i < 200; ++i)
        filter += R"(<feTurbulence baseFrequency="0.01" numOctaves="9999"/><feGaussianBlur stdDeviation="9999"/>)";
    filter += "</filter><rect width='40' height='20' filter='url(#f)'/>";
    std::string groups, ends;
    for (int i = 0; i < 200; ++i) {
        groups += "<g opacity='0.99'><rect width='40' height='20'/>";
        ends += "</g>";
    }
    for (const auto& [what, text, side] :
         {std::tuple("entities", laughs, 100),
          {"uses", svg(uses), 100},
          {"a use of itself", svg("<g id='a'><use href='#b'/></g><g id='b'><use href='#a'/></g><use href='#a'/>"), 100},
          {"depth", svg(deep), 100},
          {"a filter", svg(filter), 1000},
          {"groups", svg(groups + ends), largest_svg_side},
          {"a pattern",
           svg("<pattern id='p' width='1e-9' height='1e-9' patternUnits='userSpaceOnUse'><rect width='1' "
               "height='1'/></pattern><rect width='40' height='20' fill='url(#p)'/>"),
           1000},
          {"a marker",
           svg("<marker id='m' markerWidth='1e9' markerHeight='1e9'><path d='M0 0L1e9 1e9' marker-end='url(#m)'/>"
               "</marker><path d='M0 0L9 9' stroke='red' marker-end='url(#m)'/>"),
           100},
          {"numbers",
           svg("<path d='M1e308 1e308L-1e308 nan' stroke='red' stroke-width='1e308' stroke-dasharray='1e-300'/>"), 100},
          {"a size that is no number", svg("<rect width='1' height='1'/>", "width='nan' height='inf'"), 100}}) {
        const auto begin = std::chrono::steady_clock::now();
        const auto image = drawn(text, side);
        EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15)) << what;
        if (image) {
            EXPECT_LE(std::max(image->width, image->height), side) << what;
        } else {
            EXPECT_EQ(image.error().code, ErrorCode::bad_input) << what;
            EXPECT_TRUE(image.error().message.starts_with("'a.svg' ")) << what << ": " << image.error().message;
            EXPECT_EQ(image.error().message.back(), '.') << what << ": " << image.error().message;
        }
    }
}

TEST_F(Svg, OtherBytesAreRefusedByName) {
    for (const std::string& text :
         {std::string("no picture"), std::string("<svg"), std::string(3000, '\0'), std::string(), svg("<rect"),
          std::string("<html></html>"), std::string("\x1f\x8b\x08", 3)}) {
        const auto image = drawn(text);
        ASSERT_FALSE(image) << text.substr(0, 20);
        EXPECT_EQ(image.error().code, ErrorCode::bad_input);
        EXPECT_NE(image.error().message.find("'a.svg'"), std::string::npos);
    }
    EXPECT_FALSE(drawn(svg(std::string(most_svg_bytes, ' '))));
    EXPECT_FALSE(drawn(svg(""), 0));
    EXPECT_FALSE(drawn(svg(""), 4097));
    EXPECT_FALSE(load_svg("/nowhere/a.svg", 100));
}

TEST_F(Svg, CanBeStopped) {
    std::string slow;
    for (int i = 0; i < 400; ++i)
        slow += "<filter id='f" + std::to_string(i) +
                "'><feTurbulence baseFrequency='0.01' numOctaves='20'/></filter>" +
                "<rect width='40' height='20' filter='url(#f" + std::to_string(i) + ")'/>";
    std::atomic<bool> stop = false;
    std::jthread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        stop = true;
    });
    const auto image = drawn(svg(slow), 2000, &stop);
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace likeness::test
