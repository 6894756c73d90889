#include "core/studio/history_pictures.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace likeness {
namespace {

constexpr float largest_place = 0.09f;  // metres from its middle: beyond that the whole head is shown
constexpr float least_height = 0.06f, head_height = 0.33f, distance = 1.1f;  // metres, of the picture

// A sphere about what was painted, and where its skin looks.
struct PaintedPlace {
    Eigen::Vector3f middle, out;
    float radius = 0;
};

// Null texels are none.
void add_changes(const PaintTexels* before, const PaintTexels* after, const PaintSurface& surface,
                 std::vector<SurfacePoint>& places) {
    static const PaintTexels nothing;
    const PaintTexels &a = before ? *before : nothing, &b = after ? *after : nothing;
    constexpr int step = 7;  // texels; none of the same column in the next row
    for (const PaintTileKey& key : changed_tiles(a, b)) {
        const auto old = a.tile(key), now = b.tile(key);
        const auto on = surface.tile(key);
        for (int t = 0; t < paint_tile_texels; t += step) {
            const auto texel = [&](const auto& tile) { return tile ? tile->texels[std::size_t(t)] : PaintTexel{}; };
            if (on->inside[std::size_t(t)] && texel(old) != texel(now)) places.push_back(on->point(t));
        }
    }
}

bool shown_alike(const PaintLayer& a, const PaintLayer& b) {
    return a.visible == b.visible && a.opacity == b.opacity && a.blend == b.blend && a.region == b.region &&
           a.relief == b.relief && a.erase == b.erase;
}

std::optional<PaintedPlace> painted_place(const PaintStack& before, const PaintStack& after,
                                          const PaintSurface& surface) {
    std::vector<SurfacePoint> places;
    const auto compare = [&](const PaintLayer* old, const PaintLayer* now) {
        const bool alike = old && now && shown_alike(*old, *now);
        const auto texels = [](const PaintLayer* layer) { return layer ? layer->texels.get() : nullptr; };
        if (!alike && old && now) old = nullptr;  // all of it looks otherwise
        add_changes(texels(old), texels(now), surface, places);
        if (old && now) add_changes(old->mask.get(), now->mask.get(), surface, places);
    };
    for (const PaintLayer& layer : after.layers) compare(paint_layer(before, layer.id), &layer);
    for (const PaintLayer& layer : before.layers)
        if (!paint_layer(after, layer.id)) compare(&layer, nullptr);
    if (places.empty()) return {};
    PaintedPlace place{Eigen::Vector3f::Zero(), Eigen::Vector3f::Zero(), 0};
    for (const SurfacePoint& p : places) {
        place.middle += surface.position(p) / float(places.size());
        place.out += surface.normal(p);
    }
    for (const SurfacePoint& p : places)
        place.radius = std::max(place.radius, (surface.position(p) - place.middle).norm());
    return place;
}

}  // namespace

Camera HistoryPictures::camera(const DocumentState& before, const DocumentState& after, int side) {
    Eigen::Vector3f middle = head_middle(after.avatar), from = Eigen::Vector3f::UnitZ();
    float height = head_height;
    if (!(before.avatar.paint == after.avatar.paint)) {
        if (rest_ != after.avatar.rest) {
            surface_ = std::make_unique<const PaintSurface>(after.avatar);
            rest_ = after.avatar.rest;
        }
        const auto place = painted_place(*before.avatar.paint, *after.avatar.paint, *surface_);
        if (place && place->radius < largest_place && place->out.norm() > 1e-3f) {
            middle = place->middle;
            height = std::max(least_height, 3 * place->radius);
            // From before it, but never from far above or below.
            from = place->out.normalized();
            from.y() = std::clamp(from.y(), -0.5f, 0.5f);
            if (std::hypot(from.x(), from.z()) < 0.1f) from.z() = 1;
            from.normalize();
        }
    }
    Camera camera;
    camera.width = camera.height = side;
    camera.fx = camera.fy = float(side) * distance / height;
    camera.cx = camera.cy = 0.5f * float(side);
    camera.world_to_camera = look_at(middle + distance * from, middle);
    return camera;
}

Image HistoryPictures::make(const DocumentState& before, const DocumentState& after, int side) {
    if (!after.avatar.model || !after.avatar.prepared()) return {};
    return renderer_.render(after.avatar, *after.pose, camera(before, after, side),
                            std::array<float, 3>{0.20f, 0.21f, 0.23f});
}

}  // namespace likeness
