// Mattes, foreground colors and segments: made-up pictures with a known answer, then the sample portrait.
#include "core/vision/matte.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>

#include "core/vision/foreground.h"
#include "core/vision/guided_filter.h"
#include "core/vision/mesh_indices.h"
#include "core/vision/segments.h"
#include "tests/vision/test_pictures.h"

namespace likeness {
namespace {

TEST(Foreground, RemovesTheBackgroundsShare) {
    // A red disc with a soft rim over green.
    constexpr int side = 128;
    Image picture(side, side, 3), alpha(side, side, 1);
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x) {
            const float radius = std::hypot(float(x) - 64, float(y) - 64);
            const float a = std::clamp((46 - radius) / 12, 0.0f, 1.0f);
            *alpha.at(x, y) = a;
            const float front[3] = {0.8f, 0.1f, 0.2f}, back[3] = {0.1f, 0.7f, 0.2f};
            for (int k = 0; k < 3; ++k) picture.at(x, y)[k] = a * front[k] + (1 - a) * back[k];
        }
    const Image foreground = estimate_foreground(picture, alpha);
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x) {
            if (*alpha.at(x, y) < 0.1f) continue;
            EXPECT_NEAR(foreground.at(x, y)[0], 0.8f, 0.04f);
            EXPECT_NEAR(foreground.at(x, y)[1], 0.1f, 0.04f);
        }
}

TEST(GuidedFilter, KeepsAValueThatIsLinearInTheGuide) {
    cv::Mat guide(40, 50, CV_32FC3), values(40, 50, CV_32F), weights(40, 50, CV_32F, cv::Scalar(1));
    for (int y = 0; y < 40; ++y)
        for (int x = 0; x < 50; ++x) {
            const cv::Vec3f c(0.5f + 0.4f * std::sin(float(x)), 0.5f + 0.4f * std::cos(float(y)),
                              float((x * y) % 7) / 7);
            guide.at<cv::Vec3f>(y, x) = c;
            values.at<float>(y, x) = 0.3f * c[0] - 0.2f * c[1] + 0.5f * c[2] + 0.1f;
        }
    const cv::Mat result = guided_filter(guide, guide, values, weights, 4, 1e-7f);
    EXPECT_LT(cv::norm(result, values, cv::NORM_INF), 2e-3);
}

struct Cut {
    FaceLandmarks face;
    Image matte;
};

const Cut& cut() {
    static const Cut once = [] {
        const auto face = test::models().find_landmarks(test::astronaut());
        const auto matte = portrait_matte(test::segmenter(), test::astronaut(), *face);
        return Cut{*face, *matte};
    }();
    return once;
}

TEST(Matte, PersonIsWholeAndBackgroundIsEmpty) {
    const auto& [face, matte] = cut();
    const auto alpha = [&](int x, int y) { return *matte.at(x, y); };
    ASSERT_EQ(matte.width, 512);
    ASSERT_EQ(matte.channels, 1);
    for (const mesh::Index index : mesh::oval) {  // the face, a little inside its outline
        const Eigen::Vector2f p = face.point(mesh::nose_tip) + 0.9f * (face.point(index) - face.point(mesh::nose_tip));
        EXPECT_GT(alpha(int(p.x()), int(p.y())), 0.98f);
    }
    EXPECT_GT(alpha(230, 400), 0.98f);  // the suit
    EXPECT_LT(alpha(30, 60), 0.02f);
    EXPECT_LT(alpha(480, 60), 0.02f);
    EXPECT_LT(alpha(330, 80), 0.02f);
    double total = 0, half = 0;
    for (const float a : matte.pixels) {
        EXPECT_GE(a, 0.0f);
        EXPECT_LE(a, 1.0f);
        total += double(a);
        half += a > 0.02f && a < 0.98f;
    }
    EXPECT_NEAR(total / (512 * 512), 0.54, 0.06);
    EXPECT_LT(half / (512 * 512), 0.08);  // soft only at the edge
}

