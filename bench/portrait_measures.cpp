#include "bench/portrait_measures.h"

#include <algorithm>
#include <limits>
#include <numbers>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bench/figures.h"
#include "bench/metrics/coverage.h"
#include "bench/metrics/picture.h"
#include "bench/metrics/silhouette.h"
#include "core/image/load.h"
#include "core/image/ops.h"
#include "core/image/save.h"
#include "core/pipeline/contact_sheet.h"
#include "core/tracking/landmark_solver.h"

namespace likeness::bench {
namespace {

using Json = nlohmann::ordered_json;
using metrics::kPictureSize;

constexpr float degree = std::numbers::pi_v<float> / 180;

std::string signed_name(const char* axis, int degrees) {
    return std::string(axis) + (degrees < 0 ? "-" : "+") + std::to_string(std::abs(degrees));
}

// Writes pictures into a folder, or nowhere.
class Album {
  public:
    explicit Album(std::filesystem::path folder) : folder_(std::move(folder)) {}
    bool open() const { return !folder_.empty(); }
    void add(const std::string& name, const Image& picture) {
        if (open() && failure_)
            if (Status saved = save_png(folder_ / (name + ".png"), picture); !saved) failure_ = saved;
    }
    const Status& status() const { return failure_; }

  private:
    std::filesystem::path folder_;
    Status failure_;
};

// The detector's landmarks over eight crops of the photograph, found here once more, whatever the fit was given.
Result<LandmarkPoints> true_landmarks(PortraitTools& tools, const std::filesystem::path& file) {
    auto loaded = load_picture(file);
    if (!loaded) return loaded.error();
    const Image picture = composite_over(loaded->image, {0.5f, 0.5f, 0.5f});
    LandmarkOptions options;
    options.crops = 8;
    auto landmarks = tools.faces->find_landmarks(picture, options);
    if (!landmarks) return landmarks.error();
    return landmarks->points;
}

Status measure_landmarks(PortraitJob& job, const std::filesystem::path& file, Json& line) {
    const auto points = true_landmarks(job.tools, file);
    if (!points) return points.error();
    const Avatar& avatar = job.portrait.avatar;
    const HeadModel& model = *avatar.model;
    const auto error = [&](const PersonalHead& person) {
        const PosedHead posed = pose_head(model, person, avatar.source->pose);
        return double(landmark_error(model, posed.vertices, job.portrait.fit.camera, *points));
    };
    line["landmark"] = rounded(error(avatar.head()));
    line["landmark_model"] = rounded(error(personalise(model, avatar.person->identity)));
    return {};
}

Status measure_source(PortraitJob& job, const Image& truth, Album& album, Json& line) {
    const Avatar& avatar = job.portrait.avatar;
    const Image render =
        job.renderer.render(avatar, avatar.source->pose, avatar.source->camera.resized(kPictureSize, kPictureSize));
    album.add("source_truth", truth);
    album.add("source_render", render);
    const auto score = metrics::compare_pictures(truth, render, metrics::PictureRegion::truth);
    if (!score) return score.error();
    const auto outline = metrics::outline_overlap(metrics::alpha_channel(render), metrics::alpha_channel(truth));
    if (!outline) return outline.error();
    line["psnr"] = rounded(score->psnr);
    line["ssim"] = rounded(score->ssim);
    line["outline_iou"] = rounded(*outline);
    return {};
}

// The head's own triangles, down to where the bust begins to fade: no hair shell; lashes are no skin and have gaps by
// nature.
std::vector<std::int32_t> skin_triangles(const HeadModel& model, const std::vector<float>& bust_presence) {
    std::vector<std::int32_t> flat;
    for (std::size_t t = 0; t < model.triangles.size(); ++t) {
        const Eigen::Vector3i& corners = model.triangles[t];
        const bool whole =
            (corners.array().unaryExpr([&](int v) { return bust_presence[std::size_t(v)]; }) == 1.0f).all();
        if (model.triangle_region[t] != HeadRegion::lashes && whole)
            for (int k = 0; k < 3; ++k) flat.push_back(corners[k]);
    }
    return flat;
}

// What coverage sees: S in blue, its open pixels red, alpha that lies outside S green.
Image coverage_picture(const Image& alpha, const Image& silhouette) {
    const Image s = metrics::eroded(silhouette, metrics::kErosionPixels);
    Image picture(alpha.width, alpha.height, 3);
    for (std::size_t i = 0; i < alpha.pixels.size(); ++i) {
        const bool inside = s.pixels[i] > 0.5f, open = inside && alpha.pixels[i] < 0.98f;
        picture.pixels[i * 3] = open ? 1.0f : 0.0f;
        picture.pixels[i * 3 + 1] = inside ? 0.0f : alpha.pixels[i];
        picture.pixels[i * 3 + 2] = inside && !open ? 0.6f : 0.0f;
    }
    return picture;
}

Status measure_views(PortraitJob& job, Album& album, Json& line) {
    const Avatar& avatar = job.portrait.avatar;
    const HeadPose neutral = HeadPose::neutral(*avatar.model);
    const Camera front = default_camera(avatar, kPictureSize, kPictureSize);
    const PosedHead posed = pose_head(*avatar.model, avatar.head(), neutral);
    const std::span<const float> vertices(posed.vertices.data(), std::size_t(posed.vertices.size()));
    const std::vector<std::int32_t> triangles = skin_triangles(*avatar.model, job.portrait.evidence->bust_presence);
    double least = 1, most = 0;
    Json coverages, shares;
    for (const auto& [yaw, pitch] :
         {std::pair{-45, 0}, {-30, 0}, {-15, 0}, {15, 0}, {30, 0}, {45, 0}, {0, -10}, {0, 10}}) {
        const std::string name = pitch == 0 ? signed_name("yaw", yaw) : signed_name("pitch", pitch);
        const Camera camera = orbit(front, head_middle(avatar), float(yaw) * degree, float(pitch) * degree);
        const Image render = job.renderer.render(avatar, neutral, camera);
        const Image alpha = metrics::alpha_channel(render);
        const auto silhouette = metrics::rasterize_silhouette(vertices, triangles, camera);
        if (!silhouette) return silhouette.error();
        const auto covered = metrics::coverage(alpha, *silhouette);
        if (!covered) return covered.error();
        const auto floating = metrics::floaters(alpha, *silhouette);
        if (!floating) return floating.error();
        least = std::min(least, *covered);
        most = std::max(most, *floating);
        coverages[name] = rounded(*covered);
        if (*floating > 0) shares[name] = rounded(*floating);
        album.add("view_" + name, composite_over(render, {1, 1, 1}));
        if (album.open()) album.add("coverage_" + name, coverage_picture(alpha, *silhouette));
    }
    line["coverage"] = rounded(least);
    line["floaters"] = rounded(most);
    line["coverage_views"] = coverages;
    if (!shares.is_null()) line["floaters_views"] = shares;
    return {};
}

Status measure_identity(PortraitJob& job, const Image& truth, Album& album, Json& line) {
    auto score = metrics::IdentityScore::load(metrics::IdentityScore::default_models());
    if (!score) return score.error();
    const auto photo = score->describe(truth);
    if (!photo && photo.error().code != ErrorCode::not_found) return photo.error();
    const Avatar& avatar = job.portrait.avatar;
    const Camera source = avatar.source->camera.resized(kPictureSize, kPictureSize);
    Json undetected = Json::array();
    if (!photo) undetected.push_back("photograph");
    const auto at = [&](int yaw) -> Result<double> {
        const Camera camera = orbit(source, head_middle(avatar), float(yaw) * degree, 0);
        const Image render = composite_over(job.renderer.render(avatar, avatar.source->pose, camera), {1, 1, 1});
        album.add("identity_" + signed_name("yaw", yaw), render);
        if (!photo) return 1.0;
        const auto distance = score->distance(*photo, render);
        if (!distance) return distance.error();
        if (!distance->render_detected) undetected.push_back(signed_name("yaw", yaw));
        return distance->value;
    };
    const auto front = at(0);
    if (!front) return front.error();
    line["identity0"] = rounded(*front);
    for (const int yaw : {15, 30, 45}) {
        const auto left = at(yaw);
        if (!left) return left.error();
        const auto right = at(-yaw);
        if (!right) return right.error();
        line["identity" + std::to_string(yaw)] = rounded((*left + *right) / 2);
    }
    if (!undetected.empty()) line["identity_undetected"] = undetected;
    return {};
}

}  // namespace

Result<Json> measure_portrait(PortraitJob& job, const std::filesystem::path& file, const std::filesystem::path& keep) {
    Album album(keep);
    Json line;
    const Avatar& avatar = job.portrait.avatar;
    const Image truth = resize(*avatar.source->picture, kPictureSize, kPictureSize);
    if (Status done = measure_landmarks(job, file, line); !done) return done.error();
    if (Status done = measure_source(job, truth, album, line); !done) return done.error();
    if (Status done = measure_views(job, album, line); !done) return done.error();
    if (Status done = measure_identity(job, truth, album, line); !done) return done.error();
    if (album.open()) {
        album.add("first_picture", job.first_picture);
        album.add("sheet", contact_sheet(avatar, job.renderer, 320));
    }
    if (!album.status()) return album.status().error();
    return line;
}

}  // namespace likeness::bench
