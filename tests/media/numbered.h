// A folder for a test's files, and frames that bear their number.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "core/image/image.h"

namespace likeness::test {

class MediaTest : public testing::Test {
  protected:
    void SetUp() override { std::filesystem::create_directories(folder_); }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    int files() const {
        return static_cast<int>(
            std::distance(std::filesystem::directory_iterator(folder_), std::filesystem::directory_iterator()));
    }
    std::filesystem::path folder_ =
        std::filesystem::temp_directory_path() / ("likeness_media_" + std::to_string(::getpid()));
};

// Frame n: smooth colors, and n as eight black or white columns along the top.
inline Image numbered(int width, int height, int n) {
    Image image(width, height, 3);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            float* p = image.at(x, y);
            p[0] = 0.2f + 0.6f * static_cast<float>(x) / static_cast<float>(width);
            p[1] = 0.3f;
            p[2] = 0.8f - 0.5f * static_cast<float>(y) / static_cast<float>(height);
            if (y < height / 4) p[0] = p[1] = p[2] = n >> (x * 8 / width) & 1 ? 1.0f : 0.0f;
        }
    return image;
}

inline int number_of(const Image& image) {
    int n = 0;
    for (int bit = 0; bit < 8; ++bit)
        if (image.at((2 * bit + 1) * image.width / 16, image.height / 8)[1] > 0.5f) n |= 1 << bit;
    return n;
}

}  // namespace likeness::test
