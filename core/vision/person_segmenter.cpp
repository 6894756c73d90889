#include "core/vision/person_segmenter.h"

#include <algorithm>
#include <cmath>

#include "core/base/parallel.h"
#include "core/base/paths.h"

namespace likeness {

namespace {

constexpr int input_side = 256;

// The network's map at `unit` (0..1 of the window), bilinear.
float map_at(std::span<const float> map, const Eigen::Vector2f& unit) {
    const float x = std::clamp(unit.x() * float(input_side) - 0.5f, 0.0f, float(input_side - 1));
    const float y = std::clamp(unit.y() * float(input_side) - 0.5f, 0.0f, float(input_side - 1));
    const int x0 = std::min(int(x), input_side - 2), y0 = std::min(int(y), input_side - 2);
    const float fx = x - float(x0), fy = y - float(y0);
    const float* p = map.data() + y0 * input_side + x0;
    const float upper = p[0] + fx * (p[1] - p[0]);
    const float lower = p[input_side] + fx * (p[input_side + 1] - p[input_side]);
    return upper + fy * (lower - upper);
}

}  // namespace

Result<std::unique_ptr<PersonSegmenter>> PersonSegmenter::load() {
    const Result<std::filesystem::path> file = find_asset("selfie_segmentation.tflite");
    if (!file) return file.error();
    Result<std::unique_ptr<Model>> model = Model::load_file(*file);
    if (!model) return model.error();
    if ((*model)->inputs().size() != 1 || (*model)->inputs()[0].size() != input_side * input_side * 3 ||
        (*model)->outputs().size() != 1 || (*model)->outputs()[0].size() != input_side * input_side)
        return Error{ErrorCode::bad_input, "'" + file->string() + "' is not the network that Likeness expects.", ""};
    return std::unique_ptr<PersonSegmenter>(new PersonSegmenter(std::move(*model)));
}

Status PersonSegmenter::look(const Image& picture, const Crop& window) {
    sample_crop(picture, window, input_side, input_side, {}, model_->input(0));
    return model_->run();
}

Result<Image> PersonSegmenter::probability(const Image& picture, const FaceLandmarks& face, int width, int height) {
    if (picture.empty() || width < 1 || height < 1)
        return Error{ErrorCode::invalid_argument, "The picture is empty.", ""};
    const Eigen::Vector2f extent(float(picture.width), float(picture.height));
    const Eigen::Vector2f pixel(extent.x() / float(width), extent.y() / float(height));
    Image result(width, height, 1);

    // The whole picture, stretched to a square as the network was trained.
    if (Status looked = look(picture, {extent / 2, extent, 0}); !looked) return looked.error();
    parallel_for(std::size_t(height), 32, [&](std::size_t begin, std::size_t end) {
        for (int y = int(begin); y < int(end); ++y)
            for (int x = 0; x < width; ++x)
                *result.at(x, y) =
                    map_at(model_->output(0), {(float(x) + 0.5f) / float(width), (float(y) + 0.5f) / float(height)});
    });

    // Head and shoulders: three face heights, a little below the face's middle, kept inside the picture where possible.
    const Eigen::Vector2f middle = (face.low + face.high) / 2;
    const float face_size = (face.high - face.low).maxCoeff();
    const float side = std::min(3.0f * face_size, extent.maxCoeff());
    if (side > 0.9f * extent.maxCoeff()) return result;  // the first view was as close
    Crop window{{middle.x(), middle.y() + 0.15f * face_size}, {side, side}, 0};
    for (int axis = 0; axis < 2; ++axis)
        window.centre[axis] =
            side < extent[axis] ? std::clamp(window.centre[axis], side / 2, extent[axis] - side / 2) : extent[axis] / 2;
    if (Status looked = look(picture, window); !looked) return looked.error();
    parallel_for(std::size_t(height), 32, [&](std::size_t begin, std::size_t end) {
        for (int y = int(begin); y < int(end); ++y) {
            for (int x = 0; x < width; ++x) {
                const Eigen::Vector2f at((float(x) + 0.5f) * pixel.x(), (float(y) + 0.5f) * pixel.y());
                const Eigen::Vector2f unit = window.from_picture(at);
                // The closer view fades out over the outer eighth of its window, but not at the picture's own border.
                float weight = 1;
                for (int axis = 0; axis < 2; ++axis) {
                    const float low = window.centre[axis] - side / 2, high = low + side;
                    if (low > 1) weight = std::min(weight, std::clamp(8 * unit[axis], 0.0f, 1.0f));
                    if (high < extent[axis] - 1)
                        weight = std::min(weight, std::clamp(8 * (1 - unit[axis]), 0.0f, 1.0f));
                }
                if (weight <= 0) continue;
                float& value = *result.at(x, y);
                value += weight * 0.8f * (map_at(model_->output(0), unit) - value);
            }
        }
    });
    return result;
}

}  // namespace likeness
