// Prints a JSON line for each scene and size: milliseconds an image, forward alone and forward with backward.
// Medians of `repeat` rounds (at least 30); in a round every measured thing runs once, so that what else the machine
// does meets all of them.
#include "bench/splat_bench.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/splat_reference.h"
#include "bench/splat_scene.h"
#include "core/formats/splat_ply.h"
#include "core/splat/rasterizer.h"
#ifdef LIKENESS_HAVE_CUDA
#include "bench/splat_device.h"
#include "likeness/cuda/device.h"
#endif

namespace {

using namespace likeness;

struct Options {
    std::vector<std::string> files;
    std::string device = "cpu";
    std::vector<int> sizes, batches = {1};
    std::vector<int> counts;
    int repeat = 30, split = 1;
    bool reference = false;
};

// Time on the clock, and the processor time of all threads: on a busy machine only the second repeats.
class Times {
  public:
    template <class Work>
    void measure(Work&& work) {
        const auto begin = std::chrono::steady_clock::now();
        const std::clock_t cpu_begin = std::clock();
        work();
        const std::clock_t cpu_end = std::clock();
        wall_.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
        cpu_.push_back(1000.0 * double(cpu_end - cpu_begin) / double(CLOCKS_PER_SEC));
    }
    double median() const { return median(wall_); }
    double cpu_median() const { return median(cpu_); }

  private:
    static double median(std::vector<double> milliseconds) {
        std::sort(milliseconds.begin(), milliseconds.end());
        return milliseconds[milliseconds.size() / 2];
    }
    std::vector<double> wall_, cpu_;
};

double rounded(double milliseconds) { return std::round(milliseconds * 1000.0) / 1000.0; }

std::string processor_name() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
        if (line.starts_with("model name")) return line.substr(std::min(line.find(':') + 2, line.size()));
    }
    return "unknown";
}

std::string machine_name(const std::string& device) {
#ifdef LIKENESS_HAVE_CUDA
    if (device == "cuda") {
        const auto found = cuda::find_device();
        return found ? found.value().name : "unknown";
    }
#endif
    return device == "cpu" ? processor_name() : "unknown";
}

nlohmann::ordered_json head_of_line(const SplatSet& splats, const std::string& scene, int size, int batch,
                                    const std::string& device) {
    return {{"bench", "splat"}, {"scene", scene}, {"gaussians", splats.count}, {"width", size},
            {"height", size},   {"batch", batch}, {"device", device},          {"machine", machine_name(device)}};
}

void run_case(Rasterizer& rasterizer, const SplatSet& splats, const std::string& scene, int size,
              const Options& options) {
    const Camera camera = bench::default_view(splats, size);
    RasterOptions white;
    white.background = {1, 1, 1};
    Frame frame;
    FrameGradients by;
    by.color = bench::noise_gradient(size);
    SplatGradients gradients;
    bench::ReferenceRasterizer reference;
    Image reference_color;

    const int warm_ups = 3, rounds = std::max(options.repeat, 30);
    Times forward, backward, both, reference_forward, reference_both;
    for (int round = -warm_ups; round < rounds; ++round) {
        if (round == 0) forward = backward = both = reference_forward = reference_both = Times();
        forward.measure([&] { rasterizer.forward(splats, camera, white, frame); });
        both.measure([&] {
            rasterizer.forward(splats, camera, white, frame);
            backward.measure([&] { rasterizer.backward(by, gradients); });
        });
        if (!options.reference) continue;
        reference_forward.measure([&] { reference.forward(splats, camera, 1.0f, reference_color); });
        reference_both.measure([&] {
            reference.forward(splats, camera, 1.0f, reference_color);
            reference.backward(by.color);
        });
    }

    nlohmann::ordered_json line = head_of_line(splats, scene, size, 1, "cpu");
    line["simd"] = rasterizer.name().substr(4);
    line["forward_ms"] = rounded(forward.median());
    line["forward_backward_ms"] = rounded(both.median());
    line["backward_ms"] = rounded(backward.median());
    line["forward_cpu_ms"] = rounded(forward.cpu_median());
    line["forward_backward_cpu_ms"] = rounded(both.cpu_median());
    if (options.reference) {
        line["pairs"] = reference.pairs();
        line["reference_forward_ms"] = rounded(reference_forward.median());
        line["reference_forward_backward_ms"] = rounded(reference_both.median());
        line["reference_forward_cpu_ms"] = rounded(reference_forward.cpu_median());
        line["reference_forward_backward_cpu_ms"] = rounded(reference_both.cpu_median());
        line["forward_ratio"] = rounded(reference_forward.median() / forward.median());
        line["forward_backward_ratio"] = rounded(reference_both.median() / both.median());
    }
    std::cout << line.dump() << std::endl;
}

