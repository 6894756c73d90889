// The regions of a head that the program tells apart. Files name them; a loader turns names into these once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace likeness {

enum class HeadRegion : std::uint8_t {
    face,
    lids,
    lips,
    ear_left,
    ear_right,
    scalp,
    neck,
    torso,
    eye_left,
    eye_right,
    eye_socket,
    mouth_bag,
    teeth_upper,
    teeth_lower,
    gums_upper,
    gums_lower,
    tongue,
    lashes,
    other,  // any that a head has besides
};

inline constexpr std::size_t named_region_count = std::size_t(HeadRegion::other);
// In files, by HeadRegion.
inline constexpr std::array<std::string_view, named_region_count> head_region_names = {
    "face",        "lids",        "lips",       "ear_left",   "ear_right",  "scalp",
    "neck",        "torso",       "eye_left",   "eye_right",  "eye_socket", "mouth_bag",
    "teeth_upper", "teeth_lower", "gums_upper", "gums_lower", "tongue",     "lashes"};

// Without these no avatar can be made: face and lips give the colors of skin and mouth, hair grows from the scalp, the
// eyes follow the lids. Each other region may be missing: nothing is found in it.
inline constexpr std::array<HeadRegion, 5> required_regions = {HeadRegion::face, HeadRegion::lips, HeadRegion::scalp,
                                                               HeadRegion::eye_left, HeadRegion::eye_right};

constexpr HeadRegion region_named(std::string_view name) {
    for (std::size_t i = 0; i < named_region_count; ++i)
        if (head_region_names[i] == name) return HeadRegion(i);
    return HeadRegion::other;
}

constexpr bool is_eye(HeadRegion r) { return r == HeadRegion::eye_left || r == HeadRegion::eye_right; }
constexpr bool is_ear(HeadRegion r) { return r == HeadRegion::ear_left || r == HeadRegion::ear_right; }
constexpr bool is_teeth(HeadRegion r) { return r == HeadRegion::teeth_upper || r == HeadRegion::teeth_lower; }
constexpr bool is_gums(HeadRegion r) { return r == HeadRegion::gums_upper || r == HeadRegion::gums_lower; }
// What lies behind the lips.
constexpr bool is_mouth(HeadRegion r) {
    return is_teeth(r) || is_gums(r) || r == HeadRegion::tongue || r == HeadRegion::mouth_bag;
}
// What lids and lips let one see, if they do.
constexpr bool is_inside_head(HeadRegion r) { return is_mouth(r) || r == HeadRegion::eye_socket; }
// Where clothes are.
constexpr bool is_below_head(HeadRegion r) { return r == HeadRegion::neck || r == HeadRegion::torso; }

}  // namespace likeness
