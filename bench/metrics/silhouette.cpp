#include "bench/metrics/silhouette.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

namespace likeness::metrics {
namespace {

constexpr float kNear = 1e-3f;      // metres
constexpr double kSubpixels = 256;  // edge functions of whole subpixels are exact in double up to 2^26 of them

struct Point {
    double x, y;  // subpixels, whole numbers
};

// A triangle cut at the near plane has three or four corners, or none.
struct Polygon {
    std::array<Eigen::Vector3f, 4> corners;
    int count = 0;
    void add(const Eigen::Vector3f& p) { corners[std::size_t(count++)] = p; }
};

Polygon cut_at_near(const std::array<Eigen::Vector3f, 3>& triangle) {
    Polygon out;
    for (std::size_t i = 0; i < 3; ++i) {
        const Eigen::Vector3f &a = triangle[i], &b = triangle[(i + 1) % 3];
        if (a.z() >= kNear) out.add(a);
        if ((a.z() >= kNear) != (b.z() >= kNear)) out.add(a + (b - a) * ((kNear - a.z()) / (b.z() - a.z())));
    }
    return out;
}

Point on_screen(const Eigen::Vector3f& p, const Camera& camera) {
    const double x = double(camera.fx) * double(p.x()) / double(p.z()) + double(camera.cx);
    const double y = double(camera.fy) * double(p.y()) / double(p.z()) + double(camera.cy);
    return {std::round(x * kSubpixels), std::round(y * kSubpixels)};
}

// Twice the signed area of (a, b, p): positive on the inner side of ab when the triangle turns clockwise on screen.
double edge(const Point& a, const Point& b, const Point& p) {
    return (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x);
}

// With y down and clockwise corners a top edge runs right, a left edge runs up.
bool owns_its_points(const Point& a, const Point& b) { return b.y < a.y || (b.y == a.y && b.x > a.x); }

void fill(const Point& a, Point b, Point c, Image& mask) {
    const double area = edge(a, b, c);
    if (area == 0) return;
    if (area < 0) std::swap(b, c);
    const auto pixels_from = [](double low, int size) {
        return int(std::clamp(std::floor(low / kSubpixels), 0.0, double(size)));
    };
    const auto pixels_to = [](double high, int size) {
        return int(std::clamp(std::ceil(high / kSubpixels), 0.0, double(size)));
    };
    const int x0 = pixels_from(std::min({a.x, b.x, c.x}), mask.width);
    const int x1 = pixels_to(std::max({a.x, b.x, c.x}), mask.width);
    const int y0 = pixels_from(std::min({a.y, b.y, c.y}), mask.height);
    const int y1 = pixels_to(std::max({a.y, b.y, c.y}), mask.height);
    const auto inside = [](const Point& from, const Point& to, const Point& p) {
        const double e = edge(from, to, p);
        return e > 0 || (e == 0 && owns_its_points(from, to));
    };
    for (int y = y0; y < y1; ++y)
        for (int x = x0; x < x1; ++x) {
            const Point p{(double(x) + 0.5) * kSubpixels, (double(y) + 0.5) * kSubpixels};
            if (inside(a, b, p) && inside(b, c, p) && inside(c, a, p)) *mask.at(x, y) = 1.0f;
        }
}

}  // namespace

Result<Image> rasterize_silhouette(std::span<const float> vertices, std::span<const std::int32_t> triangles,
                                   const Camera& camera) {
    const auto refuse = [](const std::string& detail) {
        return Error{ErrorCode::invalid_argument, "The mesh has no silhouette in this camera.", detail};
    };
    if (camera.width <= 0 || camera.height <= 0) return refuse("camera without pixels");
    if (vertices.size() % 3 != 0 || triangles.size() % 3 != 0) return refuse("array size is no multiple of three");
    const std::size_t count = vertices.size() / 3;
    for (const std::int32_t index : triangles)
        if (index < 0 || std::size_t(index) >= count) return refuse("vertex index " + std::to_string(index));

    Image mask(camera.width, camera.height, 1);
    const Eigen::Matrix3f rotation = camera.world_to_camera.topLeftCorner<3, 3>();
    const Eigen::Vector3f translation = camera.world_to_camera.topRightCorner<3, 1>();
    for (std::size_t t = 0; t < triangles.size(); t += 3) {
        std::array<Eigen::Vector3f, 3> corners;
        bool finite = true;
        for (std::size_t k = 0; k < 3; ++k) {
            const float* v = vertices.data() + 3 * std::size_t(triangles[t + k]);
            corners[k] = rotation * Eigen::Vector3f(v[0], v[1], v[2]) + translation;
            finite = finite && corners[k].allFinite();
        }
        if (!finite) continue;
        const Polygon polygon = cut_at_near(corners);
        for (int k = 2; k < polygon.count; ++k)
            fill(on_screen(polygon.corners[0], camera), on_screen(polygon.corners[std::size_t(k - 1)], camera),
                 on_screen(polygon.corners[std::size_t(k)], camera), mask);
    }
    return mask;
}

}  // namespace likeness::metrics
