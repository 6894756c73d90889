// The U-Net that paints an avatar's maps (FATE, Zhang et al. 2025, section 3.4: a fixed noise picture, two 3 x 3
// convolutions with batch normalisation a level, 64-128-256-512-512 channels at full width, bilinear on the way up),
// its forward and its backward pass by LibTorch's autograd over the caller's arrays.
#include "core/networks/torch/baker.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/networks/torch/device.h"

namespace {

constexpr int channels = likeness_baked_channels, levels = 4;

// A convolution of 3 x 3 with a gain and a shift a channel after its normalisation, or the last one of 1 x 1.
struct Layer {
    int in, out, kernel;
    std::int64_t weights() const { return std::int64_t(in) * out * kernel * kernel; }
    std::int64_t parameters() const { return weights() + (kernel == 1 ? 1 : 2) * out; }
};

}  // namespace

struct LikenessBaker {
    explicit LikenessBaker(const LikenessBakerOptions& o)
        : device(likeness::torch_side::device_of(o.gpu != 0)),
          side(o.side),
          squares(o.squares),
          count(o.count),
          seed(o.seed) {
        if (side < 16 || side % (1 << levels) != 0 || side > 4096 || squares < 1 || squares > 2)
            throw std::runtime_error("maps have a multiple of 16 texels a side");
        if (o.width < 1 || o.width > 256 || count < 1) throw std::runtime_error("maps need channels and Gaussians");
        const std::array<int, levels + 1> w = {o.width, 2 * o.width, 4 * o.width, 8 * o.width, 8 * o.width};
        const auto two = [&](int in, int out) {
            layers.push_back({in, out, 3});
            layers.push_back({out, out, 3});
        };
        two(channels, w[0]);
        for (int k = 1; k <= levels; ++k) two(w[std::size_t(k) - 1], w[std::size_t(k)]);
        int below = w[levels];
        for (int k = levels - 1; k >= 0; --k) {
            two(below + w[std::size_t(k)], w[std::size_t(k)]);
            below = w[std::size_t(k)];
        }
        layers.push_back({below, channels, 1});
        const at::Generator generator = at::detail::createCPUGenerator(seed);
        noise = at::empty({squares, channels, side, side}, at::kFloat).uniform_(-1, 1, generator).to(device);
        if (o.gpu != 0) noise = noise.to(at::kBFloat16, false, false, at::MemoryFormat::ChannelsLast);
        const auto take = [&](const auto* from, at::IntArrayRef sizes, at::ScalarType type) {
            using Value = std::remove_const_t<std::remove_pointer_t<decltype(from)>>;
            return at::from_blob(const_cast<Value*>(from), sizes, type).clone().to(device);
        };
        rows = take(o.rows, {count}, at::kLong);
        texels = take(o.texels, {count, 4}, at::kLong).t().contiguous().view({4 * count});
        weights = take(o.weights, {count, 4}, at::kFloat).t().contiguous().view({4, count, 1});
        prior = take(o.prior, {count, channels}, at::kFloat);
        scales = take(o.scales, {channels, 1}, at::kFloat);
    }

    std::int64_t parameter_count() const {
        std::int64_t sum = 0;
        for (const Layer& layer : layers) sum += layer.parameters();
        return sum;
    }

    // He et al. 2015; the last layer is zero.
    void start(float* parameters) const {
        at::Tensor all = at::from_blob(parameters, {parameter_count()}, at::kFloat);
        all.zero_();
        const at::Generator generator = at::detail::createCPUGenerator(seed + 1);
        std::int64_t at = 0;
        for (const Layer& layer : layers) {
            if (layer.kernel == 3) {
                all.narrow(0, at, layer.weights())
                    .normal_(0, std::sqrt(2.0 / (layer.in * layer.kernel * layer.kernel)), generator);
                all.narrow(0, at + layer.weights(), layer.out).fill_(1);
            }
            at += layer.parameters();
        }
    }

    // [squares side side, 11], scaled. On a GPU all layers but the last compute in bfloat16.
    at::Tensor maps(const at::Tensor& parameters) const {
        std::int64_t at = 0;
        std::size_t next = 0;
        const auto layer = [&](const at::Tensor& x) {
            const Layer& l = layers[next++];
            at::Tensor kernel = parameters.narrow(0, at, l.weights()).view({l.out, l.in, l.kernel, l.kernel});
            const at::Tensor first = parameters.narrow(0, at + l.weights(), l.out);
            if (l.kernel == 1) return at::conv2d(x.to(at::kFloat), kernel, first);
            if (device.is_cuda()) kernel = kernel.to(at::kBFloat16, false, false, at::MemoryFormat::ChannelsLast);
            const at::Tensor shift = parameters.narrow(0, at + l.weights() + l.out, l.out);
            at += l.parameters();
            const at::Tensor y = at::conv2d(x, kernel, {}, 1, 1);
            at::Tensor z = at::batch_norm(y, first, shift, {}, {}, true, 0.1, 1e-5, false);
            return at::relu_(z);  // in its place: nothing else asks for the normalised values
        };
        std::vector<at::Tensor> kept;
        at::Tensor x = layer(layer(noise));
        for (int k = 0; k < levels; ++k) {
            kept.push_back(x);
            x = layer(layer(at::max_pool2d(x, 2)));
        }
        for (int k = levels - 1; k >= 0; --k) {
            const at::Tensor& beside = kept[std::size_t(k)];
            x = at::upsample_bilinear2d(x, {beside.size(2), beside.size(3)}, false);
            x = layer(layer(at::cat({x, beside}, 1)));
        }
        const at::Tensor out = layer(x).reshape({squares, channels, std::int64_t(side) * side}) * scales;
        return out.transpose(1, 2).reshape({std::int64_t(squares) * side * side, channels});
    }

