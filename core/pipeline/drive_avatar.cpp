#include "core/pipeline/drive_avatar.h"

#include <algorithm>
#include <cmath>

#include "core/base/crew.h"
#include "core/image/ops.h"
#include "core/pipeline/driver_pictures.h"
#include "core/pipeline/playback_match.h"

namespace likeness {
namespace {

constexpr double most_frames = 10'000'000;

}  // namespace

DrivenPoses::DrivenPoses(const Avatar& avatar, const Driver& driver, const RetargetOptions& options, HeadPose own)
    : model_(avatar.model),
      own_(std::move(own)),
      source_(retarget(driver.source, options, driver.neutral ? &*driver.neutral : nullptr)),
      moved_(DrivenParts::of(*source_, *model_)),
      match_(is_made_for(*source_, face_stamp(avatar))
                 ? nullptr
                 : std::make_unique<const ExpressionMatch>(*model_, avatar.head())) {}

std::optional<HeadPose> DrivenPoses::at(double seconds) const {
    PoseSample sample;
    if (!source_->sample(seconds, sample)) return std::nullopt;
    HeadPose pose = own_;
    apply_sample(source_->names(), sample, *model_, pose);
    if (match_) match_->apply(sample.face, pose, &moved_.controls);
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
