#include "core/pipeline/track_video.h"

#include <algorithm>
#include <cmath>

#include "core/base/parallel.h"
#include "core/head/head_registry.h"
#include "core/image/ops.h"
#include "core/pipeline/kept_looks.h"
#include "core/pipeline/video_looks.h"
#include "core/pipeline/video_stamp.h"
#include "core/tracking/causal_torso.h"
#include "core/tracking/face_follower.h"
#include "core/tracking/frame_light.h"
#include "core/tracking/neck.h"
#include "core/tracking/track_repair.h"
#include "core/vision/face_watcher.h"

namespace likeness {
namespace {

constexpr std::size_t key_frames = 16;
constexpr std::size_t solve_chunk = 24;   // frames that one thread solves one after another
constexpr float other_error = 0.012f;     // of the iris distance: above it, and ...
constexpr float other_times = 2.5f;       // ... so many times the person's own, a face is somebody else's

struct Run {  // frames of one shot in which one face was followed
    std::size_t begin, end;
};

std::vector<Run> runs_of(const std::deque<SeenFrame>& seen) {
    std::vector<Run> runs;
    for (std::size_t i = 0; i < seen.size(); ++i) {
        if (!seen[i].face) continue;
        if (!runs.empty() && runs.back().end == i && !seen[i].cut && !seen[i].anew)
            ++runs.back().end;
        else
            runs.push_back({i, i + 1});
    }
    return runs;
}

float middle_of(std::vector<float> values) {
    const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

// The torso of one run's frames. True when it was followed by what was seen of it.
bool follow_torso(const HeadModel& model, const PersonalHead& person, const std::deque<SeenFrame>& seen,
                  const std::vector<HeadFit>& fits, const Run& run, double rate, std::vector<TrackedFrame>& frames) {
    const Eigen::Vector3f neck = person.joint_position.col(model.joints.neck);
    const auto place = [&](const Eigen::Matrix4f& view) -> Eigen::Vector3f {
        return (view * neck.homogeneous()).head<3>();
    };
    TorsoFollower torso(fits[run.begin].camera, neck);
    std::size_t followed = 0;
    for (std::size_t i = run.begin; i < run.end; ++i) {
        followed += torso.follow(seen[i].torso, place(fits[i].camera.world_to_camera)) || i == run.begin;
        frames[i].world_to_camera = torso.world_to_camera();
    }
    if (2 * followed > run.end - run.begin && run.end - run.begin > 1) {
        // Where the torso is as a whole: as the heads of all frames have it, not that of the first alone.
        for (int axis = 0; axis < 3; ++axis) {
            std::vector<float> off;
            for (std::size_t i = run.begin; i < run.end; ++i)
                off.push_back(place(fits[i].camera.world_to_camera)[axis] - place(frames[i].world_to_camera)[axis]);
            const float shift = middle_of(off);
            for (std::size_t i = run.begin; i < run.end; ++i) frames[i].world_to_camera(axis, 3) += shift;
        }
        std::vector<float> slips;
        HeadPose pose = fits[run.begin].pose;
        for (std::size_t i = run.begin; i < run.end; ++i)
            slips.push_back(place_head(model, person, fits[i], frames[i].world_to_camera, pose).head<2>().norm());
        if (middle_of(slips) < most_torso_slip) return true;
    }
    const double sigma = std::max(unseen_torso_seconds * rate, 0.5);
    const auto reach = std::ptrdiff_t(3 * sigma);
    for (std::size_t i = run.begin; i < run.end; ++i) {
        Eigen::Vector3f mean = Eigen::Vector3f::Zero();
        float yaw = 0, sum = 0;
        const auto first = std::max(std::ptrdiff_t(run.begin), std::ptrdiff_t(i) - reach),
                   last = std::min(std::ptrdiff_t(run.end) - 1, std::ptrdiff_t(i) + reach);
        for (std::ptrdiff_t k = first; k <= last; ++k) {
            const double away = double(k - std::ptrdiff_t(i)) / sigma;
            const auto weight = float(std::exp(-0.5 * away * away));
            mean += weight * place(fits[std::size_t(k)].camera.world_to_camera);
            yaw += weight * fits[std::size_t(k)].head_rotation.y();
            sum += weight;
        }
        frames[i].world_to_camera = unseen_torso(fits[i], neck, mean / sum, yaw / sum);
    }
    return false;
}

// The landmarks that lie on skin: not on eyes, lips or the face's border.
std::vector<std::size_t> on_skin() {
    std::vector<bool> skin(landmarks::face_count, true);
    const auto leave = [&](const auto& list) {
        for (int i : list) skin[std::size_t(i)] = false;
    };
    leave(landmarks::face_oval);
    leave(landmarks::lips_outer);
    leave(landmarks::lips_inner);
    leave(landmarks::right_eye);
    leave(landmarks::left_eye);
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < skin.size(); ++i)
        if (skin[i]) places.push_back(i);
    return places;
}

void light_frames(const HeadModel& model, const PersonalHead& person, const std::deque<SeenFrame>& seen,
                  FaceTrack& track) {
    const std::vector<std::size_t> places = on_skin();
    const auto count = Eigen::Index(places.size());
    const std::vector<SurfacePoint>& on_head = model.landmarks(landmarks::scheme);
    std::vector<std::size_t> which;
    for (std::size_t i = 0; i < track.frames.size(); ++i)
        if (track.frames[i].state == FrameState::tracked) which.push_back(i);
    std::vector<LitSkin> lit(which.size());
    parallel_for(which.size(), 8, [&](std::size_t begin, std::size_t end) {
        for (std::size_t k = begin; k < end; ++k) {
            const TrackedFrame& frame = track.frames[which[k]];
            const Vertices normals = vertex_normals(pose_head(model, person, frame.pose).vertices, model.triangles);
            LitSkin& one = lit[k];
            one.color = Eigen::Matrix3Xf::Constant(3, count, -1);
            one.normal = Eigen::Matrix3Xf::Zero(3, count);
            for (Eigen::Index p = 0; p < count; ++p) {
                const std::size_t i = places[std::size_t(p)];
                const Eigen::Vector3f normal = (frame.world_to_camera.topLeftCorner<3, 3>() *
                                                surface_position(normals, model.triangles, on_head[i]))
                                                   .normalized();
                const std::uint8_t* color = &seen[which[k]].colors[3 * i];
                if (normal.z() > -0.2f || color[0] + color[1] + color[2] == 0) continue;
                one.normal.col(p) = normal;
                for (int c = 0; c < 3; ++c) one.color(c, p) = srgb_to_linear(float(color[c]) / 255);
            }
        }
    });
    const std::vector<FrameLight> lights = fit_lights(lit);
    for (std::size_t k = 0; k < which.size(); ++k) track.frames[which[k]].light = lights[k];
}

std::string of_frames(std::size_t count) { return std::to_string(count) + (count == 1 ? " frame" : " frames"); }

Result<FaceTrack> solve_track(const PortraitTools& tools, const std::filesystem::path& video, const VideoLooks& looks,
                              Progress& progress) {
    const HeadModel& model = *tools.head;
    const std::deque<SeenFrame>& seen = looks.frames;
    FaceTrack track;
    track.video = video.filename().string();
    track.video_stamp = stamp_of(video);
    track.width = looks.width;
    track.height = looks.height;
    track.origin = looks.origin;
    track.rate = looks.rate;
    const std::vector<Run> runs = runs_of(seen);
    if (runs.empty())
        return Error{ErrorCode::bad_input,
                     "No face was found in '" + video.string() +
                         "'; use a video that shows one from the front, large and well lit.",
                     ""};
    const Run longest = *std::max_element(runs.begin(), runs.end(),
                                          [](const Run& a, const Run& b) { return a.end - a.begin < b.end - b.begin; });

    std::vector<LandmarkPoints> keys;
    {
        std::vector<LandmarkPoints> points;  // of a long video much memory, which the fit needs
        for (std::size_t i = longest.begin; i < longest.end; ++i) points.push_back(seen[i].points);
        for (std::size_t k : choose_key_frames(points, key_frames)) keys.push_back(points[k]);
    }
    Progress of_person([&](double done, const std::string& stage) { progress.report(0.6 + 0.15 * done, stage); });
    PersonFit fitted = fit_person(model, keys, track.width, track.height, {}, of_person);
    track.identity = fitted.identity;
    track.offsets = fitted.offsets;
    track.of_controls = fitted.of_controls;
    track.focal = fitted.fits[0].camera.fx;
    track.head = head_hash(model);
    track.controls = model.control_names;
    track.joints = model.joint_names;
    const PersonalHead person = fitted.head(model);

    const FaceFollower follower(model, person, fitted.fits[0]);
    std::vector<HeadFit> fits(seen.size());
    std::vector<Run> chunks;
    for (const Run& run : runs)
        for (std::size_t at = run.begin; at < run.end; at += solve_chunk)
            chunks.push_back({at, std::min(at + solve_chunk, run.end)});
    progress.report(0.75, "Finding expression and pose of every frame");
    parallel_for(chunks.size(), 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t c = begin; c < end && !progress.cancelled(); ++c)
            for (std::size_t i = chunks[c].begin; i < chunks[c].end; ++i) {
                const HeadFit& near = i > chunks[c].begin ? fits[i - 1] : fitted.fits[most_alike(keys, seen[i].points)];
                fits[i] = follower.fit(seen[i].points, near);
            }
    });
    progress.report(0.95, "Following the torso");