// What only some of the network's views take for the person: believed beside the head, not away from it or apart.
TEST(Matte, DoubtfulPiecesAwayFromTheHeadGo) {
    const auto& face = cut().face;
    auto likely = test::segmenter().probability(test::astronaut(), face, 512, 512);
    ASSERT_TRUE(likely);
    Image picture = test::astronaut();
    const auto claim = [&](int x, int y, int width, int height, float probability) {
        for (int v = y; v < y + height; ++v)
            for (int u = x; u < x + width; ++u) {
                if (*likely->at(u, v) > 0.5f) continue;
                *likely->at(u, v) = probability;
                picture.at(u, v)[0] = 0.9f, picture.at(u, v)[1] = 0.8f, picture.at(u, v)[2] = 0.1f;
            }
    };
    claim(300, 40, 110, 40, 0.7f);  // a lamp that touches the hair
    claim(40, 100, 40, 40, 1.0f);   // a face on a poster
    const Image matte = refine_matte(picture, *likely, face);
    EXPECT_LT(*matte.at(380, 60), 0.02f);
    EXPECT_LT(*matte.at(60, 120), 0.02f);
    EXPECT_GT(*matte.at(230, 60), 0.98f);  // the hair itself
}

TEST(Matte, ALampBehindTheHairGoes) {
    const auto data = test::test_data();
    if (!data) GTEST_SKIP() << "The test portraits are not here; set LIKENESS_TEST_DATA to the folder that has them.";
    const Image picture = test::load(*data / "portraits" / "ffhq_00001.png");
    const auto face = test::models().find_landmarks(picture);
    ASSERT_TRUE(face);
    const auto matte = portrait_matte(test::segmenter(), picture, *face);
    ASSERT_TRUE(matte) << matte.error().message;
    const auto alpha = [&](float x, float y) {
        return *matte->at(int(x * float(picture.width)), int(y * float(picture.height)));
    };
    EXPECT_LT(alpha(0.20f, 0.605f), 0.1f);
    EXPECT_LT(alpha(0.05f, 0.69f), 0.1f);   // its glow
    EXPECT_GT(alpha(0.62f, 0.22f), 0.98f);  // her hair
}

TEST(Matte, APictureThatEndsAtTheChin) {
    const int height = int(cut().face.point(mesh::chin).y());
    Image picture(512, height, 3);
    std::copy_n(test::astronaut().pixels.begin(), picture.pixels.size(), picture.pixels.begin());
    const auto matte = portrait_matte(test::segmenter(), picture, cut().face);
    ASSERT_TRUE(matte) << matte.error().detail;
    EXPECT_GT(*matte->at(int(cut().face.point(mesh::nose_tip).x()), height - 8), 0.98f);
    EXPECT_LT(*matte->at(40, 40), 0.02f);
}

// The sample's person once more, smaller, behind her shoulder.
struct TwoPeople {
    Image picture, truth, behind;  // how much of each pixel is the sitter, and the other one
    JudgedFace sitter, other;
};

TwoPeople two_people() {
    const Image& person = test::astronaut();
    TwoPeople two{test::place(person, 512, 512, 256, 256, 1), Image(512, 512, 1), Image(512, 512, 1), {}, {}};
    // Over the picture, which stays behind as the other person's: a copy of her, 1.9 times as large.
    const float scale = 1.9f, x = 190, y = 620;
    for (int v = 0; v < 512; ++v)
        for (int u = 0; u < 512; ++u) {
            const int px = int((float(u) - x) / scale + 256), py = int((float(v) - y) / scale + 256);
            const bool inside = px >= 0 && py >= 0 && px < 512 && py < 512;
            const float a = inside ? *cut().matte.at(px, py) : 0.0f;
            *two.truth.at(u, v) = a;
            *two.behind.at(u, v) = (1 - a) * *cut().matte.at(u, v);
            for (int k = 0; k < 3 && inside; ++k)
                two.picture.at(u, v)[k] += a * (person.at(px, py)[k] - two.picture.at(u, v)[k]);
        }
    const auto faces = test::models().search_faces(two.picture);
    EXPECT_TRUE(faces && faces->size() == 2);
    if (faces && faces->size() == 2) {
        two.sitter = (*faces)[0];
        two.other = (*faces)[1];
    }
    return two;
}

