// A paint layer: a PaintLayer in a map of the avatar's part `maps` (1), put there by a command (2). Undo, saving and
// opening know the part already.
#include <gtest/gtest.h>

#include "core/commands/arguments.h"
#include "tests/studio/studio_fixtures.h"

namespace likeness {
namespace {

// What a service's add_commands() would add.
void add_paint_command(Studio& studio) {
    Command command;
    command.id = "paint.fill";
    command.title = "Fill";
    command.category = "Paint";
    command.tooltip = "A white layer over the whole head.";
    // With a default for each argument the palette runs it too.
    command.arguments = {with_default(number_argument("opacity", "Of the layer", 0, 1), 1)};
    command.undoable = true;
    command.unavailable = [&studio] { return studio.document().has_avatar() ? "" : "Open an avatar first."; };
    command.run = [&studio](const Arguments& a) -> Status {
        constexpr int side = 64;
        TextureMaps& maps = studio.state().avatar.maps.edit();
        if (maps.maps.empty())
            maps.maps.push_back({.name = "albedo", .width = side, .height = side, .base = {}, .layers = {}});
        TextureMap& map = maps.maps.front();
        map.layers.push_back({.name = "fill",
                              .opacity = float(a.number("opacity")),
                              .visible = true,
                              .picture = std::make_shared<const Image>(map.width, map.height, 4, 1.0f)});
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
    const auto layers = [&] {
        const auto& maps = studio.document().avatar().maps->maps;
        return maps.empty() ? std::size_t(0) : maps.front().layers.size();
    };
    const std::size_t before = layers();
    ASSERT_TRUE(studio.execute("paint.fill", {{"opacity", 0.25}}));
    EXPECT_EQ(layers(), before + 1);
    bench.run("edit.undo");
    EXPECT_EQ(layers(), before);
    bench.run("edit.redo");
    const auto copy = folder.path / "copy.likeness";
    bench.run("file.save_as", {{"path", copy.string()}});
    bench.run("file.open", {{"path", copy.string()}});
    ASSERT_EQ(layers(), before + 1);
    EXPECT_FLOAT_EQ(studio.document().avatar().maps->maps.front().layers.back().opacity, 0.25f);
}

}  // namespace
}  // namespace likeness
