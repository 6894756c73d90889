// What a photograph shows of a mouth: which of its pixels can be teeth, which lips, tongue or gums, and where the
// upper teeth are. The fitted mesh's mouth never meets the photograph's exactly, and what a wrong pixel gives to the
// wrong part shows as soon as the mouth moves.
#pragma once

#include "core/avatar/photo.h"

namespace likeness {

// The region of the nearest triangle of the posed head at each of the photograph's pixels, -1 for none.
std::vector<int> seen_regions(const HeadModel& model, const Vertices& posed, const Camera& camera);

class MouthColors {
  public:
    // Learns from the photograph what this person's skin and lips look like under its light.
    MouthColors(const Photo& photo, const HeadModel& model, const std::vector<int>& regions);

    // How far a color (sRGB) looks like teeth, in [0, 1]: lighter than a gap, less red than skin.
    float tooth(const Eigen::Vector3f& color) const;
    // How far a color can be a region's own, in [0, 1]; 1 for regions outside the mouth.
    float plausible(int region, const Eigen::Vector3f& color) const;
    // What a part of the mouth looks like where nothing is seen of it.
    Eigen::Vector3f usual(int region) const;

  private:
    enum class Part : std::uint8_t { none, lips, teeth, tissue, bag };
    std::vector<Part> part_;  // of each region
    std::vector<Eigen::Vector3f> usual_;
    float skin_light_ = 65, skin_red_ = 12, lip_light_ = 50, lip_red_ = 25;  // CIE L* and a*
};

// How far down each row of teeth must move with its gums (metres, the head's frame at rest; negative is up), so that
// they lie where the photograph shows teeth, or hide where it shows none. 0 for a row of which too little is seen to
// tell. `person` as the avatar has it now.
struct TeethShift {
    float upper = 0, lower = 0;
};
TeethShift teeth_shift(const HeadModel& model, const PersonalHead& person, const Photo& photo);

}  // namespace likeness
