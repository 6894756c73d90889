// With structural similarity both kernels work on 32 x 32 pixels of one channel; without, a thread has whole pixels and
// many of them, so that few sums meet at the picture's. The window is separable, so rows are filtered in shared memory
// before columns; a thread filters several neighbours at a time, since what it has fetched serves them all. The
// gradient of a filtered map is the same filter applied to the map's gradient (the window is symmetric and the border is
// zero), so the first kernel leaves dSSIM/d(statistics) behind and the second filters them.
#include <algorithm>
#include <cmath>

#include "core/learning/ssim_rule.h"
#include "cuda/exact.cuh"
#include "cuda/launch.cuh"
#include "likeness/cuda/loss.h"

namespace likeness::cuda {
namespace {

inline constexpr int block_width = 32, block_height = 32;
inline constexpr int halo_width = block_width + 2 * ssim_rule::radius;
inline constexpr int halo_height = block_height + 2 * ssim_rule::radius;
inline constexpr int run = 4;  // neighbours that a thread filters
inline constexpr int run_inputs = run + 2 * ssim_rule::radius;
inline constexpr int block_threads = block_width * block_height / run;
// Floats of a row in shared memory: odd, so that the runs of four rows, which a warp reads at once, meet no bank twice.
inline constexpr int halo_stride = halo_width + 1;
inline constexpr int channels = 3;

struct LossArguments {
    LossOptions options;
    LossInputs inputs;
    LossOutputs outputs;
    float* partials;  // [images, 3, channels, height, width]; null without SSIM
    float window[ssim_rule::radius + 1];
};

// One of the pictures, and the channel that a block works on.
struct Picture {
    LossInputs inputs;
    LossImage image;
    LossOutputs outputs;
    float* partials;
    int channel;
    float behind;  // the background's channel
};
__device__ Picture picture_of(const LossArguments& a, int block) {
    const std::size_t image = std::size_t(block / channels), plane = std::size_t(a.options.width) * a.options.height;
    const int channel = block % channels;
    Picture p{a.inputs, a.inputs.images[image], a.outputs, a.partials, channel,
              a.inputs.background ? a.inputs.background[channel] : 0.0f};
    p.inputs.color += image * channels * plane;
    p.inputs.alpha += image * plane;
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
__device__ float mask_at(const Picture& p, std::size_t pixel) { return p.image.mask ? p.image.mask[pixel] : 1.0f; }
__device__ float target_alpha(const Picture& p, std::size_t pixel) {
    return float(p.image.target[4 * pixel + 3]) * (1.0f / 255.0f);
}
__device__ float target_color(const Picture& p, std::size_t pixel) {
    const unsigned rgba = reinterpret_cast<const unsigned*>(p.image.target)[pixel];
    const float alpha = float(rgba >> 24) * (1.0f / 255.0f);
    return float(rgba >> 8 * p.channel & 255u) * (1.0f / 255.0f) * alpha + p.behind * (1.0f - alpha);
}

__device__ float window_at(const LossArguments& a, int offset) { return a.window[offset < 0 ? -offset : offset]; }

// `run` neighbours of a filtered line, from run_inputs values of it.
__device__ void filter(const LossArguments& a, const float (&line)[run_inputs], float (&out)[run]) {
#pragma unroll
    for (int j = 0; j < run; ++j) {
        float sum = 0;
#pragma unroll
        for (int k = 0; k <= 2 * ssim_rule::radius; ++k) sum += window_at(a, k - ssim_rule::radius) * line[j + k];
        out[j] = sum;
    }
}

__device__ void store_run(float* to, const float (&values)[run]) {
    static_assert(run == 4);
    *reinterpret_cast<float4*>(to) = make_float4(values[0], values[1], values[2], values[3]);
}

// Maps filtered along their rows.
template <int Maps>
using Rows = float[Maps][halo_height][block_width];
template <int Maps>
__device__ void filter_column(const LossArguments& a, const Rows<Maps>& rows, int map, int column, int top,
                              float (&out)[run]) {
    float line[run_inputs];
#pragma unroll
    for (int k = 0; k < run_inputs; ++k) line[k] = rows[map][top + k][column];
    filter(a, line, out);
}

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

// SSIM of one channel and its gradients with respect to the mean, the mean square and the mean product of the render, as the
// filtered maps E[c], E[c^2], E[c t].
__global__ void __launch_bounds__(block_threads) ssim_kernel(const __grid_constant__ LossArguments a) {
    wait_for_previous();
    __shared__ float render[halo_height * halo_stride], target[halo_height * halo_stride];
    alignas(16) __shared__ Rows<5> rows;
    const Picture p = picture_of(a, int(blockIdx.z));
    const int channel = p.channel, thread = int(threadIdx.x);
    const int left = int(blockIdx.x) * block_width, top = int(blockIdx.y) * block_height;
    for (int i = thread; i < halo_width * halo_height; i += block_threads) {
        const int column = i % halo_width, row = i / halo_width;
        const int x = left + column - ssim_rule::radius, y = top + row - ssim_rule::radius;
        float c = 0, t = 0;
        if (inside(a, x, y)) {
            const std::size_t pixel = pixel_index(a, x, y);
            c = p.inputs.color[channels * pixel + channel];
            t = target_color(p, pixel);
        }
        render[row * halo_stride + column] = c;
        target[row * halo_stride + column] = t;
    }
    __syncthreads();
    for (int i = thread; i < halo_height * block_width / run; i += block_threads) {
        const int row = i / (block_width / run), column = i % (block_width / run) * run;
        float c[run_inputs], t[run_inputs], product[run_inputs], sums[run];
#pragma unroll
        for (int k = 0; k < run_inputs; ++k) {
            c[k] = render[row * halo_stride + column + k];
            t[k] = target[row * halo_stride + column + k];
        }
        const auto keep = [&](int map, const float (&line)[run_inputs]) {
            filter(a, line, sums);
            store_run(rows[map][row] + column, sums);
        };
        keep(0, c);
        keep(1, t);
#pragma unroll
        for (int k = 0; k < run_inputs; ++k) product[k] = c[k] * t[k];
        keep(4, product);
#pragma unroll
        for (int k = 0; k < run_inputs; ++k) product[k] = c[k] * c[k];
        keep(2, product);
#pragma unroll
        for (int k = 0; k < run_inputs; ++k) product[k] = t[k] * t[k];
        keep(3, product);
    }
    __syncthreads();
    const int column = thread % block_width, first = thread / block_width * run;
    float means[5][run];
#pragma unroll
    for (int s = 0; s < 5; ++s) filter_column<5>(a, rows, s, column, first, means[s]);
    float loss = 0;
#pragma unroll
    for (int j = 0; j < run; ++j) {
        const int x = left + column, y = top + first + j;
        if (!inside(a, x, y)) continue;
        const float mc = means[0][j], mt = means[1][j];
        const float variance_c = means[2][j] - mc * mc, variance_t = means[3][j] - mt * mt,
                    covariance = means[4][j] - mc * mt;
        const float a1 = 2 * mc * mt + ssim_rule::c1, a2 = 2 * covariance + ssim_rule::c2;
        const float b1 = mc * mc + mt * mt + ssim_rule::c1, b2 = variance_c + variance_t + ssim_rule::c2;
        const float inverse = 1.0f / (b1 * b2);
        const float ssim = a1 * a2 * inverse;
        const std::size_t pixel = pixel_index(a, x, y);
        const float mask = mask_at(p, pixel);
        loss += mask * (1.0f - ssim);
        const float grad_covariance = 2 * a1 * inverse;
        const float grad_variance = -ssim / b2;
        const float grad_mean = 2 * mt * a2 * inverse - 2 * mc * ssim / b1 - 2 * mc * grad_variance - mt * grad_covariance;
        const std::size_t plane = std::size_t(a.options.width) * a.options.height;
        float* const partials = p.partials + channel * plane + pixel;
        partials[0] = mask * grad_mean;
        partials[channels * plane] = mask * grad_variance;
        partials[2 * channels * plane] = mask * grad_covariance;
    }
    const float sum = block_sum(loss);
    if (thread == 0)
        add_units(&p.outputs.terms->dssim, double(sum) * double(p.image.scale) / (2 * channels), term_units);
}

// Filters the partial gradients: dSSIM_sum/dc = filtered[0] + 2 c filtered[1] + t filtered[2] at this thread's pixels.
__device__ void filter_partials(const LossArguments& a, const Picture& p, int left, int top,
                                float (&filtered)[3][run]) {
    __shared__ float map[3][halo_height * halo_stride];
    alignas(16) __shared__ Rows<3> rows;
    const int thread = int(threadIdx.x);
    const std::size_t plane = std::size_t(a.options.width) * a.options.height;
    for (int i = thread; i < halo_width * halo_height; i += block_threads) {
        const int column = i % halo_width, row = i / halo_width;
        const int x = left + column - ssim_rule::radius, y = top + row - ssim_rule::radius;
        const bool valid = inside(a, x, y);
#pragma unroll
        for (int m = 0; m < 3; ++m) {
            map[m][row * halo_stride + column] =
                valid ? p.partials[(m * channels + p.channel) * plane + pixel_index(a, x, y)] : 0.0f;
        }
    }
    __syncthreads();
    for (int i = thread; i < halo_height * block_width / run; i += block_threads) {
        const int row = i / (block_width / run), column = i % (block_width / run) * run;
#pragma unroll
        for (int m = 0; m < 3; ++m) {
            float line[run_inputs], sums[run];
#pragma unroll
            for (int k = 0; k < run_inputs; ++k) line[k] = map[m][row * halo_stride + column + k];
            filter(a, line, sums);
            store_run(rows[m][row] + column, sums);
        }
    }
    __syncthreads();
    const int column = thread % block_width, first = thread / block_width * run;
#pragma unroll
    for (int m = 0; m < 3; ++m) filter_column<3>(a, rows, m, column, first, filtered[m]);
}

__device__ float sign_of(float difference) { return difference > 0 ? 1.0f : difference < 0 ? -1.0f : 0.0f; }

// Adds a block's terms to the picture's; `alpha` counts with `has_alpha`.
__device__ void add_terms(const LossArguments& a, const Picture& p, float l1, float squared, float alpha,
                          bool has_alpha) {
    l1 = block_sum(l1);
    squared = block_sum(squared);
    if (has_alpha) alpha = block_sum(alpha);
    if (threadIdx.x != 0) return;
    add_units(&p.outputs.terms->l1, double(l1) * double(p.image.scale) / channels, term_units);
    add_units(&p.outputs.terms->squared, double(squared) * double(p.image.scale) / channels, term_units);
    if (has_alpha) add_units(&p.outputs.terms->alpha, double(alpha) * double(p.image.scale), term_units);
}

__global__ void __launch_bounds__(block_threads) gradient_kernel(const __grid_constant__ LossArguments a) {
    wait_for_previous();
    const Picture p = picture_of(a, int(blockIdx.z));
    const int channel = p.channel, thread = int(threadIdx.x);
    const int left = int(blockIdx.x) * block_width, top = int(blockIdx.y) * block_height;
    const int x = left + thread % block_width, first = top + thread / block_width * run;
    float filtered[3][run];
    filter_partials(a, p, left, top, filtered);
    const float factor = p.image.scale * p.image.share;
    float l1 = 0, squared = 0, alpha = 0;
#pragma unroll
    for (int j = 0; j < run; ++j) {
        const int y = first + j;
        if (!inside(a, x, y)) continue;
        const std::size_t pixel = pixel_index(a, x, y);
        const float mask = mask_at(p, pixel);
        const float c = p.inputs.color[channels * pixel + channel], t = target_color(p, pixel);
        const float difference = c - t;
        const float grad_ssim = filtered[0][j] + 2 * c * filtered[1][j] + t * filtered[2][j];
        const float gradient = p.image.l1_weight * mask * sign_of(difference) - 0.5f * p.image.dssim_weight * grad_ssim;
        p.outputs.color_gradient[channels * pixel + channel] = gradient * factor / channels;
        l1 += mask * fabsf(difference);
        squared += mask * difference * difference;
        if (channel != 0) continue;
        const float alpha_difference = p.inputs.alpha[pixel] - target_alpha(p, pixel);
        alpha += mask * fabsf(alpha_difference);
        p.outputs.alpha_gradient[pixel] = p.image.alpha_weight * mask * sign_of(alpha_difference) * factor;
    }
    add_terms(a, p, l1, squared, alpha, channel == 0);
}

// Without structural similarity. A block row is a picture; its blocks take turns at the pixels.
__global__ void __launch_bounds__(block_threads) pixel_loss_kernel(const __grid_constant__ LossArguments a) {
    const Picture p = picture_of(a, int(blockIdx.y) * channels);
    const std::size_t pixels = std::size_t(a.options.width) * a.options.height;
    float background[channels] = {};
    if (a.inputs.background)
        for (int c = 0; c < channels; ++c) background[c] = a.inputs.background[c];
    const float factor = p.image.scale * p.image.share, color_weight = p.image.l1_weight * factor / channels;
    float l1 = 0, squared = 0, alpha = 0;
    for (std::size_t pixel = std::size_t(blockIdx.x) * block_threads + threadIdx.x; pixel < pixels;
         pixel += std::size_t(gridDim.x) * block_threads) {
        const unsigned rgba = reinterpret_cast<const unsigned*>(p.image.target)[pixel];
        const float truth = float(rgba >> 24) * (1.0f / 255.0f), mask = mask_at(p, pixel);
#pragma unroll
        for (int c = 0; c < channels; ++c) {
            const float t = float(rgba >> 8 * c & 255u) * (1.0f / 255.0f) * truth + background[c] * (1.0f - truth);
            const float difference = p.inputs.color[channels * pixel + c] - t;
            p.outputs.color_gradient[channels * pixel + c] = color_weight * mask * sign_of(difference);
            l1 += mask * fabsf(difference);
            squared += mask * difference * difference;
        }
        const float alpha_difference = p.inputs.alpha[pixel] - truth;
        alpha += mask * fabsf(alpha_difference);
        p.outputs.alpha_gradient[pixel] = p.image.alpha_weight * mask * sign_of(alpha_difference) * factor;
    }
    add_terms(a, p, l1, squared, alpha, true);
}

int pictures_at_once(const LossOptions& options) {
    return options.at_once > 0 ? std::min(options.at_once, options.images) : options.images;
}

// The same from a later picture on.
LossArguments from_picture(LossArguments a, std::size_t image) {
    const std::size_t plane = std::size_t(a.options.width) * std::size_t(a.options.height);
    a.inputs.color += image * channels * plane;
    a.inputs.alpha += image * plane;
    a.inputs.images += image;
    a.outputs.terms += image;
    a.outputs.color_gradient += image * channels * plane;
    a.outputs.alpha_gradient += image * plane;
    return a;
}

}  // namespace

std::size_t loss_workspace_bytes(const LossOptions& options) {
    if (!options.dssim) return 0;
    return 3 * channels * std::size_t(pictures_at_once(options)) * std::size_t(options.width) *
           std::size_t(options.height) * sizeof(float);
}

void picture_loss(const LossOptions& options, const LossInputs& inputs, void* workspace, const LossOutputs& outputs,
                  cudaStream_t stream) {
    LossArguments a{};
    a.options = options;
    a.inputs = inputs;
    a.outputs = outputs;
    a.partials = options.dssim ? static_cast<float*>(workspace) : nullptr;
    double window[ssim_rule::radius + 1], sum = 0;
    for (int k = 0; k <= ssim_rule::radius; ++k) {
        window[k] = std::exp(-0.5 * k * k / (double(ssim_rule::sigma) * double(ssim_rule::sigma)));
        sum += k == 0 ? window[k] : 2 * window[k];
    }
    for (int k = 0; k <= ssim_rule::radius; ++k) a.window[k] = float(window[k] / sum);

    if (!a.partials) {
        constexpr std::size_t turns = 8;  // pixels of a thread
        const std::size_t count = std::size_t(options.width) * std::size_t(options.height);
        const dim3 grid(unsigned((count + turns * block_threads - 1) / (turns * block_threads)),
                        unsigned(options.images));
        pixel_loss_kernel<<<grid, block_threads, 0, stream>>>(a);
        return check_launch("picture loss", stream);
    }
    for (int first = 0; first < options.images; first += pictures_at_once(options)) {
        const int count = std::min(pictures_at_once(options), options.images - first);
        const dim3 grid(unsigned((options.width + block_width - 1) / block_width),
                        unsigned((options.height + block_height - 1) / block_height), unsigned(channels * count));
        const LossArguments part = from_picture(a, std::size_t(first));
        launch_chained("ssim", ssim_kernel, grid, block_threads, stream, part);
        launch_chained("picture loss", gradient_kernel, grid, block_threads, stream, part);
    }
}

}  // namespace likeness::cuda
