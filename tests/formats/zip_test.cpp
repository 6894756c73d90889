#include "core/formats/zip.h"

#include <gtest/gtest.h>
#include <zip.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <random>
#include <stdexcept>

#include "core/image/file_bytes.h"
#include "temporary_folder.h"

namespace likeness::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes noise(std::size_t size) {
    std::mt19937 random(7);
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
}

// An archive by libzip itself, which also writes what ZipWriter refuses.
Bytes raw_archive(const std::vector<std::pair<std::string, Bytes>>& entries, const char* password = nullptr) {
    const TemporaryFolder folder("rawzip");
    const std::filesystem::path path = folder.path / "a.zip";
    int code = 0;
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
    for (const auto& [name, bytes] : entries) {
        zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
        const zip_int64_t index = zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
        if (password) zip_file_set_encryption(archive, static_cast<zip_uint64_t>(index), ZIP_EM_AES_256, password);
    }
    EXPECT_EQ(zip_close(archive), 0);
    return *read_file(path, 1 << 30);
}

// Replaces a text by one of the same length everywhere.
Bytes replaced(Bytes bytes, const std::string& from, const std::string& to) {
    auto at = bytes.begin();
    while ((at = std::search(at, bytes.end(), from.begin(), from.end())) != bytes.end())
        at = std::copy(to.begin(), to.end(), at);
    return bytes;
}

