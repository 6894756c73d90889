// Where points of one picture are in the next: Lucas and Kanade 1981, coarse to fine (Bouguet 2001).
#pragma once

#include <Eigen/Core>
#include <optional>
#include <vector>

#include "core/image/image.h"

namespace likeness {

// A grey picture at several sizes, each half the one before.
class FlowPyramid {
  public:
    FlowPyramid() = default;
    explicit FlowPyramid(Image grey);  // 1 channel, 0..1

    bool empty() const { return levels_.empty(); }
    int width() const { return levels_.empty() ? 0 : levels_[0].grey.width; }
    int height() const { return levels_.empty() ? 0 : levels_[0].grey.height; }
    // The structure tensor's window sums at a pixel (xx, xy, yy): Harris and Stephens 1988. Zero near the border.
    Eigen::Vector3f tensor_at(int x, int y) const;

    // Where the point at `from` (pixels, centres at +0.5) of this picture lies in `next`, of the same size, beginning
    // at `guess`; nothing where the two windows do not agree or it leaves the picture. Along an edge it moves as little
    // as it can.
    std::optional<Eigen::Vector2f> find(const FlowPyramid& next, const Eigen::Vector2f& from,
                                        const Eigen::Vector2f& guess) const;

  private:
    struct Level {
        Image grey, dx, dy;  // derivatives a pixel
    };
    std::vector<Level> levels_;
};

}  // namespace likeness
