// Cameras as JSON: width, height, fx, fy, cx, cy (pixels) and world_to_camera, four rows of four numbers (OpenCV axes).
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.h"
#include "core/geometry/camera.h"

namespace likeness {

nlohmann::json camera_to_json(const Camera& camera);
// Error: bad_input (a member missing, of another type, out of range).
Result<Camera> camera_from_json(const nlohmann::json& value);

}  // namespace likeness
