// Motions as tables: Live Link Face's CSV, and what other recorders write.
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "core/motion/motion_readers.h"

namespace likeness {
namespace {

constexpr double no_number = std::numeric_limits<double>::quiet_NaN();
constexpr double usual_table_rate = 60, farthest_turn = 10;  // radians

enum class Role { control, time, frame, rate, yaw, pitch, roll, other };

struct Column {
    Role role = Role::other;
    double unit = 1;            // of a time, seconds
    bool unknown_unit = false;  // of a time
    std::size_t control = 0;
};

struct Dialect {
    char separator = ',';
    bool decimal_comma = false;
};

// The separator that the first line has most of. Where it is no comma, numbers may have one.
Dialect dialect_of(std::string_view header) {
    Dialect dialect;
    for (const char candidate : {';', '\t'})
        if (std::ranges::count(header, candidate) > std::ranges::count(header, dialect.separator))
            dialect = {candidate, true};
    return dialect;
}

void split(std::string_view line, char separator, std::vector<std::string_view>& cells) {
    cells.clear();
    while (true) {
        const auto end = line.find(separator);
        std::string_view cell = line.substr(0, end);
        constexpr std::string_view around = " \t\r\"";
        while (!cell.empty() && around.find(cell.front()) != std::string_view::npos) cell.remove_prefix(1);
        while (!cell.empty() && around.find(cell.back()) != std::string_view::npos) cell.remove_suffix(1);
        cells.push_back(cell);
        if (end == std::string_view::npos) return;
        line.remove_prefix(end + 1);
    }
}

double number_of(std::string_view cell, const Dialect& dialect) {
    std::string with_point;
    if (dialect.decimal_comma && cell.find(',') != std::string_view::npos) {
        with_point = cell;
        std::ranges::replace(with_point, ',', '.');
        cell = with_point;
    }
    double value = 0;
    const auto [end, failure] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    const bool whole = failure == std::errc() && end == cell.data() + cell.size();
    return whole && std::isfinite(value) ? value : no_number;
}

// A clock's time: whole seconds, and the frames of one that follow.
struct Clock {
    double seconds = no_number, frames = 0;
};

// "00:12:34:05.6": hours, minutes, seconds, frames (Live Link Face); three parts: seconds last; or a number.
Clock clock_of(std::string_view cell, const Dialect& dialect, bool& of_day) {
    if (cell.find(':') == std::string_view::npos) return {number_of(cell, dialect)};
    double seconds = 0;
    for (const double unit : {3600.0, 60.0, 1.0, 0.0}) {
        const auto colon = cell.find(':');
        const double part = number_of(cell.substr(0, colon), dialect);
        if (!(part >= 0)) return {};
        seconds += part * unit;
        if (colon == std::string_view::npos) {
            of_day = true;
            return unit > 1 ? Clock{} : Clock{seconds, unit > 0 ? 0.0 : part};
        }
        cell.remove_prefix(colon + 1);
    }
    return {};
}

// Frames that a second of the clock has, by the greatest that was seen in whole seconds.
double clock_rate(double greatest) {
    for (const double rate : {24, 25, 30, 48, 50, 60, 100, 120})
        if (greatest < rate) return rate;
    return 1000;
}

// Letters and digits of a title, in lower case: "Time [ms]" is "timems".
std::string plain(std::string_view title) {
    std::string text;
    for (const char c : title)
        if (std::isalnum(static_cast<unsigned char>(c))) text += char(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

Column column_of(const std::string& title) {
    const auto is = [&](std::initializer_list<const char*> names) {
        return std::ranges::any_of(names, [&](const char* name) { return title == name; });
    };
    if (is({"timecode"})) return {Role::time};
    if (is({"time", "timestamp"})) return {Role::time, 1, true};
    if (is({"seconds", "times", "timestamps", "timeseconds", "timesec"})) return {Role::time};
    if (is({"milliseconds", "timems", "timestampms", "timemilliseconds"})) return {Role::time, 1e-3};
    if (is({"microseconds", "timeus", "timestampus", "timemicroseconds"})) return {Role::time, 1e-6};
    if (is({"nanoseconds", "timens", "timestampns", "timenanoseconds"})) return {Role::time, 1e-9};
    if (is({"frame", "frames", "framenumber", "frameindex", "frameid"})) return {Role::frame};
    if (is({"fps", "framerate"})) return {Role::rate};
    if (title == "headyaw") return {Role::yaw};
    if (title == "headpitch") return {Role::pitch};
    if (title == "headroll") return {Role::roll};
    // Eyes also come as eyeLook... controls.
    if (is({"", "blendshapecount"}) || title.starts_with("lefteye") || title.starts_with("righteye")) return {};
    return {Role::control};
}

// Rows as they come; a cell that is no number is kept as such until all rows are there.
class Table {
  public:
    Table(std::string_view header, const std::string& name) : name_(name), dialect_(dialect_of(header)) {
        split(header, dialect_.separator, cells_);
        bool timed = false;
        for (const std::string_view cell : cells_) {
            Column column = column_of(plain(cell));
            if (column.role == Role::time && std::exchange(timed, true)) column.role = Role::other;
            if (column.role == Role::control) {
                column.control = rows_.track.names.size();
                rows_.track.names.push_back(control_spelling(std::string(cell)));
            }
            if (column.role == Role::time) rows_.unknown_unit = column.unknown_unit;
            turned_ = turned_ || column.role == Role::yaw || column.role == Role::pitch || column.role == Role::roll;
            columns_.push_back(column);
        }
    }
    const std::vector<std::string>& names() const { return rows_.track.names; }
    std::size_t columns() const { return columns_.size(); }
    std::size_t frames() const { return frames_.size(); }

    void add(std::string_view line, std::size_t number) {
        split(line, dialect_.separator, cells_);
        if (cells_.size() == columns_.size() + 1 && cells_.back().empty()) cells_.pop_back();
        if (cells_.size() != columns_.size()) {
            if (rows_.left_out++ == 0)
                fault_ = "line " + std::to_string(number) + " has another number of values than the first";
            return;
        }
        MotionTrack& track = rows_.track;
        const std::size_t begin = track.weights.size();
        track.weights.resize(begin + track.names.size());
        Frame frame;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const Column& column = columns_[i];
            if (column.role == Role::other) continue;
            if (column.role == Role::time) {
                const Clock clock = clock_of(cells_[i], dialect_, rows_.of_day);
                frame.time = clock.seconds * column.unit;
                frame.part = clock.frames;
                seconds_seen_ += frame.time != last_second_;
                last_second_ = frame.time;
                greatest_part_ = std::max(greatest_part_, frame.part);
                continue;
            }
            const double value = number_of(cells_[i], dialect_);
            if (column.role == Role::control)
                track.weights[begin + column.control] = std::clamp(float(value), lowest_weight, highest_weight);
            else if (column.role == Role::frame)
                frame.number = value;
            else if (column.role == Role::rate)
                rate_ = value > 0 ? value : rate_;
            else
                frame.turn[column.role == Role::pitch ? 0 : column.role == Role::yaw ? 1 : 2] =
                    std::abs(value) <= farthest_turn ? value : no_number;
        }
        frames_.push_back(frame);
    }

    Result<MotionTrack> finish(MotionNotes& notes) {
        if (frames_.empty()) return bad_motion(name_, fault_.empty() ? "it has no frames" : fault_);
        drop_empty_controls(notes);
        if (rows_.track.names.empty()) return bad_motion(name_, "none of its columns holds numbers");
        const auto any = [&](double Frame::*value) {
            return std::ranges::any_of(frames_, [&](const Frame& f) { return std::isfinite(f.*value); });
        };
        const bool timed = any(&Frame::time), numbered = !timed && any(&Frame::number);
        const bool turned = turned_ && std::ranges::any_of(frames_, [](const Frame& f) { return f.turn.allFinite(); });
        const double rate = rate_ > 0 ? rate_ : usual_table_rate;
        const double clock = seconds_seen_ >= 3 ? clock_rate(greatest_part_) : usual_table_rate;
        if (!timed && !(rate_ > 0)) rows_.assumed_rate = rate;
        MotionTrack& track = rows_.track;
        const std::size_t width = track.names.size();
        std::size_t kept = 0;
        for (std::size_t i = 0; i < frames_.size(); ++i) {
            const Frame& frame = frames_[i];
            const double time = timed      ? frame.time + frame.part / clock
                                : numbered ? frame.number / rate
                                           : double(i) / rate;
            const float* weights = &track.weights[i * width];
            const bool usable = std::isfinite(time) && (!turned || frame.turn.allFinite()) &&
                                std::none_of(weights, weights + width, [](float w) { return std::isnan(w); });
            if (!usable) continue;
            std::copy_n(weights, width, &track.weights[kept++ * width]);
            track.times.push_back(time);
            if (turned) track.head.push_back(frame.turn.cast<float>());
        }
        track.weights.resize(kept * width);
        rows_.left_out += frames_.size() - kept;
        if (!timed) rows_.unknown_unit = false;
        if (kept == 0) return bad_motion(name_, "no line holds a number in each of its columns");
        return motion_of_rows(std::move(rows_), name_, notes);
    }

  private:
    struct Frame {
        double time = no_number, part = 0, number = no_number;
        Eigen::Vector3d turn = Eigen::Vector3d::Zero();
    };

    // A column of words, or of nothing, is no control.
    void drop_empty_controls(MotionNotes& notes) {
        MotionTrack& track = rows_.track;
        const std::size_t width = track.names.size();
        std::vector<std::size_t> kept;
        for (std::size_t c = 0; c < width; ++c) {
            bool any = false;
            for (std::size_t i = 0; i < frames_.size() && !any; ++i) any = !std::isnan(track.weights[i * width + c]);
            if (any) kept.push_back(c);
        }
        if (kept.size() == width) return;
        notes.push_back(std::to_string(width - kept.size()) + " of its columns hold no numbers and were left out.");
        for (std::size_t i = 0; i < frames_.size(); ++i)
            for (std::size_t c = 0; c < kept.size(); ++c)
                track.weights[i * kept.size() + c] = track.weights[i * width + kept[c]];
        track.weights.resize(frames_.size() * kept.size());
        for (std::size_t c = 0; c < kept.size(); ++c) track.names[c] = track.names[kept[c]];
        track.names.resize(kept.size());
    }

    const std::string& name_;
    Dialect dialect_;
    std::vector<Column> columns_;
    std::vector<std::string_view> cells_;
    std::vector<Frame> frames_;
    RecordedRows rows_;
    double rate_ = 0, last_second_ = no_number, greatest_part_ = 0;
    std::size_t seconds_seen_ = 0;
    bool turned_ = false;
    std::string fault_;
};

}  // namespace

Result<MotionTrack> motion_from_table(std::string_view text, const std::string& name, MotionNotes& notes) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    const auto take_line = [&text] {
        const auto end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        return line;
    };
    Table table(take_line(), name);
    if (table.names().empty() || table.columns() > most_motion_names)
        return bad_motion(name, "its first line does not name controls");
    for (std::size_t number = 2; !text.empty(); ++number) {
        const std::string_view line = take_line();
        if (line.empty() || line == "\r") continue;
        if (table.frames() >= most_motion_frames ||
            (table.frames() + 1) * table.names().size() > most_motion_weights)
            return bad_motion(name, "it has too many frames");
        table.add(line, number);
    }
    return table.finish(notes);
}

}  // namespace likeness
