// Recorded expressions over time: named controls, and the head's rotation when the recording has it.
//
// Readers: JSON {"names": [...], "frames": [{"time": s, "weights": [...]}, ...], "head_pose": [[x, y, z], ...]}
// (head_pose: axis-angle in radians, optional; "fps" where frames have no time; "made_for": MotionTrack's), that of
// NVIDIA's Audio2Face ("facsNames", "weightMat", "exportFps"), and tables: a header of control names (any case) and
// optional columns for the time (Timecode of Live Link Face; time, timestamp, timestamp_ms, ...; or frame, with fps),
// BlendshapeCount and HeadYaw, HeadPitch, HeadRoll (radians), separated by commas, or by semicolons or tabs and then
// perhaps with decimal commas. A clock that passes midnight goes on, frames of one time are spread, rows that cannot be
// used are left out.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/motion/pose_source.h"

namespace likeness {

struct MotionTrack {
    std::vector<std::string> names;     // of the controls
    std::vector<double> times;          // seconds, from 0, increasing
    std::vector<float> weights;         // [frames, names], in [-1, 2]
    // Of each frame, or empty when it was not recorded; see PoseSample. `neck` only where there is a head.
    std::vector<Eigen::Vector3f> head, neck;
    std::vector<BodyMove> body;
    std::vector<FaceShape> face;
    FaceShape face_rest;                // see FaceMove
    double frame_seconds = 1.0 / 30;    // typical distance of two frames
    std::string made_for;               // whose face the values are for, see playback_match.h; empty: any

    std::size_t frame_count() const { return times.size(); }
    // The last frame is shown as long as the others.
    double duration() const { return times.empty() ? 0 : times.back() + frame_seconds; }

    // A frame more, later than all; of as many weights as there are names, with the same parts as the others.
    void add(double seconds, const PoseSample& sample);
    // At a time: between two frames the values are mixed, outside the first or the last. False without frames.
    bool sample(double seconds, PoseSample& sample) const;
};

class RecordedMotion : public PoseSource {
  public:
    explicit RecordedMotion(MotionTrack track) : track_(std::move(track)) {}
    const std::vector<std::string>& names() const override { return track_.names; }
    bool moves_head() const override { return !track_.head.empty(); }
    bool moves_body() const override { return !track_.body.empty(); }
    double rate() const override { return 1 / track_.frame_seconds; }
    std::optional<double> duration() const override { return track_.duration(); }
    bool sample(double seconds, PoseSample& sample) const override { return track_.sample(seconds, sample); }
    const MotionTrack* track() const override { return &track_; }

  private:
    const MotionTrack track_;
};

// `notes`: what was assumed and what was left out is added, a sentence each without the file's name.
// Errors: not_found, bad_input (no such file, another format, no known name, lengths that disagree, values that are
// no numbers, no row that can be used), io, out_of_memory.
Result<MotionTrack> load_motion(const std::filesystem::path& file, std::vector<std::string>* notes = nullptr);
Result<MotionTrack> parse_motion(std::string_view text, const std::string& name,
                                 std::vector<std::string>* notes = nullptr);
// Names, frames, head_pose and made_for as the readers know them; necks, bodies and faces are left out. Errors:
// OutputFile's, out_of_memory.
Status save_motion(const std::filesystem::path& file, const MotionTrack& track);

}  // namespace likeness
