#include "core/motion/key_poses.h"

#include <algorithm>
#include <cmath>

#include "core/geometry/rotation.h"

namespace likeness {
namespace {

constexpr double baked_rate = 30;
constexpr Eigen::Index head_values = 6, body_values = 6;

// Of inner keys the weighted harmonic mean of the slopes on both sides, none where they differ in sign (Fritsch and
// Butland 1984).
float slope_between(double before, double after, float slope_before, float slope_after) {
    if (slope_before * slope_after <= 0) return 0;
    const auto a = float(before + 2 * after), b = float(2 * before + after);
    return (a + b) / (b / slope_before + a / slope_after);
}

}  // namespace

std::size_t KeyPoses::at(double seconds) const {
    const auto it = std::find_if(keys.begin(), keys.end(), [&](const KeyPose& key) {
        return std::abs(key.seconds - seconds) < same_key_seconds;
    });
    return std::size_t(it - keys.begin());
}

bool KeyPoses::put(double seconds, HeadPose pose) {
    if (const std::size_t there = at(seconds); there < keys.size()) {
        keys[there].pose = std::move(pose);
        return true;
    }
    if (keys.size() >= most_keys) return false;
    const auto after = std::upper_bound(keys.begin(), keys.end(), seconds,
                                        [](double s, const KeyPose& key) { return s < key.seconds; });
    keys.insert(after, {seconds, std::move(pose)});
    length = std::max(length, seconds);
    return true;
}

void KeyPoses::move(std::size_t index, double seconds) {
    HeadPose pose = std::move(keys[index].pose);
    keys.erase(keys.begin() + std::ptrdiff_t(index));
    put(seconds, std::move(pose));
}

KeyedMotion::KeyedMotion(const HeadModel& model, const KeyPoses& poses) : length_(poses.length) {
    track_.names = model.control_names;
    const int root = root_joint(model), neck = model.joints.neck, head = model.joints.head;
    std::vector<const KeyPose*> keys;
    for (const KeyPose& key : poses.keys)
        if (key.pose.controls.size() == model.control_count() && key.pose.joints.cols() == model.joint_count())
            keys.push_back(&key);
    const auto moves = [&](const KeyPose* key) {
        return !key->pose.translation.isZero(0) || !key->pose.joints.col(root).isZero(0);
    };
    body_ = root != neck && std::any_of(keys.begin(), keys.end(), moves);
    const Eigen::Index controls = model.control_count(), rows = controls + head_values + (body_ ? body_values : 0);
    values_.resize(rows, Eigen::Index(keys.size()));
    for (std::size_t k = 0; k < keys.size(); ++k) {
        const HeadPose& pose = keys[k]->pose;
        times_.push_back(keys[k]->seconds);
        auto column = values_.col(Eigen::Index(k));
        column.head(controls) = pose.controls;
        const Eigen::Vector3f turned = pose.joints.col(neck);
        column.segment<3>(controls) = axis_angle_of(rotation_matrix(turned) * rotation_matrix(pose.joints.col(head)));
        column.segment<3>(controls + 3) = turned;
        if (!body_) continue;
        const Eigen::Vector3f turn = pose.joints.col(root), place = model.joint_position.col(root);
        column.segment<3>(controls + 6) = turn;
        column.segment<3>(controls + 9) = pose.translation - rotation_matrix(turn) * place + place;
    }
    slopes_.setZero(rows, values_.cols());
    for (Eigen::Index k = 1; k + 1 < values_.cols(); ++k) {
        const double before = times_[std::size_t(k)] - times_[std::size_t(k - 1)],
                     after = times_[std::size_t(k + 1)] - times_[std::size_t(k)];
        for (Eigen::Index r = 0; r < rows; ++r)
            slopes_(r, k) = slope_between(before, after, (values_(r, k) - values_(r, k - 1)) / float(before),
                                          (values_(r, k + 1) - values_(r, k)) / float(after));
    }
    track_.frame_seconds = 1 / baked_rate;
    if (keys.empty()) return;
    PoseSample sample;
    for (int f = 0; f < std::max(1, int(std::lround(length_ * baked_rate))); ++f) {
        const double seconds = f / baked_rate;
        KeyedMotion::sample(seconds, sample);
        track_.times.push_back(seconds);
        track_.weights.insert(track_.weights.end(), sample.weights.begin(), sample.weights.end());
        track_.head.push_back(*sample.head);
        track_.neck.push_back(*sample.neck);
        if (sample.body) track_.body.push_back(*sample.body);
    }
}

void KeyedMotion::evaluate(double seconds, Eigen::VectorXf& values) const {
    const auto after = std::upper_bound(times_.begin(), times_.end(), seconds);
    if (after == times_.begin() || after == times_.end()) {
        values = values_.col(after == times_.begin() ? 0 : values_.cols() - 1);
        return;
    }
    const auto b = Eigen::Index(after - times_.begin()), a = b - 1;
    const double span = times_[std::size_t(b)] - times_[std::size_t(a)];
    const auto t = float((seconds - times_[std::size_t(a)]) / span), s = 1 - t;
    // Hermite's basis.
    values = values_.col(a) * ((1 + 2 * t) * s * s) + values_.col(b) * (t * t * (3 - 2 * t)) +
             (slopes_.col(a) * (t * s * s) - slopes_.col(b) * (t * t * s)) * float(span);
}

bool KeyedMotion::sample(double seconds, PoseSample& sample) const {
    if (times_.empty()) return false;
    Eigen::VectorXf values;
    evaluate(seconds, values);
    const auto controls = Eigen::Index(track_.names.size());
    sample.weights.assign(values.data(), values.data() + controls);
    sample.head = values.segment<3>(controls);
    sample.neck = values.segment<3>(controls + 3);
    sample.body.reset();
    if (body_) sample.body = {values.segment<3>(controls + 6), values.segment<3>(controls + 9)};
    sample.face.reset();
    return true;
}

}  // namespace likeness
