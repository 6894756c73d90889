#include "core/vision/one_person.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <opencv2/imgproc/detail/gcgraph.hpp>
#include <vector>

#include "core/vision/color_model.h"
#include "core/vision/mesh_indices.h"

namespace likeness {

namespace {

constexpr int cut_side = 288;  // the cut is made at this size
constexpr int cut_rounds = 3;
constexpr double sure_cost = 50;  // no cut goes through this

// A body in its head's coordinates: origin in the middle of the face, x towards the person's left, y from forehead to
// chin, the face's height 1. Mean proportions: a head with hair 1.1 wide, shoulders 2.4 wide, 1.1 below the face's
// middle.
struct Body {
    Eigen::Vector2f origin, right, down;  // unit vectors times the face's height
    std::vector<cv::Point> oval;

    Body(const FaceLandmarks& face, const Eigen::Vector2f& scale) {
        const auto at = [&](mesh::Index index) -> Eigen::Vector2f { return face.point(index).cwiseProduct(scale); };
        const Eigen::Vector2f top = at(mesh::forehead_top), chin = at(mesh::chin);
        origin = (top + chin) / 2;
        const Eigen::Vector2f level = at(mesh::left_eye_outer) - at(mesh::right_eye_outer);
        // A face from the side is narrow, one that looks down is short.
        const float height =
            std::max({(chin - top).norm(), 0.9f * (at(mesh::left_cheek) - at(mesh::right_cheek)).norm(), 1.0f});
        right = height * level.normalized();
        down = Eigen::Vector2f(-right.y(), right.x());
        for (const mesh::Index index : mesh::oval) oval.push_back(pixel(origin + 0.85f * (at(index) - origin)));
    }
    float height() const { return right.norm(); }
    // The other side of the body.
    Eigen::Vector2f mirrored(const Eigen::Vector2f& p) const {
        const Eigen::Vector2f from = p - origin;
        if (from.dot(down) < 0.6f * down.squaredNorm()) return p - 2 * from.dot(right) / right.squaredNorm() * right;
        return {2 * (origin.x() + 0.6f * down.x()) - p.x(), p.y()};
    }
    // Face heights below the face's middle.
    float down_at(float x, float y) const { return (Eigen::Vector2f(x, y) - origin).dot(down) / down.squaredNorm(); }
    static cv::Point pixel(const Eigen::Vector2f& p) {
        const Eigen::Vector2f near = p.cwiseMax(-1e5f).cwiseMin(1e5f);
        return {int(std::lround(near.x())), int(std::lround(near.y()))};
    }
    // The torso hangs down in the picture, however the head is held.
    Eigen::Vector2f place(float x, float y) const {
        if (y < 0.6f) return origin + x * right + y * down;
        const Eigen::Vector2f neck = origin + 0.6f * down;
        const float size = height();
        return neck + Eigen::Vector2f(x * size, (y - 0.6f) * size);
    }
    void fill(cv::Mat& mask, std::initializer_list<std::pair<float, float>> corners) const {
        std::vector<cv::Point> points;
        for (const auto& [x, y] : corners) points.push_back(pixel(place(x, y)));
        cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{points}, cv::Scalar(255));
    }
    void fill_head(cv::Mat& mask, float size) const {
        std::vector<cv::Point> points;
        for (int i = 0; i < 32; ++i) {
            const float angle = 2 * 3.14159265f * float(i) / 32;
            points.push_back(pixel(origin + size * 0.55f * std::cos(angle) * right +
                                   (size * 0.75f * std::sin(angle) - 0.12f) * down));
        }
        cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{points}, cv::Scalar(255));
    }
    void fill_face(cv::Mat& mask) const {
        cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{oval}, cv::Scalar(255));
    }
    void fill_torso(cv::Mat& mask) const {
        constexpr float floor = 20;
        fill(mask, {{-0.3f, 0.3f},
                    {0.3f, 0.3f},
                    {0.35f, 0.8f},
                    {1.05f, 1.05f},
                    {1.35f, 1.35f},
                    {1.6f, 2.0f},
                    {1.6f, floor},
                    {-1.6f, floor},
                    {-1.6f, 2.0f},
                    {-1.35f, 1.35f},
                    {-1.05f, 1.05f},
                    {-0.35f, 0.8f}});
    }
    // Face heights outside of the body, 0 in it.
    cv::Mat distance(cv::Size size) const {
        cv::Mat mask(size, CV_8U, cv::Scalar(0)), away;
        fill_head(mask, 1);
        fill_torso(mask);
        if (cv::countNonZero(mask) == 0) return cv::Mat(size, CV_32F, cv::Scalar(10));
        cv::distanceTransform(mask == 0, away, cv::DIST_L2, 3);
        return away / height();
    }
    bool on_chest(const Body& other) const {
        const Eigen::Vector2f from = other.origin - origin;
        return other.height() < 0.45f * height() && from.y() > 0.6f * height() && std::abs(from.x()) < 0.9f * height();
    }
};

