#include "core/editing/make_up.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/avatar/unproject.h"
#include "core/editing/own_colors.h"
#include "core/editing/paint_blend.h"
#include "core/editing/painted_splats.h"
#include "core/head/mediapipe_landmarks.h"
#include "tests/editing/editing_fixtures.h"
#include "tests/editing/plain_face.h"

namespace likeness::test {
namespace {

class MakeUpTest : public ::testing::Test {
  protected:
    static const PaintSurface& surface() {
        static const PaintSurface made{plain_face()};
        return made;
    }
    static const FaceRegions& regions() {
        static const FaceRegions made{surface()};
        return made;
    }
    static const HeadModel& model() { return *surface().avatar().model; }
    static Eigen::Vector2f landmark(int i) { return regions().curves().landmark(i); }

    static MakeUp full(std::string_view kind) {
        MakeUp make_up = usual_make_up(regions(), kind);
        make_up.amount["amount"] = 1;
        return make_up;
    }
    static PaintTexels layer(const MakeUp& make_up) {
        Result<PaintTexels> texels = make_up_layer(regions(), make_up);
        EXPECT_TRUE(texels) << texels.error().message;
        return texels ? *texels : PaintTexels{};
    }
    static PaintTexels layer(std::string_view kind) { return layer(full(kind)); }
    static float alpha_at(const PaintTexels& texels, const Eigen::Vector2f& atlas) { return texels.bilinear(atlas)[3]; }
    static Eigen::Vector2f atlas_of(int vertex) {
        for (std::size_t t = 0; t < model().triangles.size(); ++t)
            for (int k = 0; k < 3; ++k)
                if (model().triangles[t][k] == vertex) return model().uv[std::size_t(model().triangle_uv[t][k])];
        return Eigen::Vector2f::Zero();
    }
    // The highest alpha within a region of the head.
    static float most_on(const PaintTexels& texels, auto&& belongs) {
        float most = 0;
        for (std::size_t t = 0; t < model().triangles.size(); ++t) {
            if (!belongs(model().triangle_region[t])) continue;
            Eigen::Vector2f middle = Eigen::Vector2f::Zero();
            for (int k = 0; k < 3; ++k) middle += model().uv[std::size_t(model().triangle_uv[t][k])] / 3;
            most = std::max(most, alpha_at(texels, middle));
        }
        return most;
    }
};

TEST_F(MakeUpTest, EveryKindIsDescribedAndPaints) {
    EXPECT_EQ(make_up_kinds().size(), 14u);
    for (const MakeUpKind& kind : make_up_kinds()) {
        ASSERT_FALSE(kind.amounts.empty()) << kind.name;
        EXPECT_STREQ(kind.amounts[0].name, "amount");
        for (const MakeUpAmount& amount : kind.amounts) {
            EXPECT_LE(amount.low, amount.usual) << kind.name << ' ' << amount.name;
            EXPECT_LE(amount.usual, amount.high) << kind.name << ' ' << amount.name;
            EXPECT_GT(std::string(amount.tooltip).size(), 3u);
        }
        const PaintTexels texels = layer(usual_make_up(regions(), kind.name));
        EXPECT_FALSE(texels.empty()) << kind.name;
        texels.each_tile([&](const PaintTileKey& key, const std::shared_ptr<const PaintTile>& tile) {
            EXPECT_TRUE(
                std::any_of(tile->texels.begin(), tile->texels.end(), [](const PaintTexel& t) { return t[3] > 0; }))
                << kind.name << ": a tile without paint in block " << key.block;
        });
    }
}

TEST_F(MakeUpTest, NoAmountIsNothing) {
    for (const MakeUpKind& kind : make_up_kinds()) {
        MakeUp none = full(kind.name);
        none.amount["amount"] = 0;
        EXPECT_TRUE(layer(none).empty()) << kind.name;
    }
}

// Whether two layers have the same texels.
bool equal(const PaintTexels& a, const PaintTexels& b) {
    const std::vector<PaintTileKey> changed = changed_tiles(a, b);
    return std::all_of(changed.begin(), changed.end(), [&](const PaintTileKey& key) {
        return a.tile(key) && b.tile(key) && a.tile(key)->texels == b.tile(key)->texels;
    });
}

TEST_F(MakeUpTest, TheSameIsTheSame) {
    for (const MakeUpKind& kind : make_up_kinds()) EXPECT_TRUE(equal(layer(kind.name), layer(kind.name))) << kind.name;
}

TEST_F(MakeUpTest, AnotherVariantIsAnotherArrangement) {
    for (const char* kind : {"freckles", "stubble", "iris"}) {
        MakeUp other = full(kind);
        other.amount["seed"] = 2;
        EXPECT_FALSE(equal(layer(kind), layer(other))) << kind;
    }
}

// The default head is symmetric, and so is what is put on it, but for what is strewn by chance.
TEST_F(MakeUpTest, SymmetricFacesGetSymmetricMakeUp) {
    const float across = landmark(33).x() + landmark(263).x();
    for (const char* kind : {"lipstick", "blush", "contour", "eye_shadow", "eyeliner", "brows", "tan", "under_eye"}) {
        MakeUp make_up = full(kind);
        if (make_up.amount.contains("shimmer")) make_up.amount["shimmer"] = 0;
        const PaintTexels texels = layer(make_up);
        double difference = 0, sum = 0;
        for (float u = 0.02f; u < across / 2; u += 0.003f)
            for (float v = 0.02f; v < 0.65f; v += 0.003f) {
                const float one = alpha_at(texels, {u, v}), other = alpha_at(texels, {across - u, v});
                difference += std::abs(one - other);
                sum += one;
            }
        EXPECT_GT(sum, 0) << kind;
        // Hairs are finer than texels, which do not lie alike on both sides.
        EXPECT_LT(difference, (kind == std::string("brows") ? 0.12 : 0.03) * sum) << kind;
    }
}

TEST_F(MakeUpTest, LipstickEndsAtTheLipsAndLeavesTheTeeth) {
    MakeUp lipstick = full("lipstick");
    lipstick.amount["softness"] = 0.3f;
    const PaintTexels texels = layer(lipstick);
    const auto& points = model().landmarks(landmarks::scheme);
    const Eigen::Vector3f mouth = surface().position(points[13]);
    for (const int i : landmarks::lips_outer) {
        if (i == 61 || i == 291) continue;
        const SurfacePoint& on = points[std::size_t(i)];
        const Eigen::Vector3f way = (surface().position(on) - mouth).normalized();
        const auto at = [&](float metres) {
            return alpha_at(texels, atlas_position(surface().avatar(), surface().walk(on, metres * way)));
        };
        EXPECT_EQ(at(1e-3f), 0) << i;
        EXPECT_GT(at(-1e-3f), 0.85f) << i;
    }
    EXPECT_EQ(most_on(texels, [](HeadRegion r) { return is_mouth(r); }), 0);
    EXPECT_EQ(alpha_at(texels, landmark(50)), 0);
    // Where the lips meet, an open mouth shows color, too.
    for (const int i : {13, 14, 82, 87, 312, 317}) EXPECT_GT(alpha_at(texels, landmark(i)), 0.8f) << i;
}

// The lips touch: what is painted on the inside of one is not put where the other lies, or it would hang in the mouth
// when that opens.
TEST_F(MakeUpTest, LipstickStaysOnItsLipWhenTheMouthOpens) {
    Avatar avatar = plain_head();
    const PaintSurface on(avatar);
    const Result<PaintTexels> lipstick = make_up_layer(on, full("lipstick"));
    ASSERT_TRUE(lipstick);
    avatar.paint = PaintStack{{{.id = 1, .texels = std::make_shared<const PaintTexels>(*lipstick)}}};
    const Avatar shown = painted(avatar);
    ASSERT_GT(shown.splats->count, shown.splats->painted_from);
    float most = 0;
    for (std::size_t i = shown.splats->painted_from; i < shown.splats->count; ++i)
        most = std::max(most, shown.splats->offset[3 * i + 2]);
    EXPECT_LT(most, 6e-3f);
}

// What is rolled up over an open eye is seen when it closes.
TEST_F(MakeUpTest, EyeShadowIsOnTheClosedLid) {
    const PaintTexels shadow = layer("eye_shadow");
    const std::vector<float> rolled = rolled_lids(model(), HeadPose::neutral(model()));
    int covered = 0, all = 0;
    for (int v = 0; v < model().vertex_count(); ++v) {
        const Eigen::Vector2f at = atlas_of(v);
        if (rolled[std::size_t(v)] < 0.7f || model().vertex_region[std::size_t(v)] != HeadRegion::lids) continue;
        // The inner third is paler, and the lid's underside none of it.
        const FaceCurves& curves = regions().curves();
        const EyeCurves& eye = curves.eyes[curves.nearer_eye(at)];
        const FacePlace place = curves.place(surface().at(at), at);
        const CurveDistance line = distance_to(eye.upper, place);
        if (line.along < 0.35f || line.along > 0.95f || is_inside(eye.opening, at)) continue;
        ++all;
        covered += alpha_at(shadow, at) > 0.4f;
    }
    ASSERT_GT(all, 20);
    EXPECT_GT(covered, 0.9 * all);
}

TEST_F(MakeUpTest, EyeShadowFadesUpwardsWithoutStreaks) {
    MakeUp make_up = full("eye_shadow");
    make_up.amount["shimmer"] = 0;
    const PaintTexels shadow = layer(make_up);
    const FaceCurves& curves = regions().curves();
    for (const EyeCurves& eye : curves.eyes)
        for (const float along : {0.35f, 0.5f, 0.65f}) {
            const Eigen::Vector2f start = point_at(eye.upper_lashes, along), end = point_at(eye.brow_underside, along);
            float least = 1;
            for (float t = 0.05f; t < 1; t += 0.01f) {
                const float alpha = alpha_at(shadow, start + t * (end - start));
                EXPECT_LT(alpha, least + 0.06f) << along << ' ' << t;
                least = std::min(least, alpha);
            }
            EXPECT_LT(least, 0.1f);
        }
}

TEST_F(MakeUpTest, EyelinerFollowsTheLidAsThickAsItSays) {
    const FaceCurves& curves = regions().curves();
    for (const float thickness : {1.0f, 3.0f}) {
        MakeUp liner = full("eyeliner");
        liner.amount["thickness"] = thickness;
        const PaintTexels texels = layer(liner);
        for (const EyeCurves& eye : curves.eyes)
            for (const float along : {0.65f, 0.75f}) {
                // On the closed lid, from where the lashes begin towards the brow; over the outer half it is at its
                // thickest.
                const Eigen::Vector2f start = point_at(eye.upper_lashes, along),
                                      way = point_at(eye.brow_underside, along) - start;
                float thick = 0;
                for (float t = 0; t < 0.8f; t += 0.002f)
                    if (alpha_at(texels, start + t * way) > 0.5f)
                        thick = distance_to(eye.upper_closed,
                                            curves.closed_position(surface().at(Eigen::Vector2f(start + t * way))))
                                    .metres;
                EXPECT_NEAR(1e3f * thick, thickness * curves.scale(), 0.35f) << along;
                EXPECT_GT(alpha_at(texels, start), 0.8f);
                EXPECT_GT(alpha_at(texels, point_at(eye.upper, along)), 0.8f) << "no bare lid beside the eye";
            }
        EXPECT_EQ(most_on(texels, [](HeadRegion r) { return is_eye(r); }), 0);
    }
}

TEST_F(MakeUpTest, IrisKeepsThePupilAndTheWhite) {
    const PaintTexels texels = layer("iris");
    for (const int iris : {landmarks::right_iris, landmarks::left_iris}) {
        EXPECT_EQ(alpha_at(texels, landmark(iris)), 0);
        for (int k = 1; k <= 4; ++k) {
            const Eigen::Vector2f way = landmark(iris + k) - landmark(iris);
            EXPECT_GT(alpha_at(texels, landmark(iris) + 0.7f * way), 0.8f);
            EXPECT_EQ(alpha_at(texels, landmark(iris) + 1.25f * way), 0);
        }
    }
}

TEST_F(MakeUpTest, TeethLoseTheirYellowButShineNot) {
    const PaintTexels texels = layer("teeth_whitening");
    EXPECT_EQ(most_on(texels, [](HeadRegion r) { return !is_teeth(r); }), 0);
    ASSERT_FALSE(texels.empty());
    const Eigen::Vector3f own = PlainColors().teeth;
    texels.each_tile([&](const PaintTileKey&, const std::shared_ptr<const PaintTile>& tile) {
        for (const PaintTexel& texel : tile->texels) {
            if (texel[3] == 0) continue;
            const Eigen::Vector3f white =
                blended(PaintBlend::soft_light, own, Eigen::Vector3f(texel[0], texel[1], texel[2]) / 255);
            EXPECT_LT(white[0] - white[2], 0.55f * (own[0] - own[2]));
            EXPECT_GT(luma(white), luma(own));
            EXPECT_LT(white.maxCoeff(), 0.93f);
            return;
        }
    });
}

TEST_F(MakeUpTest, GreyTeethDoNotTurnBlue) {
    PlainColors colors;
    colors.teeth = {0.60f, 0.62f, 0.61f};
    const PaintSurface other(plain_face(colors));
    MakeUp strong = full("teeth_whitening");
    strong.amount["brighten"] = 1;
    const Result<PaintTexels> texels = make_up_layer(other, strong);
    ASSERT_TRUE(texels);
    texels->each_tile([&](const PaintTileKey&, const std::shared_ptr<const PaintTile>& tile) {
        for (const PaintTexel& texel : tile->texels) {
            if (texel[3] == 0) continue;
            const Eigen::Vector3f white =
                blended(PaintBlend::soft_light, colors.teeth, Eigen::Vector3f(texel[0], texel[1], texel[2]) / 255);
            EXPECT_LE(white[2], white[0] + 0.01f);
        }
    });
}

// It deepens and reddens; on dark skin it would look like chalk if it were lighter than the skin.
TEST_F(MakeUpTest, BlushDeepensSkinOfEveryTone) {
    for (const Eigen::Vector3f& skin : {Eigen::Vector3f(0.25f, 0.16f, 0.12f), Eigen::Vector3f(0.5f, 0.36f, 0.29f),
                                        Eigen::Vector3f(0.92f, 0.78f, 0.71f)}) {
        PlainColors colors;
        colors.skin = skin;
        const PaintSurface other(plain_face(colors));
        const Result<PaintTexels> texels = make_up_layer(other, full("blush"));
        ASSERT_TRUE(texels);
        const PaintBlend blend = make_up_kind("blush")->blend;
        texels->each_tile([&](const PaintTileKey&, const std::shared_ptr<const PaintTile>& tile) {
            for (const PaintTexel& texel : tile->texels) {
                if (texel[3] == 0) continue;
                const Eigen::Vector3f on = blended(blend, skin, Eigen::Vector3f(texel[0], texel[1], texel[2]) / 255);
                ASSERT_LE(luma(on), luma(skin));
            }
        });
        const Eigen::Vector3f cheek = laid_over(blend, skin, texels->bilinear(landmark(50)), 1);
        EXPECT_LT(luma(cheek), 0.92f * luma(skin));
        EXPECT_GT(luma(cheek), 0.7f * luma(skin));
        EXPECT_GT(cheek[0] / cheek[1], 1.1f * skin[0] / skin[1]);
    }
}

// A white collar lies on the neck, whose Gaussians are skin's.
TEST_F(MakeUpTest, TanLeavesCollarsAlone) {
    Avatar avatar = plain_face();
    const auto is_neck = [&](int t) { return model().triangle_region[std::size_t(t)] == HeadRegion::neck; };
    float low = 1e3f, high = -1e3f;
    const auto middle = [&](int t) { return surface().position({t, Eigen::Vector3f::Constant(1.0f / 3)}); };
    for (int t = 0; t < int(model().triangles.size()); ++t)
        if (is_neck(t)) low = std::min(low, middle(t).y()), high = std::max(high, middle(t).y());
    const float border = 0.5f * (low + high);
    AnchoredSplats& splats = avatar.splats.edit();
    for (std::size_t i = 0; i < splats.count; ++i)
        if (is_neck(int(i)) && middle(int(i)).y() < border)
            for (std::size_t c = 0; c < 3; ++c) splats.albedo[3 * i + c] = 0.93f;
    const PaintSurface other(avatar);
    const FaceRegions on(other);
    const Result<PaintTexels> tan = make_up_layer(on, full("tan"));
    ASSERT_TRUE(tan);
    int collar = 0, skin = 0;
    for (int t = 0; t < int(model().triangles.size()); ++t) {
        if (!is_neck(t)) continue;
        const SurfacePoint at{t, Eigen::Vector3f::Constant(1.0f / 3)};
        const float alpha = alpha_at(*tan, atlas_position(avatar, at));
        if (middle(t).y() < border - 12e-3f) {
            ++collar;
            EXPECT_LT(alpha, 0.02f);
            EXPECT_LT(on.at(FaceRegion::skin, at), 0.1f);
            EXPECT_GT(on.at(FaceRegion::cloth, at), 0.9f);
        } else if (middle(t).y() > border + 12e-3f) {
            ++skin;
            EXPECT_GT(alpha, 0.1f);
        }
    }
    EXPECT_GT(collar, 20);
    EXPECT_GT(skin, 20);
}

// A bald head is seen on the shell that would carry hair.
TEST_F(MakeUpTest, TanReachesABaldHeadButNoHair) {
    const auto most_on_shell = [](const Eigen::Vector3f& color) {
        Avatar avatar = head_with_hair();
        AnchoredSplats& splats = avatar.splats.edit();
        for (std::size_t i = 0; i < splats.count; ++i)
            Eigen::Vector3f::Map(&splats.albedo[3 * i]) =
                splats.part[i] == SplatPart::hair ? color : Eigen::Vector3f(0.78f, 0.60f, 0.50f);
        const PaintSurface on(avatar);
        const Result<PaintTexels> tan = make_up_layer(on, full("tan"));
        float most = 0;
        if (!tan) return most;
        for (const SurfacePoint& p : splats.anchor)
            if (on.is_hair(p.triangle)) most = std::max(most, alpha_at(*tan, atlas_position(avatar, p)));
        return most;
    };
    EXPECT_GT(most_on_shell({0.76f, 0.58f, 0.48f}), 0.3f);
    EXPECT_EQ(most_on_shell({0.15f, 0.11f, 0.09f}), 0);
    EXPECT_EQ(most_on_shell({0.75f, 0.75f, 0.75f}), 0);
}

// Dark, light: the same numbers lighten rings under the eyes towards this person's own cheeks.
TEST_F(MakeUpTest, UnderTheEyesItIsThePersonsOwnSkin) {
    for (const Eigen::Vector3f& skin : {Eigen::Vector3f(0.35f, 0.22f, 0.16f), Eigen::Vector3f(0.9f, 0.78f, 0.72f)}) {
        PlainColors colors;
        colors.skin = skin;
        const PaintSurface other(plain_face(colors));
        const Result<PaintTexels> texels = make_up_layer(other, full("under_eye"));
        ASSERT_TRUE(texels);
        const Eigen::Vector4f at = texels->bilinear(landmark(230));
        ASSERT_GT(at[3], 0.5f);
        EXPECT_LT((at.head<3>() / at[3] - skin).cwiseAbs().maxCoeff(), 0.05f);
    }
}

TEST_F(MakeUpTest, BrowsAreOfThePersonsColor) {
    const MakeUp usual = usual_make_up(regions(), "brows");
    PlainColors colors;
    colors.skin = {0.3f, 0.2f, 0.15f};
    const PaintSurface other(plain_face(colors));
    const MakeUp dark = usual_make_up(FaceRegions(other), "brows");
    for (std::size_t c = 0; c < 3; ++c) EXPECT_LT(dark.color[c], usual.color[c]);
    // This face has no brows but skin there: hairs are darker than that, and of a hue of skin and hair.
    EXPECT_LT(luma({usual.color[0], usual.color[1], usual.color[2]}), 0.5f * luma(PlainColors().skin));
    EXPECT_GT(usual.color[0], 1.1f * usual.color[1]);
}

TEST_F(MakeUpTest, WhatIsOutOfRangeIsBroughtIn) {
    MakeUp wild{"lipstick", {std::numeric_limits<float>::quiet_NaN(), 7, -3}, {}};
    wild.amount = {
        {"amount", 50.0f}, {"softness", -1.0f}, {"overline", std::numeric_limits<float>::infinity()}, {"x", 3}};
    EXPECT_EQ(make_up_amount(wild, "amount"), 1);
    EXPECT_EQ(make_up_amount(wild, "softness"), 0.2f);
    EXPECT_EQ(make_up_amount(wild, "overline"), 0);
    EXPECT_FALSE(layer(wild).empty());
    const Result<PaintTexels> unknown = make_up_layer(regions(), MakeUp{"war_paint", {}, {}});
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, ErrorCode::invalid_argument);
}

TEST_F(MakeUpTest, HeadsWithoutLandmarksAreToldSo) {
    auto bare = std::make_shared<HeadModel>(model());
    bare->embeddings.clear();
    Avatar without = surface().avatar();
    without.model = bare;
    without.prepare();
    const PaintSurface other(without);
    const FaceRegions found(other);
    for (const MakeUpKind& kind : make_up_kinds()) {
        const Result<PaintTexels> texels = make_up_layer(found, full(kind.name));
        ASSERT_FALSE(texels) << kind.name;
        EXPECT_EQ(texels.error().code, ErrorCode::not_found) << kind.name;
    }
}

}  // namespace
}  // namespace likeness::test
