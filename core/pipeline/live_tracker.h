// The same tracker live: frames as they come, each answered at once with what face, head and torso do in it.
//
// Each frame has two looks at the face and one solve, beside them the clothes are followed. Who it is (shape, focal
// length, how the person makes expressions) is unknown at first: a mean head begins, fits of the most different frames
// so far run beside the frames and take over when they are ready, over most of a second, so that nothing jumps.
#pragma once

#include <memory>

#include "core/pipeline/portrait.h"
#include "core/tracking/face_track.h"

namespace likeness {

struct LiveOptions {
    int face = 0;   // which one where it begins, largest first
    int looks = 2;  // at a face, of which the landmarks are the mean
    // Fits of the person and of the clothes' area are done within next(), which then takes seconds, but the same
    // frames always give the same result: for tests and recordings.
    bool in_place = false;
};

class LiveTracker {
  public:
    // `tools` must outlive it and is used from other threads meanwhile: by nobody else.
    explicit LiveTracker(PortraitTools& tools, const LiveOptions& options = {});
    ~LiveTracker();  // waits for a fit to stop: a tenth of a second

    // The next frame, 3 channels; `seconds` grow from frame to frame. Without a face, or with another person's, it has
    // the last pose and view and says so in its state. Its light is not found (even). Another size begins anew. Errors:
    // invalid_argument (not 3 channels; fewer faces than `face` where it begins), internal.
    Result<TrackedFrame> next(const Image& frame, double seconds);
    // The same of a frame that somebody else looked at: the face's landmarks, or none; `begins`: it does not follow
    // from the frame before. The torso is a damped share of the head. Of the tools only the head is used.
    TrackedFrame follow(const std::optional<LandmarkPoints>& points, bool begins, int width, int height,
                        double seconds);

    // Who is tracked as far as it is known after the last frame, and the camera: a track without frames, whose
    // camera(frame) and person(model) fit the last frame.
    const FaceTrack& about() const;
    // How many fits of the person have taken over; 0: still the mean head.
    int person_fits() const;
    // Somebody else shall be followed, from the next frame on.
    void begin_anew();

  private:
    struct State;
    State& next_of_size(int width, int height);
    std::unique_ptr<State> state_;
};

}  // namespace likeness
