// How a motion is made with an avatar's own face: one rule wherever motions play (studio, command line, benchmarks).
//
// A control's value means another movement on another face. So whatever drives an avatar (a tracked face, a camera,
// recorded curves, relative or as they are) is made with the avatar's face by ExpressionMatch while it plays. Values
// that were written for this very face (MotionTrack::made_for) are taken as they are.
#pragma once

#include <memory>
#include <string>

#include "core/avatar/avatar.h"
#include "core/motion/expression_match.h"
#include "core/motion/pose_source.h"

namespace likeness {

// Tells an avatar's face at rest from others: a hash of what shapes it; the same once it was saved and opened again.
std::string face_stamp(const Avatar& avatar);

// Whether the source's values were written for the face of that stamp.
bool is_made_for(const PoseSource& source, const std::string& face);

}  // namespace likeness
