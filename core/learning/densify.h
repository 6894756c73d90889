// Gaussians are taken away where they hardly show, and split where the picture is worst.
//
// After FATE (Zhang et al. 2025), sampling-based densification: of the Gaussians that stay, some are drawn with
// probability proportional to their screen-space gradient, and each of those becomes two smaller ones beside each other
// on the surface. All then lie in Morton order of their anchors' places at rest, so that neighbours on the head are
// neighbours in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/avatar/deform.h"

namespace likeness {

struct DensifyOptions {
    std::size_t cap = 0;     // most Gaussians; those that show are kept even beyond it
    std::uint64_t seed = 0;  // of the draw
};

// Which Gaussian each of the new ones comes from; the two halves of one are neighbours.
using Ancestry = std::vector<std::uint32_t>;

// `gradient` [count] as TrainingEngine::screen_gradient() gives it; `at_rest`: the surface's frames under the Gaussians in
// the rest pose. Throws std::invalid_argument when sizes do not match.
Ancestry densify(AnchoredSplats& splats, const std::vector<float>& gradient, const SplatFrames& at_rest,
                 const DensifyOptions& options);

// The same rows of every array: parts, anchors and values of those that others come from.
AnchoredSplats descendants(const AnchoredSplats& splats, const Ancestry& from);

}  // namespace likeness
