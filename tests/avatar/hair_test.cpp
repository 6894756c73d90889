#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <map>

#include "core/avatar/hair_shell.h"
#include "core/avatar/mouth.h"
#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

TEST(HairShell, IsOneSheetThatClosesRoundTheHead) {
    constexpr int first = 1000;
    Triangles triangles = {{0, 1, 2}}, triangle_uv = {{0, 1, 2}};
    std::vector<Eigen::Vector2f> uv = {{0, 0}, {1, 0}, {0, 1}};
    append_hair_topology(first, triangles, uv, triangle_uv);
    ASSERT_EQ(triangles[0], Eigen::Vector3i(0, 1, 2)) << "what was there stays";
    ASSERT_EQ(triangles.size(), std::size_t(1 + 2 * (hair_rows - 1) * hair_columns));
    ASSERT_EQ(triangle_uv.size(), triangles.size());
    std::map<std::pair<int, int>, int> edges;  // directed
    for (std::size_t t = 1; t < triangles.size(); ++t)
        for (int k = 0; k < 3; ++k) {
            const int a = triangles[t][k] - first, b = triangles[t][(k + 1) % 3] - first;
            ASSERT_TRUE(a >= 0 && a < hair_rows * hair_columns);
            ++edges[{a, b}];
        }
    int open_top = 0, open_bottom = 0;
    for (const auto& [edge, count] : edges) {
        EXPECT_EQ(count, 1) << "triangles agree on which side is out";
        if (edges.contains({edge.second, edge.first})) continue;
        const int row = edge.first / hair_columns;
        EXPECT_EQ(row, edge.second / hair_columns);
        EXPECT_TRUE(row == 0 || row == hair_rows - 1) << "an open edge in row " << row;
        (row == 0 ? open_top : open_bottom)++;
    }
    EXPECT_EQ(open_top, hair_columns);
    EXPECT_EQ(open_bottom, hair_columns);
    EXPECT_TRUE(edges.contains({hair_columns - 1, 0}) || edges.contains({0, hair_columns - 1}));
}

TEST(HairShell, ChartIsTheSquareBesideTheHeads) {
    Triangles triangles, triangle_uv;
    std::vector<Eigen::Vector2f> uv;
    append_hair_topology(0, triangles, uv, triangle_uv);
    double area = 0;
    for (std::size_t t = 0; t < triangles.size(); ++t) {
        Eigen::Vector2f p[3];
        for (int k = 0; k < 3; ++k) {
            p[k] = uv[std::size_t(triangle_uv[t][k])];
            EXPECT_TRUE(p[k].x() >= 1 && p[k].x() <= 2 && p[k].y() >= 0 && p[k].y() <= 1);
            const int row = triangles[t][k] / hair_columns, column = triangles[t][k] % hair_columns;
            EXPECT_NEAR(p[k].y(), float(row) / (hair_rows - 1), 1e-5);
            const float u = (p[k].x() - 1) * hair_columns;
            EXPECT_TRUE(std::abs(u - float(column)) < 1e-3f || (column == 0 && std::abs(u - hair_columns) < 1e-3f));
        }
        const Eigen::Vector2f ab = p[1] - p[0], ac = p[2] - p[0];
        area += 0.5 * double(std::abs(ab.x() * ac.y() - ab.y() * ac.x()));
    }
    EXPECT_NEAR(area, 1, 1e-4) << "all of it, once";
}

TEST(HairShell, MovesWithItsJoints) {
    const Avatar avatar = ball_avatar(6, 10, true);
    HeadPose pose = HeadPose::neutral(*avatar.model);
    const Eigen::Index first = avatar.model->vertex_count();
    EXPECT_LT((pose_surface(avatar, pose).rightCols(avatar.hair().vertices.cols()) - avatar.hair().vertices)
                  .cwiseAbs()
                  .maxCoeff(),
              1e-6f);
    pose.joints.col(2) = Eigen::Vector3f(0, 0.6f, 0);  // the head
    const Vertices turned = pose_surface(avatar, pose);
    const Eigen::Vector3f at = avatar.head().joint_position.col(2);
    const Eigen::Matrix3f r = Eigen::AngleAxisf(0.6f, Eigen::Vector3f::UnitY()).toRotationMatrix();
    for (int v = 0; v < hair_rows * hair_columns; v += 37) {
        const Eigen::Vector3f rest = avatar.hair().vertices.col(v);
        const float share = (*avatar.hair().weights)(2, v);
        EXPECT_LT((turned.col(first + v) - (share * (r * (rest - at) + at) + (1 - share) * rest)).norm(), 1e-6f);
    }
}

