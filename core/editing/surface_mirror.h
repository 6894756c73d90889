// The place on the other side of the face.
#pragma once

#include <vector>

#include "core/editing/paint_surface.h"

namespace likeness {

class SurfaceMirror {
  public:
    explicit SurfaceMirror(std::shared_ptr<const PaintSurface> surface);
    // The point between the mirror images of the vertices around it (HeadModel::mirror_vertex, the hair grid's
    // columns): also on faces that are not symmetric.
    SurfacePoint operator()(const SurfacePoint& point) const;

  private:
    int mirrored(int vertex) const;
    std::shared_ptr<const PaintSurface> surface_;
    std::vector<int> first_, triangles_;  // of vertex v: triangles_[first_[v] .. first_[v + 1])
};

}  // namespace likeness