    track.frames.resize(seen.size());
    for (std::size_t i = 0; i < seen.size(); ++i) {
        track.frames[i].seconds = seen[i].seconds;
        track.frames[i].cut = seen[i].cut;
        track.frames[i].landmarks = seen[i].points;
        track.frames[i].error = fits[i].landmark_error;
    }
    const auto error_of = [&](const Run& run) {
        std::vector<float> errors;
        for (std::size_t i = run.begin; i < run.end; ++i) errors.push_back(fits[i].landmark_error);
        return middle_of(errors);
    };
    const float most_error = std::max(other_error, other_times * error_of(longest));
    std::size_t others = 0, faceless = 0, cuts = 0, torsoless = 0;
    bool late = false;  // a face appeared in a shot, perhaps before it was searched for
    for (const Run& run : runs) {
        late = late || (run.begin > 0 && !seen[run.begin - 1].face && !seen[run.begin].cut && seen[run.begin].anew);
        const bool own = error_of(run) <= most_error;
        if (!own) others += run.end - run.begin;
        for (std::size_t i = run.begin; i < run.end; ++i)
            track.frames[i].state = own ? FrameState::tracked : FrameState::other_person;
        if (!own) continue;
        if (follow_torso(model, person, seen, fits, run, track.rate, track.frames))
            track.torso_followed = true;
        else
            torsoless += run.end - run.begin;
    }
    for (std::size_t i = 0; i < seen.size(); ++i) {
        TrackedFrame& frame = track.frames[i];
        faceless += frame.state == FrameState::no_face;
        cuts += frame.cut;
        if (frame.state == FrameState::tracked) {
            frame.pose = fits[i].pose;
            frame.slip = place_head(model, person, fits[i], frame.world_to_camera, frame.pose);
        }
    }
    hold_untracked(track);
    fits = {};  // the light of a long video takes as much memory again
    progress.report(0.97, "Finding the light");
    light_frames(model, person, seen, track);
    track.notes = looks.notes;
    if (cuts)
        track.notes.push_back((cuts == 1 ? "There is a cut" : "There are " + std::to_string(cuts) + " cuts") +
                              std::string("; each shot is followed by itself."));
    if (faceless) track.notes.push_back(of_frames(faceless) + " without a face that is one for sure are left out.");
    if (late)
        track.notes.push_back("A face that is not there is searched for in every " +
                              std::to_string(FaceWatcher::search_every) +
                              "th frame; the first frames of one that appears may be missing.");
    if (others) track.notes.push_back(of_frames(others) + " of another person are left out.");
    if (const std::size_t doubtful = doubtful_frames(track).size())
        track.notes.push_back("In " + of_frames(doubtful) +
                              " the fit is far worse than in the others: blurred, hidden, or seen wrongly.");
    if (torsoless)
        track.notes.push_back(
            "In " + of_frames(torsoless) +
            " too little of shoulders and clothes can be followed; the torso follows the head there.");
    progress.report(1, "Done");
    return track;
}

}  // namespace

Result<FaceTrack> track_video(PortraitTools& tools, const std::filesystem::path& video, const TrackOptions& options,
                              Progress& progress) {
    if (options.step < 1 || options.face < 0 || options.looks < 1 || !(options.end > options.begin))
        return Error{ErrorCode::invalid_argument,
                     "Steps count from 1, faces from 0, and the end comes after the beginning.", ""};
    Progress of_looks([&](double done, const std::string& stage) { progress.report(0.6 * done, stage); });
    TrackOptions own = options;
    const std::optional<LooksLock> lock =
        options.keep_in.empty() ? std::nullopt : lock_looks(tools, video, options, of_looks);
    if (!lock) own.keep_in.clear();  // another program goes on there
    auto looks = look_through(tools, video, own, of_looks);
    if (!looks) return looks.error();
    try {
        auto track = solve_track(tools, video, *looks, progress);
        if (track) forget_looks(tools, video, own);
        return track;
    } catch (const Cancelled&) {
        keep_looks(tools, video, own, *std::move(looks));
        throw;
    }
}

}  // namespace likeness
