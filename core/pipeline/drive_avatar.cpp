#include "core/pipeline/drive_avatar.h"

#include <algorithm>
#include <cmath>

#include "core/image/ops.h"
#include "core/media/frame_source.h"

namespace likeness {
namespace {

constexpr double most_frames = 10'000'000;

// The frames of a driver's video at increasing times: the part round the head, as it is over the whole video.
class DriverPictures {
  public:
    DriverPictures(std::unique_ptr<FrameSource> source, const FaceTrack& track, int size)
        : frames_(std::move(source)), size_(size) {
        for (const TrackedFrame& frame : track.frames)
            if (frame.state == FrameState::tracked) {
                begin_ = frame.seconds;
                break;
            }
        // The middle of all faces, and as much round it as an avatar's picture shows.
        Eigen::Vector2f low = Eigen::Vector2f::Constant(1e9f), high = -low;
        float face = 0;
        for (const TrackedFrame& frame : track.frames) {
            if (frame.state != FrameState::tracked) continue;
            Eigen::Vector2f from = Eigen::Vector2f::Constant(1e9f), to = -from;
            for (const Eigen::Vector3f& p : frame.landmarks) {
                from = from.cwiseMin(p.head<2>());
                to = to.cwiseMax(p.head<2>());
            }
            low = low.cwiseMin(from);
            high = high.cwiseMax(to);
            face = std::max(face, (to - from).maxCoeff());
        }
        const Eigen::Vector2f middle = (low + high) / 2 + track.origin.cast<float>();
        side_ = std::max(int(std::lround(std::max(2.2f * face, (high - low).maxCoeff() * 1.3f))), 16);
        left_ = int(std::lround(middle.x())) - side_ / 2;
        top_ = int(std::lround(middle.y())) - side_ / 2;
    }

    // At a time of the driver. Empty before the first.
    Result<Image> at(double seconds) {
        while (!ended_ && (!next_ || next_->seconds <= begin_ + seconds + 1e-6)) {
            if (next_) shown_ = std::move(next_->picture);
            next_.reset();
            auto frame = frames_.next();
            if (!frame) return frame.error();
            if (*frame)
                next_ = *std::move(frame);
            else
                ended_ = true;
        }
        if (!shown_.pixels.empty()) {
            const int left = std::max(left_, 0), top = std::max(top_, 0);
            const int right = std::min(left_ + side_, shown_.width), bottom = std::min(top_ + side_, shown_.height);
            Image square(side_, side_, 3);
            std::fill(square.pixels.begin(), square.pixels.end(), 0.0f);
            for (int y = top; y < bottom; ++y)
                std::copy_n(shown_.at(left, y), 3 * std::max(right - left, 0), square.at(left - left_, y - top_));
            picture_ = resize(square, size_, size_);
            shown_ = {};
        }
        return picture_;
    }

  private:
    FramesAhead frames_;
    std::optional<FramesAhead::Timed> next_;
    Image shown_, picture_;
    int size_, side_ = 0, left_ = 0, top_ = 0;
    double begin_ = 0;  // of the driver's time, in the video
    bool ended_ = false;
};

Image beside(const Image& driver, const Image& avatar) {
    Image both(driver.width + avatar.width, avatar.height, 4);
    for (int y = 0; y < avatar.height; ++y) {
        for (int x = 0; x < driver.width; ++x) {
            std::copy_n(driver.at(x, y), 3, both.at(x, y));
            both.at(x, y)[3] = 1;
        }
        std::copy_n(avatar.at(0, y), avatar.width * 4, both.at(driver.width, y));
    }
    return both;
}

}  // namespace

DrivenPoses::DrivenPoses(const Avatar& avatar, const Driver& driver, const RetargetOptions& options, HeadPose own)
    : model_(avatar.model),
      own_(std::move(own)),
      source_(retarget(driver.source, options, driver.neutral ? &*driver.neutral : nullptr)),
      match_(*model_, avatar.head()) {}

std::optional<HeadPose> DrivenPoses::at(double seconds) const {
    PoseSample sample;
    if (!source_->sample(seconds, sample)) return std::nullopt;
    HeadPose pose = own_;
    apply_sample(source_->names(), sample, *model_, pose);
    match_.apply(sample.face, pose);
    return pose;
}

Result<DrivenFilm> plan_film(const Driver& driver, const DriveOptions& options) {
    DrivenFilm film;
    film.fps = options.fps > 0 ? options.fps : driver.source->rate();
    const double end = std::min(options.end, driver.source->duration().value_or(0));
    const double count = std::round((end - options.begin) * film.fps);
    if (!(count >= 1) || count > most_frames)
        return Error{ErrorCode::invalid_argument,
                     "There is nothing between the given times; the driver ends after " +
                         std::to_string(int(driver.source->duration().value_or(0))) + " seconds.",
                     ""};
    film.frames = std::int64_t(count);
    return film;
}

Status drive_avatar(const Avatar& avatar, const HeadPose& own, const Driver& driver, const DriveOptions& options,
                    AvatarRenderer& renderer, Progress& progress, const std::function<Status(Image)>& take) {
    const auto film = plan_film(driver, options);
    if (!film) return film.error();
    const DrivenPoses poses(avatar, driver, options.retarget, own);
    std::optional<DriverPictures> pictures;
    if (options.beside) {
        auto source = open_frames(driver.video);
        if (!source) return source.error();
        pictures.emplace(*std::move(source), driver.track, options.camera.height);
    }
    for (std::int64_t n = 0; n < film->frames; ++n) {
        progress.report(double(n) / double(film->frames), "Rendering");
        const double seconds = options.begin + double(n) / film->fps;
        Image picture = renderer.render(avatar, poses.at(seconds).value_or(own), options.camera, options.background);
        if (pictures) {
            const auto other = pictures->at(seconds);
            if (!other) return other.error();
            picture = beside(*other, picture);
        }
        if (Status taken = take(std::move(picture)); !taken) return taken;
    }
    progress.report(1, "Done");
    return {};
}

}  // namespace likeness
