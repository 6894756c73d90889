#include "core/base/paths.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include "tests/formats/temporary_folder.h"

namespace likeness::test {
namespace {

std::string content(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
Status write_text(const std::filesystem::path& file, const std::string& text) {
    std::ofstream out(file, std::ios::binary);
    out << text;
    out.flush();
    if (!out) return Error{ErrorCode::io, "could not write", ""};
    return {};
}

TEST(WriteByRename, NewFileAndReplacement) {
    const TemporaryFolder folder("paths_new");
    const auto target = folder.path / "a.txt";
    for (const std::string text : {"first", "the second, longer one", ""}) {
        ASSERT_TRUE(write_by_rename(target, [&](const auto& t) {
            EXPECT_EQ(t.parent_path(), target.parent_path()) << "a rename within one file system is atomic";
            EXPECT_NE(t, target);
            return write_text(t, text);
        }));
        EXPECT_EQ(content(target), text);
        EXPECT_EQ(folder.files(), 1);
    }
}

TEST(WriteByRename, OldFileStaysWhenWritingFails) {
    const TemporaryFolder folder("paths_old");
    const auto target = folder.path / "a.txt";
    ASSERT_TRUE(write_text(target, "old"));
    const Status failed = write_by_rename(target, [](const auto& t) -> Status {
        (void)write_text(t, "half of the ne");
        return Error{ErrorCode::io, "the pen broke", ""};
    });
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().message, "the pen broke");
    EXPECT_EQ(content(target), "old");
    EXPECT_EQ(folder.files(), 1) << "the half-written file is gone";
}

TEST(WriteByRename, OldFileStaysOnAFullDisk) {
    const TemporaryFolder folder("paths_full");
    const auto target = folder.path / "a.txt";
    ASSERT_TRUE(write_text(target, "old"));
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{4096, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    const Status failed =
        write_by_rename(target, [](const auto& t) { return write_text(t, std::string(1 << 20, 'x')); });
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    EXPECT_FALSE(failed);
    EXPECT_EQ(content(target), "old");
    EXPECT_EQ(folder.files(), 1);
}

TEST(WriteByRename, TargetThatIsAFolder) {
    const TemporaryFolder folder("paths_folder");
    std::filesystem::create_directories(folder.path / "target" / "inside");
    const Status failed = write_by_rename(folder.path / "target", [](const auto& t) { return write_text(t, "x"); });
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::io);
    EXPECT_NE(failed.error().message.find("target"), std::string::npos);
    EXPECT_TRUE(std::filesystem::is_directory(folder.path / "target" / "inside"));
    EXPECT_EQ(folder.files(), 1) << "nothing temporary is left";
}

TEST(WriteByRename, NothingWrittenIsAnError) {
    const TemporaryFolder folder("paths_nothing");
    const Status failed = write_by_rename(folder.path / "a.txt", [](const auto&) { return Status(); });
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::io);
    EXPECT_EQ(folder.files(), 0);
    const Status nowhere =
        write_by_rename(folder.path / "no" / "such" / "a.txt", [](const auto& t) { return write_text(t, "x"); });
    EXPECT_FALSE(nowhere);
    EXPECT_FALSE(std::filesystem::exists(folder.path / "no"));
}

class Environment : public ::testing::Test {
  protected:
    Environment() {
        if (const char* set = std::getenv("LIKENESS_ASSETS")) before_ = set;
    }
    ~Environment() override {
        if (before_)
            setenv("LIKENESS_ASSETS", before_->c_str(), 1);
        else
            unsetenv("LIKENESS_ASSETS");
    }

  private:
    std::optional<std::string> before_;
};

TEST_F(Environment, AssetsFromTheFolderThatIsNamed) {
    const TemporaryFolder folder("assets");
    ASSERT_TRUE(write_text(folder.path / "only-here.txt", "x"));
    setenv("LIKENESS_ASSETS", folder.path.c_str(), 1);
    const auto found = find_asset("only-here.txt");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(*found, folder.path / "only-here.txt");
    setenv("LIKENESS_ASSETS", "", 1);
    EXPECT_FALSE(find_asset("only-here.txt"));
}

TEST_F(Environment, MissingAssetNamesItAndWhereItWasLookedFor) {
    const TemporaryFolder folder("assets_none");
    setenv("LIKENESS_ASSETS", folder.path.c_str(), 1);
    const auto missing = find_asset("no-such-asset.bin");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::not_found);
    EXPECT_NE(missing.error().message.find("no-such-asset.bin"), std::string::npos);
    EXPECT_NE(missing.error().detail.find(folder.path.string()), std::string::npos);
}

}  // namespace
}  // namespace likeness::test
