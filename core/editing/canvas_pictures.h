// Tiles of the canvas' picture, made by a thread of its own; after an edit those again that it touched.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/editing/canvas_tiles.h"

namespace likeness {

class CanvasPictures {
  public:
    struct Subject {
        std::shared_ptr<const PaintSurface> surface;  // never null
        std::shared_ptr<const RegionMasks> regions;
        Avatar avatar;
        CanvasContent content = CanvasContent::color;
        int layer = 0;  // its number, of what is shown of one
        bool operator==(const Subject& other) const;
    };

    // `wake`: from its thread, when there is something new.
    explicit CanvasPictures(std::function<void()> wake);
    ~CanvasPictures();
    CanvasPictures(const CanvasPictures&) = delete;
    CanvasPictures& operator=(const CanvasPictures&) = delete;

    // What is wanted from now on, the first first. Never waits for a tile.
    void want(const Subject& subject, std::vector<CanvasTileKey> keys);
    void clear();
    // As it was made last: before the last edit while that is worked on. Null before the first.
    std::shared_ptr<const CanvasTile> tile(const CanvasTileKey& key) const;
    bool complete() const;       // all that is wanted is there
    std::uint64_t made() const;  // how many tiles were, from the beginning

  private:
    struct Entry {
        std::shared_ptr<const CanvasTile> tile;
        std::uint64_t wanted = 1, made = 0;  // versions
        bool fresh() const { return made == wanted; }
    };
    void work(const std::stop_token& stop);
    void follow(const Subject& subject);

    const std::function<void()> wake_;
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    Subject subject_;
    std::vector<CanvasTileKey> keys_, left_;  // that are wanted; that are to be made, the next one last
    bool working_ = false;
    std::map<CanvasTileKey, Entry> entries_;
    std::uint64_t made_ = 0;
    std::uint64_t round_ = 0;  // entries of another one are forgotten
    std::jthread worker_;      // last: it ends first
};

}  // namespace likeness
