#include "cuda/device_chain.h"

#include <algorithm>

namespace likeness::cuda {

void DeviceChain::load(const Avatar& avatar, const BuiltInGroups& built_in) {
    avatar_ = avatar;
    built_in_ = built_in;
    const HeadModel& model = *avatar.model;
    pose_rows_.clear();
    for (const std::size_t width : pose_widths(model)) pose_rows_.emplace_back(stream_, width);
    if (head_moves()) {
        head_.load(avatar.model, avatar.head(), avatar.hair().vertices.size() > 0 ? &avatar.hair() : nullptr,
                   built_in_.identity >= 0);
        rest_.resize(3 * vertices());
        joints_.resize(std::size_t(3 * model.joint_count()));
    }
    topology_.load(avatar);
    load_splats(*avatar.splats);
}

void DeviceChain::load_splats(const AnchoredSplats& splats) {
    check_splats(splats);
    topology_.load_anchors(splats);
    avatar_.splats = splats;
    groups_.put_splats(splats, splats.count);
    fixed_poses_.forget_frames();
}

void DeviceChain::take_splats(AnchoredSplats splats, DeviceBuffer<float> block) {
    avatar_.splats = std::move(splats);
    topology_.load_anchors(*avatar_.splats);
    groups_.take_splats(std::move(block), avatar_.splats->count);
    fixed_poses_.forget_frames();
}

void DeviceChain::add_view(const HeadPose& pose) {
    fixed_pose_.push_back(fixed_poses_.number(pose));
    const PoseRow row = pose_row(pose);
    for (std::size_t which = 0; which < row.size(); ++which)
        if (built_in_.poses[which] < 0 && pose_rows_[which].width() > 0) pose_rows_[which].add(row[which]);
    groups_.add_view(learned_rows(row, built_in_));
}

void DeviceChain::clear_views() {
    groups_.clear_views();
    fixed_poses_.clear();
    fixed_pose_.clear();
    for (ViewRows& rows : pose_rows_) rows.clear();
}

AnchoredSplats DeviceChain::splats() const {
    AnchoredSplats splats = *avatar_.splats;
    groups_.download_splats(splats);
    return splats;
}

Avatar DeviceChain::fetch() const {
    Avatar avatar = avatar_;
    avatar.splats = splats();
    const auto learned = [&](int k) { return k < 0 ? std::vector<float>() : groups_.download(k); };
    if (built_in_.of_shape()) add_learned_shape(avatar, learned(built_in_.identity), learned(built_in_.vertices));
    return avatar;
}

HeadPose DeviceChain::view_pose(std::size_t view) const {
    PoseRow row;
    for (std::size_t which = 0; which < row.size(); ++which) {
        const ViewRows& rows = pose_rows_[which];
        const int k = built_in_.poses[which];
        if (rows.width() > 0) row[which] = k >= 0 ? groups_.download_row(k, view) : rows.download(view);
    }
    return row_pose(row);
}

// ---- of a batch ----

void DeviceChain::prepare(std::size_t batch) {
    batch_ = batch;
    if (batch == 0) return;
    const std::size_t splats = avatar_.splats->count;
    posed_.resize(batch * splats * parameters_per_splat);
    posed_gradients_.resize(posed_.size());
    if (modules_.takes_part(StepStage::anchored)) effective_.resize(splats * parameters_per_splat);
    if (!head_moves()) return;
    const HeadShape shape = head_.shape(int(batch));
    std::size_t row = 0;
    for (const ViewRows& rows : pose_rows_) row += rows.width();
    surface_.poses.resize(batch * row);
    surface_.rig.resize(batch * (std::size_t(shape.coefficients()) + 12 * std::size_t(shape.joints)));
    for (DeviceBuffer<float>* buffer : {&surface_.rested, &surface_.vertices, &grad_surface_.vertices})
        buffer->resize(batch * 3 * vertices());
    surface_.normals.resize(batch * vertices() * 4);
    grad_surface_.rest.resize(3 * vertices());
    if (modules_.takes_part(StepStage::rested)) grad_surface_.rested.resize(surface_.rested.size());
}

std::size_t DeviceChain::scratch_bytes() const {
    if (!head_moves()) return 0;
    return sizeof(float) *
           std::max(cuda::surface_backward_floats(surface_shape()), head_backward_floats(head_.shape(int(batch_))));
}

const float* DeviceChain::fixed_frames(std::size_t view) {
    if (head_moves()) return nullptr;
    return fixed_poses_
        .frames(fixed_pose_[view],
                [&](const HeadPose& pose) {
                    DeviceBuffer<float> frames(stream_);
                    frames.upload(splat_frames(avatar_, pose).values);
                    return frames;
                })
        .data();
}

void DeviceChain::reserve_gradients(std::size_t floats) {
    if (posed_gradients_.size() >= floats) return;
    posed_gradients_.resize(floats);
    ++generation_;
}

std::uint64_t DeviceChain::generation() const {
    std::uint64_t sum = generation_;
    for (const ViewRows& rows : pose_rows_) sum += rows.generation();
    return sum;
}

SurfaceShape DeviceChain::surface_shape() const {
    SurfaceShape shape = topology_.shape(int(batch_));
    shape.deterministic = deterministic_;
    return shape;
}

// ---- from parameters to posed Gaussians ----

void DeviceChain::pose(bool count_views, const StageMark& done) {
    gather(count_views);
    if (head_moves()) {
        pose_the_head();
        done("head");
    }
    if (modules_.takes_part(StepStage::anchored)) {
        const DeviceBuffer<float>& own = groups_.splat_values();
        if (own.size() > 0) {
            check(cudaMemcpyAsync(effective_.data(), own.data(), own.bytes(), cudaMemcpyDeviceToDevice, stream_),
                  "copy Gaussians");
        }
        modules_.forward(StepStage::anchored, [&](StepArrays& a) { fill_anchored(a); });
    }
    const PosedPointers to = posed_pointers(posed_.data());
    const PosedArrays posed{to.means, to.scales, to.rotations, to.colors, to.opacities};
    if (head_moves()) {
        const SurfaceShape shape = surface_shape();
        surface_normals(shape, surface(), surface_.vertices.data(), surface_.normals.data(), stream_);
        pose_on_surface(shape, surface(), surface_.vertices.data(), surface_.normals.data(), anchored(), posed,
                        stream_);
    } else {
        deform_batch(int(batch_), int(avatar_.splats->count), state_.data()->frames, anchored(), posed, stream_);
    }
    modules_.forward(StepStage::posed, [&](StepArrays& a) { a.posed = to; });
    done("Gaussians");
}

void DeviceChain::gather(bool count_views) {
    std::vector<RowTask> tasks;
    if (head_moves()) {
        float* to = surface_.poses.data();
        for (std::size_t which = 0; which < pose_rows_.size(); ++which) {
            ViewRows& rows = pose_rows_[which];
            const int k = built_in_.poses[which];
            if (rows.width() > 0) tasks.push_back({k >= 0 ? groups_.rows(k) : rows.data(), to, int(rows.width())});
            to += batch_ * rows.width();
        }
    }
    for (const int k : modules_.groups())
        if (groups_.of_views(k)) tasks.push_back(groups_.row_task(k));
    gather_rows(tasks.data(), int(tasks.size()), int(batch_), state_.data(),
                count_views ? groups_.view_steps() : nullptr, stream_);
}

void DeviceChain::pose_the_head() {
    const HeadShape shape = head_.shape(int(batch_));
    if (built_in_.of_shape()) {
        const HeadArrays loaded = head_.arrays();
        const auto values = [&](int k) { return k < 0 ? nullptr : groups_.values(k); };
        shape_person(shape, loaded,
                     {loaded.rest, loaded.joint_position, values(built_in_.identity), values(built_in_.vertices),
                      rest_.data(), joints_.data()},
                     stream_);
    }
    if (!modules_.takes_part(StepStage::rested))
        return head_forward(shape, head_arrays(), head_poses(), head_outputs(), stream_);
    head_express(shape, head_arrays(), head_poses(), head_outputs(), stream_);
    modules_.forward(StepStage::rested, [&](StepArrays& a) { a.rested = surface_.rested.data(); });
    head_skin(shape, head_arrays(), head_outputs(), stream_);
}

// ---- from gradients with respect to the posed Gaussians to those of the parameters ----

void DeviceChain::unpose(float* scratch, const StageMark& done) {
    modules_.backward(StepStage::posed, [&](StepArrays& a) {
        a.posed = posed_pointers(posed_.data());
        a.grad_posed = posed_pointers(posed_gradients_.data());
    });
    leave_the_surface(scratch);
    modules_.backward(StepStage::anchored, [&](StepArrays& a) { fill_anchored(a); });
    done("Gaussians backward");
    if (!head_moves()) return;
    unpose_the_head(scratch);
    done("head backward");
}

// To the surface's vertices and the Gaussians' own attributes.
void DeviceChain::leave_the_surface(float* scratch) {
    const PosedPointers g = posed_pointers(posed_gradients_.data());
    const PosedGradients by{g.means, g.scales, g.rotations, g.colors, g.opacities};
    AnchoredGradientArrays own;
    if (own_moves()) {
        const ParameterArrays p = groups_.splat_gradients();
        own = {p.offsets, p.log_scales, p.quaternions, p.albedos, p.opacity_logits};
    }
    const ViewWeights weights{state_.data()->splat_weights, state_.data()->colors_only};
    if (head_moves()) {
        surface_backward(surface_shape(), surface(), surface_.vertices.data(), surface_.normals.data(), anchored(),
                         posed_pointers(posed_.data()).rotations, by, scratch, grad_surface_.vertices.data(), stream_,
                         own, weights);
    } else if (own_moves()) {
        deform_batch_backward(int(batch_), int(avatar_.splats->count), state_.data()->frames, anchored(), by, own,
                              weights, stream_);
    }
}

void DeviceChain::unpose_the_head(float* scratch) {
    const HeadShape shape = head_.shape(int(batch_));
    const float* const grad_vertices = grad_surface_.vertices.data();
    const auto gradient = [&](int k) { return k < 0 ? nullptr : groups_.gradients(k); };
    HeadGradients wanted;
    wanted.controls = gradient(built_in_.poses[0]);
    wanted.joints = gradient(built_in_.poses[1]);
    wanted.translation = gradient(built_in_.poses[2]);
    wanted.rest = gradient(built_in_.vertices);
    wanted.identity = gradient(built_in_.identity);
    if (wanted.identity && !wanted.rest) wanted.rest = grad_surface_.rest.data();
    if (modules_.takes_part(StepStage::rested)) {
        wanted.rested = grad_surface_.rested.data();
        head_skin_backward(shape, head_arrays(), head_outputs(), grad_vertices, scratch, wanted, stream_);
        modules_.backward(StepStage::rested, [&](StepArrays& a) {
            a.rested = surface_.rested.data();
            a.grad_rested = grad_surface_.rested.data();
        });
        head_express_backward(shape, head_arrays(), head_poses(), scratch, wanted, stream_);
    } else {
        head_backward(shape, head_arrays(), head_poses(), head_outputs(), grad_vertices, scratch, wanted, stream_);
    }
}

// ---- blocks of memory, cut ----

// Laid out as the parameters are, for all frames of the batch.
PosedPointers DeviceChain::posed_pointers(float* block) const {
    const ParameterArrays a = cut_parameters(block, batch_ * avatar_.splats->count);
    return {a.offsets, a.log_scales, a.quaternions, a.albedos, a.opacity_logits};
}

DeviceSplats DeviceChain::posed() {
    const PosedPointers p = posed_pointers(posed_.data());
    return {int(avatar_.splats->count), 0, {p.means, p.scales, p.rotations, p.colors, p.opacities, nullptr}};
}

RasterInputGradients DeviceChain::grad_posed() {
    const PosedPointers g = posed_pointers(posed_gradients_.data());
    RasterInputGradients to;
    to.means = g.means;
    to.scales = g.scales;
    to.rotations = g.rotations;
    if (own_moves() || modules_.takes_part(StepStage::posed)) {
        to.colors = g.colors;
        to.opacities = g.opacities;
    }
    return to;
}

// The Gaussians' own attributes, as modules left them.
AnchoredArrays DeviceChain::anchored() {
    const ParameterArrays p = modules_.takes_part(StepStage::anchored)
                                  ? cut_parameters(effective_.data(), avatar_.splats->count)
                                  : groups_.splat_parameters();
    return {nullptr, p.offsets, p.log_scales, p.quaternions, p.albedos, p.opacity_logits};
}

void DeviceChain::fill_anchored(StepArrays& arrays) {
    const std::size_t n = avatar_.splats->count;
    const ParameterArrays g = groups_.splat_gradients();
    for (std::size_t a = 0; a < gaussian_attributes.size(); ++a) {
        arrays.anchored[a] = effective_.data() + attribute_start(a, n);
        arrays.grad_anchored[a] = g.quaternions + attribute_start(a, n);  // the block's beginning
    }
}

HeadPoses DeviceChain::head_poses() {
    float* const controls = surface_.poses.data();
    float* const joints = controls + batch_ * pose_rows_[0].width();
    return {controls, joints, joints + batch_ * pose_rows_[1].width()};
}

HeadOutputs DeviceChain::head_outputs() {
    return {surface_.rig.data(), surface_.rig.data() + batch_ * std::size_t(head_.shape(1).coefficients()),
            surface_.rested.data(), surface_.vertices.data()};
}

HeadArrays DeviceChain::head_arrays() const {
    HeadArrays head = head_.arrays();
    if (!built_in_.of_shape()) return head;
    head.rest = rest_.data();
    head.joint_position = joints_.data();
    return head;
}

}  // namespace likeness::cuda
