// What of a source's motion another head makes: from the source's own neutral face or as it is, more or less of it,
// smoother.
//
// Relative: a control's value is its distance from the source's neutral, x - n: the same movement of the skin. Those of
// lids reach 1 where the source does: closed stays closed. Gains scale movements; a lid that is closed stays so under
// any but 0. Smoothing is the One-Euro filter (Casiez, Roussel, Vogel 2012); over a recording it runs forwards and
// backwards, so that nothing comes late. How another face makes the result is expression_match.h's.
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "core/motion/motion_track.h"

namespace likeness {

enum class MotionGroup { brows, eyes, gaze, mouth, jaw, head, body };
inline constexpr std::array<const char*, 7> motion_group_names = {"brows", "eyes", "gaze", "mouth",
                                                                  "jaw",   "head", "body"};
// Of an ARKit control; those of cheeks, nose and tongue go with the mouth.
MotionGroup motion_group(std::string_view control);

struct RetargetOptions {
    bool relative = false;  // to a neutral; needs one
    std::array<float, motion_group_names.size()> gain = {1, 1, 1, 1, 1, 1, 1};  // 0 (frozen) to 3, by MotionGroup
    float smoothing = 0;  // 0 none to 1 strong
    bool operator==(const RetargetOptions&) const = default;
};

// The neutral of a recording: what its calm faces that look at somebody have in common, how the head is held and where
// the eyes look in the calmer half of them, and where the body mostly is. Nothing when there are no frames.
std::optional<PoseSample> neutral_of(const MotionTrack& track);

// The same source as `options` change it; its names, rate and time (track() has the values before that). `neutral`: of
// the same names; null: relative changes nothing. Gains of heads and bodies scale the rotation's angle and the shift.
// Values stay in [-0.3, 1.2].
std::shared_ptr<const PoseSource> retarget(std::shared_ptr<const PoseSource> source, const RetargetOptions& options,
                                           const PoseSample* neutral);

}  // namespace likeness
