#include "core/editing/sticker_layer.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <queue>
#include <stdexcept>

#include "core/base/parallel.h"
#include "core/editing/surface_mirror.h"
#include "core/head/mediapipe_landmarks.h"
#include "core/image/ops.h"

namespace likeness {
namespace {

// Coordinates (metres to the right and up of the middle) of the vertices around a place.
using SkinChart = std::map<int, Eigen::Vector2f>;

// Along the skin: the discrete exponential map (Schmidt, Grimm and Wyvill 2006, "Interactive Decal Compositing with
// Discrete Exponential Maps", section 4): from vertex to vertex by shortest ways, each edge laid into the tangent plane
// of the one before as long as it is, directions carried along from normal to normal.
SkinChart chart_along(const PaintSurface& surface, const StickerPlace& place, const std::vector<int>& triangles) {
    const Vertices& at = surface.avatar().neutral();
    std::map<int, std::vector<int>> beside;
    for (const int t : triangles) {
        const Eigen::Vector3i& of = surface.avatar().triangles()[std::size_t(t)];
        for (int k = 0; k < 3; ++k) {
            beside[of[k]].push_back(of[(k + 1) % 3]);
            beside[of[k]].push_back(of[(k + 2) % 3]);
        }
    }
    struct Reached {
        float distance = std::numeric_limits<float>::max();
        Eigen::Vector2f at = Eigen::Vector2f::Zero();
        Eigen::Vector3f right, up;
    };
    std::map<int, Reached> reached;
    // Coordinates of a way that begins in a plane with these axes.
    const auto laid = [](const Eigen::Vector3f& way, const Eigen::Vector3f& right, const Eigen::Vector3f& up) {
        const Eigen::Vector2f flat{way.dot(right), way.dot(up)};
        const float length = flat.norm();
        return length > 1e-9f ? Eigen::Vector2f(flat * (way.norm() / length)) : flat;
    };
    using Next = std::pair<float, int>;
    std::priority_queue<Next, std::vector<Next>, std::greater<>> next;
    const auto reach = [&](int vertex, float distance, const Eigen::Vector2f& coordinates,
                           const Eigen::Vector3f& normal, const Eigen::Vector3f& right, const Eigen::Vector3f& up) {
        Reached& r = reached[vertex];
        if (distance >= r.distance) return;
        const Eigen::Matrix3f turn =
            Eigen::Quaternionf::FromTwoVectors(normal, surface.normals().col(vertex)).toRotationMatrix();
        r = {distance, coordinates, turn * right, turn * up};
        next.emplace(distance, vertex);
    };
    const Eigen::Vector3f middle = surface.position(place.middle);
    const Eigen::Vector3i& first = surface.avatar().triangles()[std::size_t(place.middle.triangle)];
    for (int k = 0; k < 3; ++k) {
        const Eigen::Vector3f way = at.col(first[k]) - middle;
        reach(first[k], way.norm(), laid(way, place.right, place.up), place.normal, place.right, place.up);
    }
    while (!next.empty()) {
        const auto [distance, vertex] = next.top();
        next.pop();
        const Reached from = reached[vertex];
        if (distance > from.distance) continue;
        for (const int to : beside[vertex]) {
            const Eigen::Vector3f way = at.col(to) - at.col(vertex);
            const Eigen::Vector2f coordinates = from.at + laid(way, from.right, from.up);
            reach(to, distance + way.norm(), coordinates, surface.normals().col(vertex), from.right, from.up);
        }
    }
    SkinChart chart;
    for (const auto& [vertex, r] : reached) chart[vertex] = r.at;
    return chart;
}

SkinChart chart_through(const PaintSurface& surface, const StickerPlace& place, const std::vector<int>& triangles) {
    const Eigen::Vector3f middle = surface.position(place.middle);
    SkinChart chart;
    for (const int t : triangles)
        for (const int v : surface.avatar().triangles()[std::size_t(t)]) {
            const Eigen::Vector3f way = surface.avatar().neutral().col(v) - middle;
            chart[v] = {way.dot(place.right), way.dot(place.up)};
        }
    return chart;
}

// The inverse of the warp: each cell of the grid becomes a quadrilateral with bilinear coordinates.
class WarpInverse {
  public:
    // `border`: how far beyond the picture is asked for, shares of its sides.
    WarpInverse(const Sticker& sticker, const Eigen::Vector2f& border) : border_(3 * border) {
        for (int i = 0; i < 9; ++i) {
            Cell& cell = cells_[std::size_t(i)];
            cell.column = i % 3;
            cell.row = i / 3;
            for (int k = 0; k < 4; ++k) {
                const Eigen::Vector2i at(cell.column + k % 2, cell.row + k / 2);
                cell.corner[std::size_t(k)] = at.cast<float>() / 3 + sticker.warp[std::size_t(at.y() * 4 + at.x())];
            }
            const auto& [a, b, c, d] = cell.corner;
            const Eigen::Vector2f low = a.cwiseMin(b).cwiseMin(c).cwiseMin(d),
                                  high = a.cwiseMax(b).cwiseMax(c).cwiseMax(d);
            const Eigen::Vector2f around =
                Eigen::Vector2f::Constant((high - low).maxCoeff() * border_.maxCoeff() + 1e-6f);
            cell.low = low - around;
            cell.high = high + around;
        }
    }

