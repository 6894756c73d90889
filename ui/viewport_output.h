// What the viewport panel shows, and asks of whoever draws it: the interface itself knows no OpenGL.
#pragma once

#include <imgui.h>

#include <memory>
#include <optional>
#include <string>

#include "core/geometry/camera.h"
#include "core/geometry/mesh.h"

namespace likeness::ui {

struct ViewportStatistics {
    float frames_per_second = 0;  // new pictures of the avatar
    float pose_ms = 0, raster_ms = 0, convert_ms = 0, compose_ms = 0, interface_ms = 0;
    float resolution = 1;  // of the picture shown, share of the full one
    std::size_t gaussians = 0, paint_gaussians = 0;  // of the avatar; what its paint adds
    bool paint_coarser = false;                      // there are as many of the latter as there may be
    std::string rasterizer, path, path_reason, surface;
};

struct PickedInfo {
    SurfacePoint point;
    Eigen::Vector3f position;  // metres
    std::string region;
};

class ViewportOutput {
  public:
    virtual ~ViewportOutput() = default;
    // The composed view at that size in pixels: what is known now, with the newest to follow.
    virtual ImTextureID show(int width, int height) = 0;
    // The view is being moved: speed before resolution.
    virtual void set_moving(bool moving) = 0;
    // Of the picture shown.
    virtual const Camera& camera() const = 0;
    // Pixels from the left where the avatar's part of the view begins (beside the photograph).
    virtual int left() const = 0;
    // The head's vertices in the pose shown; may be null.
    virtual const Vertices* vertices() const = 0;
    virtual std::optional<PickedInfo> pick(float x, float y) const = 0;
    virtual const ViewportStatistics& statistics() const = 0;
    // "automatic", "host", "pixel_buffer", "device"
    virtual std::string presenter() const = 0;
    virtual void set_presenter(const std::string& name) = 0;
    virtual bool recording() const = 0;
};

}  // namespace likeness::ui
