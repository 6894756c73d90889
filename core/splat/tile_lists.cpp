#include "core/splat/tile_lists.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "core/base/parallel.h"

namespace likeness::cpu_raster {
namespace {

template <class T>
void grow(std::vector<T>& v, std::size_t size) {
    if (v.size() < size) v.resize(size);
}

constexpr int digit_bits = 11;  // 2048 counters stay in the L1 cache
constexpr std::size_t digits = std::size_t(1) << digit_bits;
// Instances of one chunk until it tells the others how many there are.
constexpr std::size_t told_at_once = 1 << 16;

}  // namespace

void TileLists::sort_by_depth(const float* depths, std::size_t count) {
    grow(order_, count);
    grow(order_scratch_, count);
    // Depths are positive: their bits order as integers. Only the bits in which the visible ones differ are sorted.
    std::size_t n = 0;
    std::uint32_t least = std::numeric_limits<std::uint32_t>::max(), most = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (!(depths[i] > 0.0f)) continue;
        const std::uint32_t bits = std::bit_cast<std::uint32_t>(depths[i]);
        least = std::min(least, bits);
        most = std::max(most, bits);
        order_[n++] = std::uint64_t(bits) << 32 | i;
    }
    visible_ = n;
    if (n == 0) return;
    for (int shift = 0; shift < 32 && ((most - least) >> shift) != 0; shift += digit_bits) {
        std::uint32_t position[digits] = {};
        const auto digit = [=](std::uint64_t key) {
            return std::size_t((std::uint32_t(key >> 32) - least) >> shift) & (digits - 1);
        };
        for (std::size_t i = 0; i < n; ++i) ++position[digit(order_[i])];
        std::uint32_t sum = 0;
        for (std::uint32_t& p : position) sum += std::exchange(p, sum);
        for (std::size_t i = 0; i < n; ++i) order_scratch_[position[digit(order_[i])]++] = order_[i];
        order_.swap(order_scratch_);
    }
}

void TileLists::cut_ellipses(const ScreenSplat* screen, const std::uint64_t* begin, const std::uint64_t* end,
                             const TileRegion& region, std::size_t most, std::atomic<std::size_t>& total,
                             Chunk& chunk) const {
    std::size_t told = 0;
    const int top_row = region.top * tile_size, bottom_row = region.bottom * tile_size - 1;
    chunk.strips.clear();
    chunk.next.assign(tiles_, 0);
    chunk.instances = 0;
    // First and last pixel whose centre lies in [from, to], limited to the picture. Truncation is enough (and inlined,
    // unlike floor on plain x86-64): arguments are not negative, and the slack makes an exact hit irrelevant.
    const auto limited = [](float x, int size) { return int(std::min(std::max(0.0f, x), float(size))); };
    const auto first_pixel = [&](float from, int size) { return limited(from + (0.5f - pixel_slack), size); };
    const auto last_pixel = [&](float to, int size) { return limited(to + (0.5f + pixel_slack), size) - 1; };
    for (const std::uint64_t* key = begin; key < end; ++key) {
        __builtin_prefetch(screen + std::uint32_t(key[std::min<std::ptrdiff_t>(8, end - key - 1)]));
        const std::uint32_t index = std::uint32_t(*key);
        const ScreenSplat& s = screen[index];
        const int left = first_pixel(s.u - s.half_width, width_), right = last_pixel(s.u + s.half_width, width_);
        if (right < left) continue;
        if (chunk.instances - told > told_at_once) {
            if ((total += chunk.instances - told) > most) return;
            told = chunk.instances;
        }
        const float reach = s.half_width * s.half_width;
        const int end_column = std::min(right / tile_size + 1, region.right);
        for (int column = std::max(left / tile_size, region.left); column < end_column; ++column) {
            // The rows' limits are concave and convex in dx, so each is extreme at its summit, limited to the strip.
            const float from = std::max(float(column * tile_size) + 0.5f - s.u, -s.half_width);
            const float to = std::min(float(column * tile_size + tile_size) - 0.5f - s.u, s.half_width);
            const float low = std::min(std::max(s.summit, from), to), high = std::min(std::max(-s.summit, from), to);
            const float bottom = s.v + s.slope * low + std::sqrt(std::max(s.arc * (reach - low * low), 0.0f));
            const float top = s.v + s.slope * high - std::sqrt(std::max(s.arc * (reach - high * high), 0.0f));
            const int first = std::max(first_pixel(top, height_), top_row);
            const int last = std::min(last_pixel(bottom, height_), bottom_row);
            if (last < first) continue;
            chunk.strips.push_back({index, std::uint16_t(column), std::uint16_t(first), std::uint16_t(last)});
            const int first_tile = first / tile_size, last_tile = last / tile_size;
            for (int row = first_tile; row <= last_tile; ++row) ++chunk.next[std::size_t(row * columns_ + column)];
            chunk.instances += std::size_t(last_tile - first_tile + 1);
        }
    }
    total += chunk.instances - told;
}

