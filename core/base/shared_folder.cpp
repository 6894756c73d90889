#include "core/base/shared_folder.h"

#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace likeness {

std::string random_name(std::size_t count) {
    std::string name(count, '\0');
    if (::getrandom(name.data(), count, 0) != ssize_t(count)) return {};
    for (char& c : name) c = random_letters[static_cast<unsigned char>(c) % 32];
    return name;
}

bool still_named(int file, const char* name, int folder) {
    struct stat open {
    }, named{};
    return ::fstat(file, &open) == 0 && ::fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

int take_lock(const std::filesystem::path& file, int flags) {
    const int handle = ::open(file.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
    if (handle < 0) return -1;
    if (::flock(handle, LOCK_EX | LOCK_NB) == 0 && still_named(handle, file.c_str())) return handle;
    ::close(handle);
    return -1;
}

}  // namespace likeness
