#include "core/learning/training_views.h"

#include <algorithm>
#include <cmath>

#include "core/avatar/hair_shell.h"
#include "core/geometry/mesh_raster.h"
#include "core/image/ops.h"

namespace likeness {
namespace {

Image flipped(const Image& image) {
    Image out(image.width, image.height, image.channels);
    for (int y = 0; y < image.height; ++y)
        for (int x = 0; x < image.width; ++x)
            std::copy_n(image.at(image.width - 1 - x, y), image.channels, out.at(x, y));
    return out;
}

// The mask grown (radius > 0) or shrunk (radius < 0) by a square of that many pixels.
std::vector<std::uint8_t> grown(const std::vector<std::uint8_t>& mask, int width, int height, int radius) {
    const std::uint8_t wanted = radius > 0 ? 1 : 0;
    const int r = std::abs(radius);
    std::vector<std::uint8_t> rows = mask, out = mask;
    for (int pass = 0; pass < 2; ++pass) {
        const auto& from = pass == 0 ? mask : rows;
        auto& to = pass == 0 ? rows : out;
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x) {
                std::uint8_t value = from[std::size_t(y * width + x)];
                for (int k = -r; k <= r && value != wanted; ++k) {
                    const int xx = pass == 0 ? x + k : x, yy = pass == 0 ? y : y + k;
                    if (xx < 0 || yy < 0 || xx >= width || yy >= height) continue;
                    if (from[std::size_t(yy * width + xx)] == wanted) value = wanted;
                }
                to[std::size_t(y * width + x)] = value;
            }
    }
    return out;
}

// Which Gaussians are lips or what is behind them.
std::vector<std::uint8_t> in_mouth(const Avatar& avatar) {
    const HeadModel& model = *avatar.model;
    std::vector<std::uint8_t> mouth;
    for (std::size_t i = 0; i < avatar.splats->count; ++i) {
        const std::size_t t = std::size_t(avatar.splats->anchor[i].triangle);
        mouth.push_back(avatar.splats->part[i] == SplatPart::mouth ||
                        (t < model.triangle_region.size() && model.triangle_region[t] == HeadRegion::lips));
    }
    return mouth;
}

// Which Gaussians are the skin of a lid that is rolled up in the photograph.
std::vector<std::uint8_t> on_rolled_lid(const Avatar& avatar, const HeadPose& pose) {
    const HeadModel& model = *avatar.model;
    const std::vector<float> rolled = rolled_lids(model, pose);
    std::vector<std::uint8_t> lid;
    for (const SurfacePoint& anchor : avatar.splats->anchor) {
        const std::size_t t = std::size_t(anchor.triangle);
        float value = 0;
        if (t < model.triangles.size() && model.triangle_region[t] != HeadRegion::lashes)
            for (int k = 0; k < 3; ++k) value += anchor.barycentric[k] * rolled[std::size_t(model.triangles[t][k])];
        lid.push_back(value > 0.2f);
    }
    return lid;
}

// Where the bust fades nothing is learned: pictures would make it opaque again.
bool is_whole(const std::vector<float>& bust_presence, const Avatar& avatar, const SurfacePoint& p) {
    return bust_presence.empty() || surface_value(bust_presence, avatar.triangles(), p) > 0.999f;
}

}  // namespace

PortraitView photo_view(const Avatar& avatar, const Photo& photo, int resolution) {
    PortraitView view;
    view.pose = photo.pose;
    view.learners = Learners::all_but_hidden;
    view.camera = photo.camera.resized(resolution, resolution);
    view.target.color = resize(photo.color, resolution, resolution);
    view.target.alpha = resize(photo.alpha, resolution, resolution);
    // Where the skin reaches beyond the matte, one of them is wrong: nothing is learned there, so that no hole opens.
    const PosedHead head = pose_head(*avatar.model, avatar.head(), photo.pose);
    const MeshBuffer skin = rasterize_mesh(head.vertices, avatar.model->triangles, view.camera);
    view.target.weight = Image(resolution, resolution, 1, 1.0f);
    for (std::size_t i = 0; i < skin.triangle.size(); ++i)
        if (skin.triangle[i] >= 0 && view.target.alpha.pixels[i] < 0.5f) view.target.weight.pixels[i] = 0;
    return view;
}

PortraitView mirrored_view(const Avatar& avatar, const Photo& photo, int resolution) {
    PortraitView view;
    view.pose = photo.pose.mirrored(*avatar.model);
    view.learners = Learners::unseen;
    view.camera = photo.camera.resized(resolution, resolution);
    // Mirroring x: the world's and the camera's x axes both turn round; the principal point moves to the other side.
    view.camera.cx = float(resolution) - view.camera.cx;
    Eigen::Vector4f flip(-1, 1, 1, 1);
    view.camera.world_to_camera = flip.asDiagonal() * view.camera.world_to_camera * flip.asDiagonal();
    view.target.color = flipped(resize(photo.color, resolution, resolution));
    view.target.alpha = flipped(resize(photo.alpha, resolution, resolution));
    // Two sides never are quite the same: beyond the mirrored outline there is nothing to learn.
    view.target.weight = view.target.alpha;
    for (float& w : view.target.weight.pixels) w = w > 0.9f ? 1.0f : 0.0f;
    view.weights.alpha = 0;
    view.colors_only = true;
    return view;
}

