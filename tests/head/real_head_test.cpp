// What must hold for the packed default head, whatever the packer changes.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/head/mediapipe_landmarks.h"
#include "tests/head/head_fixtures.h"

namespace likeness::test {
namespace {

const std::set<std::string> arkit = {
    "browDownLeft",      "browDownRight",      "browInnerUp",         "browOuterUpLeft",
    "browOuterUpRight",  "cheekPuff",          "cheekSquintLeft",     "cheekSquintRight",
    "eyeBlinkLeft",      "eyeBlinkRight",      "eyeLookDownLeft",     "eyeLookDownRight",
    "eyeLookInLeft",     "eyeLookInRight",     "eyeLookOutLeft",      "eyeLookOutRight",
    "eyeLookUpLeft",     "eyeLookUpRight",     "eyeSquintLeft",       "eyeSquintRight",
    "eyeWideLeft",       "eyeWideRight",       "jawForward",          "jawLeft",
    "jawOpen",           "jawRight",           "mouthClose",          "mouthDimpleLeft",
    "mouthDimpleRight",  "mouthFrownLeft",     "mouthFrownRight",     "mouthFunnel",
    "mouthLeft",         "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft",
    "mouthPressRight",   "mouthPucker",        "mouthRight",          "mouthRollLower",
    "mouthRollUpper",    "mouthShrugLower",    "mouthShrugUpper",     "mouthSmileLeft",
    "mouthSmileRight",   "mouthStretchLeft",   "mouthStretchRight",   "mouthUpperUpLeft",
    "mouthUpperUpRight", "noseSneerLeft",      "noseSneerRight",      "tongueOut"};

Vertices posed(const std::map<std::string, float>& controls) {
    const HeadModel& head = *real_head();
    HeadPose pose = HeadPose::neutral(head);
    for (const auto& [name, value] : controls) {
        if (head.control(name) < 0) throw std::invalid_argument(name);
        pose.controls[head.control(name)] = value;
    }
    return pose_head(head, personalise(head, Eigen::VectorXf::Zero(head.identity_count())), pose).vertices;
}

Eigen::Vector3f landmark(const Vertices& vertices, int i) {
    return surface_position(vertices, real_head()->triangles,
                            real_head()->landmarks(landmarks::scheme)[std::size_t(i)]);
}

std::vector<int> region_vertices(HeadRegion region) {
    const HeadModel& head = *real_head();
    std::vector<int> list;
    for (int v = 0; v < head.vertex_count(); ++v)
        if (head.vertex_region[std::size_t(v)] == region) list.push_back(v);
    return list;
}

TEST(RealHead, HasArkitsControlsAndTheJoints) {
    const HeadModel& head = *real_head();
    EXPECT_EQ(head.control_names.size(), 52u);
    EXPECT_EQ(std::set<std::string>(head.control_names.begin(), head.control_names.end()), arkit);
    const std::vector<std::string> joints = {"root", "neck", "head", "jaw", "eye_left", "eye_right"};
    EXPECT_EQ(head.joint_names, joints);
    for (std::size_t r = 0; r < named_region_count; ++r)
        EXPECT_FALSE(region_vertices(HeadRegion(r)).empty()) << head_region_names[r];
    EXPECT_TRUE(head.other_regions.empty());
    EXPECT_GE(head.identity_count(), 250);
    EXPECT_EQ(std::set<std::string>(head.identity_names.begin(), head.identity_names.end()).size(),
              std::size_t(head.identity_count()));
    EXPECT_EQ(head.licence, "CC0-1.0");
}

TEST(RealHead, WeightsAreShares) {
    const Eigen::MatrixXf& weights = real_head()->weights;
    EXPECT_GE(weights.minCoeff(), 0.0f);
    EXPECT_LT((weights.colwise().sum().array() - 1).abs().maxCoeff(), 1e-5f);
}

TEST(RealHead, StandsAndMeasuresLikeAHead) {
    const HeadModel& head = *real_head();
    const Vertices& v = head.vertices;
    EXPECT_LT(head.joint_position.col(head.joint("head")).norm(), 1e-5f) << "the origin is the head joint";
    const Eigen::Vector3f left = landmark(v, 473), right = landmark(v, 468), nose = landmark(v, 1);
    EXPECT_GT(left.x(), 0.025f) << "the subject's left is +X";
    EXPECT_LT(right.x(), -0.025f);
    const float apart = (left - right).norm();
    EXPECT_GT(apart, 0.052f);
    EXPECT_LT(apart, 0.072f);
    EXPECT_GT(nose.z(), left.z()) << "the face looks along +Z";
    EXPECT_GT(landmark(v, 10).y(), landmark(v, 152).y() + 0.12f) << "brow above chin";
    EXPECT_GT(head.joint_position(0, head.joint("eye_left")), 0.02f);
    EXPECT_LT(head.joint_position(0, head.joint("eye_right")), -0.02f);
    // Volume by the divergence theorem: triangles face outwards. Open at the chest, so only the skull's part counts.
    double volume = 0;
    for (const Eigen::Vector3i& t : head.triangles)
        volume += double(v.col(t[0]).dot(v.col(t[1]).cross(v.col(t[2])))) / 6;
    EXPECT_GT(volume, 0.003);
}

TEST(RealHead, MirrorIsAnInvolutionThatMirrors) {
    const HeadModel& head = *real_head();
    int off = 0;
    for (int v = 0; v < head.vertex_count(); ++v) {
        const int other = head.mirror_vertex[std::size_t(v)];
        EXPECT_EQ(head.mirror_vertex[std::size_t(other)], v);
        const Eigen::Vector3f there = head.vertices.col(other).cwiseProduct(Eigen::Vector3f(-1, 1, 1));
        off += (there - head.vertices.col(v)).norm() > 0.0015f;
    }
    EXPECT_LT(off, head.vertex_count() / 100);
}

TEST(RealHead, AtlasLiesInTheUnitSquareWithoutOverlaps) {
    const HeadModel& head = *real_head();
    for (const Eigen::Vector2f& p : head.uv) {
        EXPECT_GE(p.minCoeff(), 0.0f);
        EXPECT_LE(p.maxCoeff(), 1.0f);
    }
    // Twice the sum of the triangles' areas cannot be more than what they cover if they overlap much.
    constexpr int size = 512;
    std::vector<std::uint8_t> count(std::size_t(size * size), 0);
    std::size_t covered = 0, twice = 0;
    double area = 0;
    for (const Eigen::Vector3i& t : head.triangle_uv) {
        const Eigen::Vector2f a = head.uv[std::size_t(t[0])] * size, b = head.uv[std::size_t(t[1])] * size,
                              c = head.uv[std::size_t(t[2])] * size;
        const float det = (b - a).x() * (c - a).y() - (b - a).y() * (c - a).x();
        area += 0.5 * double(std::abs(det));
        if (det == 0) continue;
        const Eigen::Vector2f low = a.cwiseMin(b).cwiseMin(c), high = a.cwiseMax(b).cwiseMax(c);
        for (int y = std::max(0, int(low.y())); y <= std::min(size - 1, int(high.y())); ++y)
            for (int x = std::max(0, int(low.x())); x <= std::min(size - 1, int(high.x())); ++x) {
                const Eigen::Vector2f d = Eigen::Vector2f(float(x) + 0.5f, float(y) + 0.5f) - a;
                const float w1 = (d.x() * (c - a).y() - d.y() * (c - a).x()) / det;
                const float w2 = ((b - a).x() * d.y() - (b - a).y() * d.x()) / det;
                if (std::min({1 - w1 - w2, w1, w2}) <= 1e-4f) continue;
                auto& n = count[std::size_t(y * size + x)];
                covered += n == 0;
                twice += n == 1;
                n = std::uint8_t(std::min(n + 1, 2));
            }
    }
    EXPECT_GT(covered, std::size_t(size * size) * 3 / 10) << "the square is used";
    EXPECT_LT(double(twice), 0.002 * double(covered)) << "no texel belongs to two places";
}

TEST(RealHead, LandmarksLieInsideTheirTriangles) {
    const HeadModel& head = *real_head();
    const std::vector<SurfacePoint>& points = head.landmarks(landmarks::scheme);
    ASSERT_EQ(points.size(), std::size_t(landmarks::count));
    for (std::size_t i = 0; i < points.size(); ++i) {
        EXPECT_NEAR(points[i].barycentric.sum(), 1, 1e-4) << i;
        EXPECT_GE(points[i].barycentric.minCoeff(), -1e-4f) << i;
    }
    for (int i : {468, 473}) {
        const auto region = head.triangle_region[std::size_t(points[std::size_t(i)].triangle)];
        EXPECT_EQ(region, i == 473 ? HeadRegion::eye_left : HeadRegion::eye_right);
    }
    // Symmetric pairs of MediaPipe's topology.
    for (const auto& [a, b] :
         {std::pair{33, 263}, {133, 362}, {61, 291}, {234, 454}, {159, 386}, {145, 374}, {50, 280}, {172, 397}})
        EXPECT_LT(
            (landmark(head.vertices, a).cwiseProduct(Eigen::Vector3f(-1, 1, 1)) - landmark(head.vertices, b)).norm(),
            0.003f)
            << a << " and " << b;
}

TEST(RealHead, BlinkClosesTheLids) {
    const Vertices open = posed({}), closed = posed({{"eyeBlinkLeft", 1.0f}, {"eyeBlinkRight", 1.0f}}),
                   left_only = posed({{"eyeBlinkLeft", 1.0f}});
    // Points beside the middle do not meet their counterparts exactly; the height between them tells.
    const auto gap = [](const Vertices& v, int upper, int lower) {
        const Eigen::Vector3f d = landmark(v, upper) - landmark(v, lower);
        return upper == 159 || upper == 386 ? d.norm() : std::abs(d.y());
    };
    EXPECT_GT(gap(open, 386, 374), 0.006f);
    for (const auto& [upper, lower] : {std::pair{159, 145}, {386, 374}, {158, 153}, {385, 380}})
        EXPECT_LT(gap(closed, upper, lower), 0.2f * gap(open, upper, lower)) << upper << " to " << lower;
    EXPECT_LT(gap(left_only, 386, 374), 0.2f * gap(open, 386, 374)) << "the left is the subject's left";
    EXPECT_NEAR(gap(left_only, 159, 145), gap(open, 159, 145), 3e-4);
}

TEST(RealHead, JawOpenPartsTheLips) {
    const Vertices closed = posed({}), open = posed({{"jawOpen", 1.0f}});
    const auto gap = [](const Vertices& v) { return landmark(v, 13).y() - landmark(v, 14).y(); };
    EXPECT_LT(gap(closed), 0.004f);
    EXPECT_GT(gap(open), gap(closed) + 0.015f);
    EXPECT_LT(landmark(open, 152).y(), landmark(closed, 152).y() - 0.012f) << "the chin goes down";
    EXPECT_NEAR(landmark(open, 1).y(), landmark(closed, 1).y(), 0.002) << "the nose stays";
}

// The raw data slide the eyes by 6 mm and stretch the teeth; rigid motion belongs to the joints.
float largest_strain(const std::vector<int>& part, const Vertices& before, const Vertices& after) {
    float largest = 0;
    for (std::size_t i = 0; i < part.size(); ++i)
        for (std::size_t j = i + 1; j < part.size(); j += 7)
            largest = std::max(largest, std::abs((before.col(part[i]) - before.col(part[j])).norm() -
                                                 (after.col(part[i]) - after.col(part[j])).norm()));
    return largest;
}

TEST(RealHead, TeethMoveRigidlyWithTheJaw) {
    const Vertices closed = posed({}), open = posed({{"jawOpen", 1.0f}});
    const auto lower = region_vertices(HeadRegion::teeth_lower), upper = region_vertices(HeadRegion::teeth_upper);
    EXPECT_LT(largest_strain(lower, closed, open), 5e-4f);
    float moved = 0, stayed = 0;
    for (int v : lower) moved = std::max(moved, (open.col(v) - closed.col(v)).norm());
    for (int v : upper) stayed = std::max(stayed, (open.col(v) - closed.col(v)).norm());
    EXPECT_GT(moved, 0.01f);
    EXPECT_LT(stayed, 5e-4f);
}

TEST(RealHead, GazeTurnsTheEyesTheRightWay) {
    struct Look {
        const char* control;
        int iris, axis;
        float sign;
    };
    const Vertices ahead = posed({});
    for (const Look& look : {Look{"eyeLookOutLeft", 473, 0, 1},
                             {"eyeLookInLeft", 473, 0, -1},
                             {"eyeLookUpLeft", 473, 1, 1},
                             {"eyeLookDownLeft", 473, 1, -1},
                             {"eyeLookOutRight", 468, 0, -1},
                             {"eyeLookInRight", 468, 0, 1},
                             {"eyeLookUpRight", 468, 1, 1},
                             {"eyeLookDownRight", 468, 1, -1}}) {
        const Vertices turned = posed({{look.control, 1.0f}});
        const Eigen::Vector3f moved = landmark(turned, look.iris) - landmark(ahead, look.iris);
        EXPECT_GT(moved[look.axis] * look.sign, 0.003f) << look.control;
        EXPECT_LT(std::abs(moved[1 - look.axis]), 0.35f * std::abs(moved[look.axis])) << look.control;
        const int other = look.iris == 473 ? 468 : 473;
        EXPECT_LT((landmark(turned, other) - landmark(ahead, other)).norm(), 5e-4f)
            << look.control << " leaves the other eye";
        EXPECT_LT(largest_strain(region_vertices(look.iris == 473 ? HeadRegion::eye_left : HeadRegion::eye_right),
                                 ahead, turned),
                  5e-4f)
            << look.control;
        const int joint = real_head()->joint(look.iris == 473 ? "eye_left" : "eye_right");
        const Eigen::Vector3f pivot = real_head()->joint_position.col(joint);
        EXPECT_NEAR((landmark(turned, look.iris) - pivot).norm(), (landmark(ahead, look.iris) - pivot).norm(), 2e-4)
            << look.control << " turns and does not slide";
    }
}

TEST(RealHead, SidedControlsMoveTheirSide) {
    const HeadModel& head = *real_head();
    const Vertices rest = posed({});
    for (const std::string& name : head.control_names) {
        const bool left = name.ends_with("Left"), right = name.ends_with("Right");
        if ((!left && !right) || name == "jawLeft" || name == "jawRight" || name == "mouthLeft" || name == "mouthRight")
            continue;
        const Vertices moved = posed({{name, 1.0f}}) - rest;
        double here = 0, there = 0;
        for (int v = 0; v < head.vertex_count(); ++v) {
            if (std::abs(rest(0, v)) < 0.001f) continue;  // the middle belongs to both
            const double d = double(moved.col(v).squaredNorm());
            ((rest(0, v) > 0) == left ? here : there) += d;
        }
        EXPECT_GT(here, 4 * there) << name;
    }
    EXPECT_GT((posed({{"jawLeft", 1.0f}}) - rest).row(0).sum(), 0.0f);
    EXPECT_LT((posed({{"jawRight", 1.0f}}) - rest).row(0).sum(), 0.0f);
}

TEST(RealHead, EveryControlDoesSomethingAndNothingTearsTheFaceOff) {
    const HeadModel& head = *real_head();
    const Vertices rest = posed({});
    for (const std::string& name : head.control_names) {
        const float most = (posed({{name, 1.0f}}) - rest).colwise().norm().maxCoeff();
        EXPECT_GT(most, 0.001f) << name;
        EXPECT_LT(most, 0.06f) << name;
    }
}

}  // namespace
}  // namespace likeness::test
