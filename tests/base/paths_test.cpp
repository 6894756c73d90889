#include "core/base/paths.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

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
