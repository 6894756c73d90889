// Strokes over three seams of the atlas, as pictures show them: nothing changes outside of where the brush was.
#include <gtest/gtest.h>

#include <numbers>

#include "core/editing/brush.h"
#include "core/editing/painted_splats.h"
#include "core/editing/surface_pick.h"
#include "tests/editing/editing_fixtures.h"

namespace likeness::test {
namespace {

constexpr int side = 512;

struct DrawnStroke {
    const char* name;
    HeadRegion begins, ends;
    float yaw;
    std::vector<Eigen::Vector2f> pixels;  // set by across()
};

// Pixels from a place in one region to one in another, seen from the side.
std::vector<Eigen::Vector2f> across(const Avatar& avatar, const SurfacePicker& picker, const Camera& camera,
                                    HeadRegion a, HeadRegion b) {
    std::vector<std::vector<Eigen::Vector2f>> of(2);
    for (int y = 4; y < side; y += 6)
        for (int x = 4; x < side; x += 6)
            if (const auto found = picker.pick(camera, float(x), float(y))) {
                const HeadRegion region = avatar.model->triangle_region[std::size_t(found->point.triangle)];
                if (region == a) of[0].emplace_back(x, y);
                if (region == b) of[1].emplace_back(x, y);
            }
    // The two that are nearest to each other, and as far on again on both sides.
    Eigen::Vector2f from(0, 0), to(0, 0);
    float nearest = 1e9f;
    for (const auto& p : of[0])
        for (const auto& q : of[1])
            if (const float distance = (p - q).norm(); distance < nearest) {
                nearest = distance;
                from = p;
                to = q;
            }
    const Eigen::Vector2f way = (to - from).normalized() * 24;
    return {from - way, from, to, to + way};
}

TEST(StrokePicture, OutsideOfTheBrushNothingChanges) {
    Avatar avatar = plain_head();
    const auto surface = std::make_shared<const PaintSurface>(avatar);
    const HeadPose pose = HeadPose::neutral(*avatar.model);
    const SurfacePicker picker(std::make_shared<const PickIndex>(avatar), pose, {true, true, true, true, true, true});
    for (DrawnStroke drawn : {DrawnStroke{"face to neck", HeadRegion::face, HeadRegion::neck, 0.5f, {}},
                              DrawnStroke{"face to scalp", HeadRegion::face, HeadRegion::scalp, 0.4f, {}},
                              DrawnStroke{"face to ear", HeadRegion::face, HeadRegion::ear_left, 1.3f, {}}}) {
        const Camera camera = orbit(default_camera(avatar, side, side), head_middle(avatar), drawn.yaw, 0.05f);
        const auto pick = [&](const Eigen::Vector2f& p) -> std::optional<StrokePath::Place> {
            const auto found = picker.pick(camera, p.x(), p.y());
            if (!found) return {};
            return StrokePath::Place{found->point, camera.fx / found->depth};
        };
        BrushOptions options;
        options.size = 0.009f;
        options.flow = 1;
        options.color = {0.9f, 0.1f, 0.8f};
        BrushStroke stroke(surface, nullptr, options, BrushStroke::Effect::paint);
        StrokePath path(0);
        for (const auto& p : across(avatar, picker, camera, drawn.begins, drawn.ends)) path.to(p, 1, pick, stroke);
        path.end(pick, stroke);
        const auto texels = stroke.texels();
        std::set<HeadRegion> regions;
        // Where texels with paint come to lie, two pixels broader.
        std::vector<bool> footprint(std::size_t(side * side));
        texels->each_tile([&](const PaintTileKey& key, const auto& tile) {
            const auto on = surface->tile(key);
            for (int i = 0; i < paint_tile_texels; ++i) {
                if (tile->texels[std::size_t(i)][3] == 0 || on->triangle[std::size_t(i)] < 0) continue;
                regions.insert(surface->region(on->triangle[std::size_t(i)]));
                const Eigen::Vector2f p = camera.project(on->position[std::size_t(i)]);
                for (int y = int(p.y()) - 2; y <= int(p.y()) + 2; ++y)
                    for (int x = int(p.x()) - 2; x <= int(p.x()) + 2; ++x)
                        if (x >= 0 && y >= 0 && x < side && y < side) footprint[std::size_t(y * side + x)] = true;
            }
        });
        EXPECT_TRUE(regions.contains(drawn.begins) && regions.contains(drawn.ends)) << drawn.name;
        Avatar with = avatar;
        with.paint = PaintStack{{{.id = 1, .name = "stroke", .texels = texels}}};
        const Frame before = render(avatar, pose, camera), after = render(painted(with), pose, camera);
        int leaks = 0, strong = 0;
        float worst = 0;
        for (int i = 0; i < side * side; ++i) {
            float change = 0;
            for (int c = 0; c < 3; ++c)
                change = std::max(change, std::abs(after.color.pixels[std::size_t(i * 3 + c)] -
                                                   before.color.pixels[std::size_t(i * 3 + c)]));
            if (!footprint[std::size_t(i)]) {
                worst = std::max(worst, change);
                leaks += change > 1.0f / 255;
            } else {
                strong += change > 0.15f;
            }
        }
        EXPECT_EQ(leaks, 0) << drawn.name << ", " << worst * 255;
        EXPECT_GT(strong, 200) << drawn.name << ": the stroke is seen";
    }
}

}  // namespace
}  // namespace likeness::test
