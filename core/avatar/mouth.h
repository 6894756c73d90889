// What a photograph shows of a mouth: which of its pixels can be teeth, which lips, tongue or gums, and where the
// upper teeth are. The fitted mesh's mouth never meets the photograph's exactly, and what a wrong pixel gives to the
// wrong part shows as soon as the mouth moves.
#pragma once

#include <array>

#include "core/avatar/photo.h"

namespace likeness {

class MouthColors {
  public:
    // Learns from the photograph what this person's skin and lips look like under its light.
    explicit MouthColors(const Photo& photo);

    // How far a color (sRGB) looks like teeth, in [0, 1]: lighter than a gap, less red than skin.
    float tooth(const Eigen::Vector3f& color) const;
    // How far a color can be a region's own, in [0, 1]; 1 for regions outside the mouth.
    float plausible(HeadRegion region, const Eigen::Vector3f& color) const;
    // What a part of the mouth looks like where nothing is seen of it.
    const Eigen::Vector3f& usual(HeadRegion region) const { return usual_[std::size_t(region)]; }

  private:
    std::array<Eigen::Vector3f, named_region_count + 1> usual_;
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