TEST(Zip, RoundTrip) {
    const TemporaryFolder folder("zip");
    ZipWriter writer;
    writer.add("avatar.json", std::string("{}"));
    writer.add("maps/color.png", noise(100'000), ZipWriter::Method::stored);
    writer.add("maps/zeros", Bytes(1'000'000));
    writer.add("empty", Bytes());
    ASSERT_TRUE(writer.save(folder.path / "a.zip"));
    ASSERT_TRUE(writer.save(folder.path / "b.zip"));
    EXPECT_EQ(folder.files(), 2);
    EXPECT_EQ(*read_file(folder.path / "a.zip", 1 << 30), *read_file(folder.path / "b.zip", 1 << 30));
    EXPECT_LT(std::filesystem::file_size(folder.path / "a.zip"), 110'000u);

    const Result<ZipReader> reader = ZipReader::open(folder.path / "a.zip");
    ASSERT_TRUE(reader) << reader.error().message;
    EXPECT_EQ(reader->names(), (std::vector<std::string>{"avatar.json", "empty", "maps/color.png", "maps/zeros"}));
    EXPECT_EQ(*reader->read("maps/color.png"), noise(100'000));
    EXPECT_EQ(*reader->read("maps/zeros"), Bytes(1'000'000));
    EXPECT_TRUE(reader->read("empty")->empty());
    EXPECT_EQ(reader->size("maps/zeros"), 1'000'000u);
    EXPECT_FALSE(reader->contains("none"));
    EXPECT_NE(reader->read("none").error().message.find("lacks 'none'"), std::string::npos);

    const Result<ZipReader> memory = ZipReader::open(*read_file(folder.path / "a.zip", 1 << 30), "a.zip");
    ASSERT_TRUE(memory);
    EXPECT_EQ(*memory->read("avatar.json"), (Bytes{'{', '}'}));
    EXPECT_EQ(*memory->read("avatar.json"), (Bytes{'{', '}'}));  // again
}

TEST(Zip, Names) {
    for (const char* good : {"a", "a/b", "a.b/c-d e", "a/..b", "\xc3\xa4", "folder/"})
        EXPECT_TRUE(is_safe_entry_name(good)) << good;
    for (const char* bad : {"", "/a", "..", "../a", "a/../b", "a/..", "./a", "a//b", "a\\b", "c:a", "a\nb"})
        EXPECT_FALSE(is_safe_entry_name(bad)) << bad;
    ZipWriter writer;
    EXPECT_THROW(writer.add("../a", Bytes()), std::invalid_argument);
    EXPECT_THROW(writer.add("a/", Bytes()), std::invalid_argument);
    writer.add("a", Bytes());
    EXPECT_THROW(writer.add("a", Bytes()), std::invalid_argument);
}

void expect_refused(const Bytes& bytes, const std::string& says, const ZipLimits& limits = {}) {
    const Result<ZipReader> reader = ZipReader::open(bytes, "bad.zip", limits);
    ASSERT_FALSE(reader) << says;
    EXPECT_EQ(reader.error().code, ErrorCode::bad_input);
    EXPECT_TRUE(reader.error().message.starts_with("'bad.zip' ")) << reader.error().message;
    EXPECT_NE(reader.error().message.find(says), std::string::npos) << reader.error().message;
}

TEST(Zip, HostileNames) {
    for (const char* name : {"../up", "/abs", "a/../../b", "c:\\b", "a\\..\\b"})
        expect_refused(raw_archive({{name, noise(10)}}), "forbidden name");
    const Bytes two = raw_archive({{"first_name", noise(10)}, {"other_name", noise(10)}});
    ASSERT_TRUE(ZipReader::open(two, "good.zip"));
    expect_refused(replaced(two, "other_name", "first_name"), "twice");
    expect_refused(raw_archive({{"secret", noise(100)}}, "password"), "");
}

TEST(Zip, Bombs) {
    const Bytes bomb = raw_archive({{"zeros", Bytes(80'000'000)}});
    EXPECT_LT(bomb.size(), 200'000u);
    expect_refused(bomb, "suspiciously");
    ZipLimits limits;
    limits.max_entry_bytes = 1000;
    expect_refused(raw_archive({{"a", noise(1001)}}), "too much memory", limits);
    EXPECT_TRUE(ZipReader::open(raw_archive({{"a", noise(1000)}}), "good.zip", limits));
    limits = {};
    limits.max_total_bytes = 1500;
    expect_refused(raw_archive({{"a", noise(1000)}, {"b", noise(1000)}}), "too much memory", limits);
    limits = {};
    limits.max_entries = 2;
    expect_refused(raw_archive({{"a", {}}, {"b", {}}, {"c", {}}}), "too many", limits);
}

// Where the central directory has its first entry.
std::size_t directory_of(const Bytes& bytes) {
    const std::uint8_t mark[] = {'P', 'K', 1, 2};
    return static_cast<std::size_t>(std::search(bytes.begin(), bytes.end(), mark, mark + 4) - bytes.begin());
}

TEST(Zip, DishonestSizes) {
    const Bytes good = raw_archive({{"a", Bytes(5000)}});
    for (const std::uint32_t size : {4999u, 5001u, 100'000u, 0x7fffffffu, 0xfffffffeu}) {
        Bytes bytes = good;
        std::memcpy(bytes.data() + directory_of(bytes) + 24, &size, 4);
        const Result<ZipReader> reader = ZipReader::open(bytes, "bad.zip");
        if (reader) {
            EXPECT_FALSE(reader->read("a")) << size;
        }
    }
    for (const std::uint32_t compressed : {1u, 0x7fffffffu, 0xfffffffeu}) {
        Bytes bytes = good;
        std::memcpy(bytes.data() + directory_of(bytes) + 20, &compressed, 4);
        const Result<ZipReader> reader = ZipReader::open(bytes, "bad.zip");
        if (reader) {
            EXPECT_FALSE(reader->read("a")) << compressed;
        }
    }
    // Two directory entries for the same compressed bytes.
    Bytes overlapping = raw_archive({{"a", noise(5000)}, {"b", noise(5000)}});
    const std::size_t first = directory_of(overlapping);
    const std::size_t second = first + 46 + 1 + overlapping[first + 30] + overlapping[first + 32];
    std::copy_n(overlapping.begin() + static_cast<long>(first) + 42, 4,
                overlapping.begin() + static_cast<long>(second) + 42);
    overlapping.erase(overlapping.begin() + 5100, overlapping.begin() + 10000);
    EXPECT_FALSE(ZipReader::open(overlapping, "bad.zip"));
}

TEST(Zip, DamageIsNoticed) {
    Bytes bytes = raw_archive({{"a", noise(5000)}});
    bytes[2000] ^= 1;
    const Result<ZipReader> reader = ZipReader::open(bytes, "bad.zip");
    ASSERT_TRUE(reader);
    const Result<Bytes> content = reader->read("a");
    ASSERT_FALSE(content);
    EXPECT_NE(content.error().message.find("damaged"), std::string::npos);
}

TEST(Zip, WritingFails) {
    ZipWriter writer;
    writer.add("a", noise(1000));
    const Status missing = writer.save("/nonexistent/folder/a.zip");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::io);
    EXPECT_NE(missing.error().message.find("'/nonexistent/folder/a.zip'"), std::string::npos)
        << missing.error().message;
}

TEST(Zip, RealArchives) {
    for (const char* name : {"splats/lam_james.zip", "splats/lam_p2-1.zip"}) {
        const std::filesystem::path path = test_data(name);
        if (!std::filesystem::exists(path)) GTEST_SKIP() << "there is no " << path;
        const Result<ZipReader> reader = ZipReader::open(path);
        ASSERT_TRUE(reader) << reader.error().message;
        for (const std::string& entry : reader->names()) EXPECT_TRUE(reader->read(entry)) << entry;
    }
}

}  // namespace
}  // namespace likeness::test
