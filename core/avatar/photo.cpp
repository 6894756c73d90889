#include "core/avatar/photo.h"

#include "core/geometry/mesh_raster.h"

namespace likeness {

SeenHead see_head(const HeadModel& model, const Vertices& posed, const Camera& camera) {
    MeshBuffer buffer = rasterize_mesh(posed, model.triangles, camera);
    SeenHead head{std::vector<std::optional<HeadRegion>>(buffer.triangle.size()), std::move(buffer.depth)};
    for (std::size_t i = 0; i < head.region.size(); ++i)
        if (const int t = buffer.triangle[i]; t >= 0) head.region[i] = model.triangle_region[std::size_t(t)];
    return head;
}

}  // namespace likeness
