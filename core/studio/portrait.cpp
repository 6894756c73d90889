#include "core/studio/portrait.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/avatar/hair_shell.h"
#include "core/avatar/seed.h"
#include "core/head/head_asset.h"
#include "core/image/load.h"
#include "core/image/ops.h"
#include "core/tracking/landmark_groups.h"
#include "core/vision/matte.h"
#include "core/vision/segments.h"

namespace likeness {
namespace {

constexpr int photo_side = 768;  // of the crop that colours are taken from

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

LandmarkPoints to_points(const FaceLandmarks& landmarks) {
    LandmarkPoints points;
    std::copy(landmarks.points.begin(), landmarks.points.end(), points.begin());
    return points;
}

// A square round head and shoulders, inside the photograph where that is possible.
void choose_crop(const FaceLandmarks& landmarks, int width, int height, Eigen::Vector2i& origin, int& side) {
    const Eigen::Vector2f size = landmarks.high - landmarks.low, middle = 0.5f * (landmarks.high + landmarks.low);
    const float wanted = 2.5f * std::max(size.x(), size.y());
    side = std::clamp(int(std::lround(wanted)), 16, std::min(width, height));
    // A little more room above the face than below: hair.
    origin.x() = int(std::lround(middle.x() - float(side) / 2));
    origin.y() = int(std::lround(middle.y() - 0.52f * float(side)));
    origin.x() = std::clamp(origin.x(), 0, width - side);
    origin.y() = std::clamp(origin.y(), 0, height - side);
}

FaceLandmarks moved(FaceLandmarks landmarks, const Eigen::Vector2i& origin, float scale) {
    const Eigen::Vector2f o = origin.cast<float>();
    for (Eigen::Vector3f& p : landmarks.points) {
        p.head<2>() = (p.head<2>() - o) * scale;
        p.z() *= scale;
    }
    landmarks.low = (landmarks.low - o) * scale;
    landmarks.high = (landmarks.high - o) * scale;
    return landmarks;
}

// Below the chin, between the corners of the jaw, what looks like hair is a collar, a tie or a shadow; a beard counts
// as skin.
void suppress_hair_below_chin(const HeadModel& model, const HeadFit& fit, Photo& photo) {
    const PosedHead posed = pose_head(model, personalise(model, fit.identity, &fit.offsets), fit.pose);
    const auto pixel = [&](int landmark) {
        return photo.camera.project(surface_position(posed.vertices, model.triangles, model.landmarks[std::size_t(landmark)]));
    };
    const Eigen::Vector2f chin = pixel(152), right = pixel(172), left = pixel(397), brow = pixel(9);
    const Eigen::Vector2f down = (chin - brow).normalized();
    Eigen::Vector2f across(-down.y(), down.x());
    const Eigen::Vector2f middle = 0.5f * (left + right);
    const float half = 0.5f * std::abs((left - right).dot(across)), from = (middle - chin).dot(down);
    for (int y = 0; y < photo.hair.height; ++y)
        for (int x = 0; x < photo.hair.width; ++x) {
            const Eigen::Vector2f p(float(x) + 0.5f, float(y) + 0.5f);
            const float below = (p - chin).dot(down) - from, aside = std::abs((p - middle).dot(across));
            if (below <= 0 || aside > half) continue;
            const float keep = std::clamp(1 - below / (0.3f * half), 0.0f, 1.0f);
            float& hair = *photo.hair.at(x, y);
            *photo.cloth.at(x, y) += hair * (1 - keep);
            hair *= keep;
        }
}

Image rgb(const Image& image) { return image.channels == 4 ? composite_over(image, {0.5f, 0.5f, 0.5f}) : image; }

}  // namespace

Result<PortraitTools> PortraitTools::load() {
    PortraitTools tools;
    auto head = load_default_head();
    if (!head) return head.error();
    auto faces = FaceModels::load();
    if (!faces) return faces.error();
    auto segmenter = PersonSegmenter::load();
    if (!segmenter) return segmenter.error();
    tools.head = *std::move(head);
    tools.faces = *std::move(faces);
    tools.segmenter = *std::move(segmenter);
    return tools;
}

Result<PreparedPortrait> prepare_portrait(PortraitTools& tools, const std::filesystem::path& file,
                                          const PortraitOptions& options, Progress& progress) {
    const auto with_file = [&](Error error) {
        error.message = "'" + file.string() + "': " + error.message;
        return error;
    };
    progress.report(0.0, "Loading the photograph");
    auto loaded = load_picture(file);
    if (!loaded) return loaded.error();
    const Image picture = rgb(loaded->image);
    if (picture.width < 48 || picture.height < 48)
        return Error{ErrorCode::bad_input, "'" + file.string() + "' is only " + std::to_string(picture.width) + " x " +
                                               std::to_string(picture.height) + " pixels; a face needs at least 48 x 48.", ""};

    progress.report(0.02, "Finding the face");
    auto faces = tools.faces->detect_faces(picture);
    if (!faces) return with_file(faces.error());
    if (options.face < 0 || std::size_t(options.face) >= faces->size())
        return Error{ErrorCode::invalid_argument, "'" + file.string() + "' has " + std::to_string(faces->size()) +
                                                      " faces; --face counts from 0.", ""};
    LandmarkOptions landmark_options;
    landmark_options.crops = 8;
    auto landmarks = tools.faces->find_landmarks(picture, (*faces)[std::size_t(options.face)], landmark_options);
    if (!landmarks) return with_file(landmarks.error());

    PreparedPortrait result;
    result.photo_width = picture.width;
    result.photo_height = picture.height;
    if (landmarks->outside > 0.02f) result.warnings.push_back("part of the face lies outside the picture");

    progress.report(0.05, "Fitting the head");
    const auto fit_start = std::chrono::steady_clock::now();
    SolverOptions solver;
    if (loaded->focal_35mm && *loaded->focal_35mm > 5 && *loaded->focal_35mm < 1000)
        solver.focal_pixels = *loaded->focal_35mm * std::hypot(float(picture.width), float(picture.height)) / 43.27f;
    result.landmarks = to_points(*landmarks);
    result.fit = fit_landmarks(*tools.head, result.landmarks, picture.width, picture.height, solver);
    result.fit_seconds = seconds_since(fit_start);
    if (result.fit.model_error > 0.03f)
        result.warnings.push_back("the face has unusual proportions (a drawing?); the head fits it only roughly");

    progress.report(0.10, "Cutting out the person");
    choose_crop(*landmarks, picture.width, picture.height, result.crop_origin, result.crop_side);
    const Image crop_image = resize(
        crop(picture, result.crop_origin.x(), result.crop_origin.y(), result.crop_side, result.crop_side), photo_side, photo_side);
    const float scale = float(photo_side) / float(result.crop_side);
    const FaceLandmarks in_crop = moved(*landmarks, result.crop_origin, scale);
    auto matte = portrait_matte(*tools.segmenter, crop_image, in_crop);
    if (!matte) return with_file(matte.error());
    auto segments = segment_person(crop_image, matte->alpha, in_crop);
    if (!segments) return with_file(segments.error());

    Photo& photo = result.photo;
    photo.color = std::move(matte->foreground);
    photo.alpha = std::move(matte->alpha);
    photo.hair = std::move(segments->hair_probability);
    photo.skin = std::move(segments->skin_probability);
    photo.cloth = std::move(segments->clothes_probability);
    photo.camera = result.fit.camera;
    photo.camera.width = photo.camera.height = photo_side;
    photo.camera.fx *= scale;
    photo.camera.fy *= scale;
    photo.camera.cx = (photo.camera.cx - float(result.crop_origin.x())) * scale;
    photo.camera.cy = (photo.camera.cy - float(result.crop_origin.y())) * scale;
    photo.pose = result.fit.pose;

    progress.report(0.14, "Shaping head and hair");
    OutlineEvidence evidence;
    evidence.alpha = &photo.alpha;
    evidence.hair = &photo.hair;
    evidence.camera = photo.camera;
    fit_outline(*tools.head, result.landmarks, evidence, result.fit);

    suppress_hair_below_chin(*tools.head, result.fit, photo);

    Avatar& avatar = result.avatar;
    avatar.model = tools.head;
    avatar.identity = result.fit.identity;
    avatar.offsets = result.fit.offsets;
    avatar.prepare();
    result.hair_presence = grow_hair(avatar, photo);
    avatar.prepare();

    progress.report(0.18, "Painting");
    SeedOptions seeding;
    seeding.density = options.density;
    seeding.seed = options.training.seed;
    seed_splats(avatar, photo, result.hair_presence, seeding);
    avatar.source.pose = photo.pose;
    avatar.source.camera = photo.camera;
    avatar.source.file = file.filename().string();
    avatar.source.picture = Image(photo_side, photo_side, 4);
    for (std::size_t i = 0; i < photo.alpha.pixels.size(); ++i) {
        std::copy_n(&crop_image.pixels[i * 3], 3, &avatar.source.picture.pixels[i * 4]);
        avatar.source.picture.pixels[i * 4 + 3] = photo.alpha.pixels[i];
    }
    return result;
}

Result<HeadFit> fit_frame(PortraitTools& tools, const Image& frame, const HeadFit& person) {
    auto landmarks = tools.faces->find_landmarks(rgb(frame), LandmarkOptions{});
    if (!landmarks) return landmarks.error();
    SolverOptions options;
    options.solve_identity = false;
    options.solve_focal = false;
    options.warm_start = true;
    HeadFit fit = person;
    LandmarkSolver(*tools.head).solve(to_points(*landmarks), frame.width, frame.height, options, fit);
    return fit;
}

}  // namespace likeness
