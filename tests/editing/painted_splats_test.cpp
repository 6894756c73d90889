// Paint on the Gaussians: as sharp as it was painted, and nowhere else.
#include "core/editing/painted_splats.h"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <algorithm>

#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

constexpr float disc = 12e-3f;  // metres

// Grey, closed and flat: what a picture shows is the paint.
Avatar grey_ball() {
    Avatar avatar = ball_avatar(11, 10, false);
    cover(avatar, 2e-3f);
    AnchoredSplats& s = avatar.splats.edit();
    std::fill(s.albedo.begin(), s.albedo.end(), 0.5f);
    std::fill(s.opacity_logit.begin(), s.opacity_logit.end(), 3.0f);
    return avatar;
}

// The point of the ball that faces the default camera.
SurfacePoint front(const PaintSurface& surface) {
    SurfacePoint best = surface.avatar().splats->anchor[0];
    for (const SurfacePoint& p : surface.avatar().splats->anchor)
        if (surface.position(p).z() > surface.position(best).z()) best = p;
    return best;
}

std::shared_ptr<const PaintTexels> disc_of(const PaintSurface& surface, const SurfacePoint& middle, PaintTexel texel,
                                           float radius = disc) {
    auto texels = std::make_shared<PaintTexels>();
    const std::vector<int> triangles = surface.near(middle, radius);
    const Eigen::Vector3f at = surface.position(middle);
    for (const PaintTileKey& key : surface.tiles_of(triangles)) {
        const auto lies = surface.tile(key);
        auto tile = std::make_shared<PaintTile>();
        bool any = false;
        for (std::size_t t = 0; t < paint_tile_texels; ++t)
            if (lies->triangle[t] >= 0 && (lies->position[t] - at).norm() < radius) tile->texels[t] = texel, any = true;
        if (any) texels->set_tile(key, std::move(tile));
    }
    return texels;
}

Avatar with_paint(Avatar avatar, std::vector<PaintLayer> layers) {
    avatar.paint = PaintStack{std::move(layers)};
    return avatar;
}

Frame picture(const Avatar& avatar, int side = 256) {
    return render(avatar, HeadPose::neutral(*avatar.model), default_camera(avatar, side, side), {0.5f, 0.5f, 0.5f});
}

TEST(PaintedSplats, WithoutPaintTheyAreTheAvatarsOwn) {
    Avatar avatar = grey_ball();
    PaintedSplats painter;
    EXPECT_TRUE(painter.update(avatar) == avatar.splats);
    avatar.paint = PaintStack{{{.id = 1, .name = "empty"}}};
    EXPECT_TRUE(painter.update(avatar) == avatar.splats);
}

// Where large Gaussians of a bent surface have their middles nearer to the camera than paint beside them.
TEST(PaintedSplats, LargeGaussiansDoNotShineThrough) {
    Avatar avatar = grey_ball();
    AnchoredSplats& s = avatar.splats.edit();
    for (std::size_t i = 0; i < s.log_scale.size(); ++i)
        if (i % 3 < 2) s.log_scale[i] = std::log(3e-3f);
    const PaintSurface surface(avatar);
    const SurfacePoint middle = front(surface), aside = surface.walk(middle, {30e-3f, 0, 0});
    Avatar red = painted(with_paint(avatar, {{.id = 1, .texels = disc_of(surface, aside, {255, 0, 0, 255}, 4e-3f)}}));
    const Eigen::Vector2f at = default_camera(avatar, 512, 512).project(surface.position(aside));
    const auto green = [&] { return picture(red, 512).color.at(int(at.x()), int(at.y()))[1]; };
    EXPECT_LT(green(), 0.1f);
    red.splats.edit().leading_from = SplatSet::none_filtered;
    EXPECT_GT(green(), 0.15f);
}

// Lids and lips lie closely before them.
TEST(PaintedSplats, PaintOnEyesDoesNotLead) {
    Avatar avatar = grey_ball();
    AnchoredSplats& s = avatar.splats.edit();
    const PaintSurface surface(avatar);
    const SurfacePoint middle = front(surface);
    for (std::size_t i = 0; i < s.count; ++i)
        if (surface.position(s.anchor[i]).x() > surface.position(middle).x()) s.part[i] = SplatPart::eyes;
    const Avatar red = painted(with_paint(avatar, {{.id = 1, .texels = disc_of(surface, middle, {255, 0, 0, 255})}}));
    ASSERT_GT(red.splats->leading_from, red.splats->painted_from);
    ASSERT_LT(red.splats->leading_from, red.splats->count);
    for (std::size_t i = red.splats->painted_from; i < red.splats->count; ++i)
        EXPECT_EQ(red.splats->part[i] == SplatPart::eyes, i < red.splats->leading_from);
}

