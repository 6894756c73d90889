// Training steps on frames of a video, timed on the GPU.
#pragma once

#include <nlohmann/json.hpp>

#include "core/studio/devices.h"

namespace likeness::bench {

// Images a second of steps on batches of frames, everything of the head and of the Gaussians unknown, and each stage's
// milliseconds an image. Frames: the scene in other poses and colours, size x size.
nlohmann::ordered_json time_video_steps(const Scene& scene, int size, int batch, double seconds, bool repeatable);

}  // namespace likeness::bench
