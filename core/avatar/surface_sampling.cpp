#include "core/avatar/surface_sampling.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <random>
#include <unordered_map>

namespace likeness {
namespace {

struct CellKey {
    int x, y, z;
    bool operator==(const CellKey&) const = default;
};
struct CellHash {
    std::size_t operator()(const CellKey& k) const {
        return std::size_t(k.x) * 73856093u ^ std::size_t(k.y) * 19349663u ^ std::size_t(k.z) * 83492791u;
    }
};

}  // namespace

std::vector<SurfacePoint> sample_surface(const Vertices& vertices, const Triangles& triangles,
                                         const std::vector<float>& spacing, std::uint64_t seed) {
    // Candidates: a dozen times what fits, spread over the triangles by area over spacing squared.
    constexpr double candidates_a_disk = 9.0;
    std::mt19937_64 random(seed);
    const auto uniform = [&random] { return float(random() >> 40) * 0x1p-24f; };  // the same on every platform
    struct Candidate {
        SurfacePoint point;
        std::uint32_t order;
    };
    std::vector<Candidate> candidates;
    float largest = 0;
    for (std::size_t t = 0; t < triangles.size(); ++t) {
        if (!(spacing[t] > 0)) continue;
        largest = std::max(largest, spacing[t]);
        const Eigen::Vector3f a = vertices.col(triangles[t][0]);
        const float area = 0.5f * (vertices.col(triangles[t][1]) - a).cross(vertices.col(triangles[t][2]) - a).norm();
        const double wanted = candidates_a_disk * double(area) / (double(spacing[t]) * double(spacing[t]));
        int n = int(wanted);
        n += double(uniform()) < wanted - n;
        for (int i = 0; i < n; ++i) {
            const float r = std::sqrt(uniform()), s = uniform();
            candidates.push_back({{int(t), {1 - r, r * (1 - s), r * s}}, std::uint32_t(random())});
        }
    }
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.order < b.order; });

    std::vector<SurfacePoint> kept;
    if (largest == 0) return kept;
    // A hash grid with cells as wide as the largest spacing holds few points where spacing is fine: use one grid a
    // power of two of the spacing, and look in all of them.
    struct Level {
        float cell = 0;
        std::unordered_map<CellKey, std::vector<int>, CellHash> cells;
    };
    std::vector<Level> levels;
    std::vector<int> level_of(triangles.size(), -1);
    for (std::size_t t = 0; t < triangles.size(); ++t) {
        if (!(spacing[t] > 0)) continue;
        const std::size_t level = std::size_t(std::max(0.0f, std::floor(std::log2(largest / spacing[t]))));
        while (levels.size() <= level) levels.push_back({largest / float(1u << levels.size()), {}});
        level_of[t] = int(level);
    }
    std::vector<Eigen::Vector3f> positions;
    const auto key = [](const Eigen::Vector3f& p, float cell) {
        return CellKey{int(std::floor(p.x() / cell)), int(std::floor(p.y() / cell)), int(std::floor(p.z() / cell))};
    };
    for (const Candidate& candidate : candidates) {
        const Eigen::Vector3f p = surface_position(vertices, triangles, candidate.point);
        const std::size_t t = std::size_t(candidate.point.triangle);
        const float radius = spacing[t];
        bool free = true;
        for (const Level& level : levels) {
            if (level.cells.empty()) continue;
            const CellKey low = key(p - Eigen::Vector3f::Constant(radius), level.cell);
            const CellKey high = key(p + Eigen::Vector3f::Constant(radius), level.cell);
            for (int z = low.z; z <= high.z && free; ++z)
                for (int y = low.y; y <= high.y && free; ++y)
                    for (int x = low.x; x <= high.x && free; ++x) {
                        const auto it = level.cells.find({x, y, z});
                        if (it == level.cells.end()) continue;
                        for (int other : it->second) {
                            const float apart = std::min(
                                radius, spacing[std::size_t(kept[std::size_t(other)].triangle)]);
                            if ((positions[std::size_t(other)] - p).squaredNorm() < apart * apart) {
                                free = false;
                                break;
                            }
                        }
                    }
            if (!free) break;
        }
        if (!free) continue;
        Level& own = levels[std::size_t(level_of[t])];
        own.cells[key(p, own.cell)].push_back(int(kept.size()));
        kept.push_back(candidate.point);
        positions.push_back(p);
    }
    return kept;
}

}  // namespace likeness
