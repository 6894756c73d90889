// The unwrapped avatar as a picture: its colors with layers, one layer alone, masks; only what an edit touched is made
// again.
#include <gtest/gtest.h>

#include <thread>

#include "core/editing/brush.h"
#include "core/editing/canvas_pictures.h"
#include "core/editing/canvas_tiles.h"
#include "core/editing/chart_borders.h"
#include "tests/editing/editing_fixtures.h"

namespace likeness::test {
namespace {

std::shared_ptr<const PaintSurface> plain_surface() {
    static const auto surface = std::make_shared<const PaintSurface>(plain_head());
    return surface;
}

// A dab of blue on the forehead, 2 cm across.
std::shared_ptr<const PaintTexels> dab_at(const SurfacePoint& place) {
    BrushOptions options;
    options.size = 0.02f;
    options.hardness = 1;
    options.flow = 1;
    options.color = {0, 0, 1};
    BrushStroke stroke(plain_surface(), nullptr, options, BrushStroke::Effect::paint);
    stroke.dab(place);
    return stroke.texels();
}

SurfacePoint forehead() {
    const Avatar& avatar = plain_head();
    const int vertex = extreme_vertex(avatar, HeadRegion::face, {0, 0.4f, 1});
    for (std::size_t t = 0; t < avatar.model->triangles.size(); ++t)
        for (int k = 0; k < 3; ++k)
            if (avatar.triangles()[t][k] == vertex) {
                SurfacePoint p{int(t), Eigen::Vector3f::Constant(0.1f)};
                p.barycentric[k] = 0.8f;
                return p;
            }
    return {};
}

CanvasTileKey key_at(const Eigen::Vector2f& atlas, int level) {
    const int side = canvas_tiles_side(level);
    return {0, level, int(atlas.x() * float(side)), int(atlas.y() * float(side))};
}
PaintTexel pixel_at(const CanvasTile& tile, const CanvasTileKey& key, const Eigen::Vector2f& atlas) {
    const Eigen::Vector2f at =
        atlas * float(canvas_tiles_side(key.level)) - Eigen::Vector2f(float(key.x), float(key.y));
    return tile.pixels
        .texels[std::size_t(int(at.y() * paint_tile_side) * paint_tile_side + int(at.x() * paint_tile_side))];
}

class Canvas : public testing::Test {
  protected:
    Avatar avatar = plain_head();
    std::shared_ptr<const PaintSurface> surface = plain_surface();
    std::shared_ptr<const RegionMasks> regions = std::make_shared<const RegionMasks>(surface);
    SurfacePoint place = forehead();
    Eigen::Vector2f atlas = atlas_position(avatar, place);
    std::unique_ptr<CanvasPainter> painter = std::make_unique<CanvasPainter>(surface, regions, avatar);
    PaintTexel pixel(const PaintStack& stack, const Eigen::Vector2f& at, int level,
                     CanvasContent content = CanvasContent::color, int layer = 0) {
        const CanvasTileKey key = key_at(at, level);
        return pixel_at(*painter->tile(key, content, stack, layer), key, at);
    }
};

TEST_F(Canvas, ShowsTheAvatarsColorsWithItsLayers) {
    const SurfaceColors own(surface, avatar);
    PaintStack stack;
    stack.layers.push_back({.id = 1, .name = "blue", .opacity = 0.5f, .texels = dab_at(place)});
    const ComposedColors composed(stack, *regions);
    const auto near = [](const PaintTexel& a, const Eigen::Vector3f& b) {
        for (int c = 0; c < 3; ++c) EXPECT_NEAR(float(a[std::size_t(c)]) / 255.0f, b[c], 0.02f);
        EXPECT_EQ(a[3], 255);
    };
    const Eigen::Vector3f skin = own.at(place);
    for (const int level : {-3, -1, 0, 2, 4}) {
        SCOPED_TRACE(level);
        near(pixel({}, atlas, level), skin);
        near(pixel(stack, atlas, level), composed.over(skin, atlas));
    }
    EXPECT_NEAR(composed.over(skin, atlas)[0], 0.5f * skin[0], 0.01f) << "half of it";
    stack.layers[0].visible = false;
    near(pixel(stack, atlas, 1), skin);
    // Beside all charts nothing is shown.
    EXPECT_EQ(pixel({}, {0.999f, 0.999f}, 0)[3], 0);
    // What a layer takes away is seen through.
    stack.layers[0] = {.id = 1, .name = "hole", .texels = dab_at(place), .erase = 1};
    EXPECT_EQ(pixel(stack, atlas, 1)[3], 0);
}

TEST_F(Canvas, RegionsOfLayersCount) {
    PaintStack stack;
    stack.layers.push_back({.id = 1, .name = "blue", .region = "lips", .texels = dab_at(place)});
    const SurfaceColors own(surface, avatar);
    const Eigen::Vector3f skin = own.at(place);
    EXPECT_EQ(ComposedColors(stack, *regions).over(skin, atlas), skin) << "the forehead is no lip";
    EXPECT_NEAR(float(pixel(stack, atlas, 1)[0]) / 255.0f, skin[0], 0.02f);
    stack.layers[0].region = "skin";
    EXPECT_NEAR(ComposedColors(stack, *regions).over(skin, atlas)[2], 1, 0.02f);
    EXPECT_EQ(pixel(stack, atlas, 1, CanvasContent::mask, 1)[0], 255);
    stack.layers[0].region = "lips";
    EXPECT_EQ(pixel(stack, atlas, 1, CanvasContent::mask, 1)[0], 0);
}

TEST_F(Canvas, ShowsOneLayerOrItsMask) {
    PaintStack stack;
    stack.layers.push_back({.id = 1, .name = "green", .texels = dab_at(place)});
    stack.layers.push_back({.id = 2, .name = "hidden", .visible = false, .texels = dab_at(place)});
    const Eigen::Vector2f beside = atlas + Eigen::Vector2f(0.1f, 0);
    for (const int layer : {1, 2}) {
        EXPECT_EQ(pixel(stack, atlas, 1, CanvasContent::layer, layer), (PaintTexel{0, 0, 255, 255}));
        const PaintTexel check = pixel(stack, beside, 1, CanvasContent::layer, layer);
        EXPECT_EQ(check[0], check[2]) << "a chequerboard of greys";
        EXPECT_EQ(check[3], 255);
    }
    EXPECT_EQ(pixel(stack, beside, 1, CanvasContent::mask, 1)[0], 255) << "without a mask all is shown";
    stack.layers[0].mask = dab_at(place);
    EXPECT_EQ(pixel(stack, beside, 1, CanvasContent::mask, 1)[0], 0);
    EXPECT_EQ(pixel(stack, atlas, 1, CanvasContent::mask, 1)[0], 255);
}

TEST(CanvasTiles, KnowWhichTexelsTheyShow) {
    const PaintTileKey texels = paint_tile_at({0.43f, 0.61f}, 2);
    for (int level = least_canvas_level; level <= most_canvas_level; ++level) {
        EXPECT_TRUE(touches(key_at({0.43f, 0.61f}, level), texels)) << level;
        EXPECT_FALSE(touches(key_at({0.43f, 0.1f}, level), texels)) << level;
        EXPECT_FALSE(touches({1, level, key_at({0.43f, 0.61f}, level).x, key_at({0.43f, 0.61f}, level).y}, texels));
    }
}

TEST_F(Canvas, AnEditMakesTheTouchedTilesAnew) {
    CanvasPictures pictures({});
    std::vector<CanvasTileKey> keys;
    const int level = 0, side = canvas_tiles_side(level);
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x) keys.push_back({0, level, x, y});
    const auto settle = [&] {
        for (int i = 0; i < 6000 && !pictures.complete(); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        ASSERT_TRUE(pictures.complete());
    };
    CanvasPictures::Subject subject{surface, regions, avatar};
    pictures.want(subject, keys);
    settle();
    EXPECT_EQ(pictures.made(), keys.size());
    std::map<CanvasTileKey, std::shared_ptr<const CanvasTile>> before;
    for (const CanvasTileKey& key : keys) before[key] = pictures.tile(key);

    subject.avatar.paint.edit().layers.push_back({.id = 1, .name = "blue", .texels = dab_at(place)});
    pictures.want(subject, keys);
    settle();
    const std::size_t touched = pictures.made() - keys.size();
    EXPECT_GE(touched, 1u);
    EXPECT_LE(touched, 9u) << "two centimetres of it";
    EXPECT_NE(pictures.tile(key_at(atlas, level)), before[key_at(atlas, level)]);
    EXPECT_GT(pixel_at(*pictures.tile(key_at(atlas, level)), key_at(atlas, level), atlas)[2], 250);
    std::size_t same = 0;
    for (const CanvasTileKey& key : keys) same += pictures.tile(key) == before[key] ? 1 : 0;
    EXPECT_EQ(same, keys.size() - touched);

    // What is not seen is not made.
    subject.avatar.paint.edit().layers[0].name = "another name";
    pictures.want(subject, keys);
    settle();
    EXPECT_EQ(pictures.made(), keys.size() + touched);
    subject.avatar.paint.edit().layers[0].visible = false;
    pictures.want(subject, keys);
    settle();
    EXPECT_EQ(pictures.made(), keys.size() + 2 * touched);
    EXPECT_EQ(pictures.tile(key_at(atlas, level))->pixels.texels, before[key_at(atlas, level)]->pixels.texels);
}

// What is painted in one chart is there beyond its seam, too.
TEST_F(Canvas, ADabBesideASeamReachesTheOtherChart) {
    const auto middle_of = [&](int t) {
        const Eigen::Vector3i& c = avatar.triangle_uv()[std::size_t(t)];
        const auto& uv = avatar.uv();
        return Eigen::Vector2f((uv[std::size_t(c[0])] + uv[std::size_t(c[1])] + uv[std::size_t(c[2])]) / 3);
    };
    int seams = 0;
    for (int t = 0; t < int(avatar.model->triangles.size()) && seams < 8; ++t) {
        if (surface->region(t) != HeadRegion::face) continue;
        for (int k = 0; k < 3; ++k) {
            const int next = surface->beside(t, k);
            if (next < 0 || (middle_of(t) - middle_of(next)).norm() < 0.1f) continue;
            ++seams;
            const auto painted = dab_at(*surface->inside(middle_of(t)));
            EXPECT_GT(painted->nearest(middle_of(t))[3], 0.9f);
            EXPECT_GT(painted->nearest(middle_of(next))[3], 0.5f);
        }
    }
    EXPECT_GE(seams, 4);
}

// Borders are where charts end: a step to one side is inside, to the other it is not, or in another chart.
TEST_F(Canvas, BordersOfChartsAreFound) {
    const ChartBorders borders = chart_borders(avatar);
    ASSERT_GT(borders[0].size(), 100u);
    for (const ChartEdge& edge : borders[0]) {
        const Eigen::Vector2f middle = 0.5f * (edge[0] + edge[1]), along = edge[1] - edge[0];
        const Eigen::Vector2f across = Eigen::Vector2f(-along.y(), along.x()).normalized() * 2e-4f;
        const bool left = surface->inside(middle + across).has_value(),
                   right = surface->inside(middle - across).has_value();
        EXPECT_TRUE(left || right);
    }
    EXPECT_FALSE(surface->inside({0.999f, 0.999f}));
    EXPECT_FALSE(surface->inside({-0.1f, 0.5f}));
    ASSERT_TRUE(surface->inside(atlas));
    EXPECT_LT((surface->position(*surface->inside(atlas)) - surface->position(place)).norm(), 1e-5f);
}

}  // namespace
}  // namespace likeness::test
