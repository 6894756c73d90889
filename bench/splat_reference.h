// A plain CPU rasterizer to compare with: tiles of 16 x 16, a Gaussian in each tile of its three-sigma square, then for
// each pixel a scalar loop over the tile's list, as published methods do (Kerbl et al. 2023, section 6). Same threads.
// Its backward pass ends at the projected Gaussian (position, covariance, opacity, color), so it does less than the
// real one.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "core/geometry/camera.h"
#include "core/image/image.h"
#include "core/splat/splat_set.h"

namespace likeness::bench {

class ReferenceRasterizer {
  public:
    void forward(const SplatSet& splats, const Camera& camera, float background, Image& color);
    void backward(const Image& grad_color);
    double pairs() const;  // (pixel, Gaussian) pairs blended by the last forward call

  private:
    struct Screen {
        float u, v, a, b, c, opacity, depth;
        const float* color;
        std::uint32_t index;
    };
    void project(const SplatSet& splats, const Camera& camera);
    void list_tiles(int width, int height);

    int width_ = 0, height_ = 0, columns_ = 0;
    float background_ = 0;
    std::vector<Screen> screen_;  // by depth
    std::vector<float> radius_;
    std::vector<std::vector<std::uint32_t>> tiles_;
    std::vector<float> transmittance_;           // at the end, one a pixel
    std::vector<std::uint32_t> last_;            // Gaussians of the list that a pixel walked through
    std::vector<std::uint32_t> blended_;         // one a pixel
    std::vector<std::atomic<float>> gradients_;  // [splats, 9]
};

}  // namespace likeness::bench
