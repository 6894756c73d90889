// Painting on the open avatar: which tool and layer, strokes by hand and by commands, what lies under a pixel.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/commands/command.h"
#include "core/document/document.h"
#include "core/editing/brush.h"
#include "core/editing/face_regions.h"
#include "core/editing/composed_colors.h"
#include "core/editing/layer_edits.h"
#include "core/editing/pen.h"
#include "core/editing/retouch.h"
#include "core/editing/surface_colors.h"
#include "core/editing/surface_pick.h"
#include "core/studio/stack_work.h"

namespace likeness {

class Studio;

enum class PaintTool { select, brush, eraser, smudge, clone, heal, fill, gradient, eyedropper };
inline constexpr std::array<const char*, 9> paint_tool_names = {"select", "brush", "eraser",   "smudge",    "clone",
                                                                "heal",   "fill",  "gradient", "eyedropper"};

// The face's regions on the surface that is painted on, kept for workers.
class KnownRegions {
  public:
    // From any thread; made when the surface is another than before.
    std::shared_ptr<const FaceRegions> of(const std::shared_ptr<const PaintSurface>& surface);

  private:
    std::mutex mutex_;
    std::shared_ptr<const FaceRegions> known_;
};
// A square of the atlas (0 head, 1 hair) as a picture of `side` pixels.
struct AtlasView {
    int square = 0;
    float side = 1024;
};
// What pixels are of: a view of the head as it is posed, or the unwrapped one.
using PaintView = std::variant<Camera, AtlasView>;

class PaintService {
  public:
    explicit PaintService(Studio& studio);
    ~PaintService();
    void add_commands(CommandRegistry& registry);  // commands_paint.cpp
    void drain();                                  // each frame

    // ---- what is chosen; not part of undo ----
    PaintTool tool() const { return tool_; }
    void set_tool(PaintTool tool);
    BrushOptions& brush() { return brush_; }
    const BrushOptions& brush() const { return brush_; }
    float tolerance = 0.08f;  // of a fill, see fill_alike()
    std::optional<FaceRegion> fill_region;  // what the fill tool fills, in the place of what is alike in color
    bool radial = false;                    // gradients
    // Each frame: the pen that is used, or a mouse. Its other end is the eraser while it is used.
    void set_pen(const PenState& pen);
    const PenState& pen() const { return pen_; }
    float pressure() const { return pen_curve(pen_.pressure, brush_.pressure_curve); }
    void set_color(const std::array<float, 3>& color, bool remember = true);
    const std::vector<std::array<float, 3>>& recent_colors() const { return recent_; }  // the newest first
    const std::vector<NamedColor>& person_colors();
    int selected() const;  // the id of a layer that there is; 0 for none
    void select(int id) { selected_ = id; }
    bool on_mask() const;  // brushes paint on the selected layer's mask
    void set_on_mask(bool on) { on_mask_ = on; }
    void set_clone_source(const SurfacePoint& point) { clone_source_ = point; }
    bool has_clone_source() const { return clone_source_.has_value(); }
    std::optional<SurfacePoint> clone_source() const { return clone_source_; }

    // ---- the surface ----
    // Null without an avatar, and while its shape is being made.
    std::shared_ptr<const PaintSurface> surface();
    // In the pose shown, of parts that are shown.
    std::optional<SurfacePick> pick(const Camera& camera, const Eigen::Vector2f& pixel);
    // The place that is seen at a pixel of either.
    std::optional<SurfacePoint> place(const PaintView& view, const Eigen::Vector2f& pixel);
    const SurfacePicker* picker();  // null as surface()
    const std::shared_ptr<KnownRegions>& face_regions() const { return face_regions_; }
    // Of the skin with the layers that are shown, without light; precondition: surface().
    Eigen::Vector3f color_at(const SurfacePoint& point);
    std::shared_ptr<const RegionMasks> regions() const { return regions_; }  // of surface(), and null with it

    // ---- strokes by hand ----
    // The tool's; it shows at once and is one entry of the history when it ends.
    Status begin_stroke(const PaintView& view, const Eigen::Vector2f& pixel, float pressure = 1);
    void stroke_to(const PaintView& view, const Eigen::Vector2f& pixel, float pressure = 1);
    void end_stroke();
    void cancel_stroke();
    bool stroking() const { return stroke_ != nullptr; }

    // ---- for commands: they change the document's stack and leave undo to their caller ----
    struct StrokePoint {
        Eigen::Vector2f at;
        float pressure = 1;
    };
    // `view`: the points are its pixels; without one they are atlas positions.
    Status draw_stroke(PaintTool tool, const std::vector<StrokePoint>& points, const std::optional<PaintView>& view);
    // `color`: the brush's unless given.
    Status fill(const SurfacePoint& at, const std::optional<std::array<float, 3>>& color = {});
    Status fill(FaceRegion region, const std::optional<std::array<float, 3>>& color = {});
    Status draw_gradient(const SurfacePoint& from, const SurfacePoint& to);
    Status pick_color(const SurfacePoint& at);
    // The selected layer if brushes may paint on it; a new one above it if not. Error: hidden, no mask.
    Result<int> paintable_layer();
    StackWork& work() { return work_; }
    const StackWork& work() const { return work_; }

  private:
    struct Stroke;
    Result<std::unique_ptr<Stroke>> make_stroke(PaintTool tool, const SurfacePoint& first);
    void publish(Stroke& stroke);
    StrokePath::Pick pick_in(const PaintView& view);
    std::shared_ptr<const PaintTexels> target_texels(int layer) const;
    void set_target_texels(int layer, std::shared_ptr<const PaintTexels> texels);
    std::size_t free_tiles() const;
    using MadeTexels = Result<std::shared_ptr<const PaintTexels>>;  // null: no room
    using MakeTexels =
        std::function<MadeTexels(const PaintTexels& before, const FillOptions& options, const PaintStack& now)>;
    Status fill_with(const std::optional<std::array<float, 3>>& color, MakeTexels make);

    Studio& studio_;
    PaintTool tool_ = PaintTool::select;
    BrushOptions brush_;
    PenState pen_;
    std::optional<PaintTool> before_eraser_;  // the tool that the pen's other end took the place of
    std::vector<std::array<float, 3>> recent_;
    std::vector<NamedColor> person_;
    std::uint64_t person_document_ = 0;
    int selected_ = 0;
    bool on_mask_ = false;
    std::optional<SurfacePoint> clone_source_;
    std::uint64_t document_ = 0;

    std::shared_ptr<const PaintSurface> surface_;
    std::shared_ptr<const RestSurface> surface_rest_;  // that it is of
    std::shared_ptr<const RegionMasks> regions_;
    std::shared_ptr<const PickIndex> index_;
    std::unique_ptr<SurfacePicker> picker_;
    HeadPose picker_pose_;
    std::array<bool, splat_part_count> picker_shown_{};
    std::shared_ptr<const SurfaceColors> colors_;
    std::unique_ptr<ComposedColors> composed_;
    std::unique_ptr<Stroke> stroke_;
    StackWork work_;
    std::shared_ptr<KnownRegions> face_regions_ = std::make_shared<KnownRegions>();
};

}  // namespace likeness
