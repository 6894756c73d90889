#include "core/maps/map_places.h"

#include <Eigen/Geometry>
#include <Eigen/LU>
#include <algorithm>
#include <limits>
#include <numeric>

#include "core/avatar/deform.h"
#include "core/base/parallel.h"
#include "core/geometry/mesh_raster.h"
#include "core/geometry/uv_grid.h"

namespace likeness {
namespace {

constexpr int rounds = 6;
constexpr float loose_beyond = 5e-4f;  // metres of tangential offset that no other anchor took away
constexpr float longest_step = 0.05f;  // of the atlas, a round

struct SplatFrame {
    Eigen::Vector3f origin;
    Eigen::Matrix3f axes;
};
SplatFrame splat_frame_of(const SplatFrames& frames, std::size_t i) {
    const float* const from = frames.values.data() + frame_floats * i;
    return {{from[0], from[1], from[2]}, Eigen::Map<const Eigen::Matrix<float, 3, 3, Eigen::RowMajor>>(from + 3)};
}

Eigen::Quaternionf rotation_of(const AnchoredSplats& s, std::size_t i) {
    const float* const q = s.rotation.data() + 4 * i;
    return Eigen::Quaternionf(q[0], q[1], q[2], q[3]).normalized();
}

// How far on the atlas a step along the surface goes.
Eigen::Vector2f atlas_step(const Avatar& avatar, int triangle, const Eigen::Vector3f& step) {
    const Eigen::Vector3i& at = avatar.triangles()[std::size_t(triangle)];
    const Eigen::Vector3i& on = avatar.triangle_uv()[std::size_t(triangle)];
    Eigen::Matrix<float, 3, 2> edges;
    Eigen::Matrix2f on_atlas;
    for (int k = 0; k < 2; ++k) {
        edges.col(k) = avatar.neutral().col(at[k + 1]) - avatar.neutral().col(at[0]);
        on_atlas.col(k) = avatar.uv()[std::size_t(on[k + 1])] - avatar.uv()[std::size_t(on[0])];
    }
    const Eigen::Matrix2f square = edges.transpose() * edges;
    if (!(square.determinant() > 1e-24f)) return Eigen::Vector2f::Zero();
    const Eigen::Vector2f moved = on_atlas * (square.inverse() * (edges.transpose() * step));
    const float length = moved.norm();
    return length > longest_step ? Eigen::Vector2f(longest_step / length * moved) : moved;
}

}  // namespace

AtlasCharts atlas_charts(const Avatar& avatar) {
    std::vector<int> parent(avatar.uv().size());
    std::iota(parent.begin(), parent.end(), 0);
    const auto root = [&](int v) {
        while (parent[std::size_t(v)] != v) v = parent[std::size_t(v)] = parent[std::size_t(parent[std::size_t(v)])];
        return v;
    };
    for (const Eigen::Vector3i& t : avatar.triangle_uv())
        for (int k = 1; k < 3; ++k) parent[std::size_t(root(t[k]))] = root(t[0]);
    AtlasCharts charts;
    std::vector<int> number(parent.size(), -1);
    for (const Eigen::Vector3i& t : avatar.triangle_uv()) {
        int& chart = number[std::size_t(root(t[0]))];
        if (chart < 0) chart = charts.count++;
        charts.of_triangle.push_back(chart);
    }
    return charts;
}

std::vector<std::uint16_t> texel_charts(const Avatar& avatar, const AtlasCharts& charts, int side) {
    const std::size_t square = std::size_t(side) * std::size_t(side);
    std::vector<std::uint16_t> chart(square * std::size_t(map_squares(avatar)), no_chart);
    const auto head_triangles = std::ptrdiff_t(avatar.model->triangles.size());
    const Triangles of_head(avatar.triangle_uv().begin(), avatar.triangle_uv().begin() + head_triangles);
    const MeshBuffer covered = rasterize_uv(avatar.uv(), of_head, side);
    std::vector<std::uint32_t> border;
    for (std::size_t i = 0; i < square; ++i)
        if (covered.triangle[i] >= 0) {
            chart[i] = std::uint16_t(charts.of_triangle[std::size_t(covered.triangle[i])]);
            border.push_back(std::uint32_t(i));
        }
    for (int ring = 0; ring < std::max(4, side / 64); ++ring) {
        std::vector<std::uint32_t> next;
        for (const std::uint32_t i : border) {
            const int x = int(i) % side, y = int(i) / side;
            const auto reach = [&](int nx, int ny) {
                if (nx < 0 || ny < 0 || nx >= side || ny >= side) return;
                const std::size_t to = std::size_t(ny) * std::size_t(side) + std::size_t(nx);
                if (chart[to] != no_chart) return;
                chart[to] = chart[i];
                next.push_back(std::uint32_t(to));
            };
            reach(x - 1, y);
            reach(x + 1, y);
            reach(x, y - 1);
            reach(x, y + 1);
        }
        border.swap(next);
    }
    if (chart.size() > square) std::fill(chart.begin() + std::ptrdiff_t(square), chart.end(), charts.of_triangle.back());
    return chart;
}

MapPlaces map_places(const Avatar& avatar) {
    const HeadPose neutral = HeadPose::neutral(*avatar.model);
    AnchoredSplats trial = *avatar.splats;
    MapPlaces places{trial, std::vector<unsigned char>(trial.count, 0)};
    AnchoredSplats& best = places.splats;
    const UvGrid grid(avatar.uv(), avatar.triangle_uv(), 2);
    std::vector<Eigen::Vector3f> position(trial.count);
    std::vector<Eigen::Quaternionf> rotation(trial.count);
    std::vector<float> beside(trial.count, std::numeric_limits<float>::max());
    for (int round = 0; round <= rounds; ++round) {
        const SplatFrames frames = splat_frames(avatar, trial, neutral);
        parallel_for(trial.count, 1024, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                const SplatFrame frame = splat_frame_of(frames, i);
                if (round == 0) {
                    position[i] = frame.origin +
                                  frame.axes * Eigen::Map<const Eigen::Vector3f>(avatar.splats->offset.data() + 3 * i);
                    rotation[i] = Eigen::Quaternionf(frame.axes) * rotation_of(*avatar.splats, i);
                }
                const Eigen::Vector3f offset = frame.axes.transpose() * (position[i] - frame.origin);
                const float tangential = offset.head<2>().norm();
                if (tangential < beside[i]) {
                    beside[i] = tangential;
                    best.atlas[i] = trial.atlas[i];
                    best.anchor[i] = trial.anchor[i];
                    Eigen::Map<Eigen::Vector3f>(best.offset.data() + 3 * i) = offset;
                    const Eigen::Quaternionf q = Eigen::Quaternionf(frame.axes).conjugate() * rotation[i];
                    Eigen::Map<Eigen::Vector4f>(best.rotation.data() + 4 * i) << q.w(), q.x(), q.y(), q.z();
                }
                if (round == rounds) continue;
                Eigen::Vector2f to = trial.atlas[i] + atlas_step(avatar, trial.anchor[i].triangle,
                                                                 frame.axes.leftCols<2>() * offset.head<2>());
                if (avatar.splats->atlas[i].x() >= 1) {
                    if (to.x() < 1) to.x() += 1;
                    if (to.x() >= 2) to.x() -= 1;
                    to.y() = std::clamp(to.y(), 0.0f, 1.0f);
                } else {
                    to = to.cwiseMax(0.0f).cwiseMin(0.9999f);
                }
                trial.anchor[i] = grid.locate(to);
                trial.atlas[i] = atlas_position(avatar, trial.anchor[i]);
            }
        });
    }
    for (std::size_t i = 0; i < trial.count; ++i) {
        if (beside[i] <= loose_beyond) {
            best.offset[3 * i] = best.offset[3 * i + 1] = 0;
            continue;
        }
        places.loose[i] = 1;
        best.atlas[i] = avatar.splats->atlas[i];
        best.anchor[i] = avatar.splats->anchor[i];
        std::copy_n(avatar.splats->offset.data() + 3 * i, 3, best.offset.data() + 3 * i);
        std::copy_n(avatar.splats->rotation.data() + 4 * i, 4, best.rotation.data() + 4 * i);
    }
    return places;
}

}  // namespace likeness
