#include "core/avatar/surface_sampling.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <random>

namespace likeness {
namespace {

// Points in cells of one size: a table of lists, reached by hashing. Cells that share an entry only cost time.
struct Level {
    static constexpr std::size_t entries = std::size_t(1) << 18;
    float cell = 0;
    std::vector<int> first = std::vector<int>(entries, -1);
    static std::size_t entry(int x, int y, int z) {
        const std::uint32_t h = std::uint32_t(x) * 73856093u ^ std::uint32_t(y) * 19349663u ^ std::uint32_t(z) * 83492791u;
        return (h ^ h >> 15) & (entries - 1);
    }
    Eigen::Vector3i of(const Eigen::Vector3f& p) const { return (p / cell).array().floor().cast<int>(); }
};

}  // namespace

std::vector<SurfacePoint> sample_surface(const Vertices& vertices, const Triangles& triangles,
                                         const std::vector<float>& spacing, std::uint64_t seed) {
    // Candidates: several times what fits, spread over the triangles by area over spacing squared.
    constexpr double candidates_a_disk = 6.0;
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
    // Cells as wide as the largest spacing would hold many points where spacing is fine: one set of cells a power of two
    // of the spacing, and a look into all of them.
    std::vector<Level> levels;
    std::vector<int> level_of(triangles.size(), -1);
    for (std::size_t t = 0; t < triangles.size(); ++t) {
        if (!(spacing[t] > 0)) continue;
        const std::size_t level = std::size_t(std::max(0.0f, std::floor(std::log2(largest / spacing[t]))));
        while (levels.size() <= level) {
            levels.emplace_back();
            levels.back().cell = 2 * largest / float(1u << (levels.size() - 1));
        }
        level_of[t] = int(level);
    }
    std::vector<Eigen::Vector3f> positions;
    std::vector<int> next;  // in the list of the point's entry
    for (const Candidate& candidate : candidates) {
        const Eigen::Vector3f p = surface_position(vertices, triangles, candidate.point);
        const std::size_t t = std::size_t(candidate.point.triangle);
        const float radius = spacing[t];
        bool free = true;
        for (const Level& level : levels) {
            const Eigen::Vector3i low = level.of(p - Eigen::Vector3f::Constant(radius)),
                                  high = level.of(p + Eigen::Vector3f::Constant(radius));
            for (int z = low.z(); z <= high.z() && free; ++z)
                for (int y = low.y(); y <= high.y() && free; ++y)
                    for (int x = low.x(); x <= high.x() && free; ++x)
                        for (int other = level.first[Level::entry(x, y, z)]; other >= 0; other = next[std::size_t(other)]) {
                            const float apart =
                                std::min(radius, spacing[std::size_t(kept[std::size_t(other)].triangle)]);
                            if ((positions[std::size_t(other)] - p).squaredNorm() < apart * apart) {
                                free = false;
                                break;
                            }
                        }
            if (!free) break;
        }
        if (!free) continue;
        Level& own = levels[std::size_t(level_of[t])];
        const Eigen::Vector3i cell = own.of(p);
        int& head = own.first[Level::entry(cell.x(), cell.y(), cell.z())];
        next.push_back(head);
        head = int(kept.size());
        kept.push_back(candidate.point);
        positions.push_back(p);
    }
    return kept;
}

}  // namespace likeness
