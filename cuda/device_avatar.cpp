#include "likeness/cuda/device_avatar.h"

#include <stdexcept>
#include <vector>

#include "likeness/cuda/train_step.h"

namespace likeness::cuda {
namespace {

// Vertices or basis columns as [count, 3] float32, which is how Eigen keeps 3 x N.
void upload(DeviceBuffer<float>& buffer, const Eigen::MatrixXf& matrix) {
    buffer.upload(matrix.data(), std::size_t(matrix.size()));
}
void upload_rows(DeviceBuffer<float>& buffer, const RowMatrix& matrix) {
    buffer.upload(matrix.data(), std::size_t(matrix.size()));
}

}  // namespace

void DeviceHead::load(const HeadModel& model, const PersonalHead& person, const HairShell* shell, bool for_learning) {
    const Eigen::Index head = model.vertices.cols(), behind = shell ? shell->vertices.cols() : 0;
    if (model.joint_count() > most_joints) throw std::invalid_argument("a head of too many joints for the GPU");
    Vertices rest(3, head + behind);
    Eigen::MatrixXf weights(model.joint_count(), head + behind);
    rest.leftCols(head) = person.vertices;
    weights.leftCols(head) = model.weights;
    if (behind > 0) {
        rest.rightCols(behind) = shell->vertices;
        weights.rightCols(behind) = shell->weights;
    }
    upload(rest_, rest);
    upload(weights_, weights);
    upload(joint_position_, person.joint_position);
    // The person's own expression is one more target, moved by the projection of the controls onto its own.
    const float square = person.own_controls.squaredNorm();
    const Eigen::Index own = person.own_expression.size() > 0 && square > 0 ? 1 : 0;
    const Eigen::Index expressions = model.expression.cols() + own;
    Eigen::MatrixXf expression(model.expression.rows(), expressions);
    RowMatrix control_expression(expressions, model.control_expression.cols());
    expression.leftCols(model.expression.cols()) = model.expression;
    control_expression.topRows(model.control_expression.rows()) = model.control_expression;
    if (own) {
        expression.rightCols(1) = Eigen::Map<const Eigen::VectorXf>(person.own_expression.data(), person.own_expression.size());
        control_expression.bottomRows(1) = person.own_controls.transpose() / square;
    }
    upload(expression_, expression);
    upload_rows(control_expression_, control_expression);
    upload_rows(control_joint_, model.control_joint);
    joint_parent_.upload(model.joint_parent);
    if (for_learning) {
        upload(identity_, model.identity);
        upload_rows(joint_identity_, model.joint_identity);
    }
    shape_.vertices = int(head + behind);
    shape_.expressed = int(head);
    shape_.identities = for_learning ? model.identity_count() : 0;
    shape_.expressions = int(expressions);
    shape_.controls = model.control_count();
    shape_.joints = model.joint_count();
}

HeadShape DeviceHead::shape(int frames) const {
    HeadShape shape = shape_;
    shape.frames = frames;
    return shape;
}

HeadArrays DeviceHead::arrays() const {
    return {rest_.data(),         joint_position_.data(),     weights_.data(),
            expression_.data(),   control_expression_.data(), control_joint_.data(),
            joint_parent_.data(), identity_.data(),           joint_identity_.data()};
}

void DeviceSurface::load(const Avatar& avatar) {
    const SurfaceTopology topology(avatar);
    vertices_ = topology.vertices;
    triangle_count_ = int(topology.triangles.size() / 3);
    triangles_.upload(topology.triangles);
    vertex_first_.upload(topology.vertex_first);
    vertex_triangles_.upload(topology.vertex_triangles);
    charts_.upload(topology.charts);
}

void DeviceSurface::load_anchors(const AnchoredSplats& splats) {
    const std::vector<float> anchors = surface_anchors(splats, triangle_count_);
    count_ = int(splats.count);
    anchors_.upload(anchors);
}

SurfaceArrays DeviceSurface::arrays() const {
    return {triangles_.data(), vertex_first_.data(), vertex_triangles_.data(), charts_.data(), anchors_.data()};
}

void DeviceAvatar::load_splats(const AnchoredSplats& splats) {
    surface_.load_anchors(splats);
    count_ = splats.count;
    std::vector<float> values;
    values.reserve(count_ * parameters_per_splat);
    for (const std::vector<float>* part :
         {&splats.rotation, &splats.offset, &splats.log_scale, &splats.albedo, &splats.opacity})
        values.insert(values.end(), part->begin(), part->end());
    if (values.size() != count_ * parameters_per_splat) throw std::invalid_argument("arrays of Gaussians do not match");
    DeviceBuffer<float> uploaded(stream_);
    uploaded.upload(values);
    const ParameterArrays p = cut_parameters(uploaded.data(), count_);
    offsets_.resize(3 * count_);
    rest_.resize(count_);
    narrow(int(count_), AnchoredArrays{nullptr, p.offsets, p.log_scales, p.quaternions, p.albedos, p.logits},
           {offsets_.data(), rest_.data()}, stream_);
    layers_.upload(reinterpret_cast<const unsigned char*>(splats.layer.data()), count_);
    means_.resize(3 * count_);
    posed_.resize(count_);
}

void DeviceAvatar::pose(const std::shared_ptr<const Avatar>& avatar,
                        const std::shared_ptr<const AnchoredSplats>& splats, const HeadPose& pose, unsigned visible) {
    if (avatar != avatar_) {
        avatar_ = nullptr;  // should an upload fail, nothing of this may be believed
        loaded_ = nullptr;
        head_.load(*avatar->model, avatar->person, avatar->hair.vertices.cols() > 0 ? &avatar->hair : nullptr);
        surface_.load(*avatar);
        avatar_ = avatar;
    }
    if (splats != loaded_) {
        loaded_ = nullptr;
        load_splats(*splats);
        loaded_ = splats;
    }
    const HeadShape shape = head_.shape(1);
    const std::size_t controls = std::size_t(shape.controls), joints = std::size_t(shape.joints);
    std::vector<float> values(pose.controls.data(), pose.controls.data() + pose.controls.size());
    values.insert(values.end(), pose.joints.data(), pose.joints.data() + pose.joints.size());
    values.insert(values.end(), pose.translation.data(), pose.translation.data() + 3);
    if (values.size() != controls + 3 * joints + 3) throw std::invalid_argument("a pose of another head");
    pose_.upload(values);
    rig_.resize(std::size_t(shape.expressions) + joints * 12);
    posed_vertices_.resize(3 * std::size_t(shape.vertices));
    normals_.resize(4 * std::size_t(shape.vertices));
    head_forward(shape, head_.arrays(), {pose_.data(), pose_.data() + controls, pose_.data() + controls + 3 * joints},
                 {rig_.data(), rig_.data() + shape.expressions, nullptr, posed_vertices_.data()}, stream_);
    const SurfaceShape surface = surface_.shape(1);
    surface_normals(surface, surface_.arrays(), posed_vertices_.data(), normals_.data(), stream_);
    pose_on_surface(surface, surface_.arrays(), posed_vertices_.data(), normals_.data(),
                    {offsets_.data(), rest_.data()}, layers_.data(), visible, {means_.data(), posed_.data()}, stream_);
}

DeviceSplats DeviceAvatar::splats() const {
    RasterInputs inputs;
    inputs.means = means_.data();
    inputs.halves = posed_.data();
    return {int(count_), 0, inputs};
}

}  // namespace likeness::cuda
