// An avatar moved by a driver, frame by frame.
#pragma once

#include <functional>

#include "core/motion/expression_match.h"
#include "core/motion/pose_offset.h"
#include "core/pipeline/driver.h"
#include "core/pipeline/render_avatar.h"

namespace likeness {

// The poses of an avatar that a driver moves. Use from one thread at a time.
class DrivenPoses {
  public:
    // `own`: what the driver does not move.
    DrivenPoses(const Avatar& avatar, const Driver& driver, const RetargetOptions& options, HeadPose own);
    // Null where the source has nothing yet.
    std::optional<HeadPose> at(double seconds) const;
    const PoseSource& source() const { return *source_; }

  private:
    const std::shared_ptr<const HeadModel> model_;
    const HeadPose own_;
    const std::shared_ptr<const PoseSource> source_;
    const DrivenParts moved_;
    const std::unique_ptr<const ExpressionMatch> match_;  // null where the values are for this face
};

struct DriveOptions {
    RetargetOptions retarget;
    Camera camera;  // and the size of the frames
    std::optional<std::array<float, 3>> background = std::array<float, 3>{0.86f, 0.86f, 0.87f};  // none: transparent
    double fps = 0;                                                                              // 0: the driver's
    double begin = 0, end = std::numeric_limits<double>::infinity();  // seconds of the driver
    bool beside = false;  // the driver's picture to the left, of the same height: needs the video
};

struct DrivenFilm {
    double fps = 0;
    std::int64_t frames = 0;
};
// What drive_avatar() will make. Errors: invalid_argument (nothing lies between begin and end).
Result<DrivenFilm> plan_film(const Driver& driver, const DriveOptions& options);

// `take` gets all frames of the film in their order, on one thread that is not the caller's, while the next are
// rendered: RGB, or RGBA with straight alpha without a background. Errors: take's, the video's.
Status drive_avatar(const Avatar& avatar, const HeadPose& own, const Driver& driver, const DriveOptions& options,
                    AvatarRenderer& renderer, Progress& progress, const std::function<Status(Image)>& take);

}  // namespace likeness