TEST(PaintedSplats, ADiscIsSharpAndNothingElseChanges) {
    const Avatar avatar = grey_ball();
    const PaintSurface surface(avatar);
    const SurfacePoint middle = front(surface);
    const Avatar red = painted(with_paint(avatar, {{.id = 1, .texels = disc_of(surface, middle, {255, 0, 0, 255})}}));
    EXPECT_GT(red.splats->count, avatar.splats->count) << "fine Gaussians along the edge";
    EXPECT_EQ(red.splats->painted_from, avatar.splats->count);
    const Frame before = picture(avatar), after = picture(red);
    const Camera camera = default_camera(avatar, 256, 256);
    const Eigen::Vector3f at = surface.position(middle);
    float depth = 0;
    const Eigen::Vector2f pixel = camera.project(at, &depth);
    const float radius = disc * camera.fx / depth;
    std::size_t in = 0;
    for (int y = 0; y < 256; ++y)
        for (int x = 0; x < 256; ++x) {
            const float distance = (Eigen::Vector2f(float(x) + 0.5f, float(y) + 0.5f) - pixel).norm();
            float change = 0;
            for (int c = 0; c < 3; ++c)
                change = std::max(change, std::abs(after.color.at(x, y)[c] - before.color.at(x, y)[c]));
            if (distance > radius + 2.5f) {
                EXPECT_LE(change, 1.0f / 255) << x << ", " << y;
            }
            if (distance < radius - 2) {
                ++in;
                EXPECT_GT(after.color.at(x, y)[0], 0.85f) << x << ", " << y;
                EXPECT_LT(after.color.at(x, y)[1], 0.15f) << x << ", " << y;
            }
        }
    EXPECT_GT(in, 30u);
}

// Fine Gaussians overlap: together they cover no more than the layer does.
TEST(PaintedSplats, FaintPaintIsAsFaintWhereItIsFine) {
    const Avatar avatar = grey_ball();
    const PaintSurface surface(avatar);
    const SurfacePoint middle = front(surface);
    constexpr int side = 512;
    const Camera camera = default_camera(avatar, side, side);
    float depth = 0;
    const Eigen::Vector2f pixel = camera.project(surface.position(middle), &depth);
    for (const int alpha : {48, 96, 160}) {
        const Avatar shaded = painted(
            with_paint(avatar, {{.id = 1, .texels = disc_of(surface, middle, {0, 0, 0, std::uint8_t(alpha)}, 4e-3f)}}));
        ASSERT_GT(shaded.splats->count, avatar.splats->count);
        const Frame before = picture(avatar, side), after = picture(shaded, side);
        const int x = int(pixel.x()), y = int(pixel.y());
        EXPECT_NEAR(after.color.at(x, y)[0] / before.color.at(x, y)[0], 1 - float(alpha) / 255, 0.06f) << alpha;
    }
}

TEST(PaintedSplats, WhatIsHiddenShowsTheAvatar) {
    const Avatar avatar = grey_ball();
    const PaintSurface surface(avatar);
    const auto texels = disc_of(surface, front(surface), {0, 255, 0, 200});
    PaintedSplats painter;
    const Part<AnchoredSplats> shown = painter.update(with_paint(avatar, {{.id = 4, .texels = texels}}));
    const Part<AnchoredSplats> hidden =
        painter.update(with_paint(avatar, {{.id = 4, .visible = false, .texels = texels}}));
    EXPECT_EQ(hidden->count, avatar.splats->count);
    EXPECT_EQ(hidden->albedo, avatar.splats->albedo);
    const Part<AnchoredSplats> grouped = painter.update(
        with_paint(avatar, {{.id = 4, .group = 5, .texels = texels}, {.id = 5, .is_group = true, .visible = false}}));
    EXPECT_EQ(grouped->albedo, avatar.splats->albedo) << "its group is hidden";
    const Part<AnchoredSplats> again = painter.update(with_paint(avatar, {{.id = 4, .texels = texels}}));
    EXPECT_EQ(again->albedo, shown->albedo);
    EXPECT_EQ(again->opacity_logit, shown->opacity_logit);
    const Part<AnchoredSplats> gone = painter.update(avatar);
    EXPECT_EQ(gone->count, avatar.splats->count);
    EXPECT_EQ(gone->albedo, avatar.splats->albedo);
}

