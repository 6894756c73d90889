#include "core/editing/face_curves.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "core/head/mediapipe_landmarks.h"

namespace likeness {
namespace {

constexpr float usual_iris_distance = 0.063f;
constexpr std::size_t lid_edge_steps = 24;
constexpr float most_lid_edge = 3.5e-3f;

// From the nose outwards, MediaPipe's numbers.
constexpr std::array<std::array<int, 9>, 2> upper_lid = {
    {{133, 173, 157, 158, 159, 160, 161, 246, 33}, {362, 398, 384, 385, 386, 387, 388, 466, 263}}};
constexpr std::array<std::array<int, 9>, 2> lower_lid = {
    {{133, 155, 154, 153, 145, 144, 163, 7, 33}, {362, 382, 381, 380, 374, 373, 390, 249, 263}}};
constexpr std::array<std::array<int, 5>, 2> brow_top = {{{107, 66, 105, 63, 70}, {336, 296, 334, 293, 300}}};
constexpr std::array<std::array<int, 5>, 2> brow_underside = {{{55, 65, 52, 53, 46}, {285, 295, 282, 283, 276}}};
// From the right corner of the mouth to the left.
constexpr std::array<int, 11> upper_outer = {61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291};
constexpr std::array<int, 11> lower_outer = {61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291};
constexpr std::array<int, 11> upper_inner = {78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308};
constexpr std::array<int, 11> lower_inner = {78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308};

float cross(const Eigen::Vector2f& a, const Eigen::Vector2f& b) { return a.x() * b.y() - a.y() * b.x(); }

}  // namespace

AtlasCurve smooth_curve(const std::vector<Eigen::Vector2f>& through, bool closed, int steps) {
    AtlasCurve curve{{}, closed, through.front(), through.front(), {}};
    const int n = int(through.size()), spans = closed ? n : n - 1;
    const auto at = [&](int i) -> Eigen::Vector2f {
        if (closed) return through[std::size_t((i + n) % n)];
        if (i < 0) return 2 * through[0] - through[1];
        if (i >= n) return 2 * through[std::size_t(n - 1)] - through[std::size_t(n - 2)];
        return through[std::size_t(i)];
    };
    for (int i = 0; i < spans; ++i) {
        const Eigen::Vector2f a = at(i - 1), b = at(i), c = at(i + 1), d = at(i + 2);
        for (int step = 0; step < steps; ++step) {
            const float t = float(step) / float(steps);
            curve.points.push_back(0.5f * (2 * b + t * (c - a) + t * t * (2 * a - 5 * b + 4 * c - d) +
                                           t * t * t * (3 * b - a - 3 * c + d)));
        }
    }
    if (!closed) curve.points.push_back(through.back());
    for (const Eigen::Vector2f& p : curve.points) {
        curve.low = curve.low.cwiseMin(p);
        curve.high = curve.high.cwiseMax(p);
    }
    for (std::size_t first = 0; first < curve.spans(); first += AtlasCurve::run) {
        const std::size_t last = std::min(first + AtlasCurve::run, curve.spans());
        AtlasCurve::Circle circle{curve.points[(first + last) / 2 % curve.points.size()], 0};
        for (std::size_t i = first; i <= last; ++i)
            circle.radius = std::max(circle.radius, (curve.points[i % curve.points.size()] - circle.middle).norm());
        curve.circles.push_back(circle);
    }
    return curve;
}

CurveDistance distance_to(const AtlasCurve& curve, const FacePlace& place) {
    const std::size_t n = curve.points.size(), spans = curve.spans();
    const Eigen::Vector3f& g = place.metric;
    const float longest = std::sqrt(g[0] + g[2]);  // metres by an atlas unit, at most
    float near = std::numeric_limits<float>::max();
    for (const AtlasCurve::Circle& circle : curve.circles)
        near = std::min(near, metric_square(g, circle.middle - place.atlas));
    // A circle's middle is on the curve.
    float best = near * 1.0001f + 1e-20f, along = 0;
    bool found = false;
    for (std::size_t c = 0; c < curve.circles.size(); ++c) {
        const float reach = std::sqrt(best) + longest * curve.circles[c].radius;
        if (metric_square(g, curve.circles[c].middle - place.atlas) > reach * reach) continue;
        const std::size_t last = std::min((c + 1) * AtlasCurve::run, spans);
        for (std::size_t i = c * AtlasCurve::run; i < last; ++i) {
            const std::size_t next = i + 1 < n ? i + 1 : 0;
            const Eigen::Vector2f from = curve.points[i] - place.atlas, way = curve.points[next] - curve.points[i];
            const float length = metric_square(g, way);
            const float dot = g[0] * from.x() * way.x() + g[1] * (from.x() * way.y() + from.y() * way.x()) +
                              g[2] * from.y() * way.y();
            const float t = length > 0 ? std::clamp(-dot / length, 0.0f, 1.0f) : 0.0f;
            const float distance = metric_square(g, from) + t * (2 * dot + t * length);
            if (distance <= best || !found) {
                best = std::min(best, distance);
                along = float(i) + t;
                found = true;
            }
        }
    }
    return {std::sqrt(std::max(best, 0.0f)), along / float(spans)};
}

bool is_far_from(const AtlasCurve& curve, const FacePlace& place, float metres) {
    const Eigen::Vector2f off = (curve.low - place.atlas).cwiseMax(place.atlas - curve.high).cwiseMax(0.0f);
    // The slant of the metric may bring it nearer, never to less than half.
    return 0.25f * (place.metric[0] * off.x() * off.x() + place.metric[2] * off.y() * off.y()) > metres * metres;
}

bool is_inside(const AtlasCurve& curve, const Eigen::Vector2f& p) {
    if ((p.array() < curve.low.array()).any() || (p.array() > curve.high.array()).any()) return false;
    bool inside = false;
    const std::size_t n = curve.points.size();
    for (std::size_t c = 0; c < curve.circles.size(); ++c) {
        // Runs of spans that lie wholly above or below.
        if (std::abs(curve.circles[c].middle.y() - p.y()) > 1.001f * curve.circles[c].radius + 1e-6f) continue;
        const std::size_t last = std::min((c + 1) * AtlasCurve::run, curve.spans());
        for (std::size_t i = c * AtlasCurve::run; i < last; ++i) {
            const Eigen::Vector2f &a = curve.points[i + 1 < n ? i + 1 : 0], &b = curve.points[i];
            if ((a.y() > p.y()) != (b.y() > p.y()) &&
                p.x() < (b.x() - a.x()) * (p.y() - a.y()) / (b.y() - a.y()) + a.x())
                inside = !inside;
        }
    }
    return inside;
}

float signed_distance(const AtlasCurve& closed, const FacePlace& place) {
    const float distance = distance_to(closed, place).metres;
    return is_inside(closed, place.atlas) ? -distance : distance;
}

Eigen::Vector2f point_at(const AtlasCurve& curve, float along) {
    const std::size_t n = curve.points.size(), spans = curve.spans();
    const float at = std::clamp(along, 0.0f, 1.0f) * float(spans);
    const std::size_t i = std::min(std::size_t(at), spans - 1);
    const float t = at - float(i);
    return (1 - t) * curve.points[i] + t * curve.points[(i + 1) % n];
}

CurveDistance distance_to(const std::vector<Eigen::Vector3f>& line, const Eigen::Vector3f& from) {
    // The nearest of some points first, then what is about it: lids' lines do not come back.
    constexpr std::size_t stride = 8;
    std::size_t nearest = 0;
    float best = std::numeric_limits<float>::max(), along = 0;
    for (std::size_t i = 0; i < line.size(); i += stride)
        if (const float square = (line[i] - from).squaredNorm(); square < best) {
            best = square;
            nearest = i;
        }
    along = float(nearest);
    for (std::size_t i = nearest > stride ? nearest - stride : 0; i + 1 < std::min(nearest + stride + 1, line.size());
         ++i) {
        const Eigen::Vector3f way = line[i + 1] - line[i], off = from - line[i];
        const float t = std::clamp(off.dot(way) / std::max(way.squaredNorm(), 1e-16f), 0.0f, 1.0f);
        if (const float square = (off - t * way).squaredNorm(); square < best) {
            best = square;
            along = float(i) + t;
        }
    }
    return {std::sqrt(best), along / float(line.size() - 1)};
}

FaceCurves::FaceCurves(const PaintSurface& surface) : surface_(surface) {
    const Avatar& avatar = surface.avatar();
    find_metric();
    find_charts();
    const std::vector<SurfacePoint>& points = avatar.model->landmarks(landmarks::scheme);
    if (points.size() < std::size_t(landmarks::face_count)) return;
    for (const SurfacePoint& p : points) landmarks_.push_back(atlas_position(avatar, p));
    face_chart_ = chart(points[std::size_t(landmarks::nose_tip)].triangle);
    const auto in_chart = [&](const auto& indices) {
        return std::all_of(indices.begin(), indices.end(),
                           [&](int i) { return chart(points[std::size_t(i)].triangle) == face_chart_; });
    };
    found_ = in_chart(landmarks::lips_outer) && in_chart(landmarks::lips_inner) && in_chart(landmarks::right_eye) &&
             in_chart(landmarks::left_eye) && in_chart(brow_top[0]) && in_chart(brow_top[1]) &&
             in_chart(brow_underside[0]) && in_chart(brow_underside[1]);
    irises_ = points.size() >= std::size_t(landmarks::count);
    const auto position = [&](int i) { return surface.position(points[std::size_t(i)]); };
    const float between = irises_ ? (position(landmarks::left_iris) - position(landmarks::right_iris)).norm()
                                  : 0.5f * ((position(33) + position(133)) - (position(263) + position(362))).norm();
    scale_ = std::clamp(between / usual_iris_distance, 0.5f, 2.0f);
    if (!found_) return;
    close_lids();
    find_curves();
}

void FaceCurves::find_metric() {
    const Avatar& avatar = surface_.avatar();
    const std::vector<Eigen::Vector2f>& uv = avatar.uv();
    metric_.assign(uv.size(), Eigen::Vector3f::Zero());
    std::vector<float> weight(uv.size(), 0.0f);
    for (std::size_t t = 0; t < avatar.triangles().size(); ++t) {
        const Eigen::Vector3i &v = avatar.triangles()[t], &c = avatar.triangle_uv()[t];
        const Eigen::Vector2f a = uv[std::size_t(c[1])] - uv[std::size_t(c[0])],
                              b = uv[std::size_t(c[2])] - uv[std::size_t(c[0])];
        const Eigen::Vector3f p = avatar.neutral().col(v[1]) - avatar.neutral().col(v[0]),
                              q = avatar.neutral().col(v[2]) - avatar.neutral().col(v[0]);
        const float area = cross(a, b);
        if (std::abs(area) < 1e-12f) continue;
        // Where the surface goes by a unit of u and of v.
        const Eigen::Vector3f by_u = (p * b.y() - q * a.y()) / area, by_v = (q * a.x() - p * b.x()) / area;
        const Eigen::Vector3f metric{by_u.squaredNorm(), by_u.dot(by_v), by_v.squaredNorm()};
        for (int k = 0; k < 3; ++k) {
            metric_[std::size_t(c[k])] += std::abs(area) * metric;
            weight[std::size_t(c[k])] += std::abs(area);
        }
    }
    for (std::size_t i = 0; i < uv.size(); ++i)
        if (weight[i] > 0) metric_[i] /= weight[i];
}

void FaceCurves::close_lids() {
    const Avatar& avatar = surface_.avatar();
    HeadPose closed = HeadPose::neutral(*avatar.model);
    bool blinks = false;
    for (const char* name : {"eyeBlinkLeft", "eyeBlinkRight"})
        if (const int control = avatar.model->control(name); control >= 0) {
            closed.controls[control] = 1;
            blinks = true;
        }
    closed_ = blinks ? pose_surface(avatar, closed) : avatar.neutral();
}

void FaceCurves::find_charts() {
    const Avatar& avatar = surface_.avatar();
    std::vector<int> root(avatar.uv().size());
    std::iota(root.begin(), root.end(), 0);
    const auto find = [&](int i) {
        while (root[std::size_t(i)] != i) i = root[std::size_t(i)] = root[std::size_t(root[std::size_t(i)])];
        return i;
    };
    for (const Eigen::Vector3i& c : avatar.triangle_uv())
        for (int k = 1; k < 3; ++k) root[std::size_t(find(c[k]))] = find(c[0]);
    chart_.reserve(avatar.triangle_uv().size());
    for (const Eigen::Vector3i& c : avatar.triangle_uv()) chart_.push_back(find(c[0]));
}

FacePlace FaceCurves::place(const SurfacePoint& point) const {
    return place(point, atlas_position(surface_.avatar(), point));
}

FacePlace FaceCurves::place(const SurfacePoint& point, const Eigen::Vector2f& atlas) const {
    const Eigen::Vector3i& c = surface_.avatar().triangle_uv()[std::size_t(point.triangle)];
    FacePlace place{point.triangle, atlas, point.barycentric, surface_.position(point), Eigen::Vector3f::Zero()};
    for (int k = 0; k < 3; ++k) place.metric += point.barycentric[k] * metric_[std::size_t(c[k])];
    return place;
}

SurfacePoint FaceCurves::landmark_point(int index) const {
    return surface_.avatar().model->landmarks(landmarks::scheme)[std::size_t(index)];
}

AtlasCurve FaceCurves::through(std::span<const int> indices, bool closed, int steps) const {
    std::vector<Eigen::Vector2f> points;
    for (const int i : indices) points.push_back(landmark(i));
    return smooth_curve(points, closed, steps);
}

std::vector<int> FaceCurves::near(const std::vector<const AtlasCurve*>& of, float reach) const {
    const Avatar& avatar = surface_.avatar();
    std::vector<bool> in(avatar.triangles().size(), false);
    for (const AtlasCurve* curve : of) {
        Eigen::Vector2f low(1e3f, 1e3f), high(-1e3f, -1e3f);
        for (const Eigen::Vector2f& p : curve->points) {
            const Eigen::Vector3f metric = place(surface_.at(p), p).metric;
            const Eigen::Vector2f by{reach / std::sqrt(std::max(metric[0], 1e-6f)),
                                     reach / std::sqrt(std::max(metric[2], 1e-6f))};
            low = low.cwiseMin(p - by);
            high = high.cwiseMax(p + by);
        }
        for (std::size_t t = 0; t < avatar.model->triangles.size(); ++t) {
            if (chart_[t] != face_chart_) continue;
            const Eigen::Vector3i& c = avatar.triangle_uv()[t];
            const auto& uv = avatar.uv();
            const Eigen::Vector2f &p = uv[std::size_t(c[0])], &q = uv[std::size_t(c[1])], &r = uv[std::size_t(c[2])];
            const Eigen::Vector2f least = p.cwiseMin(q).cwiseMin(r), most = p.cwiseMax(q).cwiseMax(r);
            if ((least.array() < high.array()).all() && (most.array() > low.array()).all()) in[t] = true;
        }
    }
    std::vector<int> triangles;
    for (std::size_t t = 0; t < in.size(); ++t)
        if (in[t]) triangles.push_back(int(t));
    return triangles;
}

// Seen from the front, a lid reaches farthest into the opening where its edge ends; open and closed, the farther one
// counts. Where the lid `over` it (may be null) lies in front, it begins beyond that.
AtlasCurve FaceCurves::lash_line(const AtlasCurve& line, const AtlasCurve* over, const AtlasCurve& opening) const {
    Eigen::Vector2f middle = Eigen::Vector2f::Zero();
    for (const Eigen::Vector2f& p : opening.points) middle += p / float(opening.points.size());
    constexpr float step = 0.25e-3f;
    std::array<float, lid_edge_steps + 1> edge{};             // metres
    std::array<Eigen::Vector2f, lid_edge_steps + 1> at, out;  // the second a step long
    for (std::size_t i = 0; i <= lid_edge_steps; ++i) {
        const float along = 0.06f + 0.9f * float(i) / lid_edge_steps;
        at[i] = point_at(line, along);
        const Eigen::Vector2f tangent = point_at(line, along + 0.04f) - point_at(line, along - 0.04f);
        // Straight away from the opening on the skin.
        const Eigen::Vector3f g = place(surface_.at(at[i]), at[i]).metric;
        out[i] = {-(g[1] * tangent.x() + g[2] * tangent.y()), g[0] * tangent.x() + g[1] * tangent.y()};
        if (out[i].dot(at[i] - middle) < 0) out[i] = -out[i];
        const float length = std::sqrt(metric_square(g, out[i]));
        out[i] *= length > 0 ? step / length : 0.0f;
        for (const Vertices* posed : {&surface_.avatar().neutral(), &std::as_const(closed_)}) {
            const auto position = [&](float steps) {
                return surface_position(*posed, surface_.avatar().triangles(), surface_.at(at[i] + steps * out[i]));
            };
            // In the head's frame: away from the opening, as one sees it.
            const Eigen::Vector3f from = position(0);
            Eigen::Vector3f away = position(16) - from;
            away.z() = 0;
            if (away.norm() < 1e-6f) continue;
            away.normalize();
            // The other lid's height over this one's line, and its depth there.
            float covered = 0, depth = 0;
            for (int k = 0; over && k < 12; ++k) {
                const Eigen::Vector2f below = point_at(*over, along) - float(k) * out[i];
                const Eigen::Vector3f there =
                    surface_position(*posed, surface_.avatar().triangles(), surface_.at(below));
                if (away.dot(there - from) > covered) {
                    covered = away.dot(there - from);
                    depth = there.z();
                }
            }
            float least = 0;
            for (int k = 1; float(k) * step <= most_lid_edge; ++k) {
                const Eigen::Vector3f there = position(float(k));
                const float reach = away.dot(there - from);
                if (reach < least + 0.1e-3f || (reach < covered && there.z() < depth))
                    edge[i] = std::max(edge[i], float(k) * step);
                least = std::min(least, reach);
            }
        }
    }
    // Without the steps of the search and of the mesh.
    for (int pass = 0; pass < 4; ++pass) {
        const auto before = edge;
        for (std::size_t i = 0; i <= lid_edge_steps; ++i)
            edge[i] = (before[i - std::min<std::size_t>(i, 1)] + 2 * before[i] +
                       before[std::min<std::size_t>(lid_edge_steps, i + 1)]) /
                      4;
    }
    std::vector<Eigen::Vector2f> through = {line.points.front()};
    for (std::size_t i = 0; i <= lid_edge_steps; ++i) through.push_back(at[i] + edge[i] / step * out[i]);
    through.push_back(line.points.back());
    return smooth_curve(through, false, 3);
}

void FaceCurves::find_curves() {
    lips = through(landmarks::lips_outer, true);
    mouth = through(landmarks::lips_inner, true);
    upper_lip = through(upper_outer, false);
    lower_lip = through(lower_outer, false);
    upper_lip_inner = through(upper_inner, false);
    lower_lip_inner = through(lower_inner, false);
    for (std::size_t side = 0; side < 2; ++side) {
        EyeCurves& eye = eyes[side];
        eye.opening = through(side == 0 ? landmarks::right_eye : landmarks::left_eye, true);
        eye.upper = through(upper_lid[side], false);
        eye.lower = through(lower_lid[side], false);
        eye.upper_lashes = lash_line(eye.upper, &eye.lower, eye.opening);
        eye.lower_lashes = lash_line(eye.lower, nullptr, eye.opening);
        for (const Eigen::Vector2f& p : eye.upper_lashes.points)
            eye.upper_closed.push_back(closed_position(surface_.at(p)));
        for (const Eigen::Vector2f& p : eye.lower_lashes.points)
            eye.lower_closed.push_back(closed_position(surface_.at(p)));
        std::vector<Eigen::Vector2f> rim = eye.upper_lashes.points;
        rim.insert(rim.end(), eye.lower_lashes.points.rbegin() + 1, eye.lower_lashes.points.rend() - 1);
        eye.rim = smooth_curve(rim, true, 1);
        eye.brow_top = through(brow_top[side], false);
        eye.brow_underside = through(brow_underside[side], false);
        std::vector<int> round(brow_top[side].begin(), brow_top[side].end());
        round.insert(round.end(), brow_underside[side].rbegin(), brow_underside[side].rend());
        eye.brow = through(round, true);
    }
}

}  // namespace likeness
