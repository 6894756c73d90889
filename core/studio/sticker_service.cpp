#include "core/studio/sticker_service.h"

#include <algorithm>
#include <cstdio>

#include "core/editing/layer_edits.h"
#include "core/image/load.h"
#include "core/image/svg.h"
#include "core/studio/command_parts.h"
#include "core/studio/studio.h"

namespace likeness {
namespace {

constexpr int largest_sticker_picture = 2048, svg_side = 1024;

Result<std::shared_ptr<const Image>> sticker_picture(const std::filesystem::path& file, const std::atomic<bool>* stop) {
    auto picture =
        is_svg_file(file) ? load_svg(file, svg_side, stop) : load_image(file, {.max_side = largest_sticker_picture});
    if (!picture) return picture.error();
    return std::make_shared<const Image>(*std::move(picture));
}

bool shows_through(const Image& picture) {
    if (picture.channels != 4) return false;
    for (std::size_t i = 3; i < picture.pixels.size(); i += 4)
        if (picture.pixels[i] < 0.5f) return true;
    return false;
}

Status usable_size(const Sticker& sticker) {
    for (const auto& [side, what] : {std::pair(sticker.width, "wide"), {sticker_height(sticker), "high"}}) {
        if (side >= least_sticker && side <= largest_sticker) continue;
        char millimetres[32];
        std::snprintf(millimetres, sizeof millimetres, "%.3g", 1e3 * double(side));
        return studio_error(std::string("The sticker would be ") + millimetres + " mm " + what +
                            "; 1 to 400 are possible.");
    }
    return {};
}

}  // namespace

float usual_sticker_width(const Image& picture) {
    return std::clamp(0.06f * float(picture.width) / float(picture.height), 0.004f, 0.04f);
}

void StickerService::drain() {
    if (studio_.document().id != document_) {
        document_ = studio_.document().id;
        edit_ = nullptr;
        dropped_.clear();
        handles_ = false;
    }
}

const PaintLayer* StickerService::selected() const {
    if (!studio_.document().has_avatar()) return nullptr;
    const PaintLayer* const layer = paint_layer(*studio_.document().avatar().paint, studio_.paint().selected());
    return layer && layer->sticker ? layer : nullptr;
}

int StickerService::at(const Eigen::Vector2f& atlas) const {
    const PaintStack& stack = *studio_.document().avatar().paint;
    for (auto layer = stack.layers.rbegin(); layer != stack.layers.rend(); ++layer)
        if (layer->sticker && layer->texels && shown_opacity(stack, *layer) > 0 &&
            layer->texels->nearest(atlas)[3] > 0.1f)
            return layer->id;
    return 0;
}

// ---- pictures ----

Status StickerService::read(const std::filesystem::path& file,
                            std::function<Status(std::shared_ptr<const Image>)> put) {
    if (!studio_.options().interactive) {
        const auto picture = sticker_picture(file, nullptr);
        return picture ? put(*picture) : Status(picture.error());
    }
    if (const auto size = readable_file_size(file); !size) return size.error();
    ++reading_;
    studio_.jobs().start_for<std::shared_ptr<const Image>>(
        "Reading " + file.filename().string(),
        [file](Progress& progress) { return sticker_picture(file, progress.stop()); },
        [this, put = std::move(put), id = studio_.document().id](const Result<std::shared_ptr<const Image>>& picture) {
            --reading_;
            if (id != studio_.document().id) return;  // for another avatar
            studio_.paint().end_stroke();             // letting that go would take this along
            end_edit();
            Status status = picture ? Status() : Status(picture.error());
            if (picture) studio_.change("Sticker", [&] { status = put(*picture); });
            if (!status && status.error().code != ErrorCode::cancelled) studio_.messages().error(status.error());
        });
    return {};
}

Status StickerService::add(Sticker sticker, const std::string& name) {
    const auto surface = painted_surface(studio_);
    if (!surface) return surface.error();
    if (Status usable = usable_size(sticker); !usable) return usable;
    PaintStack stack = *studio_.document().avatar().paint;
    PaintLayer layer{.name = name};
    layer.texels = sticker_texels(*surface, sticker);
    layer.sticker = std::make_shared<const Sticker>(std::move(sticker));
    const auto id = add_layer(stack, std::move(layer), studio_.paint().selected());
    if (!id) return id.error();
    if (paint_bytes(stack) > most_paint_bytes) return paint_full();
    studio_.state().avatar.paint = std::move(stack);
    studio_.paint().select(*id);
    handles_ = true;
    warping_ = false;
    return {};
}

Status StickerService::change(const Sticker& sticker) {
    const auto surface = painted_surface(studio_);
    if (!surface) return surface.error();
    if (Status usable = usable_size(sticker); !usable) return usable;
    const int id = studio_.paint().selected();
    PaintStack stack = *studio_.document().avatar().paint;
    for (PaintLayer& layer : stack.layers) {
        if (layer.id != id) continue;
        layer.texels = sticker_texels(*surface, sticker);
        layer.sticker = std::make_shared<const Sticker>(sticker);
    }
    if (paint_bytes(stack) > most_paint_bytes) return paint_full();
    studio_.state().avatar.paint = std::move(stack);
    return {};
}

// ---- dropped ----

void StickerService::drop(const std::filesystem::path& file, const Eigen::Vector2f& atlas) {
    const Status begun = read(file, [this, file, atlas](std::shared_ptr<const Image> picture) -> Status {
        const Dropped dropped{file, std::move(picture), atlas};
        if (shows_through(*dropped.picture)) return put_dropped(dropped);
        dropped_.push_back(dropped);
        return {};
    });
    if (!begun) studio_.messages().error(begun.error());
}

Status StickerService::put_dropped(const Dropped& dropped) {
    Sticker sticker;
    sticker.picture = dropped.picture;
    sticker.file = dropped.file.string();
    sticker.atlas = dropped.atlas;
    sticker.width = usual_sticker_width(*dropped.picture);
    studio_.paint().set_tool(PaintTool::select);  // its handles are what is wanted next
    return add(std::move(sticker), dropped.file.stem().string());
}

void StickerService::place_dropped() {
    if (dropped_.empty()) return;
    const Dropped dropped = std::move(dropped_.front());
    dropped_.pop_front();
    Status status;
    studio_.change("Sticker", [&] { status = put_dropped(dropped); });
    if (!status) studio_.messages().error(status.error());
}

void StickerService::withdraw_dropped() {
    if (!dropped_.empty()) dropped_.pop_front();
}

// ---- by hand ----

void StickerService::begin_edit(const std::string& title) {
    end_edit();
    const PaintLayer* const layer = selected();
    if (!layer) return;
    edit_ = std::make_unique<Edit>(
        Edit{title + ": " + layer->name, layer->id, studio_.document().id, studio_.document().avatar().paint});
}

bool StickerService::edit_stands() const {
    const PaintLayer* const layer = selected();
    return edit_->document == studio_.document().id && layer && layer->id == edit_->layer;
}

void StickerService::edit(const Sticker& sticker) {
    if (!edit_) return;
    if (!edit_stands()) {
        edit_ = nullptr;
        return;
    }
    if (!usable_size(sticker)) return;  // as large or as small as it can be
    if (const Status changed = change(sticker); !changed) {
        cancel_edit();
        studio_.messages().error(changed.error());
    }
    studio_.redraw();
}

void StickerService::end_edit() {
    if (!edit_) return;
    const std::unique_ptr<Edit> edit = std::move(edit_);
    if (edit->document != studio_.document().id) return;
    DocumentState before = studio_.state();
    before.avatar.paint = edit->before;
    studio_.record(edit->title, before);
}

void StickerService::cancel_edit() {
    if (!edit_) return;
    const std::unique_ptr<Edit> edit = std::move(edit_);
    if (edit->document != studio_.document().id) return;
    studio_.state().avatar.paint = edit->before;
    studio_.redraw();
}

}  // namespace likeness
