#include "tests/vision/test_pictures.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <stdexcept>

#include "core/image/load.h"

namespace likeness::test {

namespace {

template <class T>
T value_of(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message + " " + result.error().detail);
    return std::move(*result);
}

}  // namespace

FaceModels& models() {
    static const std::unique_ptr<FaceModels> loaded = value_of(FaceModels::load());
    return *loaded;
}

PersonSegmenter& segmenter() {
    static const std::unique_ptr<PersonSegmenter> loaded = value_of(PersonSegmenter::load());
    return *loaded;
}

Image load(const std::filesystem::path& file) { return value_of(load_image(file)); }

const Image& astronaut() {
    static const Image picture = load(std::filesystem::path(LIKENESS_SAMPLE_FOLDER) / "astronaut.png");
    return picture;
}

std::optional<std::filesystem::path> test_data() {
    const char* set = std::getenv("LIKENESS_TEST_DATA");
    const std::filesystem::path folder = set && *set ? set : LIKENESS_DEFAULT_TEST_DATA;
    if (std::filesystem::is_directory(folder)) return folder;
    return std::nullopt;
}

Image place(const Image& picture, int width, int height, float x, float y, float scale, float angle) {
    Image result(width, height, 3, 0.5f);
    const float c = std::cos(angle) / scale, s = std::sin(angle) / scale;
    // Box-average where the picture shrinks: that is what a camera does.
    const int grid = std::clamp(int(std::ceil(1 / scale)), 1, 6);
    for (int v = 0; v < height; ++v)
        for (int u = 0; u < width; ++u) {
            float sum[3] = {0, 0, 0};
            int inside = 0;
            for (int k = 0; k < grid * grid; ++k) {
                const float dx = float(u) + (float(k % grid) + 0.5f) / float(grid) - x;
                const float dy = float(v) + (float(k / grid) + 0.5f) / float(grid) - y;
                const float px = c * dx + s * dy + float(picture.width) / 2;
                const float py = -s * dx + c * dy + float(picture.height) / 2;
                if (px < 0.5f || py < 0.5f || px >= float(picture.width) - 0.5f || py >= float(picture.height) - 0.5f)
                    continue;
                const int x0 = int(px - 0.5f), y0 = int(py - 0.5f);
                const float fx = px - 0.5f - float(x0), fy = py - 0.5f - float(y0);
                const int x1 = std::min(x0 + 1, picture.width - 1), y1 = std::min(y0 + 1, picture.height - 1);
                for (int i = 0; i < 3; ++i)
                    sum[i] += (1 - fy) * ((1 - fx) * picture.at(x0, y0)[i] + fx * picture.at(x1, y0)[i]) +
                              fy * ((1 - fx) * picture.at(x0, y1)[i] + fx * picture.at(x1, y1)[i]);
                ++inside;
            }
            if (inside)
                for (int i = 0; i < 3; ++i) result.at(u, v)[i] = sum[i] / float(inside);
        }
    return result;
}

Image mirrored(const Image& picture) {
    Image result = picture;
    for (int y = 0; y < picture.height; ++y)
        for (int x = 0; x < picture.width; ++x)
            std::copy_n(picture.at(x, y), picture.channels, result.at(picture.width - 1 - x, y));
    return result;
}

}  // namespace likeness::test
