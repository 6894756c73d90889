#include "core/vision/face_detector.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/paths.h"

namespace likeness {

namespace {

constexpr int detector_side = 128;
constexpr std::size_t anchor_count = 896;
constexpr std::size_t values_per_anchor = 16;  // middle, size, six points
constexpr float overlap_threshold = 0.3f;
constexpr float agreement = 0.5f;  // intersection over union of two looks at one face

// Two anchors in each cell of a 16 x 16 grid, then six in each of an 8 x 8 grid, in the middles of the cells
// (Bazarevsky et al. 2019, figure 2; all of one size, so only their places matter).
std::vector<Eigen::Vector2f> make_anchors() {
    std::vector<Eigen::Vector2f> anchors;
    for (const auto& [cells, each] : {std::pair{16, 2}, std::pair{8, 6}})
        for (int y = 0; y < cells; ++y)
            for (int x = 0; x < cells; ++x)
                for (int i = 0; i < each; ++i)
                    anchors.emplace_back((float(x) + 0.5f) / float(cells), (float(y) + 0.5f) / float(cells));
    return anchors;
}

// Intersection over union of the boxes.
float plain_overlap(const FaceDetection& a, const FaceDetection& b) {
    const Eigen::Vector2f both = (a.high.cwiseMin(b.high) - a.low.cwiseMax(b.low)).cwiseMax(0.0f);
    return both.prod() / ((a.high - a.low).prod() + (b.high - b.low).prod() - both.prod());
}

float overlap(const FaceDetection& a, const FaceDetection& b) {
    const float width = std::min(a.high.x(), b.high.x()) - std::max(a.low.x(), b.low.x());
    const float height = std::min(a.high.y(), b.high.y()) - std::max(a.low.y(), b.low.y());
    if (width <= 0 || height <= 0) return 0;
    const float both = width * height;
    const auto area = [](const FaceDetection& d) { return (d.high - d.low).prod(); };
    // Against the smaller area too: a window that cuts a face sees a part of it as a smaller face.
    return std::max(both / (area(a) + area(b) - both), 0.6f * both / std::min(area(a), area(b)));
}

// Weighted non-maximum suppression: overlapping detections of one window size become their mean by score
// (Bazarevsky et al. 2019, section 4: less jitter than keeping only the best). Best score first.
std::vector<FaceDetection> merge(std::vector<FaceDetection> found, bool as_mediapipe = false) {
    const auto shared = as_mediapipe ? plain_overlap : overlap;
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
    std::vector<FaceDetection> kept;
    std::vector<bool> used(found.size(), false);
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (used[i]) continue;
        FaceDetection mean = found[i];
        mean.low = mean.high = Eigen::Vector2f::Zero();
        mean.keypoints.fill(Eigen::Vector2f::Zero());
        float weight = 0;
        for (std::size_t k = i; k < found.size(); ++k) {
            if (used[k] || shared(found[i], found[k]) < overlap_threshold) continue;
            used[k] = true;
            // Boxes of a very different size suppress each other but do not belong into one mean.
            const float ratio = found[k].size() / found[i].size();
            if (!as_mediapipe && k != i && (ratio < 0.7f || ratio > 1.4f)) continue;
            const float w = found[k].score;
            weight += w;
            mean.low += w * found[k].low;
            mean.high += w * found[k].high;
            for (std::size_t p = 0; p < mean.keypoints.size(); ++p) mean.keypoints[p] += w * found[k].keypoints[p];
        }
        mean.low /= weight;
        mean.high /= weight;
        for (Eigen::Vector2f& point : mean.keypoints) point /= weight;
        kept.push_back(mean);
    }
    return kept;
}

float roll(const FaceDetection& face) {
    const Eigen::Vector2f eyes = face.keypoints[1] - face.keypoints[0];
    return std::atan2(eyes.y(), eyes.x());
}

}  // namespace

FaceDetector::FaceDetector(std::unique_ptr<LiteRtNetwork> model) : model_(std::move(model)), anchors_(make_anchors()) {}

