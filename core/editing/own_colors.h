// The avatar's own colors over a square of the atlas, as its Gaussians show them, without paint: what make-up
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
    // `square` 0 is the head's, without hair that lies over it; 1 the hair shell's.
    explicit OwnColors(const Avatar& avatar, int square = 0);

    // sRGB-encoded; `spread` 0 is as fine as the Gaussians (0.6 mm of a face), each more twice as broad. Places that no
    // Gaussian is at have the color of those around.
    static constexpr int most_spread = 8;
    Eigen::Vector3f at(const Eigen::Vector2f& atlas, float spread = 0) const;

  private:
    static constexpr int side = 512;
    int square_;
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

// The middle of each channel, `none` of fewer than 8; `share` 0.5 is the median.
Eigen::Vector3f middle_color(std::vector<Eigen::Vector3f> colors, float share, const Eigen::Vector3f& none);
// How far a color's hue and saturation are from another's, whatever the shade: 0.1 within a person's skin, 0.3 and more
// from skin to white, grey or blue.
float chroma_distance(const Eigen::Vector3f& a, const Eigen::Vector3f& b);
// 1 for what is of a person's skin by its color, 0 for what clearly is not, as a collar. Not for lips, beard and
// shades.
float skin_likeness(const Eigen::Vector3f& color, const Eigen::Vector3f& skin);

// Rec. 709, of encoded values.
inline float luma(const Eigen::Vector3f& color) { return color.dot(Eigen::Vector3f(0.2126f, 0.7152f, 0.0722f)); }

}  // namespace likeness
