#include "core/editing/splat_cover.h"

#include <Eigen/Eigenvalues>
#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/avatar/deform.h"
#include "core/base/parallel.h"

namespace likeness {
namespace {

constexpr float drawn_reach = 3.3f, inner_reach = 1.7f;  // standard deviations
// Beyond this a Gaussian counts as that large: some at the back of a head are centimetres long.
constexpr float longest_reach = 20e-3f;
// Metres: what lies so much farther out than above its own anchor belongs to another fold of an ear or a collar.
constexpr float least_fold = 1e-3f;

// Sheets of the surface by shared vertices.
std::vector<int> sheets(const Triangles& triangles, Eigen::Index vertices) {
    std::vector<int> parent(static_cast<std::size_t>(vertices));
    std::iota(parent.begin(), parent.end(), 0);
    const auto root = [&](int v) {
        while (parent[std::size_t(v)] != v) v = parent[std::size_t(v)] = parent[std::size_t(parent[std::size_t(v)])];
        return v;
    };
    for (const Eigen::Vector3i& t : triangles)
        for (int k = 1; k < 3; ++k) parent[std::size_t(root(t[k]))] = root(t[0]);
    std::vector<int> sheet;
    sheet.reserve(triangles.size());
    for (const Eigen::Vector3i& t : triangles) sheet.push_back(root(t[0]));
    return sheet;
}

}  // namespace

SpaceCell space_cell(const Eigen::Vector3f& position, int dx, int dy, int dz) {
    const auto index = [](float x, int d) {
        constexpr float middle = 1 << 20;
        return SpaceCell(std::clamp(std::floor(x / space_cell_side) + float(d) + middle, 0.0f, 2 * middle - 1));
    };
    return index(position.x(), dx) | index(position.y(), dy) << 21 | index(position.z(), dz) << 42;
}

SplatCover::SplatCover(const PaintSurface& surface, const AnchoredSplats& splats)
    : surface_(surface),
      splats_(splats),
      sheet_(sheets(surface.avatar().triangles(), surface.avatar().neutral().cols())) {
    const Avatar& avatar = surface.avatar();
    SplatSet posed;
    deform(splats, splat_frames(avatar, splats, HeadPose::neutral(*avatar.model)), posed);
    mean_.resize(splats.count);
    covariance_.resize(splats.count);
    precision_.resize(splats.count);
    normal_.resize(splats.count);
    lift_.resize(splats.count);
    footprint_.resize(splats.count);
    made_.assign(splats.count, 0);
    parallel_for(splats.count, 1024, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            mean_[i] = Eigen::Vector3f::Map(&posed.means[3 * i]);
            const Eigen::Quaternionf q(posed.rotations[4 * i], posed.rotations[4 * i + 1], posed.rotations[4 * i + 2],
                                       posed.rotations[4 * i + 3]);
            const Eigen::Matrix3f axes = q.normalized().toRotationMatrix() *
                                         Eigen::Vector3f::Map(&posed.scales[3 * i]).asDiagonal().toDenseMatrix();
            covariance_[i] = axes * axes.transpose();
            // Thin ones are no thinner than this: a bend of the surface is no edge.
            constexpr float least = 0.3e-3f;
            precision_[i] = (covariance_[i] + least * least * Eigen::Matrix3f::Identity()).inverse();
            normal_[i] = surface.normal(splats.anchor[i]);
            lift_[i] = (mean_[i] - surface.position(splats.anchor[i])).norm();
        }
    });
    reaching_.reserve(splats.count / 4);
    for (std::size_t i = 0; i < splats.count; ++i) {
        // Half of the box around its ellipsoid.
        const Eigen::Vector3f reach = (drawn_reach * covariance_[i].diagonal().cwiseSqrt()).cwiseMin(longest_reach);
        const Eigen::Vector3f low = mean_[i] - reach, span = 2 * reach / space_cell_side;
        for (int z = 0; z <= int(span.z()) + 1; ++z)
            for (int y = 0; y <= int(span.y()) + 1; ++y)
                for (int x = 0; x <= int(span.x()) + 1; ++x) reaching_[space_cell(low, x, y, z)].push_back(int(i));
    }
}

