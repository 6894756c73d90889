// Files of the first version: they open, are edited, undone and saved, and are seen as the program that wrote them
// showed them (old_files/README.md).
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "core/avatar/avatar_file.h"
#include "core/document/session_file.h"
#include "core/formats/zip.h"
#include "core/image/load.h"
#include "core/image/save.h"
#include "core/pipeline/render_avatar.h"
#include "tests/avatar/avatar_fixtures.h"
#include "tests/head/head_fixtures.h"
#include "tests/studio/studio_fixtures.h"

namespace likeness::test {
namespace {

namespace fs = std::filesystem;
const fs::path old_files = LIKENESS_OLD_FILES;

// As `likeness render` makes them.
Image front_picture(const Avatar& avatar, const PartFlags& shown) {
    return AvatarRenderer(make_cpu_rasterizer(), shown)
        .render(avatar, HeadPose::neutral(*avatar.model), default_camera(avatar, 256, 256));
}
Image turned_picture(const Avatar& avatar, const PartFlags& shown) {
    constexpr float degree = std::numbers::pi_v<float> / 180;
    HeadPose pose = HeadPose::neutral(*avatar.model);
    pose.controls[avatar.model->control("jawOpen")] = 0.4f;
    pose.joints(1, avatar.model->joint("head")) = 15 * degree;
    return AvatarRenderer(make_cpu_rasterizer(), shown)
        .render(avatar, pose, orbit(default_camera(avatar, 256, 256), head_middle(avatar), 30 * degree, 0));
}

// As files hold them: 8 bits. Colors count as much as they are seen.
void expect_picture(const Image& found, const fs::path& expected_file) {
    const auto expected = load_image(expected_file);
    ASSERT_TRUE(expected) << expected.error().message;
    const auto written = load_picture_from_memory(encode_png(found), "found");
    ASSERT_TRUE(written);
    const Image& image = written->image;
    ASSERT_EQ(image.pixels.size(), expected->pixels.size());
    float farthest = 0;
    for (std::size_t i = 0; i < image.pixels.size(); i += 4) {
        const float a = image.pixels[i + 3], b = expected->pixels[i + 3];
        farthest = std::max(farthest, std::abs(a - b));
        for (std::size_t c = 0; c < 3; ++c)
            farthest = std::max(farthest, std::abs(a * image.pixels[i + c] - b * expected->pixels[i + c]));
    }
    EXPECT_LT(farthest, 1.01f / 255) << expected_file;
}
void expect_pictures(const Avatar& avatar, const PartFlags& shown, const std::string& name) {
    expect_picture(front_picture(avatar, shown), old_files / (name + "_front.png"));
    expect_picture(turned_picture(avatar, shown), old_files / (name + "_turned.png"));
}

TEST(OldFiles, AreSeenAsTheyWere) {
    for (const std::string name : {"portrait", "edited"}) {
        // With the head that they were made with, and with the one that they hold.
        for (const auto& head : {real_head(), std::shared_ptr<const HeadModel>()}) {
            const auto avatar = load_avatar(old_files / (name + ".likeness"), head);
            ASSERT_TRUE(avatar) << avatar.error().message << " " << avatar.error().detail;
            EXPECT_EQ(avatar->own_expressions().count(), 1);
            EXPECT_EQ(unknown_parts_sentence(*avatar, name), "");
            if (!head) continue;
            EXPECT_EQ(avatar->model, head) << "it has kept its hash";
            expect_pictures(*avatar, shown_parts(*avatar), name);
        }
    }
}

TEST(OldFiles, AreEditedUndoneAndSaved) {
    const TemporaryFolder folder("studio_old_files");
    StudioBench bench(folder.path, true, real_head());
    Studio& studio = *bench.studio;
    const Document& d = studio.document();
    for (const std::string name : {"portrait", "edited"}) {
        const fs::path file = folder.path / (name + ".likeness");
        fs::copy_file(old_files / file.filename(), file);
        bench.run("file.open", {{"path", file.string()}});
        ASSERT_EQ(bench.take_error(), "");
        ASSERT_TRUE(d.has_avatar());
        ASSERT_FALSE(d.dirty());
        const bool edited = name == "edited";
        EXPECT_EQ(d.part_shown(SplatPart::hair), !edited);
        EXPECT_EQ(d.state.pose->controls[d.model()->control("mouthSmileLeft")] > 0, edited);
        const DocumentState opened = d.state;
        bench.run("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.6}});
        bench.run("identity.set", {{"name", "nose-width1"}, {"value", 0.8}});
        bench.run("part.show", {{"part", "eyes"}, {"on", false}});
        EXPECT_TRUE(d.dirty());
        EXPECT_TRUE(d.avatar().neutral() != opened.avatar.neutral());
        for (int i = 0; i < 3; ++i) bench.run("edit.undo");
        EXPECT_FALSE(d.dirty());
        expect_pictures(d.avatar(), studio.scene().visible, name);

        bench.run("edit.redo");
        bench.run("edit.undo");
        const fs::path again = folder.path / (name + "_again.likeness");
        bench.run("file.save_as", {{"path", again.string()}});
        ASSERT_EQ(bench.take_error(), "");
        const auto zip = ZipReader::open(again);
        ASSERT_TRUE(zip);
        const auto text = zip->read("avatar.json");
        EXPECT_EQ(nlohmann::json::parse(text->begin(), text->end())["version"], avatar_file_version);
        const auto saved = load_avatar(again, real_head());
        ASSERT_TRUE(saved) << saved.error().message;
        expect_pictures(*saved, shown_parts(*saved), name);
        bench.run("file.open", {{"path", again.string()}});
        EXPECT_EQ(*d.state.pose, *opened.pose);
        EXPECT_EQ(*d.state.parts, *opened.parts);
    }
    // What was changed of the identity can be taken back: that is the other file's head.
    bench.run("identity.reset_all");
    const auto fitted = load_avatar(old_files / "portrait.likeness", real_head());
    ASSERT_TRUE(fitted);
    EXPECT_LT((d.avatar().head().vertices - fitted->head().vertices).colwise().norm().maxCoeff(), 1e-6f);
    // The first files keep hair as it was moved; where it may have been before has more than one answer.
    const auto away = (d.avatar().hair().vertices - fitted->hair().vertices).colwise().norm();
    EXPECT_LT(away.mean(), 1e-4f);
    EXPECT_LT(away.maxCoeff(), 0.01f);
}

}  // namespace
}  // namespace likeness::test
