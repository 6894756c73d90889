#include "likeness/cuda/densify.h"

#include <algorithm>
#include <cub/block/block_reduce.cuh>
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_scan.cuh>

#include "core/learning/densify_rule.h"
#include "cuda/launch.cuh"
#include "cuda/vector.cuh"
#include "likeness/cuda/deform.h"

namespace likeness::cuda {
namespace {

using Key = unsigned long long;  // the place in the Morton curve; those taken away lie behind its end
constexpr int key_bits = densify_rule::morton_bits + 1;
constexpr Key taken_away = Key(1) << densify_rule::morton_bits;

struct Draw {
    unsigned kept;
    float largest;  // gradient of those kept
};

struct Workspace {
    Draw* draw;
    Key *keys, *sorted_keys;
    unsigned *numbers, *order;  // of the Gaussians, as they are and in Morton order
    Key* sums;                  // of weights, in Morton order
    unsigned* ends;             // of each one's descendants
    void* cub;
    std::size_t cub_bytes, bytes;
};

// With a null base it only measures.
Workspace cut(void* base, std::size_t count) {
    Workspace w{};
    std::size_t used = 0;
    const auto take = [&]<class T>(T*& piece, std::size_t n) {
        piece = base ? reinterpret_cast<T*>(static_cast<char*>(base) + used) : nullptr;
        used += (n * sizeof(T) + 255) / 256 * 256;
    };
    take(w.draw, 1);
    take(w.keys, count);
    take(w.sorted_keys, count);
    take(w.numbers, count);
    take(w.order, count);
    take(w.sums, count);
    take(w.ends, count);
    std::size_t sort = 0, sum = 0, place = 0;
    check(cub::DeviceRadixSort::SortPairs(nullptr, sort, w.keys, w.sorted_keys, w.numbers, w.order, int(count), 0,
                                          key_bits),
          "size of the sort");
    check(cub::DeviceScan::InclusiveSum(nullptr, sum, w.sums, w.sums, int(count)), "size of the sums");
    check(cub::DeviceScan::InclusiveSum(nullptr, place, w.ends, w.ends, int(count)), "size of the sums");
    w.cub_bytes = std::max({sort, sum, place});
    w.cub = base ? static_cast<char*>(base) + used : nullptr;
    w.bytes = used + w.cub_bytes;
    return w;
}

__global__ void __launch_bounds__(linear_threads)
    key_kernel(std::size_t count, const float* frames, const float* opacity_logits, const float* gradients, Workspace w) {
    using Reduce = cub::BlockReduce<float, linear_threads>;
    __shared__ typename Reduce::TempStorage memory;
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    const bool kept = i < count && opacity_logits[i] > densify_rule::lowest_logit;
    if (i < count) {
        const Vec3 at = load3(frames + i * frame_floats);
        w.keys[i] = kept ? Key(densify_rule::morton(at.x, at.y, at.z)) : taken_away;
        w.numbers[i] = unsigned(i);
    }
    const int together = __syncthreads_count(kept);
    const float largest = Reduce(memory).Reduce(kept ? gradients[i] : 0.0f, [](float a, float b) { return a < b ? b : a; });
    if (threadIdx.x != 0 || together == 0) return;
    atomicAdd(&w.draw->kept, unsigned(together));
    // Floats that are not negative are in the order of their bits.
    if (largest > 0) atomicMax(reinterpret_cast<unsigned*>(&w.draw->largest), __float_as_uint(largest));
}

__global__ void __launch_bounds__(linear_threads)
    weight_kernel(std::size_t count, const float* gradients, Workspace w) {
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    if (i >= count) return;
    w.sums[i] =
        w.sorted_keys[i] == taken_away ? 0u : densify_rule::weight(gradients[w.order[i]], w.draw->largest);
}

// How many come of each: one, two where a mark lies between the sum before it and its own, or none.
__global__ void __launch_bounds__(linear_threads)
    draw_kernel(std::size_t count, std::uint64_t cap, std::uint64_t seed, Workspace w) {
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    if (i >= count) return;
    unsigned descendants = w.sorted_keys[i] == taken_away ? 0u : 1u;
    const std::uint64_t total = w.sums[count - 1];
    if (descendants > 0 && total > 0) {
        const std::uint64_t wanted = densify_rule::splits_wanted(w.draw->kept, cap);
        const std::uint64_t start = densify_rule::random_bits(seed, 0) % total;
        const auto below = [&](std::uint64_t sum) { return densify_rule::marks_below(sum, total, wanted, start); };
        if (below(w.sums[i]) > below(i > 0 ? w.sums[i - 1] : 0)) ++descendants;
    }
    w.ends[i] = descendants;
}

__global__ void __launch_bounds__(linear_threads) place_kernel(std::size_t count, Workspace w, DensifyPlan plan) {
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    if (i >= count) return;
    for (unsigned to = i > 0 ? w.ends[i - 1] : 0; to < w.ends[i]; ++to) plan.from[to] = w.order[i];
    if (i + 1 == count) *plan.count = w.ends[i];
}

__device__ void copy3(float* to, std::size_t t, const float* from, std::size_t f) { store3(to + 3 * t, load3(from + 3 * f)); }

__global__ void __launch_bounds__(linear_threads)
    descend_kernel(std::size_t count, const unsigned* from, std::uint64_t seed, ParameterArrays before,
                   ParameterArrays after) {
    const std::size_t to = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    if (to >= count) return;
    const unsigned i = from[to];
    reinterpret_cast<float4*>(after.quaternions)[to] = reinterpret_cast<const float4*>(before.quaternions)[i];
    copy3(after.albedos, to, before.albedos, i);
    after.opacity_logits[to] = before.opacity_logits[i];
    Vec3 offset = load3(before.offsets + 3 * std::size_t(i)), scale = load3(before.log_scales + 3 * std::size_t(i));
    const bool first = to + 1 < count && from[to + 1] == i, second = to > 0 && from[to - 1] == i;
    if (first || second) {
        const float turn = densify_rule::uniform(densify_rule::random_bits(seed, i + std::uint64_t(1)));
        const float distance = densify_rule::half_distance * expf(0.5f * (scale.x + scale.y));
        float sine = 0, cosine = 0;
        sincospif(2 * turn, &sine, &cosine);
        const float side = first ? distance : -distance;
        offset = offset + Vec3{side * cosine, side * sine, 0};
        scale.x -= densify_rule::shrink;
        scale.y -= densify_rule::shrink;
    }
    store3(after.offsets + 3 * to, offset);
    store3(after.log_scales + 3 * to, scale);
}

}  // namespace

std::size_t densify_workspace_bytes(std::size_t count) { return cut(nullptr, count).bytes; }

void plan_densify(std::size_t count, const float* frames, const float* opacity_logits, const float* gradients,
                  std::uint64_t cap, std::uint64_t seed, void* workspace, const DensifyPlan& plan,
                  cudaStream_t stream) {
    check(cudaMemsetAsync(plan.count, 0, sizeof(*plan.count), stream), "plan densification");
    if (count == 0) return;
    const Workspace w = cut(workspace, count);
    const unsigned blocks = blocks_for(count);
    std::size_t bytes = w.cub_bytes;
    check(cudaMemsetAsync(w.draw, 0, sizeof(Draw), stream), "plan densification");
    key_kernel<<<blocks, linear_threads, 0, stream>>>(count, frames, opacity_logits, gradients, w);
    check_launch("Morton keys", stream);
    check(cub::DeviceRadixSort::SortPairs(w.cub, bytes, w.keys, w.sorted_keys, w.numbers, w.order, int(count), 0,
                                          key_bits, stream),
          "Morton order");
    weight_kernel<<<blocks, linear_threads, 0, stream>>>(count, gradients, w);
    check_launch("weights", stream);
    check(cub::DeviceScan::InclusiveSum(w.cub, bytes, w.sums, w.sums, int(count), stream), "sum of weights");
    draw_kernel<<<blocks, linear_threads, 0, stream>>>(count, cap, seed, w);
    check_launch("draw", stream);
    check(cub::DeviceScan::InclusiveSum(w.cub, bytes, w.ends, w.ends, int(count), stream), "places");
    place_kernel<<<blocks, linear_threads, 0, stream>>>(count, w, plan);
    check_launch("places", stream);
}

void make_descendants(std::size_t count, const unsigned* from, std::uint64_t seed, const ParameterArrays& before,
                      const ParameterArrays& after, cudaStream_t stream) {
    if (count == 0) return;
    descend_kernel<<<blocks_for(count), linear_threads, 0, stream>>>(count, from, seed, before, after);
    check_launch("descendants", stream);
}

}  // namespace likeness::cuda
