#include "core/pipeline/portrait.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <future>
#include <limits>
#include <numbers>
#include <tuple>

#include "core/avatar/bust.h"
#include "core/avatar/hair_shell.h"
#include "core/avatar/mouth.h"
#include "core/avatar/seed.h"
#include "core/image/load.h"
#include "core/image/ops.h"
#include "core/pipeline/choose_face.h"
#include "core/vision/foreground.h"
#include "core/vision/matte.h"
#include "core/vision/segments.h"

namespace likeness {
namespace {

constexpr int photo_side = 768;  // of the crop that colors are taken from

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

// What the fitted head knows better than colors do: an ear that has the face's color is no hair, and hair below the
// chin grows down from the head; anything else there that looks like hair is a collar, a tie or a shadow.
void correct_hair(const HeadModel& model, const Vertices& posed, Photo& photo) {
    const int width = photo.hair.width, height = photo.hair.height;
    const auto& regions = photo.head.region;
    const auto mean_color = [&](auto&& chosen) {
        Eigen::Vector3f sum = Eigen::Vector3f::Zero();
        float count = 0;
        for (std::size_t i = 0; i < regions.size(); ++i)
            if (chosen(i)) {
                const float* c = &photo.color.pixels[i * 3];
                const auto lab = srgb_to_lab(c[0], c[1], c[2]);
                sum +=
                    Eigen::Vector3f(0.5f * lab[0], lab[1], lab[2]);  // light counts less than color: ears lie in shadow
                count += 1;
            }
        return std::pair{Eigen::Vector3f(sum / std::max(count, 1.0f)), count};
    };
    const auto [skin, skin_count] =
        mean_color([&](std::size_t i) { return regions[i] == HeadRegion::face && photo.skin.pixels[i] > 0.5f; });
    const auto [hair, hair_count] =
        mean_color([&](std::size_t i) { return regions[i] == HeadRegion::scalp && photo.hair.pixels[i] > 0.5f; });
    // Fair or grey hair may be so like the skin that colors tell nothing (a just noticeable difference is about 2).
    constexpr float least_difference = 10;
    const bool alike = hair_count >= 20 && (hair - skin).norm() < least_difference;
    for (const HeadRegion ear : {HeadRegion::ear_left, HeadRegion::ear_right}) {
        const auto [color, count] =
            mean_color([&](std::size_t i) { return regions[i] == ear && photo.alpha.pixels[i] > 0.5f; });
        if (alike || count < 20 || skin_count < 20) continue;
        if (hair_count >= 20 && (color - hair).norm() < (color - skin).norm()) continue;
        for (std::size_t i = 0; i < regions.size(); ++i)
            if (regions[i] == ear) {
                photo.skin.pixels[i] += photo.hair.pixels[i];
                photo.hair.pixels[i] = 0;
            }
    }

    const std::vector<SurfacePoint>& on_head = model.landmarks(landmarks::scheme);
    const auto pixel = [&](int landmark) {
        return photo.camera.project(surface_position(posed, model.triangles, on_head[std::size_t(landmark)]));
    };
    const Eigen::Vector2f right = pixel(landmarks::right_jaw), left = pixel(landmarks::left_jaw),
                          down = (pixel(landmarks::chin) - pixel(landmarks::forehead)).normalized();
    const Eigen::Vector2f across(-down.y(), down.x()), jaw = 0.5f * (left + right);
    const float half = 0.5f * std::abs((left - right).dot(across));
    // Hair is followed from above the jaw's corners downwards; between the corners only a beard would be, which is skin.
    std::vector<std::uint8_t> grown(regions.size(), 0);
    std::vector<int> open;
    const auto below_jaw = [&](int i) {
        return (Eigen::Vector2f(float(i % width), float(i / width)) - jaw).dot(down);
    };
    const auto aside = [&](int i) {
        return std::abs((Eigen::Vector2f(float(i % width), float(i / width)) - jaw).dot(across));
    };
    for (int i = 0; i < width * height; ++i)
        if (photo.hair.pixels[std::size_t(i)] > 0.4f && below_jaw(i) < 0) {
            grown[std::size_t(i)] = 1;
            open.push_back(i);
        }
    while (!open.empty()) {
        const int i = open.back(), x = i % width, y = i / width;
        open.pop_back();
        for (const auto& [nx, ny] : {std::pair{x - 1, y}, {x + 1, y}, {x, y - 1}, {x, y + 1}}) {
            if (nx < 0 || ny < 0 || nx >= width || ny >= height) continue;
            const int n = ny * width + nx;
            if (grown[std::size_t(n)] || photo.hair.pixels[std::size_t(n)] <= 0.4f) continue;
            if (below_jaw(n) > 0 && aside(n) < 0.9f * half) continue;
            grown[std::size_t(n)] = 1;
            open.push_back(n);
        }
    }
    for (int i = 0; i < width * height; ++i)
        if (!grown[std::size_t(i)] && below_jaw(i) > 0) {
            photo.cloth.pixels[std::size_t(i)] += photo.hair.pixels[std::size_t(i)];
            photo.hair.pixels[std::size_t(i)] = 0;
        }
}

// All of a Photo but its camera and pose, from the square crop.
Result<Photo> cut_out(PortraitTools& tools, const Image& crop_image, const FaceLandmarks& in_crop,
                      const std::vector<FaceLandmarks>& others) {
    auto matte = portrait_matte(*tools.segmenter, crop_image, in_crop, others);
    if (!matte) return matte.error();
    auto colors = std::async(std::launch::async, [&] { return estimate_foreground(crop_image, *matte); });
    auto segments = segment_person(crop_image, *matte, in_crop);
    if (!segments) return segments.error();
    Photo photo;
    photo.color = colors.get();
    photo.alpha = *std::move(matte);
    photo.hair = std::move(segments->hair_probability);
    photo.skin = std::move(segments->skin_probability);
    photo.cloth = std::move(segments->clothes_probability);
    return photo;
}

// How far the face is turned aside, by the depth of its cheeks.
float degrees_aside(const FaceLandmarks& face) {
    const Eigen::Vector3f across = face.points[landmarks::left_ear] - face.points[landmarks::right_ear];
    return std::abs(std::atan2(across.z(), across.head<2>().norm())) * 180 / std::numbers::pi_v<float>;
}

// A detection of the face with these landmarks.
FaceDetection around(const std::vector<Eigen::Vector2f>& points) {
    FaceDetection face;
    face.low = face.high = points[landmarks::nose_tip];
    for (int i = 0; i < landmarks::face_count; ++i) {
        face.low = face.low.cwiseMin(points[std::size_t(i)]);
        face.high = face.high.cwiseMax(points[std::size_t(i)]);
    }
    face.keypoints[0] = points[std::size_t(landmarks::right_eye[0])];
    face.keypoints[1] = points[std::size_t(landmarks::left_eye[0])];
    return face;
}

Image rgb(const Image& image) { return image.channels == 4 ? composite_over(image, {0.5f, 0.5f, 0.5f}) : image; }

}  // namespace

Result<PortraitTools> PortraitTools::load(HeadRegistry& heads) {
    PortraitTools tools;
    auto loading_faces = std::async(std::launch::async, [] { return FaceModels::load(); });
    auto loading_segmenter = std::async(std::launch::async, [] { return PersonSegmenter::load(); });
    auto head = heads.default_head();
    if (!head) return head.error();
    if (Status usable = check_landmarks(**head); !usable) return usable.error();
    tools.head = *std::move(head);
    tools.fitter = std::make_unique<PortraitFitter>(tools.head);
    auto faces = loading_faces.get();
    if (!faces) return faces.error();
    auto segmenter = loading_segmenter.get();
    if (!segmenter) return segmenter.error();
    tools.faces = *std::move(faces);
    tools.segmenter = *std::move(segmenter);
    return tools;
}

std::function<Result<Image>()> full_size_of(const std::filesystem::path& file) {
    return [file]() -> Result<Image> {
        Result<Image> whole = load_image(file, {.max_side = std::numeric_limits<int>::max()});
        if (whole && whole->channels == 4) return composite_over(*whole, {0.5f, 0.5f, 0.5f});
        return whole;
    };
}

Result<PreparedPortrait> prepare_portrait(PortraitTools& tools, const std::filesystem::path& file,
                                          const PortraitOptions& options, Progress& progress) {
    progress.report(0.0, "Loading the photograph");
    auto loaded = load_picture(file);
    if (!loaded) return loaded.error();
    PortraitOptions with_file = options;
    if (std::max(loaded->original_width, loaded->original_height) > std::max(loaded->image.width, loaded->image.height))
        with_file.full_size = full_size_of(file);
    auto prepared = prepare_portrait(tools, loaded->image, loaded->focal_35mm, file.string(), with_file, progress);
    if (prepared) prepared->warnings.insert(prepared->warnings.begin(), loaded->notes.begin(), loaded->notes.end());
    return prepared;
}

Result<PreparedPortrait> prepare_portrait(PortraitTools& tools, const Image& loaded, std::optional<float> focal_35mm,
                                          const std::string& name, const PortraitOptions& options, Progress& progress) {
    const auto with_file = [&](Error error) {
        error.message = "'" + name + "': " + error.message;
        return error;
    };
    const Image given = rgb(loaded);
    if (given.width < 48 || given.height < 48)
        return Error{ErrorCode::bad_input,
                     "'" + name + "' is only " + std::to_string(given.width) + " x " + std::to_string(given.height) +
                         " pixels; a face needs at least 48 x 48.",
                     ""};

    progress.report(0.02, "Finding the face");
    auto chosen = choose_face(*tools.faces, given, {options.face, options.face_near, options.anyway, options.full_size},
                              progress);
    if (!chosen) return with_file(chosen.error());
    PreparedPortrait result;
    if (chosen->photograph) result.photograph = std::make_shared<const Image>(*std::move(chosen->photograph));
    const Image& picture = result.photograph ? *result.photograph : given;
    const FaceLandmarks& landmarks = chosen->faces[chosen->face].landmarks;
    for (const JudgedFace& face : chosen->faces) result.faces.push_back(face.detection);
    result.face = int(chosen->face);
    result.photo_width = picture.width;
    result.photo_height = picture.height;
    result.doubts = chosen->doubts;
    result.warnings = chosen->doubts;
    result.warnings.insert(result.warnings.end(), chosen->notes.begin(), chosen->notes.end());
    if (landmarks.outside > 0.02f) result.warnings.push_back("part of the face lies outside the picture");
    if (const float yaw = degrees_aside(landmarks); yaw > 40)
        result.warnings.push_back("the face is seen from the side (about " + std::to_string(int(std::lround(yaw))) +
                                  " degrees); what its far side looks like is a guess");

    // Both need the landmarks only, so one goes on beside the other.
    progress.report(0.05, "Cutting out the person, fitting the head");
    SolverOptions solver;
    if (focal_35mm && *focal_35mm > 5 && *focal_35mm < 1000)
        solver.focal_pixels = *focal_35mm * chosen->diagonal / 43.27f;
    if (options.crop_camera) {
        solver.solve_focal = false;
        solver.focal_pixels = options.crop_camera->fx;
        solver.principal_point = Eigen::Vector2f(options.crop_camera->cx, options.crop_camera->cy);
    }
    if (focal_35mm)
        result.focal_35mm = *focal_35mm * chosen->diagonal / std::hypot(float(picture.width), float(picture.height));
    result.landmarks = to_points(landmarks);
    auto fitting = std::async(std::launch::async, [&] {
        const auto start = std::chrono::steady_clock::now();
        HeadFit fit = tools.fitter->fit(result.landmarks, picture.width, picture.height, solver);
        return std::pair{std::move(fit), seconds_since(start)};
    });
    if (options.crop_camera)
        result.crop_side = std::min(picture.width, picture.height);
    else
        choose_crop(landmarks, picture.width, picture.height, result.crop_origin, result.crop_side);
    PortraitSketch sketch;
    if (options.sketch) sketch = sketch_of(picture);
    const auto show = [&] {
        if (options.sketch) options.sketch(std::make_shared<const PortraitSketch>(sketch));
    };
    sketch.faces = result.faces;
    sketch.face = result.face;
    sketch.landmarks = result.landmarks;
    sketch.crop_origin = result.crop_origin;
    sketch.crop_side = result.crop_side;
    show();
    const Image crop_image = resize(
        crop(picture, result.crop_origin.x(), result.crop_origin.y(), result.crop_side, result.crop_side), photo_side, photo_side);
    const float scale = float(photo_side) / float(result.crop_side);
    const FaceLandmarks in_crop = moved(landmarks, result.crop_origin, scale);
    std::vector<FaceLandmarks> others;
    for (const JudgedFace& other : chosen->faces)
        if (&other != &chosen->faces[chosen->face] && other.sure())
            others.push_back(moved(other.landmarks, result.crop_origin, scale));
    auto cut = cut_out(tools, crop_image, in_crop, others);
    if (!cut) return with_file(cut.error());

    std::tie(result.fit, result.fit_seconds) = fitting.get();
    if (result.fit.model_error > 0.03f)
        result.warnings.push_back("the face has unusual proportions (a drawing?); the head fits it only roughly");

    auto evidence = std::make_shared<PhotoEvidence>();
    Photo& photo = evidence->photo = *std::move(cut);
    if (options.sketch) sketch.matte = std::make_shared<const Image>(photo.alpha);
    photo.camera = result.fit.camera;
    photo.camera.width = photo.camera.height = photo_side;
    photo.camera.fx *= scale;
    photo.camera.fy *= scale;
    photo.camera.cx = (photo.camera.cx - float(result.crop_origin.x())) * scale;
    photo.camera.cy = (photo.camera.cy - float(result.crop_origin.y())) * scale;
    photo.pose = result.fit.pose;

    progress.report(0.14, "Shaping head and hair");
    show();
    OutlineEvidence outline;
    outline.alpha = &photo.alpha;
    outline.hair = &photo.hair;
    outline.camera = photo.camera;
    tools.fitter->fit_outline(result.landmarks, outline, result.fit);

    const HeadModel& model = *tools.head;
    const PosedHead fitted = pose_head(model, personalise(model, result.fit.identity, &result.fit.offsets), photo.pose);
    photo.head = see_head(model, fitted.vertices, photo.camera);
    if (options.sketch) sketch.mesh = facing_edges(model, fitted.vertices, result.fit.camera);
    show();
    correct_hair(model, fitted.vertices, photo);

    Avatar& avatar = result.avatar;
    avatar.model = tools.head;
    OffsetParts offsets = split_offsets(model, result.fit);
    avatar.person = Person{result.fit.identity, std::move(offsets.face), nullptr};
    avatar.add_expressions(target_at(offsets.expression, photo.pose.controls));
    avatar.prepare();
    const TeethShift down = teeth_shift(model, avatar.head(), photo);
    Vertices& shaped = avatar.person.edit().offsets;
    for (int v = 0; v < model.vertex_count(); ++v) {
        const HeadRegion region = model.vertex_region[std::size_t(v)];
        if (region == HeadRegion::teeth_upper || region == HeadRegion::gums_upper) shaped(1, v) -= down.upper;
        if (region == HeadRegion::teeth_lower || region == HeadRegion::gums_lower) shaped(1, v) -= down.lower;
    }
    avatar.prepare();
    // Teeth have moved.
    photo.head = see_head(model, pose_head(model, avatar.head(), photo.pose).vertices, photo.camera);
    SeedOptions seeding;
    seeding.density = options.density;
    seeding.seed = options.training.seed;
    seeding.bust = float(options.training.bust / 100);
    auto placing = std::async(std::launch::async, [&model, bare = avatar.neutral(), seeding] {
        return places_on_head(model, bare, seeding);
    });
    evidence->hair_presence = grow_hair(avatar, photo);

    progress.report(0.18, "Painting");
    evidence->bust_presence = bust_presence(avatar, photo, seeding.bust);
    seed_splats(avatar, *evidence, placing.get(), seeding);
    auto crop_and_matte = std::make_shared<Image>(photo_side, photo_side, 4);
    for (std::size_t i = 0; i < photo.alpha.pixels.size(); ++i) {
        std::copy_n(&crop_image.pixels[i * 3], 3, &crop_and_matte->pixels[i * 4]);
        crop_and_matte->pixels[i * 4 + 3] = photo.alpha.pixels[i];
    }
    avatar.source = SourceView{photo.pose,
                               photo.camera,
                               std::move(crop_and_matte),
                               std::filesystem::path(name).filename().string(),
                               {in_crop.points.begin(), in_crop.points.end()}};
    result.evidence = std::move(evidence);
    return result;
}

namespace {

// The crop that an avatar carries, without its matte.
Result<Image> carried_crop(const Avatar& avatar) {
    const SourceView& source = *avatar.source;
    if (!source.picture || source.picture->channels != 4 || source.camera.width <= 0)
        return Error{ErrorCode::invalid_argument,
                     "The avatar carries no photograph to learn from; open the photograph.", ""};
    Image picture(source.picture->width, source.picture->height, 3);
    for (std::size_t i = 0; i * 3 < picture.pixels.size(); ++i)
        std::copy_n(&source.picture->pixels[i * 4], 3, &picture.pixels[i * 3]);
    if (Status usable = check_landmarks(*avatar.model); !usable) return usable.error();
    return picture;
}

// Where the fitted head has its landmarks in that.
std::vector<Eigen::Vector2f> fitted_landmarks(const Avatar& avatar, const PosedHead& head) {
    std::vector<Eigen::Vector2f> fitted;
    for (const SurfacePoint& point : avatar.model->landmarks(landmarks::scheme))
        fitted.push_back(
            avatar.source->camera.project(surface_position(head.vertices, avatar.model->triangles, point)));
    return fitted;
}

}  // namespace

Result<PreparedPortrait> refit_portrait(PortraitTools& tools, const Avatar& avatar, const PortraitOptions& options,
                                        Progress& progress) {
    const auto picture = carried_crop(avatar);
    if (!picture) return picture.error();
    if (avatar.model->name != tools.head->name)
        return Error{ErrorCode::invalid_argument,
                     "The avatar has another head than new ones get; open its photograph to make it anew.",
                     avatar.model->name};
    PortraitOptions of_crop = options;
    of_crop.anyway = true;  // it was made of this face before
    of_crop.crop_camera = avatar.source->camera;
    of_crop.face_near =
        fitted_landmarks(avatar, pose_head(*avatar.model, avatar.head(), avatar.source->pose))[landmarks::nose_tip];
    return prepare_portrait(tools, *picture, {}, avatar.source->file, of_crop, progress);
}

Result<PreparedPortrait> restore_portrait(PortraitTools& tools, const Avatar& avatar, const TrainerOptions& options,
                                          Progress& progress) {
    const SourceView& source = *avatar.source;
    progress.report(0.1, "Looking at the photograph again");
    const auto carried = carried_crop(avatar);
    if (!carried) return carried.error();
    const Image& picture = *carried;
    // Of several faces the one that the avatar is of; where none is seen, where the fitted head has it.
    const PosedHead head = pose_head(*avatar.model, avatar.head(), source.pose);
    const std::vector<Eigen::Vector2f> fitted = fitted_landmarks(avatar, head);
    auto faces = tools.faces->search_faces(picture);
    if (!faces) return faces.error();
    const Eigen::Vector2f nose = fitted[landmarks::nose_tip];
    const auto away = [&](const JudgedFace& face) {
        return (0.5f * (face.detection.low + face.detection.high) - nose).norm();
    };
    const auto face =
        std::min_element(faces->begin(), faces->end(), [&](const auto& a, const auto& b) { return away(a) < away(b); });
    FaceLandmarks found;
    std::vector<FaceLandmarks> others;
    if (face != faces->end() && away(*face) < 0.5f * face->size()) {
        found = face->landmarks;
        for (const JudgedFace& other : *faces)
            if (&other != &*face && other.sure()) others.push_back(other.landmarks);
    } else {
        auto looked = tools.faces->find_landmarks(picture, around(fitted), {.crops = 8, .least_score = 0});
        if (!looked) return looked.error();
        found = *looked;
    }
    progress.report(0.4, "Cutting out the person");
    auto cut = cut_out(tools, picture, found, others);
    if (!cut) return cut.error();

    PreparedPortrait result;
    result.avatar = avatar;
    result.avatar.source.edit().landmarks.assign(found.points.begin(), found.points.end());
    result.landmarks = to_points(found);
    result.photo_width = result.crop_side = picture.width;
    result.photo_height = picture.height;
    result.fit.identity = avatar.person->identity;
    result.fit.offsets = avatar.person->offsets;
    result.fit.pose = source.pose;
    result.fit.camera = source.camera;
    auto evidence = std::make_shared<PhotoEvidence>();
    evidence->photo = *std::move(cut);
    evidence->photo.camera = source.camera;
    evidence->photo.pose = source.pose;
    progress.report(0.7, "Finding the hair");
    evidence->photo.head = see_head(*avatar.model, head.vertices, source.camera);
    correct_hair(*avatar.model, head.vertices, evidence->photo);
    Avatar grown = avatar;  // the avatar's own shell stays; only where hair is must be known again
    evidence->hair_presence = grow_hair(grown, evidence->photo);
    evidence->bust_presence = bust_presence(avatar, evidence->photo, float(options.bust / 100));
    result.evidence = std::move(evidence);
    return result;
}

Result<HeadFit> fit_frame(FaceModels& faces, const Image& frame, FaceFollower& person) {
    auto landmarks = faces.find_landmarks(rgb(frame));
    if (!landmarks) return landmarks.error();
    return person.follow(to_points(*landmarks));
}

}  // namespace likeness
