#include "core/tracking/surface_offsets.h"

#include <Eigen/LU>
#include <algorithm>
#include <limits>

namespace likeness {
namespace {

// Which vertices have offsets of their own; the others follow them.
bool is_skin(HeadRegion region) { return !is_eye(region) && !is_mouth(region) && region != HeadRegion::lashes; }

template <class List>
std::vector<int> landmark_vertices(const HeadModel& model, const List& list) {
    const std::vector<SurfacePoint>& on_head = model.landmarks(landmarks::scheme);
    std::vector<int> vertices;
    for (int i : list) {
        const Eigen::Vector3i& t = model.triangles[std::size_t(on_head[std::size_t(i)].triangle)];
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
    for (int v = 0; v < model.vertex_count(); ++v) {
        if (unknown[std::size_t(v)] >= 0) continue;
        const HeadRegion region = model.vertex_region[std::size_t(v)];
        if (region == HeadRegion::eye_right)
            offsets.col(v) = right_eye;
        else if (region == HeadRegion::eye_left)
            offsets.col(v) = left_eye;
        else if (region != HeadRegion::lashes)
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
    std::vector<float> weight(landmarks::face_count, 1.0f);
    for (int i : landmarks::face_oval) weight[std::size_t(i)] = 0.0f;  // slides: the outline takes care of it
    for (int i : landmarks::lips_outer) weight[std::size_t(i)] = 1.5f;
    for (int i : landmarks::lips_inner) weight[std::size_t(i)] = 1.5f;
    for (int i : landmarks::right_eye) weight[std::size_t(i)] = 1.5f;
    for (int i : landmarks::left_eye) weight[std::size_t(i)] = 1.5f;
    const std::vector<SurfacePoint>& on_head = model.landmarks(landmarks::scheme);
    std::vector<OffsetTarget> targets;
    for (int i = 0; i < landmarks::face_count; ++i) {
        if (weight[std::size_t(i)] == 0) continue;
        OffsetTarget target;
        target.point = on_head[std::size_t(i)];
        target.target = points[std::size_t(i)].head<2>();
        target.weight = weight[std::size_t(i)] / sigma;
        targets.push_back(target);
    }
    return targets;
}

OffsetSolver::OffsetSolver(const HeadModel& model, const OffsetOptions& options)
    : model_(model), options_(options), unknown_(std::size_t(model.vertex_count()), -1) {
    const int count = model.vertex_count();
    for (int v = 0; v < count; ++v)
        if (is_skin(model.vertex_region[std::size_t(v)])) {
            unknown_[std::size_t(v)] = int(vertex_.size());
            vertex_.push_back(v);
        }
    const int n = int(vertex_.size());
    const VertexGraph graph = vertex_graph(count, model.triangles);
    std::vector<Eigen::Triplet<float>> entries;
    for (int i = 0; i < n; ++i) {
        const int v = vertex_[std::size_t(i)];
        int degree = 0;
        for (int e = graph.first[std::size_t(v)]; e < graph.first[std::size_t(v) + 1]; ++e)
            degree += unknown_[std::size_t(graph.neighbours[std::size_t(e)])] >= 0;
        entries.emplace_back(i, i, degree ? 1.0f : 0.0f);
        for (int e = graph.first[std::size_t(v)]; e < graph.first[std::size_t(v) + 1]; ++e) {
            const int other = unknown_[std::size_t(graph.neighbours[std::size_t(e)])];
            if (other >= 0) entries.emplace_back(i, other, -1.0f / float(degree));
        }
    }
    Eigen::SparseMatrix<float> laplacian(n, n);
    laplacian.setFromTriplets(entries.begin(), entries.end());
    smooth_ = options.stiffness * Eigen::SparseMatrix<float>(laplacian.transpose() * laplacian);
    factors_.analyzePattern(smooth_);
}

Vertices OffsetSolver::solve(const PersonalHead& bare, const HeadFit& fit, const std::vector<OffsetTarget>& targets) {
    constexpr float mm = 1e-3f;
    const int count = model_.vertex_count(), n = int(vertex_.size());
    const Vertices start = fit.offsets.size() ? fit.offsets : Vertices::Zero(3, count);
    PersonalHead person = bare;
    person.vertices += start;
    const PosedHead posed = pose_head(model_, person, fit.pose);
    const Eigen::Matrix3f turn = fit.camera.world_to_camera.topLeftCorner<3, 3>();
    // Offsets in the camera's axes, millimetres. The picture says nothing of its depth axis, and along the other two
    // the same system holds: one factorization, two right sides.
    const auto to_camera = [&](int v) -> Eigen::Matrix3f { return turn * skinning_rotation(model_, posed, v); };
    Eigen::Matrix3Xf whole(3, n);
    for (int i = 0; i < n; ++i) {
        const int v = vertex_[std::size_t(i)];
        whole.col(i) = to_camera(v) * start.col(v) / mm;
    }

    // Unknowns are the whole offsets, so smoothness counts from zero and not from where the solve starts.
    Eigen::SparseMatrix<float> matrix = smooth_;
    matrix.diagonal().array() += options_.weight;
    Eigen::MatrixX2f right = Eigen::MatrixX2f::Zero(n, 2);
    for (const OffsetTarget& target : targets) {
        const Eigen::Vector3i& t = model_.triangles[std::size_t(target.point.triangle)];
        const Eigen::Vector3f p = surface_position(posed.vertices, model_.triangles, target.point);
        float depth = 0;
        const Eigen::Vector2f missing = target.target - fit.camera.project(p, &depth);
        const float millimetres = depth / (fit.camera.fx * mm);  // a pixel
        Eigen::Vector2f want = missing * millimetres;
        for (int k = 0; k < 3; ++k)
            if (const int i = unknown_[std::size_t(t[k])]; i >= 0) want += target.point.barycentric[k] * whole.col(i).head<2>();
        const float weight = (target.weight / millimetres) * (target.weight / millimetres);
        for (int k = 0; k < 3; ++k) {
            const int row = unknown_[std::size_t(t[k])];
            if (row < 0) continue;
            const float w = weight * target.point.barycentric[k];
            right.row(row) += w * want.transpose();
            for (int l = 0; l < 3; ++l)
                if (const int column = unknown_[std::size_t(t[l])]; column >= 0)
                    matrix.coeffRef(row, column) += w * target.point.barycentric[l];
        }
    }
    factors_.factorize(matrix);
    const Eigen::MatrixX2f solution = factors_.solve(right);

    Vertices offsets = Vertices::Zero(3, count);
    if (!solution.allFinite()) return start;
    for (int i = 0; i < n; ++i) {
        const int v = vertex_[std::size_t(i)];
        const Eigen::Vector3f in_camera(solution(i, 0), solution(i, 1), whole(2, i));
        offsets.col(v) = to_camera(v).inverse() * in_camera * mm;
    }
    move_followers(model_, unknown_, offsets);
    return offsets;
}

OffsetParts split_offsets(const HeadModel& model, const HeadFit& fit) {
    // Standard deviations: a face differs from its fitted identity by 2 mm, an expression from the model's by a fifth
    // of its motion. Their variances share the difference.
    constexpr float face_sigma = 0.002f, expression_share = 0.2f;
    HeadPose rest = fit.pose;
    rest.controls.setZero();
    const PersonalHead person = personalise(model, fit.identity);
    const Vertices moved = pose_head(model, person, fit.pose).vertices - pose_head(model, person, rest).vertices;
    OffsetParts parts;
    parts.face = fit.offsets;
    std::vector<int> unknown(std::size_t(model.vertex_count()), -1);
    for (int v = 0; v < model.vertex_count(); ++v) {
        if (!is_skin(model.vertex_region[std::size_t(v)])) continue;
        unknown[std::size_t(v)] = v;
        const float face = face_sigma * face_sigma,
                    expression = expression_share * expression_share * moved.col(v).squaredNorm();
        parts.face.col(v) *= face / (face + expression);
    }
    move_followers(model, unknown, parts.face);
    parts.expression = fit.offsets - parts.face;
    return parts;
}

}  // namespace likeness
