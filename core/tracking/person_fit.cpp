#include "core/tracking/person_fit.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <limits>
#include <mutex>

#include "core/base/parallel.h"
#include "core/tracking/face_follower.h"
#include "core/tracking/surface_offsets.h"

namespace likeness {
namespace {

constexpr std::size_t shape_pictures = 6;  // that identity and focal length are solved from
constexpr int rounds = 4;                  // of offsets and fits in turn
constexpr float ridge = 0.3f;              // in squares of controls: a control that moved less says little

// What tells two pictures apart: landmarks about their mean in eye distances, lids and lips apart counted more.
Eigen::VectorXf shape_of(const LandmarkPoints& points) {
    constexpr float closure_weight = 6.0f;
    Eigen::VectorXf shape(2 * (landmarks::face_count + 3));
    Eigen::Vector2f mean = Eigen::Vector2f::Zero();
    for (int i = 0; i < landmarks::face_count; ++i) mean += points[std::size_t(i)].head<2>() / landmarks::face_count;
    const float unit = iris_distance(points);
    for (int i = 0; i < landmarks::face_count; ++i)
        shape.segment<2>(2 * i) = (points[std::size_t(i)].head<2>() - mean) / unit;
    int at = 2 * landmarks::face_count;
    const auto add = [&](const auto& closures) {
        Eigen::Vector2f apart = Eigen::Vector2f::Zero();
        for (const landmarks::Closure& c : closures)
            apart += (points[std::size_t(c.lower)] - points[std::size_t(c.upper)]).head<2>() / float(closures.size());
        shape.segment<2>(at) = closure_weight * apart / unit;
        at += 2;
    };
    add(landmarks::right_lids);
    add(landmarks::left_lids);
    add(landmarks::lips);
    return shape;
}

std::shared_ptr<const ExpressionBasis> expression_of(const HeadModel& model, const Eigen::MatrixXf& of_controls) {
    const Eigen::Index controls = of_controls.cols();
    return std::make_shared<ExpressionBasis>(
        join(*model.expression, {of_controls, Eigen::MatrixXf::Identity(controls, controls)}));
}

// Each has its own factors, so a thread borrows one.
class OffsetSolvers {
  public:
    explicit OffsetSolvers(const HeadModel& model) : model_(model) {}
    Vertices solve(const PersonalHead& bare, const HeadFit& fit, const std::vector<OffsetTarget>& targets) {
        std::unique_ptr<OffsetSolver> solver;
        {
            const std::lock_guard lock(mutex_);
            if (!idle_.empty()) {
                solver = std::move(idle_.back());
                idle_.pop_back();
            }
        }
        if (!solver) solver = std::make_unique<OffsetSolver>(model_);
        Vertices offsets = solver->solve(bare, fit, targets);
        const std::lock_guard lock(mutex_);
        idle_.push_back(std::move(solver));
        return offsets;
    }

