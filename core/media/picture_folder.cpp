#include <algorithm>
#include <cctype>
#include <string>
#include <system_error>
#include <vector>

#include "core/image/load.h"
#include "core/image/ops.h"
#include "core/media/frame_source.h"
#include "core/media/video_reader.h"

namespace likeness {
namespace {

namespace fs = std::filesystem;

constexpr double folder_fps = 25;
constexpr std::size_t most_pictures = 1'000'000;

// "frame_9" before "frame_10": runs of digits by value, all else by character.
bool before(const std::string& a, const std::string& b) {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        if (!digit(a[i]) || !digit(b[j])) {
            if (a[i] != b[j]) return a[i] < b[j];
            ++i, ++j;
            continue;
        }
        while (i < a.size() && a[i] == '0') ++i;
        while (j < b.size() && b[j] == '0') ++j;
        std::size_t m = i, n = j;
        while (m < a.size() && digit(a[m])) ++m;
        while (n < b.size() && digit(b[n])) ++n;
        if (m - i != n - j) return m - i < n - j;
        if (const int order = a.compare(i, m - i, b, j, n - j); order != 0) return order < 0;
        i = m, j = n;
    }
    return a.size() < b.size();
}

bool is_picture(const fs::path& path) {
    std::string ending = path.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    for (const char* known : {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tga"})
        if (ending == known) return true;
    return false;
}

Result<Image> load_frame(const fs::path& path) {
    auto loaded = load_image(path);
    if (!loaded) return loaded.error();
    if (loaded->channels == 4) return composite_over(*loaded, {0.5f, 0.5f, 0.5f});
    return loaded;
}

class PictureFolder : public FrameSource {
  public:
    // `first` is the picture at index `at`; those before it cannot be read.
    PictureFolder(fs::path folder, std::vector<fs::path> files, Image first, std::size_t at)
        : folder_(std::move(folder)),
          files_(std::move(files)),
          first_(std::move(first)),
          first_at_(at),
          width_(first_.width),
          height_(first_.height) {
        damaged_ = next_ = at;
        if (at > 0) example_ = files_[0].filename();
    }

    int width() const override { return width_; }
    int height() const override { return height_; }
    double fps() const override { return folder_fps; }
    std::int64_t frame_count() const override { return std::int64_t(files_.size()); }
    double time() const override { return double(next_ - 1) / folder_fps; }

    Result<std::optional<Image>> next() override {
        while (next_ < files_.size()) {
            const std::size_t at = next_++;
            if (at == first_at_ && !first_.empty()) return std::optional(std::move(first_));
            auto frame = load_frame(files_[at]);
            if (!frame && frame.error().code == ErrorCode::out_of_memory) return frame.error();
            if (!frame) {
                if (damaged_++ == 0) example_ = files_[at].filename();
                continue;
            }
            if (frame->width != width_ || frame->height != height_)
                return std::optional(resize(*frame, width_, height_));
            return std::optional(*std::move(frame));
        }
        return std::optional<Image>();
    }

    std::vector<std::string> notes() const override {
        if (damaged_ == 0) return {};
        return {std::to_string(damaged_) + " of the pictures in '" + folder_.string() +
                "' cannot be read and were left out; the first of them is '" + example_.string() + "'."};
    }

  private:
    const fs::path folder_;
    const std::vector<fs::path> files_;
    Image first_;
    const std::size_t first_at_;
    const int width_, height_;
    std::size_t next_ = 0, damaged_ = 0;
    fs::path example_;
};

}  // namespace

Result<std::unique_ptr<FrameSource>> open_frames(const fs::path& path) {
    std::error_code failed;
    if (!fs::is_directory(path, failed) && is_picture(path)) {
        auto picture = load_frame(path);
        if (!picture) return picture.error();
        return std::unique_ptr<FrameSource>(
            std::make_unique<PictureFolder>(path.parent_path(), std::vector{path}, *std::move(picture), 0));
    }
    if (!fs::is_directory(path, failed)) {
        auto video = VideoReader::open(path);
        if (!video) return video.error();
        return std::unique_ptr<FrameSource>(*std::move(video));
    }
    std::vector<fs::path> files;
    fs::directory_iterator folder(path, failed);
    for (; !failed && folder != fs::directory_iterator(); folder.increment(failed))
        if (is_picture(folder->path()) && files.size() < most_pictures) files.push_back(folder->path());
    if (failed)
        return Error{ErrorCode::bad_input,
                     "The folder '" + path.string() + "' cannot be read: " + failed.message() + ".", ""};
    if (files.empty())
        return Error{ErrorCode::bad_input,
                     "The folder '" + path.string() + "' has no pictures (JPEG, PNG, WebP, BMP or TGA).", ""};
    std::sort(files.begin(), files.end(), [](const fs::path& a, const fs::path& b) {
        return before(a.filename().string(), b.filename().string());
    });
    auto first = load_frame(files[0]);
    const Error why = first ? Error{} : first.error();
    std::size_t at = 0;
    while (!first && first.error().code != ErrorCode::out_of_memory && ++at < files.size())
        first = load_frame(files[at]);
    if (!first) return why;
    return std::unique_ptr<FrameSource>(std::make_unique<PictureFolder>(path, std::move(files), *std::move(first), at));
}

}  // namespace likeness
