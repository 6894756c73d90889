#include "core/motion/retarget.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/geometry/rotation.h"

namespace likeness {
namespace {

constexpr float lowest = -0.3f, highest = 1.2f;
constexpr std::size_t compared_frames = 400;  // of a recording, to find its neutral
constexpr float calm_share = 0.08f;           // of them are the neutral's neighbours
constexpr float held_share = 0.5f;            // of them, the calmest, tell how the head is held and where the eyes look
constexpr float blinking = 0.5f;              // of the control
constexpr float looking_down = 0.7f;          // lids that are less open, of what is usual, go with the eyes
// Of a neutral: what is taken whole, and what is never exceeded. Of a turn (radians): cameras stand higher, lower or
// beside by as much. Of a control of gaze.
struct NeutralRange {
    float whole, most;
};
constexpr NeutralRange turn_range{0.3f, 0.6f}, gaze_range{0.3f, 0.6f};

bool begins(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

// `size` (>= 0) within the range: beyond what is taken whole ever less of it, without a step in value or slope.
float within(float size, const NeutralRange& range) {
    const float rest = range.most - range.whole;
    return size <= range.whole ? size : range.whole + rest * std::tanh((size - range.whole) / rest);
}

template <class Values>
float middle(Values values) {
    const auto at = values.begin() + std::ptrdiff_t(values.size() / 2);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

// The middle of what is above half of the nearly largest.
float usual(std::vector<float> values) {
    const auto large = values.begin() + std::ptrdiff_t(0.95f * float(values.size() - 1));
    std::nth_element(values.begin(), large, values.end());
    if (*large <= 0) return 0;  // always closed
    const float half = *large / 2;
    values.erase(std::remove_if(values.begin(), values.end(), [&](float x) { return x < half; }), values.end());
    return middle(std::move(values));
}

Eigen::Vector3f middle(const std::vector<Eigen::Vector3f>& values) {
    Eigen::Vector3f result;
    for (int axis = 0; axis < 3; ++axis) {
        std::vector<float> one;
        for (const Eigen::Vector3f& v : values) one.push_back(v[axis]);
        result[axis] = middle(std::move(one));
    }
    return result;
}

// Which part's movement the points of a face belong to.
constexpr auto face_shape_groups = [] {
    std::array<MotionGroup, face_shape_landmarks.size()> groups{};
    for (std::size_t i = 0; i < groups.size(); ++i)
        groups[i] = i < face_shape_lips                      ? MotionGroup::mouth
                    : i < face_shape_lips + face_shape_brows ? MotionGroup::brows
                                                             : MotionGroup::jaw;
    return groups;
}();

// ---- smoothing ----

// What is smoothed, in units in which 1 is a large movement.
constexpr float turn_unit = 0.3f, shift_unit = 0.1f, point_unit = 0.1f, lid_unit = 0.2f;
constexpr double reach_seconds = 1.5;  // to both sides of a moment; the slowest filter forgets in a third of it

std::vector<float> values_of(const PoseSample& sample) {
    std::vector<float> values = sample.weights;
    const auto add = [&](const Eigen::Vector3f& v, float unit) {
        for (int k = 0; k < 3; ++k) values.push_back(v[k] / unit);
    };
    if (sample.head) add(*sample.head, turn_unit);
    if (sample.neck) add(*sample.neck, turn_unit);
    if (sample.body) add(sample.body->turn, turn_unit);
    if (sample.body) add(sample.body->shift, shift_unit);
    if (sample.face) {
        for (Eigen::Index i = 0; i < sample.face->now.points.size(); ++i)
            values.push_back(sample.face->now.points.data()[i] / point_unit);
        for (const float x : {sample.face->now.left_lids, sample.face->now.right_lids}) values.push_back(x / lid_unit);
        values.push_back(sample.face->now.lips / point_unit);
    }
    return values;
}

void set_values(const std::vector<float>& values, PoseSample& sample) {
    std::copy_n(values.begin(), sample.weights.size(), sample.weights.begin());
    std::size_t at = sample.weights.size();
    const auto read = [&](Eigen::Vector3f& v, float unit) {
        for (int k = 0; k < 3; ++k) v[k] = values[at++] * unit;
    };
    if (sample.head) read(*sample.head, turn_unit);
    if (sample.neck) read(*sample.neck, turn_unit);
    if (sample.body) read(sample.body->turn, turn_unit);
    if (sample.body) read(sample.body->shift, shift_unit);
    if (!sample.face) return;
    FaceShape& face = sample.face->now;
    for (Eigen::Index i = 0; i < face.points.size(); ++i) face.points.data()[i] = values[at++] * point_unit;
    for (float* x : {&face.left_lids, &face.right_lids}) *x = values[at++] * lid_unit;
    face.lips = values[at++] * point_unit;
}

// Casiez, Roussel, Vogel 2012: a low pass whose cutoff rises with speed.
class OneEuro {
  public:
    explicit OneEuro(float smoothing) : cutoff_(10 * std::pow(0.05f, smoothing)) {}
    const std::vector<float>& next(const std::vector<float>& values, double seconds) {
        if (values.size() != values_.size()) {
            values_ = values;
            speed_.assign(values.size(), 0);
            return values_;
        }
        const auto dt = float(std::max(seconds, 1e-4));
        const auto share = [&](float cutoff) { return 1 / (1 + 1 / (2 * std::numbers::pi_v<float> * cutoff * dt)); };
        for (std::size_t i = 0; i < values.size(); ++i) {
            speed_[i] += share(speed_cutoff) * ((values[i] - values_[i]) / dt - speed_[i]);
            values_[i] += share(cutoff_ + rise * std::abs(speed_[i])) * (values[i] - values_[i]);
        }
        return values_;
    }

  private:
    static constexpr float speed_cutoff = 4, rise = 1.5f;  // Hz; Hz a unit a second
    const float cutoff_;
    std::vector<float> values_, speed_;
};

class Retargeted : public PoseSource {
  public:
    Retargeted(std::shared_ptr<const PoseSource> source, const RetargetOptions& options, const PoseSample* neutral)
        : source_(std::move(source)), options_(options), live_(options.smoothing) {
        if (neutral && options.relative && neutral->weights.size() == source_->names().size()) neutral_ = *neutral;
        for (const std::string& name : source_->names()) {
            const MotionGroup group = motion_group(name);
            controls_.push_back(
                {options.gain[std::size_t(group)], begins(name, "eyeBlink"), group == MotionGroup::eyes});
        }
    }
    const std::vector<std::string>& names() const override { return source_->names(); }
    bool moves_head() const override { return source_->moves_head(); }
    bool moves_body() const override { return source_->moves_body(); }
    double rate() const override { return source_->rate(); }
    std::optional<double> duration() const override { return source_->duration(); }
    std::uint64_t arrived() const override { return source_->arrived(); }
    const MotionTrack* track() const override { return source_->track(); }

    bool sample(double seconds, PoseSample& sample) const override {
        PoseSample result;
        if (!source_->sample(seconds, result)) return false;
        if (options_.smoothing > 0) smooth(seconds, result);
        if (result.weights.size() == controls_.size()) change(result);
        sample = std::move(result);
        return true;
    }

  private:
    struct Control {
        float gain;
        bool blink, eyes;
    };
    float gain(MotionGroup group) const { return options_.gain[std::size_t(group)]; }

    void change(PoseSample& sample) const {
        for (std::size_t i = 0; i < controls_.size(); ++i) {
            const Control& c = controls_[i];
            float& x = sample.weights[i];
            if (neutral_) {
                const float n = std::clamp(neutral_->weights[i], -0.5f, 0.7f);
                x = (x - n) / (c.eyes && x > n ? 1 - n : 1);
            }
            // A lid that is closed stays so; what it does before that is more or less.
            const bool closing = c.blink && c.gain > 0 && x > 0;
            x = !closing ? x * c.gain : x < 1 ? 1 - std::pow(1 - x, c.gain) : x;
            x = std::clamp(x, lowest, highest);
        }
        if (sample.head) turn(*sample.head, neutral_ ? neutral_->head : std::nullopt, gain(MotionGroup::head));
        if (sample.neck) turn(*sample.neck, neutral_ ? neutral_->neck : std::nullopt, gain(MotionGroup::head));
        if (sample.body) {
            const Eigen::Matrix3f was = rotation_matrix(sample.body->turn);
            if (neutral_ && neutral_->body) {
                const Eigen::Matrix3f back = rotation_matrix(neutral_->body->turn).transpose();
                sample.body->shift = back * (sample.body->shift - neutral_->body->shift);
                sample.body->turn = axis_angle_of(back * was);
            }
            sample.body->turn *= gain(MotionGroup::body);
            sample.body->shift *= gain(MotionGroup::body);
        }
        if (sample.face) change(*sample.face);
    }
    void change(FaceMove& face) const {
        if (neutral_ && neutral_->face) face.rest = neutral_->face->now;
        for (Eigen::Index i = 0; i < face.now.points.cols(); ++i)
            face.now.points.col(i) = face.rest.points.col(i) + gain(face_shape_groups[std::size_t(i)]) *
                                                                   (face.now.points.col(i) - face.rest.points.col(i));
        const auto lids = [&](float& now, float rest) {
            const float g = gain(MotionGroup::eyes), open = now / std::max(rest, 1e-3f);
            now = rest * (g == 0 ? 1 : open >= 1 ? 1 + g * (open - 1) : std::pow(std::max(open, 0.0f), g));
        };
        lids(face.now.left_lids, face.rest.left_lids);
        lids(face.now.right_lids, face.rest.right_lids);
        if (gain(MotionGroup::mouth) == 0 || gain(MotionGroup::jaw) == 0) face.now.lips = face.rest.lips;
    }
    static void turn(Eigen::Vector3f& x, const std::optional<Eigen::Vector3f>& neutral, float gain) {
        if (neutral) x = axis_angle_of(rotation_matrix(x) * rotation_matrix(*neutral).transpose());
        x *= gain;
    }

    void smooth(double seconds, PoseSample& sample) const {
        const std::optional<double> duration = source_->duration();
        if (!duration) {
            const std::vector<float> now = values_of(sample);
            const std::uint64_t arrived = source_->arrived();
            set_values(live_.next(now, double(arrived - seen_) / source_->rate()), sample);
            seen_ = arrived;
            return;
        }
        // The mean of a filter that comes from before and one that comes from after.
        const double step = 1 / source_->rate();
        const auto steps = std::int64_t(reach_seconds / step);
        std::vector<float> sum;
        for (const double way : {-step, step}) {
            OneEuro filter(options_.smoothing);
            std::vector<float> last;
            PoseSample other;
            for (std::int64_t k = steps; k >= 0; --k) {
                const double at = seconds + double(k) * way;
                if (at < 0 || at > *duration - step + 1e-9) continue;
                if (source_->sample(at, other)) last = filter.next(values_of(other), step);
            }
            if (last.size() != values_of(sample).size()) return;
            if (sum.empty()) sum.assign(last.size(), 0);
            for (std::size_t i = 0; i < last.size(); ++i) sum[i] += last[i] / 2;
        }
        set_values(sum, sample);
    }

    const std::shared_ptr<const PoseSource> source_;
    const RetargetOptions options_;
    std::optional<PoseSample> neutral_;
    std::vector<Control> controls_;
    mutable OneEuro live_;
    mutable std::uint64_t seen_ = 0;
};

}  // namespace

MotionGroup motion_group(std::string_view control) {
    if (begins(control, "brow")) return MotionGroup::brows;
    if (begins(control, "eyeLook")) return MotionGroup::gaze;
    if (begins(control, "eye")) return MotionGroup::eyes;
    if (begins(control, "jaw")) return MotionGroup::jaw;
    return MotionGroup::mouth;
}

std::optional<PoseSample> neutral_of(const MotionTrack& track) {
    if (track.frame_count() == 0) return std::nullopt;
    std::vector<std::size_t> face;   // controls that tell a calm face
    std::vector<std::size_t> blink;  // controls that tell closed lids
    for (std::size_t i = 0; i < track.names.size(); ++i) {
        if (begins(track.names[i], "eyeBlink"))
            blink.push_back(i);
        else if (motion_group(track.names[i]) != MotionGroup::gaze)
            face.push_back(i);
    }
    const std::size_t width = track.names.size();
    std::vector<std::size_t> frames;
    const std::size_t every = (track.frame_count() + compared_frames - 1) / compared_frames;
    FaceShape open;  // lids as they mostly are
    if (!track.face.empty()) {
        std::vector<float> left, right;
        for (std::size_t n = 0; n < track.frame_count(); n += every) {
            left.push_back(track.face[n].left_lids);
            right.push_back(track.face[n].right_lids);
        }
        open.left_lids = usual(std::move(left));
        open.right_lids = usual(std::move(right));
    }
    // A calm face looks at somebody: not at its lap, and with open eyes.
    const auto looks = [&](std::size_t n) {
        for (const std::size_t i : blink)
            if (track.weights[n * width + i] > blinking) return false;
        return track.face.empty() || (track.face[n].left_lids >= looking_down * open.left_lids &&
                                      track.face[n].right_lids >= looking_down * open.right_lids);
    };
    for (const bool all : {false, true}) {
        for (std::size_t n = 0; n < track.frame_count(); n += every)
            if (all || looks(n)) frames.push_back(n);
        if (!frames.empty()) break;
    }
    // A face that is made often (its neighbours are near) and says little (it is near the person's without expression).
    const auto apart = [&](std::size_t one, std::size_t other) {
        if (!track.face.empty()) return (track.face[one].points - track.face[other].points).squaredNorm();
        float sum = 0;
        for (const std::size_t i : face) {
            const float d = track.weights[one * width + i] - track.weights[other * width + i];
            sum += d * d;
        }
        return sum;
    };
    const auto expression = [&](std::size_t n) {
        if (!track.face.empty()) return (track.face[n].points - track.face_rest.points).squaredNorm();
        float sum = 0;
        for (const std::size_t i : face) sum += track.weights[n * width + i] * track.weights[n * width + i];
        return sum / 2;
    };
    const auto neighbours = std::max<std::size_t>(1, std::size_t(calm_share * float(frames.size())));
    const auto held = std::max(neighbours, std::size_t(held_share * float(frames.size())));
    std::vector<std::pair<float, std::size_t>> distance(frames.size()), nearest;
    std::size_t calmest = frames.front();
    float least = std::numeric_limits<float>::max();
    const auto measure = [&](std::size_t one) {
        for (std::size_t k = 0; k < frames.size(); ++k) distance[k] = {apart(one, frames[k]), frames[k]};
    };
    for (const std::size_t one : frames) {
        measure(one);
        std::nth_element(distance.begin(), distance.begin() + std::ptrdiff_t(neighbours - 1), distance.end());
        const float score = distance[neighbours - 1].first + expression(one);
        if (score >= least) continue;
        least = score;
        calmest = one;
        nearest.assign(distance.begin(), distance.begin() + std::ptrdiff_t(neighbours));
    }
    // A few moments of one expression may have the head aside; more of them tell how it is held.
    measure(calmest);
    std::nth_element(distance.begin(), distance.begin() + std::ptrdiff_t(held - 1), distance.end());
    distance.resize(held);
    PoseSample neutral;
    for (std::size_t i = 0; i < width; ++i) {
        const bool gaze = motion_group(track.names[i]) == MotionGroup::gaze;
        std::vector<float> values;
        for (const auto& [_, n] : gaze ? distance : nearest) values.push_back(track.weights[n * width + i]);
        const float value = middle(std::move(values));
        neutral.weights.push_back(gaze ? std::copysign(within(std::abs(value), gaze_range), value)
                                       : std::clamp(value, -highest, highest));
    }
    if (!track.face.empty()) {
        FaceShape mean;
        for (std::size_t k = 0; k < nearest.size(); ++k)
            mean = mixed(mean, track.face[nearest[k].second], 1 / float(k + 1));
        mean.left_lids = open.left_lids;
        mean.right_lids = open.right_lids;
        neutral.face = {mean, track.face_rest};
    }
    // Cameras stand higher, lower or beside. A head that is tilted is so on purpose.
    const auto turned = [&](const std::vector<Eigen::Vector3f>& of_frames) {
        std::vector<Eigen::Vector3f> turns;
        for (const auto& [_, n] : distance) turns.push_back(of_frames[n]);
        Eigen::Vector3f turn = middle(turns);
        turn.z() = 0;
        const float size = turn.norm();
        return (turn * (within(size, turn_range) / std::max(size, 1e-6f))).eval();
    };
    if (!track.head.empty()) neutral.head = turned(track.head);
    if (!track.neck.empty()) neutral.neck = turned(track.neck);
    if (!track.body.empty()) {
        std::vector<Eigen::Vector3f> turn, shift;
        for (const BodyMove& move : track.body) {
            turn.push_back(move.turn);
            shift.push_back(move.shift);
        }
        neutral.body = {middle(turn), middle(shift)};
    }
    return neutral;
}

std::shared_ptr<const PoseSource> retarget(std::shared_ptr<const PoseSource> source, const RetargetOptions& options,
                                           const PoseSample* neutral) {
    return std::make_shared<Retargeted>(std::move(source), options, neutral);
}

}  // namespace likeness
