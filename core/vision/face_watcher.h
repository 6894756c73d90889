// Keeps one face from frame to frame of a video: follows it, finds it again, notices cuts.
#pragma once

#include <optional>
#include <vector>

#include "core/base/result.h"
#include "core/image/image.h"
#include "core/vision/face_models.h"

namespace likeness {

struct WatchOptions {
    int face = 0;          // which one where the video begins or begins anew, largest first
    bool thorough = true;  // now and then a face is searched for at all sizes and turns: up to a second
};

struct WatchedFrame {
    std::optional<FaceLandmarks> face;  // one look at it, see look_again; none: no face, or none for sure
    bool cut = false;                   // another shot begins with this frame
    bool found_anew = false;            // not followed from the frame before: perhaps somebody else
};

class FaceWatcher {
  public:
    // While there is no face, it is searched for in every so manieth frame only.
    static constexpr int search_every = 8;

    explicit FaceWatcher(FaceModels& models, const WatchOptions& options = {}) : models_(models), options_(options) {}

    // The next frame, 3 channels, of any size. Errors: invalid_argument (this face was asked for, but fewer are there
    // where the video begins), internal.
    Result<WatchedFrame> next(const Image& frame);

    // What later frames depend on, beside the frame last given. A watcher that is given both goes on as this one would.
    struct Memory {
        std::optional<FaceLandmarks> last;  // where the face was seen last in this shot
        bool begun = false;
        int lost = 0;            // frames since then
        float usual_change = 0;  // from frame to frame, a running mean
    };
    const Memory& memory() const { return memory_; }
    void remember(const Memory& memory, const Image& frame);

  private:
    bool is_cut(const Image& frame);
    Result<std::optional<FaceLandmarks>> follow(const Image& frame);
    Result<std::optional<FaceLandmarks>> find(const Image& frame);

    FaceModels& models_;
    const WatchOptions options_;
    Memory memory_;
    std::vector<float> small_;  // the frame before, small and grey
};

// The mean over `looks` looks at a face, 1 or more, of which `first` is one; each has a crop of its own. Nothing where
// the others say that there is none. Depends on nothing else, so frames may be looked at side by side, each by a finder
// of its own. Errors: internal.
Result<std::optional<FaceLandmarks>> look_again(LandmarkFinder& finder, const Image& frame, const FaceLandmarks& first,
                                                int looks);

}  // namespace likeness
