#include "core/avatar/bust.h"

#include <gtest/gtest.h>

#include "core/avatar/hair_shell.h"
#include "core/avatar/unproject.h"
#include "core/head/mediapipe_landmarks.h"
#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

const Eigen::Vector3f skin_color(0.8f, 0.6f, 0.5f), cloth_color(0.1f, 0.2f, 0.7f);

// Head and shoulders from the front, cut off 12 cm below the chin; clothes from 7 cm below the chin on.
struct Portrait {
    Avatar avatar;
    PhotoEvidence evidence;
    float chin = 0;  // height, metres
    explicit Portrait(float ends = 0.12f) {
        avatar.model = real_head();
        avatar.person.edit().identity = Eigen::VectorXf::Zero(avatar.model->identity_count());
        avatar.prepare();
        const HeadModel& model = *avatar.model;
        Photo& photo = evidence.photo;
        photo.pose = HeadPose::neutral(model);
        constexpr int side = 256;
        photo.camera = default_camera(avatar, side, side);
        const Eigen::Vector3f at =
            surface_position(avatar.neutral(), model.triangles, model.landmarks(landmarks::scheme)[landmarks::chin]);
        chin = at.y();
        const int rows = int(photo.camera.project(at - Eigen::Vector3f(0, ends, 0)).y());
        photo.camera.height = rows;
        photo.head = see_head(model, avatar.head().vertices, photo.camera);
        photo.color = Image(side, rows, 3);
        for (Image* image : {&photo.alpha, &photo.hair, &photo.skin, &photo.cloth}) *image = Image(side, rows, 1, 0.0f);
        const float collar = photo.camera.project(at - Eigen::Vector3f(0, 0.07f, 0)).y();
        for (int y = 0; y < rows; ++y)
            for (int x = 0; x < side; ++x) {
                const bool cloth = float(y) > collar;
                const Eigen::Vector3f& color = cloth ? cloth_color : skin_color;
                for (int c = 0; c < 3; ++c) photo.color.at(x, y)[c] = color[c];
                if (!photo.head.region[photo.alpha.index(x, y)]) continue;
                *photo.alpha.at(x, y) = 1;
                *(cloth ? photo.cloth : photo.skin).at(x, y) = 1;
            }
        evidence.hair_presence = grow_hair(avatar, photo);
    }
};

TEST(Bust, FadesBelowThePhotograph) {
    const Portrait portrait;
    const Avatar& avatar = portrait.avatar;
    const HeadModel& model = *avatar.model;
    constexpr float below = 0.04f;
    const std::vector<float> presence = bust_presence(avatar, portrait.evidence.photo, below);
    ASSERT_EQ(presence.size(), std::size_t(avatar.neutral().cols()));
    int whole = 0, half = 0, none = 0;
    for (int v = 0; v < model.vertex_count(); ++v) {
        const float p = presence[std::size_t(v)];
        ASSERT_TRUE(p >= 0 && p <= 1);
        const float under = portrait.chin - avatar.neutral()(1, v);
        if (!is_below_head(model.vertex_region[std::size_t(v)]) || under < 0.08f) {
            EXPECT_EQ(p, 1) << under;
        }
        if (under > 0.22f) {
            EXPECT_EQ(p, 0) << under;
        }
        (p == 1 ? whole : p == 0 ? none : half)++;
    }
    EXPECT_GT(whole, 1000);
    EXPECT_GT(half, 20);
    EXPECT_GT(none, 50);
}

TEST(Bust, LeavesTheHeadAndTheNeckBelowIt) {
    const Portrait portrait(-0.02f);  // the picture ends above the chin
    const HeadModel& model = *portrait.avatar.model;
    const std::vector<float> presence = bust_presence(portrait.avatar, portrait.evidence.photo, 0.04f);
    for (int v = 0; v < model.vertex_count(); ++v)
        if (!is_below_head(model.vertex_region[std::size_t(v)]) ||
            portrait.avatar.neutral()(1, v) > portrait.chin - 0.03f) {
            ASSERT_EQ(presence[std::size_t(v)], 1);
        }
    const Photo same = continued_below(portrait.avatar, portrait.evidence.photo, 0.04f);
    EXPECT_EQ(same.color.pixels, portrait.evidence.photo.color.pixels) << "a face does not go on as its last row";
}

TEST(Bust, ClothesGoOnInTheirColumns) {
    Portrait portrait;
    Photo& photo = portrait.evidence.photo;
    const int rows = photo.color.height;
    for (int x = 0; x < photo.color.width; ++x) photo.color.at(x, rows - 1)[0] = float(x) / 256;
    const Photo longer = continued_below(portrait.avatar, photo, 0.04f);
    ASSERT_GT(longer.color.height, rows + 10);
    for (const Image* image : {&longer.alpha, &longer.hair, &longer.skin, &longer.cloth, &longer.color}) {
        ASSERT_EQ(image->height, longer.camera.height);
        ASSERT_EQ(image->pixels.size(), std::size_t(image->width * image->height * image->channels));
    }
    ASSERT_EQ(longer.head.depth.size(), longer.alpha.pixels.size());
    for (int x = 0; x < photo.color.width; x += 5) {
        EXPECT_EQ(longer.color.at(x, longer.color.height - 1)[0], float(x) / 256);
        EXPECT_EQ(*longer.alpha.at(x, longer.alpha.height - 1), *photo.alpha.at(x, rows - 1));
    }
}

// Shirts' colors ran up napes, and skin down backs, as long as one color was spread over both.
TEST(Bust, NapeIsSkinAndBackIsCloth) {
    const Portrait portrait;
    Unprojection unprojection(portrait.avatar, portrait.evidence.photo);
    unprojection.fill(portrait.evidence.hair_presence);
    const Vertices& smooth = unprojection.smooth();
    const HeadModel& model = *portrait.avatar.model;
    const Vertices normals = vertex_normals(portrait.avatar.neutral(), portrait.avatar.triangles());
    int nape = 0, back = 0;
    for (int v = 0; v < model.vertex_count(); ++v) {
        if (!is_below_head(model.vertex_region[std::size_t(v)]) || normals(2, v) > -0.3f) continue;
        const float under = portrait.chin - portrait.avatar.neutral()(1, v);
        const Eigen::Vector3f color = smooth.col(v);
        if (under < 0.05f) {
            ++nape;
            EXPECT_LT((color - skin_color).norm(), 0.1f) << under;
        } else if (under > 0.12f) {
            ++back;
            EXPECT_LT((color - cloth_color).norm(), 0.1f) << under;
        }
    }
    EXPECT_GT(nape, 5);
    EXPECT_GT(back, 20);
}

}  // namespace
}  // namespace likeness::test
