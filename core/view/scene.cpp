#include "core/view/scene.h"

#include "core/avatar/deform.h"

namespace likeness {

void pose_scene(const Scene& scene, PaintedSplats& painter, SplatSet& posed) {
    if (scene.splats) {
        posed = *scene.splats;
        return;
    }
    if (!scene.has_avatar()) {
        posed.resize(0);
        return;
    }
    const Part<AnchoredSplats> painted = painter.update(scene.avatar);
    const AnchoredSplats& splats = *painted;
    deform(splats, splat_frames(scene.avatar, splats, scene.pose), posed);
    hide_parts(splats, scene.visible, posed);
}

void pose_scene(const Scene& scene, SplatSet& posed) {
    PaintedSplats painter(PaintedSplats::Order::by_depth);
    pose_scene(scene, painter, posed);
}

void hide_parts(const AnchoredSplats& splats, const PartFlags& visible, SplatSet& posed) {
    if (visible == all_parts) return;
    for (std::size_t i = 0; i < splats.count; ++i)
        if (!visible[std::size_t(splats.part[i])]) posed.opacities[i] = 0;
}

const PosedSurface* SceneSurface::get() const {
    if (!rest_) return nullptr;
    std::call_once(made_, [&] {
        auto surface = std::make_unique<PosedSurface>();
        surface->vertices = pose_head(*rest_->model, rest_->head, pose_).vertices;
        surface->normals = vertex_normals(surface->vertices, rest_->model->triangles);
        surface_ = std::move(surface);
    });
    return surface_.get();
}

}  // namespace likeness
