// Flipped and missing bytes: every reader returns.
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "core/formats/safetensors.h"
#include "core/formats/splat_ply.h"
#include "core/formats/zip.h"
#include "core/image/file_bytes.h"
#include "temporary_folder.h"

namespace likeness::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

// `read` returns whether it accepted the bytes.
void mutate(const Bytes& good, const std::function<bool(const Bytes&)>& read) {
    ASSERT_TRUE(read(good));
    std::mt19937 random(99);
    for (int round = 0; round < 600; ++round) {
        Bytes bytes = good;
        for (std::size_t i = 0, changes = 1 + random() % 10; i < changes; ++i) {
            const std::size_t range = random() % 3 == 0 ? bytes.size() : std::min<std::size_t>(bytes.size(), 400);
            const std::size_t at = random() % 2 == 0 ? random() % range : bytes.size() - 1 - random() % range;
            bytes[at] = static_cast<std::uint8_t>(random());
        }
        if (round % 5 == 0) bytes.resize(random() % bytes.size());
        read(bytes);
    }
    for (std::size_t tenth = 0; tenth < 10; ++tenth)
        EXPECT_FALSE(read(Bytes(good.begin(), good.begin() + static_cast<long>(good.size() * tenth / 10)))) << tenth;
}

TEST(HostileFormats, Safetensors) {
    SafetensorsWriter writer;
    const std::vector<float> values(300, 1.0f);
    writer.add("one", {100, 3}, values);
    writer.add_half("two", {300}, values);
    writer.set_metadata("a", "b");
    mutate(writer.encode(), [](const Bytes& bytes) {
        const Result<Safetensors> file = Safetensors::load(bytes, "bad");
        if (!file) return false;
        for (const std::string& name : file->names()) (void)file->floats(name, {-1, -1}).ok();
        return true;
    });
}

TEST(HostileFormats, Zip) {
    const TemporaryFolder folder("hostile");
    ZipWriter writer;
    writer.add("text", std::string(3000, 'x') + "end");
    writer.add("folder/bytes", Bytes(500, 9), ZipWriter::Method::stored);
    ASSERT_TRUE(writer.save(folder.path / "a.zip"));
    mutate(*read_file(folder.path / "a.zip", 1 << 20), [](const Bytes& bytes) {
        const Result<ZipReader> reader = ZipReader::open(bytes, "bad");
        if (!reader) return false;
        for (const std::string& name : reader->names()) (void)reader->read(name).ok();
        return true;
    });
}

TEST(HostileFormats, SplatPly) {
    const TemporaryFolder folder("hostile");
    SplatSet splats;
    splats.resize(50);
    for (float& v : splats.scales) v = 0.01f;
    for (float& v : splats.opacities) v = 0.5f;
    ASSERT_TRUE(save_splat_ply(folder.path / "a.ply", splats));
    mutate(*read_file(folder.path / "a.ply", 1 << 20), [](const Bytes& bytes) {
        const Result<SplatSet> loaded = load_splat_ply_from_memory(bytes, "bad");
        if (!loaded) return false;
        EXPECT_EQ(loaded->means.size(), 3 * loaded->count);
        return true;
    });
}

TEST(HostileFormats, FoldersAndMissingFiles) {
    EXPECT_EQ(Safetensors::load("/tmp").error().code, ErrorCode::bad_input);
    EXPECT_EQ(Safetensors::load("/none").error().code, ErrorCode::not_found);
    EXPECT_EQ(ZipReader::open("/tmp").error().code, ErrorCode::bad_input);
    EXPECT_EQ(ZipReader::open("/none").error().code, ErrorCode::not_found);
    EXPECT_EQ(load_splat_ply("/tmp").error().code, ErrorCode::bad_input);
    EXPECT_EQ(load_splat_ply("/none").error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace likeness::test
