// The layers of paint, the highest first: order, opacity, blending, masks.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ui/panel.h"
#include "ui/thumbnails.h"
#include "ui/widgets.h"

namespace likeness::ui {

class LayersPanel : public Panel {
  public:
    LayersPanel();
    void draw(Studio& studio) override;

  private:
    struct Shown {
        std::shared_ptr<const PaintTexels> of;
        Picture picture;
    };
    void draw_look(Studio& studio, const PaintLayer& layer);
    void draw_buttons(Studio& studio, const PaintLayer* layer);
    void draw_layer(Studio& studio, const PaintStack& stack, const PaintLayer& layer, int depth);
    void draw_thumbnail(Studio& studio, const PaintLayer& layer, const ImVec2& from, float side);
    void draw_menu(Studio& studio, const PaintLayer& layer, const std::string& key);
    void draw_additions(Studio& studio);
    void draw_make_up(Studio& studio, const PaintLayer& layer);
    void draw_sticker(Studio& studio, const PaintLayer& layer);
    void draw_own_stickers(Studio& studio);

    std::map<int, Shown> shown_;  // by layer
    Thumbnails thumbnails_;       // of the program's own stickers
    std::vector<std::pair<std::string, std::string>> looks_;  // names and titles, once they were asked for
    std::optional<std::array<float, 3>> color_;               // of the selected make-up, while it is chosen
    int renamed_ = 0;             // the layer whose name is being written
    bool rename_begins_ = false;
    std::string name_;
};

}  // namespace likeness::ui
