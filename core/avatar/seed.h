// The first Gaussians of an avatar, with colours taken from its photograph.
#pragma once

#include <cstdint>

#include "core/avatar/photo.h"

namespace likeness {

struct SeedOptions {
    float density = 1.0f;  // Gaussians, relative to about 60,000 at 1
    std::uint64_t seed = 1;
};

// Replaces avatar.splats. Skin, eyes, mouth and clothes lie on the head's mesh, hair on the shell where
// `hair_presence` (from grow_hair) says so. What the photograph does not show is filled from the mirrored side and
// from neighbours on the surface.
void seed_splats(Avatar& avatar, const Photo& photo, const std::vector<float>& hair_presence,
                 const SeedOptions& options);

}  // namespace likeness
