#include "bench/metrics/coverage.h"

#include <cassert>
#include <utility>
#include <vector>

namespace likeness::metrics {
namespace {

constexpr float kClosed = 0.98f;
constexpr float kVisible = 0.05f;
constexpr float kInside = 0.5f;

Status check(const Image& a, const Image& b) {
    if (!a.empty() && a.channels == 1 && b.channels == 1 && a.width == b.width && a.height == b.height) return {};
    return Error{ErrorCode::invalid_argument, "Alpha and mask to be compared must be of one size, one channel each.",
                 ""};
}

struct Part {
    double alpha = 0;
    bool touches = false;
};

// Empties the connected part of `open` around `start`.
Part take_part(std::size_t start, const Image& alpha, const Image& s, std::vector<bool>& open) {
    Part part;
    std::vector<std::size_t> front{start};
    open[start] = false;
    const std::size_t width = std::size_t(alpha.width);
    while (!front.empty()) {
        const std::size_t i = front.back();
        front.pop_back();
        part.alpha += double(alpha.pixels[i]);
        part.touches = part.touches || s.pixels[i] > kInside;
        const int x = int(i % width), y = int(i / width);
        for (int dy = -1; dy <= 1; ++dy)
            for (int dx = -1; dx <= 1; ++dx) {
                if (x + dx < 0 || x + dx >= alpha.width || y + dy < 0 || y + dy >= alpha.height) continue;
                const std::size_t j = alpha.index(x + dx, y + dy);
                if (!open[j]) continue;
                open[j] = false;
                front.push_back(j);
            }
    }
    return part;
}

}  // namespace

Image eroded(const Image& mask, int radius) {
    assert(mask.channels == 1 && radius >= 0);
    Image out(mask.width, mask.height, 1);
    for (int y = 0; y < mask.height; ++y)
        for (int x = 0; x < mask.width; ++x) {
            bool inside = true;
            for (int dy = -radius; dy <= radius && inside; ++dy)
                for (int dx = -radius; dx <= radius && inside; ++dx) {
                    if (dx * dx + dy * dy > radius * radius) continue;
                    if (x + dx < 0 || x + dx >= mask.width || y + dy < 0 || y + dy >= mask.height) continue;
                    inside = *mask.at(x + dx, y + dy) > kInside;
                }
            *out.at(x, y) = inside ? 1.0f : 0.0f;
        }
    return out;
}

Result<double> coverage(const Image& alpha, const Image& silhouette) {
    if (Status ok = check(alpha, silhouette); !ok) return ok.error();
    const Image s = eroded(silhouette, kErosionPixels);
    std::size_t closed = 0, all = 0;
    for (std::size_t i = 0; i < s.pixels.size(); ++i) {
        if (s.pixels[i] <= kInside) continue;
        ++all;
        if (alpha.pixels[i] >= kClosed) ++closed;
    }
    if (all == 0)
        return Error{ErrorCode::invalid_argument, "The head covers no pixel of this view.", "empty silhouette"};
    return double(closed) / double(all);
}

Result<double> floaters(const Image& alpha, const Image& silhouette) {
    if (Status ok = check(alpha, silhouette); !ok) return ok.error();
    const Image s = eroded(silhouette, kErosionPixels);
    std::vector<bool> open(alpha.pixels.size());
    double all = 0, loose = 0;
    for (std::size_t i = 0; i < open.size(); ++i) {
        open[i] = alpha.pixels[i] > kVisible;
        all += double(alpha.pixels[i]);
    }
    for (std::size_t i = 0; i < open.size(); ++i) {
        if (!open[i]) continue;
        const Part part = take_part(i, alpha, s, open);
        if (!part.touches) loose += part.alpha;
    }
    return all > 0 ? loose / all : 0.0;
}

Result<double> outline_overlap(const Image& alpha, const Image& matte) {
    if (Status ok = check(alpha, matte); !ok) return ok.error();
    std::size_t both = 0, either = 0;
    for (std::size_t i = 0; i < alpha.pixels.size(); ++i) {
        const bool a = alpha.pixels[i] > kInside, m = matte.pixels[i] > kInside;
        both += a && m;
        either += a || m;
    }
    if (either == 0) return Error{ErrorCode::invalid_argument, "Neither outline has a pixel.", ""};
    return double(both) / double(either);
}

Image alpha_channel(const Image& rgba) {
    assert(rgba.channels == 4);
    Image out(rgba.width, rgba.height, 1);
    for (std::size_t i = 0; i < out.pixels.size(); ++i) out.pixels[i] = rgba.pixels[i * 4 + 3];
    return out;
}

}  // namespace likeness::metrics