// Photographs of a bald head and of one with a ring of hair round it.
TEST(HairShell, GrowsToTheMatte) {
    Avatar avatar;
    avatar.model = real_head();
    avatar.person.edit().identity = Eigen::VectorXf::Zero(avatar.model->identity_count());
    avatar.prepare();
    Photo photo;
    photo.pose = HeadPose::neutral(*avatar.model);
    constexpr int side = 256;
    photo.camera = default_camera(avatar, side, side);
    photo.head = see_head(*avatar.model, avatar.head().vertices, photo.camera);
    photo.color = Image(side, side, 3, 0.4f);
    for (Image* image : {&photo.alpha, &photo.hair, &photo.skin, &photo.cloth}) *image = Image(side, side, 1, 0.0f);
    const Eigen::Vector3f middle = head_middle(avatar);
    const float ears = 0.5f * (avatar.head().vertices.row(0).cwiseAbs().array() *
                               (avatar.head().vertices.row(1).array() > 0).cast<float>())
                                  .maxCoeff();
    ASSERT_GT(ears, 0.02f);
    const auto draw = [&](float radius) {  // a disc round the head's middle; all but its inner part is hair
        const Eigen::Vector2f c = photo.camera.project(middle + Eigen::Vector3f(0, 0.03f, 0));
        const float r = radius * photo.camera.fx / 1.1f, face = 0.075f * photo.camera.fx / 1.1f;
        for (int y = 0; y < side; ++y)
            for (int x = 0; x < side; ++x) {
                const float d = (Eigen::Vector2f(float(x) + 0.5f, float(y) + 0.5f) - c).norm();
                *photo.alpha.at(x, y) = d < r ? 1.0f : 0.0f;
                *photo.hair.at(x, y) = d < r && d > face ? 1.0f : 0.0f;
            }
    };
    const auto width = [&] {  // of the shell at the height of the ears, seen from the front
        float widest = 0;
        for (int c = 0; c < hair_columns; ++c)
            widest = std::max(widest, std::abs(avatar.hair().vertices(0, 18 * hair_columns + c)));
        return widest;
    };
    draw(0.11f);
    const auto less = grow_hair(avatar, photo);
    avatar.prepare();
    const float narrow = width();
    draw(0.15f);
    const auto more = grow_hair(avatar, photo);
    avatar.prepare();
    ASSERT_EQ(less.size(), std::size_t(hair_rows * hair_columns));
    for (const auto* presence : {&less, &more})
        for (float p : *presence) ASSERT_TRUE(p >= 0 && p <= 1);
    EXPECT_TRUE(avatar.hair().vertices.allFinite());
    EXPECT_LT((avatar.hair().weights->colwise().sum().array() - 1).abs().maxCoeff(), 1e-4f);
    EXPECT_GT(width(), narrow + 0.015f) << "a wider outline of hair makes a wider shell";
    // Round, not a box: what lies well before the outline is not pulled out to it.
    const Eigen::Vector3f ball = middle + Eigen::Vector3f(0, 0.03f, 0);
    for (const int column : {hair_columns / 8, hair_columns - hair_columns / 8})  // 45 degrees to the front, both sides
        EXPECT_LT((avatar.hair().vertices.col(11 * hair_columns + column) - ball).norm(), 0.13f);
}

// Long hair all round the face; before the ears or behind them.
TEST(HairShell, HangsBehindAnEarThatIsSeen) {
    Avatar avatar;
    avatar.model = real_head();
    const HeadModel& model = *avatar.model;
    avatar.person.edit().identity = Eigen::VectorXf::Zero(model.identity_count());
    avatar.prepare();
    Photo photo;
    photo.pose = HeadPose::neutral(model);
    constexpr int side = 256;
    photo.camera = default_camera(avatar, side, side);
    photo.color = Image(side, side, 3, 0.4f);
    photo.alpha = photo.hair = Image(side, side, 1, 0.0f);
    photo.skin = photo.cloth = photo.alpha;
    photo.head = see_head(model, avatar.head().vertices, photo.camera);
    const Eigen::Vector2f middle = photo.camera.project(head_middle(avatar));
    const auto& regions = photo.head.region;
    for (std::size_t i = 0; i < regions.size(); ++i) {
        const float x = float(i % side) - middle.x();
        photo.alpha.pixels[i] = std::abs(x) < 70 && i / side > 40 ? 1.0f : 0.0f;
        const auto region = regions[i];
        const bool bare = region == HeadRegion::face || region == HeadRegion::lids || region == HeadRegion::lips ||
                          region == HeadRegion::neck;
        photo.hair.pixels[i] = bare ? 0.0f : photo.alpha.pixels[i];
    }
    Eigen::AlignedBox3f ear;
    for (int v = 0; v < model.vertex_count(); ++v)
        if (model.vertex_region[std::size_t(v)] == HeadRegion::ear_left)
            ear.extend(Eigen::Vector3f(avatar.head().vertices.col(v)));
    const auto before_the_ear = [&](const std::vector<float>& presence) {
        double sum = 0, count = 0;
        for (Eigen::Index i = 0; i < avatar.hair().vertices.cols(); ++i) {
            const Eigen::Vector3f p = avatar.hair().vertices.col(i);
            if (p.x() < 0.04f || p.z() < ear.max().z() || p.y() > ear.min().y() || p.y() < ear.min().y() - 0.04f) continue;
            if (p.z() > ear.max().z() + 0.04f) continue;
            sum += double(presence[std::size_t(i)]);
            ++count;
        }
        return count > 0 ? sum / count : -1;
    };
    const double covered = before_the_ear(grow_hair(avatar, photo));
    for (std::size_t i = 0; i < regions.size(); ++i)
        if (regions[i] == HeadRegion::ear_left) photo.hair.pixels[i] = 0;
    avatar.shells = {};
    avatar.prepare();
    const double shown = before_the_ear(grow_hair(avatar, photo));
    EXPECT_GT(covered, 0.5);
    EXPECT_GE(shown, 0);
    EXPECT_LT(shown, 0.3 * covered);
}

}  // namespace
}  // namespace likeness::test
