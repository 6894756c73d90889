#include "core/base/file_identity.h"

#include <sys/stat.h>

#include <cinttypes>
#include <cstdio>

namespace likeness {

namespace fs = std::filesystem;

fs::path resolved(const fs::path& path) {
    std::error_code failed;
    fs::path file = fs::absolute(path, failed);
    if (failed) return path;
    constexpr int most_links = 40;  // as Linux
    for (int i = 0; fs::is_symlink(fs::symlink_status(file, failed)); ++i) {
        if (i == most_links) return path;
        const fs::path target = fs::read_symlink(file, failed);
        if (failed) return path;
        file = file.parent_path() / target;  // an absolute target stands alone
    }
    const fs::path folder = fs::weakly_canonical(file.parent_path(), failed);
    return failed ? file : folder / file.filename();
}

bool same_file(const fs::path& a, const fs::path& b) {
    struct stat of_a {
    }, of_b{};
    if (::stat(a.c_str(), &of_a) == 0 && ::stat(b.c_str(), &of_b) == 0)
        return of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
    return resolved(a) == resolved(b);
}

FileStamp FileStamp::of(const fs::path& path) {
    struct stat info {};
    if (path.empty() || ::stat(path.c_str(), &info) != 0) return {};
    return {info.st_ino, std::uint64_t(info.st_size),
            std::int64_t(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec};
}

std::string FileStamp::text() const {
    return std::to_string(inode) + " " + std::to_string(size) + " " + std::to_string(modified);
}

FileStamp FileStamp::from_text(const std::string& text) {
    FileStamp stamp;
    if (std::sscanf(text.c_str(), "%" SCNu64 " %" SCNu64 " %" SCNd64, &stamp.inode, &stamp.size, &stamp.modified) != 3)
        return {};
    return stamp;
}

}  // namespace likeness
