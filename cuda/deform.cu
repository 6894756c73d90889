#include "cuda/deform.cuh"
#include "cuda/launch.cuh"

namespace likeness::cuda {
namespace {

__global__ void __launch_bounds__(linear_threads) deform_kernel(int count, AnchoredArrays a, PosedArrays out) {
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    if (i >= std::size_t(count)) return;
    const AnchorFrame f = load_frame(a.frames + i * frame_floats);
    pose_splat(i, f.origin, f.rotation, f.stretch, a, out);
}

__global__ void __launch_bounds__(linear_threads)
    deform_backward_kernel(int count, AnchoredArrays a, PosedGradients g, AnchoredGradients out) {
    const std::size_t i = std::size_t(blockIdx.x) * linear_threads + threadIdx.x;
    if (i >= std::size_t(count)) return;
    const SplatDerivatives d = deform_derivatives(i, a, g);
    store3(out.offsets + 3 * i, d.offset);
    store3(out.log_scales + 3 * i, d.log_scale);
    store_quaternion(out.quaternions, i, d.quaternion);
    store3(out.albedos + 3 * i, d.albedo);
    out.logits[i] = d.logit;
}

}  // namespace

void deform_forward(int count, const AnchoredArrays& anchored, const PosedArrays& posed, cudaStream_t stream) {
    if (count == 0) return;
    deform_kernel<<<blocks_for(std::size_t(count)), linear_threads, 0, stream>>>(count, anchored, posed);
    check_launch("deform", stream);
}

void deform_backward(int count, const AnchoredArrays& anchored, const PosedGradients& posed_gradients,
                     const AnchoredGradients& gradients, cudaStream_t stream) {
    if (count == 0) return;
    deform_backward_kernel<<<blocks_for(std::size_t(count)), linear_threads, 0, stream>>>(count, anchored,
                                                                                          posed_gradients, gradients);
    check_launch("deform backward", stream);
}

}  // namespace likeness::cuda
