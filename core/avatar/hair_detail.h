// Strands for hair that no photograph shows: the seen hair's detail, quilted over the rest of the hair shell's chart
// (after Efros and Freeman 2001: patches that fit what is there already, side by side).
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace likeness {

class HairDetail {
  public:
    // Texels over the chart u in [1, 2), v in [0, 1]: about 1.5 mm each on a head.
    static constexpr int width = 448, height = 320;

    // `detail` is color less its smooth part, row by row, `known` where it was seen. Nothing seen: no detail at all.
    HairDetail(std::vector<Eigen::Vector3f> detail, std::vector<std::uint8_t> known, std::uint64_t seed);

    const Eigen::Vector3f& at(const Eigen::Vector2f& uv) const;
    // Atlas position of a texel's middle.
    static Eigen::Vector2f uv(int x, int y) {
        return {1 + (float(x) + 0.5f) / float(width), (float(y) + 0.5f) / float(height)};
    }

  private:
    std::vector<Eigen::Vector3f> detail_;
};

}  // namespace likeness
