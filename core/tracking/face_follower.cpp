#include "core/tracking/face_follower.h"

#include "core/base/parallel.h"

namespace likeness {
namespace {

// The person's shape is the only one, the expressions are the person's.
HeadModel own_model(const HeadModel& model, const PersonalHead& person) {
    HeadModel own;  // of the model what a solver looks at: identities alone are some 40 MB
    own.name = model.name;
    own.triangles = model.triangles;
    own.control_joint = model.control_joint;
    own.correctives = model.correctives;
    own.joint_parent = model.joint_parent;
    own.joint_low = model.joint_low;
    own.joint_high = model.joint_high;
    own.weights = model.weights;
    own.control_names = model.control_names;
    own.joint_names = model.joint_names;
    own.joints = model.joints;
    own.embeddings = model.embeddings;
    own.vertices = person.vertices;
    own.joint_position = person.joint_position;
    own.identity.resize(model.identity.rows(), 0);
    own.joint_identity.resize(model.joint_identity.rows(), 0);
    own.identity_range.resize(2, 0);
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
    const LoneWork alone;  // without an identity to solve for its loops are too short to share
    solver_.solve(points, near.camera.width, near.camera.height, options, next);
    next.identity = near.identity;
    return next;
}

const HeadFit& FaceFollower::follow(const LandmarkPoints& points) { return fit_ = fit(points, fit_); }

}  // namespace likeness
