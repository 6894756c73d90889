#include "core/vision/statue.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <span>
#include <vector>

#include "core/image/ops.h"
#include "core/vision/crop.h"
#include "core/vision/mesh_indices.h"

namespace likeness {

namespace {

constexpr int face_side = 160;

cv::Mat to_lab(const std::vector<float>& rgb, int columns, int rows) {
    cv::Mat lab(rows, columns, CV_32FC3);
    for (int i = 0; i < rows * columns; ++i) {
        const float* c = rgb.data() + 3 * std::size_t(i);
        const auto converted = srgb_to_lab(c[0], c[1], c[2]);
        lab.ptr<cv::Vec3f>(0)[i] = {converted[0], converted[1], converted[2]};
    }
    return lab;
}

struct LabSpread {
    cv::Scalar mean;
    double colors;  // root mean square of a and b about their mean
};

LabSpread spread_of(const cv::Mat& lab, const cv::Mat& mask = {}) {
    cv::Scalar mean, deviation;
    cv::meanStdDev(lab, mean, deviation, mask);
    return {mean, std::hypot(deviation[1], deviation[2])};
}

}  // namespace

bool looks_like_statue(const Image& picture, const FaceLandmarks& face) {
    const Crop crop = landmark_crop(face);
    std::vector<float> pixels(std::size_t(face_side) * face_side * 3);
    sample_crop(picture, crop, face_side, face_side, {}, pixels);
    const cv::Mat lab = to_lab(pixels, face_side, face_side);
    const auto place = [&](std::size_t index) -> cv::Point {
        const Eigen::Vector2f unit = crop.from_picture(face.point(index));
        return {int(unit.x() * face_side), int(unit.y() * face_side)};
    };
    const auto inside = [&](std::span<const mesh::Index> contour) {
        std::vector<cv::Point> corners;
        for (const mesh::Index index : contour) corners.push_back(place(index));
        cv::Mat mask(face_side, face_side, CV_8U, cv::Scalar(0));
        cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{corners}, cv::Scalar(255));
        return mask;
    };
    const cv::Mat mouth = inside(mesh::lips_outer);
    cv::Mat lips = mouth.clone(), skin = inside(mesh::oval);
    lips.setTo(0, inside(mesh::lips_inner));
    skin.setTo(0, mouth | inside(mesh::right_lids) | inside(mesh::left_lids));
    if (cv::countNonZero(lips) < 10 || cv::countNonZero(skin) < 10) return false;
    const LabSpread of_lips = spread_of(lab, lips), of_skin = spread_of(lab, skin);
    const double difference = std::hypot(of_lips.mean[1] - of_skin.mean[1], of_lips.mean[2] - of_skin.mean[2]);
    if (difference > 2) return false;
    const Image small = shrink_to(picture, 128);
    const double colors = spread_of(to_lab(small.pixels, small.width, small.height)).colors;
    if (of_skin.colors < 1.2 && colors > 6) return true;
    cv::Mat irises(face_side, face_side, CV_8U, cv::Scalar(0));
    for (const std::size_t iris : {FaceLandmarks::right_iris, FaceLandmarks::left_iris})
        cv::circle(irises, place(iris), 1, cv::Scalar(255), cv::FILLED);
    return colors > 1.5 && spread_of(lab, irises).mean[0] > 0.72 * of_skin.mean[0];
}

}  // namespace likeness
