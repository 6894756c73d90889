#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>

#include "core/motion/motion_readers.h"

namespace likeness {
namespace {

constexpr double day = 86400, longest = 1e6;  // seconds
// A recording has more frames than one in five seconds.
constexpr double slowest_step = 5;

// Removes the rows that `keep` lacks.
void keep_rows(MotionTrack& track, const std::vector<std::size_t>& keep) {
    const std::size_t width = track.names.size();
    for (std::size_t i = 0; i < keep.size(); ++i) {
        if (keep[i] == i) continue;
        std::copy_n(&track.weights[keep[i] * width], width, &track.weights[i * width]);
        track.times[i] = track.times[keep[i]];
        if (!track.head.empty()) track.head[i] = track.head[keep[i]];
    }
    track.weights.resize(keep.size() * width);
    track.times.resize(keep.size());
    if (!track.head.empty()) track.head.resize(keep.size());
}

// Several frames of one time lie evenly between it and the next.
void spread_equal(std::vector<double>& times) {
    std::size_t distinct = 1;
    for (std::size_t i = 1; i < times.size(); ++i) distinct += times[i] != times[i - 1];
    const double usual = distinct > 1 ? (times.back() - times.front()) / double(distinct - 1) : 0;
    for (std::size_t begin = 0, end; begin < times.size(); begin = end) {
        for (end = begin + 1; end < times.size() && times[end] == times[begin];) ++end;
        const double step = end < times.size() ? times[end] - times[begin] : usual, count = double(end - begin);
        for (std::size_t i = begin + 1; i < end; ++i) times[i] += step * double(i - begin) / count;
    }
}

std::string rate_text(double rate) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%g", rate);
    return text.data();
}

}  // namespace

Error bad_motion(const std::string& name, const std::string& what, const std::string& detail) {
    return {ErrorCode::bad_input, "'" + name + "' cannot be played: " + what + "; choose another motion.", detail};
}

std::string control_spelling(std::string name) {
    if (!name.empty()) name[0] = char(std::tolower(static_cast<unsigned char>(name[0])));
    return name;
}

Result<MotionTrack> motion_of_rows(RecordedRows rows, const std::string& name, MotionNotes& notes) {
    MotionTrack& track = rows.track;
    if (track.times.empty()) return bad_motion(name, "it has no frames");
    std::vector<std::size_t> kept;
    double last = 0, days = 0;
    for (std::size_t i = 0; i < track.times.size(); ++i) {
        double& time = track.times[i];
        time += days;
        if (!kept.empty() && rows.of_day && time < last - day / 2) {
            time += day;
            days += day;
        }
        if (!std::isfinite(time) || (!kept.empty() && time < last)) continue;
        last = time;
        kept.push_back(i);
    }
    if (kept.empty()) return bad_motion(name, "none of its times is a number");
    rows.left_out += track.times.size() - kept.size();
    keep_rows(track, kept);
    const std::size_t count = track.times.size();
    const double first = track.times.front();
    for (double& time : track.times) time -= first;
    if (count > 1 && track.times.back() == 0) {
        rows.assumed_rate = 60;
        for (std::size_t i = 0; i < count; ++i) track.times[i] = double(i) / rows.assumed_rate;
    }
    if (rows.unknown_unit && count > 1) {
        constexpr std::array<const char*, 3> units = {"milliseconds", "microseconds", "nanoseconds"};
        const double step = track.times.back() / double(count - 1);
        double scale = 1;
        const char* unit = nullptr;
        for (std::size_t k = 0; k < units.size() && step / scale >= slowest_step; ++k, unit = units[k - 1]) scale *= 1000;
        for (double& time : track.times) time /= scale;
        if (unit) notes.push_back(std::string("Its times were taken as ") + unit + ".");
    }
    spread_equal(track.times);
    if (track.times.back() > longest)
        return bad_motion(name, "frame " + std::to_string(count - 1) + " has no sensible time");
    if (count > 1) track.frame_seconds = track.times.back() / double(count - 1);
    if (rows.assumed_rate > 0)
        notes.push_back("It has no times of its own; " + rate_text(rows.assumed_rate) +
                        " frames a second were assumed.");
    if (rows.left_out > 0)
        notes.push_back(std::to_string(rows.left_out) + " of its " + std::to_string(rows.left_out + count) +
                        " rows could not be used and were left out.");
    return std::move(track);
}

}  // namespace likeness