Result<std::unique_ptr<FaceDetector>> FaceDetector::load() {
    const Result<std::filesystem::path> file = find_asset("face_detection_short_range.tflite");
    if (!file) return file.error();
    Result<std::unique_ptr<LiteRtNetwork>> model = LiteRtNetwork::load_file(*file);
    if (!model) return model.error();
    const LiteRtNetwork& network = **model;
    if (network.inputs().size() != 1 || network.outputs().size() != 2 ||
        network.inputs()[0].size() != detector_side * detector_side * 3 ||
        network.outputs()[0].size() != anchor_count * values_per_anchor || network.outputs()[1].size() != anchor_count)
        return Error{ErrorCode::bad_input, "'" + file->string() + "' is not the face detector that Likeness expects.",
                     ""};
    return std::unique_ptr<FaceDetector>(new FaceDetector(std::move(*model)));
}

Status FaceDetector::look(const Image& picture, const Crop& window, float least_score,
                          std::vector<FaceDetection>& found, bool as_mediapipe) {
    const SampleOptions sampling{CropBorder::black, -1.0f, 1.0f, as_mediapipe};
    sample_crop(picture, window, detector_side, detector_side, sampling, model_->input(0));
    if (Status ran = model_->run(); !ran) return ran;
    const std::span<const float> boxes = model_->output(0), scores = model_->output(1);
    for (std::size_t i = 0; i < anchor_count; ++i) {
        const float score = 1.0f / (1.0f + std::exp(-std::clamp(scores[i], -100.0f, 100.0f)));
        if (!(score >= least_score)) continue;
        const float* v = boxes.data() + i * values_per_anchor;
        // Places are offsets from the anchor, all values in pixels of the network's input.
        const auto place = [&](float x, float y) {
            return window.to_picture(anchors_[i] + Eigen::Vector2f(x, y) / float(detector_side));
        };
        FaceDetection face;
        face.score = score;
        const Eigen::Vector2f middle = place(v[0], v[1]);
        const Eigen::Vector2f half = Eigen::Vector2f(v[2], v[3]).cwiseProduct(window.size) / float(2 * detector_side);
        if (!(half.minCoeff() > 0)) continue;
        face.low = middle - half;
        face.high = middle + half;
        for (std::size_t p = 0; p < 6; ++p) face.keypoints[p] = place(v[4 + 2 * p], v[5 + 2 * p]);
        found.push_back(face);
    }
    return {};
}

Status FaceDetector::look_through(const Image& picture, const Scan& scan, std::vector<FaceDetection>& found) {
    // Windows overlap, so every face smaller than the overlap lies whole in one of them.
    const float window = scan.window;
    const auto steps = [&](int extent) {
        return std::max(1, int(std::ceil((float(extent) / window - 1) / scan.step)) + 1);
    };
    const int columns = steps(picture.width), rows = steps(picture.height);
    const auto place = [&](int i, int count, int extent) {
        if (count == 1) return float(extent) / 2;
        return window / 2 + float(i) * (float(extent) - window) / float(count - 1);
    };
    for (int y = 0; y < rows; ++y) {
        if (scan.progress) scan.progress(double(y) / rows);
        for (int x = 0; x < columns; ++x) {
            const Crop crop{
                {place(x, columns, picture.width), place(y, rows, picture.height)}, {window, window}, scan.angle};
            if (Status looked = look(picture, crop, scan.least_score, found); !looked) return looked;
        }
    }
    return {};
}

Result<std::vector<FaceDetection>> FaceDetector::scan(const Image& picture, const Scan& scan) {
    std::vector<FaceDetection> found;
    if (Status looked = look_through(picture, scan, found); !looked) return looked.error();
    return merge(std::move(found));
}

