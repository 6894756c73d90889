#include "core/avatar/relief.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <array>
#include <cmath>
#include <deque>

#include "core/avatar/deform.h"
#include "core/avatar/hair_shell.h"
#include "core/base/parallel.h"
#include "core/geometry/mesh_raster.h"
#include "core/head/mediapipe_landmarks.h"

namespace likeness {
namespace {

constexpr float fall_back = 0.55f;      // metres of depth for each metre beside the surface
constexpr float deepest = 0.05f;        // metres
// Metres beside the surface; what is further away is no part of the person.
constexpr float farthest_hair = 0.25f, farthest_other = 0.09f;
constexpr float sheet_fill = 0.62f;     // standard deviation over spacing
constexpr int smoothing_rounds = 60;
constexpr float keep_depth = 0.06f;     // how firmly a cell keeps its own depth, beside its neighbours' 1 each
constexpr float steepest = 2.0f;        // slope of the sheet that its discs still follow

// For every pixel the nearest one that is marked (by a wave from all marked pixels at once), or -1.
std::vector<int> nearest_marked(const std::vector<std::uint8_t>& marked, int width, int height) {
    std::vector<int> origin(marked.size(), -1);
    std::deque<int> wave;
    for (std::size_t i = 0; i < marked.size(); ++i)
        if (marked[i]) {
            origin[i] = int(i);
            wave.push_back(int(i));
        }
    while (!wave.empty()) {
        const int at = wave.front(), x = at % width, y = at / width;
        wave.pop_front();
        for (int dy = -1; dy <= 1; ++dy)
            for (int dx = -1; dx <= 1; ++dx) {
                const int nx = x + dx, ny = y + dy;
                if (nx < 0 || ny < 0 || nx >= width || ny >= height || origin[std::size_t(ny * width + nx)] >= 0) continue;
                origin[std::size_t(ny * width + nx)] = origin[std::size_t(at)];
                wave.push_back(ny * width + nx);
            }
    }
    return origin;
}

// Triangles to hang relief on that lies further away, by their middles. Heights count `upright` times.
class Hangers {
  public:
    explicit Hangers(float upright) : scale_(1, upright, 1) {}
    void add(std::size_t triangle, const Triangles& triangles, const Vertices& surface) {
        const Eigen::Vector3i& c = triangles[triangle];
        triangle_.push_back(int(triangle));
        middle_.push_back(scale_.cwiseProduct(surface.col(c[0]) + surface.col(c[1]) + surface.col(c[2])) / 3);
    }
    // `otherwise` where there is none.
    SurfacePoint nearest(const Eigen::Vector3f& p, const SurfacePoint& otherwise) const {
        if (triangle_.empty()) return otherwise;
        const Eigen::Vector3f scaled = scale_.cwiseProduct(p);
        const auto at = std::min_element(middle_.begin(), middle_.end(), [&](const auto& a, const auto& b) {
            return (a - scaled).squaredNorm() < (b - scaled).squaredNorm();
        });
        return {triangle_[std::size_t(at - middle_.begin())], Eigen::Vector3f::Constant(1.0f / 3)};
    }

