// A track of somebody with two controls and three joints, small enough for files that are damaged.
#pragma once

#include <initializer_list>

#include "core/tracking/face_track.h"

namespace likeness::test {

// Ten frames a second from second 1 on; jawOpen grows by .1 a frame; neck and head turn by .1 each, the torso by 1.
inline FaceTrack small_track(std::initializer_list<FrameState> states) {
    FaceTrack track;
    track.video = "somebody.mp4";
    track.width = track.height = 64;
    track.rate = 10;
    track.focal = 100;
    track.controls = {"jawOpen", "eyeBlinkLeft"};
    track.joints = {"torso", "neck", "head"};
    track.identity.setZero(3);
    track.offsets.setZero(3, 2);
    track.of_controls.setZero(6, 2);
    for (const FrameState state : states) {
        const auto i = float(track.frames.size());
        TrackedFrame frame;
        frame.seconds = 1 + 0.1 * double(i);
        frame.state = state;
        frame.pose.controls = Eigen::Vector2f(0.1f * i, 0.5f);
        frame.pose.joints.setZero(3, 3);
        frame.pose.joints.row(1) << 1, 0.1f, 0.1f;
        track.frames.push_back(frame);
    }
    return track;
}

}  // namespace likeness::test
