#include "core/avatar/hair_hang.h"

#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <limits>

#include "core/avatar/hair_shell.h"

namespace likeness {
namespace {

constexpr float lies = 0.02f, hangs_free = 0.045f;  // metres from the torso to the hair's nearest
constexpr float there = 0.5f;                       // of how much hair there is
constexpr float nearness = 1.5f;                    // of the torso, over the distance from the ears
constexpr int blend_rounds = 6;                     // over neighbouring columns

float smooth_step(float low, float high, float x) {
    const float t = std::clamp((x - low) / (high - low), 0.0f, 1.0f);
    return t * t * (3 - 2 * t);
}

// Metres from the torso's surface; 0 inside. Infinity without a torso.
float above_torso(const Vertices& surface, const Vertices& normals, const std::vector<int>& torso,
                  const Eigen::Vector3f& p) {
    float nearest = std::numeric_limits<float>::infinity();
    int at = -1;
    for (const int v : torso)
        if (const float square = (surface.col(v) - p).squaredNorm(); square < nearest) {
            nearest = square;
            at = v;
        }
    if (at >= 0 && (p - surface.col(at)).dot(normals.col(at)) < 0) return 0;
    return std::sqrt(nearest);
}

}  // namespace

Eigen::MatrixXf hanging_weights(const HeadModel& model, const PersonalHead& person, const Vertices& shell,
                                const std::vector<float>& hair) {
    std::vector<int> torso;
    float lobes = std::numeric_limits<float>::infinity();
    for (int v = 0; v < model.vertex_count(); ++v) {
        const HeadRegion region = model.vertex_region[std::size_t(v)];
        if (region == HeadRegion::torso) torso.push_back(v);
        if (is_ear(region)) lobes = std::min(lobes, person.vertices(1, v));
    }
    const float ears = person.joint_position(1, model.joints.head);  // the joint lies between them
    if (!std::isfinite(lobes)) lobes = ears;
    const Vertices normals = vertex_normals(person.vertices, model.triangles);

    std::vector<float> above(hair.size(), std::numeric_limits<float>::infinity());
    std::array<float, hair_columns> lying{};  // of each column: 1 where its hair lies on the torso
    std::array<bool, hair_columns> known{};
    for (int column = 0; column < hair_columns; ++column)
        for (int row = hair_cap_rows; row < hair_rows; ++row) {
            const std::size_t i = std::size_t(row * hair_columns + column);
            above[i] = above_torso(person.vertices, normals, torso, shell.col(Eigen::Index(i)));
            if (hair[i] <= there || shell(1, Eigen::Index(i)) > lobes) continue;
            const std::size_t c = std::size_t(column);
            lying[c] = std::max(lying[c], smooth_step(hangs_free, lies, above[i]));
            known[c] = true;
        }
    // Columns without hair below the lobes are as the nearest ones that have some; neighbours move alike.
    std::array<float, hair_columns> all = lying;
    for (std::size_t c = 0; c < hair_columns; ++c)
        for (std::size_t away = 1; !known[c] && away <= hair_columns / 2; ++away) {
            const std::size_t left = (c + hair_columns - away) % hair_columns, right = (c + away) % hair_columns;
            if (!known[left] && !known[right]) continue;
            all[c] = std::max(known[left] ? lying[left] : 0, known[right] ? lying[right] : 0);
            break;
        }
    for (int round = 0; round < blend_rounds; ++round) {
        const std::array<float, hair_columns> from = all;
        for (std::size_t c = 0; c < hair_columns; ++c)
            all[c] = 0.25f * from[(c + hair_columns - 1) % hair_columns] + 0.5f * from[c] +
                     0.25f * from[(c + 1) % hair_columns];
    }

    const auto root = std::find(model.joint_parent.begin(), model.joint_parent.end(), -1) - model.joint_parent.begin();
    Eigen::MatrixXf weights = Eigen::MatrixXf::Zero(model.joint_count(), shell.cols());
    for (int column = 0; column < hair_columns; ++column) {
        float share = 0;
        for (int row = 0; row < hair_rows; ++row) {
            const int i = row * hair_columns + column;
            if (const float below = ears - shell(1, i); row >= hair_cap_rows && below > 0)
                share = std::max(share,
                                 all[std::size_t(column)] * smooth_step(0, 1, below / (below + above[std::size_t(i)])));
            weights(model.joints.head, i) = 1 - share;
            weights(root, i) += share;
        }
    }
    return weights;
}

Vertices shell_at_rest(const Vertices& posed, const Eigen::MatrixXf& weights, const PosedHead& head) {
    Vertices rest(3, posed.cols());
    for (Eigen::Index v = 0; v < posed.cols(); ++v) {
        Eigen::Matrix<float, 3, 4> blended = Eigen::Matrix<float, 3, 4>::Zero();
        for (std::size_t j = 0; j < head.joint_transforms.size(); ++j)
            blended += weights(Eigen::Index(j), v) * head.joint_transforms[j].matrix().topRows<3>();
        rest.col(v) = blended.leftCols<3>().inverse() * (posed.col(v) - blended.col(3));
    }
    return rest;
}

}  // namespace likeness
