#include "core/head/head_model.h"

#include <algorithm>
#include <stdexcept>

#include "core/base/parallel.h"
#include "core/head/joint_chain.h"

namespace likeness {
namespace {

int find(const std::vector<std::string>& names, const std::string& name) {
    const auto it = std::find(names.begin(), names.end(), name);
    return it == names.end() ? -1 : int(it - names.begin());
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
const std::vector<SurfacePoint>& HeadModel::landmarks(std::string_view scheme) const {
    static const std::vector<SurfacePoint> none;
    const auto it =
        std::find_if(embeddings.begin(), embeddings.end(), [&](const auto& e) { return e.scheme == scheme; });
    return it == embeddings.end() ? none : it->points;
}

std::string HeadModel::region_name(int triangle) const {
    const HeadRegion region = triangle_region[std::size_t(triangle)];
    if (region != HeadRegion::other) return std::string(head_region_names[std::size_t(region)]);
    for (const OtherRegion& other : other_regions)
        if (std::binary_search(other.triangles.begin(), other.triangles.end(), triangle)) return other.name;
    return "";
}

ExpressionBasis target_at(const Vertices& target, const Eigen::VectorXf& controls) {
    ExpressionBasis basis;
    const float square = controls.squaredNorm();
    const Eigen::Index count = target.size() > 0 && square > 0 ? 1 : 0;
    basis.targets = target.reshaped(target.size(), 1).leftCols(count);
    basis.control_map.resize(count, controls.size());
    if (count > 0) basis.control_map = controls.transpose() / square;
    return basis;
}

ExpressionBasis join(const ExpressionBasis& first, const ExpressionBasis& second) {
    if (first.targets.rows() != second.targets.rows() || first.control_map.cols() != second.control_map.cols())
        throw std::invalid_argument("expressions of two heads");
    ExpressionBasis both;
    both.targets.resize(first.targets.rows(), first.count() + second.count());
    both.targets << first.targets, second.targets;
    both.control_map.resize(both.count(), first.control_map.cols());
    both.control_map << first.control_map, second.control_map;
    return both;
}

bool HeadPose::operator==(const HeadPose& other) const {
    return controls.size() == other.controls.size() && joints.cols() == other.joints.cols() &&
           controls == other.controls && joints == other.joints && translation == other.translation;
}

HeadPose HeadPose::neutral(const HeadModel& model) {
    HeadPose pose;
    pose.controls = Eigen::VectorXf::Zero(model.control_count());
    pose.joints = Eigen::Matrix3Xf::Zero(3, model.joint_count());
    return pose;
}

HeadPose HeadPose::mirrored(const HeadModel& model) const {
    HeadPose other = *this;
    for (int c = 0; c < model.control_count(); ++c) other.controls[model.mirror_control[std::size_t(c)]] = controls[c];
    for (int j = 0; j < model.joint_count(); ++j)
        other.joints.col(model.mirror_joint[std::size_t(j)]) = joints.col(j).cwiseProduct(Eigen::Vector3f(1, -1, -1));
    other.translation.x() = -translation.x();
    return other;
}

void turn_head(const HeadModel& model, const Eigen::Vector3f& rotation, HeadPose& pose) {
    pose.joints.col(model.joints.neck) = neck_share * rotation;
    pose.joints.col(model.joints.head) = (1 - neck_share) * rotation;
}

PersonalHead personalise(const HeadModel& model, const Eigen::VectorXf& identity, const Vertices* offsets) {
    PersonalHead person;
    person.vertices = model.vertices;
    person.joint_position = model.joint_position;
    person.expression = model.expression;
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
    const JointChain chain = joint_chain(model, person.joint_position, pose.controls, pose.joints, pose.translation);
    PosedHead posed;
    posed.vertices = person.vertices;
    const ExpressionBasis& expression = *person.expression;
    const Eigen::VectorXf coefficients = expression.control_map * pose.controls;
    const Eigen::VectorXf bends = model.correctives.size() > 0 ? corrective_coefficients(chain) : Eigen::VectorXf();
    Eigen::Map<Eigen::VectorXf> rested(posed.vertices.data(), posed.vertices.size());
    parallel_for(std::size_t(rested.size()), 4096, [&](std::size_t begin, std::size_t end) {
        const Eigen::Index first = Eigen::Index(begin), count = Eigen::Index(end - begin);
        for (Eigen::Index e = 0; e < coefficients.size(); ++e)
            if (coefficients[e] != 0)
                rested.segment(first, count).noalias() +=
                    expression.targets.col(e).segment(first, count) * coefficients[e];
        for (Eigen::Index k = 0; k < bends.size(); ++k)
            if (bends[k] != 0)
                rested.segment(first, count).noalias() += model.correctives.col(k).segment(first, count) * bends[k];
    });
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

void pose_with_jacobian(const HeadModel& model, const PersonalHead& person, const HeadPose& pose, Vertices& posed,
                        RowMatrix& jacobian) {
    const HeadParameters at(model);
    const int joints = model.joint_count();
    const JointChain chain = joint_chain(model, person.joint_position, pose.controls, pose.joints, pose.translation);
    const auto below = descendants(model);

    Vertices rested = person.vertices;
    Eigen::Map<Eigen::VectorXf>(rested.data(), rested.size()).noalias() +=
        person.expression->targets * (person.expression->control_map * pose.controls);
    // [3 V, C]; solvers that come here often have it as their targets.
    const ExpressionBasis& expression = *person.expression;
    Eigen::MatrixXf mapped;
    if (expression.count() != model.control_count() || !expression.control_map.isIdentity(0))
        mapped.noalias() = expression.targets * expression.control_map;
    const Eigen::MatrixXf& control_basis = mapped.size() > 0 ? mapped : expression.targets;

    Eigen::MatrixXf bend_basis;  // [3 V, 3 J] rested by the joints' axis-angles, through the correctives
    if (model.correctives.size() > 0) {
        Eigen::Map<Eigen::VectorXf>(rested.data(), rested.size()).noalias() +=
            model.correctives * corrective_coefficients(chain);
        bend_basis.resize(rested.size(), 3 * joints);
        for (int j = 0; j < joints; ++j)
            bend_basis.middleCols<3>(3 * j).noalias() =
                model.correctives.middleCols<9>(9 * j) *
                rotation_by_angle(chain.axis_angle[std::size_t(j)], chain.local[std::size_t(j)]);
    }

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
    std::vector<bool> steered;          // by controls
    for (int j = 0; j < joints; ++j) {
        steered.push_back(!model.control_joint.middleRows<3>(3 * j).isZero(0));
        const int parent = model.joint_parent[std::size_t(j)];
        const Eigen::Matrix3f above = parent < 0 ? Eigen::Matrix3f::Identity() : chain.world[std::size_t(parent)];
        turn.push_back(above * left_jacobian(chain.axis_angle[std::size_t(j)]));
    }

    const RowMatrix control_joint = model.control_joint;
    const Eigen::Index controls = model.control_count();
    // to += by * the three rows at `from`: Eigen does not vectorise so thin a product.
    const auto add_rows = [](float* __restrict to, const Eigen::RowVector3f& by, const float* __restrict from,
                             Eigen::Index n) {
        for (Eigen::Index c = 0; c < n; ++c) to[c] += by[0] * from[c] + (by[1] * from[n + c] + by[2] * from[2 * n + c]);
    };

    const Eigen::Index count = model.vertices.cols();
    posed.resize(3, count);
    jacobian.resize(3 * count, at.count);
    parallel_for(std::size_t(count), 64, [&](std::size_t begin, std::size_t end) {
        for (Eigen::Index v = Eigen::Index(begin); v < Eigen::Index(end); ++v) {
            const Eigen::Vector3f x = rested.col(v);
            Eigen::Matrix3f linear = Eigen::Matrix3f::Zero();
            Eigen::Vector3f sum = Eigen::Vector3f::Zero();
            auto rows = jacobian.middleRows<3>(3 * v);
            auto grad_identity = rows.middleCols(at.identity, model.identity_count());
            grad_identity.setZero();
            std::vector<Eigen::Vector3f> moved(std::size_t(joints), Eigen::Vector3f::Zero());
            for (int j = 0; j < joints; ++j) {
                const float w = model.weights(j, v);
                if (w == 0) continue;
                const std::size_t sj = std::size_t(j);
                linear += w * chain.world[sj];
                moved[sj] = chain.world[sj] * x + chain.origin[sj];
                sum += w * moved[sj];
                grad_identity += w * origin_by_identity[sj];
            }
            posed.col(v) = sum;
            grad_identity.noalias() += linear * model.identity.middleRows<3>(3 * v);
            auto grad_control = rows.middleCols(at.controls, model.control_count());
            for (Eigen::Index c = 0; c < controls; ++c) {
                const float* b = &control_basis(3 * v, c);
                for (int i = 0; i < 3; ++i)
                    grad_control(i, c) = linear(i, 0) * b[0] + (linear(i, 1) * b[1] + linear(i, 2) * b[2]);
            }
            for (int k = 0; k < joints; ++k) {
                Eigen::Vector3f lever = Eigen::Vector3f::Zero();
                for (int j : below[std::size_t(k)])
                    lever += model.weights(j, v) * (moved[std::size_t(j)] - chain.pivot[std::size_t(k)]);
                Eigen::Matrix3f grad_joint = -cross_matrix(lever) * turn[std::size_t(k)];
                if (bend_basis.size() > 0) grad_joint += linear * bend_basis.block<3, 3>(3 * v, 3 * k);
                rows.middleCols<3>(at.joints + 3 * k) = grad_joint;
                if (steered[std::size_t(k)] && !grad_joint.isZero(0))
                    for (int i = 0; i < 3; ++i)
                        add_rows(grad_control.row(i).data(), grad_joint.row(i), &control_joint(3 * k, 0), controls);
            }
            rows.middleCols<3>(at.translation).setIdentity();
        }
    });
}

HeadModel vertex_subset(const HeadModel& model, const std::vector<int>& kept) {
    HeadModel part;
    part.name = model.name;
    part.licence = model.licence;
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
    part.joints = model.joints;
    part.mirror_control = model.mirror_control;
    part.mirror_joint = model.mirror_joint;
    part.identity_sliders = model.identity_sliders;
    const Eigen::Index n = Eigen::Index(kept.size());
    part.vertices.resize(3, n);
    part.identity.resize(3 * n, model.identity.cols());
    auto expression = std::make_shared<ExpressionBasis>();
    expression->control_map = model.expression->control_map;
    expression->targets.resize(3 * n, model.expression->count());
    part.correctives.resize(model.correctives.size() > 0 ? 3 * n : 0, model.correctives.cols());
    part.weights.resize(model.weights.rows(), n);
    for (Eigen::Index i = 0; i < n; ++i) {
        const int v = kept[std::size_t(i)];
        part.vertices.col(i) = model.vertices.col(v);
        part.identity.middleRows<3>(3 * i) = model.identity.middleRows<3>(3 * v);
        expression->targets.middleRows<3>(3 * i) = model.expression->targets.middleRows<3>(3 * v);
        if (model.correctives.size() > 0)
            part.correctives.middleRows<3>(3 * i) = model.correctives.middleRows<3>(3 * v);
        part.weights.col(i) = model.weights.col(v);
    }
    part.expression = std::move(expression);
    return part;
}

}  // namespace likeness
