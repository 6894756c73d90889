// The pictures that a portrait's avatar learns from.
#pragma once

#include "core/avatar/unproject.h"
#include "core/learning/step_engine.h"

namespace likeness {

// The photograph at a resolution. `trust`: what it shows of each Gaussian. In the mouth only those learn that it shows:
// mesh and photograph never meet exactly there, and a tongue would learn teeth; from its mirror image none learns.
TrainingView photo_view(const Avatar& avatar, const Photo& photo, const std::vector<float>& trust, int resolution);

// Its mirror image, which teaches colours where the photograph shows nothing of this side (by `trust`, one value a
// Gaussian: what the photograph shows of it).
TrainingView mirrored_view(const Avatar& avatar, const Photo& photo, const std::vector<float>& trust, int resolution);

// The photograph laid on the surface, filled where it shows nothing, and that seen from elsewhere: Gaussians that look
// right only from where the photograph was taken are found out. `projection` is this avatar's and photograph's, filled.
TrainingView turned_view(const Avatar& avatar, const Photo& photo, const Unprojection& projection,
                         const std::vector<float>& trust, const std::vector<float>& hair_presence, const Camera& camera);

// Only the outline counts: opaque inside the skin, empty well outside skin and hair.
TrainingView outline_view(const Avatar& avatar, const HeadPose& pose, const Camera& camera,
                          const std::vector<float>& hair_presence);

}  // namespace likeness
