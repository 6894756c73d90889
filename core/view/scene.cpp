#include "core/view/scene.h"

#include "core/avatar/deform.h"

namespace likeness {

void pose_scene(const Scene& scene, SplatSet& posed) {
    if (scene.splats) {
        posed = *scene.splats;
        return;
    }
    if (!scene.avatar || !scene.gaussians) {
        posed.resize(0);
        return;
    }
    const AnchoredSplats& splats = *scene.gaussians;
    deform(splats, splat_frames(*scene.avatar, splats, scene.pose), posed);
    hide_layers(splats, scene.visible, posed);
}

void hide_layers(const AnchoredSplats& splats, const LayerFlags& visible, SplatSet& posed) {
    if (visible == all_layers) return;
    for (std::size_t i = 0; i < splats.count; ++i)
        if (!visible[std::size_t(splats.layer[i])]) posed.opacities[i] = 0;
}

const PosedSurface* SceneSurface::get() const {
    if (!avatar_) return nullptr;
    std::call_once(made_, [&] {
        auto surface = std::make_unique<PosedSurface>();
        surface->vertices = pose_head(*avatar_->model, avatar_->person, pose_).vertices;
        surface->normals = vertex_normals(surface->vertices, avatar_->model->triangles);
        surface_ = std::move(surface);
    });
    return surface_.get();
}

}  // namespace likeness
