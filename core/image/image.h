// A picture in memory: float32, rows top to bottom, channels interleaved (HWC).
#pragma once

#include <cassert>
#include <cstddef>
#include <vector>

namespace likeness {

// Color images hold sRGB-encoded values in [0, 1]; alpha, masks and depth use the same type with one channel.
// Alpha is straight (not premultiplied). Pixel (x, y) covers [x, x+1) x [y, y+1): its centre is at +0.5.
struct Image {
    int width = 0;
    int height = 0;
    int channels = 0;
    std::vector<float> pixels;  // height * width * channels

    Image() = default;
    Image(int w, int h, int c, float value = 0.0f)
        : width(w), height(h), channels(c), pixels(std::size_t(w) * std::size_t(h) * std::size_t(c), value) {}

    bool empty() const { return pixels.empty(); }
    std::size_t index(int x, int y) const {
        assert(x >= 0 && x < width && y >= 0 && y < height);
        return (std::size_t(y) * std::size_t(width) + std::size_t(x)) * std::size_t(channels);
    }
    float* at(int x, int y) { return pixels.data() + index(x, y); }
    const float* at(int x, int y) const { return pixels.data() + index(x, y); }
};

}  // namespace likeness
