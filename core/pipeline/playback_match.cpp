#include "core/pipeline/playback_match.h"

#include "core/base/hash.h"
#include "core/motion/motion_track.h"

namespace likeness {

std::string face_stamp(const Avatar& avatar) {
    ContentHash hash;
    const auto add = [&](const auto& values) {
        hash.add(values.data(), std::size_t(values.size()) * sizeof(*values.data()));
    };
    add(avatar.person->identity);
    add(avatar.person->offsets);
    if (!avatar.identity_change->added.isZero(0)) add(avatar.identity_change->added);
    return hash.text();
}

bool is_made_for(const PoseSource& source, const std::string& face) {
    const MotionTrack* track = source.track();
    return track && !track->made_for.empty() && track->made_for == face;
}

}  // namespace likeness
