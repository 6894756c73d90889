#include "core/tracking/landmark_solver.h"

#include <Eigen/Cholesky>
#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

#include "core/tracking/gram.h"

namespace likeness {
namespace {

// Camera axes against the world's for a camera that looks at the face from the front.
const Eigen::Vector3f front_flip(1, -1, -1);

// Priors, as standard deviations. Tuned on photographs.
constexpr float identity_sigma = 0.30f;       // of a target's coefficient
constexpr float expression_sigma = 0.35f;     // of a control
constexpr float hidden_sigma = 0.08f;         // of controls that landmarks hardly see
constexpr float distance_metres = 1.0f;       // people are photographed from about here ...
constexpr float distance_log_sigma = 0.35f;   // ... give or take 40 %
constexpr float focal_log_sigma = 0.03f;      // of a focal length read from the file
constexpr float pixel_sigma = 0.012f;         // of a landmark, over the iris distance
constexpr float depth_sigma = 0.03f;           // of a landmark's depth as the detector guesses it, likewise
constexpr float same_person_sigma = 0.006f;    // the same where only the detector errs, not the shape
constexpr float robust_scale = 3.0f;           // Cauchy, in units of these
constexpr float open_scale = 15.0f;  // the same in the first rounds that follow a face: a mouth that has opened
constexpr int open_rounds = 4;       // since the last picture is no outlier

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

LandmarkSolver::LandmarkSolver(const HeadModel& model) : model_(model), on_head_(model.landmarks(landmarks::scheme)) {
    std::map<int, int> index;
    std::vector<int> kept;
    for (std::size_t i = 0; i < corner_.size(); ++i) {
        const Eigen::Vector3i& t = model.triangles[std::size_t(on_head_[i].triangle)];
        for (int k = 0; k < 3; ++k) {
            const auto [it, added] = index.emplace(t[k], int(kept.size()));
            if (added) kept.push_back(t[k]);
            corner_[i][k] = it->second;
        }
    }
    part_ = vertex_subset(model, kept);
}

// Rotation and scale by Procrustes (Umeyama 1991) between the template's landmarks and the detector's, which carry
// depth up to scale; the distance is the prior's.
void LandmarkSolver::start(const LandmarkPoints& points, int width, int height, HeadFit& fit) const {
    Eigen::Matrix3Xf from(3, landmarks::face_count), to(3, landmarks::face_count);
    for (int i = 0; i < landmarks::face_count; ++i) {
        from.col(i) = surface_position(model_.vertices, model_.triangles, on_head_[std::size_t(i)]);
        to.col(i) = points[std::size_t(i)].cwiseProduct(front_flip);
    }
    const Eigen::Matrix4f m = Eigen::umeyama(from, to, true);
    const float scale = m.col(0).head<3>().norm();  // pixels a metre
    const Eigen::AngleAxisf turn(Eigen::Matrix3f(m.topLeftCorner<3, 3>() / scale));
    fit.identity = Eigen::VectorXf::Zero(model_.identity_count());
    fit.pose = HeadPose::neutral(model_);
    fit.head_rotation = turn.angle() * turn.axis();
    turn_head(model_, fit.head_rotation, fit.pose);
    Camera& camera = fit.camera;
    camera.width = width;
    camera.height = height;
    camera.cx = float(width) / 2;
    camera.cy = float(height) / 2;
    camera.fx = camera.fy = scale * distance_metres;
    camera.world_to_camera.setIdentity();
    camera.world_to_camera.diagonal().head<3>() = front_flip;
    const PosedHead posed = pose_head(model_, personalise(model_, fit.identity), fit.pose);
    Eigen::Vector3f middle = Eigen::Vector3f::Zero();
    Eigen::Vector2f seen = Eigen::Vector2f::Zero();
    for (int i = 0; i < landmarks::face_count; ++i) {
        middle += surface_position(posed.vertices, model_.triangles, on_head_[std::size_t(i)]) / landmarks::face_count;
        seen += points[std::size_t(i)].head<2>() / landmarks::face_count;
    }
    camera.world_to_camera.topRightCorner<3, 1>() =
        Eigen::Vector3f((seen.x() - camera.cx) / scale, (seen.y() - camera.cy) / scale, distance_metres) -
        front_flip.cwiseProduct(middle);
}

void LandmarkSolver::solve(const LandmarkPoints& points, int width, int height, const SolverOptions& options,
                           HeadFit& fit) const {
    if (!options.warm_start) start(points, width, height, fit);
    const auto weight = landmark_weights();
    const auto normal = contour_normals(points);
    const float sigma = (options.same_person ? same_person_sigma : pixel_sigma) * iris_distance(points);
    const float known_focal = options.focal_pixels.value_or(0.0f);

    const int identities = options.solve_identity ? model_.identity_count() : 0;
    const int controls = model_.control_count();
    const int at_control = identities, at_turn = at_control + controls, at_shift = at_turn + 3, at_focal = at_shift + 3;
    const int unknowns = at_focal + 1;
    const int neck = model_.joints.neck, head = model_.joints.head;
    const HeadParameters column(part_);

    Eigen::VectorXf low = Eigen::VectorXf::Constant(unknowns, -1e9f), high = -low, prior = Eigen::VectorXf::Zero(unknowns);
    for (int i = 0; i < identities; ++i) {
        low[i] = model_.identity_range(0, i);
        high[i] = model_.identity_range(1, i);
        prior[i] = 1 / identity_sigma;
    }
    for (int c = 0; c < controls; ++c) {
        low[at_control + c] = 0;
        high[at_control + c] = 1;
        prior[at_control + c] = 1 / (hardly_seen(model_.control_names[std::size_t(c)]) ? hidden_sigma : expression_sigma);
    }

    const auto read = [&](const HeadFit& f) {
        Eigen::VectorXf x(unknowns);
        x.head(identities) = f.identity.head(identities);
        x.segment(at_control, controls) = f.pose.controls;
        x.segment<3>(at_turn) = f.head_rotation;
        x.segment<3>(at_shift) = f.camera.world_to_camera.topRightCorner<3, 1>();
        x[at_focal] = std::log(f.camera.fx);
        return x;
    };
    const auto write = [&](const Eigen::VectorXf& x, HeadFit& f) {
        if (identities) f.identity = x.head(identities);
        f.pose.controls = x.segment(at_control, controls);
        f.head_rotation = x.segment<3>(at_turn);
        turn_head(model_, f.head_rotation, f.pose);
        f.camera.world_to_camera.topRightCorner<3, 1>() = x.segment<3>(at_shift);
        f.camera.fx = f.camera.fy = std::exp(x[at_focal]);
    };

    float robust = options.same_person ? open_scale : robust_scale;
    // Energy of a state and, when asked for, its normal equations.
    constexpr int depths = landmarks::face_count, depth_row = 2 * landmarks::count;  // the irises' depth is not used
    RowMatrix model_jacobian, rows(depth_row + depths, unknowns);
    Eigen::VectorXf residual(depth_row + depths);
    const float depth_precision = 1 / (depth_sigma * iris_distance(points));
    float mean_guess = 0;
    for (int i = 0; i < depths; ++i) mean_guess += points[std::size_t(i)].z() / depths;
    const auto evaluate = [&](const HeadFit& f, bool refine_all, Eigen::MatrixXf* hessian, Eigen::VectorXf* gradient) {
        Vertices posed;
        const PersonalHead person = personalise(part_, f.identity);
        if (hessian)
            pose_with_jacobian(part_, person, f.pose, posed, model_jacobian);
        else
            posed = pose_head(part_, person, f.pose).vertices;
        double energy = 0;
        std::array<float, depths> depth;
        const Eigen::Vector3f t = f.camera.world_to_camera.topRightCorner<3, 1>();
        const float focal = f.camera.fx;
        for (int i = 0; i < landmarks::count; ++i) {
            const std::size_t s = std::size_t(i);
            const Eigen::Vector3f b = on_head_[s].barycentric;
            const Eigen::Vector3i& c = corner_[s];
            const Eigen::Vector3f p = posed.col(c[0]) * b[0] + posed.col(c[1]) * b[1] + posed.col(c[2]) * b[2];
            const Eigen::Vector3f q = front_flip.cwiseProduct(p) + t;
            const float iz = 1 / std::max(q.z(), 0.05f);
            if (i < depths) depth[s] = q.z();
            Eigen::Vector2f r = Eigen::Vector2f(q.x(), q.y()) * focal * iz +
                                Eigen::Vector2f(f.camera.cx, f.camera.cy) - points[s].head<2>();
            Eigen::Matrix2f across = Eigen::Matrix2f::Identity();
            if (!normal[s].isZero()) across = normal[s] * normal[s].transpose();
            r = across * r / sigma;
            // Cauchy: rho = s^2/2 log(1 + r^2/s^2), weight 1 / (1 + r^2/s^2)
            const float k2 = robust * robust, e2 = r.squaredNorm();
            energy += 0.5 * double(weight[s]) * double(k2) * std::log1p(double(e2 / k2));
            if (!hessian) continue;
            const float w = std::sqrt(weight[s] / (1 + e2 / k2));
            residual.segment<2>(2 * i) = w * r;
            Eigen::Matrix<float, 2, 3> grad_point;
            grad_point << focal * iz, 0, -focal * q.x() * iz * iz, 0, focal * iz, -focal * q.y() * iz * iz;
            grad_point = across * grad_point * (w / sigma);
            const Eigen::Matrix<float, 2, 3> grad_world = grad_point * front_flip.asDiagonal();
            auto row = rows.middleRows<2>(2 * i);
            row.setZero();
            for (int k = 0; k < 3; ++k) {
                if (b[k] == 0) continue;
                const auto j = model_jacobian.middleRows<3>(3 * c[k]);
                if (refine_all) {
                    if (identities) row.leftCols(identities).noalias() += b[k] * grad_world * j.leftCols(identities);
                    row.middleCols(at_control, controls).noalias() +=
                        b[k] * grad_world * j.middleCols(column.controls, controls);
                }
                row.middleCols<3>(at_turn) += b[k] * grad_world *
                                              (neck_share * j.middleCols<3>(column.joints + 3 * neck) +
                                               (1 - neck_share) * j.middleCols<3>(column.joints + 3 * head));
            }
            if (i < depths) {
                // Camera depth grows against the world's z.
                auto deep = rows.row(depth_row + i);
                deep.setZero();
                for (int k = 0; k < 3; ++k) {
                    const auto j = model_jacobian.row(3 * c[k] + 2);
                    if (refine_all) {
                        if (identities) deep.leftCols(identities) -= b[k] * j.leftCols(identities);
                        deep.middleCols(at_control, controls) -= b[k] * j.middleCols(column.controls, controls);
                    }
                    deep.middleCols<3>(at_turn) -=
                        b[k] * (neck_share * j.middleCols<3>(column.joints + 3 * neck) +
                                (1 - neck_share) * j.middleCols<3>(column.joints + 3 * head));
                }
            }
            row.middleCols<3>(at_shift) = grad_point;
            if (options.solve_focal)
                row.col(at_focal) = across * Eigen::Vector2f(q.x(), q.y()) * focal * iz * (w / sigma);
        }
        // The detector's depths, about their mean and in weak perspective; their scale follows the picture's.
        float mean_depth = 0;
        for (float z : depth) mean_depth += z / depths;
        const float depth_scale = focal / mean_depth * depth_precision;
        if (hessian) {
            auto block = rows.bottomRows(depths);
            const Eigen::RowVectorXf mean_row = block.colwise().mean();
            block.rowwise() -= mean_row;
        }
        for (int i = 0; i < depths; ++i) {
            const std::size_t s = std::size_t(i);
            const float r = depth_scale * (depth[s] - mean_depth) - depth_precision * (points[s].z() - mean_guess);
            const float k2 = robust * robust;
            energy += 0.5 * double(k2) * std::log1p(double(r * r / k2));
            if (!hessian) continue;
            const float w = std::sqrt(1 / (1 + r * r / k2));
            residual[depth_row + i] = w * r;
            rows.row(depth_row + i) *= w * depth_scale;
        }
        const Eigen::VectorXf x = read(f);
        energy += 0.5 * double(x.cwiseProduct(prior).squaredNorm());
        const float log_distance = (std::log(std::max(t.z(), 0.05f)) - std::log(distance_metres)) / distance_log_sigma;
        energy += 0.5 * double(log_distance * log_distance);
        const float log_focal = known_focal > 0 ? (x[at_focal] - std::log(known_focal)) / focal_log_sigma : 0;
        energy += 0.5 * double(log_focal * log_focal);
        if (hessian) {
            hessian->setZero(unknowns, unknowns);
            gram_lower(rows.data(), int(rows.rows()), unknowns, hessian->data());
            *gradient = rows.transpose() * residual + prior.cwiseAbs2().cwiseProduct(x);
            hessian->diagonal() += prior.cwiseAbs2();
            const float dz = 1 / (t.z() * distance_log_sigma);
            (*hessian)(at_shift + 2, at_shift + 2) += dz * dz;
            (*gradient)[at_shift + 2] += dz * log_distance;
            if (known_focal > 0) {
                (*hessian)(at_focal, at_focal) += 1 / (focal_log_sigma * focal_log_sigma);
                (*gradient)[at_focal] += log_focal / focal_log_sigma;
            }
        }
        return energy;
    };

    constexpr float first_damping = 1e-3f;
    float damping = first_damping;
    Eigen::MatrixXf hessian;
    Eigen::VectorXf gradient;
    const int rigid_rounds = options.warm_start ? 0 : 3;
    for (int round = 0; round < options.iterations + rigid_rounds; ++round) {
        const bool refine_all = round >= rigid_rounds;
        const double before = evaluate(fit, refine_all, &hessian, &gradient);
        const Eigen::VectorXf x = read(fit);
        // mouthClose closes the lips over an open jaw; beyond that it would turn the mouth inside out.
        if (const int close = model_.control("mouthClose"), open = model_.control("jawOpen"); close >= 0 && open >= 0)
            high[at_control + close] = std::max(x[at_control + open], 0.0f);
        bool accepted = false;
        double after = before;
        for (int attempt = 0; attempt < 4 && !accepted; ++attempt) {
            // Bounds by an active set: what would leave its range is put on the border and the rest solved again.
            Eigen::VectorXf step = Eigen::VectorXf::Zero(unknowns);
            std::vector<bool> fixed(std::size_t(unknowns), false);
            if (!refine_all)
                for (int i = 0; i < at_turn; ++i) fixed[std::size_t(i)] = true;
            if (!options.solve_focal) fixed[std::size_t(at_focal)] = true;
            for (int pass = 0; pass < 3; ++pass) {
                Eigen::MatrixXf system = hessian;
                Eigen::VectorXf right = -gradient;
                for (int i = 0; i < unknowns; ++i)
                    if (fixed[std::size_t(i)] && step[i] != 0) {
                        right.head(i) -= system.row(i).head(i).transpose() * step[i];
                        right.tail(unknowns - i - 1) -= system.col(i).tail(unknowns - i - 1) * step[i];
                    }
                for (int i = 0; i < unknowns; ++i) {
                    if (fixed[std::size_t(i)]) {
                        system.row(i).head(i).setZero();
                        system.col(i).tail(unknowns - i - 1).setZero();
                        system(i, i) = 1;
                        right[i] = step[i];
                    } else {
                        system(i, i) *= 1 + damping;
                        system(i, i) += 1e-6f;
                    }
                }
                step = system.selfadjointView<Eigen::Lower>().llt().solve(right);
                bool hit = false;
                for (int i = 0; i < unknowns; ++i) {
                    if (fixed[std::size_t(i)]) continue;
                    const float bounded = std::clamp(x[i] + step[i], low[i], high[i]) - x[i];
                    if (bounded != step[i]) {
                        step[i] = bounded;
                        fixed[std::size_t(i)] = true;
                        hit = true;
                    }
                }
                if (!hit) break;
            }
            HeadFit trial = fit;
            write(x + step, trial);
            after = evaluate(trial, refine_all, nullptr, nullptr);
            if (std::isfinite(after) && after < before) {
                fit = std::move(trial);
                damping = std::max(damping * 0.2f, 1e-6f);
                accepted = true;
            } else {
                damping *= 8;
            }
        }
        const bool settled = refine_all && (!accepted || before - after < 1e-4 * before);
        if (robust != robust_scale && (settled || round + 1 == open_rounds)) {
            robust = robust_scale;
            damping = first_damping;
        } else if (settled) {
            break;
        }
    }
    const PosedHead posed = pose_head(model_, personalise(model_, fit.identity), fit.pose);
    fit.model_error = fit.landmark_error = landmark_error(model_, posed.vertices, fit.camera, points);
}

}  // namespace likeness
