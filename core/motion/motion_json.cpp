// Motions in JSON, read as they are parsed: a document of an hour would take gigabytes.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/motion/motion_readers.h"

namespace likeness {
namespace {

using nlohmann::json;

constexpr int deepest = 64;
constexpr double usual_json_rate = 30;
constexpr std::size_t longest_stamp = 64;

// Called by the parser for each value. Depth 1 is inside the document's object, 2 inside one of its lists, ...
class MotionEvents {
  public:
    explicit MotionEvents(const std::string& name) : name_(name) {}

    RecordedRows rows;
    std::optional<double> rate;  // frames a second
    bool timed = false;
    std::optional<Error> failure;

    bool null() { return other(); }
    bool boolean(bool) { return other(); }
    bool number_integer(std::int64_t value) { return number(double(value)); }
    bool number_unsigned(std::uint64_t value) { return number(double(value)); }
    bool number_float(double value, const std::string&) { return number(value); }
    bool string(std::string& value) {
        if (section_ == Section::made_for && depth_ == 1 && value.size() <= longest_stamp) {
            rows.track.made_for = value;
            return true;
        }
        if (section_ != Section::names || depth_ != 2) return other();
        if (rows.track.names.size() >= most_motion_names) return fail("its list of names is unusable");
        rows.track.names.push_back(control_spelling(value));
        return true;
    }
    bool binary(json::binary_t&) { return other(); }
    bool start_object(std::size_t) {
        if (!enter()) return false;
        if (depth_ == 1) return true;
        if (section_ == Section::frames && depth_ == 3) {
            in_row_ = false;
            return begin_frame();
        }
        return nested();
    }
    bool key(std::string& name) {
        if (depth_ == 1) return begin_section(name);
        if (section_ == Section::frames && depth_ == 3) field_ = field_of(name);
        return true;
    }
    bool end_object() {
        if (section_ == Section::frames && depth_ == 3 && !end_frame()) return false;
        --depth_;
        return true;
    }
    bool start_array(std::size_t) {
        if (!enter()) return false;
        if (depth_ == 1) return fail("it has no \"names\" and \"frames\"");
        if (depth_ == 2) return true;
        if (section_ == Section::frames && depth_ == 3) {
            in_row_ = true;
            return begin_frame();
        }
        if (section_ == Section::frames && depth_ == 4 && !in_row_) return true;
        if (section_ == Section::head && depth_ == 3) {
            turn_size_ = 0;
            return true;
        }
        return nested();
    }
    bool end_array() {
        if (section_ == Section::frames && depth_ == 3 && !end_frame()) return false;
        if (section_ == Section::head && depth_ == 3) {
            if (turn_size_ != 3) return bad_turn();
            rows.track.head.push_back(turn_);
        }
        --depth_;
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const json::exception& wrong) {
        failure = Error{ErrorCode::bad_input, "'" + name_ + "' is not valid JSON; choose another file.", wrong.what()};
        return false;
    }

  private:
    enum class Section { other, names, frames, head, rate, made_for };
    enum class Field { other, weights, time };

    bool fail(const std::string& what) {
        failure = bad_motion(name_, what);
        return false;
    }
    bool enter() {
        if (++depth_ <= deepest) return true;
        return fail("it is nested too deeply");
    }
    std::string frame() const { return "frame " + std::to_string(rows.track.times.size()); }
    bool bad_weight() { return fail(frame() + " has a weight that is no number"); }
    bool bad_turn() {
        return fail("the head rotation of frame " + std::to_string(rows.track.head.size()) + " is not three numbers");
    }

