#include "core/tracking/surface_offsets.h"

#include <Eigen/Sparse>
#include <Eigen/SparseCholesky>
#include <algorithm>
#include <limits>

#include "core/tracking/landmark_groups.h"

namespace likeness {
namespace {

bool is_skin(const std::string& region) {
    for (const char* other : {"eye_left", "eye_right", "teeth_upper", "teeth_lower", "gums_upper", "gums_lower",
                              "tongue", "lashes", "mouth_bag"})
        if (region == other) return false;
    return true;
}

template <class List>
std::vector<int> landmark_vertices(const HeadModel& model, const List& list) {
    std::vector<int> vertices;
    for (int i : list) {
        const Eigen::Vector3i& t = model.triangles[std::size_t(model.landmarks[std::size_t(i)].triangle)];
        vertices.insert(vertices.end(), t.data(), t.data() + 3);
    }
    return vertices;
}

Eigen::Vector3f mean_offset(const Vertices& offsets, const std::vector<int>& vertices) {
    Eigen::Vector3f sum = Eigen::Vector3f::Zero();
    for (int v : vertices) sum += offsets.col(v);
    return vertices.empty() ? sum : Eigen::Vector3f(sum / float(vertices.size()));
}

// Eyes move with their lids, the mouth's inside with the lips, lashes with the nearest skin.
void move_followers(const HeadModel& model, const std::vector<int>& unknown, Vertices& offsets) {
    const Eigen::Vector3f right_eye = mean_offset(offsets, landmark_vertices(model, landmarks::right_eye));
    const Eigen::Vector3f left_eye = mean_offset(offsets, landmark_vertices(model, landmarks::left_eye));
    const Eigen::Vector3f mouth = mean_offset(offsets, landmark_vertices(model, landmarks::lips_outer));
    const int eye_right = model.region("eye_right"), eye_left = model.region("eye_left"), lashes = model.region("lashes");
    for (int v = 0; v < model.vertex_count(); ++v) {
        if (unknown[std::size_t(v)] >= 0) continue;
        const int region = model.vertex_region[std::size_t(v)];
        if (region == eye_right)
            offsets.col(v) = right_eye;
        else if (region == eye_left)
            offsets.col(v) = left_eye;
        else if (region != lashes)
            offsets.col(v) = mouth;
        else {
            float best = std::numeric_limits<float>::max();
            for (int s = 0; s < model.vertex_count(); ++s) {
                if (unknown[std::size_t(s)] < 0) continue;
                const float d = (model.vertices.col(s) - model.vertices.col(v)).squaredNorm();
                if (d < best) {
                    best = d;
                    offsets.col(v) = offsets.col(s);
                }
            }
        }
    }
}

}  // namespace

std::vector<OffsetTarget> landmark_targets(const HeadModel& model, const LandmarkPoints& points) {
    const float sigma = 0.005f * iris_distance(points);  // about the detector's repeatability
    std::vector<float> weight(468, 1.0f);
    for (int i : landmarks::face_oval) weight[std::size_t(i)] = 0.0f;  // slides: the outline takes care of it
    for (int i : landmarks::lips_outer) weight[std::size_t(i)] = 1.5f;
    for (int i : landmarks::lips_inner) weight[std::size_t(i)] = 1.5f;
    for (int i : landmarks::right_eye) weight[std::size_t(i)] = 1.5f;
    for (int i : landmarks::left_eye) weight[std::size_t(i)] = 1.5f;
    std::vector<OffsetTarget> targets;
    for (int i = 0; i < 468; ++i) {
        if (weight[std::size_t(i)] == 0) continue;
        OffsetTarget target;
        target.point = model.landmarks[std::size_t(i)];
        target.target = points[std::size_t(i)].head<2>();
        target.weight = Eigen::Matrix2f::Identity() * (weight[std::size_t(i)] / sigma);
        targets.push_back(target);
    }
    return targets;
}

Vertices solve_offsets(const HeadModel& model, const HeadFit& fit, const std::vector<OffsetTarget>& targets,
                       const OffsetOptions& options) {
    constexpr float mm = 1e-3f;
    const int count = model.vertex_count();
    std::vector<int> unknown(std::size_t(count), -1), vertex;
    for (int v = 0; v < count; ++v)
        if (is_skin(model.region_names[model.vertex_region[std::size_t(v)]])) {
            unknown[std::size_t(v)] = int(vertex.size());
            vertex.push_back(v);
        }
    const int n = int(vertex.size());

    const Vertices start = fit.offsets.size() ? fit.offsets : Vertices::Zero(3, count);
    const PosedHead posed = pose_head(model, personalise(model, fit.identity, &start), fit.pose);

    // Laplacian part, one coordinate: stiffness L^T L + weight I.
    const VertexGraph graph = vertex_graph(count, model.triangles);
    std::vector<Eigen::Triplet<float>> entries;
    for (int i = 0; i < n; ++i) {
        const int v = vertex[std::size_t(i)];
        int degree = 0;
        for (int e = graph.first[std::size_t(v)]; e < graph.first[std::size_t(v) + 1]; ++e)
            degree += unknown[std::size_t(graph.neighbours[std::size_t(e)])] >= 0;
        if (degree == 0) continue;
        entries.emplace_back(i, i, 1.0f);
        for (int e = graph.first[std::size_t(v)]; e < graph.first[std::size_t(v) + 1]; ++e) {
            const int other = unknown[std::size_t(graph.neighbours[std::size_t(e)])];
            if (other >= 0) entries.emplace_back(i, other, -1.0f / float(degree));
        }
    }
    Eigen::SparseMatrix<float> laplacian(n, n);
    laplacian.setFromTriplets(entries.begin(), entries.end());
    const Eigen::SparseMatrix<float> smooth = laplacian.transpose() * laplacian;

    std::vector<Eigen::Triplet<float>> system;
    for (int k = 0; k < smooth.outerSize(); ++k)
        for (Eigen::SparseMatrix<float>::InnerIterator it(smooth, k); it; ++it)
            for (int a = 0; a < 3; ++a)
                system.emplace_back(int(3 * it.row() + a), int(3 * it.col() + a), options.stiffness * it.value());
    for (int i = 0; i < 3 * n; ++i) system.emplace_back(i, i, options.weight);
    // Unknowns are the whole offsets, so smoothness counts from zero and not from where the solve starts.
    Eigen::VectorXf right = Eigen::VectorXf::Zero(3 * n);
    for (const OffsetTarget& target : targets) {
        const Eigen::Vector3i& t = model.triangles[std::size_t(target.point.triangle)];
        const Eigen::Vector3f p = surface_position(posed.vertices, model.triangles, target.point);
        const Eigen::Vector3f q = fit.camera.world_to_camera.topLeftCorner<3, 3>() * p +
                                  fit.camera.world_to_camera.topRightCorner<3, 1>();
        const float iz = 1 / q.z(), f = fit.camera.fx;
        Eigen::Matrix<float, 2, 3> by_world;
        by_world << f * iz, 0, -f * q.x() * iz * iz, 0, f * iz, -f * q.y() * iz * iz;
        by_world = target.weight * by_world * fit.camera.world_to_camera.topLeftCorner<3, 3>();
        Eigen::Vector2f want = target.weight * (target.target - fit.camera.project(p));
        std::array<Eigen::Matrix<float, 2, 3>, 3> block;
        for (int k = 0; k < 3; ++k) {
            block[std::size_t(k)] =
                by_world * skinning_rotation(model, posed, t[k]) * (target.point.barycentric[k] * mm);
            want += block[std::size_t(k)] * start.col(t[k]) / mm;
        }
        for (int k = 0; k < 3; ++k) {
            const int row = unknown[std::size_t(t[k])];
            if (row < 0) continue;
            right.segment<3>(3 * row) += block[std::size_t(k)].transpose() * want;
            for (int l = 0; l < 3; ++l) {
                const int column = unknown[std::size_t(t[l])];
                if (column < 0) continue;
                const Eigen::Matrix3f m = block[std::size_t(k)].transpose() * block[std::size_t(l)];
                for (int a = 0; a < 3; ++a)
                    for (int b = 0; b < 3; ++b) system.emplace_back(3 * row + a, 3 * column + b, m(a, b));
            }
        }
    }
    Eigen::SparseMatrix<float> matrix(3 * n, 3 * n);
    matrix.setFromTriplets(system.begin(), system.end());
    Eigen::SimplicialLDLT<Eigen::SparseMatrix<float>> solver(matrix);
    const Eigen::VectorXf solution = solver.solve(right);

    Vertices offsets = Vertices::Zero(3, count);
    if (!solution.allFinite()) return start;
    for (int i = 0; i < n; ++i) offsets.col(vertex[std::size_t(i)]) = solution.segment<3>(3 * i) * mm;
    move_followers(model, unknown, offsets);
    return offsets;
}

}  // namespace likeness
