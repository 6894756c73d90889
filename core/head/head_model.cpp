#include "core/head/head_model.h"

#include <algorithm>
#include <cmath>

#include "core/base/parallel.h"

namespace likeness {
namespace {

int find(const std::vector<std::string>& names, const std::string& name) {
    const auto it = std::find(names.begin(), names.end(), name);
    return it == names.end() ? -1 : int(it - names.begin());
}

Eigen::Matrix3f rotation(const Eigen::Vector3f& axis_angle) {
    const float angle = axis_angle.norm();
    if (angle < 1e-8f) return Eigen::Matrix3f::Identity();
    return Eigen::AngleAxisf(angle, axis_angle / angle).toRotationMatrix();
}

Eigen::Matrix3f cross_matrix(const Eigen::Vector3f& v) {
    Eigen::Matrix3f m;
    m << 0, -v.z(), v.y(), v.z(), 0, -v.x(), -v.y(), v.x(), 0;
    return m;
}

// Left Jacobian of SO(3): exp(a + d) ~ exp(J d) exp(a) (Sola et al. 2018, eq. 145).
Eigen::Matrix3f left_jacobian(const Eigen::Vector3f& axis_angle) {
    const float angle = axis_angle.norm();
    const Eigen::Matrix3f k = cross_matrix(axis_angle);
    if (angle < 1e-4f) return Eigen::Matrix3f::Identity() + 0.5f * k;
    const float a2 = angle * angle;
    return Eigen::Matrix3f::Identity() + (1 - std::cos(angle)) / a2 * k +
           (angle - std::sin(angle)) / (a2 * angle) * k * k;
}

struct Chain {
    std::vector<Eigen::Vector3f> axis_angle;
    std::vector<Eigen::Matrix3f> local, world;  // rotations
    std::vector<Eigen::Vector3f> origin;        // translation part: G(x) = world * x + origin
    std::vector<Eigen::Vector3f> pivot;         // posed joint positions
};

Chain forward_kinematics(const HeadModel& model, const Eigen::Matrix3Xf& joint_position, const HeadPose& pose) {
    const int count = model.joint_count();
    Chain chain;
    const Eigen::VectorXf driven = model.control_joint * pose.controls;
    for (int j = 0; j < count; ++j) {
        const Eigen::Vector3f p = joint_position.col(j);
        const Eigen::Vector3f a = pose.joints.col(j) + driven.segment<3>(3 * j);
        const Eigen::Matrix3f r = rotation(a);
        const int parent = model.joint_parent[std::size_t(j)];
        const Eigen::Matrix3f above = parent < 0 ? Eigen::Matrix3f::Identity() : chain.world[std::size_t(parent)];
        const Eigen::Vector3f from = parent < 0 ? pose.translation : chain.origin[std::size_t(parent)];
        chain.axis_angle.push_back(a);
        chain.local.push_back(r);
        chain.world.push_back(above * r);
        chain.pivot.push_back(above * p + from);
        chain.origin.push_back(chain.pivot.back() - chain.world.back() * p);
    }
    return chain;
}

// below[j]: the joints that move with joint j, itself included.
std::vector<std::vector<int>> descendants(const HeadModel& model) {
    std::vector<std::vector<int>> below(std::size_t(model.joint_count()));
    for (int j = 0; j < model.joint_count(); ++j)
        for (int up = j; up >= 0; up = model.joint_parent[std::size_t(up)]) below[std::size_t(up)].push_back(j);
    return below;
}

}  // namespace

int HeadModel::joint(const std::string& joint_name) const { return find(joint_names, joint_name); }
int HeadModel::control(const std::string& control_name) const { return find(control_names, control_name); }
int HeadModel::region(const std::string& region_name) const { return find(region_names, region_name); }

bool is_inside_head(const std::string& region) {
    for (const char* name : {"teeth_upper", "teeth_lower", "gums_upper", "gums_lower", "tongue", "mouth_bag", "eye_socket"})
        if (region == name) return true;
    return false;
}

HeadPose HeadPose::neutral(const HeadModel& model) {
    HeadPose pose;
    pose.controls = Eigen::VectorXf::Zero(model.control_count());
    pose.joints = Eigen::Matrix3Xf::Zero(3, model.joint_count());
    return pose;
}

PersonalHead personalise(const HeadModel& model, const Eigen::VectorXf& identity, const Vertices* offsets) {
    PersonalHead person;
    person.vertices = model.vertices;
    person.joint_position = model.joint_position;
    if (identity.size() > 0) {
        Eigen::Map<Eigen::VectorXf> moved(person.vertices.data(), person.vertices.size());
        // Tens of megabytes are read once: as fast as memory gives them to all threads.
        parallel_for(std::size_t(moved.size()), 2048, [&](std::size_t begin, std::size_t end) {
            const Eigen::Index first = Eigen::Index(begin), count = Eigen::Index(end - begin);
            moved.segment(first, count).noalias() += model.identity.middleRows(first, count) * identity;
        });
        Eigen::Map<Eigen::VectorXf>(person.joint_position.data(), person.joint_position.size()).noalias() +=
            model.joint_identity * identity;
    }
    if (offsets) person.vertices += *offsets;
    return person;
}

PosedHead pose_head(const HeadModel& model, const PersonalHead& person, const HeadPose& pose) {
    const Chain chain = forward_kinematics(model, person.joint_position, pose);
    PosedHead posed;
    posed.vertices = person.vertices;
    const Eigen::VectorXf coefficients = model.control_expression * pose.controls;
    Eigen::Map<Eigen::VectorXf> rested(posed.vertices.data(), posed.vertices.size());
    parallel_for(std::size_t(rested.size()), 4096, [&](std::size_t begin, std::size_t end) {
        const Eigen::Index first = Eigen::Index(begin), count = Eigen::Index(end - begin);
        for (Eigen::Index e = 0; e < coefficients.size(); ++e)
            if (coefficients[e] != 0)
                rested.segment(first, count).noalias() +=
                    model.expression.col(e).segment(first, count) * coefficients[e];
    });
    if (const float square = person.own_controls.squaredNorm(); person.own_expression.size() > 0 && square > 0)
        posed.vertices += person.own_controls.dot(pose.controls) / square * person.own_expression;
    for (int j = 0; j < model.joint_count(); ++j) {
        Eigen::Affine3f g = Eigen::Affine3f::Identity();
        g.linear() = chain.world[std::size_t(j)];
        g.translation() = chain.origin[std::size_t(j)];
        posed.joint_transforms.push_back(g);
    }
    parallel_for(std::size_t(posed.vertices.cols()), 1024, [&](std::size_t begin, std::size_t end) {
        for (Eigen::Index v = Eigen::Index(begin); v < Eigen::Index(end); ++v) {
            const Eigen::Vector3f x = posed.vertices.col(v);
            Eigen::Vector3f sum = Eigen::Vector3f::Zero();
            for (int j = 0; j < model.joint_count(); ++j) {
                const float w = model.weights(j, v);
                if (w != 0) sum += w * (posed.joint_transforms[std::size_t(j)] * x);
            }
            posed.vertices.col(v) = sum;
        }
    });
    return posed;
}

Eigen::Matrix3f skinning_rotation(const HeadModel& model, const PosedHead& posed, int vertex) {
    Eigen::Matrix3f sum = Eigen::Matrix3f::Zero();
    for (int j = 0; j < model.joint_count(); ++j)
        sum += model.weights(j, vertex) * posed.joint_transforms[std::size_t(j)].linear();
    return sum;
}

HeadParameters::HeadParameters(const HeadModel& model)
    : identity(0),
      controls(model.identity_count()),
      joints(controls + model.control_count()),
      translation(joints + 3 * model.joint_count()),
      count(translation + 3) {}

void pose_with_jacobian(const HeadModel& model, const Eigen::VectorXf& identity, const Vertices* offsets,
                        const HeadPose& pose, Vertices& posed, RowMatrix& jacobian) {
    const HeadParameters at(model);
    const int joints = model.joint_count();
    const PersonalHead person = personalise(model, identity, offsets);
    const Chain chain = forward_kinematics(model, person.joint_position, pose);
    const auto below = descendants(model);

    Vertices rested = person.vertices;
    Eigen::Map<Eigen::VectorXf>(rested.data(), rested.size()).noalias() +=
        model.expression * (model.control_expression * pose.controls);
    const Eigen::MatrixXf control_basis = model.expression * model.control_expression;  // [3 V, C]

    // How the transforms' translations move with identity: d origin_j = sum over ancestors k of
    // above_k (I - R_k) d p_k  (each pivot both shifts the frame and is left where it was by its own rotation).
    std::vector<Eigen::MatrixXf> origin_by_identity;
    for (int j = 0; j < joints; ++j) {
        const int parent = model.joint_parent[std::size_t(j)];
        Eigen::MatrixXf d = parent < 0 ? Eigen::MatrixXf::Zero(3, model.identity_count()).eval()
                                       : origin_by_identity[std::size_t(parent)];
        const Eigen::Matrix3f above = parent < 0 ? Eigen::Matrix3f::Identity() : chain.world[std::size_t(parent)];
        d += above * (Eigen::Matrix3f::Identity() - chain.local[std::size_t(j)]) *
             model.joint_identity.middleRows<3>(3 * j);
        origin_by_identity.push_back(std::move(d));
    }
    std::vector<Eigen::Matrix3f> turn;  // axis-angle change -> rotation vector in the world
    for (int j = 0; j < joints; ++j) {
        const int parent = model.joint_parent[std::size_t(j)];
        const Eigen::Matrix3f above = parent < 0 ? Eigen::Matrix3f::Identity() : chain.world[std::size_t(parent)];
        turn.push_back(above * left_jacobian(chain.axis_angle[std::size_t(j)]));
    }

    const Eigen::Index count = model.vertices.cols();
    posed.resize(3, count);
    jacobian.resize(3 * count, at.count);
    parallel_for(std::size_t(count), 64, [&](std::size_t begin, std::size_t end) {
        for (Eigen::Index v = Eigen::Index(begin); v < Eigen::Index(end); ++v) {
            const Eigen::Vector3f x = rested.col(v);
            Eigen::Matrix3f linear = Eigen::Matrix3f::Zero();
            Eigen::Vector3f sum = Eigen::Vector3f::Zero();
            auto rows = jacobian.middleRows<3>(3 * v);
            auto by_identity = rows.middleCols(at.identity, model.identity_count());
            by_identity.setZero();
            std::vector<Eigen::Vector3f> moved(std::size_t(joints), Eigen::Vector3f::Zero());
            for (int j = 0; j < joints; ++j) {
                const float w = model.weights(j, v);
                if (w == 0) continue;
                const std::size_t sj = std::size_t(j);
                linear += w * chain.world[sj];
                moved[sj] = chain.world[sj] * x + chain.origin[sj];
                sum += w * moved[sj];
                by_identity += w * origin_by_identity[sj];
            }
            posed.col(v) = sum;
            by_identity.noalias() += linear * model.identity.middleRows<3>(3 * v);
            auto by_control = rows.middleCols(at.controls, model.control_count());
            by_control.noalias() = linear * control_basis.middleRows<3>(3 * v);
            for (int k = 0; k < joints; ++k) {
                Eigen::Vector3f lever = Eigen::Vector3f::Zero();
                for (int j : below[std::size_t(k)])
                    lever += model.weights(j, v) * (moved[std::size_t(j)] - chain.pivot[std::size_t(k)]);
                const Eigen::Matrix3f by_joint = -cross_matrix(lever) * turn[std::size_t(k)];
                rows.middleCols<3>(at.joints + 3 * k) = by_joint;
                by_control.noalias() += by_joint * model.control_joint.middleRows<3>(3 * k);
            }
            rows.middleCols<3>(at.translation).setIdentity();
        }
    });
}

HeadModel vertex_subset(const HeadModel& model, const std::vector<int>& kept) {
    HeadModel part;
    part.name = model.name;
    part.licence = model.licence;
    part.control_expression = model.control_expression;
    part.control_joint = model.control_joint;
    part.joint_position = model.joint_position;
    part.joint_identity = model.joint_identity;
    part.joint_parent = model.joint_parent;
    part.joint_low = model.joint_low;
    part.joint_high = model.joint_high;
    part.identity_range = model.identity_range;
    part.identity_names = model.identity_names;
    part.control_names = model.control_names;
    part.joint_names = model.joint_names;
    const Eigen::Index n = Eigen::Index(kept.size());
    part.vertices.resize(3, n);
    part.identity.resize(3 * n, model.identity.cols());
    part.expression.resize(3 * n, model.expression.cols());
    part.weights.resize(model.weights.rows(), n);
    for (Eigen::Index i = 0; i < n; ++i) {
        const int v = kept[std::size_t(i)];
        part.vertices.col(i) = model.vertices.col(v);
        part.identity.middleRows<3>(3 * i) = model.identity.middleRows<3>(3 * v);
        part.expression.middleRows<3>(3 * i) = model.expression.middleRows<3>(3 * v);
        part.weights.col(i) = model.weights.col(v);
    }
    return part;
}

}  // namespace likeness
