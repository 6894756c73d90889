#include "core/head/head_batch.h"

#include <algorithm>

#include "core/base/parallel.h"
#include "core/head/head_kernels.h"
#include "core/head/joint_chain.h"

namespace likeness {
namespace {

using RowMatrix3 = Eigen::Matrix<float, 3, 3, Eigen::RowMajor>;
using RowMatrix34 = Eigen::Matrix<float, 3, 4, Eigen::RowMajor>;
using Values = Eigen::Map<const Eigen::VectorXf>;

constexpr std::size_t coordinates = 3 * std::size_t(head_block);  // of a block

JointChain chain_of(const HeadModel& model, const HeadShape& shape, const float* joint_position, const HeadPoses& poses,
                    int frame) {
    const std::ptrdiff_t joints = 3 * shape.joints;
    return joint_chain(model, Eigen::Map<const Eigen::Matrix3Xf>(joint_position, 3, shape.joints),
                       Values(poses.controls + std::ptrdiff_t(frame) * shape.controls, shape.controls),
                       Eigen::Map<const Eigen::Matrix3Xf>(poses.joints + frame * joints, 3, shape.joints),
                       Eigen::Vector3f(poses.translation + 3 * std::ptrdiff_t(frame)));
}

// By the joints' angles, their positions at rest and the translation of the whole.
struct ChainGradients {
    Eigen::Matrix3Xf angle, position;
    Eigen::Vector3f translation = Eigen::Vector3f::Zero();
};

// With W = world, o = origin, p = position at rest, P the parent's:
//   W_j = W_P R_j,   o_j = W_P p_j + o_P - W_j p_j.
// `grad_transform` [joints, 3, 4] is used up; `grad_local` [joints, 9], the gradients with respect to the entries of R,
// may be null.
ChainGradients chain_backward(const HeadModel& model, const JointChain& chain, const float* joint_position,
                              float* grad_transform, const float* grad_local) {
    const int joints = model.joint_count();
    ChainGradients by{Eigen::Matrix3Xf(3, joints), Eigen::Matrix3Xf(3, joints)};
    for (int j = joints - 1; j >= 0; --j) {
        const std::size_t s = std::size_t(j);
        const int parent = model.joint_parent[s];
        const Eigen::Map<const RowMatrix34> whole(grad_transform + transform_floats * s);
        const Eigen::Vector3f grad_origin = whole.col(3), p(joint_position + 3 * s);
        const Eigen::Matrix3f grad_world = whole.leftCols<3>() - grad_origin * p.transpose();
        const Eigen::Matrix3f above = parent < 0 ? Eigen::Matrix3f::Identity() : chain.world[std::size_t(parent)];
        by.position.col(j) = above.transpose() * grad_origin - chain.world[s].transpose() * grad_origin;
        const Eigen::Matrix3f grad_parent = grad_world * chain.local[s].transpose();
        // The derivative by R_j, times R_j^T, pairs with the rotation vector of its change: its antisymmetric part.
        Eigen::Matrix3f m = above.transpose() * grad_parent;
        if (grad_local) m += Eigen::Map<const RowMatrix3>(grad_local + 9 * s) * chain.local[s].transpose();
        const Eigen::Vector3f grad_turn(m(2, 1) - m(1, 2), m(0, 2) - m(2, 0), m(1, 0) - m(0, 1));
        by.angle.col(j) = left_jacobian(chain.axis_angle[s]).transpose() * grad_turn;
        if (parent < 0) {
            by.translation += grad_origin;
        } else {
            Eigen::Map<RowMatrix34> up(grad_transform + transform_floats * parent);
            up.leftCols<3>() += grad_parent + grad_origin * p.transpose();
            up.col(3) += grad_origin;
        }
    }
    return by;
}

}  // namespace

// Pieces of the scratch memory. Sums over the vertices are taken block by block, then over the blocks in their order.
struct HeadBatch::Scratch {
    float* grad_rested;        // [frames, vertices, 3]
    float* grad_transforms;    // [blocks, frames, joints, 3, 4]
    float* grad_coefficients;  // [blocks, frames, coefficients]
    float* grad_identity;      // [blocks, identities]
};

HeadBatch::Scratch HeadBatch::cut(const HeadShape& shape, float* memory, const HeadGradients& gradients) const {
    const std::size_t frames = std::size_t(shape.frames);
    Scratch s{};
    s.grad_rested = gradients.rested ? gradients.rested : memory;
    s.grad_transforms = memory + frames * std::size_t(shape.vertices) * 3;
    s.grad_coefficients = s.grad_transforms + blocks() * frames * std::size_t(shape.joints) * transform_floats;
    s.grad_identity = s.grad_coefficients + blocks() * frames * std::size_t(shape.coefficients());
    return s;
}

std::size_t HeadBatch::backward_floats(const HeadShape& shape) const {
    const std::size_t a_frame = std::size_t(shape.joints * transform_floats + shape.coefficients());
    return std::size_t(shape.frames) * (std::size_t(shape.vertices) * 3 + blocks() * a_frame) +
           blocks() * std::size_t(shape.identities);
}

void HeadBatch::load(const HeadModel& model, const PersonalHead& person, const Vertices& shell_vertices,
                     const Eigen::MatrixXf& shell_weights) {
    const Eigen::Index head = model.vertices.cols(), shell = shell_vertices.cols(), all = head + shell;
    model_ = &model;
    basis_ = person.expression;
    rest_.resize(3, all);
    rest_ << person.vertices, shell_vertices;
    joint_position_ = person.joint_position;
    shape_.vertices = int(all);
    shape_.expressed = int(head);
    shape_.identities = model.identity_count();
    shape_.expressions = int(basis_->count());
    shape_.controls = model.control_count();
    shape_.joints = model.joint_count();
    targets_.clear();
    for (Eigen::Index k = 0; k < basis_->count(); ++k) targets_.push_back(basis_->targets.col(k).data());
    shape_.correctives = int(model.correctives.cols());
    for (Eigen::Index k = 0; k < model.correctives.cols(); ++k) targets_.push_back(model.correctives.col(k).data());

    const Eigen::Index count = (all + head_block - 1) / head_block;
    weights_.setZero(model.joint_count(), count * head_block);
    weights_.leftCols(head) = model.weights;
    if (shell > 0) weights_.middleCols(head, shell) = shell_weights;
    active_joints_.assign(std::size_t(count), {});
    for (Eigen::Index b = 0; b < count; ++b)
        for (int j = 0; j < model.joint_count(); ++j)
            if (!weights_.row(j).segment<head_block>(b * head_block).isZero(0)) active_joints_[std::size_t(b)].push_back(j);
}

HeadShape HeadBatch::shape(int frames) const {
    HeadShape shape = shape_;
    shape.frames = frames;
    return shape;
}

void HeadBatch::shape_person(const float* identity, const float* offsets, float* rest, float* joints) const {
    std::copy_n(joint_position_.data(), joint_position_.size(), joints);
    if (identity)
        Eigen::Map<Eigen::VectorXf>(joints, joint_position_.size()).noalias() +=
            model_->joint_identity * Values(identity, shape_.identities);
    const std::size_t expressed = 3 * std::size_t(shape_.expressed);
    parallel_for(std::size_t(rest_.size()), 2048, [&](std::size_t begin, std::size_t end) {
        const float* const loaded = rest_.data();
        for (std::size_t i = begin; i < end; ++i) rest[i] = loaded[i] + (offsets ? offsets[i] : 0.0f);
        end = std::min(end, expressed);
        if (identity && begin < end)
            add_product(model_->identity.row(Eigen::Index(begin)).data(), int(end - begin), shape_.identities, identity,
                        rest + begin);
    });
}

// ---- forward ----

void HeadBatch::set_rig(const HeadShape& shape, const float* joint_position, const HeadPoses& poses,
                        const HeadOutputs& outputs) const {
    Eigen::Map<Eigen::MatrixXf> coefficients(outputs.coefficients, shape.coefficients(), shape.frames);
    coefficients.topRows(shape.expressions).noalias() =
        basis_->control_map * Eigen::Map<const Eigen::MatrixXf>(poses.controls, shape.controls, shape.frames);
    for (int f = 0; f < shape.frames; ++f) {
        const JointChain chain = chain_of(*model_, shape, joint_position, poses, f);
        if (shape.correctives > 0) coefficients.col(f).tail(shape.correctives) = corrective_coefficients(chain);
        for (std::size_t j = 0; j < chain.world.size(); ++j) {
            Eigen::Map<RowMatrix34> transform(outputs.transforms +
                                              transform_floats * (std::size_t(f) * chain.world.size() + j));
            transform << chain.world[j], chain.origin[j];
        }
    }
}

void HeadBatch::express_block(const HeadShape& shape, std::size_t block, const float* rest, const float* coefficients,
                              float* rested, std::size_t frame_stride) const {
    const std::size_t from = block * coordinates, vertices = 3 * std::size_t(shape.vertices),
                      expressed = 3 * std::size_t(shape.expressed);
    const std::size_t count = std::min(coordinates, vertices - from);
    for (int f = 0; f < shape.frames; ++f) std::copy_n(rest + from, count, rested + std::size_t(f) * frame_stride);
    if (from < expressed)
        add_targets(targets_, from, int(std::min(coordinates, expressed - from)), coefficients, shape.frames, rested,
                    frame_stride);
}

void HeadBatch::skin_block(const HeadShape& shape, std::size_t block, const float* transforms, const float* rested,
                           std::size_t frame_stride, float* vertices) const {
    const std::size_t from = block * coordinates, floats = 3 * std::size_t(shape.vertices);
    const int count = int(std::min(coordinates, floats - from) / 3);
    const BlockWeights weights{active_joints_[block], weights_.data() + block * head_block, std::size_t(weights_.cols())};
    HeadBlock x, y;
    for (int f = 0; f < shape.frames; ++f) {
        to_block(rested + std::size_t(f) * frame_stride, count, x);
        likeness::skin(weights, transforms + std::ptrdiff_t(f) * shape.joints * transform_floats, x, y);
        from_block(y, vertices + std::size_t(f) * floats + from, count);
    }
}

void HeadBatch::forward(const HeadShape& shape, const float* rest, const float* joint_position, const HeadPoses& poses,
                        const HeadOutputs& outputs) const {
    set_rig(shape, joint_position, poses, outputs);
    const std::size_t floats = 3 * std::size_t(shape.vertices), frames = std::size_t(shape.frames);
    parallel_for(blocks(), 2, [&](std::size_t begin, std::size_t end) {
        std::vector<float> own(outputs.rested ? 0 : frames * coordinates);
        for (std::size_t b = begin; b < end; ++b) {
            float* const rested = outputs.rested ? outputs.rested + b * coordinates : own.data();
            const std::size_t stride = outputs.rested ? floats : coordinates;
            express_block(shape, b, rest, outputs.coefficients, rested, stride);
            skin_block(shape, b, outputs.transforms, rested, stride, outputs.vertices);
        }
    });
}

void HeadBatch::express(const HeadShape& shape, const float* rest, const float* joint_position, const HeadPoses& poses,
                        const HeadOutputs& outputs) const {
    set_rig(shape, joint_position, poses, outputs);
    parallel_for(blocks(), 2, [&](std::size_t begin, std::size_t end) {
        for (std::size_t b = begin; b < end; ++b)
            express_block(shape, b, rest, outputs.coefficients, outputs.rested + b * coordinates,
                          3 * std::size_t(shape.vertices));
    });
}

void HeadBatch::skin(const HeadShape& shape, const HeadOutputs& outputs) const {
    parallel_for(blocks(), 2, [&](std::size_t begin, std::size_t end) {
        for (std::size_t b = begin; b < end; ++b)
            skin_block(shape, b, outputs.transforms, outputs.rested + b * coordinates, 3 * std::size_t(shape.vertices),
                       outputs.vertices);
    });
}

// ---- and back ----

void HeadBatch::backward(const HeadShape& shape, const float* joint_position, const HeadPoses& poses,
                         const HeadOutputs& outputs, const float* grad_vertices, float* scratch,
                         const HeadGradients& gradients) const {
    skin_backward(shape, outputs, grad_vertices, scratch, gradients);
    express_backward(shape, joint_position, poses, scratch, gradients);
}

void HeadBatch::skin_backward(const HeadShape& shape, const HeadOutputs& outputs, const float* grad_vertices,
                              float* scratch, const HeadGradients& gradients) const {
    const Scratch s = cut(shape, scratch, gradients);
    const std::size_t floats = 3 * std::size_t(shape.vertices), rig = std::size_t(shape.joints) * transform_floats;
    parallel_for(blocks(), 2, [&](std::size_t begin, std::size_t end) {
        HeadBlock x, grad_y, grad_x;
        for (std::size_t b = begin; b < end; ++b) {
            const std::size_t from = b * coordinates;
            const int count = int(std::min(coordinates, floats - from) / 3);
            const BlockWeights weights{active_joints_[b], weights_.data() + b * head_block, std::size_t(weights_.cols())};
            float* grad_transforms = s.grad_transforms + b * std::size_t(shape.frames) * rig;
            std::fill_n(grad_transforms, std::size_t(shape.frames) * rig, 0.0f);
            for (std::size_t f = 0; f < std::size_t(shape.frames); ++f, grad_transforms += rig) {
                to_block(outputs.rested + f * floats + from, count, x);
                to_block(grad_vertices + f * floats + from, count, grad_y);
                likeness::skin_backward(weights, outputs.transforms + f * rig, x, grad_y, grad_x, grad_transforms);
                from_block(grad_x, s.grad_rested + f * floats + from, count);
            }
        }
    });
}

void HeadBatch::express_backward(const HeadShape& shape, const float* joint_position, const HeadPoses& poses,
                                 float* scratch, const HeadGradients& gradients) const {
    const Scratch s = cut(shape, scratch, gradients);
    const std::size_t floats = 3 * std::size_t(shape.vertices), expressed = 3 * std::size_t(shape.expressed),
                      frames = std::size_t(shape.frames);
    const bool grad_targets = gradients.controls || shape.correctives > 0;
    const std::size_t rig = std::size_t(shape.joints) * transform_floats,
                      coefficients = grad_targets ? std::size_t(shape.coefficients()) : 0,
                      identities = gradients.rest && gradients.identity ? std::size_t(shape.identities) : 0;
    parallel_for(blocks(), 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t b = begin; b < end; ++b) {
            const std::size_t from = b * coordinates, count = std::min(coordinates, floats - from);
            const int moved = from < expressed ? int(std::min(coordinates, expressed - from)) : 0;
            if (grad_targets)
                multiply_targets(targets_, from, moved, s.grad_rested + from, shape.frames, floats,
                                 s.grad_coefficients + b * frames * coefficients);
            if (gradients.rest == nullptr) continue;
            float* const grad_rest = gradients.rest + from;
            std::copy_n(s.grad_rested + from, count, grad_rest);
            for (std::size_t f = 1; f < frames; ++f)
                for (std::size_t i = 0; i < count; ++i) grad_rest[i] += s.grad_rested[f * floats + from + i];
            float* const grad_identity = s.grad_identity + b * identities;
            std::fill_n(grad_identity, identities, 0.0f);
            if (identities > 0 && moved > 0)
                add_transposed_product(model_->identity.row(Eigen::Index(from)).data(), moved, shape.identities,
                                       grad_rest, grad_identity);
        }
    });
    // The sums of all blocks end up in the first one's.
    const auto add_up = [&](float* parts, std::size_t count) {
        for (std::size_t b = 1; b < blocks(); ++b)
            for (std::size_t i = 0; i < count; ++i) parts[i] += parts[b * count + i];
    };
    add_up(s.grad_coefficients, frames * coefficients);
    add_up(s.grad_transforms, frames * rig);
    add_up(s.grad_identity, identities);

    Eigen::VectorXf grad_position = Eigen::VectorXf::Zero(3 * shape.joints);
    for (std::size_t f = 0; f < frames; ++f) {
        const float* const grad_coefficient = s.grad_coefficients + f * coefficients;
        const ChainGradients by = chain_backward(*model_, chain_of(*model_, shape, joint_position, poses, int(f)),
                                                 joint_position, s.grad_transforms + f * rig,
                                                 shape.correctives ? grad_coefficient + shape.expressions : nullptr);
        grad_position += by.position.reshaped();
        if (gradients.joints) std::copy_n(by.angle.data(), by.angle.size(), gradients.joints + f * std::size_t(by.angle.size()));
        if (gradients.translation) std::copy_n(by.translation.data(), 3, gradients.translation + 3 * f);
        if (gradients.controls)
            Eigen::Map<Eigen::VectorXf>(gradients.controls + f * std::size_t(shape.controls), shape.controls) =
                basis_->control_map.transpose() * Values(grad_coefficient, shape.expressions) +
                model_->control_joint.transpose() * by.angle.reshaped();
    }
    if (identities > 0)
        Eigen::Map<Eigen::VectorXf>(gradients.identity, shape.identities) =
            Values(s.grad_identity, shape.identities) + model_->joint_identity.transpose() * grad_position;
}

}  // namespace likeness