    static Field field_of(const std::string& name) {
        return name == "weights" ? Field::weights : name == "time" ? Field::time : Field::other;
    }
    // Likeness's own names, and those of NVIDIA's Audio2Face.
    bool begin_section(const std::string& name) {
        section_ = name == "names" || name == "facsNames"    ? Section::names
                   : name == "frames" || name == "weightMat" ? Section::frames
                   : name == "head_pose"                     ? Section::head
                   : name == "fps" || name == "exportFps"    ? Section::rate
                   : name == "made_for"                      ? Section::made_for
                                                             : Section::other;
        if (section_ == Section::other) return true;
        bool& seen = seen_[std::size_t(section_)];
        if (std::exchange(seen, true)) return fail("it has '" + name + "' twice");
        return true;
    }
    bool begin_frame() {
        if (rows.track.times.size() >= most_motion_frames) return fail("it has too many frames");
        row_begin_ = rows.track.weights.size();
        field_ = Field::other;
        time_ = std::nan("");
        return true;
    }
    bool end_frame() {
        const std::size_t width = rows.track.weights.size() - row_begin_;
        if (rows.track.times.empty()) width_ = width;
        if (width == 0 || width != width_) return fail(frame() + " has not one weight for each name");
        timed = timed || std::isfinite(time_);
        rows.track.times.push_back(time_);
        return true;
    }
    // A list or object within what is read.
    bool nested() {
        if (section_ == Section::names) return fail("a control's name is no text");
        if (section_ == Section::head) return bad_turn();
        if (section_ == Section::frames && (in_row_ || (field_ == Field::weights && depth_ > 4))) return bad_weight();
        if (section_ == Section::frames && depth_ == 4 && field_ == Field::time)
            return fail("the time of " + frame() + " is no number");
        return true;
    }
    bool in_weights() const {
        return section_ == Section::frames &&
               ((depth_ == 3 && in_row_) || (depth_ == 4 && !in_row_ && field_ == Field::weights));
    }
    bool number(double value) {
        if (in_weights()) {
            if (!std::isfinite(value)) return bad_weight();
            if (rows.track.weights.size() >= most_motion_weights) return fail("it has too many frames");
            rows.track.weights.push_back(std::clamp(float(value), lowest_weight, highest_weight));
            return true;
        }
        if (section_ == Section::frames && depth_ == 3 && field_ == Field::time) {
            if (!(std::abs(value) < 1e15)) return fail(frame() + " has no sensible time");
            time_ = value;
            return true;
        }
        if (section_ == Section::head && depth_ == 3) {
            if (turn_size_ >= 3 || !(std::abs(value) <= 10)) return bad_turn();
            turn_[turn_size_++] = float(value);
            return true;
        }
        if (section_ == Section::rate && depth_ == 1) {
            rate = value;
            return true;
        }
        return other();
    }
    // A value that is not expected where it stands.
    bool other() {
        if (depth_ == 0) return fail("it has no \"names\" and \"frames\"");
        if (section_ == Section::names) return fail(depth_ == 1 ? "its list of names is unusable" : "a control's name is no text");
        if (section_ == Section::rate && depth_ == 1) return fail("its frames a second are no sensible number");
        if (section_ == Section::head && depth_ > 1) return bad_turn();
        if (section_ != Section::frames) return true;
        if (depth_ == 1) return fail("its list of frames is unusable");
        if (depth_ == 2) return fail(frame() + " has not one weight for each name");
        if (in_weights()) return bad_weight();
        if (depth_ == 3 && field_ == Field::time) return fail("the time of " + frame() + " is no number");
        return true;
    }

    const std::string& name_;
    int depth_ = 0;
    Section section_ = Section::other;
    Field field_ = Field::other;
    bool seen_[6] = {};
    bool in_row_ = false;  // the frame is a bare list of weights
    std::size_t row_begin_ = 0, width_ = 0;
    double time_ = 0;
    Eigen::Vector3f turn_ = Eigen::Vector3f::Zero();
    int turn_size_ = 0;
};

}  // namespace

Result<MotionTrack> motion_from_json(std::string_view text, const std::string& name, MotionNotes& notes) {
    MotionEvents events(name);
    if (!json::sax_parse(text.begin(), text.end(), &events) && events.failure) return *events.failure;
    RecordedRows& rows = events.rows;
    MotionTrack& track = rows.track;
    if (track.names.empty()) return bad_motion(name, "it has no \"names\" and \"frames\"");
    if (track.times.empty()) return bad_motion(name, "it has no frames");
    if (track.weights.size() != track.names.size() * track.times.size())
        return bad_motion(name, "frame 0 has not one weight for each name");
    if (!track.head.empty() && track.head.size() != track.times.size())
        return bad_motion(name, "it has not one head rotation for each frame");
    facs_to_arkit(track, notes);
    const double rate = events.rate.value_or(usual_json_rate);
    if (!(rate >= 0.1 && rate <= 10000)) return bad_motion(name, "its frames a second are no sensible number");
    if (!events.timed && !events.rate) rows.assumed_rate = rate;
    for (std::size_t i = 0; i < track.times.size(); ++i)
        if (!std::isfinite(track.times[i])) track.times[i] = double(i) / rate;
    return motion_of_rows(std::move(rows), name, notes);
}

}  // namespace likeness