// How deep in the sitter's body a place is, in face heights, as the silhouette of its other side has it; 0 where that
// side is not free. `elsewhere`: face heights to the nearest of the others.
cv::Mat depth_by_other_side(const Body& body, const cv::Mat& person, const cv::Mat& elsewhere) {
    cv::Mat inside, depth(person.size(), CV_32F, cv::Scalar(0));
    cv::distanceTransform(person > 0.5, inside, cv::DIST_L2, 3);
    for (int y = 0; y < depth.rows; ++y)
        for (int x = 0; x < depth.cols; ++x) {
            const Eigen::Vector2f q = body.mirrored({float(x) + 0.5f, float(y) + 0.5f});
            if (!(q.x() >= 0 && q.y() >= 0 && q.x() < float(depth.cols) && q.y() < float(depth.rows))) continue;
            if (elsewhere.ptr<float>(int(q.y()))[int(q.x())] >= 0.35f)
                depth.ptr<float>(y)[x] = inside.ptr<float>(int(q.y()))[int(q.x())] / body.height();
        }
    return depth;
}

// Which pixels belong to somebody else (CV_8U, 0 or 255). `lean`: in favour of the sitter below 0; `seeds`: 1 the
// sitter, 2 others, 0 open.
cv::Mat cut(const cv::Mat& rgb, const cv::Mat& lean, const cv::Mat& seeds) {
    const int rows = rgb.rows, columns = rgb.cols;
    double contrast = 0;
    for (int y = 0; y < rows; ++y)
        for (int x = 1; x < columns; ++x) {
            const cv::Vec3f difference = rgb.ptr<cv::Vec3f>(y)[x] - rgb.ptr<cv::Vec3f>(y)[x - 1];
            contrast += double(difference.dot(difference));
        }
    const double beta = 1 / std::max(2 * contrast / double(rgb.total()), 1e-6);
    cv::detail::GCGraph<double> graph(rows * columns, 8 * rows * columns);
    for (int y = 0; y < rows; ++y)
        for (int x = 0; x < columns; ++x) {
            const int node = graph.addVtx();
            const int seed = seeds.ptr<std::uint8_t>(y)[x];
            const double l = double(lean.ptr<float>(y)[x]);
            const double other = seed == 2 ? sure_cost : seed == 1 ? 0 : std::max(l, 0.0);
            const double sitter = seed == 1 ? sure_cost : seed == 2 ? 0 : std::max(-l, 0.0);
            graph.addTermWeights(node, other, sitter);
            const auto join = [&](int dx, int dy) {
                if (x + dx < 0 || x + dx >= columns || y + dy < 0) return;
                const cv::Vec3f difference = rgb.ptr<cv::Vec3f>(y)[x] - rgb.ptr<cv::Vec3f>(y + dy)[x + dx];
                const double weight =
                    6 * std::exp(-beta * double(difference.dot(difference))) / std::hypot(dx, dy) + 0.1;
                graph.addEdges(node, (y + dy) * columns + x + dx, weight, weight);
            };
            join(-1, 0);
            join(-1, -1);
            join(0, -1);
            join(1, -1);
        }
    graph.maxFlow();
    cv::Mat others(rows, columns, CV_8U);
    for (int y = 0; y < rows; ++y)
        for (int x = 0; x < columns; ++x)
            others.ptr<std::uint8_t>(y)[x] = graph.inSourceSegment(y * columns + x) ? 255 : 0;
    return others;
}

}  // namespace

