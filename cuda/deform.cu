#include "cuda/deform.cuh"
#include "cuda/launch.cuh"

namespace likeness::cuda {
namespace {

__global__ void __launch_bounds__(linear_threads) deform_kernel(int count, AnchoredArrays a, PosedArrays out) {
    wait_for_previous();
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    if (i >= std::size_t(count)) return;
    const AnchorFrame f = load_frame(a.frames + i * frame_floats);
    pose_splat(i, i, f.origin, f.rotation, f.stretch, a, out);
}

__global__ void __launch_bounds__(linear_threads)
    deform_backward_kernel(int count, AnchoredArrays a, PosedGradients g, AnchoredGradientArrays out) {
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    if (i >= std::size_t(count)) return;
    store_derivatives(i, deform_derivatives(i, a, g), out);
}

}  // namespace

void deform_forward(int count, const AnchoredArrays& anchored, const PosedArrays& posed, cudaStream_t stream) {
    if (count == 0) return;
    launch_chained("deform", deform_kernel, blocks_for(std::size_t(count)), linear_threads, stream, count, anchored, posed);
}

void deform_backward(int count, const AnchoredArrays& anchored, const PosedGradients& posed_gradients,
                     const AnchoredGradientArrays& gradients, cudaStream_t stream) {
    if (count == 0) return;
    deform_backward_kernel<<<blocks_for(std::size_t(count)), linear_threads, 0, stream>>>(count, anchored,
                                                                                          posed_gradients, gradients);
    check_launch("deform backward", stream);
}

}  // namespace likeness::cuda
