#include "core/tracking/portrait_fit.h"

#include <algorithm>
#include <cmath>

namespace likeness {
namespace {

float value_at(const Image& image, const Eigen::Vector2f& p) {
    const int x = std::clamp(int(p.x()), 0, image.width - 1), y = std::clamp(int(p.y()), 0, image.height - 1);
    return *image.at(x, y);
}

// How a region's outline may follow the matte: how far (metres), how firmly, and whether only inwards.
struct OutlineRule {
    float range = 0, firmness = 0;
    bool inwards_only = false;
};
OutlineRule rule_for(HeadRegion region) {
    if (region == HeadRegion::torso) return {0.16f, 0.5f, false};
    if (region == HeadRegion::neck) return {0.05f, 0.4f, false};
    if (is_ear(region)) return {0.012f, 0.5f, false};
    if (region == HeadRegion::face) return {0.010f, 0.5f, false};
    if (region == HeadRegion::scalp) return {0.05f, 1.0f, true};
    return {};
}

std::vector<OffsetTarget> outline_targets(const HeadModel& model, const PosedHead& posed, const Camera& camera,
                                          const OutlineEvidence& evidence, const std::vector<int>& a_triangle) {
    const Vertices normals = vertex_normals(posed.vertices, model.triangles);
    const Eigen::Vector3f eye = evidence.camera.position();
    const float zoom = camera.fx / evidence.camera.fx;  // evidence pixels to fit pixels
    std::vector<OffsetTarget> targets;
    for (int v = 0; v < model.vertex_count(); ++v) {
        const OutlineRule rule = rule_for(model.vertex_region[std::size_t(v)]);
        if (rule.range == 0) continue;
        const Eigen::Vector3f p = posed.vertices.col(v), n = normals.col(v);
        if (std::abs(n.dot((eye - p).normalized())) > 0.25f) continue;
        float depth = 0;
        const Eigen::Vector2f pixel = evidence.camera.project(p, &depth);
        Eigen::Vector2f along = evidence.camera.project(p + 0.005f * n) - pixel;
        if (along.norm() < 1e-4f) continue;
        along.normalize();
        const Image& alpha = *evidence.alpha;
        const auto in_picture = [&](const Eigen::Vector2f& q) {
            return q.x() > 2 && q.y() > 2 && q.x() < float(alpha.width) - 2 && q.y() < float(alpha.height) - 2;
        };
        if (!in_picture(pixel)) continue;
        const float per_metre = evidence.camera.fx / depth;
        const bool inside = value_at(alpha, pixel) > 0.5f;
        if (inside && rule.inwards_only) continue;
        const float sign = inside ? 1.0f : -1.0f;
        float distance = -1;
        for (float d = 0; d <= rule.range * per_metre; d += 0.5f) {
            const Eigen::Vector2f q = pixel + along * (sign * d);
            if (!in_picture(q)) break;
            if ((value_at(alpha, q) > 0.5f) != inside) {
                distance = d;
                break;
            }
        }
        if (distance < 0) continue;
        // An outline of hair says nothing about the skin below it, except that the skull is not outside.
        const Eigen::Vector2f just_inside = pixel + along * (sign * distance - 3);
        if (!rule.inwards_only && value_at(*evidence.hair, just_inside) > 0.5f) continue;
        OffsetTarget target;
        const int t = a_triangle[std::size_t(v)];
        target.point.triangle = t;
        for (int k = 0; k < 3; ++k) target.point.barycentric[k] = model.triangles[std::size_t(t)][k] == v ? 1.0f : 0.0f;
        target.weight = rule.firmness / (0.003f * camera.fx / depth);  // 3 mm is one sigma
        target.target = camera.project(p) + along * (sign * distance * zoom);
        targets.push_back(target);
    }
    return targets;
}

}  // namespace

PortraitFitter::PortraitFitter(std::shared_ptr<const HeadModel> model)
    : model_(std::move(model)), landmarks_(*model_), offsets_(*model_) {}

HeadFit PortraitFitter::fit(const LandmarkPoints& points, int width, int height, const SolverOptions& options) {
    HeadFit fit;
    landmarks_.solve(points, width, height, options, fit);
    PersonalHead person = personalise(*model_, fit.identity);
    fit.offsets = offsets_.solve(person, fit, landmark_targets(*model_, points));
    person.vertices += fit.offsets;
    fit.landmark_error = landmark_error(*model_, pose_head(*model_, person, fit.pose).vertices, fit.camera, points);
    return fit;
}

void PortraitFitter::fit_outline(const LandmarkPoints& points, const OutlineEvidence& evidence, HeadFit& fit) {
    std::vector<int> a_triangle(std::size_t(model_->vertex_count()), 0);
    for (std::size_t t = 0; t < model_->triangles.size(); ++t)
        for (int k = 0; k < 3; ++k) a_triangle[std::size_t(model_->triangles[t][k])] = int(t);
    const std::vector<OffsetTarget> by_landmarks = landmark_targets(*model_, points);
    const PersonalHead bare = personalise(*model_, fit.identity);
    const auto posed = [&] {
        PersonalHead person = bare;
        person.vertices += fit.offsets;
        return pose_head(*model_, person, fit.pose);
    };
    for (int round = 0; round < 3; ++round) {
        std::vector<OffsetTarget> targets = by_landmarks;
        const std::vector<OffsetTarget> outline = outline_targets(*model_, posed(), fit.camera, evidence, a_triangle);
        targets.insert(targets.end(), outline.begin(), outline.end());
        fit.offsets = offsets_.solve(bare, fit, targets);
    }
    fit.landmark_error = landmark_error(*model_, posed().vertices, fit.camera, points);
}

}  // namespace likeness
