// Colors for points on the avatar's surface from one photograph: seen directly, seen on the mirrored side, or
// filled from neighbours.
#pragma once

#include <memory>
#include <utility>

#include "core/avatar/hair_detail.h"
#include "core/avatar/mouth.h"
#include "core/avatar/photo.h"

namespace likeness {

// One color and the trust in it, in [0, 1], for each of a list of points.
struct PointColors {
    std::vector<Eigen::Vector3f> color;
    std::vector<float> trust;
};

// How much of each of the head's vertices [V] a blink would uncover, in [0, 1]. An open eye's upper lid is rolled up:
// the few pixels that show it are lashes and crease, and would paint a closed eye black. 0 where `pose` has the eye
// shut.
std::vector<float> rolled_lids(const HeadModel& model, const HeadPose& pose);

class Unprojection {
  public:
    // The avatar must be prepared, with its hair shell; `photo` has its head, and must outlive this.
    Unprojection(const Avatar& avatar, const Photo& photo);
    // Finds colors for what is not seen; colors() and smooth() need it, seen() does not.
    void fill(const std::vector<float>& hair_presence);

    // What the photograph shows at the points (no filling); trust 0 where it shows nothing of them.
    PointColors seen(const std::vector<SurfacePoint>& points) const;
    // Every point colored; after fill().
    PointColors colors(const std::vector<SurfacePoint>& points) const;
    // Smooth color of each vertex of the whole surface, filled everywhere; after fill().
    const Vertices& smooth() const { return smooth_; }
    // The surface in the photograph's pose.
    const Vertices& surface() const { return surface_; }

  private:
    Eigen::Vector3i mirrored(const Eigen::Vector3i& vertices) const;
    // `region`: none for hair.
    void see(const Eigen::Vector3i& vertices, const Eigen::Vector3f& barycentric, std::optional<HeadRegion> region,
             Eigen::Vector3f& color, float& trust) const;
    std::vector<int> seen_clothes(const std::vector<float>& trust) const;
    float collar_height(const std::vector<int>& clothes) const;
    std::pair<Eigen::Vector3f, float> outer_clothes(const std::vector<int>& clothes, const PointColors& seen,
                                                    const Eigen::Vector3f& bare) const;
    void fill_smooth(const std::vector<float>& hair_presence);
    void find_hollows();
    void find_hair_detail(const std::vector<float>& hair_presence);

    const Avatar& avatar_;
    const Photo& photo_;
    Vertices surface_, normals_, smooth_;
    Eigen::Vector3f hair_color_ = Eigen::Vector3f::Ones();  // what unseen hair looks like
    std::vector<float> hollow_;     // darkening of each vertex of the head by what surrounds it, for filled colors
    std::vector<float> rolled_;     // see rolled_lids()
    Image solid_;                   // the matte, shrunk by what its edge mixes
    std::unique_ptr<MouthColors> mouth_;
    std::unique_ptr<HairDetail> hair_detail_;  // null when there is no hair shell
    int head_vertices_ = 0;
};

}  // namespace likeness
