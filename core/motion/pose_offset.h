// The stage between a source's sample and the pose that is shown: what a person adds to every sample of a motion.
//
// A sum stays between neutral and the full movement, and a joint within its limits; a sample that lies beyond stays
// where it is.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/motion/pose_source.h"

namespace likeness {

// What a source moves of a head; the rest of the pose stays a person's own.
struct DrivenParts {
    std::vector<bool> controls, joints;  // [C], [J]
    bool place = false;                  // the translation, of which there is no offset
    static DrivenParts of(const PoseSource& source, const HeadModel& model);
};

// Offsets are poses: controls [C] are added; joints [3, J], axis-angle in radians, turn after the sample's rotation;
// there is no translation. An offset of another head's size adds nothing.
HeadPose add_offset(const HeadModel& model, const DrivenParts& driven, const HeadPose& sampled, const HeadPose& offset);
// What of `offset` must change so that `sampled` becomes `wanted` where that differs from `shown`, of the driven parts.
HeadPose offset_towards(const HeadModel& model, const DrivenParts& driven, const HeadPose& sampled,
                        const HeadPose& shown, const HeadPose& wanted, const HeadPose& offset);

// The offsets of a document, each of a motion by its name. A part of the document: undone and saved.
struct MotionOffsets {
    std::map<std::string, HeadPose> of;
    bool operator==(const MotionOffsets&) const = default;
};

}  // namespace likeness
