#include "core/learning/cpu_chain.h"

#include <algorithm>

namespace likeness {
namespace {

PosedArrays arrays_of(SplatSet& s) {
    return {s.means.data(), s.scales.data(), s.rotations.data(), s.colors.data(), s.opacities.data()};
}

template <class Splats>
PosedPointers pointers(Splats& s) {
    return {s.means.data(), s.scales.data(), s.rotations.data(), s.colors.data(), s.opacities.data()};
}

}  // namespace

void CpuChain::PosedBatch::resize(std::size_t frames, std::size_t count) {
    gradients.resize(frames * count);
    rotations.resize(frames * count * 4);
}

void CpuChain::PosedBatch::put(std::size_t frame, const SplatSet& posed, const SplatGradients& by) {
    const auto copy = [&](const std::vector<float>& from, std::vector<float>& to) {
        std::copy(from.begin(), from.end(), to.begin() + std::ptrdiff_t(frame * from.size()));
    };
    copy(posed.rotations, rotations);
    copy(by.means, gradients.offset);
    copy(by.scales, gradients.log_scale);
    copy(by.rotations, gradients.rotation);
    copy(by.colors, gradients.albedo);
    copy(by.opacities, gradients.opacity_logit);
}

void CpuChain::load(const Avatar& avatar, const BuiltInGroups& built_in) {
    avatar_ = avatar;
    built_in_ = built_in;
    topology_ = SurfaceTopology(avatar);
    if (head_moves()) head_.load(*avatar.model, avatar.head(), avatar.hair().vertices, *avatar.hair().weights);
    load_splats(*avatar.splats);
}

void CpuChain::load_splats(const AnchoredSplats& splats) {
    check_splats(splats);
    avatar_.splats = splats;
    topology_.load_anchors(splats);
    for (std::size_t a = 0; a < gaussian_attributes.size(); ++a)
        if (built_in_.splat[a] >= 0) groups_.put(built_in_.splat[a], splats.*gaussian_attributes[a].values);
    posed_.resize(splats.count);
    fixed_poses_.forget_frames();
}

void CpuChain::add_view(const HeadPose& pose) {
    const PoseRow row = pose_row(pose);
    groups_.add_view(learned_rows(row, built_in_));
    for (std::size_t which = 0; which < row.size(); ++which)
        if (built_in_.poses[which] < 0)
            pose_rows_[which].insert(pose_rows_[which].end(), row[which].begin(), row[which].end());
    fixed_pose_.push_back(fixed_poses_.number(pose));
}

void CpuChain::clear_views() {
    groups_.clear_views();
    fixed_poses_.clear();
    fixed_pose_.clear();
    for (std::vector<float>& rows : pose_rows_) rows.clear();
}

AnchoredSplats CpuChain::splats() const {
    AnchoredSplats splats = *avatar_.splats;
    for (std::size_t a = 0; a < gaussian_attributes.size(); ++a) splats.*gaussian_attributes[a].values = attribute(a);
    return splats;
}

Avatar CpuChain::fetch() const {
    Avatar avatar = avatar_;
    avatar.splats = splats();
    const auto learned = [&](int k) { return k < 0 ? std::vector<float>() : groups_.values(k); };
    if (built_in_.of_shape()) add_learned_shape(avatar, learned(built_in_.identity), learned(built_in_.vertices));
    return avatar;
}

HeadPose CpuChain::view_pose(int view) const {
    const std::array<std::size_t, 3> widths = pose_widths(*avatar_.model);
    PoseRow row;
    for (std::size_t which = 0; which < row.size(); ++which) {
        const int k = built_in_.poses[which];
        const float* const from =
            (k >= 0 ? groups_.values(k) : pose_rows_[which]).data() + std::size_t(view) * widths[which];
        row[which].assign(from, from + widths[which]);
    }
    return row_pose(row);
}

void CpuChain::begin(std::span<const int> batch, std::vector<const float*> splat_weights,
                     std::vector<unsigned char> colors_only) {
    batch_ = {batch.begin(), batch.end()};
    splat_weights_ = std::move(splat_weights);
    colors_only_ = std::move(colors_only);
    if (head_moves()) pose_the_head();
    splat_sums_.resize(avatar_.splats->count);  // overwritten by the first frame
    if (!modules_.takes_part(StepStage::anchored)) return;
    for (std::size_t a = 0; a < effective_.size(); ++a) effective_[a] = attribute(a);
    modules_.forward(StepStage::anchored, [&](StepArrays& a) { fill_anchored(a); });
}

const SplatSet& CpuChain::pose(std::size_t frame) {
    const PosedArrays to = arrays_of(posed_);
    if (head_moves()) {
        const std::size_t first = frame * std::size_t(topology_.vertices);
        pose_on_surface(topology_.shape(1), topology_.arrays(), surface_.vertices.data() + 3 * first,
                        surface_.normals.data() + 4 * first, anchored(), to);
    } else {
        const float* const frames = fixed_frames(frame);
        deform_batch(1, int(avatar_.splats->count), &frames, anchored(), to);
    }
    modules_.forward(
        StepStage::posed, [&](StepArrays& a) { a.posed = pointers(posed_); }, int(frame));
    mark_("Gaussians");
    return posed_;
}

void CpuChain::unpose(std::size_t frame) {
    modules_.backward(
        StepStage::posed,
        [&](StepArrays& a) {
            a.posed = pointers(posed_);
            a.grad_posed = pointers(grad_posed_);
        },
        int(frame));
    if (head_moves()) {
        grad_posed_batch_.put(frame, posed_, grad_posed_);
    } else {
        const PosedGradients by{grad_posed_.means.data(), grad_posed_.scales.data(), grad_posed_.rotations.data(),
                                grad_posed_.colors.data(), grad_posed_.opacities.data()};
        const float* const frames = fixed_frames(frame);
        deform_batch_backward(1, int(avatar_.splats->count), &frames, anchored(), posed_.rotations.data(), by,
                              grad_anchored(), {&splat_weights_[frame], &colors_only_[frame]}, frame > 0);
    }
    mark_("Gaussians backward");
}

void CpuChain::end() {
    if (head_moves()) leave_the_surface();
    modules_.backward(StepStage::anchored, [&](StepArrays& a) { fill_anchored(a); });
    for (std::size_t a = 0; a < gaussian_attributes.size(); ++a)
        if (built_in_.splat[a] >= 0)
            groups_.gradients(built_in_.splat[a]).swap(splat_sums_.*gaussian_attributes[a].values);
    if (head_moves()) unpose_the_head();
}

// ---- the Gaussians' own attributes ----

const std::vector<float>& CpuChain::attribute(std::size_t row) const {
    const int k = built_in_.splat[row];
    return k >= 0 ? groups_.values(k) : (*avatar_.splats).*gaussian_attributes[row].values;
}

// As modules left it.
const float* CpuChain::own(GaussianArray values) const {
    std::size_t row = 0;
    while (gaussian_attributes[row].values != values) ++row;
    return (modules_.takes_part(StepStage::anchored) ? effective_[row] : attribute(row)).data();
}

AnchoredArrays CpuChain::anchored() const {
    return {nullptr,
            own(&GaussianValues::offset),
            own(&GaussianValues::log_scale),
            own(&GaussianValues::rotation),
            own(&GaussianValues::albedo),
            own(&GaussianValues::opacity_logit)};
}

AnchoredGradientArrays CpuChain::grad_anchored() {
    return {splat_sums_.offset.data(), splat_sums_.log_scale.data(), splat_sums_.rotation.data(),
            splat_sums_.albedo.data(), splat_sums_.opacity_logit.data()};
}

void CpuChain::fill_anchored(StepArrays& arrays) {
    for (std::size_t a = 0; a < effective_.size(); ++a) {
        arrays.anchored[a] = effective_[a].data();
        arrays.grad_anchored[a] = (splat_sums_.*gaussian_attributes[a].values).data();
    }
}

// ---- the surface ----

const float* CpuChain::fixed_frames(std::size_t frame) {
    const int pose = fixed_pose_[std::size_t(batch_[frame])];
    return fixed_poses_.frames(pose, [&](const HeadPose& p) { return splat_frames(avatar_, p); }).values.data();
}

void CpuChain::gather_poses() {
    const std::array<std::size_t, 3> widths = pose_widths(*avatar_.model);
    for (std::size_t which = 0; which < widths.size(); ++which) {
        if (built_in_.poses[which] >= 0) continue;
        std::vector<float>& to = surface_.poses[which];
        to.clear();
        for (const int v : batch_) {
            const auto row = pose_rows_[which].begin() + std::ptrdiff_t(std::size_t(v) * widths[which]);
            to.insert(to.end(), row, row + std::ptrdiff_t(widths[which]));
        }
    }
}

HeadPoses CpuChain::head_poses() const {
    const auto of = [&](std::size_t which) {
        const int k = built_in_.poses[which];
        return k >= 0 ? groups_.gathered(k) : surface_.poses[which].data();
    };
    return {of(0), of(1), of(2)};
}

HeadOutputs CpuChain::head_outputs() {
    return {surface_.coefficients.data(), surface_.transforms.data(), surface_.rested.data(), surface_.vertices.data()};
}

void CpuChain::pose_the_head() {
    Surface& s = surface_;
    const HeadShape shape = head_.shape(int(batch_.size()));
    const std::size_t frames = batch_.size(), floats = 3 * std::size_t(shape.vertices);
    const auto values = [&](int k) { return k < 0 ? nullptr : groups_.values(k).data(); };
    s.rest.resize(floats);
    s.joints_at_rest.resize(3 * std::size_t(shape.joints));
    head_.shape_person(values(built_in_.identity), values(built_in_.vertices), s.rest.data(), s.joints_at_rest.data());
    s.coefficients.resize(frames * std::size_t(shape.coefficients()));
    s.transforms.resize(frames * 12 * std::size_t(shape.joints));
    for (std::vector<float>* buffer : {&s.rested, &s.vertices, &grad_surface_.vertices})
        buffer->resize(frames * floats);
    gather_poses();
    if (modules_.takes_part(StepStage::rested)) {
        head_.express(shape, s.rest.data(), s.joints_at_rest.data(), head_poses(), head_outputs());
        modules_.forward(StepStage::rested, [&](StepArrays& a) { a.rested = s.rested.data(); });
        head_.skin(shape, head_outputs());
    } else {
        head_.forward(shape, s.rest.data(), s.joints_at_rest.data(), head_poses(), head_outputs());
    }
    s.normals.resize(frames * 4 * std::size_t(shape.vertices));
    surface_normals(topology_.shape(int(frames)), topology_.arrays(), s.vertices.data(), s.normals.data());
    grad_posed_batch_.resize(frames, avatar_.splats->count);
    mark_("head");
}

// From the posed Gaussians of all frames to the surface's vertices and the Gaussians' own attributes.
void CpuChain::leave_the_surface() {
    const SurfaceShape shape = topology_.shape(int(batch_.size()));
    grad_surface_.surface_scratch.resize(surface_backward_floats(shape));
    const AnchoredGradients& by = grad_posed_batch_.gradients;
    surface_backward(shape, topology_.arrays(), surface_.vertices.data(), surface_.normals.data(), anchored(),
                     grad_posed_batch_.rotations.data(),
                     {by.offset.data(), by.log_scale.data(), by.rotation.data(), by.albedo.data(), by.opacity_logit.data()},
                     grad_surface_.surface_scratch.data(), grad_surface_.vertices.data(), grad_anchored(),
                     {splat_weights_.data(), colors_only_.data()});
    mark_("Gaussians backward");
}

void CpuChain::unpose_the_head() {
    SurfaceGradients& by = grad_surface_;
    const HeadShape shape = head_.shape(int(batch_.size()));
    by.head_scratch.resize(head_.backward_floats(shape));
    const auto gradient = [&](int k) { return k < 0 ? nullptr : groups_.gradients(k).data(); };
    HeadGradients wanted;
    wanted.controls = gradient(built_in_.poses[0]);
    wanted.joints = gradient(built_in_.poses[1]);
    wanted.translation = gradient(built_in_.poses[2]);
    wanted.rest = gradient(built_in_.vertices);
    wanted.identity = gradient(built_in_.identity);
    if (wanted.identity && !wanted.rest) {
        by.rest.resize(surface_.rest.size());
        wanted.rest = by.rest.data();
    }
    const float* const joints = surface_.joints_at_rest.data();
    if (modules_.takes_part(StepStage::rested)) {
        by.rested.resize(surface_.rested.size());
        wanted.rested = by.rested.data();
        head_.skin_backward(shape, head_outputs(), by.vertices.data(), by.head_scratch.data(), wanted);
        modules_.backward(StepStage::rested, [&](StepArrays& a) {
            a.rested = surface_.rested.data();
            a.grad_rested = by.rested.data();
        });
        head_.express_backward(shape, joints, head_poses(), by.head_scratch.data(), wanted);
    } else {
        head_.backward(shape, joints, head_poses(), head_outputs(), by.vertices.data(), by.head_scratch.data(), wanted);
    }
    mark_("head backward");
}

}  // namespace likeness
