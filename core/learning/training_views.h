// The pictures that a portrait's avatar learns from. Pictures are made once a resolution; the Gaussians under them change
// when some are added.
#pragma once

#include "core/avatar/unproject.h"
#include "core/learning/step_engine.h"

namespace likeness {

// Which Gaussians learn from a view, by what the photograph shows of them. In the mouth only those learn that it shows:
// mesh and photograph never meet exactly there, and a tongue would learn teeth; from its mirror image none learns. The
// skin of a lid that is rolled up learns from none of these: it would learn lashes.
enum class Learners { all, all_but_hidden, unseen };

struct PortraitView : TrainingView {
    HeadPose pose;
    Learners learners = Learners::all;
};

// The photograph at a resolution.
PortraitView photo_view(const Avatar& avatar, const Photo& photo, int resolution);

// Its mirror image, which teaches colours where the photograph shows nothing of this side.
PortraitView mirrored_view(const Avatar& avatar, const Photo& photo, int resolution);

// The photograph laid on the surface, filled where it shows nothing, and that seen from elsewhere: Gaussians that look
// right only from where the photograph was taken are found out. `projection` is this avatar's and photograph's, filled.
PortraitView turned_view(const Avatar& avatar, const Photo& photo, const Unprojection& projection,
                         const std::vector<float>& hair_presence, const Camera& camera);

// Only the outline counts: opaque inside the skin, empty well outside skin, hair and what hangs beside them now.
PortraitView outline_view(const Avatar& avatar, const HeadPose& pose, const Camera& camera,
                          const std::vector<float>& hair_presence);

// Puts the Gaussians that the avatar has now under the views. `trust`: what the photograph shows of each.
void place_gaussians(const Avatar& avatar, const std::vector<float>& trust, std::vector<PortraitView>& views);

}  // namespace likeness
