#include "core/pipeline/render_avatar.h"

#include <algorithm>

#include "core/avatar/deform.h"
#include "core/base/parallel.h"
#include "core/geometry/mesh_raster.h"

namespace likeness {

Status check_samples(int width, int height, int samples) {
    if (samples != 1 && samples != 4 && samples != 16)
        return Error{ErrorCode::invalid_argument, "A pixel may have 1, 4 or 16 samples.", ""};
    if (samples == 1 || std::int64_t(width) * height * samples <= most_samples) return {};
    return Error{ErrorCode::invalid_argument,
                 "A picture of " + std::to_string(width) + " x " + std::to_string(height) +
                     " pixels is too large for " + std::to_string(samples) +
                     " samples a pixel; choose fewer samples or a smaller size.",
                 ""};
}

Image picture_of(const Frame& frame, bool opaque) {
    Image image(frame.alpha.width, frame.alpha.height, 4);
    parallel_for(frame.alpha.pixels.size(), 1u << 15, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const float a = opaque ? 1.0f : frame.alpha.pixels[i];
            for (std::size_t c = 0; c < 3; ++c)
                image.pixels[i * 4 + c] = a > 1e-4f ? std::clamp(frame.color.pixels[i * 3 + c] / a, 0.0f, 1.0f) : 0.0f;
            image.pixels[i * 4 + 3] = a;
        }
    });
    return image;
}

AvatarRenderer::AvatarRenderer(std::unique_ptr<Rasterizer> rasterizer, const PartFlags& visible)
    : rasterizer_(std::move(rasterizer)), visible_(visible) {}

const Frame& AvatarRenderer::render_frame(const Avatar& avatar, const HeadPose& pose, const Camera& camera,
                                          const RasterOptions& options) {
    const Part<AnchoredSplats> painted = painter_.update(avatar);
    deform(*painted, splat_frames(avatar, *painted, pose), posed_);
    hide_parts(*painted, visible_, posed_);
    rasterizer_->forward(posed_, camera, options, frame_);
    return frame_;
}

Image AvatarRenderer::render(const Avatar& avatar, const HeadPose& pose, const Camera& camera,
                             const std::optional<std::array<float, 3>>& background) {
    RasterOptions options;
    options.stop = stop_;
    if (background) options.background = *background;
    return picture_of(render_frame(avatar, pose, camera, options), background.has_value());
}

Image thumbnail(const Avatar& avatar, AvatarRenderer& renderer) {
    return renderer.render(avatar, HeadPose::neutral(*avatar.model), default_camera(avatar, 256, 256));
}

Image render_mesh(const Avatar& avatar, const HeadPose& pose, const Camera& camera) {
    const PosedHead head = pose_head(*avatar.model, avatar.head(), pose);
    const Triangles& triangles = avatar.model->triangles;
    const MeshBuffer buffer = rasterize_mesh(head.vertices, triangles, camera);
    const Vertices normals = vertex_normals(head.vertices, triangles);
    const Eigen::Matrix3f turn = camera.world_to_camera.topLeftCorner<3, 3>();
    const Eigen::Vector3f light = Eigen::Vector3f(-0.4f, -0.5f, -0.8f).normalized();
    Image image(camera.width, camera.height, 4);
    for (std::size_t i = 0; i < buffer.triangle.size(); ++i) {
        if (buffer.triangle[i] < 0) continue;
        const Eigen::Vector3f n = (turn * surface_position(normals, triangles, buffer.point(i))).normalized();
        const float shade = 0.25f + 0.7f * std::max(0.0f, std::abs(n.dot(light)));
        const HeadRegion region = avatar.model->triangle_region[std::size_t(buffer.triangle[i])];
        const Eigen::Vector3f tint = region == HeadRegion::scalp   ? Eigen::Vector3f(0.75f, 0.72f, 0.68f)
                                     : region == HeadRegion::torso ? Eigen::Vector3f(0.7f, 0.74f, 0.8f)
                                                                   : Eigen::Vector3f(0.86f, 0.82f, 0.8f);
        for (int c = 0; c < 3; ++c) image.pixels[i * 4 + std::size_t(c)] = shade * tint[c];
        image.pixels[i * 4 + 3] = 1;
    }
    return image;
}

}  // namespace likeness
