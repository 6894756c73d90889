// What a person makes of each motion: how it is retargeted, from when to when it plays, which of its frames count.
#pragma once

#include <array>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/avatar/part.h"
#include "core/motion/key_poses.h"
#include "core/motion/retarget.h"

namespace likeness {

// The face of a motion's source that counts as its neutral one, with the names of its weights.
struct KeptNeutral {
    std::vector<std::string> names;
    PoseSample sample;
    bool operator==(const KeptNeutral& other) const;
};

struct MotionEdit {
    std::optional<RetargetOptions> retarget;                                      // none: as such a source is at first
    std::array<float, motion_group_names.size()> thawed = {1, 1, 1, 1, 1, 1, 1};  // gains to go back to from frozen
    std::optional<KeptNeutral> neutral;                                           // none: the one found by itself
    double in = 0, out = std::numeric_limits<double>::infinity();                 // seconds of the motion
    // Frames of a video from, to (not with it), ascending, apart: left out, and fitted again where that is better.
    std::vector<std::array<int, 2>> dropped, refitted;

    bool operator==(const MotionEdit&) const = default;
    bool drops(int frame) const;
    // Frames from `begin` on, before `end`, are left out, or count again.
    void drop(int begin, int end, bool leave_out);
    // They are fitted again, and count.
    void refit(int begin, int end);
};

// By the motion's name. A part of the document: undone and saved.
struct MotionEdits {
    std::map<std::string, MotionEdit> of;
    bool operator==(const MotionEdits&) const = default;
};

std::size_t content_bytes(const MotionEdits& edits, const BlockVisitor& shared);
std::size_t content_bytes(const KeyPoses& poses, const BlockVisitor& shared);

}  // namespace likeness
