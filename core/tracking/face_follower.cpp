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

HeadFit FaceFollower::fit(const LandmarkPoints& points, const HeadFit& near) const {
    SolverOptions options;
    options.solve_identity = options.solve_focal = false;
    options.warm_start = options.same_person = true;
    HeadFit next = near;
    next.identity.resize(0);
    solver_.solve(points, near.camera.width, near.camera.height, options, next);
    next.identity = near.identity;
    return next;
}

const HeadFit& FaceFollower::follow(const LandmarkPoints& points) { return fit_ = fit(points, fit_); }

}  // namespace likeness
