// Where poses over time come from: a recording, a video that is followed, a camera, a stream. The player plays any.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/motion/face_shape.h"

namespace likeness {

struct MotionTrack;

// What the body does as a whole, from where it is at rest.
struct BodyMove {
    Eigen::Vector3f turn = Eigen::Vector3f::Zero();   // axis-angle about the origin, radians
    Eigen::Vector3f shift = Eigen::Vector3f::Zero();  // of the origin, metres
};

// What the face of whoever was recorded looks like, and does without expression: a control's value on one head does not
// say what it is on another.
struct FaceMove {
    FaceShape now, rest;
};

// One moment of a source, in the order of its names.
struct PoseSample {
    std::vector<float> weights;           // [names]
    std::optional<Eigen::Vector3f> head;  // axis-angle of the whole head, radians; none when the source has none
    std::optional<Eigen::Vector3f> neck;  // the neck's part of it; a fixed share when the source has none
    std::optional<BodyMove> body;
    std::optional<FaceMove> face;
};

// Use from one thread; what brings a live source its poses (a camera's thread, a socket) must be guarded inside.
class PoseSource {
  public:
    virtual ~PoseSource() = default;

    virtual const std::vector<std::string>& names() const = 0;  // of the controls that it moves; does not change
    virtual bool moves_head() const = 0;
    virtual bool moves_body() const { return false; }
    virtual double rate() const = 0;  // poses a second, typically; above 0
    // Seconds. None: it does not end, and has its newest pose alone.
    virtual std::optional<double> duration() const = 0;
    // The pose at a time in [0, duration], mixed where it lies between two; of a live source the newest, whatever
    // `seconds` says. False, and `sample` as it was, when there is none yet.
    virtual bool sample(double seconds, PoseSample& sample) const = 0;
    // Grows with every pose that a live source gets: what it showed before may be shown on while this stays.
    virtual std::uint64_t arrived() const { return 0; }
    // All values over its time, for curves; null where they are not known beforehand.
    virtual const MotionTrack* track() const { return nullptr; }
};

// The joint that carries all others: the neck's own first parent, or the neck where it has none.
int root_joint(const HeadModel& model);

// Overwrites the controls that the source names and the head has, and the joints that the sample moves; the rest of the
// pose stays. Samples of another length change nothing.
void apply_sample(const std::vector<std::string>& names, const PoseSample& sample, const HeadModel& model,
                  HeadPose& pose);

}  // namespace likeness