double share(const Image& matte, const Image& of) {
    double sum = 0, all = 0;
    for (std::size_t i = 0; i < of.pixels.size(); ++i) {
        sum += double(matte.pixels[i] * of.pixels[i]);
        all += double(of.pixels[i]);
    }
    return sum / all;
}

TEST(Matte, SomebodyBehindIsNotTheSitter) {
    const TwoPeople two = two_people();
    ASSERT_GT(two.sitter.size(), 1.5f * two.other.size());
    const std::vector<FaceLandmarks> others = {two.other.landmarks};
    const auto both = portrait_matte(test::segmenter(), two.picture, two.sitter.landmarks);
    const auto one = portrait_matte(test::segmenter(), two.picture, two.sitter.landmarks, others);
    ASSERT_TRUE(both && one);
    ASSERT_GT(share(*both, two.behind), 0.25) << "not the case that this test is about";
    EXPECT_LT(share(*one, two.behind), 0.1);
    EXPECT_GT(share(*one, two.truth), 0.9);
    // The same for her, who stands behind.
    const std::vector<FaceLandmarks> sitter = {two.sitter.landmarks};
    const auto behind = portrait_matte(test::segmenter(), two.picture, two.other.landmarks, sitter);
    ASSERT_TRUE(behind);
    EXPECT_LT(share(*behind, two.truth), 0.1);
    EXPECT_GT(share(*behind, two.behind), 0.6);
}

TEST(Matte, AFaceOnTheChestIsAPrint) {
    FaceLandmarks print = cut().face;
    for (Eigen::Vector3f& point : print.points) point = point * 0.3f + Eigen::Vector3f(160, 330, 0);
    print.low = 0.3f * print.low + Eigen::Vector2f(160, 330);
    print.high = 0.3f * print.high + Eigen::Vector2f(160, 330);
    const auto matte = portrait_matte(test::segmenter(), test::astronaut(), cut().face, std::vector{print});
    ASSERT_TRUE(matte);
    EXPECT_EQ(matte->pixels, cut().matte.pixels);
}

TEST(Matte, RefusesATinyPicture) {
    const auto matte = portrait_matte(test::segmenter(), Image(8, 8, 3), cut().face);
    ASSERT_FALSE(matte);
    EXPECT_EQ(matte.error().code, ErrorCode::invalid_argument);
}

TEST(Segments, SkinHairAndClothesOfTheAstronaut) {
    const auto& [face, matte] = cut();
    const auto found = segment_person(test::astronaut(), matte, face);
    ASSERT_TRUE(found) << found.error().message;
    const auto kind = [&](float x, float y) { return found->at(int(x), int(y)); };
    EXPECT_EQ(kind(face.point(50).x(), face.point(50).y()), Segment::skin);  // cheeks
    EXPECT_EQ(kind(face.point(280).x(), face.point(280).y()), Segment::skin);
    EXPECT_EQ(kind(face.point(mesh::forehead_top).x(), face.low.y() - 25), Segment::hair);
    EXPECT_EQ(kind(150, 300), Segment::clothes);
    EXPECT_EQ(kind(300, 460), Segment::clothes);
    EXPECT_EQ(kind(30, 60), Segment::background);
    for (std::size_t i = 0; i < found->label.size(); ++i) {
        const float sum = found->skin_probability.pixels[i] + found->hair_probability.pixels[i] +
                          found->clothes_probability.pixels[i];
        EXPECT_NEAR(sum, matte.pixels[i], 1e-4f);
    }
    EXPECT_FALSE(segment_person(test::astronaut(), Image(5, 5, 1), face));
}

}  // namespace
}  // namespace likeness
