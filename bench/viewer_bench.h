// How fast posed avatars reach the screen's texture.
#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/splat/splat_set.h"
#include "core/pipeline/devices.h"
#include "core/view/scene.h"

namespace likeness::bench {

// A file's Gaussians as an avatar: the default head under them, each held by the triangle next to it, so that a pose
// moves them. Errors: the head is missing.
Result<Scene> anchored_scene(const SplatSet& splats);

struct ViewerRate {
    double frames_per_second = 0;
    double latency_ms = 0;              // mean, from asking for a picture to its being in the texture
    double drawn_per_second = 0;        // when OpenGL takes over each
    double raster_ms = 0, pose_ms = 0;  // means of what the renderer reports
    std::string path;                   // to the texture
    int gaussians = 0;
};
// The scene in another pose and camera at each picture, drawn by the device into OpenGL's texture, 0.40 m over the
// picture's height, for so long. One picture is asked for while another is drawn. A context is current.
ViewerRate viewer_rate(const Scene& scene, const Device& device, int width, int height, double seconds);

}  // namespace likeness::bench