// Step by step gives what all at once gives.
TEST(PaintedSplats, StepsGiveWhatTheWholeGives) {
    Avatar avatar = grey_ball();
    const PaintSurface surface(avatar);
    const auto& anchors = avatar.splats->anchor;
    PaintedSplats painter;
    auto strokes = std::make_shared<const PaintTexels>();
    const auto compare = [&](const Avatar& now, const char* what) {
        PaintedSplats whole;
        const Part<AnchoredSplats> steps = painter.update(now), at_once = whole.update(now);
        EXPECT_EQ(steps->count, at_once->count) << what;
        EXPECT_EQ(steps->albedo, at_once->albedo) << what;
        EXPECT_EQ(steps->offset, at_once->offset) << what;
        EXPECT_EQ(steps->log_scale, at_once->log_scale) << what;
        EXPECT_EQ(steps->opacity_logit, at_once->opacity_logit) << what;
    };
    for (int step = 0; step < 4; ++step) {
        PaintTexels next = *strokes;
        disc_of(surface, anchors[std::size_t(step * 37)], {std::uint8_t(60 * step), 200, 30, 255}, 6e-3f)
            ->each_tile([&](const PaintTileKey& key, const auto& tile) {
                auto merged = std::make_shared<PaintTile>(next.tile(key) ? *next.tile(key) : PaintTile{});
                for (std::size_t t = 0; t < paint_tile_texels; ++t)
                    if (tile->texels[t][3] > 0) merged->texels[t] = tile->texels[t];
                next.set_tile(key, std::move(merged));
            });
        strokes = std::make_shared<const PaintTexels>(std::move(next));
        compare(with_paint(avatar, {{.id = 1, .texels = strokes}}), "a stroke more");
    }
    const auto under = disc_of(surface, anchors[40], {0, 0, 255, 128}, 9e-3f);
    compare(with_paint(avatar, {{.id = 2, .texels = under}, {.id = 1, .texels = strokes}}), "a layer beneath");
    compare(
        with_paint(avatar, {{.id = 2, .blend = PaintBlend::multiply, .texels = under}, {.id = 1, .texels = strokes}}),
        "multiplied");
    compare(with_paint(avatar, {{.id = 1, .opacity = 0.5f, .texels = strokes}, {.id = 2, .texels = under}}),
            "exchanged");
    compare(
        with_paint(avatar, {{.id = 2, .mask = disc_of(surface, anchors[42], {0, 0, 0, 255}, 4e-3f), .texels = under}}),
        "masked, and the strokes gone");
    avatar.splats.edit().albedo[0] = 0.25f;
    compare(with_paint(avatar, {{.id = 2, .texels = under}}), "trained on");
}

TEST(PaintedSplats, ReliefAndErasingChangeTheShape) {
    const Avatar avatar = grey_ball();
    const PaintSurface surface(avatar);
    const auto texels = disc_of(surface, front(surface), {128, 128, 128, 255});
    const auto most = [&](const AnchoredSplats& s, auto&& of) {
        float high = -9;
        for (std::size_t i = 0; i < avatar.splats->count; ++i) high = std::max(high, of(s, i));
        return high;
    };
    const Avatar raised = painted(with_paint(avatar, {{.id = 1, .texels = texels, .relief = 2e-3f}}));
    EXPECT_NEAR(
        most(*raised.splats,
             [&](const auto& s, std::size_t i) { return s.offset[3 * i + 2] - avatar.splats->offset[3 * i + 2]; }),
        2e-3f, 1e-6f);
    const Avatar erased = painted(with_paint(avatar, {{.id = 1, .texels = texels, .erase = 1}}));
    EXPECT_LT(most(*erased.splats, [&](const auto& s, std::size_t i) { return -s.opacity_logit[i]; }), 10);
    EXPECT_GT(most(*erased.splats, [&](const auto& s, std::size_t i) { return -s.opacity_logit[i]; }), 3);
}

TEST(PaintedSplats, FineOnesAreNoMoreThanThereMayBe) {
    const Avatar avatar = grey_ball();
    const PaintSurface surface(avatar);
    auto noise = std::make_shared<PaintTexels>();
    unsigned random = 1;
    for (const PaintTileKey& key : surface.tiles_of(surface.near(front(surface), 25e-3f))) {
        auto tile = std::make_shared<PaintTile>();
        for (PaintTexel& texel : tile->texels) {
            random = random * 1664525u + 1013904223u;
            texel = random >> 31 ? PaintTexel{255, 255, 255, 255} : PaintTexel{0, 0, 0, 255};
        }
        noise->set_tile(key, std::move(tile));
    }
    PaintedSplats painter;
    const auto shown = painter.update(with_paint(avatar, {{.id = 1, .texels = noise}}));
    EXPECT_LE(shown->count, avatar.splats->count + PaintedSplats::most_fine);
    EXPECT_TRUE(painter.coarser_than_wanted());
    (void)painter.update(with_paint(avatar, {{.id = 1, .texels = disc_of(surface, front(surface), {9, 9, 9, 255})}}));
    (void)painter.update(with_paint(avatar, {{.id = 1, .texels = disc_of(surface, front(surface), {9, 9, 9, 254})}}));
    EXPECT_FALSE(painter.coarser_than_wanted());
}

}  // namespace
}  // namespace likeness::test
