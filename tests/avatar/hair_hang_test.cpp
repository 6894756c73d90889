#include "core/avatar/hair_hang.h"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <cmath>
#include <numbers>

#include "core/avatar/deform.h"
#include "core/avatar/hair_shell.h"
#include "core/avatar/relief.h"
#include "core/head/mediapipe_landmarks.h"
#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

int cell(int row, int column) { return row * hair_columns + column; }

// The default head with a curtain of hair that hangs straight down round it.
struct Curtain {
    Avatar avatar;
    Vertices shell = Vertices(3, hair_rows* hair_columns);
    std::vector<float> hair;
    int root = 0;

    // There is hair down to this height (metres, of the head's axes).
    explicit Curtain(float ends) : hair(std::size_t(hair_rows * hair_columns), 0.0f) {
        avatar.model = real_head();
        avatar.person.edit().identity = Eigen::VectorXf::Zero(avatar.model->identity_count());
        avatar.prepare();
        while (avatar.model->joint_parent[std::size_t(root)] >= 0) ++root;
        for (int row = 0; row < hair_rows; ++row)
            for (int column = 0; column < hair_columns; ++column) {
                const float polar = 0.05f + 1.5f * float(std::min(row, hair_cap_rows - 1)) / float(hair_cap_rows - 1);
                const float azimuth = 2 * std::numbers::pi_v<float> * float(column) / hair_columns;
                const float drop = 0.0135f * float(std::max(0, row - hair_cap_rows + 1));
                const int i = cell(row, column);
                shell.col(i) = Eigen::Vector3f(0, 0.04f - drop, 0) +
                               0.095f * Eigen::Vector3f(std::sin(polar) * std::sin(azimuth), std::cos(polar),
                                                        std::sin(polar) * std::cos(azimuth));
                const bool before_face = column < hair_columns / 8 || column > hair_columns * 7 / 8;
                hair[std::size_t(i)] = !before_face && shell(1, i) > ends ? 1.0f : 0.0f;
            }
    }
    Eigen::MatrixXf weights() const { return hanging_weights(*avatar.model, avatar.head(), shell, hair); }
};

TEST(HangingHair, LongHairGoesWithTheTorsoAtItsEnd) {
    const Curtain curtain(-1);
    const Eigen::MatrixXf weights = curtain.weights();
    const int head = curtain.avatar.model->joints.head;
    EXPECT_LT((weights.colwise().sum().array() - 1).abs().maxCoeff(), 1e-5f);
    for (int column = 0; column < hair_columns; ++column) {
        float before = 1;
        for (int row = 0; row < hair_rows; ++row) {
            const float with_head = weights(head, cell(row, column));
            EXPECT_LE(with_head, before + 1e-6f) << "the torso's share only grows downwards";
            EXPECT_LT(before - with_head, 0.4f) << "nothing tears from row to row";
            EXPECT_LT(std::abs(with_head - weights(head, cell(row, (column + 1) % hair_columns))), 0.3f);
            before = with_head;
            if (row < hair_cap_rows) {
                EXPECT_EQ(with_head, 1);
            }
            if (curtain.hair[std::size_t(cell(row, column))] > 0 && curtain.shell(1, cell(row, column)) < -0.2f) {
                EXPECT_GT(weights(curtain.root, cell(row, column)), 0.95f) << row << " " << column;
            }
        }
    }
}

TEST(HangingHair, BobGoesWithTheHead) {
    const Curtain curtain(-0.05f);
    const Eigen::MatrixXf weights = curtain.weights();
    const int head = curtain.avatar.model->joints.head;
    int seen = 0;
    for (int i = 0; i < hair_rows * hair_columns; ++i)
        if (curtain.hair[std::size_t(i)] > 0.5f) {
            EXPECT_GT(weights(head, i), 0.99f) << i;
            seen += curtain.shell(1, i) < -0.03f;
        }
    EXPECT_GT(seen, 20) << "hair below the ears";
}

