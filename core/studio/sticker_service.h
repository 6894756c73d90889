// Stickers and text on the open avatar: pictures are read by jobs, one that was dropped on the face waits until it is
// known what becomes of it, and a sticker is moved by hand as one step of the history.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "core/avatar/paint.h"
#include "core/base/result.h"
#include "core/commands/command.h"
#include "core/document/document.h"
#include "core/editing/sticker_layer.h"
#include "core/studio/jobs.h"

namespace likeness {

class Studio;

class StickerService {
  public:
    explicit StickerService(Studio& studio) : studio_(studio) {}
    void add_commands(CommandRegistry& registry);  // commands_sticker.cpp
    void drain();                                  // each frame

    // ---- what there is ----
    // The selected layer, if it is a sticker or text; null else.
    const PaintLayer* selected() const;
    // The highest layer of a sticker that shows at a place; 0 for none.
    int at(const Eigen::Vector2f& atlas) const;
    // The selected one has its handles in the viewport.
    bool handles() const { return handles_ && selected(); }
    void show_handles(bool on) { handles_ = on; }
    bool warping() const { return warping_; }  // they are those of the warp
    void set_warping(bool on) { warping_ = on; }

    // ---- pictures ----
    // Read at once where nobody can be asked, else by a job; `put` then makes the change, one step of the history.
    Status read(const std::filesystem::path& file, std::function<Status(std::shared_ptr<const Image>)> put);
    bool reading() const { return reading_ > 0; }
    // As a layer above the selected one. For commands, which leave undo to their caller.
    Status add(Sticker sticker, const std::string& name);
    // Another sticker in the selected layer. Precondition: selected().
    Status change(const Sticker& sticker);

    // ---- dropped on the face ----
    struct Dropped {
        std::filesystem::path file;
        std::shared_ptr<const Image> picture;
        Eigen::Vector2f atlas;
    };
    // One with transparent parts becomes a sticker there; of another a person is asked, see dropped().
    void drop(const std::filesystem::path& file, const Eigen::Vector2f& atlas);
    const Dropped* dropped() const { return dropped_.empty() ? nullptr : &dropped_.front(); }
    void place_dropped();
    void withdraw_dropped();

    // ---- moved by hand: it shows at once and is one entry of the history when it ends ----
    void begin_edit(const std::string& title);  // of the selected one; nothing else
    bool editing() const { return edit_ != nullptr; }
    void edit(const Sticker& sticker);
    void end_edit();
    void cancel_edit();

  private:
    struct Edit {
        std::string title;
        int layer = 0;
        std::uint64_t document = 0;
        Part<PaintStack> before;
    };
    Status put_dropped(const Dropped& dropped);
    bool edit_stands() const;

    Studio& studio_;
    bool handles_ = false, warping_ = false;
    int reading_ = 0;
    std::uint64_t document_ = 0;
    std::deque<Dropped> dropped_;
    std::unique_ptr<Edit> edit_;
};

// As large as it is on the skin when nothing is said: 40 mm wide, or 60 high.
float usual_sticker_width(const Image& picture);

}  // namespace likeness
