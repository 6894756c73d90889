// A head of another source: a loader that fills a HeadModel (1) and calls resolve_names (2). What its targets' names
// mean is told in a file like core/head/makehuman_names.h (3). encode_head() makes of it the file that avatars carry;
// heads are told apart by their hash in a HeadRegistry, whose default StudioOptions::head replaces. This one has no
// landmarks: it can be posed and shown, not fitted to a portrait (check_landmarks).
#include <gtest/gtest.h>

#include "core/head/head_asset.h"
#include "core/head/head_names.h"
#include "core/head/head_registry.h"

namespace likeness {
namespace {

// An octahedron of 20 cm, as a loader would bring it from a file.
std::shared_ptr<HeadModel> octahedron() {
    auto head = std::make_shared<HeadModel>();
    head->name = "Octahedron";
    head->licence = "CC0-1.0";
    head->vertices.resize(3, 6);  // left, right, top, bottom, front, back
    head->vertices << 0.1f, -0.1f, 0, 0, 0, 0, 0, 0, 0.1f, -0.1f, 0, 0, 0, 0, 0, 0, 0.1f, -0.1f;
    head->mirror_vertex = {1, 0, 2, 3, 4, 5};
    for (const int side : {0, 1})
        for (const int pole : {2, 3})
            for (const int front : {4, 5}) head->triangles.emplace_back(side, pole, front);
    for (int v = 0; v < 6; ++v) head->uv.emplace_back(0.1f + 0.15f * float(v), v % 2 ? 0.2f : 0.8f);
    head->triangle_uv = head->triangles;
    head->vertex_region = {HeadRegion::eye_left, HeadRegion::eye_right, HeadRegion::scalp,
                           HeadRegion::lips,     HeadRegion::face,      HeadRegion::scalp};
    for (const Eigen::Vector3i& t : head->triangles)
        head->triangle_region.push_back(head->vertex_region[std::size_t(t[0])]);
    head->triangle_region[0] = HeadRegion::face;
    head->triangle_region[1] = HeadRegion::scalp;
    head->triangle_region[2] = HeadRegion::lips;

    head->joint_names = {"neck", "head", "jaw", "eye_left", "eye_right"};
    head->joint_parent = {-1, 0, 1, 1, 1};
    head->joint_position = Eigen::Matrix3Xf::Zero(3, 5);
    head->joint_low = Eigen::Matrix3Xf::Constant(3, 5, -1);
    head->joint_high = Eigen::Matrix3Xf::Constant(3, 5, 1);
    head->weights = Eigen::MatrixXf::Zero(5, 6);
    head->weights.row(1).setOnes();

    head->identity_names = {"wide"};
    head->identity = RowMatrix::Zero(18, 1);
    head->identity(0, 0) = 0.02f;
    head->identity(3, 0) = -0.02f;
    head->identity_range = Eigen::Matrix2Xf(2, 1);
    head->identity_range << -1, 1;
    head->joint_identity = Eigen::MatrixXf::Zero(15, 1);
    head->control_names = {"jawOpen"};
    head->control_joint = Eigen::MatrixXf::Zero(15, 1);
    auto expression = std::make_shared<ExpressionBasis>();
    expression->targets = Eigen::MatrixXf::Zero(18, 1);
    expression->targets(10, 0) = -0.03f;  // the lowest vertex drops
    expression->control_map = Eigen::MatrixXf::Ones(1, 1);
    head->expression = std::move(expression);
    resolve_names(*head);
    return head;
}

TEST(Extending, AHead) {
    const auto head = octahedron();
    ASSERT_EQ(head->identity_sliders.size(), 1u);
    EXPECT_EQ(head->identity_sliders[0].name, "wide");
    HeadPose pose = HeadPose::neutral(*head);
    pose.controls[head->control("jawOpen")] = 1;
    const PersonalHead person = personalise(*head, Eigen::VectorXf::Ones(1));
    const Vertices posed = pose_head(*head, person, pose).vertices;
    EXPECT_FLOAT_EQ(posed(0, 0), 0.12f);
    EXPECT_FLOAT_EQ(posed(1, 3), -0.13f);

    // As an avatar's file has it: known by its hash as soon as one is open.
    const auto loaded = load_head(encode_head(*head, person), "octahedron");
    ASSERT_TRUE(loaded) << loaded.error().message << " " << loaded.error().detail;
    HeadRegistry heads(head);
    const auto known = heads.share(*loaded);
    EXPECT_EQ(heads.find(head_hash(**loaded)), known);
}

}  // namespace
}  // namespace likeness
