// What training steps on batches of one size, of pictures of one size, share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>

#include "cuda/replay.h"
#include "likeness/cuda/device_buffer.h"
#include "likeness/cuda/device_rasterizer.h"
#include "likeness/cuda/loss.h"

namespace likeness::cuda {

// What decides which kernels a step consists of; everything else is in device memory.
struct StepKind {
    bool color = false, alpha = false, dssim = false;  // terms that some view of the batch has
    bool screen = true;                                // screen-space gradients count
    unsigned key() const {
        return unsigned(color) | unsigned(alpha) << 1 | unsigned(dssim) << 2 | unsigned(screen) << 3;
    }
};

struct TrainingCanvas {
    TrainingCanvas(cudaStream_t stream, int picture_width, int picture_height, std::size_t views, bool changed)
        : width(picture_width),
          height(picture_height),
          batch(views),
          pixels(batch * std::size_t(width) * std::size_t(height)),
          rasterizer(stream),
          color(stream, 3 * pixels),
          alpha(stream, pixels),
          shown_color(stream, changed ? color.size() : 0),
          shown_alpha(stream, changed ? alpha.size() : 0) {
        rasterizer.reserve_scratch(loss_workspace_bytes(loss_options(true)));
    }
    LossOptions loss_options(bool dssim) const {
        LossOptions options;
        options.width = width;
        options.height = height;
        options.images = int(batch);
        options.dssim = dssim;
        // A million pixels fill a GPU; more at once takes 1 % less time, and memory of its own.
        options.at_once = int(std::max<std::size_t>((std::size_t(1) << 20) * batch / pixels, 1));
        return options;
    }
    RasterOutputs outputs() { return {color.data(), alpha.data(), nullptr, nullptr, nullptr}; }

    int width, height;
    std::size_t batch, pixels;  // views; pixels of them all
    DeviceRasterizer rasterizer;
    DeviceBuffer<float> color, alpha;
    // What modules make of them: the rasterizer's way back reads those above. Empty without modules.
    DeviceBuffer<float> shown_color, shown_alpha;
    // Steps of one kind, recorded; by StepKind::key().
    struct Recording {
        Graph graph;
        std::uint64_t generation = 0;  // of all memory that the graph names
        int repeats = 0;
    };
    std::map<unsigned, Recording> recordings;
};

}  // namespace likeness::cuda