  private:
    Eigen::Vector3f scale_;
    std::vector<int> triangle_;
    std::vector<Eigen::Vector3f> middle_;  // scaled
};

// What lies beside the body below the head hangs on more than is next to it in the picture, where that does not tell
// how it moves: collars lie beside the neck but turn with the torso, all of them alike; hair hangs as the shell does at
// its height.
class LowHangers {
  public:
    LowHangers(const Avatar& avatar, const HeadPose& pose, const Vertices& surface) : avatar_(avatar) {
        const HeadModel& model = *avatar.model;
        const auto root = std::find(model.joint_parent.begin(), model.joint_parent.end(), -1);
        const Eigen::Index joint = root - model.joint_parent.begin();
        constexpr float alone = 0.98f;  // of the weights
        for (std::size_t t = 0; t < model.triangles.size(); ++t) {
            const Eigen::Vector3i& c = model.triangles[t];
            if (model.triangle_region[t] == HeadRegion::torso &&
                std::min({model.weights(joint, c[0]), model.weights(joint, c[1]), model.weights(joint, c[2])}) > alone)
                torso_.add(t, model.triangles, surface);
        }
        const std::size_t first = model.triangles.size() + std::size_t(2 * hair_cap_rows * hair_columns);
        for (std::size_t t = first; t < avatar.triangles().size(); ++t) shell_.add(t, avatar.triangles(), surface);
        heights_ = surface.row(1).tail(surface.cols() - model.vertex_count());
        const PosedHead head = pose_head(model, avatar.head(), pose);
        const Eigen::Vector3f between_ears = avatar.head().joint_position.col(model.joints.head);
        ears_ = (head.joint_transforms[std::size_t(model.joints.head)] * between_ears).y();
        chin_ = surface_position(surface, model.triangles, model.landmarks(landmarks::scheme)[landmarks::chin]).y();
    }

    // On the shell at just this height, so that a sheet of hair moves as smoothly as the shell.
    SurfacePoint of_hair(const Eigen::Vector3f& p, const SurfacePoint& otherwise) const {
        if (p.y() > ears_ || heights_.size() == 0) return otherwise;
        const int first = int(avatar_.model->triangles.size());
        const int column = (shell_.nearest(p, otherwise).triangle - first) / 2 % hair_columns;
        const auto height = [&](int row) { return heights_[row * hair_columns + column]; };
        int row = hair_cap_rows;
        while (row + 2 < hair_rows && height(row + 1) > p.y()) ++row;
        const float drop = std::max(height(row) - height(row + 1), 1e-4f);
        const float down = float(row) + std::clamp((height(row) - p.y()) / drop, 0.0f, 1.0f);
        return hair_chart_point(avatar_,
                                {1 + (float(column) + 0.5f) / float(hair_columns), down / float(hair_rows - 1)});
    }
    SurfacePoint of_cloth(const Eigen::Vector3f& p, const SurfacePoint& otherwise) const {
        return p.y() < chin_ ? torso_.nearest(p, otherwise) : otherwise;
    }

