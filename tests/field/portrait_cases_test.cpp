// Portraits that lie on their side, stand on their head, show somebody else too, a small face or none.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/avatar/avatar_file.h"
#include "core/image/load.h"
#include "core/image/ops.h"
#include "core/image/save.h"
#include "tests/app/program.h"
#include "tests/formats/temporary_folder.h"

namespace likeness::test {
namespace {

std::optional<std::filesystem::path> case_file(const std::string& name) {
    const char* set = std::getenv("LIKENESS_TEST_DATA");
    const std::filesystem::path folder = set && *set ? set : LIKENESS_DEFAULT_TEST_DATA;
    if (std::filesystem::exists(folder / "field" / name)) return folder / "field" / name;
    return std::nullopt;
}

class PortraitCases : public ::testing::Test {
  protected:
    Outcome train(const std::filesystem::path& photo, const std::vector<std::string>& more = {}) const {
        std::vector<std::string> arguments = train_arguments(photo, avatar());
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(arguments, folder.path);
    }
    std::filesystem::path avatar() const { return folder.path / "made.likeness"; }
    // The studio's settings and recovery stay in the test's folder.
    void SetUp() override { ::setenv("LIKENESS_HOME", (folder.path / "home").c_str(), 1); }
    void TearDown() override { ::unsetenv("LIKENESS_HOME"); }
    // What the program looked at, its matte as alpha, as the avatar carries it.
    Image source() const {
        HeadRegistry heads;
        const auto loaded = load_avatar(avatar(), &heads);
        EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
        return loaded && loaded->source->picture ? *loaded->source->picture : Image();
    }
    std::filesystem::path save(const Image& picture) const {
        const std::filesystem::path file = folder.path / "made.png";
        EXPECT_TRUE(save_png(file, picture));
        return file;
    }
    const TemporaryFolder folder{"portrait_cases"};
};

constexpr const char* absent = "The field cases are not here; set LIKENESS_TEST_DATA to the folder that has them.";

Image sample_picture() {
    auto image = load_image(sample());
    EXPECT_TRUE(image);
    return image ? *std::move(image) : Image();
}

// Mean of the alpha over a part of the picture, given in shares of its sides.
double cover(const Image& picture, float left, float top, float right, float bottom) {
    double sum = 0;
    int count = 0;
    for (int y = int(top * float(picture.height)); y < int(bottom * float(picture.height)); ++y)
        for (int x = int(left * float(picture.width)); x < int(right * float(picture.width)); ++x, ++count)
            sum += double(picture.at(x, y)[3]);
    return sum / std::max(count, 1);
}

TEST_F(PortraitCases, TiltedAndUpsideDownAreTurnedUpright) {
    for (const char* name :
         {"01_tilted_nan/tilt60.jpg", "01_tilted_nan/tilt65.jpg", "02_upside_down/rot180_noexif.jpg"}) {
        const auto file = case_file(name);
        if (!file) GTEST_SKIP() << absent;
        std::filesystem::remove(avatar());
        const Outcome outcome = train(*file);
        ASSERT_EQ(outcome.code, 0) << name << outcome.err;
        EXPECT_NE(outcome.err.find("turned upright"), std::string::npos) << outcome.err;
        // The sitter's head, not the helmet's visor: the middle is covered, above it is free background.
        const Image seen = source();
        ASSERT_EQ(seen.channels, 4);
        EXPECT_GT(cover(seen, 0.4f, 0.4f, 0.6f, 0.6f), 0.99) << name;
        EXPECT_LT(cover(seen, 0.0f, 0.0f, 0.15f, 0.1f), 0.1) << name;
        // Skin: red above green above blue.
        const float* nose = seen.at(seen.width / 2, seen.height / 2);
        EXPECT_GT(nose[0], nose[1] + 0.05f) << name;
        EXPECT_GT(nose[1], nose[2]) << name;
    }
}

TEST_F(PortraitCases, SomebodyBehindDoesNotBecomeHair) {
    const auto file = case_file("04_someone_behind/someone_behind.jpg");
    if (!file) GTEST_SKIP() << absent;
    const Outcome outcome = train(*file);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const Image seen = source();
    ASSERT_EQ(seen.channels, 4);
    EXPECT_GT(cover(seen, 0.35f, 0.4f, 0.6f, 0.65f), 0.99) << "the sitter's face";
    EXPECT_LT(cover(seen, 0.62f, 0.0f, 0.85f, 0.3f), 0.05) << "the head behind";
    EXPECT_LT(cover(seen, 0.75f, 0.3f, 1.0f, 0.6f), 0.05) << "its shoulder";
}

TEST_F(PortraitCases, AFaceCutByTheEdgeIsMadeAndSaid) {
    const auto file = case_file("16_half_cut_face/fr_obama_partial_face2.jpg");
    if (!file) GTEST_SKIP() << absent;
    const Outcome outcome = train(*file);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_NE(outcome.err.find("part of the face lies outside the picture"), std::string::npos) << outcome.err;
}

// A small face in a picture that is too large to be kept whole.
TEST_F(PortraitCases, AFaceOf50PixelsIsFoundInAPictureOf6000) {
    Image picture(6000, 3000, 3);
    for (std::size_t i = 0; i < picture.pixels.size(); ++i)
        picture.pixels[i] = 0.4f + 0.2f * float(std::sin(double(i) * 0.001) * std::sin(double(i / 18000) * 0.05));
    const Image small = resize(sample_picture(), 250, 250);
    for (int y = 0; y < 250; ++y)
        for (int x = 0; x < 250; ++x) std::copy_n(small.at(x, y), 3, picture.at(4800 + x, 2100 + y));
    const Outcome outcome = train(save(picture));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_NE(outcome.err.find("only the part around it is used"), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find("will be blurred"), std::string::npos) << outcome.err;
}

TEST_F(PortraitCases, ATooSmallFaceIsNotCalledNone) {
    Image picture(400, 300, 3, 0.5f);
    const Image small = resize(sample_picture(), 110, 110);
    for (int y = 0; y < 110; ++y)
        for (int x = 0; x < 110; ++x) std::copy_n(small.at(x, y), 3, picture.at(100 + x, 90 + y));
    const std::filesystem::path file = save(picture);
    const Outcome refused = train(file);
    EXPECT_EQ(refused.code, 3);
    EXPECT_NE(refused.err.find("The face is too small"), std::string::npos) << refused.err;
    EXPECT_FALSE(std::filesystem::exists(avatar()));
    const Outcome made = train(file, {"--anyway", "--quiet"});
    EXPECT_EQ(made.code, 0) << made.err;
    EXPECT_NE(made.err.find("note: the face is too small"), std::string::npos) << made.err;
}

// The sample's shoulder and helmet: the detector sees faces there, with scores as those of real ones.
TEST_F(PortraitCases, WhatIsNoFaceIsRefusedOrMadeWithANote) {
    const std::filesystem::path file = save(resize(crop(sample_picture(), 300, 200, 212, 212), 400, 400));
    const Outcome refused = train(file);
    EXPECT_EQ(refused.code, 3);
    EXPECT_NE(refused.err.find("No person's face was found for sure"), std::string::npos) << refused.err;
    EXPECT_NE(refused.err.find("--anyway"), std::string::npos) << refused.err;
    EXPECT_FALSE(std::filesystem::exists(avatar()));
    const Outcome made = train(file, {"--anyway", "--quiet"});
    EXPECT_EQ(made.code, 0) << made.err;
    EXPECT_NE(made.err.find("is not one for sure; the avatar was made anyway"), std::string::npos) << made.err;
    EXPECT_TRUE(std::filesystem::exists(avatar()));
}

// The same in the studio, and a photograph on its head there, fitted again.
TEST_F(PortraitCases, TheStudioRefusesMakesAnywayAndTurnsUpright) {
    const std::filesystem::path no_face = save(resize(crop(sample_picture(), 300, 200, 212, 212), 400, 400));
    Image upside_down = sample_picture();
    for (int i = 0, last = upside_down.width * upside_down.height - 1; 2 * i < last; ++i)
        std::swap_ranges(&upside_down.pixels[std::size_t(i) * 3], &upside_down.pixels[std::size_t(i) * 3] + 3,
                         &upside_down.pixels[std::size_t(last - i) * 3]);
    const std::filesystem::path turned = folder.path / "upside_down.png";
    ASSERT_TRUE(save_png(turned, upside_down));
    write_text(folder.path / "script",
               "train.set_steps value=2\ntrain.set_resolution value=128\nfile.open path=" + no_face.string() +
                   "\nwait for=idle errors=true\nexpect stage=failed\n"
                   "expect error=\"No person's face was found for sure\"\n"
                   "source.make_anyway\nwait for=idle\nexpect stage=ready\n"
                   "file.save_as path=" +
                   avatar().string() + "\nwait for=idle\nfile.open path=" + turned.string() +
                   "\nwait for=idle\nexpect stage=ready\nsource.refit\nwait for=idle\n"
                   "expect stage=ready\nfile.save_as path=" +
                   avatar().string() + "\nwait for=idle\n");
    const Outcome outcome =
        run({"--headless", "--window", "320x240", "--script", (folder.path / "script").string(), "--device", "cpu"},
            folder.path);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_NE(outcome.err.find("the avatar was made anyway"), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find("upside down and has been turned upright"), std::string::npos) << outcome.err;
    const Image seen = source();
    ASSERT_EQ(seen.channels, 4);
    EXPECT_LT(cover(seen, 0.0f, 0.0f, 0.15f, 0.1f), 0.1) << "free background is above her";
    EXPECT_GT(cover(seen, 0.4f, 0.4f, 0.6f, 0.6f), 0.99);
}

// A head of one material with blank eyes.
TEST_F(PortraitCases, AStatueIsRefusedOrMadeWithANote) {
    const std::filesystem::path file = folder.path / "statue.png";
    const Outcome rendered = run({"render", trained().string(), "-o", file.string(), "--mesh", "--size", "400",
                                  "--background", "grey", "--device", "cpu"},
                                 folder.path);
    ASSERT_EQ(rendered.code, 0) << rendered.err;
    const Outcome refused = train(file);
    EXPECT_EQ(refused.code, 3);
    EXPECT_NE(refused.err.find("statue"), std::string::npos) << refused.err;
    EXPECT_FALSE(std::filesystem::exists(avatar()));
    const Outcome made = train(file, {"--anyway", "--quiet"});
    EXPECT_EQ(made.code, 0) << made.err;
    EXPECT_NE(made.err.find("note: the face seems to be a statue's"), std::string::npos) << made.err;
}

TEST_F(PortraitCases, NothingIsNoFaceWhicheverWayUp) {
    const Outcome outcome = train(save(Image(300, 200, 3, 0.4f)));
    EXPECT_EQ(outcome.code, 3);
    EXPECT_NE(outcome.err.find("No face was found"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace likeness::test
