// A driver's expression on another head: what the face looks like is carried over, not the controls' values, because a
// value means another movement on another face.
//
// From the values that the source gives, controls are found that move this head's mouth, brows and chin as far from
// their neutral as the driver's are from theirs (least squares, Gaussian prior at the source's values), with lids as
// open, and lips that meet where the driver's do.
#pragma once

#include <memory>
#include <vector>

#include "core/motion/pose_source.h"

namespace likeness {

class ExpressionMatch {
  public:
    // Of heads that FaceRuler cannot measure nothing is changed.
    ExpressionMatch(const HeadModel& model, const PersonalHead& person);

    // Changes the controls of `pose` but those of gaze and tongue. `face`: the driver's; without it, the driver is the
    // head model itself with the same controls. `driven`: of the model's controls, those that the source moves; what it
    // does not stays. Null: it moves all.
    void apply(const std::optional<FaceMove>& face, HeadPose& pose, const std::vector<bool>* driven = nullptr) const;

  private:
    FaceMove of_model(const HeadPose& pose) const;

    std::vector<int> controls_;  // that are found
    std::unique_ptr<const FaceRuler> ruler_, model_ruler_;
    FaceShape rest_, model_rest_;
};

}  // namespace likeness
