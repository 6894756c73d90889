// What is known of a portrait while it is being prepared, for somebody who waits and looks: each one knows more.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/geometry/camera.h"
#include "core/head/head_model.h"
#include "core/image/image.h"
#include "core/tracking/portrait_fit.h"
#include "core/vision/face_detector.h"

namespace likeness {

struct PortraitSketch {
    static constexpr int side = 1024;  // most pixels of `picture`

    std::shared_ptr<const Image> picture;  // what is worked on, made smaller
    int width = 0, height = 0;             // before that; all pixels below are of that
    std::vector<FaceDetection> faces;      // empty before they are found
    int face = 0;                          // the one that the avatar is of
    std::optional<LandmarkPoints> landmarks;
    Eigen::Vector2i crop_origin = Eigen::Vector2i::Zero();
    int crop_side = 0;                   // of the square that is cut out; 0 before it is chosen
    std::shared_ptr<const Image> matte;  // of the square, one channel, 1 is person; null before it is known
    std::vector<std::array<Eigen::Vector2f, 2>> mesh;  // edges of the fitted head that are towards the camera
};
// Of a picture of which nothing else is known yet.
PortraitSketch sketch_of(const Image& picture);
using SketchSink = std::function<void(std::shared_ptr<const PortraitSketch>)>;  // called by the thread that prepares

// Edges of the posed head's outer triangles that face the camera, in its pixels.
std::vector<std::array<Eigen::Vector2f, 2>> facing_edges(const HeadModel& model, const Vertices& posed,
                                                         const Camera& camera);

}  // namespace likeness
