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

}  // namespace
}  // namespace likeness::test
