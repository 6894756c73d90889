// The U-Net of interface.h, its forward and its backward pass by LibTorch's autograd over the caller's arrays.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/networks/torch/baker.h"
#include "core/networks/torch/device.h"
#include "core/networks/torch/interface.h"

using likeness::torch_side::device_of, likeness::torch_side::OnStream, likeness::torch_side::tried;
namespace baker = likeness::torch_side::baker;

namespace {

constexpr int octaves = 4;
constexpr int input_channels = 4 * octaves;

struct Layer {
    int in, out, kernel;
    std::int64_t weights() const { return std::int64_t(in) * out * kernel * kernel; }
    std::int64_t parameters() const { return weights() + out; }
};

}  // namespace

struct LikenessTexture {
    explicit LikenessTexture(const LikenessTextureOptions& options)
        : device(device_of(options.gpu != 0)), size(options.size), count(options.count), seed(options.seed) {
        if (size < 8 || size % 4 != 0 || size > 4096)
            throw std::runtime_error("a texture's size is a multiple of 4, from 8");
        const int w = options.width;
        if (w < 1 || w > 1024 || count < 1) throw std::runtime_error("a texture needs channels and points");
        layers = {{input_channels, w, 3}, {w, 2 * w, 3}, {2 * w, 4 * w, 3},
                  {6 * w, 2 * w, 3},      {3 * w, w, 3}, {w, 3, 1}};
        encode_places();
        find_texels(options.positions);
    }

    // Each place as sines and cosines of its coordinates, an octave apart (Tancik et al. 2020, "Fourier features").
    void encode_places() {
        const at::Tensor along = (at::arange(size, at::kFloat) + 0.5) / double(size);
        std::vector<at::Tensor> planes;
        for (int k = 0; k < octaves; ++k) {
            const at::Tensor angles = along * (M_PI * double(1 << k));
            for (const at::Tensor& wave : {angles.sin(), angles.cos()}) {
                planes.push_back(wave.view({1, size}).expand({size, size}));
                planes.push_back(wave.view({size, 1}).expand({size, size}));
            }
        }
        input = at::stack(planes).unsqueeze(0).to(device);
    }

    // The four texels about each point, whose centres are at (k + 1/2) / size, and how much each counts.
    void find_texels(const float* positions) {
        const at::Tensor places = at::from_blob(const_cast<float*>(positions), {count, 2}, at::kFloat);
        const at::Tensor at_texel = (places * double(size) - 0.5).clamp(0, double(size - 1));
        const at::Tensor low = at_texel.floor().clamp(0, double(size - 2)), share = at_texel - low;
        const at::Tensor x = low.select(1, 0).to(at::kLong), y = low.select(1, 1).to(at::kLong);
        const at::Tensor right = share.select(1, 0), below = share.select(1, 1);
        const at::Tensor first = y * size + x;
        texels = at::stack({first, first + 1, first + size, first + size + 1}).view({4 * count}).to(device);
        weights = at::stack({(1 - right) * (1 - below), right * (1 - below), (1 - right) * below, right * below})
                      .view({4, count, 1})
                      .to(device);
    }

    std::int64_t parameter_count() const {
        std::int64_t sum = 0;
        for (const Layer& layer : layers) sum += layer.parameters();
        return sum;
    }

    // He et al. 2015, "Delving deep into rectifiers"; the last layer small, so that the texture begins near zero.
    void start(float* parameters) const {
        at::Tensor values = at::from_blob(parameters, {parameter_count()}, at::kFloat);
        values.zero_();
        const at::Generator generator = at::detail::createCPUGenerator(seed);
        std::int64_t at = 0;
        for (const Layer& layer : layers) {
            const double deviation =
                layer.kernel == 1 ? 0.01 : std::sqrt(2.0 / (layer.in * layer.kernel * layer.kernel));
            values.narrow(0, at, layer.weights()).normal_(0, deviation, generator);
            at += layer.parameters();
        }
    }

