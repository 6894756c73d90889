#include "core/motion/expression_match.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "core/motion/retarget.h"

namespace likeness {
namespace {

constexpr float lowest_value = -0.2f, highest_value = 1.15f;
// Standard deviations: of a control about the source's value, of points over the distance of the eyes (across the face,
// and in depth, which pictures tell less), of lids over an eye's width, of lips that meet.
constexpr float control_sigma = 0.3f, point_sigma = 0.012f, depth_sigma = 0.04f, lid_sigma = 0.008f, lip_sigma = 0.004f;
// Up to and from where a driver's lips count as closed, over the distance of the eyes.
constexpr float lips_closed = 0.006f, lips_open = 0.04f;
constexpr float widest_lids = 1.5f;  // of the usual opening
constexpr float small_step = 0.05f;  // of a control, for differences
constexpr int rounds = 3, sweeps = 60;

constexpr Eigen::Index point_count = FaceShape::Points::ColsAtCompileTime;
constexpr Eigen::Index row_count = 3 * point_count + 3;  // lids and lips come last
using Rows = Eigen::Matrix<float, row_count, 1>;

// 1 where `x` is at most `from`, 0 from `to` on, smooth between them.
float fading(float x, float from, float to) {
    const float t = std::clamp((to - x) / (to - from), 0.0f, 1.0f);
    return t * t * (3 - 2 * t);
}

Rows rows_of(const FaceShape& shape) {
    Rows rows;
    rows.head<3 * point_count>() = Eigen::Map<const Eigen::Matrix<float, 3 * point_count, 1>>(shape.points.data());
    rows[3 * point_count] = shape.left_lids;
    rows[3 * point_count + 1] = shape.right_lids;
    rows[3 * point_count + 2] = shape.lips;
    return rows;
}

float mouth_width(const FaceShape& shape) { return (shape.points.col(0) - shape.points.col(6)).norm(); }

}  // namespace

ExpressionMatch::ExpressionMatch(const HeadModel& model, const PersonalHead& person) {
    if (!FaceRuler::usable(model)) return;
    for (int c = 0; c < model.control_count(); ++c) {
        const std::string& name = model.control_names[std::size_t(c)];
        if (motion_group(name) != MotionGroup::gaze && name != "tongueOut") controls_.push_back(c);
    }
    ruler_ = std::make_unique<FaceRuler>(model, person);
    model_ruler_ = std::make_unique<FaceRuler>(model, personalise(model, {}));
    rest_ = ruler_->of(HeadPose::neutral(model));
    model_rest_ = model_ruler_->of(HeadPose::neutral(model));
}

FaceMove ExpressionMatch::of_model(const HeadPose& pose) const { return {model_ruler_->of(pose), model_rest_}; }

void ExpressionMatch::apply(const std::optional<FaceMove>& face, HeadPose& pose,
                            const std::vector<bool>* driven) const {
    if (!ruler_) return;
    std::vector<int> found;
    for (const int c : controls_)
        if (!driven || (*driven)[std::size_t(c)]) found.push_back(c);
    if (found.empty()) return;
    const FaceMove driver = face ? *face : of_model(pose);

    // Where this head's points are to be, and how sure that is.
    Rows wanted = rows_of(rest_), weight = Rows::Zero();
    const float mouth = std::clamp(mouth_width(rest_) / std::max(mouth_width(driver.rest), 1e-3f), 0.6f, 1.6f);
    for (Eigen::Index i = 0; i < point_count; ++i) {
        const float scale = std::size_t(i) < face_shape_lips ? mouth : 1;
        wanted.segment<3>(3 * i) += scale * (driver.now.points.col(i) - driver.rest.points.col(i));
        weight.segment<3>(3 * i) = Eigen::Array3f(point_sigma, point_sigma, depth_sigma).inverse();
    }
    const auto lids = [&](Eigen::Index row, float now, float rest, float own) {
        wanted[row] = own * std::clamp(now / std::max(rest, 0.05f), 0.0f, widest_lids);
        weight[row] = 1 / lid_sigma;
    };
    lids(3 * point_count, driver.now.left_lids, driver.rest.left_lids, rest_.left_lids);
    lids(3 * point_count + 1, driver.now.right_lids, driver.rest.right_lids, rest_.right_lids);
    // Closed is what this head's lips are at rest, some tenths of a millimetre apart or in each other.
    wanted[3 * point_count + 2] = std::max(driver.now.lips - lips_closed, 0.0f) + std::min(rest_.lips, 2 * lips_closed);
    weight[3 * point_count + 2] = fading(driver.now.lips, lips_closed, lips_open) / lip_sigma;

    // Gauss-Newton; the face is nearly linear in the controls, so one Jacobian does.
    const auto count = Eigen::Index(found.size());
    Eigen::VectorXf source(count), x(count);
    for (Eigen::Index c = 0; c < count; ++c) source[c] = pose.controls[found[std::size_t(c)]];
    x = source.cwiseMax(lowest_value).cwiseMin(highest_value);
    const auto at = [&](const Eigen::VectorXf& values) {
        for (Eigen::Index c = 0; c < count; ++c) pose.controls[found[std::size_t(c)]] = values[c];
        return rows_of(ruler_->of(pose));
    };
    Rows now = at(x);
    Eigen::Matrix<float, row_count, Eigen::Dynamic> jacobian(row_count, count);
    for (Eigen::Index c = 0; c < count; ++c) {
        Eigen::VectorXf beside = x;
        const float by = x[c] > 0.5f ? -small_step : small_step;
        beside[c] += by;
        jacobian.col(c) = (at(beside) - now).cwiseProduct(weight) / by;
    }
    Eigen::MatrixXf hessian = jacobian.transpose() * jacobian;
    hessian.diagonal().array() += 1 / (control_sigma * control_sigma);
    for (int round = 0; round < rounds; ++round) {
        Eigen::VectorXf gradient =
            jacobian.transpose() * (now - wanted).cwiseProduct(weight) + (x - source) / (control_sigma * control_sigma);
        // Within bounds, a coordinate after another (Gauss-Seidel with projection).
        for (int sweep = 0; sweep < sweeps; ++sweep) {
            float moved = 0;
            for (Eigen::Index c = 0; c < count; ++c) {
                const float to = std::clamp(x[c] - gradient[c] / hessian(c, c), lowest_value, highest_value);
                const float by = to - x[c];
                if (by == 0) continue;
                gradient += hessian.col(c) * by;
                x[c] = to;
                moved = std::max(moved, std::abs(by));
            }
            if (moved < 1e-4f) break;
        }
        now = at(x);
    }
}

}  // namespace likeness
