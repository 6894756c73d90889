#include "core/tracking/landmark_solver.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>

#include "core/base/parallel.h"
#include "core/tracking/bounded_step.h"
#include "core/tracking/landmark_problem.h"

namespace likeness {
namespace {

constexpr float usual_scale = 3.0f;  // robust_scale ...
constexpr float open_scale = 15.0f;  // ... in the first rounds that follow a face: a mouth that has opened
constexpr int open_rounds = 4;       // since the last picture is no outlier
constexpr int rigid_rounds = 3;      // at first only rotation and camera
constexpr int joint_rounds = 10;     // of several pictures together
constexpr float first_damping = 1e-3f;

bool stopped(const SolverOptions& options) { return options.stop && options.stop->load(std::memory_order_relaxed); }

// Steps with more and more damping until one lowers the energy `before`, four at most. `energy_at` makes the fits of
// parameters from those that are, and tells their energy. Nothing where no step helps; then the fits stay.
template <class Fits, class EnergyAt>
std::optional<double> lower_energy(const Eigen::MatrixXf& hessian, const Eigen::VectorXf& gradient,
                                   const Eigen::VectorXf& x, const Bounds& bounds, const std::vector<bool>& fixed,
                                   double before, float& damping, Fits& fits, const EnergyAt& energy_at) {
    for (int attempt = 0; attempt < 4; ++attempt) {
        Fits trial = fits;
        const double after = energy_at(x + bounded_step(hessian, gradient, x, bounds, fixed, damping), trial);
        if (std::isfinite(after) && after < before) {
            fits = std::move(trial);
            damping = std::max(damping * 0.2f, 1e-6f);
            return after;
        }
        damping *= 8;
    }
    return std::nullopt;
}

}  // namespace

float iris_distance(const LandmarkPoints& points) {
    return (points[landmarks::left_iris] - points[landmarks::right_iris]).norm();
}

namespace {
// `place(i)`: of a landmark on the posed head.
template <class Place>
float median_miss(const Camera& camera, const LandmarkPoints& points, const Place& place) {
    std::vector<float> distances;
    for (int i = 0; i < landmarks::face_count; ++i) {
        if (std::find(landmarks::face_oval.begin(), landmarks::face_oval.end(), i) != landmarks::face_oval.end()) continue;
        distances.push_back((camera.project(place(std::size_t(i))) - points[std::size_t(i)].head<2>()).norm());
    }
    std::nth_element(distances.begin(), distances.begin() + std::ptrdiff_t(distances.size() / 2), distances.end());
    return distances[distances.size() / 2] / iris_distance(points);
}

}  // namespace

float landmark_error(const HeadModel& model, const Vertices& posed, const Camera& camera,
                     const LandmarkPoints& points) {
    const std::vector<SurfacePoint>& on_head = model.landmarks(landmarks::scheme);
    return median_miss(camera, points,
                       [&](std::size_t i) { return surface_position(posed, model.triangles, on_head[i]); });
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
    refine(points, options, options.warm_start ? 0 : rigid_rounds, fit);
}

void LandmarkSolver::refine(const LandmarkPoints& points, const SolverOptions& options, int rigid, HeadFit& fit) const {
    LandmarkProblem problem(*head_, points, options);
    problem.robust_scale = options.same_person ? open_scale : usual_scale;
    float damping = first_damping;
    Eigen::MatrixXf hessian;
    Eigen::VectorXf gradient;
    Bounds bounds;
    for (int round = 0; round < options.iterations + rigid && !stopped(options); ++round) {
        const bool refine_all = round >= rigid;
        const double before = problem.normal_equations(fit, refine_all, hessian, gradient);
        const Eigen::VectorXf x = problem.read(fit);
        problem.bounds(x, bounds.low, bounds.high);
        const auto after = lower_energy(hessian, gradient, x, bounds, problem.held(refine_all), before, damping, fit,
                                        [&](const Eigen::VectorXf& moved, HeadFit& trial) {
                                            problem.write(moved, trial);
                                            return problem.energy(trial);
                                        });
        const bool settled = refine_all && (!after || before - *after < 1e-4 * before);
        if (problem.robust_scale != usual_scale && (settled || round + 1 == open_rounds)) {
            problem.robust_scale = usual_scale;
            damping = first_damping;
        } else if (settled) {
            break;
        }
    }
    const Vertices posed = pose_head(head_->part, personalise(head_->part, fit.identity), fit.pose).vertices;
    fit.model_error = fit.landmark_error = median_miss(fit.camera, points, [&](std::size_t i) -> Eigen::Vector3f {
        const Eigen::Vector3i& corner = head_->corner[i];
        const Eigen::Vector3f& share = head_->on_head[i].barycentric;
        return posed.col(corner[0]) * share[0] + posed.col(corner[1]) * share[1] + posed.col(corner[2]) * share[2];
    });
}

// One system: identity | log focal length | each picture's controls, rotation and shift.
void LandmarkSolver::solve_together(std::span<const LandmarkPoints> pictures, int width, int height,
                                    const SolverOptions& options, std::vector<HeadFit>& fits) const {
    fits.assign(pictures.size(), {});
    solve(pictures[0], width, height, options, fits[0]);
    SolverOptions with_shape = options;
    with_shape.solve_identity = with_shape.solve_focal = false;
    std::vector<LandmarkProblem> problems;
    for (const LandmarkPoints& points : pictures)
        problems.emplace_back(*head_, points, options).robust_scale = usual_scale;
    const auto each_picture = [&](const auto& work) {
        parallel_for(pictures.size(), 1, [&](std::size_t begin, std::size_t end) {
            for (std::size_t k = begin; k < end; ++k) work(k);
        });
    };
    each_picture([&](std::size_t k) {
        if (k == 0) return;
        HeadFit& fit = fits[k];
        start(pictures[k], width, height, options, fit);
        fit.identity = fits[0].identity;
        const float focal = fits[0].camera.fx;
        fit.camera.world_to_camera(2, 3) += usual_distance * (focal / fit.camera.fx - 1);
        fit.camera.fx = fit.camera.fy = focal;
        refine(pictures[k], with_shape, rigid_rounds, fit);
    });

    const int identities = head_->model.identity_count(), shared = identities + 1;
    const int own = problems[0].parameters() - shared, count = shared + int(pictures.size()) * own;
    // Where the parameters of picture k are: its own lie between the identity and the focal length.
    const auto place = [&](int k, int i) {
        return i < identities ? i : i < identities + own ? shared + k * own + i - identities : identities;
    };
    // Of each picture; they are summed up in order, so the result does not depend on the threads.
    struct Part {
        double energy = 0;
        Eigen::MatrixXf hessian;
        Eigen::VectorXf gradient;
    };
    std::vector<Part> parts(pictures.size());
    Eigen::MatrixXf hessian(count, count);
    Eigen::VectorXf gradient(count), x(count), low, high;
    Bounds bounds{Eigen::VectorXf(count), Eigen::VectorXf(count)};
    float damping = first_damping;
    for (int round = 0; round < joint_rounds && !stopped(options); ++round) {
        hessian.setZero();
        gradient.setZero();
        double before = 0;
        each_picture([&](std::size_t k) {
            Part& part = parts[k];
            part.energy = problems[k].normal_equations(fits[k], true, part.hessian, part.gradient);
        });
        for (int k = 0; k < int(pictures.size()); ++k) {
            LandmarkProblem& problem = problems[std::size_t(k)];
            const Part& part = parts[std::size_t(k)];
            before += part.energy;
            const Eigen::VectorXf values = problem.read(fits[std::size_t(k)]);
            problem.bounds(values, low, high);
            for (int i = 0; i < problem.parameters(); ++i) {
                const int row = place(k, i);
                gradient[row] += part.gradient[i];
                x[row] = values[i];
                bounds.low[row] = low[i];
                bounds.high[row] = high[i];
                for (int j = 0; j <= i; ++j) {
                    const int column = place(k, j);
                    hessian(std::max(row, column), std::min(row, column)) += part.hessian(i, j);
                }
            }
        }
        std::vector<bool> fixed(std::size_t(count), false);
        fixed[std::size_t(identities)] = !options.solve_focal;
        const auto after = lower_energy(hessian, gradient, x, bounds, fixed, before, damping, fits,
                                        [&](const Eigen::VectorXf& moved, std::vector<HeadFit>& trial) {
                                            each_picture([&](std::size_t k) {
                                                LandmarkProblem& problem = problems[k];
                                                Eigen::VectorXf values(problem.parameters());
                                                for (int i = 0; i < problem.parameters(); ++i)
                                                    values[i] = moved[place(int(k), i)];
                                                problem.write(values, trial[k]);
                                                parts[k].energy = problem.energy(trial[k]);
                                            });
                                            double sum = 0;
                                            for (const Part& part : parts) sum += part.energy;
                                            return sum;
                                        });
        if (!after || before - *after < 1e-4 * before) break;
    }
}

}  // namespace likeness
