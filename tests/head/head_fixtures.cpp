#include "tests/head/head_fixtures.h"

#include <numbers>
#include <stdexcept>

#include "core/head/head_asset.h"
#include "core/head/head_names.h"
#include "core/head/mediapipe_landmarks.h"

namespace likeness::test {

float uniform(Random& random, float low, float high) {
    return low + (high - low) * float(random() >> 8) * 0x1p-24f;  // the same on every platform
}

std::shared_ptr<const HeadModel> ball_head(unsigned seed) {
    Random random(seed);
    auto head = std::make_shared<HeadModel>();
    head->name = "Ball";
    head->licence = "CC0-1.0";
    head->joint_names = {"root", "neck", "head", "jaw", "eye_left", "eye_right"};
    head->joint_parent = {-1, 0, 1, 2, 2, 2};
    head->control_names = {"browInnerUp", "eyeBlinkLeft", "eyeBlinkRight", "jawOpen",
                           "jawLeft",     "jawRight",     "eyeLookOutLeft"};
    head->identity_names = {"wide", "tall", "old", "round"};
    const int joints = 6, controls = int(head->control_names.size()), identities = 4, expressions = 5;

    constexpr float pi = std::numbers::pi_v<float>;
    const int count = ball_rows * ball_columns;
    head->vertices.resize(3, count);
    const auto at = [](int r, int c) { return r * ball_columns + (c + ball_columns) % ball_columns; };
    const auto texel = [](int r, int c) { return r * (ball_columns + 1) + c; };
    for (int r = 0; r < ball_rows; ++r)
        for (int c = 0; c <= ball_columns; ++c) {
            head->uv.emplace_back(0.05f + 0.9f * float(c) / ball_columns, 0.05f + 0.9f * float(r) / (ball_rows - 1));
            if (c == ball_columns) continue;
            const float polar = 0.12f + (pi - 0.24f) * float(r) / (ball_rows - 1),
                        azimuth = 2 * pi * float(c) / ball_columns;
            head->vertices.col(at(r, c)) = 0.1f * Eigen::Vector3f(std::sin(polar) * std::sin(azimuth), std::cos(polar),
                                                                  std::sin(polar) * std::cos(azimuth));
            head->mirror_vertex.push_back(at(r, ball_columns - c));
            // The front is the face, with an eye on each side and lips; top and back the scalp; below neck and torso.
            HeadRegion region = r > 11                              ? HeadRegion::torso
                                : r > 9                             ? HeadRegion::neck
                                : std::cos(azimuth) > 0.2f && r > 2 ? HeadRegion::face
                                                                    : HeadRegion::scalp;
            if (r == 5 && c == 1) region = HeadRegion::eye_left;
            if (r == 5 && c == ball_columns - 1) region = HeadRegion::eye_right;
            if (r == 8 && c == 0) region = HeadRegion::lips;
            head->vertex_region.push_back(region);
        }
    for (int r = 0; r + 1 < ball_rows; ++r)
        for (int c = 0; c < ball_columns; ++c)
            for (int half = 0; half < 2; ++half) {
                if (half == 0) {
                    head->triangles.emplace_back(at(r, c), at(r + 1, c), at(r, c + 1));
                    head->triangle_uv.emplace_back(texel(r, c), texel(r + 1, c), texel(r, c + 1));
                } else {
                    head->triangles.emplace_back(at(r, c + 1), at(r + 1, c), at(r + 1, c + 1));
                    head->triangle_uv.emplace_back(texel(r, c + 1), texel(r + 1, c), texel(r + 1, c + 1));
                }
                head->triangle_region.push_back(head->vertex_region[std::size_t(head->triangles.back()[0])]);
            }

    const auto fill = [&](auto& m, Eigen::Index rows, Eigen::Index columns, float range) {
        m.resize(rows, columns);
        for (Eigen::Index i = 0; i < m.size(); ++i) m.data()[i] = uniform(random, -range, range);
    };
    fill(head->identity, 3 * count, identities, 0.004f);
    auto expression = std::make_shared<ExpressionBasis>();
    fill(expression->targets, 3 * count, expressions, 0.003f);
    fill(expression->control_map, expressions, controls, 1.0f);
    for (const char* name : {"eyeBlinkLeft", "eyeBlinkRight"})  // a blink moves lids, and here are none
        expression->control_map.col(head->control(name)).setZero();
    head->expression = std::move(expression);
    fill(head->control_joint, 3 * joints, controls, 0.4f);
    fill(head->joint_identity, 3 * joints, identities, 0.006f);
    head->joint_position.resize(3, joints);
    head->joint_position << 0, 0, 0, 0, 0.03f, -0.03f,  //
        -0.09f, -0.06f, 0, -0.02f, 0.03f, 0.03f,        //
        0, -0.02f, 0, 0.02f, 0.08f, 0.08f;
    head->joint_low = Eigen::Matrix3Xf::Constant(3, joints, -1.0f);
    head->joint_high = Eigen::Matrix3Xf::Constant(3, joints, 1.2f);
    // Each vertex follows up to three joints.
    head->weights = Eigen::MatrixXf::Zero(joints, count);
    for (int v = 0; v < count; ++v) {
        for (int k = 0; k < 3; ++k) head->weights(Eigen::Index(random() % joints), v) += uniform(random, 0.1f, 1.0f);
        head->weights.col(v) /= head->weights.col(v).sum();
    }
    head->identity_range.resize(2, identities);
    head->identity_range.row(0).setConstant(-1);
    head->identity_range.row(1).setConstant(1);
    LandmarkEmbedding embedding{std::string(landmarks::scheme), {}};
    for (int i = 0; i < landmarks::count; ++i) {
        const float r = std::sqrt(uniform(random, 0, 1)), s = uniform(random, 0, 1);
        embedding.points.push_back({int(random() % head->triangles.size()), {1 - r, r * (1 - s), r * s}});
    }
    // The points before the ears, which the views turn about.
    embedding.points[landmarks::right_ear] = {2 * (5 * ball_columns + 15), {1, 0, 0}};
    embedding.points[landmarks::left_ear] = {2 * (5 * ball_columns + 5), {1, 0, 0}};
    head->embeddings.push_back(std::move(embedding));
    resolve_names(*head);
    return head;
}

std::shared_ptr<const HeadModel> bending_head(unsigned seed) {
    auto head = std::make_shared<HeadModel>(*ball_head(seed));
    Random random(seed + 1000);
    head->correctives.resize(3 * head->vertex_count(), 9 * head->joint_count());
    for (float& x : head->correctives.reshaped()) x = uniform(random, -0.004f, 0.004f);
    return head;
}

std::shared_ptr<const HeadModel> real_head() {
    static const std::shared_ptr<const HeadModel> head = [] {
        auto loaded = load_default_head();
        if (!loaded) throw std::runtime_error(loaded.error().message + " " + loaded.error().detail);
        return *std::move(loaded);
    }();
    return head;
}

ExpressionBasis random_expressions(const HeadModel& model, Random& random, int count) {
    ExpressionBasis basis{Eigen::MatrixXf(3 * model.vertex_count(), count), Eigen::MatrixXf(count, model.control_count())};
    for (float& x : basis.targets.reshaped()) x = uniform(random, -0.003f, 0.003f);
    for (float& x : basis.control_map.reshaped()) x = uniform(random, -1, 1);
    return basis;
}

Eigen::VectorXf random_identity(const HeadModel& model, Random& random, float range) {
    Eigen::VectorXf identity(model.identity_count());
    for (float& a : identity) a = uniform(random, -range, range);
    return identity;
}

HeadPose random_pose(const HeadModel& model, Random& random, float angle) {
    HeadPose pose = HeadPose::neutral(model);
    for (float& c : pose.controls) c = uniform(random, 0, 1);
    for (Eigen::Index i = 0; i < pose.joints.size(); ++i) pose.joints.data()[i] = uniform(random, -angle, angle);
    for (int k = 0; k < 3; ++k) pose.translation[k] = uniform(random, -0.1f, 0.1f);
    return pose;
}

}  // namespace likeness::test
