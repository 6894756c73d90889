// Maps as pictures, and back.
#include "core/maps/map_files.h"

#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <random>

#include "core/formats/exr.h"
#include "core/image/load.h"
#include "core/image/save.h"
#include "tests/formats/temporary_folder.h"

namespace likeness::test {
namespace {

class MapFiles : public ::testing::Test {
  protected:
    void SetUp() override {
        maps_.side = 256;
        maps_.squares = 2;
        std::mt19937 random(3);
        std::uniform_real_distribution<float> uniform(0, 1);
        for (std::size_t k = 0; k < map_attributes.size(); ++k) {
            MapTexels texels(maps_.texel_count() * map_attributes[k].channels);
            for (Eigen::half& x : texels) x = Eigen::half(k == albedo_map ? uniform(random) : 4 * uniform(random) - 2);
            maps_.texels[k] = std::make_shared<const MapTexels>(std::move(texels));
        }
    }
    std::filesystem::path file(const char* name) const { return folder_.path / name; }
    void refused(const char* name, const std::string& part, const std::string& map = "albedo") {
        const auto read = import_maps(maps_, file(name), map);
        ASSERT_FALSE(read.ok()) << name;
        EXPECT_NE(read.error().message.find(part), std::string::npos) << read.error().message;
    }
    const TemporaryFolder folder_{"map_files"};
    TextureMaps maps_;
};

TEST_F(MapFiles, WhatIsWrittenAndReadBackChangesNothing) {
    ASSERT_TRUE(export_maps(maps_, file("a.exr"), "albedo").ok());
    const auto exr = import_maps(maps_, file("a.exr"), "albedo");
    ASSERT_TRUE(exr.ok()) << exr.error().message << exr.error().detail;
    EXPECT_EQ(exr->texels, maps_.texels) << "the very same";
    for (const char* map : picture_maps) {
        ASSERT_TRUE(export_maps(maps_, file("a.png"), map).ok());
        const auto png = import_maps(maps_, file("a.png"), map);
        ASSERT_TRUE(png.ok()) << png.error().message;
        EXPECT_EQ(png->texels, maps_.texels) << map;
    }
}

TEST_F(MapFiles, AnExrHoldsEveryMapWhole) {
    ASSERT_TRUE(export_maps(maps_, file("a.exr"), "albedo").ok());
    TextureMaps empty = maps_;
    for (std::size_t k = 0; k < map_attributes.size(); ++k)
        empty.texels[k] = std::make_shared<const MapTexels>(maps_.texels[k]->size());
    const auto read = import_maps(empty, file("a.exr"), "albedo");
    ASSERT_TRUE(read.ok());
    for (std::size_t k = 1; k < map_attributes.size(); ++k) EXPECT_TRUE(*read->texels[k] == *maps_.texels[k]) << k;
    for (std::size_t i = 0; i < maps_.texels[albedo_map]->size(); ++i)
        ASSERT_NEAR(float((*read->texels[albedo_map])[i]), float((*maps_.texels[albedo_map])[i]), 1e-3f);
}

TEST_F(MapFiles, APictureChangesWhereItWasPaintedOn) {
    ASSERT_TRUE(export_maps(maps_, file("a.png"), "albedo").ok());
    Image picture = *load_image(file("a.png"));
    for (int x = 300; x < 310; ++x) picture.at(x, 20)[1] = 0.25f;  // the hair's square
    ASSERT_TRUE(save_png(file("a.png"), picture).ok());
    const auto read = import_maps(maps_, file("a.png"), "albedo");
    ASSERT_TRUE(read.ok());
    std::size_t changed = 0;
    for (std::size_t i = 0; i < maps_.texels[albedo_map]->size(); ++i) {
        if ((*read->texels[albedo_map])[i] == (*maps_.texels[albedo_map])[i]) continue;
        ++changed;
        const std::size_t texel = i / 3;
        EXPECT_EQ(texel / (256 * 256), 1u);
        EXPECT_EQ(texel / 256 % 256, 20u);
        EXPECT_TRUE(texel % 256 >= 44 && texel % 256 < 54);
        EXPECT_NEAR(float((*read->texels[albedo_map])[i]), 64.0f / 255, 1e-3f);
    }
    EXPECT_LE(changed, 10u);
    EXPECT_GE(changed, 9u);
    EXPECT_EQ(read->texels[scale_map], maps_.texels[scale_map]);
}

TEST_F(MapFiles, WhatCannotComeInIsSaidInASentence) {
    ASSERT_TRUE(save_png(file("small.png"), Image(256, 256, 3, 0.5f)).ok());
    refused("small.png", "has 256 x 256 pixels; this avatar's maps have 512 x 256");
    ASSERT_TRUE(save_png(file("large.png"), Image(5000, 2500, 3, 0.5f)).ok());
    refused("large.png", "has 5000 x 2500 pixels");
    refused("small.png", "'albedo' or 'normal', not 'hat'", "hat");
    refused("none.png", "none.png");
    refused("none.exr", "none.exr");
    EXPECT_FALSE(export_maps(maps_, file("a.jpg"), "albedo").ok());
    EXPECT_FALSE(export_maps(maps_, file("a.png"), "scale").ok());

    const auto write = [&](const char* name, const ExrPicture& picture) {
        const auto bytes = encode_exr(picture);
        ASSERT_TRUE(bytes.ok());
        std::ofstream(file(name), std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes->data()), std::streamsize(bytes->size()));
    };
    ExrPicture other{512, 256, {}};
    other.channels["depth.Z"].resize(512 * 256);
    write("other.exr", other);
    refused("other.exr", "has none of the maps");
    ExrPicture small{64, 64, {}};
    small.channels["offset.Y"].resize(64 * 64);
    write("size.exr", small);
    refused("size.exr", "has 64 x 64 pixels");
    ExrPicture infinite{512, 256, {}};
    infinite.channels["offset.Y"].assign(512 * 256, Eigen::half(std::numeric_limits<float>::infinity()));
    write("infinite.exr", infinite);
    refused("infinite.exr", "damaged");
}

// Saved half-way, or damaged anywhere: an error, never a crash.
TEST_F(MapFiles, HostileExr) {
    ExrPicture picture{32, 24, {}};
    for (const char* name : {"R", "G", "offset.Y"}) picture.channels[name].assign(32 * 24, Eigen::half(0.5f));
    const std::vector<std::uint8_t> whole = *encode_exr(picture);
    const std::vector<std::string> wanted = {"R", "G", "B", "offset.Y"};
    ASSERT_TRUE(load_exr_from_memory(whole, "whole", wanted).ok());
    for (std::size_t size = 0; size < whole.size(); size += 7)
        EXPECT_FALSE(load_exr_from_memory({whole.begin(), whole.begin() + std::ptrdiff_t(size)}, "cut", wanted).ok()) << size;
    std::mt19937 random(5);
    for (int trial = 0; trial < 3000; ++trial) {
        std::vector<std::uint8_t> damaged = whole;
        for (int k = 0; k < 1 + trial % 3; ++k) damaged[random() % damaged.size()] = std::uint8_t(random());
        (void)load_exr_from_memory(std::move(damaged), "damaged", wanted).ok();
    }
}

}  // namespace
}  // namespace likeness::test
