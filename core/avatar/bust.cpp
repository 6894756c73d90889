#include "core/avatar/bust.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/head/mediapipe_landmarks.h"

namespace likeness {
namespace {

void repeat_last_row(Image& image, int rows) {
    const std::size_t row = image.pixels.size() / std::size_t(image.height), last = image.pixels.size() - row;
    image.pixels.resize(image.pixels.size() + row * std::size_t(rows));
    for (int k = 1; k <= rows; ++k)
        std::copy_n(image.pixels.begin() + std::ptrdiff_t(last), row,
                    image.pixels.begin() + std::ptrdiff_t(last + row * std::size_t(k)));
    image.height += rows;
}

}  // namespace

std::vector<float> bust_presence(const Avatar& avatar, const Photo& photo, float below) {
    const HeadModel& model = *avatar.model;
    const Vertices surface = pose_surface(avatar, photo.pose);
    std::vector<float> presence(std::size_t(surface.cols()), 1.0f);
    const SurfacePoint& chin = model.landmarks(landmarks::scheme)[landmarks::chin];
    constexpr float whole_neck = 0.03f;  // metres below the chin
    const float lowest = surface_position(avatar.neutral(), model.triangles, chin).y() - whole_neck;
    for (Eigen::Index v = 0; v < surface.cols(); ++v) {
        if (v < model.vertex_count() && !is_below_head(model.vertex_region[std::size_t(v)])) continue;
        float depth = 0;
        const float y = photo.camera.project(surface.col(v), &depth).y();
        if (!(depth > 0)) continue;
        const float outside =
            std::min((y - float(photo.camera.height)) / photo.camera.fy * depth, lowest - avatar.neutral()(1, v));
        const float t = std::clamp((below - outside) / below, 0.0f, 1.0f);
        presence[std::size_t(v)] = t * t * (3 - 2 * t);
    }
    return presence;
}

Photo continued_below(const Avatar& avatar, const Photo& photo, float below) {
    const HeadModel& model = *avatar.model;
    const Vertices head = pose_head(model, avatar.head(), photo.pose).vertices;
    float depth = 0;
    const Eigen::Vector2f chin = photo.camera.project(
        surface_position(head, model.triangles, model.landmarks(landmarks::scheme)[landmarks::chin]), &depth);
    Photo longer = photo;
    if (!(depth > 0) || chin.y() > float(photo.camera.height) - 2) return longer;
    const float rows = std::ceil(below / depth * photo.camera.fy);
    const int added = int(std::min(rows, float(photo.camera.height)));
    for (Image* image : {&longer.color, &longer.alpha, &longer.hair, &longer.skin, &longer.cloth})
        repeat_last_row(*image, added);
    longer.camera.height += added;
    longer.head = see_head(model, head, longer.camera);
    return longer;
}

}  // namespace likeness
