#include "core/vision/face_search.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/vision/mesh_indices.h"

namespace likeness {

namespace {

// Below this a face is believed without a look at other turns and sizes.
constexpr float clear_doubt = 0.0085f;
constexpr int working_side = 1024;
// 48 pixels are 19 of the detector's 128 here.
constexpr float least_window = 320;
constexpr std::size_t most_judged = 24;  // a look
constexpr float degree = std::numbers::pi_v<float> / 180;

float doubt_of(const FaceDetection& face, const FaceLandmarks& landmarks) {
    const float unseen = std::max(0.0f, 0.85f - face.score), unsure = std::max(0.0f, 0.9f - landmarks.least_score);
    return landmarks.scatter * (1 + 3 * unseen) * (1 + 2 * unsure);
}

Eigen::Vector2f middle(const JudgedFace& face) { return 0.5f * (face.landmarks.low + face.landmarks.high); }

// One face seen twice, or a part of it taken for a face.
bool same_face(const JudgedFace& a, const JudgedFace& b) {
    return (middle(a) - middle(b)).norm() < 0.5f * std::max(a.size(), b.size());
}

class Searcher {
  public:
    Searcher(FaceDetector& detector, LandmarkFinder& finder, const Image& picture, const FaceSearch& search)
        : detector_(detector), finder_(finder), picture_(picture), search_(search) {}

    Result<std::vector<JudgedFace>> run() {
        Status done = search_.hints.empty() ? Status() : judge(search_.hints, true);
        if (done && !found()) done = look_once();
        if (done && search_.thorough && !found()) done = look_turned();
        if (done && search_.thorough && !found()) done = look_closely();
        if (!done) return done.error();
        std::stable_sort(faces_.begin(), faces_.end(), [](const JudgedFace& a, const JudgedFace& b) {
            if (a.sure() != b.sure()) return a.sure();
            return a.sure() ? a.size() > b.size() : a.doubt < b.doubt;
        });
        return std::move(faces_);
    }

    Result<std::vector<JudgedFace>> judged_hints() {
        if (Status judged = judge(search_.hints, true); !judged) return judged.error();
        return std::move(faces_);
    }

  private:
    bool found() const {
        return std::any_of(faces_.begin(), faces_.end(), [](const auto& face) { return face.doubt <= clear_doubt; });
    }
    void report(double share) const {
        if (search_.progress) search_.progress(share);
    }

    // `again`: look once more in a window of the face's own first.
    Status judge(std::vector<FaceDetection> detections, bool again) {
        if (detections.size() > most_judged) detections.resize(most_judged);
        for (FaceDetection& detection : detections) {
            if (again) {
                const Result<std::optional<FaceDetection>> seen = detector_.look_again(picture_, detection);
                if (!seen) return seen.error();
                if (!*seen) continue;
                detection = **seen;
            }
            const Result<FaceLandmarks> landmarks = finder_.find(picture_, detection, {.crops = 8});
            if (!landmarks && landmarks.error().code == ErrorCode::not_found) continue;
            if (!landmarks) return landmarks.error();
            add({detection, *landmarks, doubt_of(detection, *landmarks)});
        }
        return {};
    }
    void add(const JudgedFace& face) {
        for (JudgedFace& known : faces_)
            if (same_face(known, face)) {
                if (face.doubt < known.doubt) known = face;
                return;
            }
        faces_.push_back(face);
    }

    Status look_once() {
        const Result<std::vector<FaceDetection>> faces = detector_.detect(picture_);
        return faces ? judge(*faces, false) : faces.error();
    }

    // Faces are found when they are turned by up to about 35 degrees.
    Status look_turned() {
        const bool large = std::max(picture_.width, picture_.height) > working_side;
        const Image shrunk = large ? shrink_to(picture_, working_side) : Image();
        const Image& small = large ? shrunk : picture_;
        const float scale = float(picture_.width) / float(small.width);
        const float side = float(std::max(small.width, small.height));
        for (const float angle : {0.0f, 90.0f, -90.0f, 180.0f, 45.0f, -45.0f, 135.0f, -135.0f}) {
            report(0);
            std::vector<FaceDetection> all;
            for (const float window : {1.0f, 1.7f, 0.5f, 0.25f}) {
                auto seen = detector_.scan(small, {.window = window * side, .angle = angle * degree});
                if (!seen) return seen.error();
                for (FaceDetection& face : *seen) {
                    face.low *= scale;
                    face.high *= scale;
                    for (Eigen::Vector2f& point : face.keypoints) point *= scale;
                    all.push_back(face);
                }
            }
            std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
            if (Status judged = judge(std::move(all), true); !judged) return judged;
            if (found()) return {};
        }
        return {};
    }

