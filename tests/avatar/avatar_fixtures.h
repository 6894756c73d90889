// Small avatars that the tests of several folders share.
#pragma once

#include <filesystem>

#include "core/avatar/photo.h"
#include "core/base/result.h"
#include "core/splat/rasterizer.h"
#include "tests/head/head_fixtures.h"

namespace likeness::test {

// An avatar on ball_head(seed): identity, offsets, a source view and `count` or a few more Gaussians with everything
// random (but opaque enough to be seen). With hair there is a shell too, and Gaussians on it.
Avatar ball_avatar(unsigned seed, std::size_t count, bool hair);
// The same with hair, and something in each part that may be empty.
Avatar everything_avatar(unsigned seed, std::size_t count);
// Gaussians of a given spacing (metres) that close the surface, colored smoothly.
void cover(Avatar& avatar, float spacing);

// As the program renders it, over `background`.
Frame render(const Avatar& avatar, const HeadPose& pose, const Camera& camera,
             const std::array<float, 3>& background = {0, 0, 0});
// The photograph that the avatar itself would give from the front: side x side, no hair, no clothes.
Photo photo_of(const Avatar& avatar, int side);

// From a file, where `model` (null for none) is the only head that is known.
Result<Avatar> load_avatar(const std::filesystem::path& path, std::shared_ptr<const HeadModel> model);

// Equal in every persistent array and member.
void expect_equal(const Avatar& a, const Avatar& b);

}  // namespace likeness::test
