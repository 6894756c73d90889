#include "core/motion/motion_track.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/formats/json_file.h"
#include "core/image/file_bytes.h"

namespace likeness {
namespace {

using nlohmann::json;

constexpr std::size_t most_bytes = std::size_t(256) << 20, most_frames = 1'000'000, most_names = 1000;
constexpr float lowest_weight = -1, highest_weight = 2;

Error bad(const std::string& name, const std::string& what, const std::string& detail = "") {
    return {ErrorCode::bad_input, "'" + name + "' cannot be played: " + what + "; choose another motion.", detail};
}

std::string lower(std::string text) {
    for (char& c : text) c = char(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

// The spelling of Apple's names differs between recorders only in the case of the first letter.
std::string control_spelling(std::string name) {
    if (!name.empty()) name[0] = char(std::tolower(static_cast<unsigned char>(name[0])));
    return name;
}

bool add_weight(const json& value, MotionTrack& track) {
    if (!value.is_number()) return false;
    const double weight = value.get<double>();
    if (!std::isfinite(weight)) return false;
    track.weights.push_back(std::clamp(float(weight), lowest_weight, highest_weight));
    return true;
}

std::optional<Eigen::Vector3f> rotation(const json& value) {
    if (!value.is_array() || value.size() != 3) return {};
    Eigen::Vector3f r;
    for (int k = 0; k < 3; ++k) {
        if (!value[std::size_t(k)].is_number()) return {};
        const double x = value[std::size_t(k)].get<double>();
        if (!std::isfinite(x) || std::abs(x) > 10) return {};
        r[k] = float(x);
    }
    return r;
}

// Times from 0 and increasing, the typical distance, and what all formats must keep.
Result<MotionTrack> finished(MotionTrack track, const std::string& name) {
    if (track.times.empty()) return bad(name, "it has no frames");
    const double first = track.times.front();
    for (std::size_t i = 0; i < track.times.size(); ++i) {
        track.times[i] -= first;
        if (!std::isfinite(track.times[i]) || track.times[i] > 1e6)
            return bad(name, "frame " + std::to_string(i) + " has no sensible time");
        if (i > 0 && !(track.times[i] > track.times[i - 1]))
            return bad(name, "the time of frame " + std::to_string(i) + " is not after the one before");
    }
    if (track.times.size() > 1) track.frame_seconds = track.times.back() / double(track.times.size() - 1);
    return track;
}

Result<MotionTrack> from_json(const std::string& text, const std::string& name) {
    JsonLimits limits;
    limits.max_bytes = most_bytes;
    limits.max_values = 60'000'000;
    const auto document = parse_json(text, name, limits);
    if (!document) return document.error();
    if (!document->is_object() || !document->contains("names") || !document->contains("frames"))
        return bad(name, "it has no \"names\" and \"frames\"");
    const json &names = document->at("names"), &frames = document->at("frames");
    if (!names.is_array() || names.empty() || names.size() > most_names)
        return bad(name, "its list of names is unusable");
    if (!frames.is_array() || frames.size() > most_frames) return bad(name, "its list of frames is unusable");
    MotionTrack track;
    for (const json& entry : names) {
        if (!entry.is_string()) return bad(name, "a control's name is no text");
        track.names.push_back(control_spelling(entry.get<std::string>()));
    }
    double fps = 30;
    if (const auto it = document->find("fps"); it != document->end()) {
        if (!it->is_number() || !(it->get<double>() >= 0.1 && it->get<double>() <= 10000))
            return bad(name, "its frames a second are no sensible number");
        fps = it->get<double>();
    }
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const json& frame = frames[i];
        const json* weights = frame.is_array() ? &frame : nullptr;
        double time = double(i) / fps;
        if (frame.is_object()) {
            if (const auto it = frame.find("weights"); it != frame.end()) weights = &*it;
            if (const auto it = frame.find("time"); it != frame.end()) {
                if (!it->is_number()) return bad(name, "the time of frame " + std::to_string(i) + " is no number");
                time = it->get<double>();
            }
        }
        if (!weights || !weights->is_array() || weights->size() != names.size())
            return bad(name, "frame " + std::to_string(i) + " has not one weight for each name");
        for (const json& weight : *weights)
            if (!add_weight(weight, track))
                return bad(name, "frame " + std::to_string(i) + " has a weight that is no number");
        track.times.push_back(time);
    }
    if (const auto it = document->find("head_pose"); it != document->end() && it->is_array() && !it->empty()) {
        if (it->size() != frames.size()) return bad(name, "it has not one head rotation for each frame");
        for (std::size_t i = 0; i < it->size(); ++i) {
            const auto turn = rotation((*it)[i]);
            if (!turn) return bad(name, "the head rotation of frame " + std::to_string(i) + " is not three numbers");
            track.head.push_back(*turn);
        }
    }
    return finished(std::move(track), name);
}

std::vector<std::string_view> cells(std::string_view line) {
    std::vector<std::string_view> found;
    while (true) {
        const auto comma = line.find(',');
        std::string_view cell = line.substr(0, comma);
        while (!cell.empty() && (cell.front() == ' ' || cell.front() == '"' || cell.front() == '\t'))
            cell.remove_prefix(1);
        while (!cell.empty() &&
               (cell.back() == ' ' || cell.back() == '"' || cell.back() == '\r' || cell.back() == '\t'))
            cell.remove_suffix(1);
        found.push_back(cell);
        if (comma == std::string_view::npos) return found;
        line.remove_prefix(comma + 1);
    }
}

std::optional<double> number(std::string_view cell) {
    double value = 0;
    const auto [end, failure] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (failure != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value)) return {};
    return value;
}

// "00:12:34:05.6": hours, minutes, seconds, frames of 1/60 s (Live Link Face); or plain seconds.
std::optional<double> time_of(std::string_view cell) {
    if (cell.find(':') == std::string_view::npos) return number(cell);
    std::vector<double> parts;
    while (true) {
        const auto colon = cell.find(':');
        const auto part = number(cell.substr(0, colon));
        if (!part || *part < 0 || parts.size() >= 4) return {};
        parts.push_back(*part);
        if (colon == std::string_view::npos) break;
        cell.remove_prefix(colon + 1);
    }
    if (parts.size() == 4) return parts[0] * 3600 + parts[1] * 60 + parts[2] + parts[3] / 60;
    if (parts.size() == 3) return parts[0] * 3600 + parts[1] * 60 + parts[2];
    return {};
}

Result<MotionTrack> from_csv(const std::string& text, const std::string& name) {
    std::string_view rest = text;
    if (rest.substr(0, 3) == "\xEF\xBB\xBF") rest.remove_prefix(3);
    const auto take_line = [&rest] {
        const auto end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        return line;
    };
    constexpr int skip = -1, time_column = -2, yaw = -3, pitch = -4, roll = -5;
    MotionTrack track;
    std::vector<int> role;
    int turns = 0;
    bool timed = false;
    for (const std::string_view cell : cells(take_line())) {
        const std::string title = lower(std::string(cell));
        if (title == "timecode" || title == "time") {
            role.push_back(timed ? skip : time_column);
            timed = true;
        } else if (title == "blendshapecount" || title.empty() || title.starts_with("lefteye") ||
                   title.starts_with("righteye")) {
            role.push_back(skip);  // eyes also come as eyeLook... controls
        } else if (title == "headyaw" || title == "headpitch" || title == "headroll") {
            role.push_back(title == "headyaw" ? yaw : title == "headpitch" ? pitch : roll);
            ++turns;
        } else {
            role.push_back(int(track.names.size()));
            track.names.push_back(control_spelling(std::string(cell)));
        }
    }
    if (track.names.empty() || role.size() > most_names) return bad(name, "its first line does not name controls");
    for (std::size_t row = 0; !rest.empty(); ++row) {
        const std::string_view line = take_line();
        if (line.empty() || line == "\r") continue;
        if (track.times.size() >= most_frames) return bad(name, "it has too many frames");
        const auto values = cells(line);
        const std::string where = "line " + std::to_string(row + 2);
        if (values.size() != role.size()) return bad(name, where + " has another number of values than the first");
        Eigen::Vector3f turn = Eigen::Vector3f::Zero();
        double time = double(track.times.size()) / 60;
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (role[i] == skip) continue;
            const auto value = role[i] == time_column ? time_of(values[i]) : number(values[i]);
            if (!value) return bad(name, where + " has a value that is no number");
            if (role[i] == time_column)
                time = *value;
            else if (role[i] >= 0)
                track.weights.push_back(std::clamp(float(*value), lowest_weight, highest_weight));
            else if (std::abs(*value) > 10)
                return bad(name, where + " turns the head too far");
            else
                turn[role[i] == pitch ? 0 : role[i] == yaw ? 1 : 2] = float(*value);
        }
        track.times.push_back(time);
        if (turns > 0) track.head.push_back(turn);
    }
    return finished(std::move(track), name);
}

}  // namespace