Result<std::optional<FaceDetection>> FaceDetector::look_again(const Image& picture, const FaceDetection& face,
                                                              float least_score) {
    constexpr int most_looks = 4;
    FaceDetection last = face;
    for (int i = 0; i < most_looks; ++i) {
        // The network is most exact for a face of this size.
        const Crop window{(last.low + last.high) / 2, Eigen::Vector2f::Constant(2.2f * last.size()), roll(last)};
        std::vector<FaceDetection> again;
        if (Status status = look(picture, window, least_score, again); !status) return status.error();
        again = merge(std::move(again));
        const auto same = std::max_element(again.begin(), again.end(), [&](const auto& a, const auto& b) {
            return overlap(a, last) * a.score < overlap(b, last) * b.score;
        });
        if (same == again.end() || overlap(*same, last) < overlap_threshold) return std::optional<FaceDetection>();
        const bool agree = plain_overlap(*same, last) >= agreement;
        last = *same;
        if (agree) break;
    }
    return std::optional(last);
}

Result<std::vector<FaceDetection>> FaceDetector::detect(const Image& picture, const DetectorOptions& options) {
    if (picture.width < 8 || picture.height < 8 || picture.channels < 1)
        return Error{ErrorCode::invalid_argument, "The picture is empty or too small to show a face.", ""};
    if (options.as_mediapipe) {
        const Eigen::Vector2f extent(float(picture.width), float(picture.height));
        std::vector<FaceDetection> found;
        const Crop whole{extent / 2, Eigen::Vector2f::Constant(extent.maxCoeff()), 0};
        if (Status status = look(picture, whole, options.least_score, found, true); !status) return status.error();
        return merge(std::move(found), true);
    }
    // 1024 pixels leave 4 % of the side 40 pixels: enough for the network at any window.
    constexpr int working_side = 1024;
    const bool large = std::max(picture.width, picture.height) > working_side;
    const Image shrunk = large ? shrink_to(picture, working_side) : Image();
    const Image& small = large ? shrunk : picture;
    const float scale = float(picture.width) / float(small.width);
    const float side = float(std::max(small.width, small.height));
    constexpr float degree = std::numbers::pi_v<float> / 180;

    std::vector<FaceDetection> found;
    const auto looked = [&](float window, float angle, float least) {
        return look_through(small, {.window = window * side, .angle = angle * degree, .least_score = least}, found);
    };
    // A face that fills the picture is found with room around it.
    for (const float window : {1.0f, 1.7f})
        if (Status status = looked(window, 0, options.least_score); !status) return status.error();
    if (options.all_sizes || found.empty())
        if (Status status = looked(0.5f, 0, options.least_score); !status) return status.error();
    if (found.empty())
        if (Status status = looked(0.25f, 0, options.least_score); !status) return status.error();
    for (const float angle : {-40.0f, 40.0f, 90.0f, -90.0f, 180.0f}) {
        if (!found.empty()) break;
        for (const float window : {1.0f, 1.7f, 0.5f})
            if (Status status = looked(window, angle, options.least_score); !status) return status.error();
    }
    if (found.empty())  // down to 4 % of the side
        if (Status status = looked(0.125f, 0, options.least_score); !status) return status.error();
    const bool hard = found.empty();  // profile, mask, blur; the landmarks' own score decides later
    if (hard)
        for (const float window : {1.0f, 1.7f, 0.5f})
            if (Status status = looked(window, 0, 0.6f * options.least_score); !status) return status.error();

    std::vector<FaceDetection> faces;
    for (const FaceDetection& face : merge(std::move(found))) {
        const float least = (hard ? 0.6f : 1.0f) * options.least_score;  // also turns down what only looked like a face
        Result<std::optional<FaceDetection>> again = look_again(small, face, least);
        if (!again) return again.error();
        if (*again) faces.push_back(**again);
    }
    faces = merge(std::move(faces));
    for (FaceDetection& face : faces) {
        face.low *= scale;
        face.high *= scale;
        for (Eigen::Vector2f& point : face.keypoints) point *= scale;
    }
    std::sort(faces.begin(), faces.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
    return faces;
}

}  // namespace likeness
