#include "core/avatar/hair_detail.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <random>

namespace likeness {
namespace {

constexpr int width = HairDetail::width, height = HairDetail::height;
constexpr int largest_patch = 32, smallest_patch = 12;  // texels; short hair shows only a narrow band
constexpr std::size_t enough = 60;                      // patches to choose from
constexpr int pole_rows = 24;  // near the crown the chart's columns crowd: no pattern to take elsewhere
constexpr int tries = 48, good_fits = 6;
constexpr std::size_t most_candidates = 4000;

int index(int x, int y) { return y * width + ((x % width) + width) % width; }

// Upper left corners of the patches that were seen whole.
std::vector<int> whole_patches(const std::vector<std::uint8_t>& known, int patch, std::mt19937_64& random) {
    // How many texels in a row are known, down to a texel; then, row by row, how many such columns side by side.
    std::vector<int> down(known.size(), 0);
    std::vector<int> corners;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const std::size_t i = std::size_t(index(x, y));
            down[i] = known[i] ? (y > 0 ? down[i - std::size_t(width)] : 0) + 1 : 0;
        }
    for (int y = pole_rows + patch - 1; y < height; ++y) {
        int run = 0;
        for (int x = 0; x < width + patch - 1; ++x) {  // round the seam too
            run = down[std::size_t(index(x, y))] >= patch ? run + 1 : 0;
            if (run >= patch && x - patch + 1 < width) corners.push_back(index(x - patch + 1, y - patch + 1));
        }
    }
    std::shuffle(corners.begin(), corners.end(), random);
    if (corners.size() > most_candidates) corners.resize(most_candidates);
    return corners;
}

}  // namespace

HairDetail::HairDetail(std::vector<Eigen::Vector3f> detail, std::vector<std::uint8_t> known, std::uint64_t seed)
    : detail_(std::move(detail)) {
    for (std::size_t i = 0; i < known.size(); ++i)
        if (!known[i]) detail_[i].setZero();
    std::mt19937_64 random(seed);
    int patch = largest_patch;
    std::vector<int> corners = whole_patches(known, patch, random);
    for (; corners.size() < enough && patch > smallest_patch; corners = whole_patches(known, patch, random))
        patch = std::max(smallest_patch, patch * 3 / 4);
    if (corners.empty()) return;
    const int stride = patch * 5 / 8, shared = patch - stride;
    const std::vector<Eigen::Vector3f> seen = detail_;
    std::vector<std::uint8_t> done = known;

    // From what is known outwards.
    const int across = (width + stride - 1) / stride, along = (height + stride - 1) / stride;
    std::vector<std::uint8_t> queued(std::size_t(across * along), 0);
    std::deque<int> queue;
    for (int b = 0; b < across * along; ++b) {
        const int x0 = (b % across) * stride, y0 = std::min((b / across) * stride, height - patch);
        bool any = false;
        for (int y = 0; y < patch && !any; y += 4)
            for (int x = 0; x < patch && !any; x += 4) any = known[std::size_t(index(x0 + x, y0 + y))] != 0;
        if (any) {
            queue.push_back(b);
            queued[std::size_t(b)] = 1;
        }
    }
    while (!queue.empty()) {
        const int b = queue.front(), bx = b % across, by = b / across;
        queue.pop_front();
        for (const auto& [nx, ny] : {std::pair{bx - 1, by}, {bx + 1, by}, {bx, by - 1}, {bx, by + 1}}) {
            if (ny < 0 || ny >= along) continue;
            const int n = ny * across + (nx + across) % across;
            if (queued[std::size_t(n)]) continue;
            queued[std::size_t(n)] = 1;
            queue.push_back(n);
        }
        const int x0 = bx * stride, y0 = std::min(by * stride, height - patch);
        bool open = false;
        for (int y = 0; y < patch && !open; ++y)
            for (int x = 0; x < patch && !open; ++x) open = done[std::size_t(index(x0 + x, y0 + y))] == 0;
        if (!open) continue;

        // One of those that fit well, not always the best: the same one again and again would show as a pattern.
        std::array<std::pair<float, int>, tries> fits;
        for (auto& [cost, corner] : fits) {
            corner = corners[std::size_t(random() % corners.size())];
            const int cx = corner % width, cy = corner / width;
            cost = 0;
            for (int y = 0; y < patch; y += 2)
                for (int x = 0; x < patch; x += 2) {
                    const std::size_t to = std::size_t(index(x0 + x, y0 + y));
                    if (done[to]) cost += (detail_[to] - seen[std::size_t(index(cx + x, cy + y))]).squaredNorm();
                }
        }
        std::nth_element(fits.begin(), fits.begin() + good_fits, fits.end());
        const int best = fits[std::size_t(random() % good_fits)].second;
        const int cx = best % width, cy = best / width;
        float both = 0, own = 1e-12f, other = 1e-12f;
        for (int y = 0; y < patch; ++y)
            for (int x = 0; x < patch; ++x) {
                const std::size_t to = std::size_t(index(x0 + x, y0 + y)), from = std::size_t(index(cx + x, cy + y));
                if (!done[to]) continue;
                both += detail_[to].dot(seen[from]);
                own += detail_[to].squaredNorm();
                other += seen[from].squaredNorm();
            }
        const float alike = std::clamp(both / std::sqrt(own * other), 0.0f, 1.0f);  // correlation
        for (int y = 0; y < patch; ++y)
            for (int x = 0; x < patch; ++x) {
                const std::size_t to = std::size_t(index(x0 + x, y0 + y));
                if (known[to]) continue;
                const Eigen::Vector3f& from = seen[std::size_t(index(cx + x, cy + y))];
                if (!done[to]) {
                    detail_[to] = from;
                    done[to] = 1;
                    continue;
                }
                // Patches melt into each other where they overlap with unchanged contrast: a weighted mean of two
                // signals has less of it, the less alike they are (Heitz and Neyret 2018, section 3.2, for unrelated
                // ones).
                const float edge = float(std::min({x, y, patch - 1 - x, patch - 1 - y}) + 1) / float(shared);
                const float w = std::clamp(edge, 0.0f, 1.0f);
                detail_[to] =
                    (w * from + (1 - w) * detail_[to]) / std::sqrt(w * w + (1 - w) * (1 - w) + 2 * alike * w * (1 - w));
            }
    }
}

const Eigen::Vector3f& HairDetail::at(const Eigen::Vector2f& uv) const {
    const int x = int(std::floor((uv.x() - 1) * float(width)));
    const int y = std::clamp(int(uv.y() * float(height)), 0, height - 1);
    return detail_[std::size_t(index(x, y))];
}

}  // namespace likeness
