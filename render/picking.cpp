#include "render/picking.h"

#include <limits>

namespace likeness {

// Moeller and Trumbore, "Fast, minimum storage ray/triangle intersection" (1997), against all triangles: a head has
// some 20,000, which takes a fraction of a millisecond.
std::optional<PickedPoint> pick(const Vertices& vertices, const Triangles& triangles, const Camera& camera, float x,
                                float y) {
    const Eigen::Matrix3f turn = camera.world_to_camera.topLeftCorner<3, 3>();
    const Eigen::Vector3f eye = camera.position();
    const Eigen::Vector3f ray =
        (turn.transpose() * Eigen::Vector3f((x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy, 1)).normalized();
    std::optional<PickedPoint> found;
    float nearest = std::numeric_limits<float>::max();
    for (std::size_t t = 0; t < triangles.size(); ++t) {
        const Eigen::Vector3f a = vertices.col(triangles[t][0]);
        const Eigen::Vector3f ab = Eigen::Vector3f(vertices.col(triangles[t][1])) - a;
        const Eigen::Vector3f ac = Eigen::Vector3f(vertices.col(triangles[t][2])) - a;
        const Eigen::Vector3f p = ray.cross(ac);
        const float determinant = ab.dot(p);
        if (determinant < 1e-12f) continue;  // seen from behind, or edge-on
        const Eigen::Vector3f from = eye - a;
        const float u = from.dot(p) / determinant;
        if (u < 0 || u > 1) continue;
        const Eigen::Vector3f q = from.cross(ab);
        const float v = ray.dot(q) / determinant;
        if (v < 0 || u + v > 1) continue;
        const float along = ac.dot(q) / determinant;
        if (along <= 0 || along >= nearest) continue;
        nearest = along;
        found = PickedPoint{{int(t), {1 - u - v, u, v}}, eye + along * ray, along};
    }
    return found;
}

}  // namespace likeness
