#include "core/studio/paint_service.h"

#include <algorithm>
#include <cmath>

#include "core/editing/retouch.h"
#include "core/studio/command_parts.h"
#include "core/studio/studio.h"

namespace likeness {
namespace {

constexpr std::size_t most_recent_colors = 12;

const char* stroke_title(PaintTool tool) {
    switch (tool) {
        case PaintTool::eraser:
            return "Erase";
        case PaintTool::smudge:
            return "Smudge";
        case PaintTool::clone:
            return "Clone";
        case PaintTool::heal:
            return "Heal";
        default:
            return "Brush stroke";
    }
}

// The selected layer if brushes may paint on it, or its mask; a new one above it if not.
Result<int> paintable_in(PaintStack& stack, int selected, bool on_mask) {
    const PaintLayer* const layer = paint_layer(stack, selected);
    if (layer && (is_paintable(*layer) || (on_mask && layer->mask))) {
        if (shown_opacity(stack, *layer) <= 0)
            return studio_error("The layer '" + layer->name + "' is hidden; show it or choose another.");
        return layer->id;
    }
    return add_layer(stack, {.name = "Paint"}, layer ? layer->id : 0);
}

std::size_t free_tiles_of(const PaintStack& stack) {
    const std::size_t taken = paint_bytes(stack);
    return taken >= most_paint_bytes ? 0 : (most_paint_bytes - taken) / sizeof(PaintTile);
}

}  // namespace

struct PaintService::Stroke {
    PaintTool tool = PaintTool::brush;
    int layer = 0;
    std::uint64_t document = 0;
    Part<PaintStack> before;  // of the document, without the layer that the stroke brought
    BrushStroke stroke;
    StrokePath path;
    std::optional<PaintView> view;  // of the last position
};

PaintService::PaintService(Studio& studio) : studio_(studio), work_(studio) {}
PaintService::~PaintService() = default;

// ---- what is chosen ----

void PaintService::drain() {
    if (studio_.document().id != document_) {
        cancel_stroke();
        document_ = studio_.document().id;
        selected_ = 0;
        on_mask_ = false;
        clone_source_.reset();
        surface_ = nullptr;
        surface_rest_ = nullptr;
        regions_ = nullptr;
        index_ = nullptr;
        picker_ = nullptr;
        colors_ = nullptr;
        composed_ = nullptr;
    }
    work_.drain();
    if (!studio_.document().has_avatar() && tool_ != PaintTool::select) set_tool(PaintTool::select);
}

void PaintService::set_tool(PaintTool tool) {
    end_stroke();
    tool_ = tool;
}

void PaintService::set_pen(const PenState& pen) {
    pen_ = pen;
    if (stroke_) return;
    if (pen.eraser && !before_eraser_ && tool_ != PaintTool::select && tool_ != PaintTool::eraser) {
        before_eraser_ = tool_;
        set_tool(PaintTool::eraser);
    } else if (!pen.eraser && before_eraser_) {
        if (tool_ == PaintTool::eraser) set_tool(*before_eraser_);
        before_eraser_.reset();
    }
}

void PaintService::set_color(const std::array<float, 3>& color, bool remember) {
    brush_.color = color;
    if (!remember) return;
    std::erase(recent_, color);
    recent_.insert(recent_.begin(), color);
    if (recent_.size() > most_recent_colors) recent_.pop_back();
}

const std::vector<NamedColor>& PaintService::person_colors() {
    const Document& document = studio_.document();
    if (!document.has_avatar()) {
        person_.clear();
        person_document_ = 0;
    } else if (person_document_ != document.id && document.avatar().splats->count > 0) {
        person_document_ = document.id;
        person_ = likeness::person_colors(document.avatar());
    }
    return person_;
}

int PaintService::selected() const {
    const PaintStack& stack = *studio_.document().avatar().paint;
    return paint_layer(stack, selected_) ? selected_ : stack.layers.empty() ? 0 : stack.layers.back().id;
}

bool PaintService::on_mask() const {
    const PaintLayer* const layer = paint_layer(*studio_.document().avatar().paint, selected());
    return on_mask_ && layer && layer->mask;
}

// ---- the surface ----

std::shared_ptr<const PaintSurface> PaintService::surface() {
    const Document& document = studio_.document();
    if (!document.has_avatar()) return nullptr;
    // While another shape is being made the one before is painted on.
    if (document.avatar().prepared() && surface_rest_ != document.avatar().rest) {
        surface_ = std::make_shared<const PaintSurface>(document.avatar());
        surface_rest_ = document.avatar().rest;
        regions_ = std::make_shared<const RegionMasks>(surface_);
        composed_ = nullptr;
        if (clone_source_ && clone_source_->triangle >= int(document.avatar().triangles().size())) clone_source_.reset();
    }
    return surface_;
}

const SurfacePicker* PaintService::picker() {
    const Document& document = studio_.document();
    if (!document.has_avatar() || !document.avatar().prepared()) return nullptr;
    const Avatar& avatar = document.avatar();
    const HeadPose pose = studio_.shown_pose();
    std::array<bool, splat_part_count> shown{};
    for (std::size_t i = 0; i < splat_part_count; ++i) shown[i] = document.part_shown(SplatPart(i));
    const bool same = index_ && index_->is_of(avatar);
    if (!same) index_ = std::make_shared<const PickIndex>(avatar);
    if (!same || !picker_ || !(picker_pose_ == pose) || picker_shown_ != shown) {
        picker_ = std::make_unique<SurfacePicker>(index_, pose, shown);
        picker_pose_ = pose;
        picker_shown_ = shown;
    }
    return picker_.get();
}

std::shared_ptr<const FaceRegions> KnownRegions::of(const std::shared_ptr<const PaintSurface>& surface) {
    struct Known {
        std::shared_ptr<const PaintSurface> surface;  // outlives the regions
        FaceRegions regions;
    };
    const std::lock_guard lock(mutex_);
    if (!known_ || &known_->surface() != surface.get()) {
        const auto made = std::make_shared<const Known>(Known{surface, FaceRegions(*surface)});
        known_ = {made, &made->regions};
    }
    return known_;
}

std::optional<SurfacePick> PaintService::pick(const Camera& camera, const Eigen::Vector2f& pixel) {
    const SurfacePicker* const now = picker();
    return now ? now->pick(camera, pixel.x(), pixel.y()) : std::nullopt;
}

std::optional<SurfacePoint> PaintService::place(const PaintView& view, const Eigen::Vector2f& pixel) {
    const auto found = pick_in(view)(pixel);
    return found ? std::optional(found->point) : std::nullopt;
}

StrokePath::Pick PaintService::pick_in(const PaintView& view) {
    if (const Camera* const camera = std::get_if<Camera>(&view))
        return [this, camera = *camera](const Eigen::Vector2f& pixel) -> std::optional<StrokePath::Place> {
            const auto found = pick(camera, pixel);
            if (!found) return {};
            return StrokePath::Place{found->point, camera.fx / std::max(found->depth, 0.01f)};
        };
    return [on = surface(),
            flat = std::get<AtlasView>(view)](const Eigen::Vector2f& pixel) -> std::optional<StrokePath::Place> {
        const Eigen::Vector2f at = pixel / flat.side;
        // One square ends where the other begins.
        const auto found =
            on && at.x() >= 0 && at.x() < 1 ? on->inside({at.x() + float(flat.square), at.y()}) : std::nullopt;
        if (!found) return {};
        return StrokePath::Place{*found, flat.side / std::max(on->metres_per_unit(found->triangle), 1e-6f)};
    };
}

Eigen::Vector3f PaintService::color_at(const SurfacePoint& point) {
    const Avatar& avatar = studio_.document().avatar();
    const auto on = surface();
    if (!colors_ || !colors_->is_of(on.get(), avatar)) colors_ = std::make_unique<SurfaceColors>(on, avatar);
    if (!composed_ || !composed_->is_of(avatar.paint))
        composed_ = std::make_unique<ComposedColors>(avatar.paint, *regions_);
    return composed_->over(colors_->at(point), atlas_position(on->avatar(), point));
}

// ---- the layer that is painted on ----

std::size_t PaintService::free_tiles() const { return free_tiles_of(*studio_.document().avatar().paint); }

Result<int> PaintService::paintable_layer() {
    const Part<PaintStack>& now = studio_.document().avatar().paint;
    PaintStack stack = *now;
    const auto layer = paintable_in(stack, selected(), on_mask());
    if (!layer) return layer.error();
    if (stack.layers.size() != now->layers.size()) studio_.state().avatar.paint = std::move(stack);
    selected_ = *layer;
    return layer;
}

std::shared_ptr<const PaintTexels> PaintService::target_texels(int id) const {
    const PaintLayer* const layer = paint_layer(*studio_.document().avatar().paint, id);
    return !layer ? nullptr : on_mask() ? layer->mask : layer->texels;
}

void PaintService::set_target_texels(int id, std::shared_ptr<const PaintTexels> texels) {
    for (PaintLayer& layer : studio_.state().avatar.paint.edit().layers)
        if (layer.id == id) (on_mask_ && layer.mask ? layer.mask : layer.texels) = std::move(texels);
    studio_.redraw();
}

// ---- strokes ----

Result<std::unique_ptr<PaintService::Stroke>> PaintService::make_stroke(PaintTool tool, const SurfacePoint& first) {
    const Part<PaintStack> before = studio_.state().avatar.paint;
    const auto on = surface();
    if (!on) return no_surface();
    const PaintLayer* const chosen = paint_layer(*before, selected());
    const bool takes = tool == PaintTool::eraser || tool == PaintTool::smudge;
    if (takes && !(chosen && (is_paintable(*chosen) || on_mask())))
        return studio_error("There is no paint on the selected layer to work on; choose another.");
    const auto layer = paintable_layer();
    if (!layer) return layer.error();
    BrushOptions options = brush_;
    const bool mask = on_mask();
    BrushStroke::TexelColor color;
    if (!mask && (tool == PaintTool::clone || tool == PaintTool::heal)) {
        if (tool == PaintTool::clone && !clone_source_) {
            studio_.state().avatar.paint = before;
            return studio_error("Choose first where to clone from: Alt and a click, or paint.source.");
        }
        // What is seen as the stroke begins: else it would clone itself.
        const auto skin = std::make_shared<const SurfaceColors>(on, studio_.document().avatar());
        const ColorAt seen =
            [on, skin, layers = std::make_shared<const ComposedColors>(before, *regions_)](const SurfacePoint& p) {
                return layers->over(skin->at(p), atlas_position(on->avatar(), p));
            };
        const float around = 0.75f * options.size;
        options.symmetric = false;
        color =
            tool == PaintTool::clone
                ? clone_colors(on, seen, *clone_source_, first)
                : heal_colors(on, seen, clone_source_.value_or(heal_source(*on, seen, first, around)), first, around);
    }
    const auto effect = tool == PaintTool::eraser   ? BrushStroke::Effect::erase
                        : tool == PaintTool::smudge ? BrushStroke::Effect::smudge
                                                    : BrushStroke::Effect::paint;
    if (mask) options.color = {1, 1, 1};
    return std::unique_ptr<Stroke>(
        new Stroke{tool,
                   *layer,
                   studio_.document().id,
                   before,
                   BrushStroke(on, target_texels(*layer), options, effect, std::move(color), free_tiles()),
                   StrokePath(options.stabiliser),
                   {}});
}

void PaintService::publish(Stroke& stroke) {
    const auto texels = stroke.stroke.texels();
    if (texels != target_texels(stroke.layer)) set_target_texels(stroke.layer, texels);
}

Status PaintService::begin_stroke(const PaintView& view, const Eigen::Vector2f& pixel, float pressure) {
    end_stroke();
    const auto first = place(view, pixel);
    if (!first) return {};
    auto stroke = make_stroke(tool_, *first);
    if (!stroke) return stroke.error();
    stroke_ = std::move(*stroke);
    if (tool_ == PaintTool::brush) set_color(brush_.color);
    stroke_to(view, pixel, pressure);
    return {};
}

void PaintService::stroke_to(const PaintView& view, const Eigen::Vector2f& pixel, float pressure) {
    if (!stroke_) return;
    // Its layer may be gone: undone, or in another document.
    const bool there =
        stroke_->document == studio_.document().id && paint_layer(*studio_.document().avatar().paint, stroke_->layer);
    if (!there) {
        stroke_ = nullptr;
        return;
    }
    if (&stroke_->stroke.surface() != surface().get()) return end_stroke();  // the head has another shape now
    stroke_->view = view;
    if (const Camera* const camera = std::get_if<Camera>(&view); camera && brush_.tilt) {
        // Of the picture's axes, seen at rest: a head that is turned changes little of it.
        const Eigen::Vector3f in_view(std::sin(pen_.tilt.x()), std::sin(pen_.tilt.y()), 0);
        stroke_->stroke.set_lean(camera->world_to_camera.topLeftCorner<3, 3>().transpose() * in_view);
    }
    stroke_->path.to(pixel, pressure, pick_in(view), stroke_->stroke);
    publish(*stroke_);
}

void PaintService::end_stroke() {
    if (!stroke_) return;
    const std::unique_ptr<Stroke> stroke = std::move(stroke_);
    const PaintLayer* layer = paint_layer(*studio_.document().avatar().paint, stroke->layer);
    if (stroke->document != studio_.document().id || !layer) return;
    if (stroke->view && &stroke->stroke.surface() == surface().get())
        stroke->path.end(pick_in(*stroke->view), stroke->stroke);
    publish(*stroke);
    layer = paint_layer(*studio_.document().avatar().paint, stroke->layer);
    if (stroke->stroke.full()) studio_.messages().error(paint_full());
    DocumentState before = studio_.state();
    before.avatar.paint = stroke->before;
    studio_.record(std::string(stroke_title(stroke->tool)) + ": " + layer->name, before);
}

void PaintService::cancel_stroke() {
    if (!stroke_) return;
    const std::unique_ptr<Stroke> stroke = std::move(stroke_);
    if (stroke->document != studio_.document().id) return;
    studio_.state().avatar.paint = stroke->before;
    studio_.redraw();
}

Status PaintService::draw_stroke(PaintTool tool, const std::vector<StrokePoint>& points,
                                 const std::optional<PaintView>& view) {
    end_stroke();
    const auto on = surface();
    if (!on) return no_surface();
    std::optional<SurfacePoint> first;
    for (const StrokePoint& p : points) {
        if (first) break;
        first = view ? place(*view, p.at) : on->at(p.at);
    }
    if (!first) return studio_error("There is nothing of the avatar at these points.");
    auto stroke = make_stroke(tool, *first);
    if (!stroke) return stroke.error();
    BrushStroke& drawn = (*stroke)->stroke;
    if (view) {
        const auto picks = pick_in(*view);
        for (const StrokePoint& p : points) (*stroke)->path.to(p.at, p.pressure, picks, drawn);
        (*stroke)->path.end(picks, drawn);
    } else {
        for (const StrokePoint& p : points) drawn.walk_to(on->at(p.at), p.pressure);
    }
    if (drawn.full()) return paint_full();
    publish(**stroke);
    return {};
}

// ---- at once ----

Status PaintService::fill_with(const std::optional<std::array<float, 3>>& color, MakeTexels make) {
    end_stroke();
    FillOptions options{color.value_or(brush_.color), brush_.opacity};
    if (on_mask()) options.color = {1, 1, 1};
    const auto filled = std::make_shared<int>(0);
    StackWork::Change change;
    change.make = [make = std::move(make), options, filled, chosen = selected(),
                   mask = on_mask()](const PaintStack& now) -> Result<PaintStack> {
        PaintStack stack = now;
        const auto id = paintable_in(stack, chosen, mask);
        if (!id) return id.error();
        for (PaintLayer& layer : stack.layers) {
            if (layer.id != *id) continue;
            auto& target = mask && layer.mask ? layer.mask : layer.texels;
            FillOptions with = options;
            with.most_new_tiles = free_tiles_of(now);
            auto made = make(target ? *target : PaintTexels(), with, now);
            if (!made) return made.error();
            if (!*made) return paint_full();
            target = *std::move(made);
        }
        *filled = *id;
        return stack;
    };
    change.made = [this, filled] { selected_ = *filled; };
    return work_.begin(std::move(change));
}

Status PaintService::fill(const SurfacePoint& at, const std::optional<std::array<float, 3>>& color) {
    const auto on = surface();
    if (!on) return no_surface();
    const Avatar& avatar = studio_.document().avatar();
    auto known = colors_ && colors_->is_of(on.get(), avatar) ? colors_ : nullptr;
    return fill_with(color,
                     [on, at, avatar, known = std::move(known), masks = regions_, tolerance = tolerance](
                         const PaintTexels& before, const FillOptions& options, const PaintStack& now) -> MadeTexels {
                         const auto skin = known ? known : std::make_shared<const SurfaceColors>(on, avatar);
                         const ComposedColors layers(now, *masks);
                         const ColorAt seen = [&](const SurfacePoint& p) {
                             return layers.over(skin->at(p), atlas_position(on->avatar(), p));
                         };
                         return fill_alike(*on, seen, at, tolerance, before, options);
                     });
}

Status PaintService::fill(FaceRegion region, const std::optional<std::array<float, 3>>& color) {
    const auto on = surface();
    if (!on) return no_surface();
    return fill_with(color,
                     [on, region, known = face_regions_](const PaintTexels& before, const FillOptions& options,
                                                    const PaintStack&) -> MadeTexels {
                         const auto regions = known->of(on);
                         if (const std::string why = regions->missing(region); !why.empty()) return studio_error(why);
                         return likeness::fill_region(*regions, region, before, options);
                     });
}

Status PaintService::draw_gradient(const SurfacePoint& from, const SurfacePoint& to) {
    const auto on = surface();
    if (!on) return no_surface();
    return fill_with({},
                     [on, from, to, radial = radial](const PaintTexels& before, const FillOptions& options,
                                                     const PaintStack&) -> MadeTexels {
                         return gradient(*on, from, to, radial, before, options);
                     });
}

Status PaintService::pick_color(const SurfacePoint& at) {
    if (!surface()) return no_surface();
    const Eigen::Vector3f color = color_at(at);
    set_color({color[0], color[1], color[2]});
    return {};
}

}  // namespace likeness
