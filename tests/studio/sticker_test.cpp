// Stickers and text by commands.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/base/paths.h"
#include "core/editing/own_stickers.h"
#include "core/image/save.h"
#include "core/image/svg.h"
#include "tests/studio/studio_fixtures.h"

namespace likeness::test {
namespace {

std::map<PaintTileKey, std::array<PaintTexel, paint_tile_texels>> content(const PaintTexels& texels) {
    std::map<PaintTileKey, std::array<PaintTexel, paint_tile_texels>> tiles;
    texels.each_tile([&](const PaintTileKey& key, const auto& tile) { tiles[key] = tile->texels; });
    return tiles;
}

class StickerCommands : public testing::Test {
  protected:
    StickerCommands() {
        EXPECT_TRUE(save_png(folder.path / "dot.png", Image(20, 10, 4, 1.0f)));
        bench.run("file.open", {{"path", save_ball(folder.path / "a.likeness").string()}});
    }
    const std::vector<PaintLayer>& layers() const { return bench.studio->document().avatar().paint->layers; }
    Arguments at(double u, double v, double width) const {
        return {{"path", (folder.path / "dot.png").string()}, {"u", u}, {"v", v}, {"width", width}};
    }
    const TemporaryFolder folder{"sticker_commands"};
    StudioBench bench{folder.path};
};

TEST_F(StickerCommands, PlaceMoveAndUndo) {
    bench.run("sticker.place", at(0.5, 0.5, 10));
    ASSERT_EQ(layers().size(), 1u);
    EXPECT_EQ(layers()[0].name, "dot");
    ASSERT_TRUE(layers()[0].sticker && layers()[0].texels);
    EXPECT_FALSE(layers()[0].texels->empty());
    const auto texels = layers()[0].texels;
    bench.run("sticker.move", {{"width", 20.0}, {"angle", 30.0}});
    EXPECT_NEAR(layers()[0].sticker->width, 20e-3f, 1e-6f);
    EXPECT_NEAR(layers()[0].sticker->atlas.x(), 0.5f, 1e-6f) << "what is not said stays";
    EXPECT_FALSE(changed_tiles(*texels, *layers()[0].texels).empty());
    bench.run("edit.undo");
    EXPECT_EQ(layers()[0].texels, texels);
    bench.run("edit.undo");
    EXPECT_TRUE(layers().empty());
}

TEST_F(StickerCommands, TextIsALayerNamedAfterIt) {
    bench.run("sticker.text", {{"text", "Ahoy"}, {"u", 0.4}, {"v", 0.5}, {"width", 15.0}, {"red", 1.0}});
    ASSERT_EQ(layers().size(), 1u);
    EXPECT_EQ(layers()[0].name, "Ahoy");
    EXPECT_EQ(layers()[0].sticker->text, "Ahoy");
    const auto copy = folder.path / "copy.likeness";
    bench.run("file.save_as", {{"path", copy.string()}});
    bench.run("file.open", {{"path", copy.string()}});
    ASSERT_EQ(layers().size(), 1u);
    EXPECT_EQ(layers()[0].sticker->text, "Ahoy");
    EXPECT_FALSE(layers()[0].texels->empty());
}

TEST_F(StickerCommands, AWarpIsKeptInTheFileAndUndone) {
    bench.run("sticker.place", at(0.5, 0.5, 20));
    const auto straight = layers()[0].texels;
    bench.run("sticker.warp", {{"points", "0.1,0.2 -0.1,0 0,0 0.25,-0.5"}});
    const Sticker warped = *layers()[0].sticker;
    EXPECT_EQ(warped.warp[0], Eigen::Vector2f(0.1f, 0.2f));
    EXPECT_EQ(warped.warp[3], Eigen::Vector2f(-0.1f, 0));
    EXPECT_EQ(warped.warp[15], Eigen::Vector2f(0.25f, -0.5f));
    EXPECT_NEAR(warped.warp[1].x(), 0.1f * 2 / 3 - 0.1f / 3, 1e-6f) << "between the corners";
    EXPECT_FALSE(changed_tiles(*straight, *layers()[0].texels).empty());
    const auto copy = folder.path / "warped.likeness";
    bench.run("file.save_as", {{"path", copy.string()}});
    const auto texels = layers()[0].texels;
    bench.run("file.open", {{"path", copy.string()}});
    ASSERT_TRUE(layers()[0].sticker);
    EXPECT_EQ(layers()[0].sticker->warp, warped.warp);
    EXPECT_EQ(content(*layers()[0].texels), content(*texels));
    bench.run("sticker.warp");
    EXPECT_FALSE(is_warped(*layers()[0].sticker));
    EXPECT_EQ(content(*layers()[0].texels), content(*straight));
    bench.run("edit.undo");
    EXPECT_EQ(layers()[0].sticker->warp, warped.warp);
    for (const char* points : {"1,2", "a,b c,d e,f g,h", "3,0 0,0 0,0 0,0", "nan,0 0,0 0,0 0,0", "1,1,1 0,0 0,0 0,0"})
        EXPECT_FALSE(bench.studio->execute("sticker.warp", {{"points", points}})) << points;
    EXPECT_EQ(layers()[0].sticker->warp, warped.warp);
}

TEST_F(StickerCommands, APlaceOfTheViewIsFoundOnTheSkin) {
    Arguments where = at(0.5, 0.5, 10);
    bench.run("sticker.place", where);
    const auto picture = bench.studio->paint().surface();
    const Camera camera = view_camera(bench.studio->view(), bench.studio->document(), 1024, 1024);
    const auto seen = bench.studio->paint().pick(camera, {512, 512});
    ASSERT_TRUE(seen) << "the ball is in the middle";
    bench.run("sticker.move", {{"x", 512.0}, {"y", 512.0}});
    EXPECT_LT((layers()[0].sticker->atlas - atlas_position(picture->avatar(), seen->point)).norm(), 1e-5f);
    EXPECT_FALSE(bench.studio->execute("sticker.move", {{"x", 512.0}}));
    EXPECT_FALSE(bench.studio->execute("sticker.move", {{"x", 1.0}, {"y", 1.0}})) << "the background";
}

TEST_F(StickerCommands, OwnOnesAreAllThere) {
    std::set<std::string> names;
    for (const OwnSticker& own : own_stickers()) {
        EXPECT_TRUE(names.insert(own.name).second);
        EXPECT_TRUE(own_sticker_file(own)) << own.name;
        EXPECT_NE(std::find(sticker_spots.begin(), sticker_spots.end(), std::string(own.spot)), sticker_spots.end());
        if (find_companion("likeness-svg").empty()) continue;
        const auto picture = load_svg(*own_sticker_file(own), 128);
        ASSERT_TRUE(picture) << own.name << (picture ? "" : picture.error().message);
        float covered = 0;
        for (std::size_t i = 3; i < picture->pixels.size(); i += 4) covered += picture->pixels[i];
        EXPECT_GT(4 * covered / float(picture->pixels.size()), 0.05f) << own.name;
    }
    EXPECT_GE(names.size(), 12u);
    if (find_companion("likeness-svg").empty()) GTEST_SKIP() << "this build has no librsvg";
    bench.run("sticker.place", {{"name", "heart"}, {"u", 0.5}, {"v", 0.5}});
    ASSERT_EQ(layers().size(), 1u);
    EXPECT_EQ(layers()[0].name, "Heart");
    EXPECT_EQ(layers()[0].sticker->file, "heart.svg");
    EXPECT_FALSE(bench.studio->execute("sticker.place", {{"name", "dragon"}}));
}

TEST_F(StickerCommands, ADragIsOneStepAndCanBeLetGo) {
    bench.run("sticker.place", at(0.5, 0.5, 10));
    StickerService& stickers = bench.studio->stickers();
    const auto before = layers()[0].sticker;
    Sticker moved = *before;
    stickers.begin_edit("Move");
    for (int i = 1; i <= 5; ++i) {
        moved.angle = 0.1f * float(i);
        stickers.edit(moved);
    }
    EXPECT_NEAR(layers()[0].sticker->angle, 0.5f, 1e-6f) << "shown at once";
    stickers.cancel_edit();
    EXPECT_EQ(layers()[0].sticker, before);
    EXPECT_EQ(bench.studio->history().position(), 1u);
    stickers.begin_edit("Turn");
    stickers.edit(moved);
    moved.width = 10;  // as far as it goes
    stickers.edit(moved);
    EXPECT_NEAR(layers()[0].sticker->width, before->width, 1e-6f);
    bench.run("edit.undo");  // ends what is under way
    EXPECT_FALSE(stickers.editing());
    EXPECT_EQ(layers()[0].sticker, before);
    EXPECT_EQ(bench.studio->history().entries().size(), 2u);
    EXPECT_EQ(bench.studio->history().entries().back().title, "Turn: dot");
}

TEST_F(StickerCommands, WhatIsDroppedWaitsForAnAnswerUnlessItHasAlpha) {
    StickerService& stickers = bench.studio->stickers();
    stickers.drop(folder.path / "dot.png", {0.5f, 0.5f});
    ASSERT_TRUE(bench.settle());
    ASSERT_TRUE(stickers.dropped());
    EXPECT_TRUE(layers().empty());
    stickers.place_dropped();
    EXPECT_FALSE(stickers.dropped());
    ASSERT_EQ(layers().size(), 1u);
    EXPECT_NEAR(layers()[0].sticker->width, 40e-3f, 1e-6f);
    EXPECT_TRUE(stickers.handles());
    Image ring(10, 40, 4, 1.0f);
    ring.at(5, 20)[3] = 0;
    ASSERT_TRUE(save_png(folder.path / "ring.png", ring));
    stickers.drop(folder.path / "ring.png", {0.5f, 0.5f});
    ASSERT_TRUE(bench.settle());
    EXPECT_FALSE(stickers.dropped());
    ASSERT_EQ(layers().size(), 2u);
    EXPECT_NEAR(layers()[1].sticker->width, 15e-3f, 1e-6f) << "60 mm high";
    EXPECT_EQ(bench.studio->history().position(), 2u);
    stickers.drop(folder.path / "none.png", {0.5f, 0.5f});
    EXPECT_NE(bench.take_error().find("none.png"), std::string::npos);
}

TEST_F(StickerCommands, WhatCannotBePutThereChangesNothing) {
    EXPECT_FALSE(bench.studio->execute("sticker.place", {{"path", (folder.path / "none.png").string()}, {"u", 0.5}}));
    bench.run("sticker.place", at(0.5, 0.5, 1));  // half a millimetre high
    EXPECT_NE(bench.take_error().find("1 to 400"), std::string::npos);
    EXPECT_FALSE(bench.studio->execute("sticker.move", {{"width", 20.0}})) << "no sticker is selected";
    EXPECT_FALSE(bench.studio->execute("sticker.warp", {{"points", ""}})) << "no sticker is selected";
    EXPECT_FALSE(bench.studio->execute("sticker.text", {{"text", ""}, {"u", 0.5}}));
    EXPECT_TRUE(layers().empty());
    EXPECT_FALSE(bench.studio->document().dirty());
}

}  // namespace
}  // namespace likeness::test
