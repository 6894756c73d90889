// The unwrapped avatar: what of it is shown, its picture, the place that the pointer is over.
#pragma once

#include <Eigen/Core>
#include <memory>
#include <optional>
#include <vector>

#include "core/commands/command.h"
#include "core/editing/canvas_pictures.h"
#include "core/editing/chart_borders.h"

namespace likeness {

class Studio;

struct CanvasState {
    int square = 0;  // 0 head, 1 hair
    CanvasContent content = CanvasContent::color;
    bool seams = true;
    Eigen::Vector2f middle{0.5f, 0.5f};  // of the square, in the middle of the panel
    float zoom = 1;                      // 1: the square fits
};
inline constexpr float least_canvas_zoom = 0.25f, most_canvas_zoom = 128;

class CanvasService {
  public:
    explicit CanvasService(Studio& studio);
    ~CanvasService();
    void add_commands(CommandRegistry& registry);
    void drain();  // each frame

    // ---- what is chosen; not part of undo ----
    CanvasState& state() { return state_; }
    const CanvasState& state() const { return state_; }
    void fit() { look({0.5f, 0.5f}, 1); }
    void look(const Eigen::Vector2f& middle, float zoom);

    // ---- the picture ----
    // In each frame in which it is shown: the tiles that are, the first first.
    void show(std::vector<CanvasTileKey> keys);
    bool shown() const;  // of late
    std::shared_ptr<const CanvasTile> tile(const CanvasTileKey& key) const;
    std::uint64_t made() const { return pictures_ ? pictures_->made() : 0; }
    // Nothing that was shown is to be made anew.
    bool complete() const { return !pictures_ || pictures_->complete(); }
    // Of the surface that is painted on; null as PaintService::surface().
    struct Charts {
        std::vector<int> of_triangle;
        ChartBorders borders;
    };
    const Charts* charts();

    // ---- the pointer ----
    struct Pointed {
        SurfacePoint place;
        bool on_canvas = false;  // else in the viewport
    };
    // One view says where its pointer is, the other shows it.
    void point_at(const std::optional<SurfacePoint>& place, bool on_canvas);
    std::optional<SurfacePoint> pointed(bool on_canvas) const;

  private:
    Studio& studio_;
    CanvasState state_;
    std::unique_ptr<CanvasPictures> pictures_;  // null before it is shown first
    std::shared_ptr<const PaintSurface> charts_of_;
    std::unique_ptr<Charts> charts_;
    std::optional<Pointed> pointed_;
    Part<AnchoredSplats> splats_;  // whose colors are shown
    double splats_since_ = 0;      // seconds
    std::uint64_t document_ = 0;
    double shown_ = -1e9;  // seconds, when last
};

}  // namespace likeness
