#include "core/tracking/landmark_problem.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

#include "core/tracking/gram.h"

namespace likeness {
namespace {

// Priors, as standard deviations. Tuned on photographs.
constexpr float identity_sigma = 0.30f;       // of a target's coefficient
constexpr float expression_sigma = 0.35f;     // of a control
constexpr float hidden_sigma = 0.08f;         // of controls that landmarks hardly see
constexpr float distance_log_sigma = 0.35f;   // of the distance: give or take 40 %
constexpr float focal_log_sigma = 0.03f;      // of a focal length read from the file
constexpr float pixel_sigma = 0.012f;         // of a landmark, over the iris distance
constexpr float depth_sigma = 0.03f;           // of a landmark's depth as the detector guesses it, likewise
constexpr float same_person_sigma = 0.006f;    // the same where only the detector errs, not the shape
constexpr float gap_sigma = 0.001f;            // of the way between two points that meet when lids or lips close

bool hardly_seen(std::string_view control) {
    for (const char* name : {"tongueOut", "jawForward", "cheekPuff", "cheekSquintLeft", "cheekSquintRight",
                             "noseSneerLeft", "noseSneerRight", "mouthDimpleLeft", "mouthDimpleRight"})
        if (control == name) return true;
    return false;
}

std::array<float, landmarks::count> landmark_weights() {
    std::array<float, landmarks::count> weight;
    weight.fill(1.0f);
    const auto set = [&](const auto& list, float value) {
        for (int i : list) weight[std::size_t(i)] = value;
    };
    set(landmarks::face_oval, 0.5f);  // across the contour only, see below
    set(landmarks::lips_outer, 2.0f);
    set(landmarks::lips_inner, 2.5f);
    set(landmarks::right_eye, 2.5f);
    set(landmarks::left_eye, 2.5f);
    for (int i = landmarks::right_iris; i < landmarks::count; ++i) weight[std::size_t(i)] = 2.0f;
    return weight;
}

// Of oval points only the distance across the contour counts: they slide along it. Unit normals in the picture,
// zero for every other point.
std::array<Eigen::Vector2f, landmarks::count> contour_normals(const LandmarkPoints& points) {
    std::array<Eigen::Vector2f, landmarks::count> normals;
    normals.fill(Eigen::Vector2f::Zero());
    const auto& oval = landmarks::face_oval;
    for (std::size_t i = 0; i < oval.size(); ++i) {
        const auto& before = points[std::size_t(oval[(i + oval.size() - 1) % oval.size()])];
        const auto& after = points[std::size_t(oval[(i + 1) % oval.size()])];
        const Eigen::Vector2f along = (after - before).head<2>();
        normals[std::size_t(oval[i])] = Eigen::Vector2f(along.y(), -along.x()).normalized();
    }
    return normals;
}

// rows += factor * j. Products as thin as of a point by three coordinates are not vectorised by Eigen.
template <class Rows, class Jacobian>
void add_product(Rows&& rows, const Eigen::Matrix<float, 2, 3>& factor, const Jacobian& j) {
    const float* __restrict x = j.row(0).data();
    const float* __restrict y = j.row(1).data();
    const float* __restrict z = j.row(2).data();
    for (int r = 0; r < 2; ++r) {
        float* __restrict to = rows.row(r).data();
        const float by_x = factor(r, 0), by_y = factor(r, 1), by_z = factor(r, 2);
        for (Eigen::Index c = 0; c < rows.cols(); ++c) to[c] += by_x * x[c] + (by_y * y[c] + by_z * z[c]);
    }
}
template <class Rows, class Jacobian>
void add_product(Rows&& rows, float factor, const Jacobian& j) {
    rows += factor * j;
}

float inverse_depth(const Eigen::Vector3f& in_camera) { return 1 / std::max(in_camera.z(), 0.05f); }

// Of the projected point, by the place in camera axes.
Eigen::Matrix<float, 2, 3> by_place(float focal, const Eigen::Vector3f& q) {
    const float iz = inverse_depth(q);
    Eigen::Matrix<float, 2, 3> grad;
    grad << focal * iz, 0, -focal * q.x() * iz * iz, 0, focal * iz, -focal * q.y() * iz * iz;
    return grad;
}

}  // namespace

LandmarkHead::LandmarkHead(const HeadModel& head_model)
    : model(head_model), on_head(head_model.landmarks(landmarks::scheme)) {
    std::map<int, int> index;
    std::vector<int> kept;
    for (std::size_t i = 0; i < corner.size(); ++i) {
        const Eigen::Vector3i& t = model.triangles[std::size_t(on_head[i].triangle)];
        for (int k = 0; k < 3; ++k) {
            const auto [it, added] = index.emplace(t[k], int(kept.size()));
            if (added) kept.push_back(t[k]);
            corner[i][k] = it->second;
        }
    }
    part = vertex_subset(model, kept);
    // A target a control: every step would multiply them else.
    part.expression = std::make_shared<ExpressionBasis>(
        ExpressionBasis{part.expression->targets * part.expression->control_map,
                        Eigen::MatrixXf::Identity(model.control_count(), model.control_count())});
}

LandmarkProblem::LandmarkProblem(const LandmarkHead& head, const LandmarkPoints& points, const SolverOptions& options)
    : robust_scale(0),
      head_(head),
      points_(points),
      options_(options),
      identities_(options.solve_identity ? head.model.identity_count() : 0),
      controls_(head.model.control_count()),
      at_control_(identities_),
      at_turn_(at_control_ + controls_),
      at_shift_(at_turn_ + 3),
      at_focal_(at_shift_ + 3),
      count_(at_focal_ + 1),
      column_(head.part),
      iris_(iris_distance(points)),
      weight_(landmark_weights()),
      normal_(contour_normals(points)),
      prior_(Eigen::VectorXf::Zero(count_)),
      rows_(gap_row + (options.same_person ? 2 * gap_count : 0), count_),
      residual_(rows_.rows()) {
    prior_.head(identities_).setConstant(1 / identity_sigma);
    for (int c = 0; c < controls_; ++c)
        prior_[at_control_ + c] =
            1 / (hardly_seen(head.model.control_names[std::size_t(c)]) ? hidden_sigma : expression_sigma);
    for (int i = 0; i < depths; ++i) mean_guess_ += points[std::size_t(i)].z() / depths;
}

Eigen::VectorXf LandmarkProblem::read(const HeadFit& fit) const {
    Eigen::VectorXf x(count_);
    x.head(identities_) = fit.identity.head(identities_);
    x.segment(at_control_, controls_) = fit.pose.controls;
    x.segment<3>(at_turn_) = fit.head_rotation;
    x.segment<3>(at_shift_) = fit.camera.world_to_camera.topRightCorner<3, 1>();
    x[at_focal_] = std::log(fit.camera.fx);
    return x;
}

void LandmarkProblem::write(const Eigen::VectorXf& x, HeadFit& fit) const {
    if (identities_) fit.identity = x.head(identities_);
    fit.pose.controls = x.segment(at_control_, controls_);
    fit.head_rotation = x.segment<3>(at_turn_);
    turn_head(head_.model, fit.head_rotation, fit.pose);
    fit.camera.world_to_camera.topRightCorner<3, 1>() = x.segment<3>(at_shift_);
    fit.camera.fx = fit.camera.fy = std::exp(x[at_focal_]);
}

void LandmarkProblem::bounds(const Eigen::VectorXf& x, Eigen::VectorXf& low, Eigen::VectorXf& high) const {
    low = Eigen::VectorXf::Constant(count_, -1e9f);
    high = -low;
    low.head(identities_) = head_.model.identity_range.row(0).head(identities_).transpose();
    high.head(identities_) = head_.model.identity_range.row(1).head(identities_).transpose();
    low.segment(at_control_, controls_).setZero();
    high.segment(at_control_, controls_).setOnes();
    // mouthClose closes the lips over an open jaw; beyond that it would turn the mouth inside out.
    const int close = head_.model.control("mouthClose"), open = head_.model.control("jawOpen");
    if (close >= 0 && open >= 0) high[at_control_ + close] = std::max(x[at_control_ + open], 0.0f);
}

std::vector<bool> LandmarkProblem::held(bool refine_all) const {
    std::vector<bool> fixed(std::size_t(count_), false);
    if (!refine_all) std::fill_n(fixed.begin(), at_turn_, true);
    if (!options_.solve_focal) fixed[std::size_t(at_focal_)] = true;
    return fixed;
}

template <class Rows, class Factor, class Jacobian>
void LandmarkProblem::add_chain(Rows&& rows, const Factor& factor, const Jacobian& j, bool refine_all) const {
    if (refine_all) {
        if (identities_) add_product(rows.leftCols(identities_), factor, j.leftCols(identities_));
        add_product(rows.middleCols(at_control_, controls_), factor, j.middleCols(column_.controls, controls_));
    }
    const HeadJoints& joints = head_.model.joints;
    rows.template middleCols<3>(at_turn_) +=
        factor * (neck_share * j.template middleCols<3>(column_.joints + 3 * joints.neck) +
                  (1 - neck_share) * j.template middleCols<3>(column_.joints + 3 * joints.head));
}

Eigen::Vector3f LandmarkProblem::in_camera(const HeadFit& fit, const Vertices& posed, int landmark) const {
    const Eigen::Vector3f b = head_.on_head[std::size_t(landmark)].barycentric;
    const Eigen::Vector3i& c = head_.corner[std::size_t(landmark)];
    const Eigen::Vector3f p = posed.col(c[0]) * b[0] + posed.col(c[1]) * b[1] + posed.col(c[2]) * b[2];
    return front_flip.cwiseProduct(p) + fit.camera.world_to_camera.topRightCorner<3, 1>();
}

void LandmarkProblem::add_landmarks(const HeadFit& fit, const Vertices& posed, bool with_rows, bool refine_all,
                                    Depths& depth, double& energy) {
    const float focal = fit.camera.fx;
    const float sigma = (options_.same_person ? same_person_sigma : pixel_sigma) * iris_;
    for (int i = 0; i < landmarks::count; ++i) {
        const std::size_t s = std::size_t(i);
        const Eigen::Vector3f b = head_.on_head[s].barycentric;
        const Eigen::Vector3i& c = head_.corner[s];
        const Eigen::Vector3f q = in_camera(fit, posed, i);
        const float iz = inverse_depth(q);
        if (i < depths) depth[s] = q.z();
        Eigen::Vector2f r = Eigen::Vector2f(q.x(), q.y()) * focal * iz +
                            Eigen::Vector2f(fit.camera.cx, fit.camera.cy) - points_[s].head<2>();
        Eigen::Matrix2f across = Eigen::Matrix2f::Identity();
        if (!normal_[s].isZero()) across = normal_[s] * normal_[s].transpose();
        r = across * r / sigma;
        // Cauchy: rho = s^2/2 log(1 + r^2/s^2), weight 1 / (1 + r^2/s^2)
        const float k2 = robust_scale * robust_scale, e2 = r.squaredNorm();
        energy += 0.5 * double(weight_[s]) * double(k2) * std::log1p(double(e2 / k2));
        if (!with_rows) continue;
        const float w = std::sqrt(weight_[s] / (1 + e2 / k2));
        residual_.segment<2>(2 * i) = w * r;
        const Eigen::Matrix<float, 2, 3> grad_point = across * by_place(focal, q) * (w / sigma);
        const Eigen::Matrix<float, 2, 3> grad_world = grad_point * front_flip.asDiagonal();
        auto row = rows_.middleRows<2>(2 * i);
        row.setZero();
        for (int k = 0; k < 3; ++k)
            if (b[k] != 0)
                add_chain(row, b[k] * grad_world, model_jacobian_.middleRows<3>(3 * c[k]), refine_all);
        row.middleCols<3>(at_shift_) = grad_point;
        if (options_.solve_focal)
            row.col(at_focal_) = across * Eigen::Vector2f(q.x(), q.y()) * focal * iz * (w / sigma);
        if (i >= depths) continue;
        // Camera depth grows against the world's z.
        auto deep = rows_.row(depth_row + i);
        deep.setZero();
        for (int k = 0; k < 3; ++k) add_chain(deep, -b[k], model_jacobian_.row(3 * c[k] + 2), refine_all);
    }
}

// The detector's depths, about their mean and in weak perspective; their scale follows the picture's.
void LandmarkProblem::add_depths(float focal, const Depths& depth, bool with_rows, double& energy) {
    float mean_depth = 0;
    for (float z : depth) mean_depth += z / depths;
    const float precision = 1 / (depth_sigma * iris_), scale = focal / mean_depth * precision;
    if (with_rows) {
        auto block = rows_.middleRows(depth_row, depths);
        const Eigen::RowVectorXf mean_row = block.colwise().mean();
        block.rowwise() -= mean_row;
    }
    for (int i = 0; i < depths; ++i) {
        const std::size_t s = std::size_t(i);
        const float r = scale * (depth[s] - mean_depth) - precision * (points_[s].z() - mean_guess_);
        const float k2 = robust_scale * robust_scale;
        energy += 0.5 * double(k2) * std::log1p(double(r * r / k2));
        if (!with_rows) continue;
        const float w = std::sqrt(1 / (1 + r * r / k2));
        residual_[depth_row + i] = w * r;
        rows_.row(depth_row + i) *= w * scale;
    }
}

// Lids and lips: the points' errors as a whole are not those of the way between two of them, and a blink or a closed
// mouth is seen by that.
void LandmarkProblem::add_gaps(const HeadFit& fit, const Vertices& posed, bool with_rows, bool refine_all,
                               double& energy) {
    const float focal = fit.camera.fx, precision = 1 / (gap_sigma * iris_);
    int at = gap_row;
    const auto add = [&](const landmarks::Closure& closure) {
        Eigen::Vector2f r = Eigen::Vector2f::Zero();
        if (with_rows) rows_.middleRows<2>(at).setZero();
        for (const float sign : {1.0f, -1.0f}) {
            const int i = sign > 0 ? closure.upper : closure.lower;
            const Eigen::Vector3f b = head_.on_head[std::size_t(i)].barycentric;
            const Eigen::Vector3i& c = head_.corner[std::size_t(i)];
            const Eigen::Vector3f q = in_camera(fit, posed, i);
            const float scale = sign * precision, iz = inverse_depth(q);
            r += scale * (focal * iz * q.head<2>() - points_[std::size_t(i)].head<2>());
            if (!with_rows) continue;
            const Eigen::Matrix<float, 2, 3> grad_point = scale * by_place(focal, q);
            const Eigen::Matrix<float, 2, 3> grad_world = grad_point * front_flip.asDiagonal();
            auto row = rows_.middleRows<2>(at);
            for (int k = 0; k < 3; ++k)
                if (b[k] != 0) add_chain(row, b[k] * grad_world, model_jacobian_.middleRows<3>(3 * c[k]), refine_all);
            row.middleCols<3>(at_shift_) += grad_point;
            if (options_.solve_focal) row.col(at_focal_) += scale * focal * iz * q.head<2>();
        }
        const float k2 = robust_scale * robust_scale, e2 = r.squaredNorm();
        energy += 0.5 * double(k2) * std::log1p(double(e2 / k2));
        if (with_rows) {
            const float w = std::sqrt(1 / (1 + e2 / k2));
            residual_.segment<2>(at) = w * r;
            rows_.middleRows<2>(at) *= w;
        }
        at += 2;
    };
    for (const landmarks::Closure& closure : landmarks::right_lids) add(closure);
    for (const landmarks::Closure& closure : landmarks::left_lids) add(closure);
    for (const landmarks::Closure& closure : landmarks::lips) add(closure);
}

void LandmarkProblem::add_priors(const HeadFit& fit, Eigen::MatrixXf* hessian, Eigen::VectorXf* gradient,
                                 double& energy) const {
    const Eigen::VectorXf x = read(fit);
    energy += 0.5 * double(x.cwiseProduct(prior_).squaredNorm());
    const float distance = x[at_shift_ + 2];
    const float log_distance = (std::log(std::max(distance, 0.05f)) - std::log(usual_distance)) / distance_log_sigma;
    energy += 0.5 * double(log_distance * log_distance);
    const float known_focal = options_.focal_pixels.value_or(0.0f);
    const float log_focal = known_focal > 0 ? (x[at_focal_] - std::log(known_focal)) / focal_log_sigma : 0;
    energy += 0.5 * double(log_focal * log_focal);
    if (!hessian) return;
    *gradient += prior_.cwiseAbs2().cwiseProduct(x);
    hessian->diagonal() += prior_.cwiseAbs2();
    const float dz = 1 / (distance * distance_log_sigma);
    (*hessian)(at_shift_ + 2, at_shift_ + 2) += dz * dz;
    (*gradient)[at_shift_ + 2] += dz * log_distance;
    if (known_focal > 0) {
        (*hessian)(at_focal_, at_focal_) += 1 / (focal_log_sigma * focal_log_sigma);
        (*gradient)[at_focal_] += log_focal / focal_log_sigma;
    }
}

double LandmarkProblem::evaluate(const HeadFit& fit, bool refine_all, Eigen::MatrixXf* hessian,
                                 Eigen::VectorXf* gradient) {
    Vertices posed;
    const PersonalHead person = personalise(head_.part, fit.identity);
    if (hessian)
        pose_with_jacobian(head_.part, person, fit.pose, posed, model_jacobian_);
    else
        posed = pose_head(head_.part, person, fit.pose).vertices;
    double energy = 0;
    Depths depth;
    add_landmarks(fit, posed, hessian != nullptr, refine_all, depth, energy);
    add_depths(fit.camera.fx, depth, hessian != nullptr, energy);
    if (options_.same_person) add_gaps(fit, posed, hessian != nullptr, refine_all, energy);
    if (hessian) {
        hessian->setZero(count_, count_);
        gram_lower(rows_.data(), int(rows_.rows()), count_, hessian->data());
        *gradient = rows_.transpose() * residual_;
    }
    add_priors(fit, hessian, gradient, energy);
    return energy;
}

}  // namespace likeness