// On the processor with `rasterizer`, on the GPU without.
void run_sizes(const SplatSet& splats, const std::string& scene, const Options& options, Rasterizer* rasterizer) {
    for (const int size : options.sizes) {
        if (rasterizer) {
            run_case(*rasterizer, splats, scene, size, options);
            continue;
        }
#ifdef LIKENESS_HAVE_CUDA
        for (const int batch : options.batches) {
            nlohmann::ordered_json line = head_of_line(splats, scene, size, batch, "cuda");
            line.update(bench::time_on_device(splats, size, batch, std::max(options.repeat, 200)));
            std::cout << line.dump() << std::endl;
        }
#endif
    }
}

}  // namespace

int run_splat_bench(int argc, char** argv) {
    Options options;
    CLI::App app{"Speed of the Gaussian rasterizers", "likeness-bench splat"};
    app.add_option("files", options.files, "3D Gaussian Splatting PLY files")->required();
    app.add_option("--device", options.device, "cpu or cuda")->check(CLI::IsMember({"cpu", "cuda"}));
    app.add_option("--size", options.sizes, "side of the picture in pixels (256, 512 and 1024)")
        ->check(CLI::Range(1, 8192));
    app.add_option("--batch", options.batches, "views in the same launches (GPU; 1)")->check(CLI::Range(1, 64));
    app.add_option("--split", options.split, "replace each Gaussian by that many smaller ones")
        ->check(CLI::Range(1, 100));
    app.add_option("--gaussians", options.counts, "as many of them: an even choice, grown to cover as much, or split")
        ->check(CLI::Range(1, 10'000'000));
    app.add_option("--repeat", options.repeat, "rounds, at least 30 (GPU: 200)");
    app.add_flag("--reference", options.reference, "also measure a plain scalar rasterizer (CPU)");
    CLI11_PARSE(app, argc, argv);
    if (options.sizes.empty()) options.sizes = {256, 512, 1024};

    const bool cpu = options.device == "cpu";
    if (!cpu && machine_name("cuda") == "unknown") {
        std::cerr << "likeness-bench: no " << options.device << " rasterizer in this build or on this machine\n";
        return 1;
    }
    const std::unique_ptr<Rasterizer> rasterizer = cpu ? make_cpu_rasterizer() : nullptr;
    for (const std::string& file : options.files) {
        Result<SplatSet> splats = load_splat_ply(file);
        if (!splats) {
            std::cerr << "likeness-bench: " << splats.error().message << '\n';
            return 1;
        }
        std::string scene = std::filesystem::path(file).stem().string();
        if (options.split > 1) {
            *splats = bench::split(*splats, options.split);
            scene += " x " + std::to_string(options.split);
        }
        if (options.counts.empty()) run_sizes(*splats, scene, options, rasterizer.get());
        for (const int count : options.counts) {
            SplatSet some = bench::of_count(*splats, std::size_t(count));
            const float grown = std::sqrt(std::max(1.0f, float(splats->count) / float(count)));
            for (float& scale : some.scales) scale *= grown;
            run_sizes(some, scene, options, rasterizer.get());
        }
    }
    return 0;
}
