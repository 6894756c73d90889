#include <array>
#include <cstdio>
#include <vector>

#include "core/image/save.h"
#include "core/media/film_writers.h"

namespace likeness::film {
namespace {

namespace fs = std::filesystem;

class PictureWriter : public FrameWriter {
  public:
    PictureWriter(Shape shape, bool made) : shape_(std::move(shape)), made_(made) {}

    ~PictureWriter() override {
        if (finished_ || failed_) return;
        std::error_code none;
        for (std::int64_t i = 0; i < number_; ++i) fs::remove(name(i), none);
        if (made_) fs::remove(shape_.path, none);  // goes only while it is empty
    }

    Status add(const Image& image) override {
        if (finished_ || failed_) return closed(shape_);
        if (Status same = check_frame(shape_, image); !same) return same;
        try {
            Status saved = save_png(name(number_), image, {.compression = 1});
            failed_ = !saved.ok();
            if (saved) ++number_;
            if (saved || number_ == 0) return saved;
            Error error = saved.error();
            error.message.pop_back();
            error.message += "; the " + std::to_string(number_) + " pictures before it are whole.";
            return error;
        } catch (const std::bad_alloc&) {
            failed_ = true;
            return no_memory(shape_);
        }
    }

  private:
    Status end(Progress&) override {
        if (finished_ || failed_) return closed(shape_);
        if (number_ == 0) return no_frames(shape_);
        finished_ = true;
        return {};
    }

    fs::path name(std::int64_t i) const {
        std::array<char, 40> text{};
        std::snprintf(text.data(), text.size(), "frame-%06lld.png", static_cast<long long>(i));
        return shape_.path / text.data();
    }

    const Shape shape_;
    const bool made_;
    std::int64_t number_ = 0;
    bool failed_ = false, finished_ = false;
};

}  // namespace

Result<std::unique_ptr<FrameWriter>> write_pictures(const Shape& shape) {
    std::error_code failed;
    const bool made = fs::create_directories(shape.path, failed);
    if (failed)
        return Error{ErrorCode::io, "Cannot write to '" + shape.path.string() + "': " + failed.message() + ".", ""};
    return std::unique_ptr<FrameWriter>(std::make_unique<PictureWriter>(shape, made));
}

}  // namespace likeness::film
