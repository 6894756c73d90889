// An avatar's surface and Gaussians in GPU memory, posed there: a pose goes in, a few hundred bytes, and Gaussians for
// the rasterizer come out, in the viewer's form (half_splat.h). Part by part, only what changed is uploaded.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/avatar/avatar.h"
#include "likeness/cuda/device_buffer.h"
#include "likeness/cuda/device_rasterizer.h"
#include "likeness/cuda/half_splat.h"
#include "likeness/cuda/head.h"
#include "likeness/cuda/surface.h"

namespace likeness::cuda {

// The model's and the person's arrays for head_forward(), head_backward(). Uploads what is not there yet: the basis when it
// is another, what belongs to the model when that is another, the weights also when the shell's are another part.
class DeviceHead {
  public:
    explicit DeviceHead(cudaStream_t stream) : stream_(stream) {}
    // `shell` lies behind the head's vertices; may be null. With `for_learning` also what gradients with respect to
    // identity need. After a throw nothing is loaded.
    void load(std::shared_ptr<const HeadModel> model, const PersonalHead& person, const HairShell* shell,
              bool for_learning = false);
    HeadShape shape(int frames) const;
    HeadArrays arrays() const;
    std::size_t uploaded() const { return uploaded_; }  // bytes so far

  private:
    void load_model(const HeadModel& model, const Eigen::MatrixXf& shell_weights, bool for_learning);
    void upload(DeviceBuffer<float>& buffer, const Eigen::MatrixXf& matrix);
    void upload_rows(DeviceBuffer<float>& buffer, const RowMatrix& matrix);

    cudaStream_t stream_;
    HeadShape shape_;
    // What is in GPU memory; null while that is not certain.
    std::shared_ptr<const HeadModel> model_;
    std::shared_ptr<const ExpressionBasis> basis_;
    std::uint64_t shell_weights_ = 0;  // version of the part
    std::size_t uploaded_ = 0;
    DeviceBuffer<float> rest_{stream_}, joint_position_{stream_}, weights_{stream_}, expression_{stream_},
        control_expression_{stream_}, control_joint_{stream_}, identity_{stream_}, joint_identity_{stream_};
    DeviceBuffer<int> joint_parent_{stream_};
};

// The topology for surface_normals() and the rest of surface.h.
class DeviceSurface {
  public:
    explicit DeviceSurface(cudaStream_t stream) : stream_(stream) {}
    // What is in GPU memory already stays; throws CudaError, then nothing is loaded.
    void load(const Avatar& avatar);
    void load_anchors(const AnchoredSplats& splats);
    SurfaceShape shape(int frames) const { return {frames, vertices_, triangle_count_, count_}; }
    SurfaceArrays arrays() const;
    std::size_t uploaded() const { return uploaded_; }  // bytes so far

  private:
    cudaStream_t stream_;
    std::shared_ptr<const RestSurface> rest_;  // whose charts are there; null while that is not certain
    std::size_t uploaded_ = 0;
    int vertices_ = 0, triangle_count_ = 0, count_ = 0;
    DeviceBuffer<int> triangles_{stream_}, vertex_first_{stream_}, vertex_triangles_{stream_};
    DeviceBuffer<float> charts_{stream_}, anchors_{stream_};
};

class DeviceAvatar {
  public:
    explicit DeviceAvatar(cudaStream_t stream) : stream_(stream), head_(stream), surface_(stream) {}
    // Parts whose bit is not set in `visible` get opacity 0. Throws CudaError.
    void pose(const Avatar& avatar, const HeadPose& pose, unsigned visible);
    // As the last pose() left them, once the stream has got there.
    DeviceSplats splats() const;
    // Bytes so far: of the head, the surface and the Gaussians.
    std::size_t uploaded() const { return head_.uploaded() + surface_.uploaded() + uploaded_; }

  private:
    void load_splats(const AnchoredSplats& splats);

    cudaStream_t stream_;
    DeviceHead head_;
    DeviceSurface surface_;
    // What is in GPU memory; null while that is not certain.
    std::shared_ptr<const RestSurface> loaded_surface_;
    std::optional<Part<AnchoredSplats>> loaded_splats_;
    std::size_t uploaded_ = 0;
    DeviceBuffer<float> pose_{stream_}, rig_{stream_}, posed_vertices_{stream_}, normals_{stream_};
    DeviceBuffer<float> offsets_{stream_}, means_{stream_};
    DeviceBuffer<HalfSplat> rest_{stream_}, posed_{stream_};
    DeviceBuffer<unsigned char> parts_{stream_};
    std::size_t count_ = 0;
    int filtered_from_ = none_filtered, leading_from_ = none_filtered;
};

}  // namespace likeness::cuda