PortraitView turned_view(const Avatar& avatar, const PhotoEvidence& evidence, const Unprojection& projection,
                         const Camera& camera) {
    const auto& [photo, hair_presence, bust_presence] = evidence;
    PortraitView view;
    view.pose = photo.pose;
    view.learners = Learners::all_but_hidden;
    view.camera = camera;
    view.weights.alpha = 0;
    constexpr float filled_weight = 0.25f;  // of what the photograph does not show
    const std::size_t head = avatar.model->triangles.size();
    const std::vector<float> presence = surface_presence(avatar, hair_presence);
    const MeshBuffer buffer = rasterize_mesh(projection.surface(), avatar.triangles(), camera, false, &presence);
    std::vector<SurfacePoint> points;
    std::vector<std::size_t> pixel;
    for (std::size_t i = 0; i < buffer.triangle.size(); ++i) {
        if (buffer.triangle[i] < 0) continue;
        points.push_back(buffer.point(i));
        pixel.push_back(i);
    }
    const PointColors painted = projection.colors(points);
    view.target.color = Image(camera.width, camera.height, 3);
    view.target.alpha = Image(camera.width, camera.height, 1);
    view.target.weight = Image(camera.width, camera.height, 1);
    for (std::size_t k = 0; k < points.size(); ++k) {
        // Teeth and tongue are learned from the photograph itself, see in_mouth().
        const std::size_t t = std::size_t(points[k].triangle);
        if (t < head && is_inside_head(avatar.model->triangle_region[t])) continue;
        if (!is_whole(bust_presence, avatar, points[k])) continue;
        for (std::size_t c = 0; c < 3; ++c) view.target.color.pixels[pixel[k] * 3 + c] = painted.color[k][Eigen::Index(c)];
        view.target.alpha.pixels[pixel[k]] = 1;
        view.target.weight.pixels[pixel[k]] = std::max(painted.trust[k], filled_weight);
    }
    return view;
}

PortraitView outline_view(const Avatar& avatar, const HeadPose& pose, const Camera& camera,
                          const std::vector<float>& hair_presence, const std::vector<float>& bust_presence) {
    PortraitView view;
    view.pose = pose;
    view.camera = camera;
    view.weights = {.l1 = 0, .dssim = 0, .alpha = 0.4f};
    const Vertices surface = pose_surface(avatar, pose);
    const Vertices head = surface.leftCols(avatar.model->vertex_count());
    const MeshBuffer skin = rasterize_mesh(head, avatar.model->triangles, camera);
    std::vector<float> presence = surface_presence(avatar, hair_presence);
    for (float& p : presence) p += 0.2f;  // where there may be some
    const MeshBuffer whole = rasterize_mesh(surface, avatar.triangles(), camera, false, &presence);
    const int width = camera.width, height = camera.height;
    std::vector<std::uint8_t> inside, either;
    for (std::size_t i = 0; i < skin.triangle.size(); ++i) {
        inside.push_back(skin.triangle[i] >= 0);
        either.push_back(whole.triangle[i] >= 0);
    }
    // Strands, collars and the like hang beside skin and shell.
    constexpr float beside = 0.006f;  // metres from the surface
    SplatSet posed;
    deform(*avatar.splats, splat_frames(avatar, pose), posed);
    for (std::size_t i = 0; i < posed.count; ++i) {
        if (Eigen::Map<const Eigen::Vector3f>(&avatar.splats->offset[i * 3]).norm() < beside) continue;
        float depth = 0;
        const Eigen::Vector2f p = camera.project(Eigen::Map<const Eigen::Vector3f>(&posed.means[i * 3]), &depth);
        if (depth > 0 && p.x() >= 0 && p.y() >= 0 && p.x() < float(width) && p.y() < float(height))
            either[skin.index(int(p.x()), int(p.y()))] = 1;
    }
    const auto sure = grown(inside, width, height, -1), possible = grown(either, width, height, std::max(2, width / 64));
    view.target.color = Image(width, height, 3);
    view.target.alpha = Image(width, height, 1);
    view.target.weight = Image(width, height, 1);
    for (std::size_t i = 0; i < inside.size(); ++i) {
        view.target.alpha.pixels[i] = float(sure[i]);
        const bool fades = whole.triangle[i] >= 0 && !is_whole(bust_presence, avatar, whole.point(i));
        view.target.weight.pixels[i] = (sure[i] && !fades) || !possible[i] ? 1.0f : 0.0f;
    }
    return view;
}

LearnerWeights::LearnerWeights(const Avatar& avatar, const std::vector<float>& trust) {
    // Mesh and photograph never meet exactly in the mouth and on lids: what a picture is not known to show of them
    // learns nothing at all from it (Adam makes a full step of the least gradient).
    const std::vector<std::uint8_t> mouth = in_mouth(avatar), lid = on_rolled_lid(avatar, avatar.source->pose);
    for (std::size_t i = 0; i < trust.size(); ++i) {
        all_but_hidden_.push_back(lid[i] || (mouth[i] && trust[i] < 0.2f) ? 0.0f : 1.0f);
        unseen_.push_back(lid[i] || mouth[i] ? 0.0f : std::clamp(1 - 3 * trust[i], 0.0f, 1.0f));
    }
}

const std::vector<float>& LearnerWeights::of(Learners learners) const {
    switch (learners) {
        case Learners::all_but_hidden:
            return all_but_hidden_;
        case Learners::unseen:
            return unseen_;
        case Learners::all:
            break;
    }
    return all_;
}

}  // namespace likeness
