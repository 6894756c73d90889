#include "core/pipeline/portrait_sketch.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/image/ops.h"

namespace likeness {

PortraitSketch sketch_of(const Image& picture) {
    PortraitSketch sketch;
    const bool large = std::max(picture.width, picture.height) > PortraitSketch::side;
    sketch.picture = std::make_shared<const Image>(large ? resize_longer_side(picture, PortraitSketch::side) : picture);
    sketch.width = picture.width;
    sketch.height = picture.height;
    return sketch;
}

std::vector<std::array<Eigen::Vector2f, 2>> facing_edges(const HeadModel& model, const Vertices& posed,
                                                         const Camera& camera) {
    std::vector<Eigen::Vector2f> pixels(std::size_t(posed.cols()));
    for (Eigen::Index v = 0; v < posed.cols(); ++v) pixels[std::size_t(v)] = camera.project(posed.col(v));
    std::set<std::pair<int, int>> edges;
    for (std::size_t t = 0; t < model.triangles.size(); ++t) {
        const HeadRegion region = model.triangle_region[t];
        if (region > HeadRegion::torso) continue;  // eyes and what is inside the mouth
        const Eigen::Vector3i& v = model.triangles[t];
        const Eigen::Vector2f a = pixels[std::size_t(v[0])], b = pixels[std::size_t(v[1])],
                              c = pixels[std::size_t(v[2])];
        // Counter-clockwise from outside is clockwise in pixels, whose y points down.
        if ((b - a).x() * (c - a).y() - (b - a).y() * (c - a).x() >= 0) continue;
        for (const int k : {0, 1, 2}) edges.insert(std::minmax(v[k], v[(k + 1) % 3]));
    }
    std::vector<std::array<Eigen::Vector2f, 2>> lines;
    lines.reserve(edges.size());
    for (const auto& [from, to] : edges) lines.push_back({pixels[std::size_t(from)], pixels[std::size_t(to)]});
    return lines;
}

}  // namespace likeness
