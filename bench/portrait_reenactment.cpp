#include <algorithm>
#include <string>
#include <vector>

#include "bench/figures.h"
#include "bench/metrics/measure_statistics.h"
#include "bench/metrics/picture.h"
#include "bench/portrait_measures.h"
#include "bench/reenactment_poses.h"
#include "core/image/ops.h"
#include "core/image/save.h"
#include "core/media/frame_source.h"
#include "core/vision/matte.h"

namespace likeness::bench {
namespace {

using Json = nlohmann::ordered_json;
using metrics::kPictureSize;

constexpr std::size_t frame_step = 10;

// The square of the photograph (here: frame 0) that the avatar was made from, as a part of any frame.
struct Square {
    Eigen::Vector2i origin;
    int side = 0;

    Image cut(const Image& frame, int size) const {
        return resize(crop(frame, origin.x(), origin.y(), side, side), size, size);
    }
    // The frame's camera, of this part at `size` x `size`.
    Camera cut(Camera camera, int size) const {
        const float scale = float(size) / float(side);
        camera.width = camera.height = size;
        camera.fx *= scale;
        camera.fy *= scale;
        camera.cx = (camera.cx - float(origin.x())) * scale;
        camera.cy = (camera.cy - float(origin.y())) * scale;
        return camera;
    }
    FaceLandmarks cut(FaceLandmarks face, int size) const {
        const float scale = float(size) / float(side);
        const Eigen::Vector2f from = origin.cast<float>();
        for (Eigen::Vector3f& p : face.points) {
            p.head<2>() = (p.head<2>() - from) * scale;
            p.z() *= scale;
        }
        face.low = (face.low - from) * scale;
        face.high = (face.high - from) * scale;
        return face;
    }
};

// The frame's part with its own matte as alpha, made as the portrait's was: at that picture's size, then reduced.
Result<Image> true_picture(PortraitTools& tools, const Image& frame, const Square& square, int size) {
    const auto face = tools.faces->find_landmarks(frame);
    if (!face) return face.error();
    const Image part = square.cut(frame, size);
    const auto matte = portrait_matte(*tools.segmenter, part, square.cut(*face, size));
    if (!matte) return matte.error();
    Image picture(size, size, 4);
    for (std::size_t i = 0; i < matte->pixels.size(); ++i) {
        std::copy_n(&part.pixels[i * 3], 3, &picture.pixels[i * 4]);
        picture.pixels[i * 4 + 3] = matte->pixels[i];
    }
    return resize(picture, kPictureSize, kPictureSize);
}

Image side_by_side(const Image& left, const Image& right) {
    Image both(left.width + right.width, left.height, 3);
    for (int y = 0; y < left.height; ++y) {
        std::copy_n(left.at(0, y), left.width * 3, both.at(0, y));
        std::copy_n(right.at(0, y), right.width * 3, both.at(left.width, y));
    }
    return both;
}

struct Values {
    std::vector<double> psnr, ssim, full_psnr, full_ssim, identity;
};

}  // namespace

Result<Json> measure_reenactment(PortraitJob& job, const FaceTrack& track, const std::filesystem::path& video,
                                 const std::filesystem::path& keep) {
    auto source = open_frames(video);
    if (!source) return source.error();
    FramesAhead frames(*std::move(source));
    auto score = metrics::IdentityScore::load(metrics::IdentityScore::default_models());
    if (!score) return score.error();
    const Avatar& avatar = job.portrait.avatar;
    const Square square{job.portrait.crop_origin, job.portrait.crop_side};
    const std::vector<DrivenFrame> driven = drive(*avatar.model, avatar.head(), job.portrait.fit, track);
    Values values;
    int lost = 0, unseen = 0, undetected = 0;
    for (std::size_t n = 0; n < driven.size(); ++n) {
        const auto frame = frames.next();
        if (!frame) return frame.error();
        if (!*frame) break;
        if (n == 0 || n % frame_step != 0) continue;  // frame 0 is what the avatar was made from
        const Image& picture = (*frame)->picture;
        if (!driven[n].tracked) ++lost;  // the last pose stays, as a live program would have it
        const auto truth = true_picture(job.tools, picture, square, avatar.source->picture->width);
        if (!truth) {
            ++unseen;
            continue;
        }
        const Image render = job.renderer.render(avatar, driven[n].pose, square.cut(driven[n].camera, kPictureSize));
        const auto either = metrics::compare_pictures(*truth, render, metrics::PictureRegion::either);
        if (!either) return either.error();
        const auto full = metrics::compare_pictures(*truth, render, metrics::PictureRegion::full_frame);
        if (!full) return full.error();
        const auto identity = score->distance(*truth, render);
        if (!identity) return identity.error();
        if (!identity->photo_detected || !identity->render_detected) ++undetected;
        values.psnr.push_back(either->psnr);
        values.ssim.push_back(either->ssim);
        values.full_psnr.push_back(full->psnr);
        values.full_ssim.push_back(full->ssim);
        values.identity.push_back(identity->value);
        if (!keep.empty()) {
            const Image pair =
                side_by_side(metrics::over_background(*truth, 0.5f), metrics::over_background(render, 0.5f));
            if (Status saved = save_png(keep / ("frame_" + std::to_string(n) + ".png"), pair); !saved)
                return saved.error();
        }
    }
    if (values.psnr.empty())
        return Error{ErrorCode::bad_input, "'" + video.string() + "' has no later frame with a face to compare.", ""};
    return Json{{"frames", values.psnr.size()},
                {"frames_lost", lost},
                {"frames_without_truth", unseen},
                {"reenact_psnr", rounded(metrics::mean(values.psnr))},
                {"reenact_ssim", rounded(metrics::mean(values.ssim))},
                {"reenact_identity", rounded(metrics::mean(values.identity))},
                {"reenact_full_psnr", rounded(metrics::mean(values.full_psnr))},
                {"reenact_full_ssim", rounded(metrics::mean(values.full_ssim))},
                {"reenact_psnr_worst", rounded(metrics::worst(values.psnr, metrics::Better::higher))},
                {"identity_undetected", undetected}};
}

}  // namespace likeness::bench