void keep_one_person(const cv::Mat& rgb, const FaceLandmarks& sitter, std::span<const FaceLandmarks> others,
                     const Eigen::Vector2f& scale, cv::Mat& likely) {
    const float ratio = std::min(1.0f, float(cut_side) / float(std::max(rgb.rows, rgb.cols)));
    const cv::Size size(std::max(8, int(std::lround(float(rgb.cols) * ratio))),
                        std::max(8, int(std::lround(float(rgb.rows) * ratio))));
    const Eigen::Vector2f small(scale.x() * float(size.width) / float(rgb.cols),
                                scale.y() * float(size.height) / float(rgb.rows));
    const Body body(sitter, small);
    std::vector<Body> bodies;
    for (const FaceLandmarks& other : others)
        if (const Body candidate(other, small); !body.on_chest(candidate)) bodies.push_back(candidate);
    if (bodies.empty()) return;
    cv::Mat color, person;
    cv::resize(rgb, color, size, 0, 0, cv::INTER_AREA);
    cv::resize(likely, person, size, 0, 0, cv::INTER_AREA);

    cv::Mat elsewhere(size, CV_32F, cv::Scalar(10));
    for (const Body& other : bodies) cv::min(elsewhere, other.distance(size), elsewhere);
    const cv::Mat own = body.distance(size), depth = depth_by_other_side(body, person, elsewhere);
    cv::Mat lean(size, CV_32F, cv::Scalar(-10)), seeds(size, CV_8U, cv::Scalar(0));
    for (const Body& other : bodies) {
        const cv::Mat away = other.distance(size);
        // Where both may be, who is nearer (larger) is in front.
        const float front = std::clamp(6 * std::log(other.height() / body.height()), -2.5f, 2.5f);
        for (int y = 0; y < size.height; ++y)
            for (int x = 0; x < size.width; ++x) {
                const float mine = std::min(own.ptr<float>(y)[x], 1.5f);
                const float theirs = std::min(away.ptr<float>(y)[x], 1.5f);
                const float deep = std::clamp((depth.ptr<float>(y)[x] - 0.1f) / 0.1f, 0.0f, 1.0f);
                float& l = lean.ptr<float>(y)[x];
                l = std::max(l, 6 * (mine - theirs) + front * std::exp(-mine / 0.15f) - (front < 1 ? 2 * deep : 0.0f));
            }
        cv::Mat face(size, CV_8U, cv::Scalar(0)), head = face.clone(), torso = face.clone();
        other.fill_face(face);
        if (front < 0) face.setTo(0, own == 0);  // what the sitter's hair covers of it
        other.fill_head(head, 1);
        head.setTo(0, own < 0.15);
        other.fill_torso(torso);
        torso.setTo(0, own < 0.5);
        seeds.setTo(2, face | head | torso);
    }
    cv::Mat certain(size, CV_8U, cv::Scalar(0));
    body.fill_face(certain);
    body.fill(certain, {{-0.15f, 0.3f}, {0.15f, 0.3f}, {0.3f, 1.2f}, {0.3f, 1.6f}, {-0.3f, 1.6f}, {-0.3f, 1.2f}});
    certain.setTo(0, seeds == 2);
    seeds.setTo(1, certain);

    // Above the chin the sitter has the colors of face and hair, whatever the clothes are.
    cv::Mat below(size, CV_32F);
    for (int y = 0; y < size.height; ++y)
        for (int x = 0; x < size.width; ++x) below.ptr<float>(y)[x] = body.down_at(float(x) + 0.5f, float(y) + 0.5f);
    const cv::Mat lab = smooth_lab(color);
    cv::Mat taken = seeds == 2, sum = lean;
    if (cv::countNonZero(taken) == 0) taken = lean > 0;
    for (int round = 0; round < cut_rounds; ++round) {
        cv::Mat mine, theirs;
        person.copyTo(mine);
        mine.setTo(0, taken | (own > 0.05));
        person.copyTo(theirs);
        theirs.setTo(0, ~taken);
        cv::Mat upper = mine.clone();
        upper.setTo(0, below > 0.55);
        const ColorModel front(lab, mine), hair(lab, upper), behind(lab, theirs);
        sum = lean.clone();
        for (int y = 0; y < size.height; ++y)
            for (int x = 0; x < size.width; ++x) {
                const cv::Vec3f c = lab.ptr<cv::Vec3f>(y)[x];
                const ColorModel& own_colors = below.ptr<float>(y)[x] > 0.55f ? front : hair;
                sum.ptr<float>(y)[x] += std::clamp(std::log(behind(c) / own_colors(c)), -3.0f, 3.0f);
            }
        taken = cut(color, sum, seeds);
    }
    cv::Mat soft, large;
    taken.convertTo(soft, CV_32F, 1.0 / 255);
    cv::GaussianBlur(soft, soft, {3, 3}, 0);
    cv::resize(soft, large, rgb.size(), 0, 0, cv::INTER_LINEAR);
    likely = likely.mul(1 - large);
}

}  // namespace likeness
