#include "core/avatar/deform.h"

#include <algorithm>

namespace likeness {
namespace {

AnchoredArrays arrays_of(const AnchoredSplats& s) {
    return {nullptr, s.offset.data(), s.log_scale.data(), s.rotation.data(), s.albedo.data(), s.opacity_logit.data()};
}

}  // namespace

void AnchoredGradients::set_zero() {
    each_attribute(*this, [](const GaussianAttribute&, std::vector<float>& v) { std::fill(v.begin(), v.end(), 0.0f); });
}

SplatFrames splat_frames(const Avatar& avatar, const HeadPose& pose) {
    return splat_frames(avatar, *avatar.splats, pose);
}

SplatFrames splat_frames(const Avatar& avatar, const AnchoredSplats& splats, const HeadPose& pose) {
    SurfaceTopology topology(avatar);
    topology.load_anchors(splats);
    const SurfaceShape shape = topology.shape(1);
    const Vertices surface = pose_surface(avatar, pose);
    std::vector<float> normals(4 * std::size_t(shape.vertices));
    surface_normals(shape, topology.arrays(), surface.data(), normals.data());
    SplatFrames frames;
    frames.values.resize(splats.count * frame_floats);
    surface_frames(shape, topology.arrays(), surface.data(), normals.data(), frames.values.data());
    return frames;
}

void deform(const AnchoredSplats& splats, const SplatFrames& frames, SplatSet& posed) {
    posed.resize(splats.count);
    posed.filtered_from = splats.painted_from;
    posed.leading_from = splats.leading_from;
    const float* const view = frames.values.data();
    deform_batch(
        1, int(splats.count), &view, arrays_of(splats),
        {posed.means.data(), posed.scales.data(), posed.rotations.data(), posed.colors.data(), posed.opacities.data()});
}

void deform_backward(const AnchoredSplats& splats, const SplatFrames& frames, const SplatSet& posed,
                     const SplatGradients& grad_posed, AnchoredGradients& gradients) {
    const float* const view = frames.values.data();
    deform_batch_backward(1, int(splats.count), &view, arrays_of(splats), posed.rotations.data(),
                          {grad_posed.means.data(), grad_posed.scales.data(), grad_posed.rotations.data(),
                           grad_posed.colors.data(), grad_posed.opacities.data()},
                          {gradients.offset.data(), gradients.log_scale.data(), gradients.rotation.data(),
                           gradients.albedo.data(), gradients.opacity_logit.data()},
                          {}, true);
}

}  // namespace likeness
