// The rasterizer on the CPU: project all Gaussians, list them by tile, blend the tiles; threads over Gaussians and
// tiles, vector registers inside (kernels/). The result is the same whatever the number of threads.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "core/base/parallel.h"
#include "core/base/task.h"
#include "core/splat/kernels/kernels.h"
#include "core/splat/rasterizer.h"
#include "core/splat/tile_lists.h"

namespace likeness {
namespace {

using namespace cpu_raster;

// Rows of tiles are too coarse for two threads on a small picture, single tiles cost a function call each.
constexpr std::size_t tiles_at_once = 8;
constexpr std::size_t splats_at_once = 512;  // a multiple of 8: kernels take whole registers
constexpr int largest_extra = 60;            // with depth and normal, 64 further channels
constexpr int largest_side = 32768;          // pixels; coordinates must fit 16 bits
constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

// The widest instruction set that the processor has, or the one LIKENESS_SIMD names when it has that.
const Kernels& choose_kernels() {
    const Kernels* avx2 = avx2_kernels();
    const Kernels* avx512 = avx512_kernels();
    if (const char* wanted = std::getenv("LIKENESS_SIMD")) {
        if (std::strcmp(wanted, "portable") == 0) return portable_kernels();
        if (std::strcmp(wanted, "avx2") == 0 && avx2) return *avx2;
        if (std::strcmp(wanted, "avx512") == 0 && avx512) return *avx512;
    }
    return avx512 ? *avx512 : avx2 ? *avx2 : portable_kernels();
}

template <class T>
void grow(std::vector<T>& v, std::size_t size) {
    if (v.size() < size) v.resize(size);
}

// Blending fills every pixel, so an image that has the right size is left as it is.
void shape(Image& image, int width, int height, int channels) {
    if (channels == 0 || width == 0 || height == 0) {
        image = Image(width, height, channels);
        return;
    }
    image.width = width;
    image.height = height;
    image.channels = channels;
    image.pixels.resize(std::size_t(width) * std::size_t(height) * std::size_t(channels));
}

ScreenView screen_view(const Camera& camera, const RasterOptions& options) {
    ScreenView view;
    for (int row = 0; row < 3; ++row) {
        for (int column = 0; column < 3; ++column)
            view.rotation[row * 3 + column] = camera.world_to_camera(row, column);
        view.translation[row] = camera.world_to_camera(row, 3);
    }
    const Eigen::Vector3f position = camera.position();
    for (int i = 0; i < 3; ++i) view.position[i] = position[i];
    view.fx = camera.fx;
    view.fy = camera.fy;
    view.cx = camera.cx;
    view.cy = camera.cy;
    view.limit_x = frustum_limit * 0.5f * float(camera.width) / camera.fx;
    view.limit_y = frustum_limit * 0.5f * float(camera.height) / camera.fy;
    view.near_plane = std::max(options.near_plane, 1.0e-6f);  // depth 0 marks what is not drawn
    view.width = camera.width;
    view.height = camera.height;
    for (int i = 0; i < 3; ++i) view.background[i] = options.background[std::size_t(i)];
    return view;
}

class CpuRasterizer : public Rasterizer {
  public:
    explicit CpuRasterizer(std::size_t most_instances) : kernels_(choose_kernels()), most_instances_(most_instances) {}

    std::string name() const override { return std::string("cpu-") + kernels_.name; }

    void forward(const SplatSet& splats, const Camera& camera, const RasterOptions& options, Frame& frame) override {
        check(splats, camera);
        stop_ = options.stop;
        project(splats, camera, options);
        done("project");
        lists_.begin(depths_.data(), splats.count, camera.width, camera.height);
        prepare_blending(frame);
        whole_ = blend_region(lists_.all());
        stop_ = nullptr;
    }
    void set_mark(StageMark mark) override { mark_ = std::move(mark); }