  private:
    const Avatar& avatar_;
    Hangers torso_{1};           // what the torso alone moves
    Hangers shell_{5};           // below its cap
    Eigen::VectorXf heights_;    // of the shell's vertices in the pose, metres
    float ears_ = 0, chin_ = 0;  // these too
};

}  // namespace

void add_relief(const Avatar& avatar, const Photo& photo, const std::vector<float>& hair_presence, float spacing,
                int first_fading, AnchoredSplats& splats) {
    const std::size_t head_triangles = avatar.model->triangles.size();
    const Vertices surface = pose_surface(avatar, photo.pose);
    const std::vector<float> presence = surface_presence(avatar, hair_presence);
    const MeshBuffer seen = rasterize_mesh(surface, avatar.triangles(), photo.camera, false, &presence);
    const int width = seen.width, height = seen.height;
    // Clothes hang on the torso, hair on scalp and shell, and skin (with glasses, ears, hands) on what is next to it.
    enum Class { hair_class, cloth_class, skin_class, classes };
    std::array<std::vector<int>, classes> nearest;
    parallel_for(classes, 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t c = begin; c < end; ++c) {
            std::vector<std::uint8_t> marked(seen.triangle.size(), 0);
            for (std::size_t i = 0; i < marked.size(); ++i) {
                if (seen.triangle[i] < 0) continue;
                const std::size_t t = std::size_t(seen.triangle[i]);
                const bool shell = t >= head_triangles;
                const HeadRegion region = shell ? HeadRegion::scalp : avatar.model->triangle_region[t];
                marked[i] = c == hair_class    ? region == HeadRegion::scalp
                            : c == cloth_class ? is_below_head(region)
                                               : true;
            }
            nearest[c] = nearest_marked(marked, width, height);
        }
    });

    const float depth = (photo.camera.world_to_camera * head_middle(avatar).homogeneous()).z();
    const float pixel = depth / photo.camera.fx;  // metres
    const int stride = std::max(1, int(std::lround(spacing / pixel)));

    // A cell for each Gaussian that may be: what it shows and how deep it lies.
    struct Cell {
        bool relief = false, surface = false;
        Class kind = skin_class;
        SurfacePoint anchor;
        float first_z = 0, z = 0;
    };
    const int across = (width - stride / 2 + stride - 1) / stride, down = (height - stride / 2 + stride - 1) / stride;
    std::vector<Cell> cells(std::size_t(across * down));
    const auto pixel_of = [&](int cell) {
        return seen.index(stride / 2 + cell % across * stride, stride / 2 + cell / across * stride);
    };
    for (int c = 0; c < across * down; ++c) {
        const std::size_t i = pixel_of(c);
        Cell& cell = cells[std::size_t(c)];
        if (seen.triangle[i] >= 0) {
            cell.surface = true;
            cell.z = seen.depth[i];
            continue;
        }
        if (photo.alpha.pixels[i] < 0.3f) continue;
        const float hair = photo.hair.pixels[i], cloth = photo.cloth.pixels[i], skin = photo.skin.pixels[i];
        cell.kind = hair >= std::max(cloth, skin) ? hair_class : cloth >= skin ? cloth_class : skin_class;
        int origin = nearest[cell.kind][i];
        if (origin < 0) origin = nearest[skin_class][i];
        if (origin < 0) continue;
        const int x = int(i) % width, y = int(i) / width;
        const float beside = std::hypot(float(x - origin % width), float(y - origin / width)) * pixel;
        if (beside > (cell.kind == hair_class ? farthest_hair : farthest_other)) continue;
        cell.anchor = seen.point(std::size_t(origin));
        cell.first_z = cell.z = seen.depth[std::size_t(origin)] + std::min(fall_back * beside, deepest);
        cell.relief = true;
    }
    const auto neighbours = [&](int c, auto&& visit) {
        const int x = c % across, y = c / across;
        if (x > 0) visit(c - 1);
        if (x + 1 < across) visit(c + 1);
        if (y > 0) visit(c - across);
        if (y + 1 < down) visit(c + across);
    };
    // Only what hangs together with the body belongs to it.
    std::vector<int> open;
    std::vector<std::uint8_t> attached(cells.size(), 0);
    for (int c = 0; c < across * down; ++c)
        if (cells[std::size_t(c)].surface) open.push_back(c);
    while (!open.empty()) {
        const int c = open.back();
        open.pop_back();
        neighbours(c, [&](int n) {
            if (!cells[std::size_t(n)].relief || attached[std::size_t(n)]) return;
            attached[std::size_t(n)] = 1;
            open.push_back(n);
        });
    }
    // Neighbours that hang on different places of the body would tear apart when it is turned: one smooth sheet.
    for (int round = 0; round < smoothing_rounds; ++round)
        for (int c = 0; c < across * down; ++c) {
            Cell& cell = cells[std::size_t(c)];
            if (!attached[std::size_t(c)]) continue;
            float sum = keep_depth * cell.first_z, weight = keep_depth;
            neighbours(c, [&](int n) {
                const Cell& other = cells[std::size_t(n)];
                if (!attached[std::size_t(n)] && !(other.surface && std::abs(other.z - cell.z) < deepest)) return;
                sum += other.z;
                weight += 1;
            });
            cell.z = sum / weight;
        }

    const std::size_t first = splats.count;
    std::vector<Eigen::Vector3f> world, along, upwards;  // and the sheet's two edges from cell to cell, in the camera
    const Eigen::Matrix3f turn = photo.camera.world_to_camera.topLeftCorner<3, 3>();
    const Eigen::Vector3f shift = photo.camera.world_to_camera.topRightCorner<3, 1>();
    const auto slope = [&](int c, int step, bool possible) {
        if (!possible || !attached[std::size_t(c - step)] || !attached[std::size_t(c + step)]) return 0.0f;
        const float steep = 0.5f * (cells[std::size_t(c + step)].z - cells[std::size_t(c - step)].z) / (float(stride) * pixel);
        return std::clamp(steep, -steepest, steepest);
    };
    const LowHangers low(avatar, photo.pose, surface);
    for (int c = 0; c < across * down; ++c) {
        if (!attached[std::size_t(c)]) continue;
        Cell& cell = cells[std::size_t(c)];
        const std::size_t i = pixel_of(c);
        const float x = float(int(i) % width), y = float(int(i) / width), z = cell.z;
        const Eigen::Vector3f in_camera((x + 0.5f - photo.camera.cx) / photo.camera.fx * z,
                                        (y + 0.5f - photo.camera.cy) / photo.camera.fy * z, z);
        world.push_back(turn.transpose() * (in_camera - shift));
        if (cell.kind == hair_class) cell.anchor = low.of_hair(world.back(), cell.anchor);
        if (cell.kind == cloth_class) cell.anchor = low.of_cloth(world.back(), cell.anchor);
        along.emplace_back(1, 0, slope(c, 1, c % across > 0 && c % across + 1 < across));
        upwards.emplace_back(0, 1, slope(c, across, c >= across && c + across < across * down));
        splats.atlas.push_back(atlas_position(avatar, cell.anchor));
        splats.anchor.push_back(cell.anchor);
        splats.part.push_back(cell.kind == hair_class    ? SplatPart::hair
                              : cell.kind == cloth_class ? SplatPart::cloth
                                                         : SplatPart::skin);
        for (std::size_t k = 0; k < 3; ++k) splats.albedo.push_back(photo.color.pixels[i * 3 + k]);
        const float faded = std::max(y - float(first_fading), 0.0f) / float(std::max(height - first_fading, 1));
        const float opacity =
            std::clamp(photo.alpha.pixels[i], 0.3f, 0.95f) * std::max((1 - faded) * (1 - faded), 0.01f);
        splats.opacity_logit.push_back(std::log(opacity / (1 - opacity)));
        ++splats.count;
    }
    splats.offset.resize(splats.count * 3);
    splats.log_scale.resize(splats.count * 3);
    splats.rotation.resize(splats.count * 4);

    // Into the local frames.
    const SplatFrames frames = splat_frames(avatar, splats, photo.pose);
    for (std::size_t i = first; i < splats.count; ++i) {
        const float* f = &frames.values[i * frame_floats];
        const Eigen::Map<const Eigen::Matrix<float, 3, 3, Eigen::RowMajor>> rotation(f + 3);
        const float stretch = f[12];
        Eigen::Map<Eigen::Vector3f>(&splats.offset[i * 3]) =
            rotation.transpose() * (world[i - first] - Eigen::Map<const Eigen::Vector3f>(f)) / stretch;
        // The disc lies in the sheet and is as long as the way to the next cell.
        const Eigen::Vector3f &u = along[i - first], v = upwards[i - first];
        Eigen::Matrix3f axes;  // in the camera
        axes.col(0) = u.normalized();
        axes.col(2) = u.cross(v).normalized();
        axes.col(1) = axes.col(2).cross(axes.col(0));
        const Eigen::Quaternionf local(Eigen::Matrix3f(rotation.transpose() * turn.transpose() * axes));
        const float s = float(stride) * pixel * sheet_fill / stretch;
        splats.log_scale[i * 3] = std::log(s * u.norm());
        splats.log_scale[i * 3 + 1] = std::log(s * std::abs(axes.col(1).dot(v)));
        splats.log_scale[i * 3 + 2] = std::log(0.37f * s);
        const std::array<float, 4> q = {local.w(), local.x(), local.y(), local.z()};
        std::copy(q.begin(), q.end(), splats.rotation.begin() + std::ptrdiff_t(i * 4));
    }
}

}  // namespace likeness