TEST(HangingHair, LiesOnTheShouldersWhileTheHeadTurns) {
    Curtain curtain(-1);
    Avatar& avatar = curtain.avatar;
    avatar.shells = Shells{{curtain.shell, curtain.weights()}};
    avatar.prepare();
    const HeadModel& model = *avatar.model;
    for (const Eigen::Vector3f& turn :
         {Eigen::Vector3f(0, 0.52f, 0), Eigen::Vector3f(0.35f, 0, 0), Eigen::Vector3f(0, 0, 0.26f)}) {
        HeadPose pose = HeadPose::neutral(model);
        turn_head(model, turn, pose);
        const Vertices moved = pose_surface(avatar, pose).rightCols(curtain.shell.cols()) - curtain.shell;
        float top = 0, low = 0;
        for (int i = 0; i < hair_rows * hair_columns; ++i) {
            if (curtain.shell(1, i) > 0.1f) top = std::max(top, moved.col(i).norm());
            if (curtain.hair[std::size_t(i)] > 0 && curtain.shell(1, i) < -0.2f)
                low = std::max(low, moved.col(i).norm());
        }
        EXPECT_GT(top, 0.01f);
        EXPECT_LT(low, 0.004f) << "metres";
    }
}

TEST(HangingHair, RestIsTheWayBackOfAPose) {
    const Curtain curtain(-1);
    const HeadModel& model = *curtain.avatar.model;
    HeadPose pose = HeadPose::neutral(model);
    turn_head(model, {0.2f, 0.5f, -0.1f}, pose);
    pose.translation = {0.01f, -0.02f, 0.03f};
    const PosedHead head = pose_head(model, curtain.avatar.head(), pose);
    const Eigen::MatrixXf weights = curtain.weights();
    const HairShell shell{shell_at_rest(curtain.shell, weights, head), weights};
    EXPECT_LT((pose_shell(shell, head) - curtain.shell).cwiseAbs().maxCoeff(), 1e-5f);
}

// A collar beside the neck, outside head mesh and hair.
class Relief : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(WithoutAndWithLongHair, Relief, testing::Bool());

TEST_P(Relief, CollarsTurnWithTheTorso) {
    Curtain curtain(-1);
    Avatar& avatar = curtain.avatar;
    const HeadModel& model = *avatar.model;
    std::vector<float> presence;
    if (GetParam()) {
        avatar.shells = Shells{{curtain.shell, curtain.weights()}};
        avatar.prepare();
        presence.assign(curtain.hair.size(), 0.0f);  // what hangs there is not seen
    }
    Photo photo;
    photo.pose = HeadPose::neutral(model);
    constexpr int side = 256;
    photo.camera = default_camera(avatar, side, side);
    photo.camera.cy -= 40;
    photo.color = Image(side, side, 3, 0.4f);
    for (Image* image : {&photo.alpha, &photo.hair, &photo.skin, &photo.cloth}) *image = Image(side, side, 1, 0.0f);
    photo.head = see_head(model, avatar.head().vertices, photo.camera);
    const float chin =
        surface_position(avatar.neutral(), model.triangles, model.landmarks(landmarks::scheme)[landmarks::chin]).y();
    const auto pixel = [&](const Eigen::Vector3f& p) { return photo.camera.project(p); };
    const Eigen::Vector2f low = pixel({-0.09f, chin - 0.05f, 0}), high = pixel({0.09f, chin - 0.015f, 0});
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x) {
            const std::size_t i = photo.alpha.index(x, y);
            const bool collar = float(x) > low.x() && float(x) < high.x() && float(y) < low.y() && float(y) > high.y();
            photo.alpha.pixels[i] = photo.head.region[i] || collar ? 1.0f : 0.0f;
            (collar && !photo.head.region[i] ? photo.cloth : photo.skin).pixels[i] = photo.alpha.pixels[i];
        }
    AnchoredSplats splats;
    add_relief(avatar, photo, presence, 0.0024f, side, splats);
    std::size_t cloth = 0;
    for (const SplatPart part : splats.part) cloth += part == SplatPart::cloth;
    ASSERT_GT(cloth, 100u);
    const auto means = [&](const HeadPose& pose) {
        SplatSet posed;
        deform(splats, splat_frames(avatar, splats, pose), posed);
        return posed.means;
    };
    HeadPose turned = photo.pose;
    turn_head(model, {0, 0.52f, 0}, turned);
    const auto before = means(photo.pose), after = means(turned);
    for (std::size_t i = 0; i < splats.count; ++i) {
        if (splats.part[i] != SplatPart::cloth) continue;
        Eigen::Vector3f moved;
        for (std::size_t k = 0; k < 3; ++k) moved[Eigen::Index(k)] = after[3 * i + k] - before[3 * i + k];
        ASSERT_LT(moved.norm(), 0.002f) << "metres";
    }
}

}  // namespace
}  // namespace likeness::test