    void backward(const FrameGradients& by, SplatGradients& gradients, std::vector<float>* screen_gradient) override {
        if (!whole_) blend_whole();
        const std::size_t count = projection_.splats.count;
        if (projection_.splats.filtered_from < count)
            throw std::invalid_argument("rasterizer: no gradients of filtered Gaussians");
        const bool use_further =
            projection_.further.count() > 0 && (!by.depth.empty() || !by.normal.empty() || !by.extra.empty());
        BlendBackwardTask task;
        task.forward = blending_;
        task.color = pixels(by.color, 3);
        task.alpha = pixels(by.alpha, 1);
        task.depth = projection_.further.depth ? pixels(by.depth, 1) : nullptr;
        task.normal = projection_.further.normal ? pixels(by.normal, 3) : nullptr;
        task.extra = projection_.further.extras > 0 ? pixels(by.extra, projection_.further.extras) : nullptr;
        task.use_further = use_further;
        const int sums = pixel_sums + (use_further ? projection_.further.count() : 0);
        grow(sums_, std::max<std::size_t>(lists_.instance_count() * std::size_t(sums), 1));
        task.sums = sums_.data();
        parallel_for(lists_.tiles(), tiles_at_once,
                     [&](std::size_t begin, std::size_t end) { kernels_.blend_backward(task, begin, end); });
        done("blend backward");

        ProjectBackwardTask back;
        back.forward = projection_;
        back.sums = sums_.data();
        back.use_further = use_further;
        back.slot_begin = lists_.slot_begin();
        back.slot_count = lists_.slot_count();
        const auto prepare = [count](std::vector<float>& v, std::size_t channels) {
            v.resize(count * channels);
            return v.data();
        };
        back.means = prepare(gradients.means, 3);
        back.scales = prepare(gradients.scales, 3);
        back.rotations = prepare(gradients.rotations, 4);
        back.colors = prepare(gradients.colors, 3);
        back.opacities = prepare(gradients.opacities, 1);
        back.extra = prepare(gradients.extra, std::size_t(projection_.further.extras));
        if (screen_gradient && screen_gradient->size() < count) screen_gradient->resize(count, 0.0f);
        back.screen_gradient = screen_gradient ? screen_gradient->data() : nullptr;
        parallel_for(count, splats_at_once,
                     [&](std::size_t begin, std::size_t end) { kernels_.project_backward(back, begin, end); });
        done("project backward");
    }

  private:
    void done(const char* stage) const {
        if (mark_) mark_(stage);
    }
    void may_stop() const {
        if (stop_ && stop_->load(std::memory_order_relaxed)) throw Cancelled();
    }
    static void check(const SplatSet& s, const Camera& camera) {
        if (camera.width < 0 || camera.height < 0 || camera.width > largest_side || camera.height > largest_side) {
            throw std::invalid_argument("the picture is too large for the CPU rasterizer");
        }
        if (s.extra_channels < 0 || s.extra_channels > largest_extra) {
            throw std::invalid_argument("too many extra channels for the CPU rasterizer");
        }
        if (s.means.size() < s.count * 3 || s.scales.size() < s.count * 3 || s.rotations.size() < s.count * 4 ||
            s.colors.size() < s.count * 3 || s.opacities.size() < s.count ||
            s.extra.size() < s.count * std::size_t(s.extra_channels)) {
            throw std::invalid_argument("a SplatSet's arrays do not match its count");
        }
    }

    // Null when empty; an image of another size is a mistake of the caller.
    const float* pixels(const Image& image, int channels) const {
        if (image.empty()) return nullptr;
        if (image.width != projection_.view.width || image.height != projection_.view.height ||
            image.channels != channels) {
            throw std::invalid_argument("a gradient image differs in size from the rendered one");
        }
        return image.pixels.data();
    }

    void project(const SplatSet& splats, const Camera& camera, const RasterOptions& options) {
        ProjectTask& task = projection_;
        task.view = screen_view(camera, options);
        task.splats = {splats.count,         splats.means.data(),     splats.scales.data(), splats.rotations.data(),
                       splats.colors.data(), splats.opacities.data(), splats.extra.data(),  splats.filtered_from,
                       splats.leading_from};
        task.further = {options.depth, options.normal, splats.extra_channels};
        grow(screen_, splats.count);
        grow(depths_, splats.count);
        grow(features_, splats.count * std::size_t(task.further.count()));
        task.screen = screen_.data();
        task.depths = depths_.data();
        task.features = features_.data();
        parallel_for(splats.count, splats_at_once,
                     [&](std::size_t begin, std::size_t end) { kernels_.project(task, begin, end); });
    }

