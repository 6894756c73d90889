// Densification where the Gaussians are: the GPU twin of core/learning/densify.h, whose rule holds to the bit for what
// is chosen and in which order. All pointers are device pointers; nothing is allocated.
//
// Two steps, since how many there will be decides how much memory they need: plan_densify(), then, once its count is
// known on the host, make_descendants().
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "core/learning/densify_rule.h"
#include "likeness/cuda/parameters.h"

namespace likeness::cuda {

struct DensifyPlan {
    unsigned* from = nullptr;   // [most_descendants()] which Gaussian each new one comes from; halves are neighbours
    unsigned* count = nullptr;  // one: how many there will be
};
inline std::size_t most_descendants(std::size_t count) {
    return count + std::size_t(densify_rule::splits_wanted(count, ~std::uint64_t(0)));
}

std::size_t densify_workspace_bytes(std::size_t count);
// `frames` [count, 13] in the rest pose, `opacity_logits` and `gradients` [count]; `workspace` aligned to 256 bytes.
void plan_densify(std::size_t count, const float* frames, const float* opacity_logits, const float* gradients,
                  std::uint64_t cap, std::uint64_t seed, void* workspace, const DensifyPlan& plan, cudaStream_t stream);

// Parameters of the `count` new Gaussians from those before.
void make_descendants(std::size_t count, const unsigned* from, std::uint64_t seed, const ParameterArrays& before,
                      const ParameterArrays& after, cudaStream_t stream);

}  // namespace likeness::cuda
