#include "cuda/video_frames.h"

#include <algorithm>
#include <stdexcept>

namespace likeness::cuda {
namespace {

// Keeps what is in the buffer; zeros behind it.
template <class T>
void grow(DeviceBuffer<T>& buffer, std::size_t count) {
    DeviceBuffer<T> larger(buffer.stream(), count);
    larger.fill_zero();
    if (buffer.size() > 0) {
        check(cudaMemcpyAsync(larger.data(), buffer.data(), buffer.bytes(), cudaMemcpyDeviceToDevice, buffer.stream()),
              "grow");
    }
    buffer = std::move(larger);
}

std::vector<float> row_of(const HeadPose& pose) {
    std::vector<float> row(pose.controls.data(), pose.controls.data() + pose.controls.size());
    row.insert(row.end(), pose.joints.data(), pose.joints.data() + pose.joints.size());
    row.insert(row.end(), pose.translation.data(), pose.translation.data() + 3);
    return row;
}

}  // namespace

void VideoFrames::clear(const HeadModel& model) {
    model_ = &model;
    frames_.clear();
    for (DeviceBuffer<float>* buffer : {&values_, &first_, &second_, &seeds_}) buffer->resize(0);
    steps_.resize(0);
    room_ = 0;
    std::vector<float> limits(model.joint_low.data(), model.joint_low.data() + model.joint_low.size());
    limits.insert(limits.end(), model.joint_high.data(), model.joint_high.data() + model.joint_high.size());
    joint_limits_.upload(limits);
    ++generation_;
}

int VideoFrames::add(const TrainingFrame& frame) {
    const Camera& camera = frame.camera;
    const std::vector<float> row = row_of(frame.pose);
    const auto other_size = [&](const Camera& first) {
        return camera.width != first.width || camera.height != first.height;
    };
    if (row.size() != row_floats() || frame.rgba.size() != 4 * std::size_t(camera.width) * std::size_t(camera.height) ||
        (!frames_.empty() && other_size(frames_.front().camera))) {
        throw std::invalid_argument("training step: a frame's picture, camera or pose has another size");
    }
    const std::size_t number = frames_.size();
    reserve(number + 1);
    for (DeviceBuffer<float>* buffer : {&values_, &seeds_}) {
        check(cudaMemcpyAsync(buffer->data() + number * row.size(), row.data(), row.size() * sizeof(float),
                              cudaMemcpyHostToDevice, stream_),
              "upload a pose");
    }
    DeviceBuffer<unsigned char> rgba(stream_);
    rgba.upload(frame.rgba);
    frames_.push_back({camera, std::move(rgba)});
    return int(number);
}

void VideoFrames::reserve(std::size_t frames) {
    if (frames <= room_) return;
    room_ = std::max<std::size_t>(64, 2 * room_);
    for (DeviceBuffer<float>* buffer : {&values_, &first_, &second_, &seeds_}) grow(*buffer, room_ * row_floats());
    grow(steps_, room_);
    ++generation_;
}

void VideoFrames::check_batch(std::span<const int> batch) const {
    if (batch.empty() || batch.size() > std::size_t(most_batch_frames))
        throw std::invalid_argument("training step: a batch of no frames, or of too many");
    for (auto frame = batch.begin(); frame != batch.end(); ++frame) {
        if (*frame < 0 || std::size_t(*frame) >= frames_.size() || std::find(batch.begin(), frame, *frame) != frame)
            throw std::invalid_argument("training step: a frame that there is not, or one twice in a batch");
    }
}

HeadPose VideoFrames::pose(int frame) const {
    if (frame < 0 || std::size_t(frame) >= frames_.size()) throw std::out_of_range("training step: no such frame");
    std::vector<float> row(row_floats());
    check(cudaMemcpyAsync(row.data(), values_.data() + std::size_t(frame) * row.size(), row.size() * sizeof(float),
                          cudaMemcpyDeviceToHost, stream_),
          "download a pose");
    check(cudaStreamSynchronize(stream_), "download a pose");
    HeadPose pose = HeadPose::neutral(*model_);
    const float* const joints = row.data() + controls();
    std::copy_n(row.data(), controls(), pose.controls.data());
    std::copy_n(joints, joint_floats(), pose.joints.data());
    std::copy_n(joints + joint_floats(), 3, pose.translation.data());
    return pose;
}

PoseRows VideoFrames::rows() { return {model_->control_count(), model_->joint_count(), values_.data(), steps_.data()}; }

UnknownGroup VideoFrames::group(Unknown kind, std::size_t batch, float* gradients) {
    const std::size_t from = kind == Unknown::control ? 0 : kind == Unknown::joint ? controls() : row_floats() - 3;
    const std::size_t width = kind == Unknown::control ? controls() : kind == Unknown::joint ? joint_floats() : 3;
    UnknownGroup g;
    g.kind = kind;
    g.count = unsigned(batch * width);
    g.values = values_.data() + from;
    g.first_moments = first_.data() + from;
    g.second_moments = second_.data() + from;
    g.gradients = gradients;
    g.seeds = seeds_.data() + from;
    g.width = unsigned(width);
    g.stride = unsigned(row_floats());
    if (kind == Unknown::joint) g.limits = joint_limits_.data();
    return g;
}

}  // namespace likeness::cuda
