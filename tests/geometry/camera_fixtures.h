// The camera that tests of cameras and of their OpenGL matrices share.
#pragma once

#include "core/geometry/camera.h"

namespace likeness::test {

inline const Eigen::Vector3f view_centre(0.01f, 0.03f, 0.05f);

inline Camera front_camera() {
    Camera camera;
    camera.width = 640;
    camera.height = 480;
    camera.fx = 900;
    camera.fy = 880;
    camera.cx = 330;
    camera.cy = 235;
    camera.world_to_camera = look_at(view_centre + Eigen::Vector3f(0, 0, 1.1f), view_centre);
    return camera;
}

}  // namespace likeness::test
