#include "core/image/file_bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace likeness {
namespace {

class File {
  public:
    // Not blocking: opening a named pipe must not wait for a writer.
    explicit File(const std::filesystem::path& path)
        : handle_(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {}
    ~File() {
        if (handle_ >= 0) ::close(handle_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int handle() const { return handle_; }

  private:
    int handle_;
};

std::string quoted(const std::filesystem::path& path) { return "'" + path.string() + "'"; }

Error read_error(const std::filesystem::path& path, int error_number) {
    if (error_number == ENOENT || error_number == ENOTDIR)
        return {ErrorCode::not_found, quoted(path) + " does not exist; choose another file.",
                std::strerror(error_number)};
    if (error_number == EACCES || error_number == EPERM)
        return {ErrorCode::bad_input, quoted(path) + " may not be read; change its permissions or choose another file.",
                std::strerror(error_number)};
    return {ErrorCode::bad_input, "Cannot read " + quoted(path) + ": " + std::strerror(error_number) + ".", "read"};
}

// The size of an open file, if it is one to be read.
Result<std::uint64_t> checked_size(const File& file, const std::filesystem::path& path) {
    struct stat info {};
    if (file.handle() < 0 || ::fstat(file.handle(), &info) != 0) return read_error(path, errno);
    if (S_ISDIR(info.st_mode))
        return Error{ErrorCode::bad_input, quoted(path) + " is a folder; choose a file inside it.", ""};
    if (!S_ISREG(info.st_mode))
        return Error{ErrorCode::bad_input, quoted(path) + " is not a regular file; choose another file.", ""};
    if (info.st_size == 0) return Error{ErrorCode::bad_input, quoted(path) + " is empty; choose another file.", ""};
    return static_cast<std::uint64_t>(info.st_size);
}

}  // namespace

Result<std::uint64_t> readable_file_size(const std::filesystem::path& path) { return checked_size(File(path), path); }

Result<std::vector<std::uint8_t>> read_file(const std::filesystem::path& path, std::size_t max_bytes) {
    const File file(path);
    const Result<std::uint64_t> checked = checked_size(file, path);
    if (!checked) return checked.error();
    const std::uint64_t size = *checked;
    if (size > max_bytes)
        return Error{ErrorCode::bad_input,
                     quoted(path) + " is larger than the " + std::to_string(max_bytes >> 20) +
                         " MiB that a file of this kind may have; choose a smaller one.",
                     std::to_string(size) + " bytes"};
    std::vector<std::uint8_t> bytes;
    try {
        bytes.resize(static_cast<std::size_t>(size));
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::out_of_memory, "There is not enough memory to read " + quoted(path) + ".",
                     std::to_string(size) + " bytes"};
    }
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t got = ::read(file.handle(), bytes.data() + done, bytes.size() - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return read_error(path, errno);
        if (got == 0) break;  // shortened by somebody while we read: readers report the truncation
        done += static_cast<std::size_t>(got);
    }
    bytes.resize(done);
    return bytes;
}

Status save_file(const std::filesystem::path& target, std::span<const std::uint8_t> bytes, FileAccess access) {
    auto file = OutputFile::create(target, access);
    if (!file) return file.error();
    if (Status written = file->write(bytes); !written) return written;
    return file->commit();
}

}  // namespace likeness
