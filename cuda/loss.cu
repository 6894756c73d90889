// Both kernels work on 16 x 16 pixels of one channel. The window is separable, so rows are filtered in shared memory
// before columns. The gradient of a filtered map is the same filter applied to the map's gradient (the window is
// symmetric and the border is zero), so the first kernel leaves dSSIM/d(statistics) behind and the second filters them.
#include <cmath>

#include "cuda/launch.cuh"
#include "likeness/cuda/loss.h"

namespace likeness::cuda {
namespace {

inline constexpr int block_width = 16, block_height = 16;
inline constexpr int halo_width = block_width + 2 * ssim_radius, halo_height = block_height + 2 * ssim_radius;
inline constexpr int block_threads = block_width * block_height;
inline constexpr int channels = 3;

struct LossArguments {
    LossOptions options;
    LossInputs inputs;
    LossOutputs outputs;
    float* partials;  // [images, 3, channels, height, width]; null without SSIM
    float window[ssim_radius + 1];
    float inverse_normalizer;
};

// One of the pictures, and the channel that a block works on.
struct Picture {
    LossInputs inputs;
    LossOutputs outputs;
    float* partials;
    int channel;
};
__device__ Picture picture_of(const LossArguments& a, int block) {
    const std::size_t image = std::size_t(block / channels), plane = std::size_t(a.options.width) * a.options.height;
    Picture p{a.inputs, a.outputs, a.partials, block % channels};
    p.inputs.color += image * channels * plane;
    p.inputs.alpha += image * plane;
    p.inputs.target = a.inputs.targets ? a.inputs.targets[image] : a.inputs.target + image * 4 * plane;
    if (p.inputs.mask) p.inputs.mask += image * plane;
    p.outputs.terms += image;
    p.outputs.color_gradient += image * channels * plane;
    p.outputs.alpha_gradient += image * plane;
    if (p.partials) p.partials += image * 3 * channels * plane;
    return p;
}

__device__ std::size_t pixel_index(const LossArguments& a, int x, int y) {
    return std::size_t(y) * a.options.width + x;
}
__device__ bool inside(const LossArguments& a, int x, int y) {
    return x >= 0 && y >= 0 && x < a.options.width && y < a.options.height;
}
__device__ float mask_at(const Picture& p, std::size_t pixel) { return p.inputs.mask ? p.inputs.mask[pixel] : 1.0f; }
__device__ float target_alpha(const Picture& p, std::size_t pixel) {
    return float(p.inputs.target[4 * pixel + 3]) * (1.0f / 255.0f);
}
__device__ float target_color(const Picture& p, std::size_t pixel) {
    const float alpha = target_alpha(p, pixel);
    const float behind = p.inputs.background ? p.inputs.background[p.channel] : 0.0f;
    return float(p.inputs.target[4 * pixel + p.channel]) * (1.0f / 255.0f) * alpha + behind * (1.0f - alpha);
}

__device__ float window_at(const LossArguments& a, int offset) { return a.window[offset < 0 ? -offset : offset]; }

// Sum over the block, valid on thread 0; every thread must enter.
__device__ float block_sum(float value) {
    __shared__ float partial[block_threads / warp_threads];
    for (int step = warp_threads / 2; step > 0; step /= 2) value += __shfl_down_sync(all_lanes, value, step);
    const int thread = int(threadIdx.x);
    __syncthreads();  // an earlier call may still be read
    if (thread % warp_threads == 0) partial[thread / warp_threads] = value;
    __syncthreads();
    if (thread == 0) {
        for (int warp = 1; warp < block_threads / warp_threads; ++warp) value += partial[warp];
    }
    return value;
}

// SSIM of one channel and its derivatives by the mean, the mean square and the mean product of the render, as the
// filtered maps E[c], E[c^2], E[c t].
__global__ void __launch_bounds__(block_threads) ssim_kernel(const __grid_constant__ LossArguments a) {
    __shared__ float render[halo_height][halo_width], target[halo_height][halo_width];
    __shared__ float rows[5][halo_height][block_width];
    const Picture p = picture_of(a, int(blockIdx.z));
    const int channel = p.channel, thread = int(threadIdx.x);
    const int left = int(blockIdx.x) * block_width, top = int(blockIdx.y) * block_height;
    for (int i = thread; i < halo_width * halo_height; i += block_threads) {
        const int x = left + i % halo_width - ssim_radius, y = top + i / halo_width - ssim_radius;
        float c = 0, t = 0;
        if (inside(a, x, y)) {
            const std::size_t pixel = pixel_index(a, x, y);
            c = p.inputs.color[channels * pixel + channel];
            t = target_color(p, pixel);
        }
        render[i / halo_width][i % halo_width] = c;
        target[i / halo_width][i % halo_width] = t;
    }
    __syncthreads();
    for (int i = thread; i < halo_height * block_width; i += block_threads) {
        const int row = i / block_width, column = i % block_width;
        float sums[5] = {};
#pragma unroll
        for (int k = -ssim_radius; k <= ssim_radius; ++k) {
            const float weight = window_at(a, k);
            const float c = render[row][column + ssim_radius + k], t = target[row][column + ssim_radius + k];
            sums[0] += weight * c;
            sums[1] += weight * t;
            sums[2] += weight * c * c;
            sums[3] += weight * t * t;
            sums[4] += weight * c * t;
        }
#pragma unroll
        for (int s = 0; s < 5; ++s) rows[s][row][column] = sums[s];
    }
    __syncthreads();
    const int column = thread % block_width, row = thread / block_width;
    float means[5] = {};
#pragma unroll
    for (int k = -ssim_radius; k <= ssim_radius; ++k) {
        const float weight = window_at(a, k);
#pragma unroll
        for (int s = 0; s < 5; ++s) means[s] += weight * rows[s][row + ssim_radius + k][column];
    }
    const float mc = means[0], mt = means[1];
    const float variance_c = means[2] - mc * mc, variance_t = means[3] - mt * mt, covariance = means[4] - mc * mt;
    const float a1 = 2 * mc * mt + ssim_c1, a2 = 2 * covariance + ssim_c2;
    const float b1 = mc * mc + mt * mt + ssim_c1, b2 = variance_c + variance_t + ssim_c2;
    const float inverse = 1.0f / (b1 * b2);
    const float ssim = a1 * a2 * inverse;
    const int x = left + column, y = top + row;
    float loss = 0;
    if (inside(a, x, y)) {
        const std::size_t pixel = pixel_index(a, x, y);
        const float mask = mask_at(p, pixel);
        loss = mask * (1.0f - ssim);
        const float by_covariance = 2 * a1 * inverse;
        const float by_variance = -ssim / b2;
        const float by_mean = 2 * mt * a2 * inverse - 2 * mc * ssim / b1 - 2 * mc * by_variance - mt * by_covariance;
        const std::size_t plane = std::size_t(a.options.width) * a.options.height;
        float* const partials = p.partials + channel * plane + pixel;
        partials[0] = mask * by_mean;
        partials[channels * plane] = mask * by_variance;
        partials[2 * channels * plane] = mask * by_covariance;
    }
    const float sum = block_sum(loss);
    if (thread == 0) atomicAdd(&p.outputs.terms->dssim, double(sum) * double(a.inverse_normalizer) / (2 * channels));
}

// Filters the partial derivatives; leaves dSSIM_sum/dc of this thread's pixel.
__device__ float ssim_gradient(const LossArguments& a, const Picture& p, int left, int top, float c, float t) {
    __shared__ float maps[3][halo_height][halo_width];
    __shared__ float rows[3][halo_height][block_width];
    const int thread = int(threadIdx.x);
    const std::size_t plane = std::size_t(a.options.width) * a.options.height;
    for (int i = thread; i < halo_width * halo_height; i += block_threads) {
        const int x = left + i % halo_width - ssim_radius, y = top + i / halo_width - ssim_radius;
        const bool valid = inside(a, x, y);
#pragma unroll
        for (int m = 0; m < 3; ++m) {
            maps[m][i / halo_width][i % halo_width] =
                valid ? p.partials[(m * channels + p.channel) * plane + pixel_index(a, x, y)] : 0.0f;
        }
    }
    __syncthreads();
    for (int i = thread; i < halo_height * block_width; i += block_threads) {
        const int row = i / block_width, column = i % block_width;
        float sums[3] = {};
#pragma unroll
        for (int k = -ssim_radius; k <= ssim_radius; ++k) {
#pragma unroll
            for (int m = 0; m < 3; ++m) sums[m] += window_at(a, k) * maps[m][row][column + ssim_radius + k];
        }
#pragma unroll
        for (int m = 0; m < 3; ++m) rows[m][row][column] = sums[m];
    }
    __syncthreads();
    const int column = thread % block_width, row = thread / block_width;
    float sums[3] = {};
#pragma unroll
    for (int k = -ssim_radius; k <= ssim_radius; ++k) {
#pragma unroll
        for (int m = 0; m < 3; ++m) sums[m] += window_at(a, k) * rows[m][row + ssim_radius + k][column];
    }
    return sums[0] + 2 * c * sums[1] + t * sums[2];
}

__device__ float alpha_loss(AlphaLoss kind, float alpha, float target, float& derivative) {
    if (kind == AlphaLoss::absolute) {
        const float difference = alpha - target;
        derivative = difference > 0 ? 1.0f : difference < 0 ? -1.0f : 0.0f;
        return fabsf(difference);
    }
    const float p = fminf(fmaxf(alpha, cross_entropy_limit), 1.0f - cross_entropy_limit);
    derivative = p == alpha ? (p - target) / (p * (1.0f - p)) : 0.0f;
    return -(target * logf(p) + (1.0f - target) * log1pf(-p));
}

__global__ void __launch_bounds__(block_threads) gradient_kernel(const __grid_constant__ LossArguments a) {
    const Picture p = picture_of(a, int(blockIdx.z));
    const int channel = p.channel, thread = int(threadIdx.x);
    const int left = int(blockIdx.x) * block_width, top = int(blockIdx.y) * block_height;
    const int x = left + thread % block_width, y = top + thread / block_width;
    const bool valid = inside(a, x, y);
    const std::size_t pixel = valid ? pixel_index(a, x, y) : 0;
    const float mask = valid ? mask_at(p, pixel) : 0.0f;
    const float c = valid ? p.inputs.color[channels * pixel + channel] : 0.0f;
    const float t = valid ? target_color(p, pixel) : 0.0f;
    const float difference = c - t;
    const float sign = difference > 0 ? 1.0f : difference < 0 ? -1.0f : 0.0f;
    float gradient = a.options.l1_weight * mask * sign;
    if (a.partials) gradient -= 0.5f * a.options.dssim_weight * ssim_gradient(a, p, left, top, c, t);
    if (valid) p.outputs.color_gradient[channels * pixel + channel] = gradient * a.inverse_normalizer / channels;
    const float l1 = block_sum(mask * fabsf(difference));
    const float squared = block_sum(mask * difference * difference);
    if (thread == 0) {
        atomicAdd(&p.outputs.terms->l1, double(l1) * double(a.inverse_normalizer) / channels);
        atomicAdd(&p.outputs.terms->squared, double(squared) * double(a.inverse_normalizer) / channels);
    }
    if (channel != 0) return;
    float derivative = 0, loss = 0;
    if (valid) {
        loss = mask * alpha_loss(a.options.alpha_loss, p.inputs.alpha[pixel], target_alpha(p, pixel), derivative);
        p.outputs.alpha_gradient[pixel] = a.options.alpha_weight * mask * derivative * a.inverse_normalizer;
    }
    const float sum = block_sum(loss);
    if (thread == 0) atomicAdd(&p.outputs.terms->alpha, double(sum) * double(a.inverse_normalizer));
}

}  // namespace

std::size_t loss_workspace_bytes(const LossOptions& options) {
    if (options.dssim_weight == 0) return 0;
    return 3 * channels * std::size_t(options.images) * std::size_t(options.width) * std::size_t(options.height) *
           sizeof(float);
}

void picture_loss(const LossOptions& options, const LossInputs& inputs, void* workspace, const LossOutputs& outputs,
                  cudaStream_t stream) {
    LossArguments a{};
    a.options = options;
    a.inputs = inputs;
    a.outputs = outputs;
    a.partials = options.dssim_weight == 0 ? nullptr : static_cast<float*>(workspace);
    const float pixels = float(options.width) * float(options.height);
    a.inverse_normalizer = 1.0f / (options.normalizer > 0 ? options.normalizer : pixels);
    double window[ssim_radius + 1], sum = 0;
    for (int k = 0; k <= ssim_radius; ++k) {
        window[k] = std::exp(-0.5 * k * k / (double(ssim_sigma) * double(ssim_sigma)));
        sum += k == 0 ? window[k] : 2 * window[k];
    }
    for (int k = 0; k <= ssim_radius; ++k) a.window[k] = float(window[k] / sum);

    check(cudaMemsetAsync(outputs.terms, 0, std::size_t(options.images) * sizeof(LossTerms), stream), "clear loss");
    const dim3 grid(unsigned((options.width + block_width - 1) / block_width),
                    unsigned((options.height + block_height - 1) / block_height), unsigned(channels * options.images));
    if (a.partials) {
        ssim_kernel<<<grid, block_threads, 0, stream>>>(a);
        check_launch("ssim", stream);
    }
    gradient_kernel<<<grid, block_threads, 0, stream>>>(a);
    check_launch("picture loss", stream);
}

}  // namespace likeness::cuda
