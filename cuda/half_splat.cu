#include "cuda/deform.cuh"
#include "cuda/launch.cuh"

namespace likeness::cuda {
namespace {

__device__ RestSplat splat_of(const AnchoredArrays& a, std::size_t i) { return rest_splat(a, i); }
__device__ RestSplat splat_of(const PosedArrays& p, std::size_t i) {
    const Quaternion raw = load_quaternion(p.rotations, i);
    return {load3(p.means + 3 * i), load3(p.scales + 3 * i), load3(p.colors + 3 * i), scaled(raw, 1.0f / length(raw)),
            p.opacities[i]};
}

template <class From>
__global__ void __launch_bounds__(linear_threads) narrow_kernel(int count, From from, float* places, HalfSplat* splats) {
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    if (i >= std::size_t(count)) return;
    const RestSplat s = splat_of(from, i);
    store3(places + 3 * i, s.offset);
    splats[i] = narrowed(s.scale, s.rotation, s.color, s.opacity);
}

template <class From>
void launch(int count, const From& from, float* places, HalfSplat* splats, cudaStream_t stream) {
    if (count == 0) return;
    narrow_kernel<<<blocks_for(std::size_t(count)), linear_threads, 0, stream>>>(count, from, places, splats);
    check_launch("narrow", stream);
}

}  // namespace

void narrow(int count, const AnchoredArrays& anchored, const HalfAnchored& to, cudaStream_t stream) {
    launch(count, anchored, to.offsets, to.splats, stream);
}
void narrow(int count, const PosedArrays& posed, const HalfPosed& to, cudaStream_t stream) {
    launch(count, posed, to.means, to.splats, stream);
}

}  // namespace likeness::cuda
