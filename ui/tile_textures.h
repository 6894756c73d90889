// Tiles of the canvas as textures: many on one page, so that the whole canvas is drawn by a few calls.
#pragma once

#include <imgui.h>

#include <map>
#include <memory>
#include <vector>

#include "core/editing/canvas_tiles.h"
#include "ui/widgets.h"

namespace likeness::ui {

class TileTextures {
  public:
    void begin_frame();
    // The part [uv_from, uv_to] of a tile fills a rectangle of the screen. False while its texture is not ready.
    bool draw(const CanvasTileKey& key, const std::shared_ptr<const CanvasTile>& tile, const ImVec2& from,
              const ImVec2& to, const ImVec2& uv_from = {0, 0}, const ImVec2& uv_to = {1, 1});
    bool waits() const { return waits_; }  // something will be ready in the next frame
    void clear();

  private:
    struct Slot {
        std::size_t page = 0;
        int index = 0;
        std::shared_ptr<const CanvasTile> tile;
        int frame = 0;  // that it was drawn in last
    };
    struct Page {
        std::unique_ptr<Picture> picture;
        std::vector<int> free;
    };
    Slot* place(const CanvasTileKey& key);
    void write(Slot& slot);

    std::map<CanvasTileKey, Slot> slots_;
    std::vector<Page> pages_;
    int frame_ = 0, writes_ = 0;
    bool waits_ = false;
};

}  // namespace likeness::ui
