// The point of the surface that one sees at a pixel of a posed avatar. The Gaussians decide what is seen there (skin,
// hair, cloth, at which depth), the mesh says where exactly it is.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "core/avatar/avatar.h"
#include "core/avatar/surface_batch.h"

namespace likeness {

// Which Gaussians lie over each triangle, and how far from it they reach. Of an avatar's surface and Gaussians as they
// are; for all poses.
class PickIndex {
  public:
    // Precondition: avatar.prepared(), its Gaussians anchored.
    explicit PickIndex(const Avatar& avatar);
    // Of these very parts.
    bool is_of(const Avatar& avatar) const;

  private:
    friend class SurfacePicker;
    Avatar avatar_;
    SurfaceTopology topology_;
    std::vector<int> first_, splats_;  // of triangle t: splats_[first_[t] .. first_[t + 1])
    std::vector<float> splat_reach_;   // metres at rest, from a Gaussian's anchor to where it is hardly seen
    std::vector<float> reach_;         // of each triangle, the largest of its Gaussians'
};

struct SurfacePick {
    SurfacePoint point;
    Eigen::Vector3f position;  // of that point in the pose, metres
    float depth = 0;           // along the camera's z, of what is seen
    SplatPart part = SplatPart::skin;
};

class SurfacePicker {
  public:
    // `visible`: parts that are drawn.
    SurfacePicker(std::shared_ptr<const PickIndex> index, const HeadPose& pose,
                  const std::array<bool, splat_part_names.size()>& visible);

    // At the pixel position (x, y), centres at +0.5. Nothing where the background shows.
    std::optional<SurfacePick> pick(const Camera& camera, float x, float y) const;
    const Vertices& vertices() const { return vertices_; }  // head, then hair, in the pose
    const Avatar& avatar() const { return index_->avatar_; }

  private:
    struct Ray {
        Eigen::Vector3f eye, along;  // unit length
        float pixel;                 // metres a metre away by which a Gaussian grows on the screen
    };
    struct Seen {
        float depth = 0, weight = 0;
        int splat = -1;
        float size = 0;  // its largest standard deviation, metres
    };
    std::vector<int> triangles_near(const Ray& ray) const;
    std::vector<Seen> seen_at(const Camera& camera, float x, float y, const Ray& ray,
                              const std::vector<int>& triangles) const;
    SurfacePoint point_of(const Ray& ray, const Seen& front, const std::vector<int>& triangles) const;

    std::shared_ptr<const PickIndex> index_;
    std::array<bool, splat_part_names.size()> visible_;
    Vertices vertices_;
    std::vector<float> normals_;             // as surface_normals() gives them
    std::vector<float> x_, y_, z_, radius_;  // of each triangle's ball, Gaussians included
};

}  // namespace likeness
