// Which Gaussians each tile blends, front to back.
//
// Gaussians are sorted by depth once (radix sort, ties by index); going through them in that order and appending each
// to the tiles that its ellipse touches leaves every tile's list sorted. The ellipse is cut into the columns of tiles,
// which gives the exact tiles and, inside a tile, the exact rows. The result does not depend on the number of threads.
// A picture whose lists would take too much memory is listed a part at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/splat/kernels/kernels.h"

namespace likeness::cpu_raster {

// Tiles from (left, top) up to but without (right, bottom).
struct TileRegion {
    int left = 0, top = 0, right = 0, bottom = 0;
    int width() const { return right - left; }
    int height() const { return bottom - top; }
};

class TileLists {
  public:
    // Once a picture, before build(). `depths`: 0 marks a Gaussian that is not drawn. Buffers only grow, so that a
    // repeated build does not allocate.
    void begin(const float* depths, std::size_t count, int width, int height);
    // The lists of a region's tiles; all others are empty. False, and no lists, when they need more than `most`
    // instances, each of which takes 24 bytes.
    bool build(const ScreenSplat* screen, const TileRegion& region, std::size_t most);

    int columns() const { return columns_; }
    int rows() const { return rows_; }
    TileRegion all() const { return {0, 0, columns_, rows_}; }
    std::size_t tiles() const { return tiles_; }
    std::size_t instance_count() const { return instance_count_; }
    const std::uint32_t* tile_begin() const { return tile_begin_.data(); }  // [tiles + 1]
    const TileInstance* instances() const { return instances_.data(); }
    // A Gaussian's instances have the slots slot_begin()[i] ..., slot_count()[i] of them.
    const std::uint32_t* slot_begin() const { return slot_begin_.data(); }
    const std::uint32_t* slot_count() const { return slot_count_.data(); }

  private:
    // The part of an ellipse in one column of tiles; rows in pixels, both ends included.
    struct Strip {
        std::uint32_t splat;
        std::uint16_t column, first_row, last_row;
    };
    // A run of Gaussians in depth order: the unit of parallel work.
    struct Chunk {
        std::vector<Strip> strips;
        std::vector<std::uint32_t> next;  // [tiles]: instances counted, then the position of the next one
        std::size_t instances = 0;
    };

    void sort_by_depth(const float* depths, std::size_t count);
    // Ends early once `total`, of all chunks, is above `most`.
    void cut_ellipses(const ScreenSplat* screen, const std::uint64_t* begin, const std::uint64_t* end,
                      const TileRegion& region, std::size_t most, std::atomic<std::size_t>& total, Chunk& chunk) const;
    void place_chunks();
    void scatter(const Chunk& chunk, std::vector<std::uint32_t>& next, std::size_t slot);

    int width_ = 0, height_ = 0, columns_ = 0, rows_ = 0;
    std::size_t count_ = 0, tiles_ = 0, visible_ = 0, instance_count_ = 0;
    std::vector<std::uint64_t> order_, order_scratch_;  // depth bits above the index
    std::vector<Chunk> chunks_;
    std::vector<std::uint32_t> tile_begin_, slot_begin_, slot_count_;
    std::vector<TileInstance> instances_;
};

}  // namespace likeness::cpu_raster
