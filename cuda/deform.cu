#include "cuda/deform.cuh"
#include "cuda/launch.cuh"

namespace likeness::cuda {
namespace {

__global__ void __launch_bounds__(linear_threads)
    deform_kernel(int count, const float* const* frames, AnchoredArrays a, PosedArrays out) {
    wait_for_previous();
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    if (i >= std::size_t(count)) return;
    const AnchorFrame f = load_frame(frames[blockIdx.y] + i * frame_floats);
    pose_splat(i, std::size_t(blockIdx.y) * count + i, f.origin, f.rotation, f.stretch, a, out);
}

__global__ void __launch_bounds__(linear_threads)
    deform_backward_kernel(int views, int count, const float* const* frames, AnchoredArrays a, PosedGradients g,
                           AnchoredGradientArrays out, ViewWeights weights) {
    wait_for_previous();
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    if (i >= std::size_t(count)) return;
    SplatGradients sum{};
    for (int v = 0; v < views; ++v) {
        const AnchorFrame f = load_frame(frames[v] + i * frame_floats);
        sum = sum + weighed(deform_gradients(i, std::size_t(v) * count + i, f, a, g), weights, v, i);
    }
    store_gradients(i, sum, out);
}

}  // namespace

void deform_batch(int views, int count, const float* const* frames, const AnchoredArrays& anchored,
                  const PosedArrays& posed, cudaStream_t stream) {
    if (count == 0) return;
    launch_chained("deform", deform_kernel, dim3(blocks_for(std::size_t(count)), unsigned(views)), linear_threads,
                   stream, count, frames, anchored, posed);
}

void deform_batch_backward(int views, int count, const float* const* frames, const AnchoredArrays& anchored,
                           const PosedGradients& posed_gradients, const AnchoredGradientArrays& gradients,
                           const ViewWeights& weights, cudaStream_t stream) {
    if (count == 0) return;
    launch_chained("deform backward", deform_backward_kernel, blocks_for(std::size_t(count)), linear_threads, stream,
                   views, count, frames, anchored, posed_gradients, gradients, weights);
}

}  // namespace likeness::cuda
