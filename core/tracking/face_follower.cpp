#include "core/tracking/face_follower.h"

namespace likeness {
namespace {

// The person's shape is the only one, the expressions are the person's.
HeadModel own_model(const HeadModel& model, const PersonalHead& person) {
    HeadModel own = model;
    own.vertices = person.vertices;
    own.joint_position = person.joint_position;
    own.identity.resize(own.identity.rows(), 0);
    own.joint_identity.resize(own.joint_identity.rows(), 0);
    own.identity_range.resize(2, 0);
    own.identity_names.clear();
    own.identity_sliders.clear();
    own.expression = person.expression;
    return own;
}

}  // namespace

FaceFollower::FaceFollower(const HeadModel& model, const PersonalHead& person, HeadFit fit)
    : own_(own_model(model, person)), solver_(own_), fit_(std::move(fit)) {}

const HeadFit& FaceFollower::follow(const LandmarkPoints& points) {
    SolverOptions options;
    options.solve_identity = options.solve_focal = false;
    options.warm_start = options.same_person = true;
    HeadFit next = fit_;
    next.identity.resize(0);
    solver_.solve(points, fit_.camera.width, fit_.camera.height, options, next);
    next.identity = std::move(fit_.identity);
    fit_ = std::move(next);
    return fit_;
}

}  // namespace likeness