    at::Tensor colors(const at::Tensor& parameters) const {
        std::int64_t at = 0;
        const auto convolve = [&](std::size_t k, const at::Tensor& x) {
            const Layer& layer = layers[k];
            const at::Tensor kernel =
                parameters.narrow(0, at, layer.weights()).view({layer.out, layer.in, layer.kernel, layer.kernel});
            const at::Tensor bias = parameters.narrow(0, at + layer.weights(), layer.out);
            at += layer.parameters();
            return at::conv2d(x, kernel, bias, 1, layer.kernel / 2);
        };
        const auto half = [](const at::Tensor& x) { return at::avg_pool2d(x, 2); };
        const auto twice = [](const at::Tensor& x) {
            return at::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)});
        };
        const at::Tensor full = at::silu(convolve(0, input));
        const at::Tensor middle = at::silu(convolve(1, half(full)));
        const at::Tensor small = at::silu(convolve(2, half(middle)));
        const at::Tensor up = at::silu(convolve(3, at::cat({twice(small), middle}, 1)));
        const at::Tensor last = at::silu(convolve(4, at::cat({twice(up), full}, 1)));
        const at::Tensor texture = convolve(5, last).view({3, std::int64_t(size) * size}).t();
        return (texture.index_select(0, texels).view({4, count, 3}) * weights).sum(0);
    }

    at::TensorOptions where() const { return at::device(device).dtype(at::kFloat); }
    at::Tensor wrap(const float* data, at::IntArrayRef sizes) const {
        return at::from_blob(
            const_cast<float*>(data), sizes, [](void*) {}, where(), device);
    }

    void paint(const float* parameters, float* to) {
        const c10::AutoGradMode gradients(true);
        used = wrap(parameters, {parameter_count()}).requires_grad_(true);
        painted = colors(used);
        wrap(to, {count, 3}).add_(painted.detach());
    }

    void unpaint(const float* grad_colors, float* grad_parameters) {
        if (!painted.defined()) throw std::runtime_error("a gradient of a texture that was not painted");
        const at::Tensor gradient = torch::autograd::grad({painted}, {used}, {wrap(grad_colors, {count, 3})})[0];
        wrap(grad_parameters, {parameter_count()}).add_(gradient);
        painted.reset();
        used.reset();
    }

    at::Device device;
    int size;
    std::int64_t count;
    std::uint64_t seed;
    std::vector<Layer> layers;
    at::Tensor input;            // [1, channels, size, size]
    at::Tensor texels, weights;  // [4 count], [4, count, 1]
    at::Tensor used, painted;    // of the last paint(): parameters, colors
};

namespace {

const LikenessTorchFunctions functions = {
    likeness_torch_interface,
    TORCH_VERSION,
    []() -> std::int32_t {
#ifdef LIKENESS_TORCH_CUDA
        return c10::cuda::device_count();
#else
        return 0;
#endif
    },
    [](const LikenessTextureOptions* options, LikenessError* error) {
        LikenessTexture* made = nullptr;
        tried(error, [&] { made = new LikenessTexture(*options); });
        return made;
    },
    [](LikenessTexture* texture) { delete texture; },
    [](const LikenessTexture* texture) { return texture->parameter_count(); },
    [](const LikenessTexture* texture, float* parameters) { texture->start(parameters); },
    [](LikenessTexture* texture, const float* parameters, float* colors, void* stream, LikenessError* error) {
        return std::int32_t(tried(error, [&] {
            const OnStream on(texture->device, stream);
            texture->paint(parameters, colors);
        }));
    },
    [](LikenessTexture* texture, const float* grad_colors, float* grad_parameters, void* stream, LikenessError* error) {
        return std::int32_t(tried(error, [&] {
            const OnStream on(texture->device, stream);
            texture->unpaint(grad_colors, grad_parameters);
        }));
    },
    baker::create,
    baker::destroy,
    baker::parameter_count,
    baker::start,
    baker::bake,
    baker::unbake,
    baker::texels,
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const LikenessTorchFunctions* likeness_torch_functions(void) {
    static const bool set = [] {
        // Half the threads: while OpenMP's wait they spin, and take the processor from the program's own.
        at::set_num_threads(int(std::max(2u, std::thread::hardware_concurrency()) / 2));
        // A step of Adam is smaller than what a product of 10 bits can tell.
        at::globalContext().setAllowTF32CuDNN(false);
        return true;
    }();
    (void)set;
    return &functions;
}
