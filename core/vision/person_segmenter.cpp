#include "core/vision/person_segmenter.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/parallel.h"
#include "core/base/paths.h"

namespace likeness {

namespace {

constexpr int segmenter_side = 256;

// The network's map at `unit` (0..1 of the window), bilinear.
float map_at(std::span<const float> map, const Eigen::Vector2f& unit) {
    const float x = std::clamp(unit.x() * float(segmenter_side) - 0.5f, 0.0f, float(segmenter_side - 1));
    const float y = std::clamp(unit.y() * float(segmenter_side) - 0.5f, 0.0f, float(segmenter_side - 1));
    const int x0 = std::min(int(x), segmenter_side - 2), y0 = std::min(int(y), segmenter_side - 2);
    const float fx = x - float(x0), fy = y - float(y0);
    const float* p = map.data() + y0 * segmenter_side + x0;
    const float upper = p[0] + fx * (p[1] - p[0]);
    const float lower = p[segmenter_side] + fx * (p[segmenter_side + 1] - p[segmenter_side]);
    return upper + fy * (lower - upper);
}

}  // namespace

Result<std::unique_ptr<PersonSegmenter>> PersonSegmenter::load() {
    const Result<std::filesystem::path> file = find_asset("selfie_segmentation.tflite");
    if (!file) return file.error();
    Result<std::unique_ptr<LiteRtNetwork>> model = LiteRtNetwork::load_file(*file);
    if (!model) return model.error();
    if ((*model)->inputs().size() != 1 || (*model)->inputs()[0].size() != segmenter_side * segmenter_side * 3 ||
        (*model)->outputs().size() != 1 || (*model)->outputs()[0].size() != segmenter_side * segmenter_side)
        return Error{ErrorCode::bad_input, "'" + file->string() + "' is not the network that Likeness expects.", ""};
    return std::unique_ptr<PersonSegmenter>(new PersonSegmenter(std::move(*model)));
}

Status PersonSegmenter::add_view(const Image& picture, const Crop& window, bool mirrored, Image& sum, Image& weights) {
    Crop seen = window;
    if (mirrored) seen.size.x() = -seen.size.x();  // sampled from the right to the left
    sample_crop(picture, seen, segmenter_side, segmenter_side, {}, model_->input(0));
    if (Status ran = model_->run(); !ran) return ran;
    const std::span<const float> map = model_->output(0);
    const Eigen::Vector2f extent(float(picture.width), float(picture.height));
    const Eigen::Vector2f pixel(extent.x() / float(sum.width), extent.y() / float(sum.height));
    const Eigen::Vector2f low = window.centre - window.size / 2, high = low + window.size;
    // A view fades out over the outer eighth of its window, but not at the picture's own border.
    const auto fade = [&](int axis, float unit) {
        const float from_low = low[axis] > 1 ? 8 * unit : 1.0f;
        const float from_high = high[axis] < extent[axis] - 1 ? 8 * (1 - unit) : 1.0f;
        return std::min({from_low, from_high, 1.0f});
    };
    parallel_for(std::size_t(sum.height), 32, [&](std::size_t begin, std::size_t end) {
        for (int y = int(begin); y < int(end); ++y) {
            const float v = ((float(y) + 0.5f) * pixel.y() - low.y()) / window.size.y(), row = fade(1, v);
            for (int x = 0; x < sum.width; ++x) {
                const float u = ((float(x) + 0.5f) * pixel.x() - low.x()) / window.size.x();
                const float weight = std::min(row, fade(0, u));
                if (weight <= 0) continue;
                *sum.at(x, y) += weight * map_at(map, {mirrored ? 1 - u : u, v});
                *weights.at(x, y) += weight;
            }
        }
    });
    return {};
}

Result<Image> PersonSegmenter::probability(const Image& picture, const FaceLandmarks& face, int width, int height) {
    if (picture.empty() || width < 1 || height < 1)
        return Error{ErrorCode::invalid_argument, "The picture is empty.", ""};
    const Eigen::Vector2f extent(float(picture.width), float(picture.height));
    Image sum(width, height, 1, 0.0f), weights(width, height, 1, 0.0f);

    // The whole picture, stretched to a square as the network was trained, also from further away; and head and
    // shoulders: three face heights, a little below the face's middle, kept inside the picture where possible.
    std::vector<Crop> windows{{extent / 2, extent, 0}, {extent / 2, 1.2f * extent, 0}};
    const float face_size = (face.high - face.low).maxCoeff();
    const float side = std::min(3.0f * face_size, 0.85f * extent.maxCoeff());
    Crop close{(face.low + face.high) / 2 + Eigen::Vector2f(0, 0.15f * face_size), {side, side}, 0};
    for (int axis = 0; axis < 2; ++axis)
        close.centre[axis] =
            side < extent[axis] ? std::clamp(close.centre[axis], side / 2, extent[axis] - side / 2) : extent[axis] / 2;
    windows.push_back(close);
    for (const Crop& window : windows)
        for (const bool mirrored : {false, true})
            if (Status added = add_view(picture, window, mirrored, sum, weights); !added) return added.error();
    for (std::size_t i = 0; i < sum.pixels.size(); ++i) sum.pixels[i] /= weights.pixels[i];
    return sum;
}

}  // namespace likeness
