// Points on shoulders and clothes, followed through a video by optical flow: what tells how the body moves.
#pragma once

#include <Eigen/Core>
#include <memory>
#include <vector>

#include "core/image/image.h"
#include "core/vision/face_landmarks.h"

namespace likeness {

struct ClothesPoint {
    int number = 0;      // the same point has the same number in every frame, no other point ever has it
    Eigen::Vector2f at;  // pixels of the frame
    // How much the picture says about where it is, 0 to 1 along each of two directions: on an edge, as a shoulder's
    // before a wall, only across. Symmetric.
    Eigen::Matrix2f sureness = Eigen::Matrix2f::Identity();
};

class ClothesPoints {
  public:
    ClothesPoints();
    ~ClothesPoints();

    // What is needed of a frame, 3 channels: it depends on nothing else, so another thread may make it.
    class View;
    static std::shared_ptr<const View> view(const Image& frame);

    // The next frame of a shot; `cut` ends all points. Points are followed with pyramids of Lucas and
    // Kanade (1981; Bouguet 2001), there and back: who does not come home is lost.
    const std::vector<ClothesPoint>& next(std::shared_ptr<const View> frame, bool cut);
    const std::vector<ClothesPoint>& next(const Image& frame, bool cut) { return next(view(frame), cut); }
    // Ends all points after the fact: the frame last given turns out to begin a shot.
    void cut();

    // What later frames depend on, beside the frame last given.
    struct Memory {
        std::vector<ClothesPoint> points;
        int next_number = 0;
    };
    const Memory& memory() const;
    void remember(const Memory& memory, const Image& frame);

    // Whether so few are left that new ones are wanted.
    bool wants_more() const;
    // New ones, on corners and edges (eigenvalues of the structure tensor), where `person` (1
    // channel, any size, stretched over the frame last given) has the person below and beside the face, away from those
    // that are.
    void add(const Image& person, const FaceLandmarks& face);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace likeness
