#include "core/base/output_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <thread>

#include "core/base/file_identity.h"
#include "tests/formats/temporary_folder.h"

namespace likeness::test {
namespace {

namespace fs = std::filesystem;

void write_text(const fs::path& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }
std::span<const std::uint8_t> bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
Status put(const fs::path& target, const std::string& text, FileAccess access = FileAccess::ordinary) {
    auto file = OutputFile::create(target, access);
    if (!file) return file.error();
    if (Status written = file->write(bytes_of(text)); !written) return written;
    return file->commit();
}
mode_t mode_of(const fs::path& file) {
    struct stat info {};
    EXPECT_EQ(::lstat(file.c_str(), &info), 0) << file;
    return info.st_mode & 07777;
}
// As another program that is killed while it writes beside `target`; the path of what it leaves.
fs::path leave_litter(const fs::path& target) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        auto file = OutputFile::create(target);
        const std::string name = file ? file->temporary().string() : "";
        (void)!::write(ends[1], name.data(), name.size());
        ::raise(SIGKILL);
    }
    ::close(ends[1]);
    int status = 0;
    ::waitpid(child, &status, 0);
    char name[4096];
    const ssize_t got = ::read(ends[0], name, sizeof name);
    ::close(ends[0]);
    return std::string(name, std::size_t(std::max<ssize_t>(got, 0)));
}

TEST(OutputFile, NewFileAndReplacement) {
    const TemporaryFolder folder("output_new");
    const auto target = folder.path / "a.txt";
    for (const std::string text : {"first", "the second, longer one", ""}) {
        auto file = OutputFile::create(target);
        ASSERT_TRUE(file) << file.error().message;
        EXPECT_EQ(file->temporary().parent_path(), target.parent_path()) << "a rename within one file system is atomic";
        ASSERT_TRUE(file->write(bytes_of(text)));
        ASSERT_TRUE(file->commit());
        EXPECT_EQ(content(target), text);
        EXPECT_EQ(folder.files(), 1);
    }
}

TEST(OutputFile, OldFileStaysUnlessItIsCommitted) {
    const TemporaryFolder folder("output_old");
    const auto target = folder.path / "a.txt";
    write_text(target, "old");
    {
        auto file = OutputFile::create(target);
        ASSERT_TRUE(file);
        ASSERT_TRUE(file->write(bytes_of("half of the ne")));
        EXPECT_EQ(content(file->temporary()), "half of the ne") << "to be looked at before it counts";
    }
    EXPECT_EQ(content(target), "old");
    EXPECT_EQ(folder.files(), 1) << "the half-written file is gone";
}

TEST(OutputFile, ALimitOnTheSizeOfFilesIsAFullDisk) {
    const TemporaryFolder folder("output_full");
    const auto target = folder.path / "a.txt";
    write_text(target, "old");
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{4096, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    const Status failed = put(target, std::string(1 << 20, 'x'));
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::io);
    EXPECT_NE(failed.error().message.find("disk space"), std::string::npos) << failed.error().message;
    EXPECT_EQ(content(target), "old");
    EXPECT_EQ(folder.files(), 1);
}

TEST(OutputFile, FoldersDevicesPipesAndSocketsAreRefused) {
    const TemporaryFolder folder("output_kinds");
    fs::create_directories(folder.path / "folder" / "inside");
    ASSERT_EQ(::mkfifo((folder.path / "pipe").c_str(), 0600), 0);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, (folder.path / "socket").c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    fs::create_symlink("/dev/null", folder.path / "link");
    const int before = folder.files();
    for (const fs::path& target : {folder.path / "folder", folder.path / "pipe", folder.path / "socket",
                                   folder.path / "link", fs::path("/dev/null"), folder.path / "folder" / ""}) {
        for (const Status& refused : {check_target(target), put(target, "x")}) {
            ASSERT_FALSE(refused) << target;
            EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument) << refused.error().message;
        }
    }
    ::close(socket);
    EXPECT_EQ(folder.files(), before) << "nothing temporary is left";
    EXPECT_TRUE(fs::is_directory(folder.path / "folder" / "inside"));
}

