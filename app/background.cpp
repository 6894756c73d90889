#include "app/background.h"

#include <mutex>

#include "core/image/load.h"

namespace likeness {

Result<std::shared_ptr<const Image>> load_background(const std::filesystem::path& file) {
    struct Last {
        std::filesystem::path file;
        std::filesystem::file_time_type written;
        std::weak_ptr<const Image> picture;
    };
    static std::mutex mutex;
    static Last last;
    const std::lock_guard lock(mutex);
    std::error_code none;
    const auto written = std::filesystem::last_write_time(file, none);
    if (last.file == file && last.written == written)
        if (auto picture = last.picture.lock()) return picture;
    auto loaded = load_image(file, {.max_side = 3072});
    if (!loaded) return loaded.error();
    auto picture = std::make_shared<const Image>(*std::move(loaded));
    last = {file, written, picture};
    return picture;
}

}  // namespace likeness
