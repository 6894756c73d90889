// Cameras of the view.
#include <gtest/gtest.h>

#include "core/avatar/avatar_file.h"
#include "core/document/view_state.h"
#include "core/formats/splat_ply.h"
#include "tests/avatar/avatar_fixtures.h"
#include "tests/studio/studio_fixtures.h"

namespace likeness::test {
namespace {

struct Opened {
    TemporaryFolder folder{"studio_view"};
    StudioBench bench{folder.path};
    Studio& studio = *bench.studio;
    Opened() { bench.run("file.open", {{"path", save_ball(folder.path / "a.likeness").string()}}); }
    Camera camera(int width = 800, int height = 600) const {
        return view_camera(studio.view(), studio.document(), width, height);
    }
};

TEST(View, TheDefaultIsTheConventions) {
    Opened o;
    const Camera ours = o.camera(512, 512), theirs = default_camera(o.studio.document().avatar(), 512, 512);
    EXPECT_NEAR(ours.fx, theirs.fx, 0.5f);
    EXPECT_TRUE(ours.world_to_camera.isApprox(theirs.world_to_camera, 1e-3f));
}

TEST(View, OrbitZoomPanAndField) {
    Opened o;
    const Eigen::Vector3f middle = o.studio.document().middle;
    o.bench.run("view.left");
    Camera c = o.camera();
    EXPECT_GT(c.position().x(), middle.x() + 0.5f) << "the subject's left is +X";
    o.bench.run("view.top");
    c = o.camera();
    EXPECT_GT(c.position().y(), middle.y() + 0.5f);
    EXPECT_TRUE(c.world_to_camera.allFinite());
    EXPECT_NEAR((c.project(middle) - Eigen::Vector2f(400, 300)).norm(), 0, 1e-2);
    o.bench.run("view.reset");
    const float size = (o.camera().project(middle + Eigen::Vector3f(0, 0.1f, 0)) - o.camera().project(middle)).norm();
    o.bench.run("view.zoom", {{"factor", 2}});
    EXPECT_NEAR((o.camera().project(middle + Eigen::Vector3f(0, 0.1f, 0)) - o.camera().project(middle)).norm(),
                2 * size, 0.02f * size);
    o.bench.run("view.reset");
    o.bench.run("view.fov", {{"degrees", 60}});
    EXPECT_NEAR((o.camera().project(middle + Eigen::Vector3f(0, 0.1f, 0)) - o.camera().project(middle)).norm(), size,
                0.02f * size);
    o.bench.run("view.reset");
    o.bench.run("view.pan", {{"x", 0.1}, {"y", 0.05}});
    const Eigen::Vector2f moved = o.camera().project(middle) - Eigen::Vector2f(400, 300);
    EXPECT_GT(moved.x(), 100);
    EXPECT_LT(moved.y(), -50);
    for (int i = 0; i < 30; ++i) o.bench.run("view.zoom", {{"factor", 100}});
    o.bench.run("view.orbit", {{"yaw", 3600}, {"pitch", 180}});
    EXPECT_TRUE(o.camera().world_to_camera.allFinite());
    EXPECT_LE(o.studio.view().pitch, 1.5709f);
    o.bench.run("view.orbit", {{"yaw", 190}, {"to", true}});
    EXPECT_NEAR(o.studio.view().yaw, -170 * 3.14159265 / 180, 1e-4) << "within half a turn";
}

TEST(View, ThePhotographsCameraIsFittedIntoThePicture) {
    Opened o;
    o.bench.run("view.source");
    const Camera& source = o.studio.document().avatar().source->camera;
    const Camera c = o.camera(800, 600);
    const Eigen::Vector3f p = o.studio.document().middle;
    const Eigen::Vector2f in_source = source.project(p), here = c.project(p);
    const float scale = 600.0f / float(source.height);
    EXPECT_NEAR(here.y(), in_source.y() * scale, 1e-2);
    EXPECT_NEAR(here.x(), in_source.x() * scale + 100, 1e-2);
    o.bench.run("view.orbit", {{"yaw", 5}});
    EXPECT_FALSE(o.studio.view().source_camera) << "moving the view leaves it";
    o.bench.run("view.compare", {{"mode", "wipe"}, {"wipe", 0.3}});
    EXPECT_TRUE(o.studio.view().source_camera);
    EXPECT_EQ(o.studio.view().compare, CompareMode::wipe);
    o.bench.run("view.landmarks");
    EXPECT_TRUE(o.studio.view().landmarks);
    o.bench.run("view.landmarks", {{"on", true}});
    EXPECT_TRUE(o.studio.view().landmarks);
    o.bench.run("view.background", {{"kind", "checker"}, {"red", 0.5}});
    EXPECT_EQ(o.studio.view().background, BackgroundKind::checker);
    EXPECT_EQ(o.studio.view().background_color[0], 0.5f);
}

TEST(View, ComparisonTakesThePhotographsPoseAndEndsWithItsCamera) {
    Opened o;
    const ViewState& view = o.studio.view();
    const auto is_photographs = [&] { return *o.studio.state().pose == o.studio.document().avatar().source->pose; };
    ASSERT_FALSE(is_photographs());
    const HeadPose before = *o.studio.state().pose;
    for (const char* mode : {"wipe", "side_by_side"}) {
        o.bench.run("view.compare", {{"mode", mode}});
        EXPECT_TRUE(view.source_camera);
        EXPECT_TRUE(is_photographs());
        EXPECT_EQ(o.studio.history().position(), 1u) << "one step, for the pose";
        o.bench.run("pose.head", {{"yaw", 20}});
        o.bench.run("view.compare", {{"mode", mode}, {"wipe", 0.4}});
        EXPECT_FALSE(is_photographs()) << "only entering takes the pose";
        o.bench.run("edit.undo");
        o.bench.run("edit.undo");
        EXPECT_EQ(*o.studio.state().pose, before);
        o.bench.run("view.compare", {{"mode", "off"}});
        EXPECT_TRUE(view.source_camera) << "nothing moved";
    }
    const std::vector<std::pair<const char*, Arguments>> moves = {
        {"view.front", {}},
        {"view.orbit", {{"yaw", 5}}},
        {"view.zoom", {{"factor", 2}}},
        {"view.pan", {{"x", 0.1}}},
        {"view.frame", {}},
        {"view.reset", {}},
        {"view.three_quarters", {}},
        {"view.source", {{"on", false}}},
    };
    for (const auto& [id, arguments] : moves) {
        o.bench.run("view.compare", {{"mode", "wipe"}});
        o.bench.run(id, arguments);
        EXPECT_EQ(view.compare, CompareMode::off) << id;
        EXPECT_FALSE(view.source_camera) << id;
        EXPECT_NE(o.studio.messages().newer_than().back().text.find("comparison"), std::string::npos) << id;
    }
    o.bench.run("view.compare", {{"mode", "wipe"}});
    o.bench.run("view.fov", {{"degrees", 30}});
    EXPECT_EQ(view.compare, CompareMode::wipe) << "the photograph's lens stays";
    o.bench.run("file.open", {{"path", save_ball(o.folder.path / "b.likeness").string()}, {"discard", true}});
    EXPECT_EQ(view.compare, CompareMode::off) << "another avatar is seen by the free camera";
}

TEST(View, ComparisonNeedsAPhotograph) {
    TemporaryFolder folder("studio_view_none");
    StudioBench bench(folder.path);
    Avatar avatar = ball_avatar(3, 50, true);
    avatar.source.edit().picture = nullptr;
    ASSERT_TRUE(save_avatar(folder.path / "bare.likeness", avatar, {}));
    bench.run("file.open", {{"path", (folder.path / "bare.likeness").string()}});
    EXPECT_EQ(bench.studio->unavailable("view.compare"), "This avatar has no photograph.");
    EXPECT_FALSE(bench.studio->execute("view.compare", {{"mode", "wipe"}}));
}

TEST(View, SplatsTurnUpsideDownAndBack) {
    TemporaryFolder folder("studio_turn");
    StudioBench bench(folder.path);
    Studio& studio = *bench.studio;
    EXPECT_FALSE(studio.unavailable("view.turn_over").empty());
    SplatSet splats;
    splats.resize(1);
    splats.means = {0.1f, 0.2f, 0.3f};
    splats.scales = {0.01f, 0.02f, 0.03f};
    const Eigen::Quaternionf turn = Eigen::Quaternionf(0.8f, 0.2f, -0.4f, 0.3f).normalized();
    splats.rotations = {turn.w(), turn.x(), turn.y(), turn.z()};
    splats.opacities = {0.5f};
    ASSERT_TRUE(save_splat_ply(folder.path / "one.ply", splats));
    bench.run("file.open", {{"path", (folder.path / "one.ply").string()}});
    const Eigen::Vector3f middle = studio.document().middle;
    const auto rotation = [&] {
        const std::vector<float>& q = studio.document().splats->rotations;
        return Eigen::Quaternionf(q[0], q[1], q[2], q[3]).toRotationMatrix();
    };
    bench.run("view.turn_over");
    const Eigen::Vector3f about_z(-1, -1, 1);
    EXPECT_TRUE(rotation().isApprox(about_z.asDiagonal() * turn.toRotationMatrix(), 1e-5f));
    EXPECT_NEAR(studio.document().splats->means[1], -0.2f, 1e-6f);
    EXPECT_NEAR(studio.document().splats->means[2], 0.3f, 1e-6f);
    EXPECT_TRUE(studio.document().middle.isApprox(about_z.cwiseProduct(middle)));
    bench.run("view.turn_over");
    EXPECT_TRUE(rotation().isApprox(turn.toRotationMatrix(), 1e-5f));
    EXPECT_TRUE(studio.document().middle.isApprox(middle));
}

}  // namespace
}  // namespace likeness::test
