#include "likeness/cuda/device_avatar.h"

#include <stdexcept>
#include <utility>
#include <vector>

#include "likeness/cuda/parameters.h"

namespace likeness::cuda {

// Vertices or basis columns as [count, 3] float32, which is how Eigen keeps 3 x N.
void DeviceHead::upload(DeviceBuffer<float>& buffer, const Eigen::MatrixXf& matrix) {
    buffer.upload(matrix.data(), std::size_t(matrix.size()));
    uploaded_ += buffer.bytes();
}
void DeviceHead::upload_rows(DeviceBuffer<float>& buffer, const RowMatrix& matrix) {
    buffer.upload(matrix.data(), std::size_t(matrix.size()));
    uploaded_ += buffer.bytes();
}

void DeviceHead::load_model(const HeadModel& model, const Eigen::MatrixXf& shell_weights, bool for_learning) {
    Eigen::MatrixXf weights(model.joint_count(), model.vertices.cols() + shell_weights.cols());
    weights << model.weights, shell_weights;
    upload(weights_, weights);
    upload_rows(control_joint_, model.control_joint);
    joint_parent_.upload(model.joint_parent);
    if (for_learning) {
        upload(identity_, model.identity);
        upload_rows(joint_identity_, model.joint_identity);
    }
    shape_.vertices = int(weights.cols());
    shape_.expressed = model.vertex_count();
    shape_.identities = for_learning ? model.identity_count() : 0;
    shape_.controls = model.control_count();
    shape_.correctives = int(model.correctives.cols());
    shape_.joints = model.joint_count();
}

void DeviceHead::load(std::shared_ptr<const HeadModel> model, const PersonalHead& person, const HairShell* shell,
                      bool for_learning) {
    if (model->joint_count() > most_joints) throw std::invalid_argument("a head of too many joints for the GPU");
    const Eigen::MatrixXf none(model->joint_count(), 0);
    const Eigen::MatrixXf& shell_weights = shell ? *shell->weights : none;
    const std::uint64_t weights_version = shell ? shell->weights.version() : 0;
    const auto loaded_model = std::exchange(model_, nullptr);
    const auto loaded_basis = std::exchange(basis_, nullptr);
    const bool same_model = model == loaded_model && (shape_.identities > 0 || !for_learning) &&
                            weights_version == shell_weights_;
    if (!same_model) {
        load_model(*model, shell_weights, for_learning);
        shell_weights_ = weights_version;
    }
    if (person.expression != loaded_basis || model != loaded_model) {
        if (model->correctives.size() > 0) {
            Eigen::MatrixXf targets(person.expression->targets.rows(), person.expression->count() + model->correctives.cols());
            targets << person.expression->targets, model->correctives;
            upload(expression_, targets);
        } else if (person.expression != loaded_basis) {
            upload(expression_, person.expression->targets);
        }
        upload_rows(control_expression_, person.expression->control_map);
        shape_.expressions = int(person.expression->count());
    }
    Vertices rest(3, shape_.vertices);
    rest << person.vertices, shell ? shell->vertices : Vertices(3, 0);
    upload(rest_, rest);
    upload(joint_position_, person.joint_position);
    model_ = std::move(model);
    basis_ = person.expression;
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
    if (rest_ && avatar.rest == rest_) return;
    const auto loaded = std::exchange(rest_, nullptr);
    const SurfaceTopology topology(avatar);
    if (!loaded || loaded->topology != avatar.rest->topology) {
        vertices_ = topology.vertices;
        triangle_count_ = int(topology.triangles.size() / 3);
        triangles_.upload(topology.triangles);
        vertex_first_.upload(topology.vertex_first);
        vertex_triangles_.upload(topology.vertex_triangles);
        uploaded_ += triangles_.bytes() + vertex_first_.bytes() + vertex_triangles_.bytes();
    }
    charts_.upload(topology.charts);
    uploaded_ += charts_.bytes();
    rest_ = avatar.rest;
}

void DeviceSurface::load_anchors(const AnchoredSplats& splats) {
    const std::vector<float> anchors = surface_anchors(splats, triangle_count_);
    count_ = int(splats.count);
    anchors_.upload(anchors);
    uploaded_ += anchors_.bytes();
}

SurfaceArrays DeviceSurface::arrays() const {
    return {triangles_.data(), vertex_first_.data(), vertex_triangles_.data(), charts_.data(), anchors_.data()};
}

void DeviceAvatar::load_splats(const AnchoredSplats& splats) {
    surface_.load_anchors(splats);
    count_ = splats.count;
    const auto within = [&](std::size_t from) { return from < count_ ? int(from) : none_filtered; };
    filtered_from_ = within(splats.painted_from);
    leading_from_ = within(splats.leading_from);
    if (!attributes_match(splats, count_)) throw std::invalid_argument("arrays of Gaussians do not match");
    DeviceBuffer<float> uploaded(stream_);
    uploaded.upload(attribute_block(splats, count_));
    uploaded_ += uploaded.bytes() + count_;
    const ParameterArrays p = cut_parameters(uploaded.data(), count_);
    offsets_.resize(3 * count_);
    rest_.resize(count_);
    narrow(int(count_), AnchoredArrays{nullptr, p.offsets, p.log_scales, p.quaternions, p.albedos, p.opacity_logits},
           {offsets_.data(), rest_.data()}, stream_);
    parts_.upload(reinterpret_cast<const unsigned char*>(splats.part.data()), count_);
    means_.resize(3 * count_);
    posed_.resize(count_);
}

void DeviceAvatar::pose(const Avatar& avatar, const HeadPose& pose, unsigned visible) {
    if (avatar.rest != loaded_surface_) {
        loaded_surface_ = nullptr;  // should an upload fail, nothing of this may be believed
        head_.load(avatar.model, avatar.head(), avatar.hair().vertices.cols() > 0 ? &avatar.hair() : nullptr);
        surface_.load(avatar);
        loaded_surface_ = avatar.rest;
    }
    if (avatar.splats != loaded_splats_) {
        loaded_splats_.reset();
        load_splats(*avatar.splats);
        loaded_splats_ = avatar.splats;
    }
    const HeadShape shape = head_.shape(1);
    const std::size_t controls = std::size_t(shape.controls), joints = std::size_t(shape.joints);
    std::vector<float> values(pose.controls.data(), pose.controls.data() + pose.controls.size());
    values.insert(values.end(), pose.joints.data(), pose.joints.data() + pose.joints.size());
    values.insert(values.end(), pose.translation.data(), pose.translation.data() + 3);
    if (values.size() != controls + 3 * joints + 3) throw std::invalid_argument("a pose of another head");
    pose_.upload(values);
    uploaded_ += pose_.bytes();
    rig_.resize(std::size_t(shape.coefficients()) + joints * 12);
    posed_vertices_.resize(3 * std::size_t(shape.vertices));
    normals_.resize(4 * std::size_t(shape.vertices));
    head_forward(shape, head_.arrays(), {pose_.data(), pose_.data() + controls, pose_.data() + controls + 3 * joints},
                 {rig_.data(), rig_.data() + shape.coefficients(), nullptr, posed_vertices_.data()}, stream_);
    const SurfaceShape surface = surface_.shape(1);
    surface_normals(surface, surface_.arrays(), posed_vertices_.data(), normals_.data(), stream_);
    pose_on_surface(surface, surface_.arrays(), posed_vertices_.data(), normals_.data(),
                    {offsets_.data(), rest_.data()}, parts_.data(), visible, {means_.data(), posed_.data()}, stream_);
}

DeviceSplats DeviceAvatar::splats() const {
    RasterInputs inputs;
    inputs.means = means_.data();
    inputs.halves = posed_.data();
    inputs.filtered_from = filtered_from_;
    inputs.leading_from = leading_from_;
    return {int(count_), 0, inputs};
}

}  // namespace likeness::cuda
