#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <stdexcept>

#include "core/editing/sticker_layer.h"
#include "core/editing/surface_mirror.h"
#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

// Four quarters: red and green above, blue and white below.
std::shared_ptr<const Image> quarters() {
    auto picture = std::make_shared<Image>(40, 20, 4, 1.0f);
    for (int y = 0; y < 20; ++y)
        for (int x = 0; x < 40; ++x) {
            float* const p = picture->at(x, y);
            const bool left = x < 20, top = y < 10;
            p[0] = (top && left) || (!top && !left) ? 1.0f : 0.0f;
            p[1] = !left ? 1.0f : 0.0f;
            p[2] = !top ? 1.0f : 0.0f;
        }
    return picture;
}

SurfacePoint front(const PaintSurface& surface) {
    SurfacePoint best = surface.avatar().splats->anchor[0];
    for (const SurfacePoint& p : surface.avatar().splats->anchor)
        if (!surface.is_hair(p.triangle) && surface.position(p).z() > surface.position(best).z()) best = p;
    return best;
}

class Stickers : public testing::Test {
  protected:
    Stickers() {
        sticker.picture = quarters();
        sticker.width = 20e-3f;
        sticker.atlas = atlas_position(avatar, front(surface));
    }
    // The color at a way from the middle, metres to the right and up.
    Eigen::Vector4f color(const PaintTexels& texels, float right, float up) const {
        const StickerPlace place = sticker_place(surface, sticker);
        return texels.nearest(atlas_position(avatar, surface.walk(place.middle, right * place.right + up * place.up)));
    }
    const Avatar avatar = ball_avatar(21, 400, false);
    const std::shared_ptr<const PaintSurface> shared = std::make_shared<const PaintSurface>(avatar);
    const PaintSurface& surface = *shared;
    Sticker sticker;
};

void expect_color(const Eigen::Vector4f& a, const Eigen::Vector4f& b) {
    EXPECT_LT((a - b).norm(), 0.02f) << a.transpose();
}
const Eigen::Vector4f red(1, 0, 0, 1), green(0, 1, 0, 1), blue(0, 0, 1, 1), white(1, 1, 1, 1), nothing(0, 0, 0, 0);

TEST_F(Stickers, LieUprightAsOneSeesThem) {
    const StickerPlace place = sticker_place(surface, sticker);
    EXPECT_GT(place.up.y(), 0.9f);
    EXPECT_GT(place.right.x(), 0.9f) << "right for one who looks at the face";
    for (const bool projected : {false, true}) {
        sticker.projected = projected;
        const auto texels = sticker_texels(shared, sticker);
        expect_color(color(*texels, -5e-3f, 2.5e-3f), red);
        expect_color(color(*texels, 5e-3f, 2.5e-3f), green);
        expect_color(color(*texels, -5e-3f, -2.5e-3f), blue);
        expect_color(color(*texels, 5e-3f, -2.5e-3f), white);
        expect_color(color(*texels, 0, 6.5e-3f), nothing);
        expect_color(color(*texels, -11.5e-3f, 0), nothing);
    }
}

TEST_F(Stickers, TurnStretchAndWarp) {
    sticker.angle = float(M_PI) / 2;  // counter-clockwise: what was on the left is below
    auto texels = sticker_texels(shared, sticker);
    expect_color(color(*texels, -2.5e-3f, -5e-3f), red);
    expect_color(color(*texels, -2.5e-3f, 5e-3f), green);
    sticker.angle = 0;
    sticker.stretch = 2;
    texels = sticker_texels(shared, sticker);
    expect_color(color(*texels, -5e-3f, 8e-3f), red);
    sticker.stretch = 1;
    sticker.warp.fill({0.25f, 0});  // all of it a quarter to the right
    texels = sticker_texels(shared, sticker);
    expect_color(color(*texels, 2.5e-3f, 2.5e-3f), red);
    expect_color(color(*texels, -6.5e-3f, 2.5e-3f), nothing);
}

// Where a small dot of the picture comes to lie: the middle of what is opaque and blue.
Eigen::Vector3f blue_middle(const PaintSurface& surface, const PaintTexels& texels) {
    Eigen::Vector3f sum = Eigen::Vector3f::Zero();
    float weight = 0;
    texels.each_tile([&](const PaintTileKey& key, const std::shared_ptr<const PaintTile>& tile) {
        const auto lies = surface.tile(key);
        for (std::size_t t = 0; t < paint_tile_texels; ++t) {
            const PaintTexel& texel = tile->texels[t];
            if (!lies->inside[t] || texel[2] < 128) continue;
            sum += float(texel[3]) * lies->position[t];
            weight += float(texel[3]);
        }
    });
    return sum / weight;
}

