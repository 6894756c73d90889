// Stickers and text by commands.
#include <gtest/gtest.h>

#include "core/image/save.h"
#include "tests/studio/studio_fixtures.h"

namespace likeness::test {
namespace {

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

TEST_F(StickerCommands, WhatCannotBePutThereChangesNothing) {
    EXPECT_FALSE(bench.studio->execute("sticker.place", {{"path", (folder.path / "none.png").string()}, {"u", 0.5}}));
    EXPECT_FALSE(bench.studio->execute("sticker.place", at(0.5, 0.5, 1))) << "half a millimetre high";
    EXPECT_FALSE(bench.studio->execute("sticker.move", {{"width", 20.0}})) << "no sticker is selected";
    EXPECT_FALSE(bench.studio->execute("sticker.text", {{"text", ""}, {"u", 0.5}}));
    EXPECT_TRUE(layers().empty());
    EXPECT_FALSE(bench.studio->document().dirty());
}

}  // namespace
}  // namespace likeness::test
