// On the real networks and, where the shared data are present, on real portraits.
#include "bench/metrics/identity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>

#include "core/image/load.h"
#include "core/image/ops.h"

namespace likeness::metrics {
namespace {

namespace fs = std::filesystem;

// Four people photographed, none of them twice; 512 pixels on the longer side as renders have.
constexpr const char* kPeople[] = {"astronaut.png", "obama_official_2012.jpg", "liveportrait_d9_open_mouth.jpg",
                                   "unsplash_ILip77SbmOE.jpg"};

fs::path portraits() {
    const char* data = std::getenv("LIKENESS_TEST_DATA");
    return (data && *data ? fs::path(data) : fs::path(LIKENESS_SOURCE_DIR) / ".." / "shared" / "data") / "portraits";
}

// A copy less `margin` of each side's length, at 512 pixels again.
Image cropped(const Image& picture, double margin) {
    const int x = int(margin * picture.width), y = int(margin * picture.height);
    return resize_longer_side(crop(picture, x, y, picture.width - 2 * x, picture.height - 2 * y), 512);
}

Image with_alpha(const Image& rgb, float alpha) {
    Image out(rgb.width, rgb.height, 4, alpha);
    for (std::size_t i = 0; i < rgb.pixels.size(); ++i) out.pixels[i / 3 * 4 + i % 3] = rgb.pixels[i];
    return out;
}

class Identity : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        auto loaded = IdentityScore::load(IdentityScore::default_models());
        if (loaded) score_ = std::move(*loaded);
    }
    static void TearDownTestSuite() { score_.reset(); }
    void SetUp() override { ASSERT_TRUE(score_) << "scripts/setup has not fetched the models"; }

    static std::optional<IdentityScore> score_;
};
std::optional<IdentityScore> Identity::score_;

class IdentityOfPortraits : public Identity {
  protected:
    void SetUp() override {
        Identity::SetUp();
        for (const char* name : kPeople) {
            if (!fs::exists(portraits() / name)) GTEST_SKIP() << "no " << portraits() / name;
            if (pictures_.count(name)) continue;
            const auto picture = load_image(portraits() / name);
            ASSERT_TRUE(picture) << picture.error().message;
            pictures_[name] = resize_longer_side(*picture, 512);
        }
    }
    static std::map<std::string, Image> pictures_;
};
std::map<std::string, Image> IdentityOfPortraits::pictures_;

// The first numbers that PyPI's dlib 20.0.1 gives for the sample portrait:
//   face = max(dlib.get_frontal_face_detector()(picture, 1), key=dlib.rectangle.area)
//   face_recognition_model_v1(network).compute_face_descriptor(picture, shape_predictor(predictor)(picture, face), 0,
//   0.25)
TEST_F(Identity, AgreesWithDlibFromPython) {
    const auto picture = load_image(IdentityScore::default_models().parent_path() / "sample" / "astronaut.png");
    ASSERT_TRUE(picture) << picture.error().message;
    const auto described = score_->describe(*picture);
    ASSERT_TRUE(described);
    const float expected[] = {-0.066278398f, 0.020923236f, 0.017636530f, -0.064170606f};
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR((*described)[i], expected[i], 1e-4f) << i;
}

TEST_F(Identity, NoFaceIsADistanceOfOne) {
    const Image wall(256, 256, 3, 0.7f);
    const auto nobody = score_->describe(wall);
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.error().code, ErrorCode::not_found);
    const auto distance = score_->distance(wall, wall);
    ASSERT_TRUE(distance);
    EXPECT_EQ(distance->value, 1.0);
    EXPECT_FALSE(distance->photo_detected);
    EXPECT_FALSE(distance->render_detected);
}

TEST_F(Identity, RefusesWhatIsNoColorPicture) {
    for (const Image& bad : {Image(), Image(64, 64, 1)}) {
        const auto distance = score_->distance(bad, bad);
        ASSERT_FALSE(distance);
        EXPECT_EQ(distance.error().code, ErrorCode::invalid_argument);
    }
}

