#include "core/base/output_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <string_view>
#include <utility>

#include "core/base/file_identity.h"
#include "core/base/shared_folder.h"

namespace likeness {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view temporary_begin = ".likeness-", temporary_end = ".part";
constexpr std::size_t temporary_random = 16;

std::string quoted(const fs::path& path) { return "'" + path.string() + "'"; }

// Not to be guessed: 80 random bits. Empty when the system has none to give.
std::string temporary_name() {
    const std::string random = random_name(temporary_random);
    return random.empty() ? random : std::string(temporary_begin).append(random).append(temporary_end);
}

bool is_temporary_name(std::string_view name) {
    return name.size() == temporary_begin.size() + temporary_random + temporary_end.size() &&
           name.starts_with(temporary_begin) && name.ends_with(temporary_end) &&
           name.substr(temporary_begin.size(), temporary_random).find_first_not_of(random_letters) == name.npos;
}

// A temporary file of this user whose lock is free has no living program.
void remove_if_abandoned(int folder, const char* name) {
    const int file = ::openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) return;
    struct stat info {};
    if (::fstat(file, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == ::geteuid() &&
        ::flock(file, LOCK_EX | LOCK_NB) == 0 && still_named(file, name, folder))
        ::unlinkat(folder, name, 0);
    ::close(file);
}

// Often called for one folder (the frames of a recording), which may be large: then not each time.
void remove_litter(const fs::path& folder) {
    static std::mutex mutex;
    static fs::path last;
    static std::chrono::steady_clock::time_point when;
    {
        const std::lock_guard lock(mutex);
        const auto now = std::chrono::steady_clock::now();
        if (folder == last && now - when < std::chrono::milliseconds(200)) return;
        last = folder;
        when = now;
    }
    DIR* const open = ::opendir(folder.c_str());
    if (!open) return;
    while (const dirent* entry = ::readdir(open))
        if (is_temporary_name(entry->d_name)) remove_if_abandoned(::dirfd(open), entry->d_name);
    ::closedir(open);
}

// What may not be replaced by a file.
Status check_kind(const fs::path& given, const struct stat& info) {
    const char* what = S_ISDIR(info.st_mode)                            ? "is a folder; name a file"
                       : S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode) ? "is a device; name a file"
                       : S_ISFIFO(info.st_mode)                         ? "is a pipe; name a file"
                       : S_ISSOCK(info.st_mode)                         ? "is a socket; name a file"
                       : S_ISREG(info.st_mode)                          ? nullptr
                                                                        : "is no ordinary file; name another";
    if (!what) return {};
    return Error{ErrorCode::invalid_argument, "Cannot write " + quoted(given) + ": it " + what + ".", ""};
}

}  // namespace

Error write_error(const fs::path& target, int error_number) {
    if (error_number == ENAMETOOLONG)
        return {ErrorCode::invalid_argument,
                "Cannot write " + quoted(target) + ": the name is too long; choose a shorter one.", ""};
    // EFBIG: a limit on the size of files (ulimit -f), which is to the program what a full disk is.
    const bool full = error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
    return {ErrorCode::io,
            "Cannot write " + quoted(target) + ": " + std::strerror(error_number) +
                (full ? "; free some disk space and try again." : "; choose another place."),
            "write"};
}

OutputFile::OutputFile(fs::path given, fs::path target) : given_(std::move(given)), target_(std::move(target)) {}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : given_(std::move(other.given_)),
      target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, {})),
      handle_(std::exchange(other.handle_, -1)) {}

OutputFile::~OutputFile() {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
    if (handle_ >= 0) ::close(handle_);
}

Result<OutputFile> OutputFile::create(const fs::path& target, FileAccess access) {
    if (target.filename().empty())
        return Error{ErrorCode::invalid_argument, "Cannot write " + quoted(target) + ": it names no file.", ""};
    OutputFile file(target, access == FileAccess::program ? fs::path(target) : resolved(target));
    if (Status opened = file.open(access); !opened) return opened.error();
    return file;
}

Status OutputFile::open(FileAccess access) {
    const fs::path folder = target_.parent_path().empty() ? fs::path(".") : target_.parent_path();
    struct stat old {};
    const bool replaces =
        (access == FileAccess::program ? ::lstat(target_.c_str(), &old) : ::stat(target_.c_str(), &old)) == 0;
    if (!replaces && errno != ENOENT && errno != ENOTDIR) return write_error(given_, errno);
    if (replaces && !(access == FileAccess::program && S_ISLNK(old.st_mode)))
        if (Status kind = check_kind(given_, old); !kind) return kind;
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored))
        return Error{ErrorCode::io,
                     "Cannot write " + quoted(given_) + ": the folder " + quoted(given_.parent_path()) +
                         " does not exist; make it or choose another place.",
                     ""};
    const bool keeps = replaces && access != FileAccess::program;
    if (keeps && ::faccessat(AT_FDCWD, target_.c_str(), W_OK, AT_EACCESS) != 0)
        return Error{
            ErrorCode::io,
            "Cannot write " + quoted(given_) + ": it is write-protected; allow writing or choose another name.",
            std::strerror(errno)};
    remove_litter(folder);
    const mode_t mode = keeps || access != FileAccess::ordinary ? 0600 : 0666;
    for (int attempt = 0; attempt < 100; ++attempt) {
        const fs::path name = folder / temporary_name();
        if (name.filename().empty()) return write_error(given_, EIO);
        handle_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (handle_ < 0 && errno == EEXIST) continue;
        if (handle_ < 0) return write_error(given_, errno);
        // Between the two calls somebody's clearing may have taken it for litter: then another.
        const bool locked = ::flock(handle_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
        if (locked && still_named(handle_, name.c_str())) {
            temporary_ = name;
            break;
        }
        ::close(std::exchange(handle_, -1));
    }
    if (handle_ < 0) return write_error(given_, EBUSY);
    if (keeps) {
        // Of another's file that this user may write only the group can be kept, if that; the owner before the mode,
        // which a change of the owner alters.
        if (::fchown(handle_, old.st_uid, old.st_gid) != 0) (void)!::fchown(handle_, uid_t(-1), old.st_gid);
        // Where a file system has no such modes the new file stays its owner's only.
        (void)!::fchmod(handle_, old.st_mode & 07777);
    }
    return {};
}

Status OutputFile::write(std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::write(handle_, bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return write_error(given_, errno);
        bytes = bytes.subspan(std::size_t(put));
    }
    return {};
}

Status OutputFile::commit() {
    if (::fsync(handle_) != 0 || ::rename(temporary_.c_str(), target_.c_str()) != 0) return write_error(given_, errno);
    temporary_.clear();
    // The new name survives a loss of power too; where folders cannot be flushed, it is as safe as the system makes it.
    const fs::path folder = target_.parent_path().empty() ? fs::path(".") : target_.parent_path();
    if (const int open = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); open >= 0) {
        (void)::fsync(open);
        ::close(open);
    }
    return {};
}

Status check_target(const fs::path& target) {
    const auto file = OutputFile::create(target);
    return file ? Status() : Status(file.error());
}

Status make_private_folder(const fs::path& folder) {
    std::error_code failed;
    if (fs::is_directory(folder, failed)) return {};
    if (const fs::path above = folder.parent_path(); !above.empty() && above != folder)
        if (Status made = make_private_folder(above); !made) return made;
    if (::mkdir(folder.c_str(), 0700) == 0 || fs::is_directory(folder, failed)) return {};
    return Error{ErrorCode::io, "Cannot make the folder " + quoted(folder) + ": " + std::strerror(errno) + ".",
                 "mkdir"};
}

}  // namespace likeness
