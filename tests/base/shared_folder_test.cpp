#include "core/base/shared_folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "tests/formats/temporary_folder.h"

namespace likeness::test {
namespace {

TEST(SharedFolder, NamesAreOfItsLettersAndDiffer) {
    std::set<std::string> names;
    for (int i = 0; i < 1000; ++i) {
        const std::string name = random_name(16);
        ASSERT_EQ(name.size(), 16u);
        ASSERT_EQ(name.find_first_not_of(random_letters), std::string::npos) << name;
        names.insert(name);
    }
    EXPECT_EQ(names.size(), 1000u);
    std::set<char> letters;
    for (const std::string& name : names) letters.insert(name.begin(), name.end());
    EXPECT_EQ(letters.size(), 32u) << "all are used";
}

TEST(SharedFolder, AFileHasItsNameUntilItIsRemovedOrReplaced) {
    const TemporaryFolder folder("shared_folder");
    const auto name = folder.path / "a", other = folder.path / "b";
    std::ofstream(name) << "a";
    std::ofstream(other) << "b";
    const int file = ::open(name.c_str(), O_RDWR), in = ::open(folder.path.c_str(), O_RDONLY | O_DIRECTORY);
    ASSERT_GE(file, 0);
    EXPECT_TRUE(still_named(file, name.c_str()));
    EXPECT_TRUE(still_named(file, "a", in)) << "in its folder";
    EXPECT_FALSE(still_named(file, other.c_str()));
    std::filesystem::remove(name);
    EXPECT_FALSE(still_named(file, name.c_str())) << "removed";
    std::filesystem::rename(other, name);
    EXPECT_FALSE(still_named(file, name.c_str())) << "another file has the name";
    std::filesystem::remove(name);
    std::ofstream(folder.path / "c") << "c";
    const int linked = ::open((folder.path / "c").c_str(), O_RDWR);
    std::filesystem::create_symlink(folder.path / "c", name);
    EXPECT_FALSE(still_named(linked, name.c_str())) << "a link to it is no name of its own";
    EXPECT_FALSE(still_named(-1, name.c_str()));
    for (const int handle : {file, in, linked}) ::close(handle);
}

}  // namespace
}  // namespace likeness::test
