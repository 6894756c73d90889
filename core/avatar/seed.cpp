#include "core/avatar/seed.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <numbers>
#include <random>
#include <utility>

#include "core/avatar/bust.h"
#include "core/avatar/hair_shell.h"
#include "core/avatar/relief.h"
#include "core/avatar/strands.h"
#include "core/avatar/surface_sampling.h"
#include "core/avatar/unproject.h"

namespace likeness {
namespace {

// Distance between neighbouring Gaussians in metres at density 1: fine where people look.
float region_spacing(HeadRegion region) {
    switch (region) {
        case HeadRegion::eye_left:
        case HeadRegion::eye_right:
            return 0.00073f;
        case HeadRegion::lids:
        case HeadRegion::lips:
        case HeadRegion::lashes:
            return 0.00082f;
        case HeadRegion::teeth_upper:
        case HeadRegion::teeth_lower:
            return 0.00091f;
        case HeadRegion::face:
            return 0.00114f;
        case HeadRegion::ear_left:
        case HeadRegion::ear_right:
            return 0.00137f;
        case HeadRegion::gums_upper:
        case HeadRegion::gums_lower:
        case HeadRegion::tongue:
            return 0.00155f;
        case HeadRegion::neck:
            return 0.0019f;
        case HeadRegion::mouth_bag:
        case HeadRegion::eye_socket:
        case HeadRegion::scalp:
            return 0.0024f;
        case HeadRegion::torso:
        case HeadRegion::other:
            break;
    }
    return 0.0027f;
}

SplatPart region_part(HeadRegion region) {
    return is_eye(region) || region == HeadRegion::eye_socket ? SplatPart::eyes
           : is_mouth(region)                                 ? SplatPart::mouth
                                                              : SplatPart::skin;
}

constexpr float hair_spacing = 0.00173f;
constexpr float under_spacing = 0.0055f;  // of the coarse layer that keeps the surface closed
constexpr float fill_factor = 0.62f;      // standard deviation over spacing

float logit(float p) { return std::log(p / (1 - p)); }

struct Writer {
    const Avatar& avatar;
    AnchoredSplats splats;
    void add(const SurfacePoint& at, SplatPart part, const Eigen::Vector3f& offset, const Eigen::Vector3f& scale,
             float angle, const Eigen::Vector3f& color, float opacity) {
        splats.atlas.push_back(atlas_position(avatar, at));
        splats.anchor.push_back(at);
        splats.part.push_back(part);
        for (int k = 0; k < 3; ++k) {
            splats.offset.push_back(offset[k]);
            splats.log_scale.push_back(std::log(scale[k]));
            splats.albedo.push_back(color[k]);
        }
        for (const float q : {std::cos(angle / 2), 0.0f, 0.0f, std::sin(angle / 2)}) splats.rotation.push_back(q);
        splats.opacity_logit.push_back(logit(opacity));
        ++splats.count;
    }
};

// Angle of a picture direction in the local frame of a surface point: the tangent-plane vector that projects on it.
float strand_angle(const Camera& camera, const Eigen::Vector3f& p, const Eigen::Vector3f& tangent,
                   const Eigen::Vector3f& bitangent, const Eigen::Vector2f& direction) {
    constexpr float step = 0.002f;
    const Eigen::Vector2f o = camera.project(p);
    Eigen::Matrix2f m;
    m.col(0) = camera.project(p + step * tangent) - o;
    m.col(1) = camera.project(p + step * bitangent) - o;
    if (std::abs(m.determinant()) < 1e-6f) return std::numbers::pi_v<float> / 2;
    const Eigen::Vector2f v = m.inverse() * direction;
    return std::atan2(v.y(), v.x());
}

Eigen::Vector3f mean_color(const Vertices& colors, const HeadModel& model, HeadRegion region) {
    Eigen::Vector3f sum = Eigen::Vector3f::Zero();
    float count = 0;
    for (int v = 0; v < model.vertex_count(); ++v)
        if (model.vertex_region[std::size_t(v)] == region) {
            sum += colors.col(v);
            count += 1;
        }
    return sum / std::max(count, 1.0f);
}

// Distance between the fine layer's Gaussians, by which they also get their size.
std::vector<float> head_spacing(const HeadModel& model, const Vertices& neutral, float finer) {
    const Vertices normals = vertex_normals(neutral, model.triangles);
    std::vector<float> spacing;
    for (std::size_t t = 0; t < model.triangles.size(); ++t) {
        const HeadRegion region = model.triangle_region[t];
        // The back is never looked at closely.
        const bool back = normals(2, model.triangles[t][0]) < -0.2f;
        const bool coarser = back && (is_below_head(region) || region == HeadRegion::scalp);
        spacing.push_back(region_spacing(region) * finer * (coarser ? 1.5f : 1.0f));
    }
    return spacing;
}

// The same for the shell, on the triangles behind the head's.
std::vector<float> shell_spacing(const Avatar& avatar, const std::vector<float>& hair_presence, float finer) {
    const Vertices normals = vertex_normals(avatar.neutral(), avatar.triangles());
    std::vector<float> spacing(avatar.triangles().size(), 0.0f);
    for (std::size_t t = avatar.model->triangles.size(); t < avatar.triangles().size(); ++t) {
        const Eigen::Vector3i& c = avatar.triangles()[t];
        float most = 0;
        for (int k = 0; k < 3; ++k)
            most = std::max(most, hair_presence[std::size_t(c[k] - avatar.model->vertex_count())]);
        if (most <= 0.5f) continue;
        spacing[t] = hair_spacing * finer * (normals(2, c[0]) < -0.3f ? 1.35f : 1.0f);
    }
    return spacing;
}

float finer_by(const SeedOptions& options) { return 1 / std::sqrt(std::max(options.density, 0.01f)); }

}  // namespace

HeadPlaces places_on_head(const HeadModel& model, const Vertices& neutral, const SeedOptions& options) {
    std::vector<float> under;
    for (const HeadRegion region : model.triangle_region) {
        const bool thin = region == HeadRegion::lashes || region == HeadRegion::lids || region == HeadRegion::lips;
        under.push_back(region_part(region) == SplatPart::skin && !thin ? under_spacing : 0.0f);
    }
    std::vector<float> spacing = head_spacing(model, neutral, finer_by(options));
    return {.fine = sample_surface(neutral, model.triangles, spacing, options.seed),
            .coarse = sample_surface(neutral, model.triangles, under, options.seed + 1),
            .spacing = std::move(spacing)};
}

void seed_splats(Avatar& avatar, const PhotoEvidence& evidence, const HeadPlaces& on_head, const SeedOptions& options) {
    const auto& [original, hair_presence, bust_presence] = evidence;
    const Photo photo = continued_below(avatar, original, options.bust);
    const HeadModel& model = *avatar.model;
    // Colors and strands do not depend on where the Gaussians will be: one goes on beside the other.
    Unprojection unprojection(avatar, photo);
    auto filling = std::async(std::launch::async, [&] { unprojection.fill(hair_presence); });
    auto following = std::async(std::launch::async, [&] { return strand_field(photo.color, 2.5f); });
    const std::size_t head_triangles = model.triangles.size();
    const int head_vertices = model.vertex_count();
    const float finer = finer_by(options);

    std::vector<float> spacing = shell_spacing(avatar, hair_presence, finer), under(spacing.size(), 0.0f);
    for (std::size_t t = head_triangles; t < under.size(); ++t) {
        float hair = 0;
        for (int k = 0; k < 3; ++k) hair += hair_presence[std::size_t(avatar.triangles()[t][k] - head_vertices)] / 3;
        if (hair > 0.75f) under[t] = under_spacing;
    }
    const std::vector<float> presence = surface_presence(avatar, hair_presence);
    std::vector<SurfacePoint> points = on_head.fine, under_points = on_head.coarse;
    const auto append = [](std::vector<SurfacePoint>& all, const std::vector<SurfacePoint>& more) {
        all.insert(all.end(), more.begin(), more.end());
    };
    append(points, sample_surface(avatar.neutral(), avatar.triangles(), spacing, options.seed + 2, &presence));
    append(under_points, sample_surface(avatar.neutral(), avatar.triangles(), under, options.seed + 3));
    std::copy(on_head.spacing.begin(), on_head.spacing.end(), spacing.begin());
    filling.get();
    const PointColors colors = unprojection.colors(points);

    Writer writer{avatar, {}};
    const StrandField strands = following.get();
    const Vertices normals = vertex_normals(unprojection.surface(), avatar.triangles());
    std::mt19937_64 random(options.seed + 4);
    const auto uniform = [&random] { return float(random() >> 40) * 0x1p-24f; };
    // Several Gaussians lie over each other everywhere, so that each must be less opaque than what they shall be.
    const auto opacity = [&, &bust = bust_presence](const SurfacePoint& p, float whole) {
        if (bust.empty()) return whole;
        const float there = surface_value(bust, avatar.triangles(), p);
        return whole * there * there;
    };
    constexpr float least_opacity = 0.01f;

    for (const SurfacePoint& p : under_points) {
        const float opaque = opacity(p, 0.985f);
        if (opaque < least_opacity) continue;
        const bool hair = std::size_t(p.triangle) >= head_triangles;
        const Eigen::Vector3f color = surface_position(unprojection.smooth(), avatar.triangles(), p);
        const float s = under_spacing * 0.72f;
        const bool cloth = !hair && model.triangle_region[std::size_t(p.triangle)] == HeadRegion::torso;
        writer.add(p,
                   hair    ? SplatPart::hair
                   : cloth ? SplatPart::cloth
                           : SplatPart::skin,
                   {0, 0, hair ? -0.006f : -0.003f}, {s, s, 0.0008f}, 0, hair ? Eigen::Vector3f(color * 0.8f) : color,
                   opaque);
    }
    const Eigen::Vector3f skin = mean_color(unprojection.smooth(), model, HeadRegion::face);
    for (std::size_t i = 0; i < points.size(); ++i) {
        const SurfacePoint& p = points[i];
        const std::size_t t = std::size_t(p.triangle);
        const float whole = opacity(p, 1);
        if (whole < least_opacity) continue;
        if (t < head_triangles) {
            const HeadRegion region = model.triangle_region[t];
            const float s = spacing[t] * fill_factor;
            if (region == HeadRegion::lashes) {
                // Dark, and only as dense as the photograph is dark there: between lashes it shows the skin behind.
                const float light = colors.color[i].sum() / std::max(skin.sum(), 0.01f);
                const float dense = colors.trust[i] > 0.1f ? std::clamp(1.2f - 1.6f * light, 0.05f, 0.8f) : 0.3f;
                writer.add(p, SplatPart::skin, Eigen::Vector3f::Zero(), {s, s, s * 0.25f}, 0, 0.2f * skin, dense);
                continue;
            }
            writer.add(p, region == HeadRegion::torso ? SplatPart::cloth : region_part(region), Eigen::Vector3f::Zero(),
                       {s, s, s * 0.25f}, 0, colors.color[i], 0.95f * whole);
            continue;
        }
        // Hair: long and thin along the strand; several depths, so that the outline is soft and turns well.
        const Eigen::Vector3f at = surface_position(unprojection.surface(), avatar.triangles(), p);
        const Eigen::Vector3i& c = avatar.triangles()[t];
        const Eigen::Vector3f normal = (normals.col(c[0]) + normals.col(c[1]) + normals.col(c[2])).normalized();
        const Eigen::Vector3f down = unprojection.surface().col(c[1]) - unprojection.surface().col(c[0]);
        const Eigen::Vector3f tangent = normal.cross(down).normalized();
        float angle = -std::numbers::pi_v<float> / 2;  // down the shell
        if (colors.trust[i] > 0.3f) {
            const Eigen::Vector2f pixel = photo.camera.project(at);
            if (strands.coherence_at(pixel.x(), pixel.y()) > 0.25f)
                angle = strand_angle(photo.camera, at, tangent, normal.cross(tangent), strands.at(pixel.x(), pixel.y()));
        } else {
            angle += 0.35f * (uniform() - 0.5f);
        }
        const float s = spacing[t];
        const float depth = -0.004f * uniform();
        writer.add(p, SplatPart::hair, {0, 0, depth}, {s * 1.5f, s * 0.5f, s * 0.4f}, angle, colors.color[i],
                   0.9f * whole);
    }
    add_relief(avatar, photo, hair_presence, 0.0024f * finer, original.camera.height, writer.splats);
    avatar.splats = std::move(writer.splats);
}

}  // namespace likeness
