// What is seen before anything is open: three lines, a place to drop a portrait, the sample portrait and recent files.
#pragma once

#include "core/studio/studio.h"
#include "ui/thumbnails.h"

namespace likeness::ui {

class Welcome {
  public:
    void draw(Studio& studio);

  private:
    static void draw_drop_zone(Studio& studio, float width, float height);
    void draw_tiles(Studio& studio, float width);
    // True when it was clicked.
    bool tile(Studio& studio, const std::filesystem::path& file, const std::string& name, const std::string& about);

    Thumbnails thumbnails_;
    std::filesystem::path sample_;  // empty: not looked for yet, or not there
    bool looked_ = false;
};

}  // namespace likeness::ui
