// The pictures that a portrait's avatar learns from, made once a resolution; what each Gaussian learns from them changes
// when some are added.
#pragma once

#include "core/avatar/unproject.h"
#include "core/learning/training_engine.h"

namespace likeness {

// Which Gaussians learn from a view, by what the photograph shows of them. In the mouth only those learn that it shows:
// mesh and photograph never meet exactly there, and a tongue would learn teeth; from its mirror image none learns. The
// skin of a lid that is rolled up learns from none of these: it would learn lashes.
enum class Learners { all, all_but_hidden, unseen };

struct PortraitView {
    HeadPose pose;
    Camera camera;
    LossTarget target;
    LossWeights weights;
    bool colors_only = false;
    Learners learners = Learners::all;

    // For an engine, without splat weights. Throws as loss_picture() does.
    TrainingView training_view() const { return {camera, pose, loss_picture(target), weights, colors_only, {}}; }
};

// The photograph at a resolution.
PortraitView photo_view(const Avatar& avatar, const Photo& photo, int resolution);

// Its mirror image, which teaches colors where the photograph shows nothing of this side.
PortraitView mirrored_view(const Avatar& avatar, const Photo& photo, int resolution);

// The photograph laid on the surface, filled where it shows nothing, and that seen from elsewhere: Gaussians that look
// right only from where the photograph was taken are found out. `projection` is this avatar's and photograph's, filled.
PortraitView turned_view(const Avatar& avatar, const PhotoEvidence& evidence, const Unprojection& projection,
                         const Camera& camera);

// Only the outline counts: opaque inside the skin where the bust is whole, empty well outside skin, hair and what hangs
// beside them now. Presences as in PhotoEvidence.
PortraitView outline_view(const Avatar& avatar, const HeadPose& pose, const Camera& camera,
                          const std::vector<float>& hair_presence, const std::vector<float>& bust_presence);

// How much each of the Gaussians that the avatar has now learns from a view; empty means 1. `trust`: what the
// photograph shows of each.
class LearnerWeights {
  public:
    LearnerWeights(const Avatar& avatar, const std::vector<float>& trust);
    const std::vector<float>& of(Learners learners) const;

  private:
    std::vector<float> all_, all_but_hidden_, unseen_;
};

}  // namespace likeness
