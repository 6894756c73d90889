#include "core/pipeline/drive_avatar.h"

#include <algorithm>
#include <cmath>

#include "core/base/crew.h"
#include "core/image/ops.h"
#include "core/media/frame_source.h"

namespace likeness {
namespace {

constexpr double most_frames = 10'000'000;

// The frames of a driver's video at increasing times: the part round the head, as it is over the whole video.
class DriverPictures {
  public:
    DriverPictures(std::unique_ptr<FrameSource> frames, const FaceTrack& track, double begin, int size)
        : size_(size), begin_(begin) {
        const FrameSource& source = *frames;
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
        // As much as an avatar's picture shows, but within the video.
        const Eigen::Vector2f middle = (low + high) / 2 + track.origin.cast<float>();
        const float wanted = std::max(2.6f * face, 1.3f * (high - low).maxCoeff());
        side_ = std::clamp(int(std::lround(wanted)), 16, std::max(16, std::min(source.width(), source.height())));
        left_ = std::clamp(int(std::lround(middle.x())) - side_ / 2, 0, std::max(0, source.width() - side_));
        top_ = std::clamp(int(std::lround(middle.y())) - side_ / 2, 0, std::max(0, source.height() - side_));
        frames_.emplace(std::move(frames));
    }

    // At a time of the driver. Empty before the first.
    Result<Image> at(double seconds) {
        while (!ended_ && (!next_ || next_->seconds <= begin_ + seconds + 1e-6)) {
            if (next_) shown_ = std::move(next_->picture);
            next_.reset();
            auto frame = frames_->next();
            if (!frame) return frame.error();
            if (*frame)
                next_ = *std::move(frame);
            else
                ended_ = true;
        }
        if (!shown_.empty())
            picture_ = resize(crop(shown_, left_, top_, std::min(side_, shown_.width), std::min(side_, shown_.height)),
                              size_, size_);
        shown_ = {};
        return picture_;
    }

  private:
    std::optional<FramesAhead> frames_;
    std::optional<FramesAhead::Timed> next_;
    Image shown_, picture_;
    const int size_;
    const double begin_;  // of the driver's time, in the video
    int side_ = 0, left_ = 0, top_ = 0;
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
        pictures.emplace(*std::move(source), driver.track, driver.begin, options.camera.height);
    }
    // One frame is finished and taken (encoded) while the next are rendered.
    struct Rendered {
        double seconds;
        Image picture;
    };
    const auto finish = [&](Rendered& rendered) -> Status {
        if (pictures) {
            const auto other = pictures->at(rendered.seconds);
            if (!other) return other.error();
            rendered.picture = beside(*other, rendered.picture);
        }
        if (options.background) rendered.picture = composite_over(rendered.picture, *options.background);
        return take(std::move(rendered.picture));
    };
    Crew<Rendered> taker(1, [&]() -> Crew<Rendered>::Work { return finish; });
    for (std::int64_t n = 0; n < film->frames && !taker.failed(); ++n) {
        progress.report(double(n) / double(film->frames), "Rendering");
        const double seconds = options.begin + double(n) / film->fps;
        taker.add(
            {seconds, renderer.render(avatar, poses.at(seconds).value_or(own), options.camera, options.background)});
    }
    if (Status taken = taker.close(); !taken) return taken;
    progress.report(1, "Done");
    return {};
}

}  // namespace likeness
