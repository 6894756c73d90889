// The driver's own picture, to be put beside the avatar's in a film.
#pragma once

#include <memory>
#include <optional>

#include "core/media/frame_source.h"
#include "core/tracking/face_track.h"

namespace likeness {

// The frames of a driver's video at increasing times: the square round the head, the same over the whole video.
class DriverPictures {
  public:
    // `begin`: where in the video the time of at() begins, seconds. `size`: pixels a side of what at() gives.
    DriverPictures(std::unique_ptr<FrameSource> frames, const FaceTrack& track, double begin, int size);

    // What is seen `seconds` after `begin`, 3 channels; black before the first frame, the last one after the end.
    // Times must not go back. Errors: the source's.
    Result<Image> at(double seconds);

  private:
    std::optional<FramesAhead> frames_;
    std::optional<FramesAhead::Timed> next_;
    Image shown_, picture_;  // shown_: whole, until it is cut out
    const int size_;
    const double begin_;
    int side_ = 0, left_ = 0, top_ = 0;
    bool ended_ = false;
};

// The driver's picture (3 channels) to the left of the avatar's (3 or 4) of the same height; as many channels as the
// avatar's.
Image beside(const Image& driver, const Image& avatar);

}  // namespace likeness
