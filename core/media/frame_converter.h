// Inside core/media: decoded frames as upright sRGB pictures, whatever their layout, matrix, range or light.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/image/image.h"
#include "core/media/ffmpeg.h"

namespace likeness {

// A decoder is given no frames of more pixels.
inline constexpr std::int64_t max_frame_pixels = 50'000'000;

// How a stored frame is turned for display: column and row of the stored x and y axes, each -1, 0 or 1.
struct Turn {
    int xx = 1, xy = 0, yx = 0, yy = 1;  // display x = xx * x + xy * y, display y = yx * x + yy * y
    bool swaps() const { return xx == 0; }
};

class FrameConverter {
  public:
    // All frames are brought to stored_width x stored_height square pixels, then turned. `name` stands for the file in
    // messages.
    FrameConverter(std::string name, int stored_width, int stored_height, const Turn& turn);

    int width() const { return turn_.swaps() ? stored_height_ : stored_width_; }
    int height() const { return turn_.swaps() ? stored_width_ : stored_height_; }

    // 3 channels. Errors: bad_input (a layout that is not known, too large), out_of_memory.
    Result<Image> convert(const AVFrame& frame);

  private:
    Error bad(const std::string& reason, int error = 0) const;
    Status tone_map(const AVFrame& frame);

    std::string name_;
    int stored_width_, stored_height_;
    Turn turn_;
    ffmpeg::Scaler scaler_;
    ffmpeg::Graph graph_;  // of high dynamic range
    std::string graph_text_;
    ffmpeg::Frame input_, mapped_;
};

}  // namespace likeness
