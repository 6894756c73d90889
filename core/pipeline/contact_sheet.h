// One picture that shows whether an avatar is good: the photograph, the avatar from several sides, expressions, mesh.
#pragma once

#include "core/avatar/avatar.h"
#include "core/pipeline/render_avatar.h"

namespace likeness {

// RGB, cells of `cell` x `cell` pixels on a light grey ground.
Image contact_sheet(const Avatar& avatar, AvatarRenderer& renderer, int cell);

// A pose by named controls, e.g. {{"jawOpen", 0.7f}}; unknown names are left out.
HeadPose pose_of(const HeadModel& model, const std::vector<std::pair<std::string, float>>& controls);

}  // namespace likeness
