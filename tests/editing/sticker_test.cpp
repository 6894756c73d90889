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