TEST(OutputFile, PlacesThatCannotBeWritten) {
    const TemporaryFolder folder("output_nowhere");
    for (const fs::path& target : {folder.path / "no" / "such" / "a.txt", fs::path("/proc/likeness-test")}) {
        const Status refused = check_target(target);
        ASSERT_FALSE(refused) << target;
        EXPECT_EQ(refused.error().code, ErrorCode::io) << refused.error().message;
    }
    EXPECT_EQ(check_target(folder.path / std::string(256, 'a')).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(folder.files(), 0);
}

TEST(OutputFile, LongNamesAndNamesThatAreNoText) {
    const TemporaryFolder folder("output_names");
    for (const std::string& name :
         {std::string(255, 'a'), std::string(240, 'b') + ".likeness", std::string("\xff\xfe\x80")}) {
        ASSERT_TRUE(check_target(folder.path / name));
        ASSERT_TRUE(put(folder.path / name, "x"));
        EXPECT_EQ(content(folder.path / name), "x");
    }
    EXPECT_EQ(folder.files(), 3);
}

TEST(OutputFile, ModeOwnerAndLinksOfTheOldFileStay) {
    const TemporaryFolder folder("output_mode");
    const auto real = folder.path / "real.txt", link = folder.path / "link.txt", chain = folder.path / "chain.txt";
    write_text(real, "old");
    fs::create_symlink("real.txt", link);
    fs::create_symlink(link, chain);
    ASSERT_EQ(::chmod(real.c_str(), 0640), 0);
    const bool root = ::geteuid() == 0;
    if (root) {
        ASSERT_EQ(::chown(real.c_str(), 12345, 54321), 0);
    }
    ASSERT_TRUE(put(chain, "new", FileAccess::owner));
    EXPECT_TRUE(fs::is_symlink(link) && fs::is_symlink(chain));
    EXPECT_FALSE(fs::is_symlink(fs::symlink_status(real)));
    EXPECT_EQ(content(real), "new");
    EXPECT_EQ(mode_of(real), 0640u);
    struct stat info {};
    ASSERT_EQ(::stat(real.c_str(), &info), 0);
    if (root) {
        EXPECT_EQ(info.st_uid, 12345u);
        EXPECT_EQ(info.st_gid, 54321u);
    }
    // A link to nothing yet: what it names is made.
    fs::create_symlink("later.txt", folder.path / "dangling.txt");
    ASSERT_TRUE(put(folder.path / "dangling.txt", "x"));
    EXPECT_EQ(content(folder.path / "later.txt"), "x");
    fs::create_symlink("loop.txt", folder.path / "loop.txt");
    EXPECT_FALSE(put(folder.path / "loop.txt", "x"));
}

TEST(OutputFile, PrivateFilesAreForTheirOwnerOnly) {
    const TemporaryFolder folder("output_private");
    const mode_t mask = ::umask(022);
    ASSERT_TRUE(put(folder.path / "picture.png", "x"));
    ASSERT_TRUE(put(folder.path / "a.likeness", "x", FileAccess::owner));
    EXPECT_EQ(mode_of(folder.path / "picture.png"), 0644u);
    EXPECT_EQ(mode_of(folder.path / "a.likeness"), 0600u);
    // The program's own: neither a link nor a mode that somebody prepared counts.
    write_text(folder.path / "victim", "old");
    fs::create_symlink("victim", folder.path / "own");
    ASSERT_TRUE(put(folder.path / "own", "new", FileAccess::program));
    EXPECT_EQ(content(folder.path / "victim"), "old");
    EXPECT_FALSE(fs::is_symlink(fs::symlink_status(folder.path / "own")));
    ASSERT_EQ(::chmod((folder.path / "own").c_str(), 0666), 0);
    ASSERT_TRUE(put(folder.path / "own", "newer", FileAccess::program));
    EXPECT_EQ(mode_of(folder.path / "own"), 0600u);
    ASSERT_TRUE(make_private_folder(folder.path / "state" / "likeness"));
    EXPECT_EQ(mode_of(folder.path / "state"), 0700u);
    EXPECT_EQ(mode_of(folder.path / "state" / "likeness"), 0700u);
    EXPECT_FALSE(make_private_folder(folder.path / "victim" / "inside"));
    ::umask(mask);
}

TEST(OutputFile, TemporaryNamesAreNotToBeGuessed) {
    const TemporaryFolder folder("output_random");
    auto a = OutputFile::create(folder.path / "a"), b = OutputFile::create(folder.path / "a");
    ASSERT_TRUE(a && b);
    EXPECT_NE(a->temporary(), b->temporary());
    EXPECT_EQ(a->temporary().filename().string().find(std::to_string(::getpid())), std::string::npos);
}

TEST(OutputFile, TheNextWriteClearsWhatKilledProgramsLeft) {
    const TemporaryFolder folder("output_litter");
    const fs::path litter = leave_litter(folder.path / "a.txt");
    ASSERT_TRUE(fs::exists(litter)) << litter;
    // What only looks like it: another's file (for root), a folder, other names, what a living program writes.
    const auto like = [&](const char* random) { return folder.path / (".likeness-" + std::string(random) + ".part"); };
    fs::create_directory(like("aaaaaaaaaaaaaaaa"));
    write_text(like("tooshort"), "x");
    write_text(folder.path / ".likeness-aaaaaaaaaaaaaaab.part.txt", "x");
    fs::create_symlink("a.txt", like("aaaaaaaaaaaaaaac"));
    if (::geteuid() == 0) {
        write_text(like("aaaaaaaaaaaaaaad"), "x");
        ASSERT_EQ(::chown(like("aaaaaaaaaaaaaaad").c_str(), 12345, 12345), 0);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(250));  // after what was looked at before
    auto living = OutputFile::create(folder.path / "b.txt");
    ASSERT_TRUE(living);
    EXPECT_FALSE(fs::exists(litter));
    const int files = folder.files();
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    ASSERT_TRUE(put(folder.path / "a.txt", "new"));
    EXPECT_EQ(folder.files(), files + 1) << "all that is not litter is there";
    EXPECT_TRUE(fs::exists(living->temporary()));
    ASSERT_TRUE(living->commit());
}

TEST(FileIdentity, OneFileByManyNames) {
    const TemporaryFolder folder("identity");
    write_text(folder.path / "a.txt", "x");
    write_text(folder.path / "b.txt", "x");
    fs::create_symlink("a.txt", folder.path / "link.txt");
    fs::create_hard_link(folder.path / "a.txt", folder.path / "hard.txt");
    fs::create_directory(folder.path / "inside");
    fs::create_directory_symlink("inside", folder.path / "other");
    const fs::path a = folder.path / "a.txt";
    for (const fs::path& same : {a, folder.path / "." / "a.txt", folder.path / "inside" / ".." / "a.txt",
                                 folder.path / "link.txt", folder.path / "hard.txt"})
        EXPECT_TRUE(same_file(a, same)) << same;
    EXPECT_FALSE(same_file(a, folder.path / "b.txt"));
    // Neither exists yet.
    EXPECT_TRUE(same_file(folder.path / "inside" / "new", folder.path / "other" / "new"));
    EXPECT_FALSE(same_file(folder.path / "inside" / "new", folder.path / "new"));
}

TEST(FileIdentity, AStampTellsWhatWasWrittenInBetween) {
    const TemporaryFolder folder("stamp");
    const fs::path file = folder.path / "a.txt";
    EXPECT_FALSE(FileStamp::of(file).exists());
    ASSERT_TRUE(put(file, "one"));
    const FileStamp before = FileStamp::of(file);
    EXPECT_TRUE(before.exists());
    EXPECT_EQ(FileStamp::of(file), before);
    EXPECT_EQ(FileStamp::from_text(before.text()), before);
    EXPECT_FALSE(FileStamp::from_text("no stamp").exists());
    ASSERT_TRUE(put(file, "two"));
    EXPECT_NE(FileStamp::of(file), before) << "of the same size, at the same time";
}

}  // namespace
}  // namespace likeness::test