TEST_F(Stickers, CornersOfAWarpLandWhereTheyShould) {
    // Far apart, as a picture in perspective; one of them inwards by nearly half.
    const std::array<Eigen::Vector2f, 4> ways = {
        Eigen::Vector2f(0.3f, 0.45f), {0.25f, -0.3f}, {-0.35f, 0.3f}, {-0.4f, -0.2f}};
    constexpr std::array<int, 4> corners = {0, 3, 12, 15};
    sticker.width = 30e-3f;
    sticker.angle = 0.3f;
    for (const bool projected : {false, true})
        for (std::size_t corner = 0; corner < 4; ++corner) {
            Image dotted(60, 30, 4, 0.0f);
            const int column = corners[corner] % 4 == 0 ? 0 : 57, row = corners[corner] / 4 == 0 ? 0 : 27;
            for (int i = 0; i < 9; ++i) {
                float* const pixel = dotted.at(column + i % 3, row + i / 3);
                pixel[2] = pixel[3] = 1;
            }
            Sticker warped = sticker;
            warped.projected = projected;
            warped.picture = std::make_shared<const Image>(dotted);
            for (std::size_t i = 0; i < 4; ++i) move_warp_point(warped, corners[i], ways[i]);
            EXPECT_LT((warped.warp[std::size_t(corners[corner])] - ways[corner]).norm(), 1e-6f);
            // The dot's middle lies a little within the corner.
            const Eigen::Vector2f share((float(column) + 1.5f) / 60, (float(row) + 1.5f) / 30);
            const Eigen::Vector2f at = share + sticker_warp(warped, share);
            const float right = (at.x() - 0.5f) * warped.width, up = (0.5f - at.y()) * sticker_height(warped);
            const Eigen::Vector2f skin(std::cos(warped.angle) * right - std::sin(warped.angle) * up,
                                       std::sin(warped.angle) * right + std::cos(warped.angle) * up);
            const Eigen::Vector3f lies = blue_middle(surface, *sticker_texels(shared, warped));
            const StickerPlace place = sticker_place(surface, warped);
            if (projected) {
                const Eigen::Vector3f way = lies - surface.position(place.middle);
                EXPECT_LT((Eigen::Vector2f(way.dot(place.right), way.dot(place.up)) - skin).norm(), 0.3e-3f);
            }
            const auto found = StickerFrame(surface, warped).point(share);
            ASSERT_TRUE(found);
            EXPECT_LT((surface.position(*found) - lies).norm(), 0.3e-3f) << corner << (projected ? " projected" : "");
        }
}

TEST_F(Stickers, OnePointOfAWarpMovesWhatIsAround) {
    const auto straight = sticker_texels(shared, sticker);
    move_warp_point(sticker, 5, {0.1f, 0.1f});
    EXPECT_EQ(sticker.warp[5], Eigen::Vector2f(0.1f, 0.1f));
    EXPECT_EQ(sticker.warp[6], Eigen::Vector2f(0, 0));
    const auto warped = sticker_texels(shared, sticker);
    EXPECT_FALSE(changed_tiles(*straight, *warped).empty());
    expect_color(color(*warped, 5e-3f, -2.5e-3f), white);
    expect_color(color(*warped, -9e-3f, 4e-3f), red);
    move_warp_point(sticker, 0, {1e6f, -1e6f});
    EXPECT_EQ(sticker.warp[0], Eigen::Vector2f(most_warp, -most_warp));
    sticker_texels(shared, sticker);
}

TEST_F(Stickers, AFrameFindsPlacesOfThePictureAndBack) {
    sticker.angle = -0.7f;
    sticker.stretch = 1.3f;
    for (const bool projected : {false, true})
        for (const Eigen::Vector2f& share : {Eigen::Vector2f(0.5f, 0.5f), {0.02f, 0.98f}, {0.9f, 0.1f}, {0, 0}}) {
            sticker.projected = projected;
            const StickerFrame frame(surface, sticker);
            const auto point = frame.point(share);
            ASSERT_TRUE(point);
            EXPECT_LT((frame.share(*point) - share).norm(), 1e-3f);
        }
    EXPECT_FALSE(StickerFrame(surface, sticker).point({40, 40})) << "far beyond what is near";
}

TEST_F(Stickers, APairIsMirrored) {
    const SurfacePoint aside = surface.walk(front(surface), {30e-3f, 0, 0});
    sticker.atlas = atlas_position(avatar, aside);
    sticker.width = 10e-3f;
    sticker.pair = true;
    const auto both = sticker_texels(shared, sticker);
    const SurfacePoint there = SurfaceMirror(shared)(aside);
    expect_color(color(*both, -2.5e-3f, 1.2e-3f), red);
    sticker.atlas = atlas_position(avatar, there);
    expect_color(color(*both, 2.5e-3f, 1.2e-3f), red);
    expect_color(color(*both, -2.5e-3f, 1.2e-3f), green);
}

TEST_F(Stickers, SizesThatCannotBeAreRefused) {
    sticker.width = 0;
    EXPECT_THROW(sticker_texels(shared, sticker), std::invalid_argument);
    sticker.width = 1;
    EXPECT_THROW(sticker_texels(shared, sticker), std::invalid_argument);
    sticker.width = std::numeric_limits<float>::quiet_NaN();
    EXPECT_THROW(sticker_texels(shared, sticker), std::invalid_argument);
    sticker.width = 0.02f;
    sticker.picture = nullptr;
    EXPECT_THROW(sticker_texels(shared, sticker), std::invalid_argument);
}

}  // namespace
}  // namespace likeness::test