Result<MotionTrack> parse_motion(const std::string& text, const std::string& name) {
    try {
        const auto first = text.find_first_not_of(" \t\r\n");
        if (first == std::string::npos) return bad(name, "it is empty");
        const bool is_json = text[first] == '{' || text[first] == '[';
        return is_json ? from_json(text, name) : from_csv(text, name);
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::out_of_memory, "There is not enough memory to read '" + name + "'.", "motion"};
    }
}

Result<MotionTrack> load_motion(const std::filesystem::path& file) {
    const auto bytes = read_file(file, most_bytes);
    if (!bytes) return bytes.error();
    return parse_motion(std::string(bytes->begin(), bytes->end()), file.string());
}

bool MotionTrack::sample(double seconds, PoseSample& sample) const {
    if (times.empty()) return false;
    const auto after = std::upper_bound(times.begin(), times.end(), seconds);
    const std::size_t b = std::min(std::size_t(after - times.begin()), times.size() - 1);
    const std::size_t a = after == times.begin() ? 0 : std::size_t(after - times.begin()) - 1;
    const float mix = b > a ? float((seconds - times[a]) / (times[b] - times[a])) : 0.0f;
    const std::size_t width = names.size();
    sample.weights.resize(width);
    for (std::size_t i = 0; i < width; ++i)
        sample.weights[i] = weights[a * width + i] * (1 - mix) + weights[b * width + i] * mix;
    sample.head.reset();
    if (!head.empty()) sample.head = head[a] * (1 - mix) + head[b] * mix;
    return true;
}

}  // namespace likeness
