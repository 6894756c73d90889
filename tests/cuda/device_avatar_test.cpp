// What a change of an avatar costs: uploads go part by part.
#include "likeness/cuda/device_avatar.h"

#include <gtest/gtest.h>

#include <utility>

#include "tests/avatar/avatar_fixtures.h"
#include "tests/cuda/gpu_test.h"

namespace likeness::cuda_tests {
namespace {

class DeviceAvatarTest : public GpuTest {};

TEST_F(DeviceAvatarTest, uploads_only_the_part_that_changed) {
    Avatar avatar = test::everything_avatar(4, 900);
    cuda::DeviceAvatar device(stream());
    HeadPose pose = HeadPose::neutral(*avatar.model);
    std::size_t known = 0;
    const auto uploaded = [&] {
        device.pose(avatar, pose, ~0u);
        const std::size_t now = device.uploaded(), before = std::exchange(known, now);
        return now - before;
    };
    const auto floats = [](const auto& matrix) { return std::size_t(matrix.size()) * sizeof(float); };
    const std::size_t basis = floats(avatar.head().expression->targets), rest = floats(avatar.neutral()),
                      pose_bytes = floats(pose.controls) + floats(pose.joints) + 12,
                      splats = avatar.splats->count * ((gaussian_floats + 4) * sizeof(float) + 1);
    ASSERT_GT(basis, 0u);
    EXPECT_GT(uploaded(), basis + rest + splats);
    EXPECT_EQ(uploaded(), pose_bytes) << "nothing changed";
    pose.controls.setConstant(0.3f);
    EXPECT_EQ(uploaded(), pose_bytes);
    avatar.splats.edit().albedo[0] = 0.25f;
    EXPECT_EQ(uploaded(), pose_bytes + splats) << "a color";
    avatar.light.edit().exposure = 1;
    avatar.source.edit().file = "renamed";
    EXPECT_EQ(uploaded(), pose_bytes) << "what is not drawn";
    avatar.identity_change = IdentityChange{Eigen::VectorXf::Constant(avatar.model->identity_count(), 0.4f)};
    avatar.prepare();
    const std::size_t charts = avatar.triangles().size() * 4 * sizeof(float);
    EXPECT_EQ(uploaded(), pose_bytes + rest + charts + floats(avatar.head().joint_position))
        << "a shape: neither the basis nor the Gaussians nor triangles nor weights";
}

}  // namespace
}  // namespace likeness::cuda_tests
