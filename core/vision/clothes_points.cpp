#include "core/vision/clothes_points.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>
#include <tuple>

#include "core/vision/crop.h"

namespace likeness {
namespace {

constexpr int flow_side = 480;  // longest side of the picture that points are followed in
constexpr int most_points = 120;
constexpr int few_points = 60;
constexpr int border = 8;  // pixels at the picture's edge without new points
// Eigenvalues of cornerEigenValsAndVecs (gradients in grey levels / 255): the least of a point, and what makes one half
// sure.
constexpr float least_edge = 2e-4f, sure_edge = 6e-4f;

cv::Mat small_grey(const Image& frame, float scale) {
    const int width = std::max(1, int(std::lround(float(frame.width) * scale)));
    const int height = std::max(1, int(std::lround(float(frame.height) * scale)));
    Crop whole;
    whole.size = {float(frame.width), float(frame.height)};
    whole.centre = whole.size / 2;
    std::vector<float> color(std::size_t(width) * std::size_t(height) * 3);
    sample_crop(frame, whole, width, height, {.low = 0, .high = 255}, color);
    cv::Mat grey(height, width, CV_8U);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const float* c = &color[(std::size_t(y) * std::size_t(width) + std::size_t(x)) * 3];
            grey.at<std::uint8_t>(y, x) =
                cv::saturate_cast<std::uint8_t>(0.2126f * c[0] + 0.7152f * c[1] + 0.0722f * c[2]);
        }
    return grey;
}

void track(const cv::Mat& from, const cv::Mat& to, const std::vector<cv::Point2f>& start, std::vector<cv::Point2f>& end,
           std::vector<std::uint8_t>& found) {
    std::vector<float> error;
    cv::calcOpticalFlowPyrLK(from, to, start, end, found, error, cv::Size(15, 15), 3,
                             cv::TermCriteria(cv::TermCriteria::COUNT | cv::TermCriteria::EPS, 20, 0.01),
                             cv::OPTFLOW_USE_INITIAL_FLOW, 1e-5);  // edges too
}

}  // namespace

struct ClothesPoints::State {
    cv::Mat grey;     // the frame last given
    float scale = 1;  // its pixels over the frame's
    std::vector<ClothesPoint> points;
    int next_number = 0;
};

ClothesPoints::ClothesPoints() : state_(std::make_unique<State>()) {}
ClothesPoints::~ClothesPoints() = default;

const std::vector<ClothesPoint>& ClothesPoints::next(const Image& frame, bool cut) {
    State& state = *state_;
    const float scale = std::min(1.0f, float(flow_side) / float(std::max(frame.width, frame.height)));
    cv::Mat grey = small_grey(frame, scale);
    if (cut || grey.size() != state.grey.size()) state.points.clear();
    if (!state.points.empty()) {
        // OpenCV's pixel centres are whole numbers.
        std::vector<cv::Point2f> start, end;
        for (const ClothesPoint& p : state.points) start.emplace_back(p.at.x() * scale - 0.5f, p.at.y() * scale - 0.5f);
        end = start;
        std::vector<std::uint8_t> there, back;
        track(state.grey, grey, start, end, there);
        std::vector<cv::Point2f> home = end;
        track(grey, state.grey, end, home, back);
        std::vector<ClothesPoint> kept;
        for (std::size_t i = 0; i < start.size(); ++i) {
            const Eigen::Vector2f missed(home[i].x - start[i].x, home[i].y - start[i].y);
            const bool inside =
                end[i].x >= 0 && end[i].y >= 0 && end[i].x <= float(grey.cols - 1) && end[i].y <= float(grey.rows - 1);
            if (there[i] && back[i] && inside && missed.dot(state.points[i].sureness * missed) < 0.5f * 0.5f)
                kept.push_back({state.points[i].number, Eigen::Vector2f(end[i].x + 0.5f, end[i].y + 0.5f) / scale});
        }
        state.points = std::move(kept);
    }
    state.grey = grey;
    state.scale = scale;
    return state.points;
}

bool ClothesPoints::wants_more() const { return int(state_->points.size()) < few_points; }

void ClothesPoints::add(const Image& person, const FaceLandmarks& face) {
    State& state = *state_;
    if (state.grey.empty() || person.empty()) return;
    const Eigen::Vector2f size = face.high - face.low, middle = (face.high + face.low) / 2;
    cv::Mat mask = cv::Mat::zeros(state.grey.size(), CV_8U);
    for (int y = 0; y < mask.rows; ++y)
        for (int x = 0; x < mask.cols; ++x) {
            const Eigen::Vector2f at = Eigen::Vector2f(float(x) + 0.5f, float(y) + 0.5f) / state.scale;
            // Below the chin, and in a widening wedge: not the face, its hair or the neck.
            const float below = (at.y() - face.high.y()) / size.y(), beside = std::abs(at.x() - middle.x()) / size.x();
            if (std::min({x, y, mask.cols - 1 - x, mask.rows - 1 - y}) < border || below < 0.15f ||
                (beside < 0.35f && below < 0.45f))
                continue;
            const int px = std::clamp(int(float(x) * float(person.width) / float(mask.cols)), 0, person.width - 1);
            const int py = std::clamp(int(float(y) * float(person.height) / float(mask.rows)), 0, person.height - 1);
            if (*person.at(px, py) > 0.5f) mask.at<std::uint8_t>(y, x) = 255;
        }
    constexpr int apart = 9;  // pixels between points
    const auto take = [&](const cv::Point& at) { cv::circle(mask, at, apart, cv::Scalar(0), cv::FILLED); };
    for (const ClothesPoint& p : state.points)
        take(cv::Point(int(p.at.x() * state.scale), int(p.at.y() * state.scale)));

    cv::Mat tensors;
    cv::cornerEigenValsAndVecs(state.grey, tensors, 7, 3);
    std::vector<std::pair<float, cv::Point>> strong;
    for (int y = 0; y < mask.rows; ++y)
        for (int x = 0; x < mask.cols; ++x) {
            const auto& e = tensors.at<cv::Vec6f>(y, x);
            if (mask.at<std::uint8_t>(y, x) && std::max(e[0], e[1]) > least_edge)
                strong.emplace_back(std::max(e[0], e[1]), cv::Point(x, y));
        }
    std::sort(strong.begin(), strong.end(), [](const auto& a, const auto& b) {
        return std::tuple(-a.first, a.second.y, a.second.x) < std::tuple(-b.first, b.second.y, b.second.x);
    });
    for (const auto& [strength, at] : strong) {
        if (int(state.points.size()) >= most_points) break;
        if (!mask.at<std::uint8_t>(at)) continue;
        take(at);
        const auto& e = tensors.at<cv::Vec6f>(at);
        Eigen::Matrix2f sureness = Eigen::Matrix2f::Zero();
        for (int k = 0; k < 2; ++k) {
            const Eigen::Vector2f along(e[2 + 2 * k], e[3 + 2 * k]);
            sureness += e[k] / (e[k] + sure_edge) * along * along.transpose();
        }
        state.points.push_back(
            {state.next_number++, Eigen::Vector2f(float(at.x) + 0.5f, float(at.y) + 0.5f) / state.scale, sureness});
    }
}

}  // namespace likeness
