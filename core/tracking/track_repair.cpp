#include "core/tracking/track_repair.h"

#include <algorithm>

#include "core/geometry/rotation.h"
#include "core/head/head_registry.h"
#include "core/tracking/face_follower.h"
#include "core/tracking/neck.h"

namespace likeness {
namespace {

constexpr float doubtful_times = 1.8f;  // 95 % of the frames of ordinary videos stay below 1.5 times the median

bool is_tracked(const TrackedFrame& frame) { return frame.state == FrameState::tracked; }

// The nearest tracked frames of the same shot.
std::vector<std::size_t> neighbours(const FaceTrack& track, std::size_t frame) {
    std::vector<std::size_t> found;
    for (std::size_t i = frame; i > 0 && !track.frames[i].cut;)
        if (is_tracked(track.frames[--i])) {
            found.push_back(i);
            break;
        }
    for (std::size_t i = frame + 1; i < track.frames.size() && !track.frames[i].cut; ++i)
        if (is_tracked(track.frames[i])) {
            found.push_back(i);
            break;
        }
    return found;
}

// Between two views, at `share` of the way.
Eigen::Matrix4f mix(const Eigen::Matrix4f& a, const Eigen::Matrix4f& b, float share) {
    const Eigen::Matrix3f turn = b.topLeftCorner<3, 3>() * a.topLeftCorner<3, 3>().transpose();
    Eigen::Matrix4f view = a;
    view.topLeftCorner<3, 3>() = rotation_matrix(share * axis_angle_of(turn)) * a.topLeftCorner<3, 3>();
    view.topRightCorner<3, 1>() += share * (b - a).topRightCorner<3, 1>();
    return view;
}

}  // namespace

float doubtful_error(const FaceTrack& track) {
    std::vector<float> errors;
    for (const TrackedFrame& frame : track.frames)
        if (is_tracked(frame)) errors.push_back(frame.error);
    if (errors.empty()) return 0;
    const auto middle = errors.begin() + std::ptrdiff_t(errors.size() / 2);
    std::nth_element(errors.begin(), middle, errors.end());
    return doubtful_times * *middle;
}

std::vector<std::size_t> doubtful_frames(const FaceTrack& track) {
    const float most = doubtful_error(track);
    std::vector<std::size_t> doubtful;
    for (std::size_t i = 0; i < track.frames.size(); ++i)
        if (is_tracked(track.frames[i]) && track.frames[i].error > most) doubtful.push_back(i);
    return doubtful;
}

void hold_untracked(FaceTrack& track) {
    const auto first = std::find_if(track.frames.begin(), track.frames.end(), is_tracked);
    if (first == track.frames.end()) return;
    const TrackedFrame* last = &*first;
    for (TrackedFrame& frame : track.frames) {
        if (is_tracked(frame)) {
            last = &frame;
            continue;
        }
        frame.pose = last->pose;
        frame.world_to_camera = last->world_to_camera;
        frame.slip = last->slip;
    }
}

Result<std::size_t> refit_frames(const HeadModel& model, FaceTrack& track, std::span<const std::size_t> frames,
                                 Progress& progress) {
    if (track.head != head_hash(model))
        return Error{ErrorCode::invalid_argument,
                     "The track of '" + track.video + "' was made with another head; track the video again.", ""};
    const PersonalHead person = track.person(model);
    HeadFit seen;
    seen.identity = track.identity;
    seen.camera = track.camera(TrackedFrame());
    const FaceFollower follower(model, person, seen);
    std::size_t changed = 0, done = 0;
    for (const std::size_t i : frames) {
        progress.report(double(done++) / double(frames.size()), "Fitting frames again");
        if (i >= track.frames.size() || track.frames[i].landmarks[0].isZero()) continue;
        TrackedFrame& frame = track.frames[i];
        const std::vector<std::size_t> near = neighbours(track, i);
        std::optional<HeadFit> best;
        for (const std::size_t k : near) {
            const TrackedFrame& from = track.frames[k];
            const HeadFit fit =
                follower.fit(frame.landmarks, facing_fit(model, person, track.camera(from), from.pose, seen));
            if (!best || fit.landmark_error < best->landmark_error) best = fit;
        }
        if (!best || (is_tracked(frame) && frame.error <= best->landmark_error)) continue;
        if (!is_tracked(frame)) {  // what was held is of another moment
            const TrackedFrame &a = track.frames[near.front()], &b = track.frames[near.back()];
            const double way = b.seconds - a.seconds;
            const auto share = float(way > 0 ? (frame.seconds - a.seconds) / way : 0);
            frame.world_to_camera = mix(a.world_to_camera, b.world_to_camera, share);
            frame.light = (1 - share) * a.light + share * b.light;
        }
        frame.state = FrameState::tracked;
        frame.error = best->landmark_error;
        frame.pose = best->pose;
        frame.slip = place_head(model, person, *best, frame.world_to_camera, frame.pose);
        ++changed;
    }
    hold_untracked(track);
    return changed;
}

}  // namespace likeness
