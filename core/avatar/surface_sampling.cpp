#include "core/avatar/surface_sampling.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <random>

#include "core/base/parallel.h"

namespace likeness {
namespace {

// The points kept so far. Cells as wide as the largest spacing would hold many points where spacing is fine: one set of
// cells a power of two of the spacing, and a look into all of them.
class Grid {
  public:
    Grid(const Triangles& triangles, const std::vector<float>& spacing, float largest)
        : spacing_(spacing), level_of_(triangles.size(), -1) {
        for (std::size_t t = 0; t < triangles.size(); ++t) {
            if (!(spacing[t] > 0)) continue;
            const std::size_t level = std::size_t(std::max(0.0f, std::floor(std::log2(largest / spacing[t]))));
            while (levels_.size() <= level) {
                levels_.emplace_back();
                levels_.back().cell = 2 * largest / float(1u << (levels_.size() - 1));
            }
            level_of_[t] = int(level);
        }
    }

    // No point kept after the first `from` ones is nearer than the spacing of both.
    bool free(const Eigen::Vector3f& p, int triangle, std::size_t from) const {
        const float radius = spacing_[std::size_t(triangle)];
        // Most that is not free lies near a point of its own kind.
        const std::size_t own = std::size_t(level_of_[std::size_t(triangle)]);
        for (std::size_t k = 0; k < levels_.size(); ++k) {
            const Level& level = levels_[k == 0 ? own : k <= own ? k - 1 : k];
            const Eigen::Vector3i low = level.of(p - Eigen::Vector3f::Constant(radius)),
                                  high = level.of(p + Eigen::Vector3f::Constant(radius));
            for (int z = low.z(); z <= high.z(); ++z)
                for (int y = low.y(); y <= high.y(); ++y)
                    for (int x = low.x(); x <= high.x(); ++x)
                        // An entry's list begins with its latest point.
                        for (int other = level.first[Level::entry(x, y, z)]; other >= int(from);) {
                            const Point& point = points_[std::size_t(other)];
                            const float apart = std::min(radius, point.spacing);
                            if ((point.position - p).squaredNorm() < apart * apart) return false;
                            other = point.next;
                        }
        }
        return true;
    }

    void add(const Eigen::Vector3f& p, int triangle) {
        Level& level = levels_[std::size_t(level_of_[std::size_t(triangle)])];
        const Eigen::Vector3i cell = level.of(p);
        int& head = level.first[Level::entry(cell.x(), cell.y(), cell.z())];
        points_.push_back({p, spacing_[std::size_t(triangle)], head});
        head = int(points_.size()) - 1;
    }

  private:
    // Points in cells of one size: a table of lists, reached by hashing. Cells that share an entry only cost time.
    struct Level {
        static constexpr std::size_t entries = std::size_t(1) << 18;
        float cell = 0;
        std::vector<int> first = std::vector<int>(entries, -1);
        static std::size_t entry(int x, int y, int z) {
            const std::uint32_t h =
                std::uint32_t(x) * 73856093u ^ std::uint32_t(y) * 19349663u ^ std::uint32_t(z) * 83492791u;
            return (h ^ h >> 15) & (entries - 1);
        }
        Eigen::Vector3i of(const Eigen::Vector3f& p) const { return (p / cell).array().floor().cast<int>(); }
    };
    struct Point {
        Eigen::Vector3f position;
        float spacing;
        int next;  // in the list of the point's entry
    };

    const std::vector<float>& spacing_;
    std::vector<int> level_of_;  // of each triangle's points
    std::vector<Level> levels_;
    std::vector<Point> points_;
};

}  // namespace

std::vector<SurfacePoint> sample_surface(const Vertices& vertices, const Triangles& triangles,
                                         const std::vector<float>& spacing, std::uint64_t seed,
                                         const std::vector<float>* presence) {
    // Candidates: several times what fits, spread over the triangles by area over spacing squared.
    constexpr double candidates_a_disk = 6.0;
    std::mt19937_64 random(seed);
    const auto uniform = [&random] { return float(random() >> 40) * 0x1p-24f; };  // the same on every platform
    std::vector<SurfacePoint> candidates;
    std::vector<std::uint64_t> order;  // a random number, then the candidate
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
            const std::uint64_t turn = random() & 0xffffffffu;
            const SurfacePoint point{int(t), {1 - r, r * (1 - s), r * s}};
            if (presence && !(surface_value(*presence, triangles, point) > 0.5f)) continue;
            order.push_back(turn << 32 | candidates.size());
            candidates.push_back(point);
        }
    }
    std::sort(order.begin(), order.end());

    std::vector<SurfacePoint> kept;
    if (largest == 0) return kept;
    Grid grid(triangles, spacing, largest);
    // Who comes first stays. Whether a candidate is free of those kept before its block can be asked for a whole block
    // at once; the few that remain are then asked in turn about each other. The result is that of asking all in turn.
    constexpr std::size_t block = 16384;
    struct Asked {
        Eigen::Vector3f position;
        bool free;
    };
    std::vector<Asked> asked(std::min(block, order.size()));
    for (std::size_t first = 0; first < order.size(); first += block) {
        const std::size_t count = std::min(block, order.size() - first);
        const std::size_t before = kept.size();
        parallel_for(count, 512, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                const SurfacePoint& candidate = candidates[order[first + i] & 0xffffffffu];
                asked[i].position = surface_position(vertices, triangles, candidate);
                asked[i].free = grid.free(asked[i].position, candidate.triangle, 0);
            }
        });
        for (std::size_t i = 0; i < count; ++i) {
            const SurfacePoint& candidate = candidates[order[first + i] & 0xffffffffu];
            if (!asked[i].free || !grid.free(asked[i].position, candidate.triangle, before)) continue;
            grid.add(asked[i].position, candidate.triangle);
            kept.push_back(candidate);
        }
    }
    return kept;
}

}  // namespace likeness