  private:
    const HeadModel& model_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<OffsetSolver>> idle_;
};

}  // namespace

PersonalHead PersonFit::head(const HeadModel& model) const {
    PersonalHead person = personalise(model, identity, &offsets);
    person.expression = expression_of(model, of_controls);
    return person;
}

std::vector<std::size_t> choose_key_frames(std::span<const LandmarkPoints> seen, std::size_t count) {
    std::vector<std::size_t> chosen;
    if (seen.empty()) return chosen;
    std::vector<Eigen::VectorXf> shapes;
    for (const LandmarkPoints& points : seen) shapes.push_back(shape_of(points));
    std::vector<float> distance(seen.size(), std::numeric_limits<float>::max());
    for (std::size_t next = 0; chosen.size() < std::min(count, seen.size());) {
        chosen.push_back(next);
        for (std::size_t i = 0; i < seen.size(); ++i)
            distance[i] = std::min(distance[i], (shapes[i] - shapes[next]).squaredNorm());
        next = std::size_t(std::max_element(distance.begin(), distance.end()) - distance.begin());
        if (distance[next] == 0) break;
    }
    return chosen;
}

bool KeyFrames::offer(const LandmarkPoints& points) {
    constexpr float least_difference = 0.4f;  // squared: a head that turned by some five degrees, lids that closed
    const Eigen::VectorXf shape = shape_of(points);
    if (!shape.allFinite()) return false;
    float nearest = std::numeric_limits<float>::max();
    for (const Eigen::VectorXf& kept : shapes_) nearest = std::min(nearest, (kept - shape).squaredNorm());
    if (nearest < least_difference) return false;
    if (points_.size() == most_) {
        float least = std::numeric_limits<float>::max();
        std::size_t leaves = 0;
        for (std::size_t i = 0; i < most_; ++i)
            for (std::size_t k = i + 1; k < most_; ++k)
                if (const float apart = (shapes_[i] - shapes_[k]).squaredNorm(); apart < least) {
                    least = apart;
                    leaves = k;
                }
        if (nearest < 1.2f * least) return false;
        points_.erase(points_.begin() + std::ptrdiff_t(leaves));
        shapes_.erase(shapes_.begin() + std::ptrdiff_t(leaves));
    }
    points_.push_back(points);
    shapes_.push_back(shape);
    return true;
}

std::size_t most_alike(std::span<const LandmarkPoints> pictures, const LandmarkPoints& points) {
    const Eigen::VectorXf wanted = shape_of(points);
    std::size_t nearest = 0;
    float least = std::numeric_limits<float>::max();
    for (std::size_t i = 0; i < pictures.size(); ++i) {
        const float distance = (shape_of(pictures[i]) - wanted).squaredNorm();
        if (distance < least) {
            least = distance;
            nearest = i;
        }
    }
    return nearest;
}

PersonFit fit_person(const HeadModel& model, std::span<const LandmarkPoints> pictures, int width, int height,
                     SolverOptions options, Progress& progress) {
    PersonFit person;
    options.stop = progress.stop();
    progress.report(0, "Finding the face's shape");
    const std::size_t shown = std::min(pictures.size(), shape_pictures);
    LandmarkSolver(model).solve_together(pictures.first(shown), width, height, options, person.fits);
    progress.report(0.3, "Finding the face's shape");
    person.identity = person.fits[0].identity;
    person.offsets = Vertices::Zero(3, model.vertex_count());
    person.of_controls.setZero(3 * model.vertex_count(), model.control_count());
    // A picture that was not among these begins where the one most like it is.
    for (std::size_t k = shown; k < pictures.size(); ++k)
        person.fits.push_back(person.fits[most_alike(pictures.first(k), pictures[k])]);

    const int vertices = model.vertex_count(), controls = model.control_count(), count = int(pictures.size());
    OffsetSolvers solver(model);
    PersonalHead bare = personalise(model, person.identity);
    const Eigen::MatrixXf motions = model.expression->targets * model.expression->control_map;  // [3 V, C]
    Eigen::MatrixXf motion_gram = motions.transpose() * motions;
    motion_gram.diagonal().array() += 1e-4f * motion_gram.diagonal().mean();
    const Eigen::LDLT<Eigen::MatrixXf> of_motions(motion_gram);
    for (int round = 0; round < rounds; ++round) {
        bare.expression = expression_of(model, person.of_controls);
        PersonalHead head = bare;
        head.vertices += person.offsets;
        const FaceFollower follower(model, head, person.fits[0]);
        Eigen::MatrixXf missing(3 * vertices, count), shown_controls(count, controls);
        progress.report(0.3 + 0.7 * round / rounds, "Finding how the face moves");
        parallel_for(std::size_t(count), 1, [&](std::size_t begin, std::size_t end) {
            for (std::size_t k = begin; k < end && !progress.cancelled(); ++k) {
                const LandmarkPoints& points = pictures[k];
                HeadFit& fit = person.fits[k];
                fit = follower.fit(points, fit);
                fit.identity = person.identity;
                HeadFit with_offsets = fit;
                with_offsets.offsets = person.offsets;
                const Vertices offsets =
                    solver.solve(bare, with_offsets, landmark_targets(model, points)) - person.offsets;
                missing.col(Eigen::Index(k)) = Eigen::Map<const Eigen::VectorXf>(offsets.data(), offsets.size());
                shown_controls.row(Eigen::Index(k)) = fit.pose.controls;
            }
        });
        progress.report(0.3 + 0.7 * (round + 0.8) / rounds, "Finding how the face moves");
        // missing = face + added * controls, in the dual form: as many unknowns as pictures.
        const Eigen::VectorXf mean = missing.rowwise().mean();
        const Eigen::RowVectorXf mean_controls = shown_controls.colwise().mean();
        Eigen::VectorXf face = mean;
        if (round > 0 && count > 1) {
            missing.colwise() -= mean;
            shown_controls.rowwise() -= mean_controls;
            Eigen::MatrixXf gram = shown_controls * shown_controls.transpose();
            gram.diagonal().array() += ridge;
            Eigen::MatrixXf added = missing * gram.ldlt().solve(shown_controls);
            // What the model's controls do themselves stays theirs: else a control that is shown would count for less.
            added -= motions * of_motions.solve(motions.transpose() * added);
            person.of_controls += added;
            face -= added * mean_controls.transpose();
        }
        person.offsets += Eigen::Map<const Vertices>(face.data(), 3, vertices);
    }
    return person;
}

}  // namespace likeness
