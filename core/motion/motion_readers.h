// Inside core/motion: what the readers of recordings share.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/motion/motion_track.h"

namespace likeness {

inline constexpr std::size_t most_motion_frames = 1'000'000, most_motion_names = 1000;
inline constexpr std::size_t most_motion_weights = 60'000'000;
inline constexpr float lowest_weight = -1, highest_weight = 2;

using MotionNotes = std::vector<std::string>;

Error bad_motion(const std::string& name, const std::string& what, const std::string& detail = "");
// The spelling of Apple's names differs between recorders only in the case of the first letter.
std::string control_spelling(std::string name);

// What a reader found; `track.times` as they are in the file, one for each row of weights.
struct RecordedRows {
    MotionTrack track;
    std::size_t left_out = 0;    // rows that could not be used
    bool of_day = false;         // times of a day, which begin again at midnight
    bool unknown_unit = false;   // seconds, or thousandths, millionths ... of them
    double assumed_rate = 0;     // frames a second that times were made from, where the file has none; 0: it has
};

// Times from 0 and increasing: over midnight they go on, equal ones are spread until the next, rows that go back are
// left out.
Result<MotionTrack> motion_of_rows(RecordedRows rows, const std::string& name, MotionNotes& notes);

// Names of Audio2Face's own controls become those of ARKit that move the same; where two become one, the stronger
// counts. Precondition: each frame has a weight for each name.
void facs_to_arkit(MotionTrack& track, MotionNotes& notes);

// Format by format; errors as parse_motion.
Result<MotionTrack> motion_from_json(std::string_view text, const std::string& name, MotionNotes& notes);
Result<MotionTrack> motion_from_table(std::string_view text, const std::string& name, MotionNotes& notes);

}  // namespace likeness
