// The avatar's own colors over the head's square of the atlas, as its Gaussians show them, without paint: what make-up
// is mixed with and what the eyedropper and palettes need.
#pragma once

#include <Eigen/Core>
#include <array>
#include <vector>

#include "core/avatar/avatar.h"
#include "core/editing/face_regions.h"

namespace likeness {

class OwnColors {
  public:
    explicit OwnColors(const Avatar& avatar);

    // sRGB-encoded; `spread` 0 is as fine as the Gaussians (0.6 mm of a face), each more twice as broad. Places that no
    // Gaussian is at have the color of those around.
    static constexpr int most_spread = 8;
    Eigen::Vector3f at(const Eigen::Vector2f& atlas, float spread = 0) const;

  private:
    static constexpr int side = 512;
    std::array<std::vector<Eigen::Vector3f>, most_spread + 1> levels_;  // side >> level
};

// What is usual of this person, by medians over the regions.
struct OwnTones {
    Eigen::Vector3f skin, lips, brows, teeth, hair;
    // The light that the photograph was taken under, by the whites of the eyes: 1 in plain daylight. Multiplies a
    // cosmetic's color, so that it belongs to the picture.
    Eigen::Vector3f light;
};
OwnTones own_tones(const FaceRegions& regions);

// Rec. 709, of encoded values.
inline float luma(const Eigen::Vector3f& color) { return color.dot(Eigen::Vector3f(0.2126f, 0.7152f, 0.0722f)); }

}  // namespace likeness
