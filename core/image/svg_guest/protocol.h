// What likeness-svg (guest.cpp) answers the program (core/image/svg.cpp) on its standard output. It is started as
// `likeness-svg SIDE` with the SVG on its standard input.
#pragma once

#include <cstdint>

namespace likeness::svg_guest {

enum class Outcome : std::int32_t { done, no_svg, no_size, out_of_memory };

// Followed by width * height * 4 bytes, RGBA with straight alpha, or by a text without an end mark.
struct Reply {
    Outcome outcome;
    std::int32_t width, height;
};

}  // namespace likeness::svg_guest
