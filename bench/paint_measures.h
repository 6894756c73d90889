// How true, steady and fast paint is on an avatar (docs/measures.md, "Editing").
#pragma once

#include <vector>

#include "core/avatar/avatar.h"
#include "core/view/scene_renderer.h"

namespace likeness::bench {

struct PaintMeasures {
    double ssim_front = 1, ssim_close = 1;  // the worst of cheek, forehead and neck
    double slip_mm = 0;                     // the 95th percentile, the worst of the same
    double leak = 0;                        // largest change of a channel off the strokes
    double dab_p95_ms = 0, undo_ms = 0, toggle_ms = 0;
};

// `text`: of the sticker, RGBA. `look`: layers that lie on the face while dabs are timed. `poses`: through which
// stickers are followed. Precondition: avatar.prepared(), without paint.
PaintMeasures measure_paint(const Avatar& avatar, SceneRenderer& renderer, const Image& text,
                            const std::vector<PaintLayer>& look, const std::vector<HeadPose>& poses);

}  // namespace likeness::bench
