#include "core/base/paths.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <vector>

#include "tests/formats/temporary_folder.h"

namespace likeness::test {
namespace {

Status write_text(const std::filesystem::path& file, const std::string& text) {
    std::ofstream out(file, std::ios::binary);
    out << text;
    out.flush();
    if (!out) return Error{ErrorCode::io, "could not write", ""};
    return {};
}

class Environment : public ::testing::Test {
  protected:
    Environment() {
        for (const char* name : names)
            before_.push_back(std::getenv(name) ? std::optional<std::string>(std::getenv(name)) : std::nullopt);
    }
    ~Environment() override {
        for (std::size_t i = 0; i < before_.size(); ++i)
            if (before_[i])
                setenv(names[i], before_[i]->c_str(), 1);
            else
                unsetenv(names[i]);
    }

  private:
    static constexpr std::array names{"LIKENESS_ASSETS", "LIKENESS_HOME", "XDG_CACHE_HOME", "HOME"};
    std::vector<std::optional<std::string>> before_;
};

TEST_F(Environment, WhatCanBeMadeAgainLiesInTheUsersCache) {
    setenv("LIKENESS_HOME", "/somewhere", 1);
    EXPECT_EQ(cache_folder(), "/somewhere/cache");
    unsetenv("LIKENESS_HOME");
    setenv("XDG_CACHE_HOME", "/caches", 1);
    EXPECT_EQ(cache_folder(), "/caches/likeness");
    setenv("XDG_CACHE_HOME", "relative", 1);  // to be ignored by the standard
    setenv("HOME", "/home/me", 1);
    EXPECT_EQ(cache_folder(), "/home/me/.cache/likeness");
    unsetenv("HOME");
    EXPECT_TRUE(cache_folder().empty());
}

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
