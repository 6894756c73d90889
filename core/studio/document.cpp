#include "core/studio/document.h"

#include <algorithm>

#include "core/avatar/deform.h"

namespace likeness {

bool Document::layer_shown(Layer layer) const {
    const auto& solo = edits.layer_solo;
    const bool some_solo = std::any_of(solo.begin(), solo.end(), [](bool on) { return on; });
    return some_solo ? solo[std::size_t(layer)] : !edits.layer_hidden[std::size_t(layer)];
}

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
    if (std::all_of(scene.visible.begin(), scene.visible.end(), [](bool on) { return on; })) return;
    for (std::size_t i = 0; i < splats.count; ++i)
        if (!scene.visible[std::size_t(splats.layer[i])]) posed.opacities[i] = 0;
}

}  // namespace likeness
