#include "core/tracking/landmark_solver.h"

#include <Eigen/Cholesky>
#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>

#include "core/tracking/landmark_problem.h"

namespace likeness {
namespace {

constexpr float usual_scale = 3.0f;  // robust_scale ...
constexpr float open_scale = 15.0f;  // ... in the first rounds that follow a face: a mouth that has opened
constexpr int open_rounds = 4;       // since the last picture is no outlier

struct Bounds {
    Eigen::VectorXf low, high;
};

// The damped step of the normal equations from x. Bounds by an active set: what would leave its range is put on the
// border and the rest solved again. `fixed` parameters stay.
Eigen::VectorXf bounded_step(const Eigen::MatrixXf& hessian, const Eigen::VectorXf& gradient, const Eigen::VectorXf& x,
                             const Bounds& bounds, std::vector<bool> fixed, float damping) {
    const int count = int(x.size());
    Eigen::VectorXf step = Eigen::VectorXf::Zero(count);
    for (int pass = 0; pass < 3; ++pass) {
        Eigen::MatrixXf system = hessian;
        Eigen::VectorXf right = -gradient;
        for (int i = 0; i < count; ++i)
            if (fixed[std::size_t(i)] && step[i] != 0) {
                right.head(i) -= system.row(i).head(i).transpose() * step[i];
                right.tail(count - i - 1) -= system.col(i).tail(count - i - 1) * step[i];
            }
        for (int i = 0; i < count; ++i) {
            if (fixed[std::size_t(i)]) {
                system.row(i).head(i).setZero();
                system.col(i).tail(count - i - 1).setZero();
                system(i, i) = 1;
                right[i] = step[i];
            } else {
                system(i, i) *= 1 + damping;
                system(i, i) += 1e-6f;
            }
        }
        step = system.selfadjointView<Eigen::Lower>().llt().solve(right);
        bool hit = false;
        for (int i = 0; i < count; ++i) {
            if (fixed[std::size_t(i)]) continue;
            const float bounded = std::clamp(x[i] + step[i], bounds.low[i], bounds.high[i]) - x[i];
            if (bounded != step[i]) {
                step[i] = bounded;
                fixed[std::size_t(i)] = true;
                hit = true;
            }
        }
        if (!hit) break;
    }
    return step;
}

}  // namespace

float iris_distance(const LandmarkPoints& points) {
    return (points[landmarks::left_iris] - points[landmarks::right_iris]).norm();
}

float landmark_error(const HeadModel& model, const Vertices& posed, const Camera& camera,
                     const LandmarkPoints& points) {
    const std::vector<SurfacePoint>& on_head = model.landmarks(landmarks::scheme);
    std::vector<float> distances;
    for (int i = 0; i < landmarks::face_count; ++i) {
        if (std::find(landmarks::face_oval.begin(), landmarks::face_oval.end(), i) != landmarks::face_oval.end()) continue;
        const Eigen::Vector3f p = surface_position(posed, model.triangles, on_head[std::size_t(i)]);
        distances.push_back((camera.project(p) - points[std::size_t(i)].head<2>()).norm());
    }
    std::nth_element(distances.begin(), distances.begin() + std::ptrdiff_t(distances.size() / 2), distances.end());
    return distances[distances.size() / 2] / iris_distance(points);
}

Status check_landmarks(const HeadModel& model) {
    if (!model.landmarks(landmarks::scheme).empty()) return {};
    return Error{ErrorCode::invalid_argument,
                 "No face can be fitted with the head '" + model.name + "': it lacks the landmarks '" +
                     std::string(landmarks::scheme) + "'; use a head that has them.",
                 ""};
}

LandmarkSolver::LandmarkSolver(const HeadModel& model) : head_(std::make_unique<LandmarkHead>(model)) {}
LandmarkSolver::~LandmarkSolver() = default;

// Rotation and scale by Procrustes (Umeyama 1991) between the template's landmarks and the detector's, which carry
// depth up to scale; the distance is the prior's.
void LandmarkSolver::start(const LandmarkPoints& points, int width, int height, const SolverOptions& options,
                           HeadFit& fit) const {
    Eigen::Matrix3Xf from(3, landmarks::face_count), to(3, landmarks::face_count);
    for (int i = 0; i < landmarks::face_count; ++i) {
        from.col(i) = surface_position(head_->model.vertices, head_->model.triangles, head_->on_head[std::size_t(i)]);
        to.col(i) = points[std::size_t(i)].cwiseProduct(front_flip);
    }
    const Eigen::Matrix4f m = Eigen::umeyama(from, to, true);
    const float scale = m.col(0).head<3>().norm();  // pixels a metre
    const Eigen::AngleAxisf turn(Eigen::Matrix3f(m.topLeftCorner<3, 3>() / scale));
    fit.identity = Eigen::VectorXf::Zero(head_->model.identity_count());
    fit.pose = HeadPose::neutral(head_->model);
    fit.head_rotation = turn.angle() * turn.axis();
    turn_head(head_->model, fit.head_rotation, fit.pose);
    Camera& camera = fit.camera;
    camera.width = width;
    camera.height = height;
    const Eigen::Vector2f middle_of_lens =
        options.principal_point.value_or(0.5f * Eigen::Vector2f(float(width), float(height)));
    camera.cx = middle_of_lens.x();
    camera.cy = middle_of_lens.y();
    const float usual_focal = scale * usual_distance;
    camera.fx = camera.fy = options.solve_focal ? usual_focal : options.focal_pixels.value_or(usual_focal);
    const float distance = camera.fx / scale;
    camera.world_to_camera.setIdentity();
    camera.world_to_camera.diagonal().head<3>() = front_flip;
    const PosedHead posed = pose_head(head_->model, personalise(head_->model, fit.identity), fit.pose);
    Eigen::Vector3f middle = Eigen::Vector3f::Zero();
    Eigen::Vector2f seen = Eigen::Vector2f::Zero();
    for (int i = 0; i < landmarks::face_count; ++i) {
        middle += surface_position(posed.vertices, head_->model.triangles, head_->on_head[std::size_t(i)]) /
                  landmarks::face_count;
        seen += points[std::size_t(i)].head<2>() / landmarks::face_count;
    }
    camera.world_to_camera.topRightCorner<3, 1>() =
        Eigen::Vector3f((seen.x() - camera.cx) / scale, (seen.y() - camera.cy) / scale, distance) -
        front_flip.cwiseProduct(middle);
}

void LandmarkSolver::solve(const LandmarkPoints& points, int width, int height, const SolverOptions& options,
                           HeadFit& fit) const {
    if (!options.warm_start) start(points, width, height, options, fit);
    LandmarkProblem problem(*head_, points, options);
    problem.robust_scale = options.same_person ? open_scale : usual_scale;
    constexpr float first_damping = 1e-3f;
    float damping = first_damping;
    Eigen::MatrixXf hessian;
    Eigen::VectorXf gradient;
    Bounds bounds;
    const int rigid_rounds = options.warm_start ? 0 : 3;
    for (int round = 0; round < options.iterations + rigid_rounds; ++round) {
        const bool refine_all = round >= rigid_rounds;
        const double before = problem.normal_equations(fit, refine_all, hessian, gradient);
        const Eigen::VectorXf x = problem.read(fit);
        problem.bounds(x, bounds.low, bounds.high);
        bool accepted = false;
        double after = before;
        for (int attempt = 0; attempt < 4 && !accepted; ++attempt) {
            HeadFit trial = fit;
            problem.write(x + bounded_step(hessian, gradient, x, bounds, problem.held(refine_all), damping), trial);
            after = problem.energy(trial);
            if (std::isfinite(after) && after < before) {
                fit = std::move(trial);
                damping = std::max(damping * 0.2f, 1e-6f);
                accepted = true;
            } else {
                damping *= 8;
            }
        }
        const bool settled = refine_all && (!accepted || before - after < 1e-4 * before);
        if (problem.robust_scale != usual_scale && (settled || round + 1 == open_rounds)) {
            problem.robust_scale = usual_scale;
            damping = first_damping;
        } else if (settled) {
            break;
        }
    }
    const PosedHead posed = pose_head(head_->model, personalise(head_->model, fit.identity), fit.pose);
    fit.model_error = fit.landmark_error = landmark_error(head_->model, posed.vertices, fit.camera, points);
}

}  // namespace likeness
