#include "core/vision/blendshapes.h"

#include <algorithm>

#include "core/formats/zip.h"

namespace likeness {

const std::array<std::string_view, 52> arkit_names = {
    "browDownLeft",      "browDownRight",      "browInnerUp",         "browOuterUpLeft",
    "browOuterUpRight",  "cheekPuff",          "cheekSquintLeft",     "cheekSquintRight",
    "eyeBlinkLeft",      "eyeBlinkRight",      "eyeLookDownLeft",     "eyeLookDownRight",
    "eyeLookInLeft",     "eyeLookInRight",     "eyeLookOutLeft",      "eyeLookOutRight",
    "eyeLookUpLeft",     "eyeLookUpRight",     "eyeSquintLeft",       "eyeSquintRight",
    "eyeWideLeft",       "eyeWideRight",       "jawForward",          "jawLeft",
    "jawOpen",           "jawRight",           "mouthClose",          "mouthDimpleLeft",
    "mouthDimpleRight",  "mouthFrownLeft",     "mouthFrownRight",     "mouthFunnel",
    "mouthLeft",         "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft",
    "mouthPressRight",   "mouthPucker",        "mouthRight",          "mouthRollLower",
    "mouthRollUpper",    "mouthShrugLower",    "mouthShrugUpper",     "mouthSmileLeft",
    "mouthSmileRight",   "mouthStretchLeft",   "mouthStretchRight",   "mouthUpperUpLeft",
    "mouthUpperUpRight", "noseSneerLeft",      "noseSneerRight",      "tongueOut"};

namespace {

// The landmarks that the network reads, as pixels (a public fact of MediaPipe's face blendshapes graph).
constexpr std::array<std::uint16_t, 146> inputs = {
    0,   1,   4,   5,   6,   7,   8,   10,  13,  14,  17,  21,  33,  37,  39,  40,  46,  52,  53,  54,  55,
    58,  61,  63,  65,  66,  67,  70,  78,  80,  81,  82,  84,  87,  88,  91,  93,  95,  103, 105, 107, 109,
    127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162, 163,
    168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270, 276, 282, 283,
    284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324, 332, 334,
    336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386, 387, 388, 389,
    390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477};
constexpr std::size_t outputs = 52;  // "neutral", then arkit_names without tongueOut
constexpr std::uint64_t largest_network = 64u << 20;
constexpr const char* network_entry = "face_blendshapes.tflite";

Result<std::vector<std::uint8_t>> read_network(const std::filesystem::path& task) {
    const auto bad = [&](const Error& error) {
        if (error.code != ErrorCode::bad_input) return error;
        return Error{ErrorCode::bad_input,
                     "'" + task.string() + "' is not a face landmarker file; get face_landmarker.task again.",
                     error.message};
    };
    const auto zip = ZipReader::open(task);
    if (!zip) return bad(zip.error());
    if (zip->size(network_entry) > largest_network)
        return bad({ErrorCode::bad_input, std::string(network_entry) + " is too large", ""});
    auto bytes = zip->read(network_entry);
    return bytes ? bytes : bad(bytes.error());
}

}  // namespace

Result<std::unique_ptr<BlendshapeEstimator>> BlendshapeEstimator::load(const std::filesystem::path& task) {
    Result<std::vector<std::uint8_t>> bytes = read_network(task);
    if (!bytes) return bytes.error();
    Result<std::unique_ptr<LiteRtNetwork>> model = LiteRtNetwork::load(std::move(*bytes), network_entry);
    if (!model) return model.error();
    if ((*model)->inputs().size() != 1 || (*model)->inputs()[0].size() != 2 * inputs.size() ||
        (*model)->outputs().size() != 1 || (*model)->outputs()[0].size() != outputs)
        return Error{ErrorCode::bad_input, "'" + task.string() + "' has a blendshape network of another kind.", ""};
    return std::unique_ptr<BlendshapeEstimator>(new BlendshapeEstimator(std::move(*model)));
}

Result<std::array<float, 52>> BlendshapeEstimator::estimate(const FaceLandmarks& landmarks) {
    const std::span<float> values = model_->input(0);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        values[2 * i] = landmarks.points[inputs[i]].x();
        values[2 * i + 1] = landmarks.points[inputs[i]].y();
    }
    if (Status ran = model_->run(); !ran) return ran.error();
    std::array<float, 52> scores{};
    for (std::size_t i = 1; i < outputs; ++i) scores[i - 1] = std::clamp(model_->output(0)[i], 0.0f, 1.0f);
    return scores;
}

}  // namespace likeness
