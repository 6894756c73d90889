// A tracked video: who is in it, and what the face, the head, the torso and the light do in every frame.
//
// As a file (".track"): a zip with track.json (format "likeness-track", version, video, size, names, notes) and
// track.safetensors (identity [I], offsets [V, 3], of_controls [3 V, C] half, and an entry a frame of seconds (F64),
// state, cut, error, controls, joints, view_transposed, slip, light_transposed, landmarks).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/tracking/person_fit.h"

namespace likeness {

enum class FrameState : std::uint8_t {
    tracked,
    no_face,       // or none for sure
    other_person,  // whose face is not that of the others
    dropped,       // by the user
};

// Radiance of the face's surroundings by spherical harmonics of degree 2 (Ramamoorthi and Hanrahan 2001): a row a basis
// function of the normal (camera axes) in the order 1, x, y, z, xy, xz, yz, x^2 - y^2, 3 z^2 - 1 without constants, a
// column a color, linear. The person's mean skin under light (1, 0, ...) is as it is in the mean over the video.
using FrameLight = Eigen::Matrix<float, 9, 3>;

inline LandmarkPoints no_landmarks() {
    LandmarkPoints points;
    points.fill(Eigen::Vector3f::Zero());
    return points;
}

struct TrackedFrame {
    double seconds = 0;  // in the video
    FrameState state = FrameState::no_face;
    bool cut = false;  // another shot begins here
    float error = 0;   // median landmark distance over the iris distance
    // Of a frame that is not tracked: as in the last one that is, or the first.
    HeadPose pose;                                                  // the head on its torso
    Eigen::Matrix4f world_to_camera = Eigen::Matrix4f::Identity();  // the torso's
    // What of the head's place neck and head do not tell, camera axes, metres: some millimetres.
    Eigen::Vector3f slip = Eigen::Vector3f::Zero();
    FrameLight light = FrameLight::Zero();
    LandmarkPoints landmarks = no_landmarks();  // as the detector saw them, pixels
};

struct FaceTrack {
    std::string video;                // the file's name, without folders
    std::string video_stamp;  // tells another file of that name apart: its size and a hash of its first megabyte
    int width = 0, height = 0;        // of the part that was tracked, pixels ...
    Eigen::Vector2i origin = {0, 0};  // ... and its upper left corner in the video
    double rate = 0;                  // frames a second
    float focal = 0;                  // pixels; the principal point is the middle
    bool torso_followed = false;      // somewhere; else its motion is a share of the head's
    std::string head;                 // hash of the head model
    std::vector<std::string> controls, joints;  // their names
    Eigen::VectorXf identity;  // see PersonFit
    Vertices offsets;
    Eigen::MatrixXf of_controls;
    std::vector<std::string> notes;  // for people
    std::vector<TrackedFrame> frames;

    // The video's camera (or the crop's) in which the head is where the picture has it: with the frame's slip.
    Camera camera(const TrackedFrame& frame) const;
    std::size_t tracked_count() const;
    // The person on the head model that was tracked with.
    PersonalHead person(const HeadModel& model) const;
};

// The file is its owner's only. Errors: OutputFile's, out_of_memory.
Status save_track(const std::filesystem::path& path, const FaceTrack& track);
// Errors: not_found, bad_input (no track, damaged, newer, values that are not finite), io, out_of_memory.
Result<FaceTrack> load_track(const std::filesystem::path& path);
Result<FaceTrack> parse_track(std::vector<std::uint8_t> bytes, const std::string& name);

}  // namespace likeness