const std::vector<int>& SplatCover::reaching(SpaceCell cell) const {
    const auto found = reaching_.find(cell);
    return found == reaching_.end() ? none_ : found->second;
}

const Footprint& SplatCover::footprint(std::size_t i) {
    if (made_[i]) return footprint_[i];
    const SurfacePoint& anchor = splats_.anchor[i];
    const SurfacePoint middle = surface_.walk(anchor, mean_[i] - surface_.position(anchor));
    const Eigen::Vector3f normal = surface_.normal(middle);
    Eigen::Vector3f tangent = normal.unitOrthogonal();
    Eigen::Matrix<float, 3, 2> basis;
    basis << tangent, normal.cross(tangent);
    const Eigen::Matrix2f flat = basis.transpose() * covariance_[i] * basis;
    const Eigen::SelfAdjointEigenSolver<Eigen::Matrix2f> axes(flat);
    const Eigen::Matrix<float, 3, 2> ways =
        basis * axes.eigenvectors() * axes.eigenvalues().cwiseMax(0.0f).cwiseSqrt().asDiagonal();
    Footprint& f = footprint_[i];
    const Avatar& avatar = surface_.avatar();
    f.atlas[0] = atlas_position(avatar, middle);
    const auto ring = [&](int first, int count, float reach) {
        for (int k = 0; k < count; ++k) {
            const float angle = 2 * float(M_PI) * float(k) / float(count);
            Eigen::Vector3f way = reach * (std::cos(angle) * ways.col(0) + std::sin(angle) * ways.col(1));
            if (way.norm() > longest_reach) way *= longest_reach / way.norm();
            f.atlas[std::size_t(first + k)] = atlas_position(avatar, surface_.walk(middle, way));
        }
    };
    ring(1, Footprint::inner, inner_reach);
    ring(1 + Footprint::inner, Footprint::outer, drawn_reach);
    made_[i] = 1;
    return f;
}

SeenSplats SplatCover::seen_at(const SurfacePoint& place) const {
    const Eigen::Vector3f at = surface_.position(place), normal = surface_.normal(place);
    struct Candidate {
        float weight, height;
        int splat;
    };
    std::vector<Candidate> candidates;
    const int sheet = sheet_[std::size_t(place.triangle)];
    for (const int i : reaching(space_cell(at))) {
        const std::size_t k = std::size_t(i);
        const int triangle = splats_.anchor[k].triangle;
        if (sheet_[std::size_t(triangle)] != sheet || normal_[k].dot(normal) <= 0) continue;
        Eigen::Vector3f way = at - mean_[k];
        const float height = -way.dot(normal);
        if (height > lift_[k] + least_fold) continue;
        way += height * normal;
        const float power = way.dot(precision_[k] * way);
        if (power > drawn_reach * drawn_reach) continue;
        const float opacity = 1 / (1 + std::exp(-splats_.opacity_logit[k]));
        candidates.push_back({opacity * std::exp(-0.5f * power), height, i});
    }
    SeenSplats seen;
    std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
        return a.weight != b.weight ? a.weight > b.weight : a.splat < b.splat;
    });
    if (candidates.empty() || candidates.front().weight < 0.05f) return seen;
    if (candidates.size() > SeenSplats::most) candidates.resize(SeenSplats::most);
    float sum = 0;
    for (const Candidate& c : candidates) sum += c.weight;
    seen.height = candidates.front().height;
    for (const Candidate& c : candidates) {
        const float w = c.weight / sum;
        seen.splat[std::size_t(seen.count)] = c.splat;
        seen.weight[std::size_t(seen.count++)] = w;
        if (w > 0.05f) seen.height = std::max(seen.height, c.height);
    }
    return seen;
}

}  // namespace likeness