    // What came to lie there; where the picture lies over itself the lower right counts.
    std::optional<Eigen::Vector2f> operator()(const Eigen::Vector2f& at) const {
        for (auto cell = cells_.rbegin(); cell != cells_.rend(); ++cell) {
            if ((at.array() < cell->low.array()).any() || (at.array() > cell->high.array()).any()) continue;
            if (const auto in = within(*cell, at))
                return Eigen::Vector2f((float(cell->column) + in->x()) / 3, (float(cell->row) + in->y()) / 3);
        }
        return {};
    }

  private:
    struct Cell {
        int column = 0, row = 0;
        std::array<Eigen::Vector2f, 4> corner;  // upper left, upper right, lower left, lower right
        Eigen::Vector2f low, high;
    };
    static double cross(const Eigen::Vector2d& a, const Eigen::Vector2d& b) { return a.x() * b.y() - a.y() * b.x(); }

    // (s, t) with (1-t)((1-s) a + s b) + t((1-s) c + s d) = at: `at - a - t (c-a)` is along `b-a + t (a-b-c+d)`, whose
    // cross product is a quadratic in t.
    std::optional<Eigen::Vector2f> within(const Cell& cell, const Eigen::Vector2f& at) const {
        const auto corner = [&](std::size_t k) { return Eigen::Vector2d(cell.corner[k].cast<double>()); };
        const Eigen::Vector2d to = at.cast<double>() - corner(0), along = corner(1) - corner(0),
                              down = corner(2) - corner(0), twist = corner(0) - corner(1) - corner(2) + corner(3);
        const double second = -cross(down, twist), first = cross(to, twist) - cross(down, along),
                     none = cross(to, along);
        std::array<double, 2> roots{};
        if (std::abs(second) < 1e-9 * (std::abs(first) + 1e-12)) {
            if (first == 0) return {};
            roots.fill(-none / first);
        } else {
            const double under = first * first - 4 * second * none;
            if (under < 0) return {};
            const double q = -0.5 * (first + std::copysign(std::sqrt(under), first));
            roots = {q / second, q != 0 ? none / q : 0};
        }
        for (const double t : roots) {
            const Eigen::Vector2d side = along + t * twist;
            const double length = side.squaredNorm();
            if (!(length > 1e-14)) continue;
            const double s = (to - t * down).dot(side) / length;
            const auto inside = [](double value, int cell_at, float border) {
                constexpr double rounding = 1e-6;
                return value >= (cell_at == 0 ? -double(border) : -rounding) &&
                       value <= 1 + (cell_at == 2 ? double(border) : rounding);
            };
            if (inside(s, cell.column, border_.x()) && inside(t, cell.row, border_.y()))
                return Eigen::Vector2f(float(s), float(t));
        }
        return {};
    }

