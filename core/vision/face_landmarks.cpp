#include "core/vision/face_landmarks.h"

#include <algorithm>
#include <cmath>

#include "core/base/paths.h"
#include "core/vision/attention_operators.h"
#include "core/vision/mesh_indices.h"

namespace likeness {

namespace {

constexpr int landmarks_side = 192;
constexpr std::size_t mesh_points = 468;
// MediaPipe's region of interest: the box's longer side times 1.5.
constexpr float crop_scale = 1.5f;
// Places in the network's input that it reports lie this much (in its pixels) up and left of where they are: found by
// mirroring eleven portraits, where mirrored pairs must lie symmetrically (0.135, standard error 0.04).
constexpr float network_offset = 0.13f;
constexpr std::array<std::size_t, 7> output_sizes = {3 * mesh_points, 160, 142, 142, 10, 10, 1};

// A turned square around the middle of the points' axis-aligned bounding box, as MediaPipe places it.
Crop crop_around(const Eigen::Vector2f& low, const Eigen::Vector2f& high, const Eigen::Vector2f& level) {
    Crop crop;
    crop.centre = (low + high) / 2;
    crop.size = Eigen::Vector2f::Constant(crop_scale * (high - low).maxCoeff());
    crop.angle = std::atan2(level.y(), level.x());
    return crop;
}

// Points in the network's input pixels, from its seven outputs: the mesh gives z and every place; refined lips, eyes
// and irises replace x and y; an iris gets the mean z of its eye's lids.
std::array<Eigen::Vector3f, FaceLandmarks::count> assemble(const LiteRtNetwork& model) {
    std::array<Eigen::Vector3f, FaceLandmarks::count> points{};
    const std::span<const float> coarse = model.output(0);
    for (std::size_t i = 0; i < mesh_points; ++i) points[i] = {coarse[3 * i], coarse[3 * i + 1], coarse[3 * i + 2]};
    const auto replace = [&](std::span<const mesh::Index> indices, std::span<const float> refined) {
        for (std::size_t i = 0; i < indices.size(); ++i)
            points[indices[i]].head<2>() = Eigen::Vector2f(refined[2 * i], refined[2 * i + 1]);
    };
    replace(mesh::lips, model.output(1));
    replace(mesh::right_eye, model.output(2));
    replace(mesh::left_eye, model.output(3));
    const auto add_iris = [&](std::size_t first, std::span<const mesh::Index> eye, std::span<const float> refined) {
        float depth = 0;
        for (std::size_t i = 0; i < mesh::lid_points; ++i) depth += points[eye[i]].z();
        depth /= float(mesh::lid_points);
        for (std::size_t i = 0; i < 5; ++i) points[first + i] = {refined[2 * i], refined[2 * i + 1], depth};
    };
    add_iris(FaceLandmarks::right_iris, mesh::right_eye, model.output(4));
    add_iris(FaceLandmarks::left_iris, mesh::left_eye, model.output(5));
    return points;
}

void measure(FaceLandmarks& landmarks, const Image& picture) {
    landmarks.low = landmarks.high = landmarks.point(0);
    std::size_t outside = 0;
    for (std::size_t i = 0; i < FaceLandmarks::count; ++i) {
        const Eigen::Vector2f p = landmarks.point(i);
        landmarks.low = landmarks.low.cwiseMin(p);
        landmarks.high = landmarks.high.cwiseMax(p);
        if (!(p.x() >= 0 && p.y() >= 0 && p.x() <= float(picture.width) && p.y() <= float(picture.height))) ++outside;
    }
    landmarks.outside = float(outside) / float(FaceLandmarks::count);
}

}  // namespace

Crop landmark_crop(const FaceDetection& face) {
    return crop_around(face.low, face.high, face.keypoints[1] - face.keypoints[0]);
}

Crop landmark_crop(const FaceLandmarks& landmarks) {
    return crop_around(landmarks.low, landmarks.high,
                       landmarks.point(mesh::left_eye_outer) - landmarks.point(mesh::right_eye_outer));
}

Result<std::unique_ptr<LandmarkFinder>> LandmarkFinder::load() {
    const Result<std::filesystem::path> file = find_asset("face_landmark_with_attention.tflite");
    if (!file) return file.error();
    Result<std::unique_ptr<LiteRtNetwork>> model = LiteRtNetwork::load_file(*file, attention_operators());
    if (!model) return model.error();
    const LiteRtNetwork& network = **model;
    bool fits = network.inputs().size() == 1 && network.inputs()[0].size() == landmarks_side * landmarks_side * 3 &&
                network.outputs().size() == output_sizes.size();
    for (std::size_t i = 0; fits && i < output_sizes.size(); ++i) fits = network.outputs()[i].size() == output_sizes[i];
    if (!fits)
        return Error{ErrorCode::bad_input, "'" + file->string() + "' is not the face mesh that Likeness expects.", ""};
    return std::unique_ptr<LandmarkFinder>(new LandmarkFinder(std::move(*model)));
}

Result<FaceLandmarks> LandmarkFinder::find_in(const Image& picture, const Crop& crop, const LandmarkOptions& options) {
    sample_crop(picture, crop, landmarks_side, landmarks_side, {.as_mediapipe = options.as_mediapipe},
                model_->input(0));
    if (Status ran = model_->run(); !ran) return ran.error();
    FaceLandmarks landmarks;
    landmarks.points = assemble(*model_);
    landmarks.score = 1.0f / (1.0f + std::exp(-model_->output(6)[0]));
    landmarks.roll = crop.angle;
    const Eigen::Vector2f offset = Eigen::Vector2f::Constant(options.as_mediapipe ? 0.0f : network_offset);
    for (Eigen::Vector3f& p : landmarks.points) {
        p.head<2>() = crop.to_picture(Eigen::Vector2f((p.head<2>() + offset) / float(landmarks_side)));
        p.z() *= crop.size.x() / float(landmarks_side);
        if (!p.allFinite()) return Error{ErrorCode::internal, "The face mesh network gave no usable result.", "NaN"};
    }
    measure(landmarks, picture);
    return landmarks;
}

Result<FaceLandmarks> LandmarkFinder::refine(const Image& picture, Crop crop, const LandmarkOptions& options) {
    if (picture.empty()) return Error{ErrorCode::invalid_argument, "The picture is empty.", ""};
    const auto lost = [&] {
        return Error{
            ErrorCode::not_found,
            "No face was found in the picture; use one that shows a whole face from the front, large and well lit.",
            "the face mesh's score is too low"};
    };
    Result<FaceLandmarks> current = find_in(picture, crop, options);
    if (current && current->score < options.least_score) {
        // Of a face seen from far aside the detector's box is often too small and its eyes give a wrong turn.
        crop.size *= 1.4f;
        crop.angle = 0;
        current = find_in(picture, crop, options);
    }
    for (int i = 0; current && i < options.refinements; ++i) {
        if (current->score < options.least_score) return lost();
        crop = landmark_crop(*current);
        current = find_in(picture, crop, options);
    }
    if (!current) return current;
    if (current->score < options.least_score) return lost();
    if (options.crops <= 1) return current;

    // Small shifts, scales and turns around the last crop, spread evenly; the mean over them is steadier than any one.
    FaceLandmarks mean = *current;
    for (Eigen::Vector3f& p : mean.points) p.setZero();
    const Crop base = landmark_crop(*current);
    std::array<float, FaceLandmarks::count> squares{};
    mean.least_score = current->score;
    for (int i = 0; i < options.crops; ++i) {
        const float phase = 2.0f * 3.14159265f * float(i) / float(options.crops);
        Crop varied = base;
        varied.centre += 0.02f * base.size.x() * Eigen::Vector2f(std::cos(phase), std::sin(phase));
        varied.size *= 1.0f + 0.04f * std::cos(2 * phase);
        varied.angle += 0.05f * std::sin(3 * phase);
        const Result<FaceLandmarks> one = find_in(picture, varied, options);
        if (!one) return one;
        for (std::size_t k = 0; k < FaceLandmarks::count; ++k) {
            mean.points[k] += one->points[k] / float(options.crops);
            squares[k] += (one->point(k) - current->point(k)).squaredNorm() / float(options.crops);
        }
        mean.least_score = std::min(mean.least_score, one->score);
    }
    measure(mean, picture);
    // Mean of squares about any place, less the square of the mean's distance from it.
    for (std::size_t k = 0; k < FaceLandmarks::count; ++k)
        squares[k] = std::max(0.0f, squares[k] - (mean.point(k) - current->point(k)).squaredNorm());
    const auto middle = squares.begin() + mesh_points / 2;
    std::nth_element(squares.begin(), middle, squares.begin() + mesh_points);
    mean.scatter = std::sqrt(*middle) / std::max((mean.high - mean.low).maxCoeff(), 1e-6f);
    return mean;
}

Result<FaceLandmarks> LandmarkFinder::find(const Image& picture, const FaceDetection& face,
                                           const LandmarkOptions& options) {
    return refine(picture, landmark_crop(face), options);
}

Result<FaceLandmarks> LandmarkFinder::follow(const Image& picture, const FaceLandmarks& before,
                                             const LandmarkOptions& options) {
    LandmarkOptions once = options;
    once.refinements = 0;
    return refine(picture, landmark_crop(before), once);
}

}  // namespace likeness