void TileLists::place_chunks() {
    instance_count_ = 0;
    for (const Chunk& chunk : chunks_) instance_count_ += chunk.instances;
    if (instance_count_ > std::numeric_limits<std::uint32_t>::max()) {
        throw std::length_error("too many Gaussians reach too many tiles for the CPU rasterizer");
    }
    grow(tile_begin_, tiles_ + 1);
    std::uint32_t position = 0;
    for (std::size_t tile = 0; tile < tiles_; ++tile) {
        tile_begin_[tile] = position;
        for (Chunk& chunk : chunks_) position += std::exchange(chunk.next[tile], position);
    }
    tile_begin_[tiles_] = position;
    grow(instances_, instance_count_);
}

void TileLists::scatter(const Chunk& chunk, std::vector<std::uint32_t>& next, std::size_t slot) {
    std::uint32_t current = std::numeric_limits<std::uint32_t>::max();
    for (const Strip& strip : chunk.strips) {
        if (strip.splat != current) {
            current = strip.splat;
            slot_begin_[current] = std::uint32_t(slot);
        }
        const int first_tile = strip.first_row / tile_size, last_tile = strip.last_row / tile_size;
        for (int row = first_tile; row <= last_tile; ++row) {
            const std::uint32_t position = next[std::size_t(row * columns_ + strip.column)]++;
            const int top = row * tile_size;
            instances_[position] = {current, std::uint32_t(slot++), std::uint8_t(std::max(strip.first_row - top, 0)),
                                    std::uint8_t(std::min(strip.last_row - top, tile_size - 1)), 0};
        }
        slot_count_[current] = std::uint32_t(slot) - slot_begin_[current];
    }
}

void TileLists::begin(const float* depths, std::size_t count, int width, int height) {
    width_ = width;
    height_ = height;
    columns_ = (width + tile_size - 1) / tile_size;
    rows_ = (height + tile_size - 1) / tile_size;
    tiles_ = std::size_t(columns_) * std::size_t(rows_);
    count_ = count;
    grow(slot_begin_, count);
    grow(slot_count_, count);
    sort_by_depth(depths, count);
}

bool TileLists::build(const ScreenSplat* screen, const TileRegion& region, std::size_t most) {
    std::fill_n(slot_count_.begin(), count_, 0u);
    // Chunks of equal numbers of Gaussians; a few thousand at least, or counting tiles costs more than it saves.
    const std::size_t wanted = std::min<std::size_t>(std::size_t(worker_count()), visible_ / 2048 + 1);
    if (chunks_.size() != wanted) chunks_.resize(wanted);
    const std::size_t size = (visible_ + wanted - 1) / wanted;
    std::atomic<std::size_t> total = 0;
    parallel_for(wanted, 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const std::size_t from = std::min(i * size, visible_), to = std::min(from + size, visible_);
            cut_ellipses(screen, order_.data() + from, order_.data() + to, region, most, total, chunks_[i]);
        }
    });
    if (total > most) return false;
    place_chunks();
    parallel_for(wanted, 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            std::size_t slot = 0;
            for (std::size_t before = 0; before < i; ++before) slot += chunks_[before].instances;
            scatter(chunks_[i], chunks_[i].next, slot);
        }
    });
    return true;
}

}  // namespace likeness::cpu_raster
