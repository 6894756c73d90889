#include "core/document/view_state.h"

#include <algorithm>
#include <cmath>

namespace likeness {

Camera view_camera(const ViewState& view, const Document& document, int width, int height) {
    if (view.source_camera && document.avatar().source->camera.width > 0) {
        const Camera& source = document.avatar().source->camera;
        const float scale = std::min(float(width) / float(source.width), float(height) / float(source.height));
        Camera camera = source;
        camera.width = width;
        camera.height = height;
        camera.fx = source.fx * scale;
        camera.fy = source.fy * scale;
        camera.cx = source.cx * scale + 0.5f * (float(width) - scale * float(source.width));
        camera.cy = source.cy * scale + 0.5f * (float(height) - scale * float(source.height));
        return camera;
    }
    const float half = std::tan(0.5f * view.fov);
    // Another field of view keeps the size of what is looked at.
    const float distance = 0.5f * document.view_height / half / view.zoom;
    Camera camera;
    camera.width = width;
    camera.height = height;
    camera.fx = camera.fy = 0.5f * float(height) / half;
    camera.cx = 0.5f * float(width);
    camera.cy = 0.5f * float(height);
    camera.world_to_camera = look_at(document.middle + Eigen::Vector3f(0, 0, distance), document.middle);
    camera = orbit(camera, document.middle, view.yaw, view.pitch);
    // The camera moves against the picture: x right, y down.
    camera.world_to_camera(0, 3) += view.pan[0];
    camera.world_to_camera(1, 3) -= view.pan[1];
    return camera;
}

}  // namespace likeness