    Eigen::Vector2f border_;
    std::array<Cell, 9> cells_;
};

// As large as it is painted, premultiplied, within a clear border of one pixel.
Image painted_picture(const Sticker& sticker, float width, float height) {
    const auto pixels = [](float metres) { return std::clamp(int(std::ceil(metres / sticker_texel)), 1, 4096); };
    const Image scaled = resize(*sticker.picture, std::min(pixels(width), 4 * sticker.picture->width),
                                std::min(pixels(height), 4 * sticker.picture->height));
    Image picture(scaled.width + 2, scaled.height + 2, 4);
    for (int y = 0; y < scaled.height; ++y)
        for (int x = 0; x < scaled.width; ++x) {
            const float* const from = scaled.at(x, y);
            float* const to = picture.at(x + 1, y + 1);
            const float alpha = scaled.channels == 4 ? from[3] : 1.0f;
            for (int c = 0; c < 3; ++c) to[c] = from[scaled.channels >= 3 ? c : 0] * alpha;
            to[3] = alpha;
        }
    return picture;
}

// `at` in shares of the sides without the border.
Eigen::Vector4f sample(const Image& picture, const Eigen::Vector2f& at) {
    const float x = std::clamp(at.x() * float(picture.width - 2) + 0.5f, 0.0f, float(picture.width - 1)),
                y = std::clamp(at.y() * float(picture.height - 2) + 0.5f, 0.0f, float(picture.height - 1));
    const int left = std::min(int(x), picture.width - 2), top = std::min(int(y), picture.height - 2);
    const float fx = x - float(left), fy = y - float(top);
    const auto of = [&](int i, int j) { return Eigen::Vector4f(Eigen::Vector4f::Map(picture.at(i, j))); };
    return (1 - fy) * ((1 - fx) * of(left, top) + fx * of(left + 1, top)) +
           fy * ((1 - fx) * of(left, top + 1) + fx * of(left + 1, top + 1));
}

// Those of a frame that may have something of the picture, where it is after the warp.
std::vector<int> triangles_under(const Sticker& sticker, const StickerFrame& frame, const Eigen::Vector2f& border) {
    Eigen::Vector2f low(0, 0), high(1, 1);
    for (std::size_t i = 0; i < sticker.warp.size(); ++i) {
        const Eigen::Vector2f at = Eigen::Vector2f(float(i % 4), float(i / 4)) / 3 + sticker.warp[i];
        low = low.cwiseMin(at);
        high = high.cwiseMax(at);
    }
    // What lies beyond an edge goes on as the cell there does.
    const Eigen::Vector2f around = 2 * border * (1 + (high - low).maxCoeff());
    low -= around;
    high += around;
    std::vector<int> under;
    for (const int t : frame.triangles()) {
        const Eigen::Vector2f a = frame.share({t, Eigen::Vector3f::UnitX()}),
                              b = frame.share({t, Eigen::Vector3f::UnitY()}),
                              c = frame.share({t, Eigen::Vector3f::UnitZ()});
        const Eigen::Vector2f from = a.cwiseMin(b).cwiseMin(c), to = a.cwiseMax(b).cwiseMax(c);
        if ((from.array() <= high.array()).all() && (to.array() >= low.array()).all()) under.push_back(t);
    }
    return under;
}

void put(const PaintSurface& surface, const Sticker& sticker, bool mirrored, const Image& picture,
         PaintTexels& texels) {
    const StickerFrame frame(surface, sticker, mirrored);
    const Eigen::Vector2f border(1.0f / float(picture.width), 1.0f / float(picture.height));
    const bool warped = is_warped(sticker);
    const std::vector<int> triangles = triangles_under(sticker, frame, border);
    if (triangles.empty()) return;
    const std::vector<PaintTileKey> tiles = surface.tiles_of(triangles, sticker_texel);
    std::vector<std::shared_ptr<const PaintTile>> made(tiles.size());
    const WarpInverse unwarp(sticker, border);
    parallel_for(tiles.size(), 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const std::shared_ptr<const TileSurface> lies = surface.tile(tiles[i]);
            if (!lies->any) continue;
            const std::shared_ptr<const PaintTile> before = texels.tile(tiles[i]);
            auto tile = before ? std::make_shared<PaintTile>(*before) : std::make_shared<PaintTile>();
            bool any = false;
            for (int t = 0; t < paint_tile_texels; ++t) {
                const int triangle = lies->triangle[std::size_t(t)];
                if (triangle < 0 || !std::binary_search(triangles.begin(), triangles.end(), triangle)) continue;
                Eigen::Vector2f at = frame.share(lies->point(t));
                if (warped) {
                    const auto from = unwarp(at);
                    if (!from) continue;
                    at = *from;
                }
                if (!(at.x() > -border.x() && at.y() > -border.y() && at.x() < 1 + border.x() &&
                      at.y() < 1 + border.y()))
                    continue;
                const Eigen::Vector4f color = sample(picture, at);
                if (color[3] < 0.5f / 255) continue;
                PaintTexel& texel = tile->texels[std::size_t(t)];
                // Of a pair that meets in the middle the more opaque counts.
                if (float(texel[3]) > 255 * color[3]) continue;
                for (std::size_t c = 0; c < 3; ++c) texel[c] = to_u8(color[Eigen::Index(c)] / color[3]);
                texel[3] = to_u8(color[3]);
                any = true;
            }
            if (any) made[i] = std::move(tile);
        }
    });
    for (std::size_t i = 0; i < tiles.size(); ++i)
        if (made[i]) texels.set_tile(tiles[i], std::move(made[i]));
}

}  // namespace

