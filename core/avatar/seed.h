// The first Gaussians of an avatar, with colors taken from its photograph.
#pragma once

#include <cstdint>

#include "core/avatar/photo.h"

namespace likeness {

struct SeedOptions {
    float density = 1.0f;  // Gaussians, relative to about 60,000 at 1
    std::uint64_t seed = 1;
    float bust = 0;  // metres below the photograph that the bust's clothes go on, see bust_presence()
};

// Where Gaussians will lie on the head's mesh. Asks for nothing that the photograph shows but the head's shape, so
// these places can be found while hair is grown.
struct HeadPlaces {
    std::vector<SurfacePoint> fine, coarse;
    std::vector<float> spacing;  // metres between the fine ones, of each of the head's triangles
};
// `neutral`: the head's vertices in metres, 3 x V.
HeadPlaces places_on_head(const HeadModel& model, const Vertices& neutral, const SeedOptions& options);

// Replaces avatar.splats. Skin, eyes, mouth and clothes lie on the head's mesh, hair on the shell where
// its hair_presence says so, less dense where its bust_presence is less. What the photograph does not show is filled
// from the mirrored side and from neighbours on the surface.
void seed_splats(Avatar& avatar, const PhotoEvidence& evidence, const HeadPlaces& on_head, const SeedOptions& options);

}  // namespace likeness
