#include "cuda/launch.cuh"
#include "cuda/vector.cuh"
#include "likeness/cuda/pixels.h"

namespace likeness::cuda {
namespace {

constexpr int pixel_threads = 256;

__device__ inline std::uint32_t byte_of(float value) { return std::uint32_t(__saturatef(value) * 255.0f + 0.5f); }
__device__ inline std::uint32_t packed(float r, float g, float b, float a) {
    return byte_of(r) | byte_of(g) << 8 | byte_of(b) << 16 | byte_of(a) << 24;
}

// The palette of frame_pixels.cpp.
__constant__ const float palette_stops[6][3] = {{0.16f, 0.10f, 0.30f}, {0.22f, 0.26f, 0.51f}, {0.15f, 0.45f, 0.56f},
                                                {0.20f, 0.62f, 0.50f}, {0.55f, 0.78f, 0.36f}, {0.98f, 0.92f, 0.55f}};

__global__ void __launch_bounds__(pixel_threads) depth_range_kernel(RasterOutputs images, int count, unsigned* range) {
    const int i = int(blockIdx.x) * pixel_threads + int(threadIdx.x);
    // Bits of positive floats order as integers.
    unsigned near = 0x7f7fffffu, far = 0;
    if (i < count && images.alpha[i] > 0.5f) near = far = __float_as_uint(images.depth[i] / images.alpha[i]);
    for (int step = warp_threads / 2; step > 0; step /= 2) {
        near = min(near, __shfl_xor_sync(all_lanes, near, step));
        far = max(far, __shfl_xor_sync(all_lanes, far, step));
    }
    if (threadIdx.x % warp_threads != 0 || far == 0) return;
    atomicMin(range, near);
    atomicMax(range + 1, far);
}

template <PixelContent Content>
__global__ void __launch_bounds__(pixel_threads)
    pixels_kernel(RasterOutputs images, const View* view, int count, const unsigned* range, std::uint32_t* pixels) {
    const int i = int(blockIdx.x) * pixel_threads + int(threadIdx.x);
    if (i >= count) return;
    const float a = images.alpha[i];
    if constexpr (Content == PixelContent::color) {
        const Vec3 c = load3(images.color + 3 * std::size_t(i));
        pixels[i] = packed(c.x, c.y, c.z, a);
    } else if constexpr (Content == PixelContent::alpha) {
        pixels[i] = packed(a, a, a, 1);
    } else if constexpr (Content == PixelContent::normals) {
        // The camera's y points down and its z away; pictures of normals have y up and z to the viewer.
        const Vec3 n = multiply(view->rotation, load3(images.normal + 3 * std::size_t(i)));
        const float size = sqrtf(dot(n, n));
        if (size > 1e-6f) {
            const float s = 0.5f / size;
            pixels[i] = packed(a * (0.5f + s * n.x), a * (0.5f - s * n.y), a * (0.5f - s * n.z), a);
        } else {
            pixels[i] = packed(0, 0, 0, a);
        }
    } else {
        const float near = __uint_as_float(range[0]), far = __uint_as_float(range[1]);
        const float t = a > 1e-3f ? 1 - (images.depth[i] / a - near) / fmaxf(far - near, 1e-4f) : 0.0f;
        const float x = __saturatef(t) * 5.0f;
        const int k = min(int(x), 4);
        float c[3];
        for (int d = 0; d < 3; ++d)
            c[d] = palette_stops[k][d] + (palette_stops[k + 1][d] - palette_stops[k][d]) * (x - float(k));
        pixels[i] = packed(a * c[0], a * c[1], a * c[2], a);
    }
}

}  // namespace

void to_pixels(PixelContent content, const RasterOutputs& images, const View* view, int width, int height,
               unsigned* range, std::uint32_t* pixels, cudaStream_t stream) {
    const int count = width * height;
    if (count == 0) return;
    const unsigned blocks = unsigned((count + pixel_threads - 1) / pixel_threads);
    switch (content) {
        case PixelContent::color:
            pixels_kernel<PixelContent::color>
                <<<blocks, pixel_threads, 0, stream>>>(images, view, count, range, pixels);
            break;
        case PixelContent::alpha:
            pixels_kernel<PixelContent::alpha>
                <<<blocks, pixel_threads, 0, stream>>>(images, view, count, range, pixels);
            break;
        case PixelContent::normals:
            pixels_kernel<PixelContent::normals>
                <<<blocks, pixel_threads, 0, stream>>>(images, view, count, range, pixels);
            break;
        case PixelContent::depth:
            check(cudaMemsetAsync(range, 0x7f, sizeof(unsigned), stream), "depth range");
            check(cudaMemsetAsync(range + 1, 0, sizeof(unsigned), stream), "depth range");
            depth_range_kernel<<<blocks, pixel_threads, 0, stream>>>(images, count, range);
            check_launch("depth range", stream);
            pixels_kernel<PixelContent::depth>
                <<<blocks, pixel_threads, 0, stream>>>(images, view, count, range, pixels);
            break;
    }
    check_launch("pixels", stream);
}

}  // namespace likeness::cuda
