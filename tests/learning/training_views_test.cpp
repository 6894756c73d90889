#include "core/learning/training_views.h"

#include <gtest/gtest.h>

#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

TEST(TrainingViews, AMouthLearnsOnlyWhatIsSeenOfIt) {
    Avatar avatar = ball_avatar(3, 60, false);
    const Photo photo = photo_of(avatar, 32);
    std::vector<float> trust(avatar.splats.count, 0.0f);
    for (std::size_t i = 0; i < avatar.splats.count; ++i) {
        avatar.splats.layer[i] = i % 3 == 0 ? Layer::mouth : Layer::skin;
        trust[i] = i % 2 == 0 ? 1.0f : 0.0f;
    }
    const TrainingView straight = photo_view(avatar, photo, trust, 32);
    const TrainingView mirrored = mirrored_view(avatar, photo, trust, 32);
    ASSERT_EQ(straight.splat_weight.size(), avatar.splats.count);
    ASSERT_EQ(mirrored.splat_weight.size(), avatar.splats.count);
    for (std::size_t i = 0; i < avatar.splats.count; ++i) {
        const bool mouth = i % 3 == 0, seen = i % 2 == 0;
        EXPECT_EQ(straight.splat_weight[i], mouth && !seen ? 0.0f : 1.0f) << i;
        EXPECT_EQ(mirrored.splat_weight[i], mouth || seen ? 0.0f : 1.0f) << i;
    }
}

TEST(TrainingViews, FromTheSideIsThePhotographOnTheSurface) {
    constexpr int side = 128;
    Avatar avatar = ball_avatar(1, 10, false);
    cover(avatar, 0.006f);
    for (float& opacity : avatar.splats.opacity) opacity = 5;
    const Photo photo = photo_of(avatar, side);
    Unprojection projection(avatar, photo);
    projection.fill({});
    const std::vector<float> trust(avatar.splats.count, 1.0f);
    for (const float yaw : {0.0f, 0.4f}) {
        const Camera camera = orbit(photo.camera, head_middle(avatar), yaw, 0);
        const TrainingView view = turned_view(avatar, photo, projection, trust, {}, camera);
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

}  // namespace
}  // namespace likeness::test
