// Pictures of an avatar.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/avatar/avatar.h"
#include "core/base/result.h"
#include "core/editing/painted_splats.h"
#include "core/splat/rasterizer.h"
#include "core/view/scene.h"

namespace likeness {

// A picture is rendered as large as its samples ask for: below this its memory stays under 2 GiB.
inline constexpr std::int64_t most_samples = std::int64_t(40) << 20;  // pixels times samples
// Error: invalid_argument (samples that are not 1, 4 or 16; too many for that size).
Status check_samples(int width, int height, int samples);

// What was rasterized over black (or over a background: then opaque) as RGBA with straight alpha.
Image picture_of(const Frame& frame, bool opaque);

class AvatarRenderer {
  public:
    explicit AvatarRenderer(std::unique_ptr<Rasterizer> rasterizer = make_cpu_rasterizer(),
                            const PartFlags& visible = all_parts);

    // RGBA, straight alpha; opaque RGBA over a background when one is given.
    Image render(const Avatar& avatar, const HeadPose& pose, const Camera& camera,
                 const std::optional<std::array<float, 3>>& background = {});
    // True from another thread: render() throws Cancelled soon. Null, as at first: nothing stops it.
    void set_stop(const std::atomic<bool>* stop) { stop_ = stop; }
    // The raw outputs, over black.
    const Frame& render_frame(const Avatar& avatar, const HeadPose& pose, const Camera& camera,
                              const RasterOptions& options);

  private:
    std::unique_ptr<Rasterizer> rasterizer_;
    PartFlags visible_;
    const std::atomic<bool>* stop_ = nullptr;
    PaintedSplats painter_;
    SplatSet posed_;
    Frame frame_;
};

// At rest, from the front: 256 x 256, for avatars' files.
Image thumbnail(const Avatar& avatar, AvatarRenderer& renderer);

// The bare surface (no hair shell), shaded by its normals; RGBA.
Image render_mesh(const Avatar& avatar, const HeadPose& pose, const Camera& camera);

}  // namespace likeness
