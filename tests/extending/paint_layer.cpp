// A layer of paint: a PaintLayer in the avatar's part `paint` (1), put there by a command (2). Undo, saving, opening
// and all that draws know the part already.
#include <gtest/gtest.h>

#include "core/commands/arguments.h"
#include "tests/studio/studio_fixtures.h"

namespace likeness {
namespace {

// What a service's add_commands() would add.
void add_paint_command(Studio& studio) {
    Command command;
    command.id = "fill.white";
    command.title = "Fill";
    command.category = "Paint";
    command.tooltip = "A white layer over the whole head.";
    // With a default for each argument the palette runs it too.
    command.arguments = {with_default(number_argument("opacity", "Of the layer", 0, 1), 1)};
    command.undoable = true;
    command.unavailable = [&studio] { return studio.document().has_avatar() ? "" : "Open an avatar first."; };
    command.run = [&studio](const Arguments& a) -> Status {
        auto white = std::make_shared<PaintTile>();
        for (PaintTexel& texel : white->texels) texel = {255, 255, 255, 255};
        auto texels = std::make_shared<PaintTexels>();
        for (int block = 0; block < paint_block_count / 2; ++block) texels->set_tile({block, 0, 0, 0}, white);
        PaintStack& stack = studio.state().avatar.paint.edit();
        stack.layers.push_back({.id = new_paint_layer_id(stack),
                                .name = "fill",
                                .opacity = float(a.number("opacity")),
                                .texels = std::move(texels)});
        return {};
    };
    studio.commands().add(std::move(command));
}

TEST(Extending, APaintLayer) {
    const test::TemporaryFolder folder("extending_paint_layer");
    test::StudioBench bench(folder.path);
    Studio& studio = *bench.studio;
    add_paint_command(studio);
    bench.run("file.open", {{"path", test::save_ball(folder.path / "a.likeness").string()}});
    const auto layers = [&] { return studio.document().avatar().paint->layers.size(); };
    const std::size_t before = layers();
    ASSERT_TRUE(studio.execute("fill.white", {{"opacity", 0.25}}));
    EXPECT_EQ(layers(), before + 1);
    bench.run("edit.undo");
    EXPECT_EQ(layers(), before);
    bench.run("edit.redo");
    const auto copy = folder.path / "copy.likeness";
    bench.run("file.save_as", {{"path", copy.string()}});
    bench.run("file.open", {{"path", copy.string()}});
    ASSERT_EQ(layers(), before + 1);
    EXPECT_FLOAT_EQ(studio.document().avatar().paint->layers.back().opacity, 0.25f);
}

}  // namespace
}  // namespace likeness
