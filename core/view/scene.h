// What a view shows: an avatar in a pose, or a file of Gaussians as it is.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>

#include "core/avatar/avatar.h"
#include "core/editing/painted_splats.h"

namespace likeness {

using PartFlags = std::array<bool, splat_part_names.size()>;
inline constexpr PartFlags all_parts{true, true, true, true, true, true};

struct Scene {
    std::uint64_t version = 0;               // another number: something below changed
    Avatar avatar;                           // prepared; without a model for a file of splats
    std::shared_ptr<const SplatSet> splats;  // of a file of splats
    HeadPose pose;
    PartFlags visible = all_parts;

    bool has_avatar() const { return avatar.model != nullptr; }
    bool empty() const { return !has_avatar() && !splats; }
    std::size_t gaussian_count() const { return splats ? splats->count : avatar.splats->count; }
};
// Gaussians as they are to be rasterized, with their paint; those of hidden parts get opacity 0. `painter` remembers
// what it made of the paint for the next time.
void pose_scene(const Scene& scene, PaintedSplats& painter, SplatSet& posed);
// The same once, for programs that order Gaussians by depth alone.
void pose_scene(const Scene& scene, SplatSet& posed);
void hide_parts(const AnchoredSplats& splats, const PartFlags& visible, SplatSet& posed);

// The head's surface in a pose, for meshes, picking and landmarks.
struct PosedSurface {
    Vertices vertices, normals;
};

// The surface of a scene, made when it is first asked for: pictures need it only now and then.
class SceneSurface {
  public:
    explicit SceneSurface(const Scene& scene) : rest_(scene.avatar.rest), pose_(scene.pose) {}
    // From any thread; null without an avatar. Lives as long as this.
    const PosedSurface* get() const;

  private:
    std::shared_ptr<const RestSurface> rest_;
    HeadPose pose_;
    mutable std::once_flag made_;
    mutable std::unique_ptr<const PosedSurface> surface_;
};

}  // namespace likeness
