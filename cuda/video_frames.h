// A video's frames in GPU memory: pictures as 8 bits, and of each a row of unknowns (controls, joints, translation)
// with Adam's moments and clock.
#pragma once

#include <span>
#include <vector>

#include "core/learning/video_step.h"
#include "likeness/cuda/device_buffer.h"
#include "likeness/cuda/video_step.h"

namespace likeness::cuda {

class VideoFrames {
  public:
    explicit VideoFrames(cudaStream_t stream) : stream_(stream) {}

    // Forgets all; frames of this head may come, which must outlive them.
    void clear(const HeadModel& model);
    // Throws std::invalid_argument when sizes do not match. May move the rows: then generation() changes.
    int add(const TrainingFrame& frame);
    std::uint64_t generation() const { return generation_; }
    // Throws std::invalid_argument for a batch of frames that there are not, of too many, or with one twice.
    void check_batch(std::span<const int> batch) const;

    const Camera& camera(int frame) const { return frames_[std::size_t(frame)].camera; }
    const unsigned char* picture(int frame) const { return frames_[std::size_t(frame)].rgba.data(); }
    // As it is now; waits.
    HeadPose pose(int frame) const;

    std::size_t controls() const { return std::size_t(model_->control_count()); }
    std::size_t joint_floats() const { return 3 * std::size_t(model_->joint_count()); }
    std::size_t row_floats() const { return controls() + joint_floats() + 3; }
    PoseRows rows();
    // The unknowns of one kind in a batch, whose derivatives are [batch, width].
    UnknownGroup group(Unknown kind, std::size_t batch, float* gradients);

  private:
    struct Frame {
        Camera camera;
        DeviceBuffer<unsigned char> rgba;
    };
    void reserve(std::size_t frames);

    cudaStream_t stream_;
    const HeadModel* model_ = nullptr;
    std::vector<Frame> frames_;
    DeviceBuffer<float> values_{stream_}, first_{stream_}, second_{stream_}, seeds_{stream_}, joint_limits_{stream_};
    DeviceBuffer<int> steps_{stream_};
    std::size_t room_ = 0;  // frames that the rows are for
    std::uint64_t generation_ = 0;
};

}  // namespace likeness::cuda