    at::Tensor wrap(const float* data, at::IntArrayRef sizes) const {
        return at::from_blob(
            const_cast<float*>(data), sizes, [](void*) {}, at::device(device).dtype(at::kFloat), device);
    }
    // The arrays of a step, by the largest row that is read.
    at::Tensor array(float* data, int width) const { return wrap(data, {last_row() + 1, width}); }
    std::int64_t last_row() const {
        if (last < 0) last = rows.max().item<std::int64_t>();
        return last;
    }

    void bake(const float* parameters, const LikenessBakedArrays& a) {
        const c10::AutoGradMode gradients(true);
        used = wrap(parameters, {parameter_count()}).requires_grad_(true);
        values = (maps(used).index_select(0, texels).view({4, count, channels}) * weights).sum(0) + prior;
        const at::Tensor turn = values.narrow(1, 7, 3);
        // As the square root has no slope at zero.
        const at::Tensor angle = (turn * turn).sum(1, true).add(1e-12).sqrt();
        quaternion = at::cat({(angle / 2).cos(), (angle / 2).sin() / angle * turn}, 1);
        const c10::AutoGradMode no_gradients(false);
        const auto put = [&](float* to, int width, const at::Tensor& from) {
            array(to, width).index_copy_(0, rows, from.detach());
        };
        put(a.rotation, 4, quaternion);
        put(a.log_scale, 3, values.narrow(1, 4, 3));
        put(a.albedo, 3, values.narrow(1, 0, 3));
        put(a.opacity, 1, values.narrow(1, 3, 1));
        array(a.offset, 3).select(1, 2).index_copy_(0, rows, values.select(1, 10).detach());
    }

    void unbake(const LikenessBakedArrays& by, float* grad_parameters) {
        if (!values.defined()) throw std::runtime_error("a gradient of maps that were not baked");
        const auto of = [&](float* from, int width) { return array(from, width).index_select(0, rows); };
        const at::Tensor zero = at::zeros_like(prior.narrow(1, 7, 3));
        const at::Tensor by_values =
            at::cat({of(by.albedo, 3), of(by.opacity, 1), of(by.log_scale, 3), zero, of(by.offset, 3).narrow(1, 2, 1)}, 1);
        const at::Tensor gradient =
            torch::autograd::grad({values, quaternion}, {used}, {by_values, of(by.rotation, 4)})[0];
        wrap(grad_parameters, {parameter_count()}).add_(gradient);
        values.reset();
        quaternion.reset();
        used.reset();
    }

    void read_texels(const float* parameters, float* to) const {
        const c10::AutoGradMode no_gradients(false);
        const at::Tensor on_device =
            at::from_blob(const_cast<float*>(parameters), {parameter_count()}, at::kFloat).to(device);
        at::from_blob(to, {std::int64_t(squares) * side * side, channels}, at::kFloat).copy_(maps(on_device));
    }

    at::Device device;
    int side, squares;
    std::int64_t count;
    std::uint64_t seed;
    std::vector<Layer> layers;
    at::Tensor noise, rows, texels, weights, prior, scales;
    at::Tensor used, values, quaternion;  // of the last bake()
    mutable std::int64_t last = -1;
};

namespace likeness::torch_side::baker {

// A whole network's pass is worth all processors; others of this library take half (texture.cpp).
class AllThreads {
  public:
    AllThreads() : before_(at::get_num_threads()) {
        at::set_num_threads(int(std::max(1u, std::thread::hardware_concurrency())));
    }
    ~AllThreads() { at::set_num_threads(before_); }
    AllThreads(const AllThreads&) = delete;
    AllThreads& operator=(const AllThreads&) = delete;

  private:
    const int before_;
};

LikenessBaker* create(const LikenessBakerOptions* options, LikenessError* error) {
    LikenessBaker* made = nullptr;
    tried(error, [&] { made = new LikenessBaker(*options); });
    return made;
}
void destroy(LikenessBaker* baker) { delete baker; }
int64_t parameter_count(const LikenessBaker* baker) { return baker->parameter_count(); }
void start(const LikenessBaker* baker, float* parameters) { baker->start(parameters); }
int32_t bake(LikenessBaker* baker, const float* parameters, const LikenessBakedArrays* arrays, void* stream,
             LikenessError* error) {
    return int32_t(tried(error, [&] {
        const OnStream on(baker->device, stream);
        const AllThreads threads;
        baker->bake(parameters, *arrays);
    }));
}
int32_t unbake(LikenessBaker* baker, const LikenessBakedArrays* gradients, float* grad_parameters, void* stream,
               LikenessError* error) {
    return int32_t(tried(error, [&] {
        const OnStream on(baker->device, stream);
        const AllThreads threads;
        baker->unbake(*gradients, grad_parameters);
    }));
}
int32_t texels(LikenessBaker* baker, const float* parameters, float* texels, LikenessError* error) {
    return int32_t(tried(error, [&] { baker->read_texels(parameters, texels); }));
}

}  // namespace likeness::torch_side::baker
