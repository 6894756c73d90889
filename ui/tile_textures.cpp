#include "ui/tile_textures.h"

#include <algorithm>
#include <cstring>

namespace likeness::ui {
namespace {

// A tile's border is there twice, so that nothing of its neighbour comes in between pixels.
constexpr int slot_side = paint_tile_side + 2, page_slots = 16, page_side = slot_side * page_slots;
constexpr std::size_t most_pages = 32;  // of 256 tiles
constexpr int most_writes = 128;        // a frame: 2 MB

}  // namespace

void TileTextures::begin_frame() {
    ++frame_;
    writes_ = 0;
    waits_ = false;
}

void TileTextures::clear() {
    slots_.clear();
    pages_.clear();
}

TileTextures::Slot* TileTextures::place(const CanvasTileKey& key) {
    if (const auto found = slots_.find(key); found != slots_.end()) return &found->second;
    const auto has_room = [](const Page& page) { return !page.free.empty(); };
    auto page = std::find_if(pages_.begin(), pages_.end(), has_room);
    if (page == pages_.end() && pages_.size() == most_pages) {
        // What was not drawn in the last frame makes room.
        std::erase_if(slots_, [this](const auto& of) {
            if (of.second.frame >= frame_ - 1) return false;
            pages_[of.second.page].free.push_back(of.second.index);
            return true;
        });
        page = std::find_if(pages_.begin(), pages_.end(), has_room);
        if (page == pages_.end()) return nullptr;
    }
    if (page == pages_.end()) {
        pages_.push_back({std::make_unique<Picture>(), {}});
        page = pages_.end() - 1;
        page->picture->create(page_side, page_side);
        for (int i = page_slots * page_slots; i-- > 0;) page->free.push_back(i);
    }
    Slot& slot = slots_[key];
    slot.page = std::size_t(page - pages_.begin());
    slot.index = page->free.back();
    page->free.pop_back();
    return &slot;
}

void TileTextures::write(Slot& slot) {
    const int x = slot.index % page_slots * slot_side, y = slot.index / page_slots * slot_side;
    unsigned char* to = pages_[slot.page].picture->write(x, y, slot_side, slot_side);
    for (int row = 0; row < slot_side; ++row, to += 4 * std::size_t(page_side)) {
        const PaintTexel* const from =
            &slot.tile->pixels.texels[std::size_t(std::clamp(row - 1, 0, paint_tile_side - 1) * paint_tile_side)];
        std::memcpy(to, from, 4);
        std::memcpy(to + 4, from, 4 * std::size_t(paint_tile_side));
        std::memcpy(to + 4 * (slot_side - 1), from + paint_tile_side - 1, 4);
    }
}

bool TileTextures::draw(const CanvasTileKey& key, const std::shared_ptr<const CanvasTile>& tile, const ImVec2& from,
                        const ImVec2& to, const ImVec2& uv_from, const ImVec2& uv_to) {
    if (!tile) return false;
    if (!tile->any) return true;
    Slot* const slot = place(key);
    if (!slot) return false;
    slot->frame = frame_;
    if (slot->tile != tile) {
        if (writes_ == most_writes) {
            waits_ = true;
            if (!slot->tile) return false;
        } else {
            ++writes_;
            slot->tile = tile;
            write(*slot);
        }
    }
    const Picture& page = *pages_[slot->page].picture;
    if (!page.ready()) {
        waits_ = true;
        return false;
    }
    const float unit = 1.0f / page_side;
    const ImVec2 first = {float(slot->index % page_slots * slot_side + 1) * unit,
                          float(slot->index / page_slots * slot_side + 1) * unit};
    const float side = paint_tile_side * unit;
    ImGui::GetWindowDrawList()->AddImage(page.reference(), from, to,
                                         {first.x + uv_from.x * side, first.y + uv_from.y * side},
                                         {first.x + uv_to.x * side, first.y + uv_to.y * side});
    return true;
}

}  // namespace likeness::ui
