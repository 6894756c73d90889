// The way from parameters to posed Gaussians on the GPU, and back from gradients to gradients, for all frames of a
// batch at once. The processor's twin is core/learning/cpu_chain.h.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "core/base/stage_time.h"
#include "core/learning/engine_parts.h"
#include "core/learning/module_calls.h"
#include "cuda/device_groups.h"
#include "cuda/device_views.h"
#include "likeness/cuda/device_avatar.h"
#include "likeness/cuda/device_rasterizer.h"
#include "likeness/cuda/group_step.h"

namespace likeness::cuda {

class DeviceChain {
  public:
    // `state`: one, the step's that kernels read. `deterministic`: the same gradients, to the bit, each time; slower.
    DeviceChain(cudaStream_t stream, DeviceGroups& groups, ModuleCalls& modules, const DeviceBuffer<StepState>& state,
                bool deterministic)
        : stream_(stream), groups_(groups), modules_(modules), state_(state), deterministic_(deterministic) {}

    // The groups and the modules have come already, no view has.
    void load(const Avatar& avatar, const BuiltInGroups& built_in);
    void load_splats(const AnchoredSplats& splats);  // throws std::invalid_argument
    // The same for values that are in GPU memory already, as a block.
    void take_splats(AnchoredSplats splats, DeviceBuffer<float> block);
    void add_view(const HeadPose& pose);  // also to the groups
    void clear_views();

    const Avatar& avatar() const { return avatar_; }  // as loaded, with the Gaussians of the last load
    std::size_t vertices() const { return std::size_t(avatar_.neutral().cols()); }
    SurfaceArrays surface() const { return topology_.arrays(); }
    AnchoredSplats splats() const;  // as they are now, like fetch(); wait
    Avatar fetch() const;
    HeadPose view_pose(std::size_t view) const;

    // ---- of a batch ----
    void prepare(std::size_t batch);  // room for as many frames
    std::size_t batch() const { return batch_; }
    std::size_t scratch_bytes() const;  // that unpose() needs
    // The surface under the Gaussians in a view whose pose is fixed, [count, 13]; null where heads move.
    const float* fixed_frames(std::size_t view);
    // Memory of grad_posed(), free until the rasterizer goes back. Makes room for at least so many floats.
    float* gradient_memory() { return posed_gradients_.data(); }
    void reserve_gradients(std::size_t floats);
    // Changes when arrays have moved: a graph that names them is void.
    std::uint64_t generation() const;

    // From parameters to posed Gaussians. With `count_views` the clocks of the batch's views go on.
    void pose(bool count_views, const StageMark& done);
    DeviceSplats posed();
    RasterInputGradients grad_posed();  // what is not asked for is null
    // From grad_posed() to the gradients with respect to the parameters, with their groups.
    void unpose(float* scratch, const StageMark& done);

  private:
    // [frames, ...] of the batch.
    struct Surface {
        explicit Surface(cudaStream_t stream)
            : poses(stream), rig(stream), rested(stream), vertices(stream), normals(stream) {}
        DeviceBuffer<float> poses, rig, rested, vertices, normals;
    };
    struct SurfaceGradients {
        explicit SurfaceGradients(cudaStream_t stream) : vertices(stream), rested(stream), rest(stream) {}
        DeviceBuffer<float> vertices, rested, rest;
    };

    bool head_moves() const {
        return built_in_.of_shape() || built_in_.of_poses() || modules_.takes_part(StepStage::rested);
    }
    // Gradients by the Gaussians' own attributes are wanted.
    bool own_moves() const { return built_in_.of_splats() || modules_.takes_part(StepStage::anchored); }

    SurfaceShape surface_shape() const;
    PosedPointers posed_pointers(float* block) const;
    AnchoredArrays anchored();
    void fill_anchored(StepArrays& arrays);
    HeadPoses head_poses();
    HeadOutputs head_outputs();
    HeadArrays head_arrays() const;
    void gather(bool count_views);
    void pose_the_head();
    void leave_the_surface(float* scratch);
    void unpose_the_head(float* scratch);

    cudaStream_t stream_;
    DeviceGroups& groups_;
    ModuleCalls& modules_;
    const DeviceBuffer<StepState>& state_;
    bool deterministic_;
    Avatar avatar_;
    BuiltInGroups built_in_;
    DeviceHead head_{stream_};
    DeviceSurface topology_{stream_};
    FixedPoses<DeviceBuffer<float>> fixed_poses_;
    std::vector<int> fixed_pose_;                          // of each view
    std::vector<ViewRows> pose_rows_;                      // of what is not learned of poses
    DeviceBuffer<float> rest_{stream_}, joints_{stream_};  // the person's shape now

    std::size_t batch_ = 0;         // frames that everything below is made for
    std::uint64_t generation_ = 0;  // of the memory below
    Surface surface_{stream_};
    SurfaceGradients grad_surface_{stream_};
    DeviceBuffer<float> effective_{stream_};  // the Gaussians' own attributes, as modules left them
    DeviceBuffer<float> posed_{stream_};
    DeviceBuffer<float> posed_gradients_{stream_};
};

}  // namespace likeness::cuda
