#include "core/learning/training_views.h"

#include <gtest/gtest.h>

#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

TEST(TrainingViews, AMouthLearnsOnlyWhatIsSeenOfIt) {
    Avatar avatar = ball_avatar(3, 60, false);
    const Photo photo = photo_of(avatar, 32);
    std::vector<float> trust(avatar.splats->count, 0.0f);
    for (std::size_t i = 0; i < avatar.splats->count; ++i) {
        avatar.splats.edit().part[i] = i % 3 == 0 ? SplatPart::mouth : SplatPart::skin;
        trust[i] = i % 2 == 0 ? 1.0f : 0.0f;
    }
    const LearnerWeights weights(avatar, trust);
    const std::vector<float>&straight = weights.of(photo_view(avatar, photo, 32).learners),
                       &mirrored = weights.of(mirrored_view(avatar, photo, 32).learners);
    ASSERT_EQ(straight.size(), avatar.splats->count);
    ASSERT_EQ(mirrored.size(), avatar.splats->count);
    for (std::size_t i = 0; i < avatar.splats->count; ++i) {
        const bool mouth = i % 3 == 0, seen = i % 2 == 0;
        EXPECT_EQ(straight[i], mouth && !seen ? 0.0f : 1.0f) << i;
        EXPECT_EQ(mirrored[i], mouth || seen ? 0.0f : 1.0f) << i;
    }
}

TEST(TrainingViews, TheSkinOfALidThatIsRolledUpLearnsNothing) {
    Avatar avatar = ball_avatar(3, 60, false);
    auto with_lids = std::make_shared<HeadModel>(*avatar.model);
    // What lips learn is another matter.
    std::ranges::replace(with_lids->triangle_region, HeadRegion::lips, HeadRegion::face);
    auto blinking = std::make_shared<ExpressionBasis>(*avatar.model->expression);
    blinking->control_map(0, with_lids->control("eyeBlinkLeft")) = 1;
    with_lids->expression = blinking;
    avatar.model = with_lids;
    const HeadModel& model = *avatar.model;
    std::ranges::fill(avatar.splats.edit().part, SplatPart::skin);
    const Photo photo = photo_of(avatar, 32);
    for (const float shut : {0.0f, 1.0f}) {
        avatar.source.edit().pose = HeadPose::neutral(model);
        for (const char* name : {"eyeBlinkLeft", "eyeBlinkRight"})
            avatar.source.edit().pose.controls[model.control(name)] = shut;
        const LearnerWeights weights(avatar, std::vector<float>(avatar.splats->count, 0.0f));
        const std::vector<float>&straight = weights.of(photo_view(avatar, photo, 32).learners),
                           &mirrored = weights.of(mirrored_view(avatar, photo, 32).learners);
        const auto held = [](const std::vector<float>& weight) {
            return std::count(weight.begin(), weight.end(), 0.0f);
        };
        EXPECT_EQ(held(straight), held(mirrored));
        EXPECT_EQ(held(straight) > 0, shut == 0) << "a closed lid is seen";
        const std::vector<float> rolled = rolled_lids(model, avatar.source->pose);
        for (std::size_t i = 0; i < avatar.splats->count; ++i) {
            const SurfacePoint& anchor = avatar.splats->anchor[i];
            const Eigen::Vector3i& t = model.triangles[std::size_t(anchor.triangle)];
            float here = 0;
            for (int k = 0; k < 3; ++k) here += anchor.barycentric[k] * rolled[std::size_t(t[k])];
            const float weight = straight[i];
            EXPECT_TRUE(weight == 0 ? here > 0.15f : here < 0.25f) << i << ": " << here;
        }
    }
}

TEST(TrainingViews, WhoLearnsIsSaidOfTheGaussiansThatThereAre) {
    Avatar avatar = ball_avatar(3, 60, false);
    const Photo photo = photo_of(avatar, 32);
    const Learners from_outline = outline_view(avatar, photo.pose, photo.camera, {}, {}).learners;
    for (const std::size_t count : {avatar.splats->count, avatar.splats->count / 2}) {
        avatar.splats.edit().resize(count);
        const LearnerWeights weights(avatar, std::vector<float>(count, 1.0f));
        EXPECT_EQ(weights.of(Learners::all_but_hidden).size(), count);
        EXPECT_EQ(weights.of(Learners::unseen).size(), count);
        EXPECT_TRUE(weights.of(from_outline).empty()) << "all learn from an outline";
    }
}

