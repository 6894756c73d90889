#include "core/view/frame_pixels.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/parallel.h"
#include "core/base/vectorize.h"

namespace likeness {
namespace {

std::uint8_t byte(float value) { return std::uint8_t(std::clamp(value, 0.0f, 1.0f) * 255.0f + 0.5f); }

LIKENESS_VECTORIZE void color_rows(const float* color, const float* alpha, std::size_t count, std::uint8_t* out) {
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t c = 0; c < 3; ++c) {
            const float v = color[i * 3 + c];
            out[i * 4 + c] = std::uint8_t((v > 0 ? (v < 1 ? v : 1.0f) : 0.0f) * 255.0f + 0.5f);
        }
        const float a = alpha[i];
        out[i * 4 + 3] = std::uint8_t((a > 0 ? (a < 1 ? a : 1.0f) : 0.0f) * 255.0f + 0.5f);
    }
}

// Dark violet over teal to pale yellow: equal steps look equal, and it stays readable in grey.
std::array<float, 3> palette(float t) {
    static constexpr std::array<std::array<float, 3>, 6> stops = {{{0.16f, 0.10f, 0.30f},
                                                                   {0.22f, 0.26f, 0.51f},
                                                                   {0.15f, 0.45f, 0.56f},
                                                                   {0.20f, 0.62f, 0.50f},
                                                                   {0.55f, 0.78f, 0.36f},
                                                                   {0.98f, 0.92f, 0.55f}}};
    const float x = std::clamp(t, 0.0f, 1.0f) * float(stops.size() - 1);
    const std::size_t i = std::min(std::size_t(x), stops.size() - 2);
    std::array<float, 3> mixed{};
    for (std::size_t c = 0; c < 3; ++c) mixed[c] = stops[i][c] + (stops[i + 1][c] - stops[i][c]) * (x - float(i));
    return mixed;
}

}  // namespace

void to_pixels(const Frame& frame, FrameContent content, const Camera& camera, std::uint8_t* pixels) {
    const std::size_t count = frame.alpha.pixels.size();
    constexpr std::size_t grain = 16384;
    const float* alpha = frame.alpha.pixels.data();
    if (content == FrameContent::color) {
        parallel_for(count, grain, [&](std::size_t begin, std::size_t end) {
            color_rows(frame.color.pixels.data() + begin * 3, alpha + begin, end - begin, pixels + begin * 4);
        });
    } else if (content == FrameContent::alpha) {
        parallel_for(count, grain, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                std::fill_n(pixels + i * 4, 3, byte(alpha[i]));
                pixels[i * 4 + 3] = 255;
            }
        });
    } else if (content == FrameContent::normals) {
        const Eigen::Matrix3f turn = camera.world_to_camera.topLeftCorner<3, 3>();
        parallel_for(count, grain, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                const float* n = &frame.normal.pixels[i * 3];
                const Eigen::Vector3f seen = turn * Eigen::Vector3f(n[0], n[1], n[2]);
                // The camera's y points down and its z away; pictures of normals have y up and z to the viewer.
                const Eigen::Vector3f shown(seen.x(), -seen.y(), -seen.z());
                const float length = shown.norm(), a = alpha[i];
                for (int c = 0; c < 3; ++c)
                    pixels[i * 4 + std::size_t(c)] = byte(length > 1e-6f ? a * (0.5f + 0.5f * shown[c] / length) : 0);
                pixels[i * 4 + 3] = byte(a);
            }
        });
    } else {
        float near = 1e9f, far = 0;
        for (std::size_t i = 0; i < count; ++i)
            if (alpha[i] > 0.5f) {
                const float z = frame.depth.pixels[i] / alpha[i];
                near = std::min(near, z);
                far = std::max(far, z);
            }
        const float range = std::max(far - near, 1e-4f);
        parallel_for(count, grain, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                const float a = alpha[i];
                const auto c = palette(a > 1e-3f ? 1 - (frame.depth.pixels[i] / a - near) / range : 0);
                for (std::size_t k = 0; k < 3; ++k) pixels[i * 4 + k] = byte(a * c[k]);
                pixels[i * 4 + 3] = byte(a);
            }
        });
    }
}

}  // namespace likeness
