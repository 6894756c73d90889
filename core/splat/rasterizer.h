// The rasterizer's interface: 3D Gaussian splatting (Kerbl et al. 2023), forward and backward.
//
// A Gaussian's covariance is projected by the local affine approximation (EWA), 0.3 px^2 is added to its diagonal,
// alpha = opacity * exp(-power) below 1/255 is dropped and at most 0.99, pixels are evaluated at centres (+0.5),
// Gaussians are blended front to back by camera depth (ties by index) until transmittance falls below 1e-4: the
// Gaussian that would bring it there is the first not blended. Gaussians with a value that is not finite are not drawn.
// Gaussians nearer than `near_plane` are dropped. Covariance is not clamped at the image border beyond the usual
// 1.3 x field-of-view limit on x/z and y/z in the Jacobian: |x/z| <= 1.3 width / (2 fx), wherever the principal point
// is.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "core/base/stage_time.h"
#include "core/geometry/camera.h"
#include "core/image/image.h"
#include "core/splat/splat_set.h"

namespace likeness {

struct RasterOptions {
    std::array<float, 3> background = {0, 0, 0};  // seen where transmittance is left
    float near_plane = 0.01f;                     // metres
    bool depth = false;                           // fill Frame::depth
    bool normal = false;                          // fill Frame::normal
    // True from another thread: forward() throws Cancelled (core/base/task.h) within some tenths of a second.
    const std::atomic<bool>* stop = nullptr;
};

// What a render gives. Color includes the background; depth, normal and extra are weighted sums (not divided by
// alpha): depth = sum w z, normal = sum w n with n the world-space direction of the Gaussian's shortest axis, turned
// towards the camera.
struct Frame {
    Image color;   // 3 channels
    Image alpha;   // 1 channel, 1 - transmittance
    Image depth;   // 1 channel, metres along the camera's z; empty unless asked for
    Image normal;  // 3 channels, empty unless asked for
    Image extra;   // SplatSet::extra_channels, empty when 0
};

// Gradients of the loss by a Frame's images; an empty image counts as zero.
using FrameGradients = Frame;

class Rasterizer {
  public:
    virtual ~Rasterizer() = default;
    virtual std::string name() const = 0;  // "cpu-avx2", "cuda", ...

    // Renders and remembers what the backward pass needs. The splats must stay unchanged until then. Colors are taken
    // as they are, without harmonics (harmonics.h).
    virtual void forward(const SplatSet& splats, const Camera& camera, const RasterOptions& options, Frame& frame) = 0;

    // Gradients of the last forward call; overwrites `gradients`. Also adds each Gaussian's screen-space position
    // gradient norm (pixels) to `screen_gradient` when given: densification uses it. Gradients of Gaussians that were
    // not drawn are zero. Throws std::invalid_argument when an image's size differs from the rendered one's, and where
    // Gaussians were filtered (splat_set.h).
    virtual void backward(const FrameGradients& frame_gradients, SplatGradients& gradients,
                          std::vector<float>* screen_gradient = nullptr) = 0;

    // From now on called by both after each of their stages, where an implementation has some.
    virtual void set_mark(StageMark) {}
};

// Threads, and AVX-512 or AVX2 where the processor has it (checked at run time), portable code elsewhere. The
// environment variable LIKENESS_SIMD=portable, avx2 or avx512 asks for one of them. Results do not depend on the number
// of threads. At most 60 extra channels and 32768 pixels a side (std::invalid_argument).
std::unique_ptr<Rasterizer> make_cpu_rasterizer();
// The same, with at most so many pairs of a tile and a Gaussian at a time; each takes 24 bytes. A picture that has more
// is drawn in parts, and is the same. Only a backward pass after it lists all of them.
std::unique_ptr<Rasterizer> make_cpu_rasterizer_within(std::size_t most_instances);
inline constexpr std::size_t usual_instances = std::size_t(8) << 20;

}  // namespace likeness
