// A pinhole camera in OpenCV's axes: x right, y down, z forward; pixel centres at +0.5; metres.
#pragma once

#include <Eigen/Core>
#include <Eigen/Geometry>

namespace likeness {

struct Camera {
    int width = 0, height = 0;                                      // pixels
    float fx = 0, fy = 0, cx = 0, cy = 0;                           // pixels; the principal point is free
    Eigen::Matrix4f world_to_camera = Eigen::Matrix4f::Identity();  // rigid

    // Pixel position of a world point; z <= 0 means behind the camera (the result is then meaningless).
    Eigen::Vector2f project(const Eigen::Vector3f& world, float* depth = nullptr) const {
        const Eigen::Vector3f p = world_to_camera.topLeftCorner<3, 3>() * world + world_to_camera.topRightCorner<3, 1>();
        if (depth) *depth = p.z();
        return {fx * p.x() / p.z() + cx, fy * p.y() / p.z() + cy};
    }
    Eigen::Vector3f position() const {
        return -world_to_camera.topLeftCorner<3, 3>().transpose() * world_to_camera.topRightCorner<3, 1>();
    }
    // The same view at another size (uniform or not); intrinsics scale along.
    Camera resized(int new_width, int new_height) const;
};

// A camera that looks from `eye` at `target` with world +Y up.
Eigen::Matrix4f look_at(const Eigen::Vector3f& eye, const Eigen::Vector3f& target);

// Turns a camera about `centre`: yaw > 0 moves it to the subject's left (+X), pitch > 0 upwards. Radians.
Camera orbit(const Camera& camera, const Eigen::Vector3f& centre, float yaw, float pitch);

}  // namespace likeness