    void prepare_blending(Frame& frame) {
        const ScreenView& view = projection_.view;
        const FurtherChannels& further = projection_.further;
        shape(frame.color, view.width, view.height, 3);
        shape(frame.alpha, view.width, view.height, 1);
        shape(frame.depth, view.width, view.height, further.depth ? 1 : 0);
        shape(frame.normal, view.width, view.height, further.normal ? 3 : 0);
        shape(frame.extra, view.width, view.height, further.extras);
        grow(state_, (lists_.tiles() * std::size_t(4 + further.count()) * tile_pixels) / 16);
        grow(walked_, lists_.tiles());
        BlendTask& task = blending_;
        task.view = view;
        task.columns = lists_.columns();
        task.screen = screen_.data();
        task.further = further;
        task.features = features_.data();
        task.state = state_.empty() ? nullptr : state_.data()->values;
        task.walked = walked_.data();
        task.color = frame.color.pixels.data();
        task.alpha = frame.alpha.pixels.data();
        task.depth = frame.depth.pixels.data();
        task.normal = frame.normal.pixels.data();
        task.extra = frame.extra.pixels.data();
    }

    // In two halves, and those likewise, where its lists would be too long; false then.
    bool blend_region(const TileRegion& region) {
        may_stop();
        const bool single = region.width() * region.height() <= 1;
        if (!lists_.build(screen_.data(), region, single ? no_limit : most_instances_)) {
            TileRegion one = region, other = region;
            if (region.height() > 1)
                one.bottom = other.top = region.top + region.height() / 2;
            else
                one.right = other.left = region.left + region.width() / 2;
            blend_region(one);
            blend_region(other);
            return false;
        }
        done("lists");
        blending_.tile_begin = lists_.tile_begin();
        blending_.instances = lists_.instances();
        const std::size_t width = std::size_t(region.width());
        parallel_for(width * std::size_t(region.height()), tiles_at_once, [&](std::size_t begin, std::size_t end) {
            may_stop();
            while (begin < end) {  // a row of the region at a time
                const std::size_t row = begin / width, stop = std::min(end, (row + 1) * width);
                const std::size_t shift = (std::size_t(region.top) + row) * std::size_t(lists_.columns()) +
                                          std::size_t(region.left) - row * width;
                kernels_.blend(blending_, begin + shift, stop + shift);
                begin = stop;
            }
        });
        done("blend");
        return true;
    }

    // The backward pass needs all lists at once, whatever they take. The picture may be gone by then.
    void blend_whole() {
        prepare_blending(again_);
        (void)lists_.build(screen_.data(), lists_.all(), no_limit);
        blending_.tile_begin = lists_.tile_begin();
        blending_.instances = lists_.instances();
        parallel_for(lists_.tiles(), tiles_at_once,
                     [&](std::size_t begin, std::size_t end) { kernels_.blend(blending_, begin, end); });
        whole_ = true;
    }

    struct alignas(64) Register {
        float values[16];
    };

    const Kernels& kernels_;
    const std::size_t most_instances_;
    const std::atomic<bool>* stop_ = nullptr;  // of the forward pass that runs
    bool whole_ = true;                        // the lists are those of the whole picture
    Frame again_;
    StageMark mark_;
    ProjectTask projection_{};
    BlendTask blending_{};
    TileLists lists_;
    // Buffers grow and stay, so that a training loop does not allocate.
    std::vector<ScreenSplat> screen_;
    std::vector<float> depths_, features_, sums_;
    std::vector<Register> state_;
    std::vector<std::uint32_t> walked_;
};

}  // namespace

std::unique_ptr<Rasterizer> make_cpu_rasterizer() { return make_cpu_rasterizer_within(usual_instances); }

std::unique_ptr<Rasterizer> make_cpu_rasterizer_within(std::size_t most_instances) {
    return std::make_unique<CpuRasterizer>(most_instances);
}

}  // namespace likeness
