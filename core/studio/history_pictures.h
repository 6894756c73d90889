// Small pictures of what steps of the history did: the place that was painted, seen from before it, or the whole head.
#pragma once

#include <memory>

#include "core/document/document.h"
#include "core/editing/paint_surface.h"
#include "core/image/image.h"
#include "core/pipeline/render_avatar.h"

namespace likeness {

class HistoryPictures {
  public:
    // RGB, `side` x `side`, of `after`; empty for a state whose shape is not made. What both have in common with the
    // pictures before is not made again, so that a step costs little. For one thread at a time.
    Image make(const DocumentState& before, const DocumentState& after, int side);
    // What make() looks through. Precondition: after.avatar.prepared().
    Camera camera(const DocumentState& before, const DocumentState& after, int side);

  private:
    AvatarRenderer renderer_;
    std::shared_ptr<const RestSurface> rest_;
    std::unique_ptr<const PaintSurface> surface_;
};

}  // namespace likeness
