// The way from parameters to posed Gaussians on the processor, and back from gradients to gradients. The head is
// posed for the whole batch at once, so that its bases are read once; from the surface on, frame follows frame, so that
// one frame's Gaussians stay in the cache. The GPU's twin is cuda/device_chain.h.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "core/base/stage_time.h"
#include "core/head/head_batch.h"
#include "core/learning/cpu_groups.h"
#include "core/learning/engine_parts.h"
#include "core/learning/module_calls.h"
#include "core/splat/rasterizer.h"

namespace likeness {

class CpuChain {
  public:
    // `mark` is called after each stage of a step.
    CpuChain(CpuGroups& groups, ModuleCalls& modules, StageMark mark)
        : groups_(groups), modules_(modules), mark_(std::move(mark)) {}

    // The groups and the modules have come already, no view has.
    void load(const Avatar& avatar, const BuiltInGroups& built_in);
    void load_splats(const AnchoredSplats& splats);  // throws std::invalid_argument
    void add_view(const HeadPose& pose);             // also to the groups
    void clear_views();

    const Avatar& avatar() const { return avatar_; }  // as loaded, with the Gaussians of the last load_splats()
    const SurfaceTopology& topology() const { return topology_; }
    AnchoredSplats splats() const;  // as they are now, like fetch()
    Avatar fetch() const;
    HeadPose view_pose(int view) const;

    // ---- a step: begin(), pose() and unpose() for each frame in turn, end() ----
    // A view's weights of the Gaussians, null for 1, and whether it teaches colors only.
    void begin(std::span<const int> batch, std::vector<const float*> splat_weights,
               std::vector<unsigned char> colors_only);
    const SplatSet& pose(std::size_t frame);
    // What unpose() starts from, by what pose() gave last.
    SplatGradients& grad_posed() { return grad_posed_; }
    void unpose(std::size_t frame);
    // All gradients are with their groups then.
    void end();

  private:
    // [frames, ...] of the batch, but what is at rest.
    struct Surface {
        std::array<std::vector<float>, 3> poses;  // of what is not learned of them
        std::vector<float> rest, joints_at_rest, coefficients, transforms, rested, vertices, normals;
    };
    struct SurfaceGradients {
        std::vector<float> vertices, rested, rest, head_scratch, surface_scratch;
    };
    // What the way back needs of the posed Gaussians of all frames, [frames, count, ...].
    struct PosedBatch {
        AnchoredGradients gradients;  // by means, scales, rotations, colors, opacities
        std::vector<float> rotations;
        void resize(std::size_t frames, std::size_t count);
        void put(std::size_t frame, const SplatSet& posed, const SplatGradients& by);
    };

    bool head_moves() const {
        return built_in_.of_shape() || built_in_.of_poses() || modules_.takes_part(StepStage::rested);
    }
    const std::vector<float>& attribute(std::size_t row) const;
    const float* own(GaussianArray values) const;
    AnchoredArrays anchored() const;
    AnchoredGradientArrays grad_anchored();
    const float* fixed_frames(std::size_t frame);
    HeadPoses head_poses() const;
    HeadOutputs head_outputs();
    void fill_anchored(StepArrays& arrays);
    void gather_poses();
    void pose_the_head();
    void unpose_the_head();
    void leave_the_surface();

    CpuGroups& groups_;
    ModuleCalls& modules_;
    StageMark mark_;
    Avatar avatar_;
    BuiltInGroups built_in_;
    HeadBatch head_;
    SurfaceTopology topology_;
    FixedPoses<SplatFrames> fixed_poses_;
    std::vector<int> fixed_pose_;                  // of each view
    std::array<std::vector<float>, 3> pose_rows_;  // [views, width] of what is not learned of poses

    // Of a step.
    std::vector<int> batch_;
    std::vector<const float*> splat_weights_;
    std::vector<unsigned char> colors_only_;
    Surface surface_;
    SurfaceGradients grad_surface_;
    std::array<std::vector<float>, gaussian_attributes.size()> effective_;  // as modules left them
    AnchoredGradients splat_sums_;  // gradients with respect to the Gaussians' own attributes
    SplatSet posed_;
    SplatGradients grad_posed_;
    PosedBatch grad_posed_batch_;
};

}  // namespace likeness