TEST(TrainingViews, AnEngineGetsWhatAViewShows) {
    const Avatar avatar = ball_avatar(3, 60, false);
    const Photo photo = photo_of(avatar, 32);
    for (const PortraitView& view : {photo_view(avatar, photo, 32), mirrored_view(avatar, photo, 32),
                                     outline_view(avatar, photo.pose, photo.camera, {}, {})}) {
        const TrainingView given = view.training_view();
        EXPECT_EQ(given.pose.controls, view.pose.controls);
        EXPECT_EQ(given.camera.world_to_camera, view.camera.world_to_camera);
        EXPECT_EQ(given.colors_only, view.colors_only);
        EXPECT_EQ(given.weights.alpha, view.weights.alpha);
        EXPECT_TRUE(given.splat_weight.empty());
        ASSERT_EQ(given.target.width, view.target.color.width);
        EXPECT_EQ(given.target.weight, view.target.weight.pixels);
        for (std::size_t i = 0; i < view.target.alpha.pixels.size(); ++i) {
            ASSERT_NEAR(float(given.target.rgba[4 * i + 3]) / 255, view.target.alpha.pixels[i], 0.5f / 255 + 1e-6f);
            for (std::size_t c = 0; c < 3; ++c)
                ASSERT_NEAR(float(given.target.rgba[4 * i + c]) / 255, std::clamp(view.target.color.pixels[3 * i + c], 0.0f, 1.0f),
                            0.5f / 255 + 1e-6f);
        }
    }
    EXPECT_TRUE(mirrored_view(avatar, photo, 32).training_view().colors_only) << "a mirror image teaches colors";
}

TEST(TrainingViews, FromTheSideIsThePhotographOnTheSurface) {
    constexpr int side = 128;
    Avatar avatar = ball_avatar(1, 10, false);
    cover(avatar, 0.006f);
    for (float& opacity : avatar.splats.edit().opacity_logit) opacity = 5;
    const Photo photo = photo_of(avatar, side);
    Unprojection projection(avatar, photo);
    projection.fill({});
    for (const float yaw : {0.0f, 0.4f}) {
        const Camera camera = orbit(photo.camera, head_middle(avatar), yaw, 0);
        const PortraitView view = turned_view(avatar, {photo, {}, {}}, projection, camera);
        const Frame truth = render(avatar, photo.pose, camera);
        double difference = 0, unturned = 0;
        int sure = 0, shown = 0;
        for (std::size_t i = 0; i < truth.alpha.pixels.size(); ++i) {
            const float weight = view.target.weight.pixels[i];
            EXPECT_EQ(view.target.alpha.pixels[i], weight > 0 ? 1.0f : 0.0f);
            shown += weight > 0;
            const float alpha = truth.alpha.pixels[i];
            if (weight < 0.5f || alpha < 0.8f) continue;
            ++sure;
            for (std::size_t c = 0; c < 3; ++c) {
                const float there = truth.color.pixels[i * 3 + c] / alpha;
                difference += std::abs(double(view.target.color.pixels[i * 3 + c] - there));
                unturned += std::abs(double(photo.color.pixels[i * 3 + c] - there));
            }
        }
        ASSERT_GT(sure, 150) << yaw;
        EXPECT_GT(shown, sure) << "what is filled counts too, but less";
        EXPECT_LT(difference / (3 * sure), 0.02) << yaw;
        if (yaw > 0) {
            EXPECT_GT(unturned, 4 * difference) << "it is no copy of the photograph";
        }
        EXPECT_EQ(view.weights.alpha, 0) << "the surface's outline is not the hair's";
    }
}

TEST(TrainingViews, AnOutlineSaysNothingWhereAStrandHangs) {
    Avatar avatar = ball_avatar(1, 10, false);
    for (float& offset : avatar.splats.edit().offset) offset = 0;
    const Photo photo = photo_of(avatar, 64);
    const auto weight_at = [&](const Eigen::Vector2f& pixel) {
        const PortraitView view = outline_view(avatar, photo.pose, photo.camera, {}, {});
        return *view.target.weight.at(int(pixel.x()), int(pixel.y()));
    };
    // The Gaussian whose place beside the surface is the farthest outside of the outline.
    const SplatFrames frames = splat_frames(avatar, photo.pose);
    Eigen::Vector2f pixel(0, 0);
    std::size_t strand = 0;
    float farthest = 0;
    for (std::size_t i = 0; i < avatar.splats->count; ++i) {
        const float* f = &frames.values[i * frame_floats];
        const Eigen::Vector3f out(f[3 + 2], f[3 + 5], f[3 + 8]), origin(f[0], f[1], f[2]);
        const Eigen::Vector2f p = photo.camera.project(Eigen::Vector3f(origin + 0.05f * f[12] * out));
        const float away = (p - Eigen::Vector2f(32, 32)).norm();
        if (p.minCoeff() < 1 || p.maxCoeff() >= 63 || away < farthest) continue;
        farthest = away;
        strand = i;
        pixel = p;
    }
    ASSERT_EQ(weight_at(pixel), 1) << "empty there";
    avatar.splats.edit().offset[strand * 3 + 2] = 0.05f;
    EXPECT_EQ(weight_at(pixel), 0);
}

}  // namespace
}  // namespace likeness::test