std::optional<SurfacePoint> sticker_spot(const PaintSurface& surface, std::string_view name) {
    // MediaPipe's landmarks (core/head/mediapipe_landmarks.h) in the order of the names.
    constexpr std::array<int, 6> points = {151, 280, 50, 4, 164, 199};
    const HeadModel& model = *surface.avatar().model;
    const std::vector<SurfacePoint>& embedded = model.landmarks(landmarks::scheme);
    const auto spot = std::find(sticker_spots.begin(), sticker_spots.end(), name) - sticker_spots.begin();
    if (embedded.empty() || spot > std::ssize(points)) return {};
    if (spot < std::ssize(points)) return embedded[std::size_t(points[std::size_t(spot)])];
    // The foremost point of the neck, a little below the chin and in the middle.
    const Eigen::Vector3f chin = surface.position(embedded[std::size_t(points.back())]);
    std::optional<SurfacePoint> best;
    float foremost = 0;
    for (int t = 0; t < int(model.triangles.size()); ++t) {
        if (surface.region(t) != HeadRegion::neck) continue;
        const SurfacePoint point{t, Eigen::Vector3f::Constant(1.0f / 3)};
        const Eigen::Vector3f at = surface.position(point);
        const float below = chin.y() - at.y();
        if (std::abs(at.x() - chin.x()) > 8e-3f || below < 45e-3f || below > 75e-3f) continue;
        if (best && at.z() <= foremost) continue;
        best = point;
        foremost = at.z();
    }
    return best;
}

StickerPlace sticker_place(const PaintSurface& surface, const Sticker& sticker) {
    StickerPlace place;
    place.middle = surface.at(sticker.atlas);
    place.normal = surface.normal(place.middle);
    const float down = place.normal.y();
    const Eigen::Vector3f wanted(0, 1, -2 * down * std::abs(down));
    place.up = (wanted - place.normal * wanted.dot(place.normal)).normalized();
    place.right = place.up.cross(place.normal);
    return place;
}

float sticker_height(const Sticker& sticker) {
    return sticker.width * sticker.stretch * float(sticker.picture->height) / float(sticker.picture->width);
}

Eigen::Vector2f sticker_warp(const Sticker& sticker, const Eigen::Vector2f& share) {
    const Eigen::Vector2f cell = (share * 3).cwiseMax(0.0f).cwiseMin(3.0f);
    const int x = std::min(int(cell.x()), 2), y = std::min(int(cell.y()), 2);
    const float fx = cell.x() - float(x), fy = cell.y() - float(y);
    const auto of = [&](int i, int j) { return sticker.warp[std::size_t(j * 4 + i)]; };
    return (1 - fy) * ((1 - fx) * of(x, y) + fx * of(x + 1, y)) +
           fy * ((1 - fx) * of(x, y + 1) + fx * of(x + 1, y + 1));
}

bool is_warped(const Sticker& sticker) {
    return std::ranges::any_of(sticker.warp, [](const Eigen::Vector2f& w) { return w != Eigen::Vector2f::Zero(); });
}

void move_warp_point(Sticker& sticker, int point, const Eigen::Vector2f& way) {
    const int column = point % 4, row = point / 4;
    const bool corner = column % 3 == 0 && row % 3 == 0;
    for (int i = 0; i < 16; ++i) {
        const float across = 1 - float(std::abs(i % 4 - column)) / 3, down = 1 - float(std::abs(i / 4 - row)) / 3;
        const float share = corner ? across * down : i == point ? 1.0f : 0.0f;
        Eigen::Vector2f& moved = sticker.warp[std::size_t(i)];
        moved = (moved + share * way).cwiseMax(-most_warp).cwiseMin(most_warp);
    }
}

