#include "core/editing/surface_pick.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/parallel.h"
#include "core/base/vectorize.h"
#include "core/splat/blend_rule.h"

namespace likeness {
namespace {

constexpr float cut = 3.0f;            // standard deviations; exp(-4.5) = 0.011
constexpr float most_stretch = 2.0f;   // of a length of the surface by a pose; only for the first, coarse choice
constexpr float least_alpha = 0.2f;    // less than that in all is background
constexpr float sheet_depth = 0.005f;  // metres: what lies that near in depth is one sheet
constexpr float sheet_slack = 0.003f;  // metres between a Gaussian's anchor and where the ray meets its sheet

// Whether a line through `eye` passes a ball.
LIKENESS_VECTORIZE void balls_on_line(std::size_t count, const float* x, const float* y, const float* z,
                                      const float* radius, const float* eye, const float* along, float pixel,
                                      unsigned char* on) {
    for (std::size_t i = 0; i < count; ++i) {
        const float dx = x[i] - eye[0], dy = y[i] - eye[1], dz = z[i] - eye[2];
        const float t = dx * along[0] + dy * along[1] + dz * along[2];
        const float reach = radius[i] + pixel * t;
        on[i] = (dx * dx + dy * dy + dz * dz - t * t <= reach * reach) & (t > 0);
    }
}

// Surfaces that one point never changes between: what lies behind lids and lips, and hair.
int sheet_of(const HeadModel& model, int triangle) {
    if (triangle >= int(model.triangles.size())) return 4;
    const HeadRegion region = model.triangle_region[std::size_t(triangle)];
    return is_eye(region) ? 1 : is_mouth(region) ? 2 : region == HeadRegion::eye_socket ? 3 : 0;
}

// alpha of a posed Gaussian at a pixel, and its depth; EWA projection as in core/splat/kernels/project.h.
float alpha_at(const Camera& camera, float x, float y, const float* mean, const float* scale, const float* quaternion,
               float opacity, float& depth) {
    const Eigen::Matrix3f turn = camera.world_to_camera.topLeftCorner<3, 3>();
    const Eigen::Vector3f p = turn * Eigen::Vector3f(mean[0], mean[1], mean[2]) +
                              Eigen::Vector3f(camera.world_to_camera.topRightCorner<3, 1>());
    depth = p.z();
    if (p.z() <= 0.01f) return 0;
    const float limit_x = blend_rule::frustum_limit * float(camera.width) / (2 * camera.fx),
                limit_y = blend_rule::frustum_limit * float(camera.height) / (2 * camera.fy);
    const float px = std::clamp(p.x() / p.z(), -limit_x, limit_x), py = std::clamp(p.y() / p.z(), -limit_y, limit_y);
    Eigen::Matrix<float, 2, 3> jacobian;
    jacobian.row(0) = camera.fx / p.z() * (turn.row(0) - px * turn.row(2));
    jacobian.row(1) = camera.fy / p.z() * (turn.row(1) - py * turn.row(2));
    const Eigen::Quaternionf q(quaternion[0], quaternion[1], quaternion[2], quaternion[3]);
    const Eigen::Matrix<float, 2, 3> axes =
        jacobian * q.toRotationMatrix() * Eigen::Vector3f(scale[0], scale[1], scale[2]).asDiagonal();
    Eigen::Matrix2f covariance = axes * axes.transpose();
    covariance.diagonal().array() += blend_rule::screen_dilation;
    const float dx = x - (camera.fx * p.x() / p.z() + camera.cx), dy = y - (camera.fy * p.y() / p.z() + camera.cy);
    const float determinant = covariance(0, 0) * covariance(1, 1) - covariance(0, 1) * covariance(0, 1);
    const float power =
        0.5f * (covariance(1, 1) * dx * dx - 2 * covariance(0, 1) * dx * dy + covariance(0, 0) * dy * dy) / determinant;
    const float alpha = std::min(blend_rule::largest_alpha, opacity * std::exp(-power));
    return alpha >= blend_rule::smallest_alpha ? alpha : 0.0f;
}

}  // namespace

PickIndex::PickIndex(const Avatar& avatar) : avatar_(avatar), topology_(avatar) {
    const AnchoredSplats& s = *avatar_.splats;
    const std::size_t triangles = avatar_.triangles().size();
    first_.assign(triangles + 1, 0);
    reach_.assign(triangles, 0.0f);
    for (const SurfacePoint& p : s.anchor) ++first_[std::size_t(p.triangle) + 1];
    for (std::size_t t = 0; t < triangles; ++t) first_[t + 1] += first_[t];
    splats_.resize(s.count);
    splat_reach_.resize(s.count);
    std::vector<int> next(first_.begin(), first_.end() - 1);
    for (std::size_t i = 0; i < s.count; ++i) {
        const auto t = std::size_t(s.anchor[i].triangle);
        splats_[std::size_t(next[t]++)] = int(i);
        const float *o = &s.offset[i * 3], *l = &s.log_scale[i * 3];
        const float away = std::sqrt(o[0] * o[0] + o[1] * o[1] + o[2] * o[2]);
        splat_reach_[i] = away + cut * std::exp(std::max({l[0], l[1], l[2]}));
        reach_[t] = std::max(reach_[t], splat_reach_[i]);
    }
}

bool PickIndex::is_of(const Avatar& avatar) const {
    return avatar.rest == avatar_.rest && avatar.splats == avatar_.splats;
}

SurfacePicker::SurfacePicker(std::shared_ptr<const PickIndex> index, const HeadPose& pose,
                             const std::array<bool, splat_part_names.size()>& visible)
    : index_(std::move(index)), visible_(visible), vertices_(pose_surface(index_->avatar_, pose)) {
    const SurfaceShape shape = index_->topology_.shape(1);
    normals_.resize(4 * std::size_t(shape.vertices));
    surface_normals(shape, index_->topology_.arrays(), vertices_.data(), normals_.data());
    const Triangles& triangles = avatar().triangles();
    for (auto* of : {&x_, &y_, &z_, &radius_}) of->resize(triangles.size());
    for (std::size_t t = 0; t < triangles.size(); ++t) {
        const Eigen::Vector3f a = vertices_.col(triangles[t][0]), b = vertices_.col(triangles[t][1]),
                              c = vertices_.col(triangles[t][2]), middle = (a + b + c) / 3;
        x_[t] = middle.x();
        y_[t] = middle.y();
        z_[t] = middle.z();
        radius_[t] =
            std::sqrt(std::max({(a - middle).squaredNorm(), (b - middle).squaredNorm(), (c - middle).squaredNorm()})) +
            most_stretch * index_->reach_[t];
    }
}

std::vector<int> SurfacePicker::triangles_near(const Ray& ray) const {
    std::vector<unsigned char> on(x_.size());
    balls_on_line(x_.size(), x_.data(), y_.data(), z_.data(), radius_.data(), ray.eye.data(), ray.along.data(),
                  ray.pixel, on.data());
    std::vector<int> found;
    for (std::size_t t = 0; t < on.size(); ++t)
        if (on[t]) found.push_back(int(t));
    return found;
}

// Front to back, with what each adds to the pixel.
std::vector<SurfacePicker::Seen> SurfacePicker::seen_at(const Camera& camera, float x, float y, const Ray& ray,
                                                        const std::vector<int>& triangles) const {
    const AnchoredSplats& s = *index_->avatar_.splats;
    std::vector<int> chosen;
    for (const int t : triangles)
        for (int k = index_->first_[std::size_t(t)]; k < index_->first_[std::size_t(t) + 1]; ++k) {
            const auto i = std::size_t(index_->splats_[std::size_t(k)]);
            if (!visible_[std::size_t(s.part[i])]) continue;
            const Eigen::Vector3f from =
                surface_position(vertices_, index_->avatar_.triangles(), s.anchor[i]) - ray.eye;
            const float along = from.dot(ray.along);
            const float reach = most_stretch * index_->splat_reach_[i] + ray.pixel * along;
            if (from.squaredNorm() - along * along <= reach * reach) chosen.push_back(int(i));
        }
    const std::size_t count = chosen.size();
    AnchoredSplats few;
    few.resize(count);
    for (std::size_t k = 0; k < count; ++k) {
        const auto i = std::size_t(chosen[k]);
        std::copy_n(&s.offset[i * 3], 3, &few.offset[k * 3]);
        std::copy_n(&s.log_scale[i * 3], 3, &few.log_scale[k * 3]);
        std::copy_n(&s.rotation[i * 4], 4, &few.rotation[k * 4]);
        few.opacity_logit[k] = s.opacity_logit[i];
        few.anchor[k] = s.anchor[i];
    }
    const std::vector<float> anchors = surface_anchors(few, int(index_->avatar_.triangles().size()));
    SurfaceShape shape = index_->topology_.shape(1);
    shape.count = int(count);
    SurfaceArrays arrays = index_->topology_.arrays();
    arrays.anchors = anchors.data();
    SplatSet posed;
    posed.resize(count);
    const LoneWork alone;  // so few that sharing them out takes longer
    pose_on_surface(
        shape, arrays, vertices_.data(), normals_.data(),
        {nullptr, few.offset.data(), few.log_scale.data(), few.rotation.data(), few.albedo.data(),
         few.opacity_logit.data()},
        {posed.means.data(), posed.scales.data(), posed.rotations.data(), posed.colors.data(), posed.opacities.data()});
    std::vector<Seen> seen;
    for (std::size_t k = 0; k < count; ++k) {
        Seen of{.splat = chosen[k]};
        const float* const scale = &posed.scales[k * 3];
        of.weight =
            alpha_at(camera, x, y, &posed.means[k * 3], scale, &posed.rotations[k * 4], posed.opacities[k], of.depth);
        of.size = std::max({scale[0], scale[1], scale[2]});
        if (of.weight > 0) seen.push_back(of);
    }
    std::sort(seen.begin(), seen.end(),
              [](const Seen& a, const Seen& b) { return a.depth != b.depth ? a.depth < b.depth : a.splat < b.splat; });
    float left = 1;
    for (Seen& of : seen) {
        const float alpha = of.weight;
        of.weight = left * alpha;
        left *= 1 - alpha;
    }
    return seen;
}

// Where the ray meets the sheet that the Gaussian is on, near it; the place that the Gaussian hangs on where it does
// not (strands beside the head).
SurfacePoint SurfacePicker::point_of(const Ray& ray, const Seen& front, const std::vector<int>& candidates) const {
    const Avatar& avatar = index_->avatar_;
    const Triangles& triangles = avatar.triangles();
    const SurfacePoint& anchor = avatar.splats->anchor[std::size_t(front.splat)];
    const Eigen::Vector3f middle = surface_position(vertices_, triangles, anchor);
    const int sheet = sheet_of(*avatar.model, anchor.triangle);
    SurfacePoint best = anchor;
    float nearest = sheet_slack + 2 * std::min(front.size, sheet_depth);
    for (const int t : candidates) {
        if (sheet_of(*avatar.model, t) != sheet) continue;
        // Moeller and Trumbore, "Fast, minimum storage ray/triangle intersection" (1997).
        const Eigen::Vector3f a = vertices_.col(triangles[std::size_t(t)][0]);
        const Eigen::Vector3f ab = Eigen::Vector3f(vertices_.col(triangles[std::size_t(t)][1])) - a;
        const Eigen::Vector3f ac = Eigen::Vector3f(vertices_.col(triangles[std::size_t(t)][2])) - a;
        const Eigen::Vector3f p = ray.along.cross(ac);
        const float determinant = ab.dot(p);
        if (determinant < 1e-12f) continue;  // seen from behind, or edge-on
        const Eigen::Vector3f from = ray.eye - a;
        const float u = from.dot(p) / determinant;
        if (u < 0 || u > 1) continue;
        const Eigen::Vector3f q = from.cross(ab);
        const float v = ray.along.dot(q) / determinant;
        if (v < 0 || u + v > 1) continue;
        const float distance = (a + u * ab + v * ac - middle).norm();
        if (distance >= nearest) continue;
        nearest = distance;
        best = {t, {1 - u - v, u, v}};
    }
    return best;
}

std::optional<SurfacePick> SurfacePicker::pick(const Camera& camera, float x, float y) const {
    const Eigen::Matrix3f turn = camera.world_to_camera.topLeftCorner<3, 3>();
    Ray ray;
    ray.eye = camera.position();
    ray.along =
        (turn.transpose() * Eigen::Vector3f((x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy, 1)).normalized();
    // The dilation of Gaussians counts to what they cover.
    ray.pixel = cut * std::sqrt(blend_rule::screen_dilation) / std::min(camera.fx, camera.fy);
    const std::vector<int> triangles = triangles_near(ray);
    const std::vector<Seen> seen = seen_at(camera, x, y, ray, triangles);
    const AnchoredSplats& splats = *index_->avatar_.splats;
    const auto part_of = [&](const Seen& of) { return splats.part[std::size_t(of.splat)]; };
    std::array<float, splat_part_names.size()> share{};
    float all = 0;
    for (const Seen& of : seen) {
        share[std::size_t(part_of(of))] += of.weight;
        all += of.weight;
    }
    if (all < least_alpha) return {};
    const auto part = SplatPart(std::max_element(share.begin(), share.end()) - share.begin());
    // The part's sheet is where half of what it adds is reached; its strongest Gaussian stands for it.
    float sum = 0, depth = 0;
    for (const Seen& of : seen) {
        if (part_of(of) != part) continue;
        sum += of.weight;
        depth = of.depth;
        if (2 * sum >= share[std::size_t(part)]) break;
    }
    const Seen* front = nullptr;
    for (const Seen& of : seen)
        if (part_of(of) == part && std::abs(of.depth - depth) <= sheet_depth && (!front || of.weight > front->weight))
            front = &of;
    const SurfacePoint point = point_of(ray, *front, triangles);
    return SurfacePick{point, surface_position(vertices_, index_->avatar_.triangles(), point), depth, part};
}

}  // namespace likeness
