// A group of parameters that a training step moves: what Adam, prior and bounds need to know of them, whatever they mean.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace likeness {

// Adam (Kingma and Ba 2015, algorithm 1).
inline constexpr float adam_beta1 = 0.9f, adam_beta2 = 0.999f;
inline constexpr float adam_epsilon = 3e-8f;  // well below what a visible Gaussian gets

enum class Norm { squared, absolute };

// Adds to the loss: weight * mean over the rows of the sum over a row of |(value - centre) / unit|^2, or of the absolute
// value instead of the square.
struct Prior {
    float weight = 0;
    float unit = 1;  // 1e-3 makes a weight per square millimetre of values in metres
    Norm norm = Norm::squared;
    std::vector<float> centre{};  // shaped as the values; empty: the values that the group begins with
    // Of a group of one row a vertex of the surface: weight of the mean squared difference, in units, between two
    // corners of a triangle.
    float smooth = 0;
};

// Which steps count for Adam's bias correction.
enum class StepClock {
    steps,  // every step, for all rows
    views,  // a row for each view: a step changes the rows of its batch alone, and each row counts its own steps
};

struct ParameterGroup {
    std::string name;
    std::size_t width = 1;      // floats of a row
    std::vector<float> values;  // [rows, width]; StepClock::views: [width], what each view begins with
    float rate = 0;             // Adam's
    Prior prior{};
    std::vector<float> low{}, high{};  // bounds: empty for none, one for all, or one for each column
    StepClock clock = StepClock::steps;
};

// What may be changed between steps.
struct GroupSettings {
    float rate = 0;
    float prior = 0, smooth = 0;  // Prior::weight, Prior::smooth
};

}  // namespace likeness