StickerFrame::StickerFrame(const PaintSurface& surface, const Sticker& sticker, bool mirrored)
    : surface_(surface),
      sticker_(sticker),
      place_(sticker_place(surface, sticker)),
      mirrored_(mirrored),
      width_(sticker.width),
      height_(sticker_height(sticker)),
      cosine_(std::cos(sticker.angle)),
      sine_(std::sin(sticker.angle) * (mirrored ? -1.0f : 1.0f)) {
    // Warping moves what it moves by shares of the sides.
    float moved = 0;
    for (const Eigen::Vector2f& w : sticker.warp) moved = std::max(moved, w.cwiseAbs().maxCoeff());
    const float reach = (0.5f + moved) * std::hypot(width_, height_) + 1e-3f;
    triangles_ = surface.near(place_.middle, reach);
    if (sticker.projected) {
        // What the light of a projector meets at a slant is left out.
        std::erase_if(triangles_, [&](int t) {
            return surface.normal({t, Eigen::Vector3f::Constant(1.0f / 3)}).dot(place_.normal) < 0.2f;
        });
    }
    if (triangles_.empty()) return;
    const SkinChart chart =
        sticker.projected ? chart_through(surface, place_, triangles_) : chart_along(surface, place_, triangles_);
    chart_.reserve(triangles_.size());
    for (const int t : triangles_) {
        const Eigen::Vector3i& of = surface.avatar().triangles()[std::size_t(t)];
        chart_.push_back({chart.at(of[0]), chart.at(of[1]), chart.at(of[2])});
    }
}

Eigen::Vector2f StickerFrame::share(const SurfacePoint& point) const {
    const auto place = std::lower_bound(triangles_.begin(), triangles_.end(), point.triangle) - triangles_.begin();
    const std::array<Eigen::Vector2f, 3>& corners = chart_[std::size_t(place)];
    Eigen::Vector2f skin = Eigen::Vector2f::Zero();
    for (int k = 0; k < 3; ++k) skin += point.barycentric[k] * corners[std::size_t(k)];
    Eigen::Vector2f at{(cosine_ * skin.x() + sine_ * skin.y()) / width_ + 0.5f,
                       (sine_ * skin.x() - cosine_ * skin.y()) / height_ + 0.5f};
    if (mirrored_) at.x() = 1 - at.x();
    return at;
}

std::optional<SurfacePoint> StickerFrame::point(const Eigen::Vector2f& share) const {
    Eigen::Vector2f at = share + sticker_warp(sticker_, share);
    if (mirrored_) at.x() = 1 - at.x();
    const float right = (at.x() - 0.5f) * width_, down = (at.y() - 0.5f) * height_;
    const Eigen::Vector2f skin(cosine_ * right + sine_ * down, sine_ * right - cosine_ * down);
    const auto cross = [](const Eigen::Vector2f& a, const Eigen::Vector2f& b) { return a.x() * b.y() - a.y() * b.x(); };
    // Where the chart lies over itself, the nearest to the middle.
    std::optional<SurfacePoint> best;
    float nearest = std::numeric_limits<float>::max();
    for (std::size_t i = 0; i < triangles_.size(); ++i) {
        const auto& [a, b, c] = chart_[i];
        const float area = cross(b - a, c - a);
        if (area == 0) continue;
        const float v = cross(skin - a, c - a) / area, w = cross(b - a, skin - a) / area;
        if (v < -1e-4f || w < -1e-4f || v + w > 1 + 1e-4f) continue;
        const SurfacePoint found{triangles_[i], {1 - v - w, v, w}};
        const float distance = (surface_.position(found) - surface_.position(place_.middle)).norm();
        if (distance >= nearest) continue;
        nearest = distance;
        best = found;
    }
    return best;
}

std::shared_ptr<const PaintTexels> sticker_texels(const std::shared_ptr<const PaintSurface>& on,
                                                  const Sticker& sticker) {
    const PaintSurface& surface = *on;
    if (!sticker.picture || sticker.picture->empty()) throw std::invalid_argument("a sticker without a picture");
    const float height = sticker_height(sticker);
    for (const float side : {sticker.width, height})
        if (!(side >= least_sticker && side <= largest_sticker)) throw std::invalid_argument("a sticker's size");
    auto texels = std::make_shared<PaintTexels>();
    const Image picture = painted_picture(sticker, sticker.width, height);
    put(surface, sticker, false, picture, *texels);
    if (sticker.pair) {
        Sticker mirrored = sticker;
        mirrored.atlas = atlas_position(surface.avatar(), SurfaceMirror(on)(sticker_place(surface, sticker).middle));
        put(surface, mirrored, true, picture, *texels);
    }
    return texels;
}

}  // namespace likeness
