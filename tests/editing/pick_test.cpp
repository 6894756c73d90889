// What one sees at a pixel is what a pick finds.
#include <gtest/gtest.h>

#include <chrono>
#include <numbers>

#include "core/avatar/deform.h"
#include "core/editing/surface_pick.h"
#include "tests/editing/editing_fixtures.h"

namespace likeness::test {
namespace {

constexpr std::array<bool, splat_part_names.size()> all_shown = {true, true, true, true, true, true};

SurfacePicker picker_of(const Avatar& avatar, const HeadPose& pose) {
    return {std::make_shared<const PickIndex>(avatar), pose, all_shown};
}

HeadPose turned(const Avatar& avatar, float yaw, float jaw) {
    HeadPose pose = HeadPose::neutral(*avatar.model);
    turn_head(*avatar.model, {0, yaw, 0}, pose);
    if (const int open = avatar.model->control("jawOpen"); open >= 0) pose.controls[open] = jaw;
    return pose;
}

// The rasterizer's own depth and shares of the parts are the truth.
TEST(Pick, FindsWhatTheRasterizerShows) {
    const Avatar& avatar = head_with_hair();
    int compared = 0, deep = 0, off = 0, other_part = 0;
    for (const float yaw : {0.0f, 0.9f, -1.5f}) {
        const HeadPose pose = turned(avatar, 0.3f, 0.6f);
        const Camera camera = orbit(default_camera(avatar, 160, 160), head_middle(avatar), yaw, 0.1f);
        SplatSet posed;
        deform(*avatar.splats, splat_frames(avatar, pose), posed);
        // A share and a depth for each part.
        constexpr std::size_t parts = splat_part_names.size();
        posed.extra_channels = int(2 * parts);
        posed.extra.assign(posed.count * 2 * parts, 0.0f);
        for (std::size_t i = 0; i < posed.count; ++i) {
            float* const of = &posed.extra[i * 2 * parts + std::size_t(avatar.splats->part[i])];
            of[0] = 1;
            camera.project({posed.means[i * 3], posed.means[i * 3 + 1], posed.means[i * 3 + 2]}, of + parts);
        }
        Frame frame;
        make_cpu_rasterizer()->forward(posed, camera, {}, frame);
        const SurfacePicker picker = picker_of(avatar, pose);
        for (int y = 3; y < 160; y += 7)
            for (int x = 3; x < 160; x += 7) {
                const auto i = std::size_t(y * 160 + x);
                const auto found = picker.pick(camera, float(x) + 0.5f, float(y) + 0.5f);
                const float alpha = frame.alpha.pixels[i];
                EXPECT_EQ(found.has_value(), alpha >= 0.2f) << x << " " << y << " " << alpha;
                const float* const share = &frame.extra.pixels[i * 2 * parts];
                const auto part = std::max_element(share, share + parts) - share;
                if (!found || share[part] < 0.9f) continue;
                const float depth = share[parts + std::size_t(part)] / share[part];
                ++compared;
                other_part += std::ptrdiff_t(found->part) != part;
                deep += std::abs(found->depth - depth) > 0.012f;
                const Eigen::Vector2f back = camera.project(found->position);
                off += (back - Eigen::Vector2f(float(x) + 0.5f, float(y) + 0.5f)).norm() > 1.5f;
            }
    }
    ASSERT_GT(compared, 500);
    EXPECT_EQ(other_part, 0);
    EXPECT_LT(deep, compared / 20) << "only where two sheets share a pixel";
    EXPECT_LE(off, 2) << "a place beside the pixel (2.5 mm) only at silhouettes, and then the nearest";
}

TEST(Pick, NeverGoesThroughToTheEarBehind) {
    const Avatar& avatar = plain_head();
    const HeadPose pose = turned(avatar, 0, 0);
    const SurfacePicker picker = picker_of(avatar, pose);
    // From the subject's left the left ear is there, and the right one, straight behind it, is not.
    const Camera camera =
        orbit(default_camera(avatar, 256, 256), head_middle(avatar), std::numbers::pi_v<float> / 2, 0);
    int ears = 0;
    for (int y = 2; y < 256; y += 4)
        for (int x = 2; x < 256; x += 4)
            if (const auto found = picker.pick(camera, float(x), float(y))) {
                const HeadRegion region = avatar.model->triangle_region[std::size_t(found->point.triangle)];
                ears += region == HeadRegion::ear_left;
                EXPECT_NE(region, HeadRegion::ear_right);
                EXPECT_GT(found->position.x(), -0.04f);
            }
    EXPECT_GT(ears, 30);
}

TEST(Pick, HiddenHairIsSeenThrough) {
    const Avatar& avatar = head_with_hair();
    const auto index = std::make_shared<const PickIndex>(avatar);
    auto without_hair = all_shown;
    without_hair[std::size_t(SplatPart::hair)] = false;
    const HeadPose pose = turned(avatar, 0, 0);
    const Camera camera = default_camera(avatar, 200, 200);
    const Eigen::Vector3f scalp = avatar.neutral().col(extreme_vertex(avatar, HeadRegion::scalp, {0, 0.6f, 0.8f}));
    const Eigen::Vector2f at = camera.project(scalp);
    const auto hair = SurfacePicker(index, pose, all_shown).pick(camera, at.x(), at.y());
    const auto skin = SurfacePicker(index, pose, without_hair).pick(camera, at.x(), at.y());
    ASSERT_TRUE(hair && skin);
    EXPECT_EQ(hair->part, SplatPart::hair);
    EXPECT_GE(hair->point.triangle, int(avatar.model->triangles.size()));
    EXPECT_EQ(skin->part, SplatPart::skin);
    EXPECT_LT(skin->point.triangle, int(avatar.model->triangles.size()));
}

// A Gaussian far off its anchor has no mesh behind it: the place that it hangs on is what is painted.
TEST(Pick, StrandsBesideTheHeadGiveTheirOwnAnchor) {
    Avatar avatar = plain_head();
    AnchoredSplats one;
    one.resize(1);
    one.atlas[0] = avatar.splats->atlas[0];
    one.anchor[0] = avatar.splats->anchor[0];
    one.part[0] = SplatPart::hair;
    one.offset = {0, 0, 0.15f};
    one.log_scale.assign(3, std::log(0.006f));
    one.rotation = {1, 0, 0, 0};
    one.opacity_logit = {4};
    const int triangle = one.anchor[0].triangle;
    avatar.splats = std::move(one);
    const HeadPose pose = turned(avatar, 0, 0);
    SplatSet posed;
    deform(*avatar.splats, splat_frames(avatar, pose), posed);
    const Camera camera = default_camera(avatar, 200, 200);
    const Eigen::Vector2f at = camera.project({posed.means[0], posed.means[1], posed.means[2]});
    const auto found = picker_of(avatar, pose).pick(camera, at.x(), at.y());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->point.triangle, triangle);
    EXPECT_FALSE(picker_of(avatar, pose).pick(camera, at.x() + 30, at.y()));
}

}  // namespace
}  // namespace likeness::test
