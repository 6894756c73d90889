#include "bench/metrics/identity.h"

#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/image_transforms.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "bench/metrics/identity_network.h"
#include "bench/metrics/picture.h"
#include "core/image/ops.h"

namespace likeness::metrics {
namespace {

constexpr int kUpsamplings = 2;  // tried in turn: once (faces above 40 pixels), twice (above 20)
constexpr unsigned long kChipPixels = 150;
constexpr double kChipPadding = 0.25;
constexpr const char* kPredictorFile = "shape_predictor_5_face_landmarks.dat";
constexpr const char* kNetworkFile = "dlib_face_recognition_resnet_model_v1.dat";

using Pixels = dlib::array2d<dlib::rgb_pixel>;

Pixels on_white(const Image& picture) {
    const std::vector<std::uint8_t> bytes = to_u8(over_background(picture, 1.0f));
    Pixels out(picture.height, picture.width);
    const std::uint8_t* p = bytes.data();
    for (dlib::rgb_pixel& pixel : out) {
        pixel = dlib::rgb_pixel(p[0], p[1], p[2]);
        p += 3;
    }
    return out;
}

std::optional<dlib::rectangle> largest_face(dlib::frontal_face_detector& detector, const Pixels& picture) {
    const dlib::pyramid_down<2> pyramid;
    Pixels enlarged;
    dlib::assign_image(enlarged, picture);
    for (unsigned int times = 1; times <= kUpsamplings; ++times) {
        dlib::pyramid_up(enlarged, pyramid);
        const std::vector<dlib::rectangle> faces = detector(enlarged);
        if (faces.empty()) continue;
        const auto smaller = [](const auto& a, const auto& b) { return a.area() < b.area(); };
        return pyramid.rect_down(*std::max_element(faces.begin(), faces.end(), smaller), times);
    }
    return std::nullopt;
}

template <class Model>
Status read_model(const std::filesystem::path& folder, const char* name, Model& model) {
    const std::filesystem::path file = folder / name;
    if (std::error_code ignored; !std::filesystem::is_regular_file(file, ignored))
        return Error{ErrorCode::not_found,
                     std::string("The identity score needs ") + name + "; scripts/setup fetches it.",
                     "no file " + file.string()};
    try {
        dlib::deserialize(file.string()) >> model;
    } catch (const std::exception& e) {
        return Error{ErrorCode::bad_input, file.string() + " is not the model that the identity score needs.",
                     e.what()};
    }
    return {};
}

}  // namespace

struct IdentityScore::Models {
    dlib::frontal_face_detector detector = dlib::get_frontal_face_detector();
    dlib::shape_predictor predictor;
    network::FaceDescriptor network;
};

IdentityScore::IdentityScore(std::unique_ptr<Models> models) : models_(std::move(models)) {}
IdentityScore::IdentityScore(IdentityScore&&) noexcept = default;
IdentityScore& IdentityScore::operator=(IdentityScore&&) noexcept = default;
IdentityScore::~IdentityScore() = default;

std::filesystem::path IdentityScore::default_models() {
    return std::filesystem::path(LIKENESS_DEPENDENCIES) / "face_recognition_models";
}

Result<IdentityScore> IdentityScore::load(const std::filesystem::path& models) {
    auto loaded = std::make_unique<Models>();
    if (Status ok = read_model(models, kPredictorFile, loaded->predictor); !ok) return ok.error();
    if (Status ok = read_model(models, kNetworkFile, loaded->network); !ok) return ok.error();
    return IdentityScore(std::move(loaded));
}

Result<Descriptor> IdentityScore::describe(const Image& picture) {
    if (picture.empty() || (picture.channels != 3 && picture.channels != 4))
        return Error{ErrorCode::invalid_argument, "The identity score needs an RGB or RGBA picture.", ""};
    try {
        const Pixels pixels = on_white(picture);
        const std::optional<dlib::rectangle> face = largest_face(models_->detector, pixels);
        if (!face) return Error{ErrorCode::not_found, "No face was detected in the picture.", ""};
        const dlib::full_object_detection landmarks = models_->predictor(pixels, *face);
        dlib::matrix<dlib::rgb_pixel> chip;
        dlib::extract_image_chip(pixels, dlib::get_face_chip_details(landmarks, kChipPixels, kChipPadding), chip);
        const dlib::matrix<float, 0, 1> output = models_->network(chip);
        Descriptor descriptor{};
        std::copy_n(output.begin(), descriptor.size(), descriptor.begin());
        return descriptor;
    } catch (const std::exception& e) {
        return Error{ErrorCode::internal, "The identity score failed on the picture.", e.what()};
    }
}

Result<IdentityDistance> IdentityScore::distance(const Image& photo, const Image& render) {
    const Result<Descriptor> described = describe(photo);
    if (described) return distance(*described, render);
    if (described.error().code != ErrorCode::not_found) return described.error();
    const Result<Descriptor> other = describe(render);
    if (!other && other.error().code != ErrorCode::not_found) return other.error();
    return IdentityDistance{1.0, false, other.ok()};
}

Result<IdentityDistance> IdentityScore::distance(const Descriptor& photo, const Image& render) {
    const Result<Descriptor> described = describe(render);
    if (described) return IdentityDistance{descriptor_distance(photo, *described), true, true};
    if (described.error().code != ErrorCode::not_found) return described.error();
    return IdentityDistance{1.0, true, false};
}

double descriptor_distance(const Descriptor& a, const Descriptor& b) {
    double squares = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double difference = double(a[i]) - double(b[i]);
        squares += difference * difference;
    }
    return std::sqrt(squares);
}

}  // namespace likeness::metrics
