#include <gtest/gtest.h>

#include <algorithm>

#include "core/tracking/portrait_fit.h"
#include "core/tracking/surface_offsets.h"
#include "tests/tracking/synthetic_portrait.h"

namespace likeness::test {
namespace {

HeadFit true_fit(const SyntheticPortrait& portrait) {
    HeadFit fit;
    fit.identity = portrait.identity;
    fit.pose = portrait.pose;
    fit.head_rotation = portrait.head_rotation;
    fit.camera = portrait.camera;
    return fit;
}

float residual(const HeadFit& fit, const std::vector<OffsetTarget>& targets) {
    const HeadModel& model = *real_head();
    const PosedHead posed =
        pose_head(model, personalise(model, fit.identity, fit.offsets.size() ? &fit.offsets : nullptr), fit.pose);
    double sum = 0;
    for (const OffsetTarget& t : targets)
        sum +=
            double((fit.camera.project(surface_position(posed.vertices, model.triangles, t.point)) - t.target).norm());
    return float(sum / double(targets.size()));
}

Vertices solve(const HeadFit& fit, const std::vector<OffsetTarget>& targets, const OffsetOptions& options = {}) {
    return OffsetSolver(*real_head(), options).solve(personalise(*real_head(), fit.identity), fit, targets);
}

TEST(Offsets, ZeroTargetsMoveNothing) {
    Random random(1);
    for (const float yaw : {0.0f, 40.0f}) {
        const SyntheticPortrait portrait = synthetic_portrait(yaw, random);
        const HeadFit fit = true_fit(portrait);
        const Vertices offsets = solve(fit, landmark_targets(*real_head(), portrait.points));
        ASSERT_EQ(offsets.cols(), real_head()->vertex_count());
        EXPECT_LT(offsets.cwiseAbs().maxCoeff(), 2e-5f) << "the mesh already lies where it is wanted";
        EXPECT_LT(solve(fit, {}).cwiseAbs().maxCoeff(), 1e-9f) << "no targets at all";
    }
}

TEST(Offsets, TheMeshGoesWhereItIsWanted) {
    Random random(2);
    for (const float yaw : {0.0f, -35.0f}) {
        const SyntheticPortrait portrait = synthetic_portrait(yaw, random);
        HeadFit fit = true_fit(portrait);
        // A smooth displacement of up to 3 % of the eye distance, as another person's face has it.
        LandmarkPoints wanted = portrait.points;
        const float unit = iris_distance(wanted);
        for (Eigen::Vector3f& p : wanted)
            p.head<2>() += 0.03f * unit * Eigen::Vector2f(std::sin(p.x() / unit * 2), std::cos(p.y() / unit * 2));
        const std::vector<OffsetTarget> targets = landmark_targets(*real_head(), wanted);
        const float before = residual(fit, targets);
        fit.offsets = solve(fit, targets);
        const float after = residual(fit, targets);
        EXPECT_LT(after, 0.35f * before) << "yaw " << yaw;
        fit.offsets = solve(fit, targets);
        EXPECT_LT(residual(fit, targets), 1.02f * after) << "a second round keeps it";
        EXPECT_TRUE(fit.offsets.allFinite());
        EXPECT_LT(fit.offsets.colwise().norm().maxCoeff(), 0.02f) << "and nothing flies off";
    }
}

TEST(Offsets, StifferIsSmoother) {
    Random random(3);
    const SyntheticPortrait portrait = synthetic_portrait(0, random);
    const HeadFit fit = true_fit(portrait);
    std::vector<OffsetTarget> targets = landmark_targets(*real_head(), portrait.points);
    for (OffsetTarget& t : targets) t.target += Eigen::Vector2f(uniform(random, -4, 4), uniform(random, -4, 4));
    const VertexGraph graph = vertex_graph(real_head()->vertex_count(), real_head()->triangles);
    const auto roughness = [&](const Vertices& offsets) {
        double sum = 0;
        for (int v = 0; v < real_head()->vertex_count(); ++v)
            for (int e = graph.first[std::size_t(v)]; e < graph.first[std::size_t(v) + 1]; ++e)
                sum += double((offsets.col(v) - offsets.col(graph.neighbours[std::size_t(e)])).squaredNorm());
        return sum;
    };
    OffsetOptions soft, stiff;
    soft.stiffness = 5;
    stiff.stiffness = 500;
    EXPECT_LT(roughness(solve(fit, targets, stiff)),
              0.5 * roughness(solve(fit, targets, soft)));
}

TEST(Offsets, EyesGoWithTheirLids) {
    Random random(4);
    const SyntheticPortrait portrait = synthetic_portrait(0, random);
    HeadFit fit = true_fit(portrait);
    LandmarkPoints wanted = portrait.points;
    for (Eigen::Vector3f& p : wanted) p.y() -= 5;  // everything up
    fit.offsets = solve(fit, landmark_targets(*real_head(), wanted));
    const HeadModel& model = *real_head();
    for (const HeadRegion region :
         {HeadRegion::eye_left, HeadRegion::eye_right, HeadRegion::teeth_upper, HeadRegion::lashes}) {
        const std::string_view name = head_region_names[std::size_t(region)];
        float mean = 0, least = 1, most = -1;
        int count = 0;
        for (int v = 0; v < model.vertex_count(); ++v) {
            if (model.vertex_region[std::size_t(v)] != region) continue;
            mean += fit.offsets(1, v);
            least = std::min(least, fit.offsets(1, v));
            most = std::max(most, fit.offsets(1, v));
            ++count;
        }
        EXPECT_GT(mean / float(count), 0.002f) << name;
        if (region != HeadRegion::lashes) {
            EXPECT_LT(most - least, 1e-6f) << name << " stays rigid";
        }
    }
}

TEST(PortraitFit, OffsetsBringTheLandmarksCloser) {
    Random random(5);
    const SyntheticPortrait portrait = synthetic_portrait(20, random);
    LandmarkPoints points = portrait.points;  // a face that the model cannot make
    const float unit = iris_distance(points);
    for (Eigen::Vector3f& p : points) p.y() += 0.04f * unit * std::sin(9 * p.x() / unit) * std::cos(7 * p.y() / unit);
    const HeadFit fit = PortraitFitter(real_head()).fit(points, portrait.camera.width, portrait.camera.height, {});
    EXPECT_LT(fit.landmark_error, 0.6f * fit.model_error);
    EXPECT_LT(median_distance(fit, points, true), 0.012f);
    EXPECT_EQ(fit.offsets.cols(), real_head()->vertex_count());
}

TEST(PortraitFit, LandmarkGroupsAreTheDetectors) {
    // Each loop consists of different points of the 468, and the halves mirror each other.
    const auto check = [](const auto& loop) {
        std::vector<int> sorted(loop.begin(), loop.end());
        std::sort(sorted.begin(), sorted.end());
        EXPECT_TRUE(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
        EXPECT_GE(sorted.front(), 0);
        EXPECT_LT(sorted.back(), 468);
    };
    check(landmarks::face_oval);
    check(landmarks::lips_outer);
    check(landmarks::lips_inner);
    check(landmarks::left_eye);
    check(landmarks::right_eye);
    const HeadModel& model = *real_head();
    const auto at = [&](int i) {
        return surface_position(model.vertices, model.triangles, model.landmarks(landmarks::scheme)[std::size_t(i)]);
    };
    for (int i : landmarks::left_eye) EXPECT_GT(at(i).x(), 0.005f) << i;
    for (int i : landmarks::right_eye) EXPECT_LT(at(i).x(), -0.005f) << i;
}

TEST(Offsets, AnExpressionsShapeIsNoPartOfTheNeutral) {
    const HeadModel& model = *real_head();
    HeadFit fit;
    fit.identity = Eigen::VectorXf::Zero(model.identity_count());
    fit.pose = HeadPose::neutral(model);
    fit.pose.joints.col(model.joint("head")) = Eigen::Vector3f(0.1f, -0.3f, 0);
    fit.offsets = Vertices::Constant(3, model.vertex_count(), 0.003f);
    OffsetParts parts = split_offsets(model, fit);
    EXPECT_LT((parts.face - fit.offsets).cwiseAbs().maxCoeff(), 1e-6f) << "a neutral face is all face";
    fit.pose.controls[model.control("jawOpen")] = 0.8f;
    parts = split_offsets(model, fit);
    EXPECT_LT((parts.face + parts.expression - fit.offsets).cwiseAbs().maxCoeff(), 1e-6f);
    const auto share = [&](int landmark) {  // that is the face's
        const SurfacePoint& p = model.landmarks(landmarks::scheme)[std::size_t(landmark)];
        return surface_position(parts.face, model.triangles, p).x() / 0.003f;
    };
    EXPECT_LT(share(17), 0.3f) << "the lower lip moves far";
    EXPECT_LT(share(152), 0.3f) << "so does the chin";
    for (const int still : {10, 168, 130, 359}) EXPECT_GT(share(still), 0.95f) << "forehead, nose, eyes " << still;
}

}  // namespace
}  // namespace likeness::test
