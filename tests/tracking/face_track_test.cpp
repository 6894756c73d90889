#include "core/tracking/face_track.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "core/image/file_bytes.h"
#include "core/tracking/frame_light.h"
#include "tests/formats/temporary_folder.h"
#include "tests/head/head_fixtures.h"

namespace likeness::test {
namespace {

FaceTrack small_track() {
    const HeadModel& model = *real_head();
    FaceTrack track;
    track.video = "somebody.mp4";
    track.video_stamp = "123";
    track.width = 640;
    track.height = 480;
    track.origin = {3, 4};
    track.rate = 29.97;
    track.focal = 900;
    track.torso_followed = true;
    track.head = "0123456789abcdef";
    track.controls = model.control_names;
    track.identity = Eigen::VectorXf::LinSpaced(model.identity_count(), -1, 1);
    track.offsets = 0.001f * Vertices::Random(3, model.vertex_count());
    track.of_controls = Eigen::MatrixXf::Zero(3 * model.vertex_count(), model.control_count());
    track.of_controls(7, 5) = 0.5f;
    track.notes = {"There are 2 cuts."};
    for (int i = 0; i < 3; ++i) {
        TrackedFrame frame;
        frame.seconds = i / 29.97;
        frame.state = FrameState(i);
        frame.cut = i == 1;
        frame.error = 0.004f;
        frame.pose = HeadPose::neutral(model);
        frame.pose.controls[2] = 0.25f * float(i);
        frame.pose.joints(1, model.joints.head) = 0.3f;
        frame.world_to_camera(1, 3) = 0.7f;
        frame.slip = {0.001f, 0, 0.01f};
        frame.light(3, 1) = 0.5f;
        frame.landmarks[9] = {1, 2, 3};
        track.frames.push_back(frame);
    }
    return track;
}

TEST(FaceTrack, ComesBackAsItWas) {
    const TemporaryFolder folder("face_track_back");
    const FaceTrack track = small_track();
    ASSERT_TRUE(save_track(folder.path / "a.track", track));
    const auto back = load_track(folder.path / "a.track");
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->video, track.video);
    EXPECT_EQ(back->origin, track.origin);
    EXPECT_EQ(back->controls, track.controls);
    EXPECT_EQ(back->notes, track.notes);
    EXPECT_EQ(back->identity, track.identity);
    EXPECT_EQ(back->offsets, track.offsets);
    EXPECT_EQ(back->of_controls, track.of_controls);
    ASSERT_EQ(back->frames.size(), 3u);
    EXPECT_EQ(back->tracked_count(), 1u);
    for (std::size_t i = 0; i < 3; ++i) {
        const TrackedFrame &a = back->frames[i], &b = track.frames[i];
        EXPECT_EQ(a.seconds, b.seconds);
        EXPECT_EQ(a.state, b.state);
        EXPECT_EQ(a.cut, b.cut);
        EXPECT_EQ(a.pose, b.pose);
        EXPECT_EQ(a.world_to_camera, b.world_to_camera);
        EXPECT_EQ(a.slip, b.slip);
        EXPECT_EQ(a.light, b.light);
        EXPECT_EQ(a.landmarks[9], b.landmarks[9]);
    }
    const Camera camera = back->camera(back->frames[0]);
    EXPECT_FLOAT_EQ(camera.world_to_camera(2, 3), 0.01f);
    EXPECT_FLOAT_EQ(camera.cx, 320);
}

TEST(FaceTrack, DamagedFilesAreRefused) {
    const TemporaryFolder folder("face_track_damaged");
    FaceTrack track = small_track();
    ASSERT_TRUE(save_track(folder.path / "a.track", track));
    const auto whole = read_file(folder.path / "a.track", std::size_t(1) << 30);
    ASSERT_TRUE(whole);
    for (const double share : {0.0, 0.1, 0.5, 0.9, 0.999}) {
        std::vector<std::uint8_t> cut(whole->begin(), whole->begin() + std::ptrdiff_t(share * double(whole->size())));
        EXPECT_FALSE(parse_track(cut, "a.track"));
    }
    std::mt19937 engine(1);
    for (int i = 0; i < 40; ++i) {
        std::vector<std::uint8_t> other = *whole;
        for (int k = 0; k < 4; ++k) other[engine() % other.size()] ^= std::uint8_t(1 + engine() % 255);
        const auto read = parse_track(other, "a.track");
        EXPECT_TRUE(read || read.error().message.find("a.track") != std::string::npos);
    }
    track.frames[1].pose.controls[0] = std::numeric_limits<float>::quiet_NaN();
    ASSERT_TRUE(save_track(folder.path / "b.track", track));
    EXPECT_EQ(load_track(folder.path / "b.track").error().code, ErrorCode::bad_input);
    EXPECT_EQ(load_track(folder.path / "none.track").error().code, ErrorCode::not_found);
}

TEST(FrameLight, TellsFromWhichSideAFaceIsLit) {
    const Eigen::Index places = 60;
    std::mt19937 engine(2);
    std::normal_distribution<float> normal;
    std::uniform_real_distribution<float> tone(0.2f, 0.6f);
    Eigen::Matrix3Xf skin(3, places), normals(3, places);
    for (Eigen::Index i = 0; i < places; ++i) {
        skin.col(i) = Eigen::Vector3f(tone(engine), tone(engine), tone(engine));
        normals.col(i) = Eigen::Vector3f(normal(engine), normal(engine), -1.5f).normalized();
    }
    std::vector<LitSkin> frames(3);
    for (std::size_t f = 0; f < 3; ++f) {
        frames[f].normal = normals;
        frames[f].color.resize(3, places);
        for (Eigen::Index i = 0; i < places; ++i)
            frames[f].color.col(i) = skin.col(i) * (1 + 0.5f * (float(f) - 1) * normals(0, i));
        frames[f].color(0, 5) = -1;  // not seen
    }
    const std::vector<FrameLight> lights = fit_lights(frames);
    // On a cheek that looks 37 degrees aside.
    const float x = 0.6f, z = -0.8f;
    const Eigen::Matrix<float, 9, 1> cheek{1, x, 0, z, 0, x * z, 0, x * x, 3 * z * z - 1};
    for (int c = 0; c < 3; ++c) {
        for (int f = 0; f < 3; ++f)
            EXPECT_NEAR(lights[std::size_t(f)].col(c).dot(cheek), 1 + 0.5f * float(f - 1) * x, 0.06f);
        EXPECT_NEAR((lights[0](0, c) + lights[1](0, c) + lights[2](0, c)) / 3, 1, 1e-3f);
    }
}

}  // namespace
}  // namespace likeness::test
