// Maps in the studio: baked, written, brought in, watched.
#include <gtest/gtest.h>

#include <fstream>

#include "core/image/load.h"
#include "core/image/save.h"
#include "tests/studio/studio_fixtures.h"

namespace likeness::test {
namespace {

namespace fs = std::filesystem;

class StudioMaps : public ::testing::Test {
  protected:
    void SetUp() override { bench_.run("file.open", {{"path", save_ball(folder_.path / "a.likeness").string()}}); }
    const Avatar& avatar() { return studio_.document().avatar(); }
    std::string file(const char* name) const { return (folder_.path / name).string(); }
    void bake() { bench_.run("maps.bake", {{"side", std::string("256")}}); }
    void tick(double seconds) {
        *bench_.time += seconds;
        bench_.settle();
    }
    // All of the map's red up.
    void repaint(const fs::path& picture) {
        Image image = *load_image(picture);
        for (std::size_t p = 0; p < image.pixels.size(); p += 3) image.pixels[p] = 1;
        ASSERT_TRUE(save_png(picture, image).ok());
    }
    TemporaryFolder folder_{"studio_maps"};
    StudioBench bench_{folder_.path, false};
    Studio& studio_ = *bench_.studio;
};

TEST_F(StudioMaps, BakingIsUndoneAndChangesNoGaussian) {
    EXPECT_NE(studio_.unavailable("maps.export").find("bake them first"), std::string::npos);
    const auto splats = avatar().splats;
    bake();
    EXPECT_EQ(avatar().maps->side, 256);
    EXPECT_TRUE(avatar().splats == splats);
    EXPECT_EQ(studio_.history().entries().back().title, "Bake maps");
    bench_.run("edit.undo");
    EXPECT_TRUE(avatar().maps->empty());
    bench_.run("edit.redo");
    EXPECT_EQ(avatar().maps->side, 256);
    bench_.run("file.save_as", {{"path", file("b.likeness")}});
    bench_.run("file.open", {{"path", file("b.likeness")}});
    EXPECT_EQ(avatar().maps->side, 256);
}

TEST_F(StudioMaps, WhatAnotherProgramPaintedComesIn) {
    bake();
    bench_.run("maps.export", {{"path", file("a.png")}});
    bench_.run("maps.import", {{"path", file("a.png")}});
    EXPECT_EQ(studio_.history().entries().size(), 1u) << "nothing was painted";
    repaint(file("a.png"));
    const auto splats = avatar().splats;
    bench_.run("file.open", {{"path", file("a.png")}});  // as a drop does: it is known as the maps' file
    EXPECT_FALSE(avatar().splats == splats);
    EXPECT_GT(avatar().splats->albedo[0], splats->albedo[0]);
    EXPECT_EQ(avatar().splats->albedo[1], splats->albedo[1]);
    bench_.run("edit.undo");
    EXPECT_TRUE(avatar().splats == splats);

    bench_.run("maps.export", {{"path", file("a.exr")}});
    bench_.run("file.open", {{"path", file("a.exr")}});
    EXPECT_TRUE(avatar().splats == splats) << "and the avatar is still the document";
}

TEST_F(StudioMaps, AWatchedFileComesInWhenItIsWhole) {
    bake();
    bench_.run("maps.export", {{"path", file("a.png")}});
    bench_.run("maps.watch", {{"path", file("a.png")}});
    tick(1);
    tick(1);
    EXPECT_EQ(studio_.history().entries().size(), 1u);
    repaint(file("a.png"));
    std::ifstream in(file("a.png"), std::ios::binary);
    const std::string whole((std::istreambuf_iterator<char>(in)), {});
    const auto write = [&](std::size_t size) {
        std::ofstream(file("a.png"), std::ios::binary).write(whole.data(), std::streamsize(size));
    };
    const auto splats = avatar().splats;
    write(whole.size() / 2);  // half-way
    for (int k = 0; k < 4; ++k) tick(0.5);
    EXPECT_TRUE(avatar().splats == splats);
    EXPECT_EQ(bench_.take_error(), "") << "it is waited for";
    write(whole.size());
    for (int k = 0; k < 6; ++k) tick(0.5);
    EXPECT_FALSE(avatar().splats == splats);
    EXPECT_EQ(studio_.history().entries().size(), 2u);
    write(whole.size() / 2);  // and never the rest
    for (int k = 0; k < 30; ++k) tick(0.5);
    EXPECT_NE(bench_.take_error().find("a.png"), std::string::npos);
    for (int k = 0; k < 10; ++k) tick(0.5);
    EXPECT_EQ(bench_.take_error(), "") << "once";
    bench_.run("maps.watch", {{"path", file("a.png")}, {"on", false}});
    write(whole.size());
    for (int k = 0; k < 6; ++k) tick(0.5);
    EXPECT_EQ(studio_.history().entries().size(), 2u);
}

TEST_F(StudioMaps, WhatCannotComeInIsSaid) {
    bake();
    ASSERT_TRUE(save_png(folder_.path / "small.png", Image(64, 64, 3, 0.5f)).ok());
    bench_.run("maps.import", {{"path", file("small.png")}});
    EXPECT_NE(bench_.take_error().find("64 x 64"), std::string::npos);
    EXPECT_FALSE(studio_.execute("maps.import", {{"path", file("none.png")}}).ok());
    EXPECT_FALSE(studio_.execute("maps.export", {{"path", file("a.likeness")}}).ok()) << "it is open";
}

}  // namespace
}  // namespace likeness::test