    Status look_closely() {
        const float side = float(std::max(picture_.width, picture_.height));
        std::vector<float> windows;
        for (float window = side / 8; window > 1.25f * least_window; window /= 2) windows.push_back(window);
        if (side / 4 > 1.25f * least_window) windows.push_back(least_window);
        // The smallest windows are most of the work.
        const double each = 0.25;
        double done = 0;
        for (const float angle : {0.0f, 90.0f, -90.0f, 180.0f}) {
            for (const float window : windows) {
                const double from = done,
                             share = window == windows.back() ? 0.75 * each : 0.25 * each / double(windows.size());
                auto seen = detector_.scan(
                    picture_, {.window = window, .angle = angle * degree, .step = 0.75f, .progress = [&](double part) {
                                   report(from + share * part);
                               }});
                if (!seen) return seen.error();
                if (Status judged = judge(*std::move(seen), true); !judged) return judged;
                if (found()) return {};
                done += share;
            }
        }
        return {};
    }

    FaceDetector& detector_;
    LandmarkFinder& finder_;
    const Image& picture_;
    const FaceSearch& search_;
    std::vector<JudgedFace> faces_;
};

template <class Move>
JudgedFace each_point(JudgedFace face, Move&& move) {
    const auto box = [&](Eigen::Vector2f& low, Eigen::Vector2f& high) {
        const Eigen::Vector2f a = move(low), b = move(high);
        low = a.cwiseMin(b);
        high = a.cwiseMax(b);
    };
    box(face.detection.low, face.detection.high);
    box(face.landmarks.low, face.landmarks.high);
    for (Eigen::Vector2f& point : face.detection.keypoints) point = move(point);
    for (Eigen::Vector3f& point : face.landmarks.points) point.head<2>() = move(Eigen::Vector2f(point.head<2>()));
    return face;
}

}  // namespace

Result<std::vector<JudgedFace>> search_faces(FaceDetector& detector, LandmarkFinder& finder, const Image& picture,
                                             const FaceSearch& search) {
    return Searcher(detector, finder, picture, search).run();
}

Status search_beside(FaceDetector& detector, LandmarkFinder& finder, const Image& picture, std::size_t chosen,
                     std::vector<JudgedFace>& faces) {
    // The first look finds faces from a tenth of the picture's longer side on: a third of a face of this size.
    constexpr float small_face = 0.3f;
    const float size = faces[chosen].size();
    if (size >= small_face * float(std::max(picture.width, picture.height))) return {};
    // Head and shoulders, in four windows.
    const Eigen::Vector2f centre = middle(faces[chosen]);
    std::vector<FaceDetection> seen;
    for (const float x : {-0.75f, 0.75f})
        for (const float y : {-0.8f, 0.6f}) {
            const Crop window{centre + size * Eigen::Vector2f(x, y), Eigen::Vector2f::Constant(2.1f * size), 0};
            if (Status looked = detector.look(picture, window, 0.5f, seen); !looked) return looked;
        }
    std::erase_if(seen, [&](const FaceDetection& face) {
        return std::any_of(faces.begin(), faces.end(), [&](const JudgedFace& known) {
            return (0.5f * (face.low + face.high) - middle(known)).norm() < 0.5f * known.size();
        });
    });
    if (seen.empty()) return {};
    const FaceSearch hints{.hints = std::move(seen)};
    auto beside = Searcher(detector, finder, picture, hints).judged_hints();
    if (!beside) return beside.error();
    for (JudgedFace& face : *beside)
        if (face.sure() && std::none_of(faces.begin(), faces.end(), [&](const auto& f) { return same_face(f, face); }))
            faces.push_back(std::move(face));
    return {};
}

int turns_upright(const FaceLandmarks& face) {
    const Eigen::Vector2f level = face.point(mesh::left_eye_outer) - face.point(mesh::right_eye_outer);
    const float turned = std::atan2(level.y(), level.x()) / (90 * degree);
    return (4 - int(std::lround(turned))) % 4;
}

JudgedFace turn_quarters(JudgedFace face, int clockwise, int width, int height) {
    for (int i = 0; i < clockwise; ++i, std::swap(width, height))
        face =
            each_point(face, [&](const Eigen::Vector2f& p) { return Eigen::Vector2f(float(height) - p.y(), p.x()); });
    face.landmarks.roll += float(clockwise) * 90 * degree;
    return face;
}

JudgedFace moved_by(JudgedFace face, const Eigen::Vector2f& origin) {
    return each_point(face, [&](const Eigen::Vector2f& p) { return Eigen::Vector2f(p - origin); });
}

}  // namespace likeness
