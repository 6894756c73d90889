// Colors taken from the surface, and what fill, gradient, clone, heal and smudge make of them.
#include "core/editing/retouch.h"

#include <gtest/gtest.h>

#include "core/editing/surface_colors.h"
#include "tests/editing/editing_fixtures.h"

namespace likeness::test {
namespace {

std::shared_ptr<const PaintSurface> retouch_surface() {
    static const auto surface = std::make_shared<const PaintSurface>(plain_head());
    return surface;
}

// On the cheek or the forehead: the skin before a line through the head.
SurfacePoint skin_at(const Eigen::Vector3f& direction) {
    const Avatar& avatar = plain_head();
    const int v = extreme_vertex(avatar, HeadRegion::face, direction);
    for (int t = 0; t < int(avatar.triangles().size()); ++t)
        for (int k = 0; k < 3; ++k)
            if (avatar.triangles()[std::size_t(t)][k] == v) return {t, Eigen::Vector3f::Unit(k)};
    return {};
}

const Eigen::Vector3f cheek_direction(0.7f, -0.2f, 0.7f);

TEST(Retouch, ColorsAreTheGaussians) {
    const Avatar& avatar = plain_head();
    const SurfaceColors colors(retouch_surface(), avatar);
    // The fixture's colors vary smoothly with the place.
    int compared = 0;
    for (std::size_t i = 0; i < avatar.splats->count; i += 17) {
        const SurfacePoint& at = avatar.splats->anchor[i];
        const Eigen::Vector3f p = retouch_surface()->position(at), found = colors.at(at);
        for (int k = 0; k < 3; ++k) EXPECT_NEAR(found[k], 0.5f + 0.3f * std::sin(40 * p[k] + float(k)), 0.08f) << i;
        ++compared;
    }
    EXPECT_GT(compared, 100);
}

TEST(Retouch, FillEndsAtEdges) {
    const auto surface = retouch_surface();
    const SurfacePoint seed = skin_at(cheek_direction);
    const Eigen::Vector3f middle = surface->position(seed);
    // A light patch of 12 mm radius on the darker face, and one as light elsewhere.
    const Eigen::Vector3f other = surface->position(skin_at({-0.7f, -0.2f, 0.7f}));
    const ColorAt color = [&](const SurfacePoint& p) {
        const Eigen::Vector3f at = surface->position(p);
        const bool light = (at - middle).norm() < 0.012f || (at - other).norm() < 0.012f;
        return Eigen::Vector3f(light ? Eigen::Vector3f(0.8f, 0.7f, 0.6f) : Eigen::Vector3f(0.5f, 0.35f, 0.3f));
    };
    const auto made = fill_alike(*surface, color, seed, 0.1f, PaintTexels(), {.color = {1, 0, 0}});
    ASSERT_TRUE(made);
    const Avatar& avatar = surface->avatar();
    int inside = 0, outside = 0;
    for (const int t : surface->near(seed, 0.02f)) {
        if (is_eye(surface->region(t)) || is_inside_head(surface->region(t))) continue;  // behind lids and lips
        const SurfacePoint p{t, Eigen::Vector3f::Constant(1.0f / 3)};
        const float distance = (surface->position(p) - middle).norm();
        const float alpha = made->nearest(atlas_position(avatar, p))[3];
        if (distance < 0.0105f) {
            EXPECT_GT(alpha, 0.95f) << distance;
            ++inside;
        } else if (distance > 0.0135f) {
            EXPECT_EQ(alpha, 0) << distance;
            ++outside;
        }
    }
    EXPECT_GT(inside, 10);
    EXPECT_GT(outside, 10);
    const SurfacePoint far = skin_at({-0.7f, -0.2f, 0.7f});
    EXPECT_EQ(made->nearest(atlas_position(avatar, far))[3], 0) << "as light, but it does not hang together";
    EXPECT_FALSE(fill_alike(*surface, color, seed, 0.1f, PaintTexels(), {.most_new_tiles = 1}));
}

// Colors are as uneven as single Gaussians make them: the border is a smooth line on their edge all the same.
TEST(Retouch, AFillsBorderIsSmooth) {
    const auto surface = retouch_surface();
    const SurfacePoint seed = skin_at(cheek_direction);
    const Eigen::Vector3f middle = surface->position(seed);
    constexpr float radius = 0.012f;
    const ColorAt color = [&](const SurfacePoint& p) {
        const Eigen::Vector3f at = surface->position(p);
        const float noise = 0.04f * std::sin(9000 * at.x()) * std::sin(7000 * at.y() + 5000 * at.z());
        const Eigen::Vector3f base =
            (at - middle).norm() < radius ? Eigen::Vector3f(0.75f, 0.62f, 0.55f) : Eigen::Vector3f(0.55f, 0.42f, 0.36f);
        return Eigen::Vector3f(base.array() + noise);
    };
    const auto made = fill_alike(*surface, color, seed, 0.1f, PaintTexels(), {.color = {1, 0, 0}});
    ASSERT_TRUE(made);
    const Avatar& avatar = surface->avatar();
    const Eigen::Vector3f out = surface->normal(seed);
    const Eigen::Vector3f right = Eigen::Vector3f::UnitY().cross(out).normalized(), up = out.cross(right);
    const auto alpha = [&](float angle, float distance) {
        const SurfacePoint p = surface->walk(seed, distance * (std::cos(angle) * right + std::sin(angle) * up));
        return std::pair(made->bilinear(atlas_position(avatar, p))[3], (surface->position(p) - middle).norm());
    };
    double sum = 0, squares = 0;
    constexpr int angles = 48;
    for (int i = 0; i < angles; ++i) {
        const float angle = 6.2831853f * float(i) / angles;
        float border = 0;
        int soft = 0;
        bool holes = false;
        for (float distance = 0; distance < 0.018f; distance += 0.1e-3f) {
            const auto [share, apart] = alpha(angle, distance);
            if (share > 0.5f) border = apart;
            soft += share > 0.1f && share < 0.9f;
            holes |= distance < 0.009f && share < 0.95f;
        }
        EXPECT_FALSE(holes) << i;
        EXPECT_GE(soft, 2) << "no staircase of texels";
        EXPECT_LE(soft, 30) << "an edge is sharp";
        sum += border;
        squares += double(border) * border;
    }
    const double mean = sum / angles, spread = std::sqrt(std::max(0.0, squares / angles - mean * mean));
    EXPECT_NEAR(mean, radius, 0.7e-3);
    EXPECT_LT(spread, 0.45e-3);
}

TEST(Retouch, ASpotIsFilledHoweverSmall) {
    const auto surface = retouch_surface();
    const SurfacePoint seed = skin_at(cheek_direction);
    const Eigen::Vector3f middle = surface->position(seed);
    // Every other color a little farther away.
    const ColorAt color = [&](const SurfacePoint& p) {
        return Eigen::Vector3f::Constant(0.2f + 60 * (surface->position(p) - middle).norm()).cwiseMin(1.0f).eval();
    };
    const auto made = fill_alike(*surface, color, seed, 0.005f, PaintTexels(), {.color = {1, 0, 0}});
    ASSERT_TRUE(made);
    float most = 0;
    made->each_tile([&](const PaintTileKey&, const auto& tile) {
        for (const PaintTexel& texel : tile->texels) most = std::max(most, float(texel[3]) / 255);
    });
    EXPECT_GT(most, 0.9f);
}

TEST(Retouch, AFillGoesOverSeams) {
    const auto surface = retouch_surface();
    const Avatar& avatar = surface->avatar();
    // An edge whose two triangles lie far apart on the atlas.
    SurfacePoint here, there;
    for (int t = 0; t < int(avatar.model->triangles.size()) && there.triangle < 0; ++t)
        for (int k = 0; k < 3; ++k) {
            const int next = surface->beside(t, k);
            const HeadRegion region = surface->region(t);
            if (next < 0 || (region != HeadRegion::face && region != HeadRegion::neck)) continue;
            const SurfacePoint a{t, Eigen::Vector3f::Constant(1.0f / 3)}, b{next, Eigen::Vector3f::Constant(1.0f / 3)};
            if ((atlas_position(avatar, a) - atlas_position(avatar, b)).norm() < 0.1f) continue;
            here = a;
            there = b;
            break;
        }
    ASSERT_GE(there.triangle, 0);
    const Eigen::Vector3f middle = surface->position(here);
    const ColorAt color = [&](const SurfacePoint& p) {
        return Eigen::Vector3f::Constant((surface->position(p) - middle).norm() < 0.02f ? 0.7f : 0.3f).eval();
    };
    const auto made = fill_alike(*surface, color, here, 0.1f, PaintTexels(), {.color = {1, 0, 0}});
    ASSERT_TRUE(made);
    EXPECT_GT(made->bilinear(atlas_position(avatar, here))[3], 0.95f);
    EXPECT_GT(made->bilinear(atlas_position(avatar, there))[3], 0.95f);
}

TEST(Retouch, ARegionIsFilledWithItsSoftBorder) {
    const auto surface = retouch_surface();
    const FaceRegions regions(*surface);
    const auto made = fill_region(regions, FaceRegion::neck, PaintTexels(), {.color = {0, 0, 1}});
    ASSERT_TRUE(made);
    int soft = 0, full = 0;
    made->each_tile([&](const PaintTileKey& key, const auto& tile) {
        const auto on = surface->tile(key);
        for (int i = 0; i < paint_tile_texels; i += 97) {
            if (!on->inside[std::size_t(i)]) continue;
            const float share = regions.at(FaceRegion::neck, on->point(i));
            EXPECT_NEAR(float(tile->texels[std::size_t(i)][3]) / 255, share, 0.02f);
            soft += share > 0.1f && share < 0.9f;
            full += share == 1;
        }
    });
    EXPECT_GT(soft, 20);
    EXPECT_GT(full, 100);
}

TEST(Retouch, GradientsGoFromFullToNothing) {
    const auto surface = retouch_surface();
    const SurfacePoint from = skin_at(cheek_direction), to = surface->walk(from, {0, 0.03f, 0});
    const auto made = gradient(*surface, from, to, true, PaintTexels(), {.color = {0, 1, 0}, .opacity = 0.5f});
    ASSERT_TRUE(made);
    const Avatar& avatar = surface->avatar();
    EXPECT_NEAR(made->nearest(atlas_position(avatar, from))[3], 0.5f, 0.01f);
    EXPECT_LT(made->nearest(atlas_position(avatar, to))[3], 0.02f);
    const auto across = gradient(*surface, from, to, false, PaintTexels(), {.color = {0, 1, 0}});
    ASSERT_TRUE(across);
    EXPECT_NEAR(across->nearest(atlas_position(avatar, surface->walk(from, {0, -0.02f, 0})))[3], 1, 0.01f)
        << "full before its beginning";
}

TEST(Retouch, CloneTakesWhatLiesAroundItsSource) {
    const auto surface = retouch_surface();
    const Avatar& avatar = surface->avatar();
    const SurfacePoint to = skin_at(cheek_direction), from = surface->walk(to, {0, 0.025f, 0});
    const float source_height = surface->position(from).y();
    const ColorAt color = [&](const SurfacePoint& p) {
        return Eigen::Vector3f(surface->position(p).y() > source_height ? 0.9f : 0.1f, 0.5f, 0.5f);
    };
    BrushOptions options;
    options.size = 0.012f;
    options.hardness = options.flow = 1;
    BrushStroke stroke(surface, nullptr, options, BrushStroke::Effect::paint, clone_colors(surface, color, from, to));
    stroke.dab(to);
    const auto texels = stroke.texels();
    const auto red = [&](float up) {
        const Eigen::Vector4f texel = texels->nearest(atlas_position(avatar, surface->walk(to, {0, up, 0})));
        return texel[0] / texel[3];
    };
    EXPECT_NEAR(red(0.003f), 0.9f, 0.01f);
    EXPECT_NEAR(red(-0.003f), 0.1f, 0.01f);
}

TEST(Retouch, HealKeepsTheToneAndCoversTheSpot) {
    const auto surface = retouch_surface();
    const Avatar& avatar = surface->avatar();
    const SurfacePoint spot = skin_at(cheek_direction);
    const Eigen::Vector3f middle = surface->position(spot);
    // Skin that grows lighter upwards, and a dark spot on it.
    const auto skin = [&](const Eigen::Vector3f& at) { return 0.5f + 4 * (at.y() - middle.y()); };
    const ColorAt color = [&](const SurfacePoint& p) {
        const Eigen::Vector3f at = surface->position(p);
        return Eigen::Vector3f::Constant((at - middle).norm() < 0.002f ? 0.1f : skin(at)).eval();
    };
    BrushOptions options;
    options.size = 0.008f;
    options.hardness = options.flow = 1;
    const float around = 0.75f * options.size;
    const SurfacePoint source = heal_source(*surface, color, spot, around);
    EXPECT_GT((surface->position(source) - middle).norm(), 0.01f);
    BrushStroke stroke(surface, nullptr, options, BrushStroke::Effect::paint,
                       heal_colors(surface, color, source, spot, around));
    stroke.dab(spot);
    const auto texels = stroke.texels();
    for (const float up : {-0.002f, 0.0f, 0.002f}) {
        const SurfacePoint p = surface->walk(spot, {0, up, 0});
        const Eigen::Vector4f texel = texels->nearest(atlas_position(avatar, p));
        ASSERT_GT(texel[3], 0.9f);
        EXPECT_NEAR(texel[0] / texel[3], skin(surface->position(p)), 0.03f) << up;
    }
}

TEST(Retouch, SmudgeDragsPaintAlong) {
    const auto surface = retouch_surface();
    const Avatar& avatar = surface->avatar();
    const SurfacePoint at = skin_at(cheek_direction);
    BrushOptions options;
    options.size = 0.01f;
    options.hardness = options.flow = 1;
    BrushStroke dot(surface, nullptr, options, BrushStroke::Effect::paint);
    dot.dab(at);
    const SurfacePoint beside = surface->walk(at, {0, 0.008f, 0});
    const auto alpha = [&](const PaintTexels& texels) { return texels.nearest(atlas_position(avatar, beside))[3]; };
    EXPECT_EQ(alpha(*dot.texels()), 0);
    options.flow = 0.9f;
    options.spacing = 0.1f;
    BrushStroke stroke(surface, dot.texels(), options, BrushStroke::Effect::smudge);
    stroke.walk_to(at);
    stroke.walk_to(surface->walk(at, {0, 0.01f, 0}));
    EXPECT_GT(alpha(*stroke.texels()), 0.5f);
    const SurfacePoint away = surface->walk(at, {0, -0.012f, 0});
    EXPECT_EQ(stroke.texels()->nearest(atlas_position(avatar, away))[3], 0);
    // Color comes along undimmed.
    const Eigen::Vector4f texel = stroke.texels()->nearest(atlas_position(avatar, beside));
    for (int c = 0; c < 3; ++c) EXPECT_NEAR(texel[c] / texel[3], options.color[std::size_t(c)], 0.02f);
}

TEST(Retouch, APersonsColors) {
    const auto colors = person_colors(plain_head());
    ASSERT_GE(colors.size(), 5u);
    EXPECT_EQ(colors.front().name, "Skin in shade");
    const auto luma = [](const NamedColor& c) {
        return 0.2126f * c.color[0] + 0.7152f * c.color[1] + 0.0722f * c.color[2];
    };
    for (int i = 0; i < 3; ++i) EXPECT_LT(luma(colors[std::size_t(i)]), luma(colors[std::size_t(i) + 1]));
}

}  // namespace
}  // namespace likeness::test
