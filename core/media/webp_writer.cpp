#include <webp/encode.h>
#include <webp/mux.h>

#include <cmath>

#include "core/base/output_file.h"
#include "core/media/film_writers.h"

namespace likeness::film {
namespace {

constexpr float quality = 90;
constexpr int effort = 3;  // 0 (fast) to 6

struct FreeEncoder {
    void operator()(WebPAnimEncoder* encoder) const { WebPAnimEncoderDelete(encoder); }
};

class WebpWriter : public FrameWriter {
  public:
    WebpWriter(Shape shape, OutputFile file) : shape_(std::move(shape)), file_(std::move(file)) {
        WebPConfigInit(&config_);
        config_.quality = quality;
        config_.method = effort;
        config_.thread_level = 1;
        WebPAnimEncoderOptions options;
        WebPAnimEncoderOptionsInit(&options);
        options.anim_params.loop_count = 0;  // for ever
        encoder_.reset(WebPAnimEncoderNew(shape_.width, shape_.height, &options));
        if (!encoder_) throw std::bad_alloc();
    }

    Status add(const Image& image) override {
        if (closed_) return closed(shape_);
        if (Status same = check_frame(shape_, image); !same) return same;
        WebPPicture picture;
        WebPPictureInit(&picture);
        picture.width = shape_.width;
        picture.height = shape_.height;
        picture.use_argb = 1;
        bool added = false;
        picture.error_code = VP8_ENC_ERROR_OUT_OF_MEMORY;
        try {
            const std::vector<std::uint8_t> bytes = rgba_of(image);
            added = WebPPictureImportRGBA(&picture, bytes.data(), shape_.width * 4) &&
                    WebPAnimEncoderAdd(encoder_.get(), &picture, milliseconds(count_), &config_);
        } catch (const std::bad_alloc&) {
        }
        WebPPictureFree(&picture);
        if (added) {
            ++count_;
            return {};
        }
        closed_ = true;
        if (picture.error_code == VP8_ENC_ERROR_OUT_OF_MEMORY) return no_memory(shape_);
        return Error{ErrorCode::internal,
                     "A frame of '" + shape_.path.string() + "' cannot be written as WebP; choose another size.",
                     WebPAnimEncoderGetError(encoder_.get())};
    }

  private:
    Status end(Progress&) override {
        if (closed_) return closed(shape_);
        closed_ = true;
        if (count_ == 0) return no_frames(shape_);
        WebPData data;
        WebPDataInit(&data);
        if (!WebPAnimEncoderAdd(encoder_.get(), nullptr, milliseconds(count_), nullptr) ||
            !WebPAnimEncoderAssemble(encoder_.get(), &data)) {
            WebPDataClear(&data);
            return no_memory(shape_);
        }
        Status written = file_.write({data.bytes, data.size});
        WebPDataClear(&data);
        if (written) written = file_.commit();
        if (!written) return lost(written.error());
        return {};
    }

    int milliseconds(std::int64_t frame) const { return int(std::llround(1000.0 * double(frame) / shape_.fps)); }

    const Shape shape_;
    OutputFile file_;
    WebPConfig config_{};
    std::unique_ptr<WebPAnimEncoder, FreeEncoder> encoder_;
    std::int64_t count_ = 0;
    bool closed_ = false;
};

}  // namespace

Result<std::unique_ptr<FrameWriter>> write_webp(const Shape& shape) {
    auto file = OutputFile::create(shape.path);
    if (!file) return file.error();
    return std::unique_ptr<FrameWriter>(std::make_unique<WebpWriter>(shape, *std::move(file)));
}

}  // namespace likeness::film
