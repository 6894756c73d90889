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

// How far a point of the picture (shares of its sides) is moved: the grid of 4 x 4, linear between.
Eigen::Vector2f warped_by(const Sticker& sticker, const Eigen::Vector2f& at) {
    const Eigen::Vector2f cell = (at * 3).cwiseMax(0.0f).cwiseMin(3.0f);
    const int x = std::min(int(cell.x()), 2), y = std::min(int(cell.y()), 2);
    const float fx = cell.x() - float(x), fy = cell.y() - float(y);
    const auto of = [&](int i, int j) { return sticker.warp[std::size_t(j * 4 + i)]; };
    return (1 - fy) * ((1 - fx) * of(x, y) + fx * of(x + 1, y)) +
           fy * ((1 - fx) * of(x, y + 1) + fx * of(x + 1, y + 1));
}

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

void put(const PaintSurface& surface, const Sticker& sticker, const StickerPlace& place, bool mirrored,
         const Image& picture, float width, float height, PaintTexels& texels) {
    // Warping moves what it moves by shares of the sides.
    float moved = 0;
    for (const Eigen::Vector2f& w : sticker.warp) moved = std::max(moved, w.cwiseAbs().maxCoeff());
    const float reach = (0.5f + moved) * std::hypot(width, height) + 1e-3f;
    std::vector<int> triangles = surface.near(place.middle, reach);
    if (sticker.projected) {
        // What the light of a projector meets at a slant is left out.
        std::erase_if(triangles, [&](int t) {
            return surface.normal({t, Eigen::Vector3f::Constant(1.0f / 3)}).dot(place.normal) < 0.2f;
        });
    }
    if (triangles.empty()) return;
    const SkinChart chart =
        sticker.projected ? chart_through(surface, place, triangles) : chart_along(surface, place, triangles);
    const std::vector<PaintTileKey> tiles = surface.tiles_of(triangles, sticker_texel);
    std::vector<std::shared_ptr<const PaintTile>> made(tiles.size());
    const float cosine = std::cos(sticker.angle), sine = std::sin(sticker.angle) * (mirrored ? -1.0f : 1.0f);
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
                const Eigen::Vector3i& of = surface.avatar().triangles()[std::size_t(triangle)];
                const Eigen::Vector3f weights = lies->point(t).barycentric;
                Eigen::Vector2f skin = Eigen::Vector2f::Zero();
                for (int k = 0; k < 3; ++k) skin += weights[k] * chart.at(of[k]);
                Eigen::Vector2f at{(cosine * skin.x() + sine * skin.y()) / width + 0.5f,
                                   (sine * skin.x() - cosine * skin.y()) / height + 0.5f};
                if (mirrored) at.x() = 1 - at.x();
                if (moved > 0) {
                    // From where it is to where it came from.
                    Eigen::Vector2f from = at;
                    for (int step = 0; step < 6; ++step) from = at - warped_by(sticker, from);
                    at = from;
                }
                const float border_x = 1.0f / float(picture.width), border_y = 1.0f / float(picture.height);
                if (!(at.x() > -border_x && at.y() > -border_y && at.x() < 1 + border_x && at.y() < 1 + border_y))
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
    constexpr std::array<int, 5> points = {151, 280, 50, 4, 199};
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

std::shared_ptr<const PaintTexels> sticker_texels(const std::shared_ptr<const PaintSurface>& on,
                                                  const Sticker& sticker) {
    const PaintSurface& surface = *on;
    if (!sticker.picture || sticker.picture->empty()) throw std::invalid_argument("a sticker without a picture");
    const float width = sticker.width;
    const float height = width * sticker.stretch * float(sticker.picture->height) / float(sticker.picture->width);
    for (const float side : {width, height})
        if (!(side >= least_sticker && side <= largest_sticker)) throw std::invalid_argument("a sticker's size");
    auto texels = std::make_shared<PaintTexels>();
    const Image picture = painted_picture(sticker, width, height);
    const StickerPlace place = sticker_place(surface, sticker);
    put(surface, sticker, place, false, picture, width, height, *texels);
    if (sticker.pair) {
        Sticker mirrored = sticker;
        mirrored.atlas = atlas_position(surface.avatar(), SurfaceMirror(on)(place.middle));
        put(surface, mirrored, sticker_place(surface, mirrored), true, picture, width, height, *texels);
    }
    return texels;
}

}  // namespace likeness
