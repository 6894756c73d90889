// Where a dab goes and where it does not, and what a stroke adds up to.
#include "core/editing/brush.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/editing/editing_fixtures.h"

namespace likeness::test {
namespace {

std::shared_ptr<const PaintSurface> head_surface() {
    static const auto surface = std::make_shared<const PaintSurface>(plain_head());
    return surface;
}

// Some corner of a triangle at a vertex.
SurfacePoint at_vertex(const Avatar& avatar, int vertex) {
    const Triangles& triangles = avatar.triangles();
    for (int t = 0; t < int(triangles.size()); ++t)
        for (int k = 0; k < 3; ++k)
            if (triangles[std::size_t(t)][k] == vertex) return {t, Eigen::Vector3f(k == 0, k == 1, k == 2)};
    return {};
}

BrushOptions hard(float size) {
    BrushOptions options;
    options.size = size;
    options.hardness = 1;
    options.flow = 1;
    return options;
}

// In the middle of an edge that has one of these regions on each side.
std::optional<SurfacePoint> seam(const PaintSurface& surface, HeadRegion a, HeadRegion b) {
    const Triangles& triangles = surface.avatar().triangles();
    std::map<std::pair<int, int>, int> of;
    for (int t = 0; t < int(surface.avatar().model->triangles.size()); ++t)
        for (int k = 0; k < 3; ++k) {
            const int v = triangles[std::size_t(t)][k], w = triangles[std::size_t(t)][(k + 1) % 3];
            of[{v, w}] = t;
            const auto other = of.find({w, v});
            if (other == of.end()) continue;
            const HeadRegion r = surface.region(t), s = surface.region(other->second);
            const bool is = (r == a && s == b) || (r == b && s == a);
            // On one side of the face, away from the middle.
            if (!is || surface.avatar().neutral()(0, v) < 0.02f) continue;
            SurfacePoint p{t, Eigen::Vector3f::Zero()};
            p.barycentric[k] = p.barycentric[(k + 1) % 3] = 0.5f;
            return p;
        }
    return {};
}

TEST(Brush, APenThatLeansDrawsLongDabs) {
    const auto surface = head_surface();
    const Avatar& avatar = surface->avatar();
    const SurfacePoint cheek = at_vertex(avatar, extreme_vertex(avatar, HeadRegion::face, {0.7f, -0.2f, 0.7f}));
    const Eigen::Vector3f across = Eigen::Vector3f::UnitY().cross(surface->normal(cheek)).normalized();
    const auto covered = [&](const Eigen::Vector3f& lean, const Eigen::Vector3f& way) {
        BrushStroke stroke(surface, nullptr, hard(0.012f), BrushStroke::Effect::paint);
        stroke.set_lean(lean);
        stroke.dab(cheek);
        return stroke.texels()->nearest(atlas_position(avatar, surface->walk(cheek, way)))[3] > 0.9f;
    };
    const Eigen::Vector3f along = 0.0045f * Eigen::Vector3f::UnitY();
    EXPECT_TRUE(covered({0, 0, 0}, along));
    EXPECT_TRUE(covered({0, 0, 0}, 0.0045f * across));
    EXPECT_TRUE(covered({0, 0.87f, 0}, along));
    EXPECT_FALSE(covered({0, 0.87f, 0}, 0.0045f * across)) << "half as wide";
    EXPECT_TRUE(covered({0, 0.87f, 0}, 0.002f * across));
}

TEST(Brush, CoversWhatItReachesAndNothingElse) {
    const auto surface = head_surface();
    const Avatar& avatar = surface->avatar();
    const SurfacePoint cheek = at_vertex(avatar, extreme_vertex(avatar, HeadRegion::face, {0.7f, -0.2f, 0.7f}));
    const float radius = 0.006f;
    BrushStroke stroke(surface, nullptr, hard(2 * radius), BrushStroke::Effect::paint);
    stroke.dab(cheek);
    const auto texels = stroke.texels();
    const Eigen::Vector3f middle = surface->position(cheek);
    int covered = 0;
    texels->each_tile([&](const PaintTileKey& key, const auto& tile) {
        const auto on = surface->tile(key);
        for (std::size_t i = 0; i < paint_tile_texels; ++i) {
            if (on->triangle[i] < 0) {
                EXPECT_EQ(tile->texels[i][3], 0);
                continue;
            }
            const float distance = (on->position[i] - middle).norm();
            if (distance > radius) {
                EXPECT_EQ(tile->texels[i][3], 0);
            }
            if (distance < radius - 0.3e-3f) {
                EXPECT_EQ(tile->texels[i][3], 255);
            }
            covered += tile->texels[i][3] > 0;
        }
    });
    EXPECT_GT(covered, 3000) << "a texel of 0.15 mm or so";
    EXPECT_EQ(stroke.before()->tile_count(), 0u);
}

// The same share of a soft dab on both sides of a seam of the atlas, at each place of the mesh.
TEST(Brush, IsContinuousAcrossSeams) {
    const auto surface = head_surface();
    const Avatar& avatar = surface->avatar();
    const auto check = [&](HeadRegion a, HeadRegion b) {
        const auto at = seam(*surface, a, b);
        ASSERT_TRUE(at) << int(a) << " " << int(b);
        BrushOptions options;
        options.size = 0.012f;
        options.hardness = 0.2f;
        options.flow = 1;
        BrushStroke stroke(surface, nullptr, options, BrushStroke::Effect::paint);
        stroke.dab(*at);
        const auto texels = stroke.texels();
        const Eigen::Vector3f middle = surface->position(*at), normal = surface->normal(*at);
        Random random(3);
        std::map<HeadRegion, int> sampled;
        for (const int t : surface->near(*at, 0.0058f))
            for (int k = 0; k < 40; ++k) {
                Eigen::Vector3f w(uniform(random, 0.01f, 1), uniform(random, 0.01f, 1), uniform(random, 0.01f, 1));
                const SurfacePoint p{t, w / w.sum()};
                const float distance = (surface->position(p) - middle).norm();
                if (distance > 0.0056f || surface->normal(p).dot(normal) < 0.1f) continue;
                const float f = std::clamp((distance - 0.0012f) / 0.0048f, 0.0f, 1.0f);
                const float expected = 1 - f * f * (3 - 2 * f);
                EXPECT_NEAR(texels->bilinear(atlas_position(avatar, p))[3], expected, 0.06f) << distance;
                ++sampled[surface->region(t)];
            }
        EXPECT_GT(sampled[a], 20);
        EXPECT_GT(sampled[b], 20);
    };
    check(HeadRegion::face, HeadRegion::neck);
    check(HeadRegion::face, HeadRegion::scalp);
    check(HeadRegion::face, HeadRegion::ear_left);
}

TEST(Brush, StaysOnItsLip) {
    const auto surface = head_surface();
    const Avatar& avatar = surface->avatar();
    // The middle of the lower lip's lower edge's neighbourhood: the lip vertex furthest forwards below the mouth.
    float mouth = 0;
    int count = 0;
    for (int v = 0; v < avatar.model->vertex_count(); ++v)
        if (avatar.model->vertex_region[std::size_t(v)] == HeadRegion::lips) {
            mouth += avatar.neutral()(1, v);
            ++count;
        }
    ASSERT_GT(count, 0);
    const int low = extreme_vertex(avatar, HeadRegion::lips, {0, -1, 0.5f});
    BrushStroke stroke(surface, nullptr, hard(0.02f), BrushStroke::Effect::paint);
    stroke.dab(at_vertex(avatar, low));
    const auto texels = stroke.texels();
    const int high = extreme_vertex(avatar, HeadRegion::lips, {0, 1, 0.5f});
    ASSERT_LT((avatar.neutral().col(high) - avatar.neutral().col(low)).norm(), 0.03f);
    const Eigen::Vector3f middle = avatar.neutral().col(low);
    // Texels of the upper lip that are near enough in space are not painted.
    std::set<int> reached;
    for (const int t : surface->near(at_vertex(avatar, low), 0.01f)) reached.insert(t);
    int spared = 0, painted = 0;
    for (int t = 0; t < int(avatar.model->triangles.size()); ++t) {
        const SurfacePoint p{t, Eigen::Vector3f::Constant(1.0f / 3)};
        if ((surface->position(p) - middle).norm() > 0.0095f || surface->normal(p).z() < 0) continue;
        const bool is = texels->nearest(atlas_position(avatar, p))[3] > 0.5f;
        (reached.contains(t) ? painted : spared) += 1;
        EXPECT_TRUE(reached.contains(t) || !is) << "triangle " << t;
    }
    EXPECT_GT(painted, 5);
}

TEST(Brush, LeavesTheBackOfTheEar) {
    const auto surface = head_surface();
    const Avatar& avatar = surface->avatar();
    // Where most of what one reaches faces the other way.
    int rim = -1, most = 0;
    for (int v = 0; v < avatar.model->vertex_count(); ++v) {
        if (avatar.model->vertex_region[std::size_t(v)] != HeadRegion::ear_left) continue;
        const SurfacePoint at = at_vertex(avatar, v);
        int other = 0;
        for (const int t : surface->near(at, 0.015f))
            other += surface->normal({t, Eigen::Vector3f::Constant(1.0f / 3)}).dot(surface->normal(at)) < -0.4f;
        if (other > most) {
            most = other;
            rim = v;
        }
    }
    ASSERT_GT(most, 3);
    BrushStroke stroke(surface, nullptr, hard(0.03f), BrushStroke::Effect::paint);
    stroke.dab(at_vertex(avatar, rim));
    const Eigen::Vector3f normal = surface->normal(at_vertex(avatar, rim)), middle = avatar.neutral().col(rim);
    const auto texels = stroke.texels();
    int behind = 0, before = 0;
    for (int t = 0; t < int(avatar.model->triangles.size()); ++t) {
        const SurfacePoint p{t, Eigen::Vector3f::Constant(1.0f / 3)};
        if ((surface->position(p) - middle).norm() > 0.015f) continue;
        const bool painted = texels->nearest(atlas_position(avatar, p))[3] > 0.02f;
        if (surface->normal(p).dot(normal) < -0.4f) {
            EXPECT_FALSE(painted);
            ++behind;
        } else {
            before += painted;
        }
    }
    EXPECT_GT(behind, 3);
    EXPECT_GT(before, 10);
}

TEST(Brush, FlowGathersAndOpacityIsTheMost) {
    const auto surface = head_surface();
    const Avatar& avatar = surface->avatar();
    const SurfacePoint at = at_vertex(avatar, extreme_vertex(avatar, HeadRegion::face, {0.7f, 0.3f, 0.7f}));
    const Eigen::Vector2f middle = atlas_position(avatar, at);
    BrushOptions options = hard(0.01f);
    options.opacity = 0.5f;
    options.flow = 0.02f;
    options.color = {0.2f, 0.4f, 0.6f};
    BrushStroke stroke(surface, nullptr, options, BrushStroke::Effect::paint);
    float before = 0;
    for (int i = 1; i <= 500; ++i) {
        stroke.dab(at);
        const float alpha = stroke.texels()->nearest(middle)[3];
        // Each dab is rounded from what is exact: 0.5 (1 - 0.98^i), never from the last rounding.
        EXPECT_NEAR(alpha, 0.5f * (1 - std::pow(0.98f, float(i))), 0.5f / 255 + 1e-4f);
        EXPECT_GE(alpha, before);
        before = alpha;
    }
    EXPECT_NEAR(before, 0.5f, 0.003f);
    BrushStroke second(surface, stroke.texels(), options, BrushStroke::Effect::paint);
    for (int i = 0; i < 500; ++i) second.dab(at);
    const Eigen::Vector4f texel = second.texels()->nearest(middle);
    EXPECT_NEAR(texel[3], 0.75f, 0.006f) << "strokes lie over each other";
    for (int c = 0; c < 3; ++c) EXPECT_NEAR(texel[c] / texel[3], options.color[std::size_t(c)], 0.006f);
    // Half erased, then gone, and with it the tiles.
    options.flow = 1;
    BrushStroke eraser(surface, second.texels(), options, BrushStroke::Effect::erase);
    eraser.dab(at);
    EXPECT_NEAR(eraser.texels()->nearest(middle)[3], 0.375f, 0.006f);
    options.opacity = 1;
    options.size = 0.013f;
    BrushStroke all(surface, second.texels(), options, BrushStroke::Effect::erase);
    all.dab(at);
    EXPECT_EQ(all.texels()->tile_count(), 0u);
    EXPECT_GT(second.texels()->tile_count(), 0u);
}

TEST(Brush, SharesTilesThatItDoesNotTouch) {
    const auto surface = head_surface();
    const Avatar& avatar = surface->avatar();
    const SurfacePoint left = at_vertex(avatar, extreme_vertex(avatar, HeadRegion::face, {0.8f, 0, 0.6f})),
                       right = at_vertex(avatar, extreme_vertex(avatar, HeadRegion::face, {-0.8f, 0, 0.6f}));
    BrushStroke first(surface, nullptr, hard(0.02f), BrushStroke::Effect::paint);
    first.dab(left);
    const auto one = first.texels();
    BrushStroke second(surface, one, hard(0.02f), BrushStroke::Effect::paint);
    second.dab(right);
    const auto two = second.texels();
    EXPECT_GT(two->tile_count(), one->tile_count());
    one->each_tile([&](const PaintTileKey& key, const auto& tile) { EXPECT_EQ(two->tile(key), tile); });
    const auto changed = changed_tiles(*one, *two);
    EXPECT_EQ(changed.size(), two->tile_count() - one->tile_count());
    second.dab(right);
    EXPECT_EQ(changed_tiles(*two, *second.texels()).size(), changed.size());
}

TEST(Brush, PaintsBothSidesOfTheFace) {
    const auto surface = head_surface();
    const Avatar& avatar = surface->avatar();
    BrushOptions options = hard(0.01f);
    options.symmetric = true;
    const SurfacePoint left = at_vertex(avatar, extreme_vertex(avatar, HeadRegion::face, {0.8f, 0, 0.6f}));
    const SurfacePoint right = SurfaceMirror(surface)(left);
    const Eigen::Vector3f a = surface->position(left), b = surface->position(right);
    EXPECT_LT((a - Eigen::Vector3f(-b.x(), b.y(), b.z())).norm(), 1e-4f);
    BrushStroke stroke(surface, nullptr, options, BrushStroke::Effect::paint);
    stroke.dab(left);
    EXPECT_EQ(stroke.texels()->nearest(atlas_position(avatar, left))[3], 1);
    EXPECT_EQ(stroke.texels()->nearest(atlas_position(avatar, right))[3], 1);
    // In the middle the two sides lie over each other and count once.
    options.flow = 0.5f;
    BrushStroke middle(surface, nullptr, options, BrushStroke::Effect::paint);
    const SurfacePoint nose = at_vertex(avatar, extreme_vertex(avatar, HeadRegion::face, {0, 0, 1}));
    middle.dab(nose);
    EXPECT_NEAR(middle.texels()->nearest(atlas_position(avatar, nose))[3], 0.5f, 0.003f);
}

TEST(Brush, CoarseTexelsBecomeFinerAndLookTheSame) {
    const auto surface = head_surface();
    const Avatar& avatar = surface->avatar();
    const SurfacePoint at = at_vertex(avatar, extreme_vertex(avatar, HeadRegion::face, {0.7f, 0.3f, 0.7f}));
    const Eigen::Vector2f middle = atlas_position(avatar, at);
    ASSERT_GT(surface->level(paint_block_at(middle)), 0);
    PaintTexels coarse;
    auto tile = std::make_shared<PaintTile>();
    for (std::size_t i = 0; i < paint_tile_texels; ++i) tile->texels[i] = {std::uint8_t(i), 7, 9, 200};
    const PaintTileKey key = paint_tile_at(middle, 0);
    coarse.set_tile(key, tile);
    BrushStroke stroke(surface, std::make_shared<const PaintTexels>(coarse), hard(0.004f), BrushStroke::Effect::paint);
    stroke.dab(at);
    const auto fine = stroke.texels();
    EXPECT_EQ(fine->level(key.block), surface->level(key.block));
    EXPECT_NEAR(fine->nearest(middle)[3], 1, 1e-6f);
    for (int i = 0; i < paint_tile_texels; i += 7) {
        const Eigen::Vector2f p = paint_texel_position(key, i);
        if ((p - middle).norm() > 0.02f) {
            EXPECT_EQ(fine->nearest(p), coarse.nearest(p));
        }
    }
}

TEST(Brush, DabsAreEvenAlongAPath) {
    const auto surface = head_surface();
    const Avatar& avatar = surface->avatar();
    BrushOptions options = hard(0.008f);
    options.spacing = 0.25f;
    const SurfacePoint from = at_vertex(avatar, extreme_vertex(avatar, HeadRegion::face, {0.7f, 0.3f, 0.7f})),
                       to = surface->walk(from, {0, -0.04f, 0});
    BrushStroke stroke(surface, nullptr, options, BrushStroke::Effect::paint);
    stroke.walk_to(from);
    stroke.walk_to(to);
    const float way = (surface->position(to) - surface->position(from)).norm();
    EXPECT_GT(way, 0.02f);
    EXPECT_NEAR(float(stroke.dabs()), way / stroke.spacing() + 1, 0.35f * way / stroke.spacing());
    EXPECT_GT(stroke.texels()->nearest(atlas_position(avatar, to))[3], 0);

    // By the pointer: a plane that has 1000 pixels a metre.
    const auto pick = [&](const Eigen::Vector2f& pixel) -> std::optional<StrokePath::Place> {
        return StrokePath::Place{surface->walk(from, {0, -pixel.y() / 1000, 0}), 1000};
    };
    BrushStroke drawn(surface, nullptr, options, BrushStroke::Effect::paint);
    StrokePath path(0);
    for (const float y : {0.0f, 10.0f, 12.0f, 30.0f}) path.to({0, y}, 1, pick, drawn);
    path.end(pick, drawn);
    EXPECT_NEAR(drawn.dabs(), 30 / 2 + 1, 3);
    // The stabiliser's string keeps the brush behind the pointer.
    BrushStroke lazy(surface, nullptr, options, BrushStroke::Effect::paint);
    StrokePath string(15);
    for (const float y : {0.0f, 10.0f, 12.0f, 30.0f}) string.to({0, y}, 1, pick, lazy);
    string.end(pick, lazy);
    EXPECT_NEAR(lazy.dabs(), 15 / 2 + 1, 2);
}

TEST(Brush, StopsWhereThereIsNoRoomForMoreTiles) {
    const auto surface = head_surface();
    const Avatar& avatar = surface->avatar();
    const SurfacePoint at = at_vertex(avatar, extreme_vertex(avatar, HeadRegion::face, {0.7f, 0.3f, 0.7f}));
    BrushStroke stroke(surface, nullptr, hard(0.03f), BrushStroke::Effect::paint, {}, 2);
    stroke.dab(at);
    EXPECT_TRUE(stroke.full());
    EXPECT_EQ(stroke.texels()->tile_count(), 2u);
}

}  // namespace
}  // namespace likeness::test
