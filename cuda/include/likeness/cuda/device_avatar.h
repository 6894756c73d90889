// An avatar's surface and Gaussians in GPU memory, posed there: a pose goes in, a few hundred bytes, and Gaussians for
// the rasterizer come out, in the viewer's form (half_splat.h). Uploads only what changed.
#pragma once

#include <memory>

#include "core/avatar/avatar.h"
#include "likeness/cuda/device_buffer.h"
#include "likeness/cuda/device_rasterizer.h"
#include "likeness/cuda/half_splat.h"
#include "likeness/cuda/head.h"
#include "likeness/cuda/surface.h"

namespace likeness::cuda {

// The model's and the person's arrays for head_forward(), head_backward(). Uploads what is not there yet: the basis when it
// is another, what belongs to the model when that is another, the weights also when the shell's change.
class DeviceHead {
  public:
    explicit DeviceHead(cudaStream_t stream) : stream_(stream) {}
    // `shell` lies behind the head's vertices; may be null. With `for_learning` also what derivatives by identity need.
    // After a throw nothing is loaded.
    void load(std::shared_ptr<const HeadModel> model, const PersonalHead& person, const HairShell* shell,
              bool for_learning = false);
    HeadShape shape(int frames) const;
    HeadArrays arrays() const;

  private:
    void load_model(const HeadModel& model, const Eigen::MatrixXf& shell_weights, bool for_learning);

    cudaStream_t stream_;
    HeadShape shape_;
    // What is in GPU memory; null while that is not certain.
    std::shared_ptr<const HeadModel> model_;
    std::shared_ptr<const ExpressionBasis> basis_;
    Eigen::MatrixXf shell_weights_;
    DeviceBuffer<float> rest_{stream_}, joint_position_{stream_}, weights_{stream_}, expression_{stream_},
        control_expression_{stream_}, control_joint_{stream_}, identity_{stream_}, joint_identity_{stream_};
    DeviceBuffer<int> joint_parent_{stream_};
};

// The topology for surface_normals() and the rest of surface.h.
class DeviceSurface {
  public:
    explicit DeviceSurface(cudaStream_t stream) : stream_(stream) {}
    void load(const Avatar& avatar);
    void load_anchors(const AnchoredSplats& splats);
    SurfaceShape shape(int frames) const { return {frames, vertices_, triangle_count_, count_}; }
    SurfaceArrays arrays() const;

  private:
    cudaStream_t stream_;
    int vertices_ = 0, triangle_count_ = 0, count_ = 0;
    DeviceBuffer<int> triangles_{stream_}, vertex_first_{stream_}, vertex_triangles_{stream_};
    DeviceBuffer<float> charts_{stream_}, anchors_{stream_};
};

class DeviceAvatar {
  public:
    explicit DeviceAvatar(cudaStream_t stream) : stream_(stream), head_(stream), surface_(stream) {}
    // Layers whose bit is not set in `visible` get opacity 0. Throws CudaError.
    void pose(const std::shared_ptr<const Avatar>& avatar, const std::shared_ptr<const AnchoredSplats>& splats,
              const HeadPose& pose, unsigned visible);
    // As the last pose() left them, once the stream has got there.
    DeviceSplats splats() const;

  private:
    void load_splats(const AnchoredSplats& splats);

    cudaStream_t stream_;
    DeviceHead head_;
    DeviceSurface surface_;
    std::shared_ptr<const Avatar> avatar_;
    std::shared_ptr<const AnchoredSplats> loaded_;
    DeviceBuffer<float> pose_{stream_}, rig_{stream_}, posed_vertices_{stream_}, normals_{stream_};
    DeviceBuffer<float> offsets_{stream_}, means_{stream_};
    DeviceBuffer<HalfSplat> rest_{stream_}, posed_{stream_};
    DeviceBuffer<unsigned char> layers_{stream_};
    std::size_t count_ = 0;
};

}  // namespace likeness::cuda
