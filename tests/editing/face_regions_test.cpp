#include "core/editing/face_regions.h"

#include <gtest/gtest.h>

#include "core/head/mediapipe_landmarks.h"
#include "tests/avatar/avatar_fixtures.h"
#include "tests/editing/plain_face.h"

namespace likeness::test {
namespace {

class FaceRegionsTest : public ::testing::Test {
  protected:
    const Avatar avatar = plain_face();
    const PaintSurface surface{avatar};
    const FaceRegions regions{surface};

    SurfacePoint landmark(int i) const { return avatar.model->landmarks(landmarks::scheme)[std::size_t(i)]; }
    // From a landmark so many metres away from, or towards, a place.
    SurfacePoint beside(int i, const Eigen::Vector3f& away_from, float metres) const {
        const Eigen::Vector3f way = surface.position(landmark(i)) - away_from;
        return surface.walk(landmark(i), metres * way.normalized());
    }
    SurfacePoint middle_of(HeadRegion region) const {
        const auto& of = avatar.model->triangle_region;
        const auto found = std::find(of.begin(), of.end(), region);
        return {int(found - of.begin()), Eigen::Vector3f::Constant(1.0f / 3)};
    }
};

TEST_F(FaceRegionsTest, LipsEndAtTheLipLine) {
    const Eigen::Vector3f mouth = 0.5f * (surface.position(landmark(13)) + surface.position(landmark(14)));
    for (const int i : landmarks::lips_outer) {
        EXPECT_NEAR(regions.at(FaceRegion::lips, landmark(i)), 0.5f, 0.1f) << i;
        // At the corners the lips are narrower than a millimetre.
        if (i == 61 || i == 291) continue;
        EXPECT_EQ(regions.at(FaceRegion::lips, beside(i, mouth, 1e-3f)), 0) << i;
        EXPECT_EQ(regions.at(FaceRegion::lips, beside(i, mouth, -1e-3f)), 1) << i;
    }
}

TEST_F(FaceRegionsTest, LipsAreNotTeethNorWhatIsBehindThem) {
    for (const HeadRegion behind : {HeadRegion::teeth_upper, HeadRegion::teeth_lower, HeadRegion::tongue,
                                    HeadRegion::gums_upper, HeadRegion::mouth_bag}) {
        EXPECT_EQ(regions.at(FaceRegion::lips, middle_of(behind)), 0);
        EXPECT_EQ(regions.at(FaceRegion::skin, middle_of(behind)), 0);
    }
    EXPECT_EQ(regions.at(FaceRegion::teeth, middle_of(HeadRegion::teeth_lower)), 1);
    EXPECT_EQ(regions.at(FaceRegion::teeth, middle_of(HeadRegion::tongue)), 0);
}

TEST_F(FaceRegionsTest, EachIsWhereItIsCalled) {
    const auto expect = [&](FaceRegion region, int in, int out) {
        EXPECT_GT(regions.at(region, landmark(in)), 0.6f) << face_region_names[std::size_t(region)].name;
        EXPECT_LT(regions.at(region, landmark(out)), 0.05f) << face_region_names[std::size_t(region)].name;
    };
    for (const int cheek : {50, 280}) expect(FaceRegion::cheeks, cheek, landmarks::chin);
    for (const int brow : {105, 334}) EXPECT_GT(regions.at(FaceRegion::brows, landmark(brow)), 0.3f);
    for (const int brow : {9, 50, 151}) EXPECT_EQ(regions.at(FaceRegion::brows, landmark(brow)), 0);
    expect(FaceRegion::nose, landmarks::nose_tip, 50);
    expect(FaceRegion::forehead, 151, 50);
    expect(FaceRegion::beard, 199, 50);
    expect(FaceRegion::beard, 150, landmarks::nose_tip);
    EXPECT_EQ(regions.at(FaceRegion::beard, landmark(0)), 0) << "at the lips' border it ends";
    expect(FaceRegion::under_eye, 230, 159);
    expect(FaceRegion::under_eye, 450, 66);
    expect(FaceRegion::skin, 50, 13);
    expect(FaceRegion::lids, 159, 50);
    EXPECT_GT(regions.at(FaceRegion::ears, middle_of(HeadRegion::ear_left)), 0.6f);
    EXPECT_GT(regions.at(FaceRegion::cloth, middle_of(HeadRegion::torso)), 0.6f);
    EXPECT_LT(regions.at(FaceRegion::skin, middle_of(HeadRegion::torso)), 0.4f);
}

TEST_F(FaceRegionsTest, IrisIsARingWithinTheWhite) {
    for (const int iris : {landmarks::right_iris, landmarks::left_iris}) {
        EXPECT_EQ(regions.at(FaceRegion::iris, landmark(iris)), 0) << "the pupil is none of it";
        for (int k = 1; k <= 4; ++k) {
            const Eigen::Vector3f middle = surface.position(landmark(iris)),
                                  border = surface.position(landmark(iris + k));
            const float radius = (border - middle).norm();
            EXPECT_NEAR(regions.iris(regions.curves().place(landmark(iris + k))).radius, 1, 0.05f);
            const SurfacePoint in = beside(iris + k, middle, -0.3f * radius),
                               out = beside(iris + k, middle, 0.3f * radius);
            EXPECT_EQ(regions.at(FaceRegion::iris, in), 1);
            EXPECT_EQ(regions.at(FaceRegion::sclera, in), 0);
            EXPECT_EQ(regions.at(FaceRegion::iris, out), 0);
            EXPECT_EQ(regions.at(FaceRegion::sclera, out), 1);
        }
    }
}

TEST_F(FaceRegionsTest, MasksAreWhatTheFunctionSays) {
    for (const FaceRegion region : {FaceRegion::lips, FaceRegion::under_eye, FaceRegion::ears}) {
        const PaintTexels mask = regions.mask(region, 0.5e-3f);
        ASSERT_FALSE(mask.empty());
        int texels = 0;
        mask.each_tile([&](const PaintTileKey& key, const std::shared_ptr<const PaintTile>& tile) {
            const auto on = surface.tile(key);
            bool any = false;
            for (int t = 0; t < paint_tile_texels; ++t) {
                any |= tile->texels[std::size_t(t)][3] > 0;
                if (on->triangle[std::size_t(t)] < 0 || ++texels % 97 != 0) continue;
                const FacePlace place = regions.curves().place(on->point(t), paint_texel_position(key, t));
                EXPECT_NEAR(float(tile->texels[std::size_t(t)][3]) / 255, regions.at(region, place), 1.0f / 255);
            }
            EXPECT_TRUE(any) << "tiles outside of the region are left out";
        });
    }
    EXPECT_TRUE(regions.mask(FaceRegion::hair).empty()) << "there is no hair";
}

TEST_F(FaceRegionsTest, NamesAreKnown) {
    for (std::size_t i = 0; i < face_region_count; ++i) {
        ASSERT_NE(face_region_named(face_region_names[i].name), nullptr);
        EXPECT_EQ(*face_region_named(face_region_names[i].name), FaceRegion(i));
    }
    EXPECT_EQ(face_region_named("moustache"), nullptr);
}

TEST_F(FaceRegionsTest, SaysWhatAHeadLacks) {
    auto bare = std::make_shared<HeadModel>(*avatar.model);
    bare->embeddings.clear();
    Avatar without = avatar;
    without.model = bare;
    without.prepare();
    const PaintSurface other(without);
    const FaceRegions found(other);
    EXPECT_NE(found.missing(FaceRegion::lips), "");
    EXPECT_NE(found.missing(FaceRegion::iris), "");
    EXPECT_NE(found.missing(FaceRegion::hair), "");
    EXPECT_EQ(found.missing(FaceRegion::teeth), "");
    EXPECT_EQ(found.missing(FaceRegion::neck), "");
    EXPECT_EQ(found.at(FaceRegion::lips, landmark(13)), 0);
    EXPECT_TRUE(found.mask(FaceRegion::brows).empty());
    EXPECT_GT(found.at(FaceRegion::skin, landmark(50)), 0.9f);
}

TEST(FaceRegionsOfAnyHead, MasksStayInRange) {
    const Avatar avatar = ball_avatar(3, 2000, true);
    const PaintSurface surface(avatar);
    const FaceRegions regions(surface);
    for (std::size_t r = 0; r < face_region_count; ++r)
        for (int t = 0; t < int(avatar.triangles().size()); ++t) {
            const float share = regions.at(FaceRegion(r), SurfacePoint{t, {0.2f, 0.5f, 0.3f}});
            ASSERT_TRUE(share >= 0 && share <= 1) << face_region_names[r].name << ' ' << share;
        }
}

}  // namespace
}  // namespace likeness::test