TEST_F(Identity, PicturesOfOnePixelHaveNoFace) {
    EXPECT_EQ(score_->describe(Image(1, 1, 3, 0.5f)).error().code, ErrorCode::not_found);
}

TEST(IdentityModels, MissingAndBrokenFilesAreNamed) {
    const fs::path folder = fs::path(testing::TempDir()) / "likeness_identity_models";
    fs::remove_all(folder);
    fs::create_directories(folder);
    EXPECT_EQ(IdentityScore::load(folder).error().code, ErrorCode::not_found);
    std::ofstream(folder / "shape_predictor_5_face_landmarks.dat") << "not a model";
    const auto broken = IdentityScore::load(folder);
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code, ErrorCode::bad_input);
    EXPECT_NE(broken.error().message.find("shape_predictor_5_face_landmarks.dat"), std::string::npos);
    fs::remove_all(folder);
}

TEST(IdentityModels, DescriptorsAreComparedByEuclideanDistance) {
    Descriptor a{}, b{};
    a[0] = 0.3f;
    b[127] = 0.4f;
    EXPECT_NEAR(descriptor_distance(a, b), 0.5, 1e-6);
    EXPECT_EQ(descriptor_distance(a, a), 0.0);
}

TEST_F(IdentityOfPortraits, OnePictureCroppedDifferentlyIsOnePerson) {
    for (const char* name : kPeople) {
        const Image& picture = pictures_.at(name);
        const auto original = score_->describe(picture);
        ASSERT_TRUE(original) << name;
        const auto again = score_->distance(*original, cropped(picture, 0.05));
        ASSERT_TRUE(again && again->render_detected) << name;
        EXPECT_GT(again->value, 0.005) << name;  // another crop, so not the same chip
        EXPECT_LT(again->value, 0.15) << name;
        const auto same = score_->distance(picture, picture);
        ASSERT_TRUE(same && same->photo_detected && same->render_detected) << name;
        EXPECT_NEAR(same->value, 0.0, 1e-6) << name;
    }
}

TEST_F(IdentityOfPortraits, DifferentPeopleAreFarApart) {
    std::map<std::string, Descriptor> known;
    for (const char* name : kPeople) {
        const auto described = score_->describe(pictures_.at(name));
        ASSERT_TRUE(described) << name;
        for (const auto& [other, descriptor] : known)
            EXPECT_GT(descriptor_distance(*described, descriptor), 0.45) << name << " and " << other;
        known[name] = *described;
    }
}

TEST_F(IdentityOfPortraits, APersonWithoutAlphaIsNotSeen) {
    const Image& picture = pictures_.at("astronaut.png");
    const auto clear = score_->distance(with_alpha(picture, 1.0f), with_alpha(picture, 0.0f));
    ASSERT_TRUE(clear);
    EXPECT_TRUE(clear->photo_detected);
    EXPECT_FALSE(clear->render_detected);
    EXPECT_EQ(clear->value, 1.0);
    const auto opaque = score_->distance(picture, with_alpha(picture, 1.0f));
    ASSERT_TRUE(opaque);
    EXPECT_NEAR(opaque->value, 0.0, 1e-6);
}

// Side by side, the smaller one first.
TEST_F(IdentityOfPortraits, TheLargestFaceCounts) {
    const Image &large = pictures_.at("astronaut.png"), &person = pictures_.at("obama_official_2012.jpg");
    const Image small = resize_longer_side(person, 200);
    Image both(large.width + small.width, large.height, 3, 1.0f);
    for (int y = 0; y < large.height; ++y) std::copy_n(large.at(0, y), 3 * large.width, both.at(small.width, y));
    for (int y = 0; y < small.height; ++y) std::copy_n(small.at(0, y), 3 * small.width, both.at(0, y));
    EXPECT_LT(score_->distance(large, both)->value, 0.15);
    EXPECT_LT(score_->distance(person, small)->value, 0.45);  // the small one alone would have been found
}

}  // namespace
}  // namespace likeness::metrics
