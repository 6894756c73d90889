// What the engines of all devices share: the built-in groups, poses as rows and those that stay fixed, what a learned
// shape makes of an avatar, means of losses, and the checks of what comes in.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/learning/group_table.h"
#include "core/learning/training_engine.h"

namespace likeness {

// The built-in groups of an avatar that are in `learned`. Throws std::invalid_argument for a name that is none.
std::vector<ParameterGroup> built_in_groups(const Avatar& avatar, const std::vector<std::string>& learned);

// Where they are in an engine's table; -1: not learned.
struct BuiltInGroups {
    std::array<int, gaussian_attributes.size()> splat{};  // by the order of gaussian_attributes
    std::array<int, 3> poses{-1, -1, -1};                 // controls, joints, translation
    int identity = -1, vertices = -1;
    BuiltInGroups() { splat.fill(-1); }
    explicit BuiltInGroups(const GroupTable& table);
    bool of_splats() const;  // any of them
    bool of_shape() const { return identity >= 0 || vertices >= 0; }
    bool of_poses() const;
};

// A pose as the rows of the three groups of poses, and back.
using PoseRow = std::array<std::vector<float>, 3>;
PoseRow pose_row(const HeadPose& pose);
HeadPose row_pose(const PoseRow& row);
std::array<std::size_t, 3> pose_widths(const HeadModel& model);
// The rows of a pose that are learned, by their groups.
std::map<int, std::vector<float>> learned_rows(const PoseRow& row, const BuiltInGroups& groups);

// While poses are not learned, the surface under the Gaussians is the same in each step, and views of one pose share it.
// `Frames` holds it on the engine's device.
template <class Frames>
class FixedPoses {
  public:
    // Of a pose, which is added when it is new.
    int number(const HeadPose& pose) {
        for (std::size_t k = 0; k < poses_.size(); ++k) {
            if (poses_[k].pose == pose) return int(k);
        }
        poses_.push_back({pose, {}});
        return int(poses_.size()) - 1;
    }
    // `make(pose)` is called when there are none yet.
    template <class Make>
    Frames& frames(int number, const Make& make) {
        Fixed& fixed = poses_[std::size_t(number)];
        if (!fixed.frames) fixed.frames.emplace(make(std::as_const(fixed.pose)));
        return *fixed.frames;
    }
    void forget_frames() {
        for (Fixed& fixed : poses_) fixed.frames.reset();
    }
    void clear() { poses_.clear(); }

  private:
    struct Fixed {
        HeadPose pose;
        std::optional<Frames> frames;
    };
    std::vector<Fixed> poses_;
};

// What steps learned about a person's shape, laid into an avatar: identity, offsets and hair become as learned
// (`identity` [I] and `vertices` [3 V] are changes, or empty). Stretch counts from the surface at rest: what that grew
// by goes over into the Gaussians themselves, so that they keep their sizes.
void add_learned_shape(Avatar& avatar, const std::vector<float>& identity, const std::vector<float>& vertices);

// Over the views of a batch.
LossValue mean_loss(const std::vector<LossValue>& losses);

// All of these throw std::invalid_argument.
// Arrays of other sizes.
void check_splats(const AnchoredSplats& splats);
// A view whose sizes do not match each other, or of another head.
void check_view(const TrainingView& view, const HeadModel& model);
// Neither empty nor a weight for each of `count` Gaussians.
void check_splat_weight(const std::vector<float>& weight, std::size_t count);
// A number that is none of `count` views.
void check_number(int view, std::size_t count);
// The views of a batch: none, more than the largest batch, a number that is none, or one twice; pictures of different
// sizes.
void check_batch(std::span<const int> views, std::size_t count);
void check_one_size(std::span<const Camera> cameras);

}  // namespace likeness
