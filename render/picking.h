// Which point of a surface lies under a pixel.
#pragma once

#include <optional>

#include "core/geometry/camera.h"
#include "core/geometry/mesh.h"

namespace likeness {

struct PickedPoint {
    SurfacePoint point;
    Eigen::Vector3f position;  // metres, world
    float distance = 0;        // metres from the camera
};

// The nearest triangle that faces the camera under the pixel (x, y), centres at +0.5; nothing when there is none.
std::optional<PickedPoint> pick(const Vertices& vertices, const Triangles& triangles, const Camera& camera, float x,
                                float y);

}  // namespace likeness
