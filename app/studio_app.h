// The studio as a program: surface, Dear ImGui, the studio, its interface and the viewport, frame by frame. With a
// window or without; tests hold one too.
#pragma once

#include <array>
#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "app/input_queue.h"
#include "app/viewport_bridge.h"
#include "core/base/result.h"
#include "core/studio/studio.h"
#include "render/surface.h"
#include "ui/interface.h"

namespace likeness {

class Captures;

struct StudioAppOptions {
    SurfaceOptions surface;
    bool headless = false;
    bool fixed_size = false;  // ignore the window's remembered place
    StoreKind store = StoreKind::automatic;
    StudioOptions studio;
    std::string theme;  // to begin with: dark or light; empty: the settings'
};

class StudioApp {
  public:
    // Errors: device (no display, no OpenGL), not_found (fonts).
    static Result<std::unique_ptr<StudioApp>> create(StudioAppOptions options);
    ~StudioApp();
    StudioApp(const StudioApp&) = delete;
    StudioApp& operator=(const StudioApp&) = delete;

    // Waits for a reason to draw, at most `longest` seconds, and draws. False when the program may end.
    bool frame(double longest = 0.25);
    // Draws now.
    void draw();

    Studio& studio() { return *studio_; }
    ui::Interface& interface() { return *interface_; }
    ViewportBridge& viewport() { return *bridge_; }
    Surface& surface() { return *surface_; }
    std::uint64_t frames() const { return frames_; }
    // The system ends the program: a recording and a training end, the studio keeps what is not saved. Draw frames
    // until Jobs::writing() is over.
    void interrupt();
    // A picture or video of what is shown waits for frames.
    bool capturing() const;
    // Called after each frame was presented (tests).
    std::function<void()> after_present;

  private:
    explicit StudioApp(StudioAppOptions options);
    Status start();
    void take_input();
    double patience() const;
    void remember_window();
    std::function<Status()> layout_writer() const;
    void use_scale();

    StudioAppOptions options_;
    std::unique_ptr<Surface> surface_;
    std::atomic<bool> picture_done_ = false, studio_woke_ = false;  // by other threads
    std::array<std::filesystem::path, 2>
        layout_files_;  // PanelLayout::Texts; empty: where panels are is not remembered
    std::unique_ptr<Studio> studio_;
    std::unique_ptr<ViewportBridge> bridge_;
    std::unique_ptr<ui::Interface> interface_;
    std::unique_ptr<Captures> captures_;
    float used_scale_ = 0;
    std::string used_theme_;
    double hold() const;
    InputQueue input_;
    bool behind_ = false;  // input waits that the last frame could not take
    bool fresh_ = true;    // something was done since the last frame
    int frames_owed_ = 3;  // Dear ImGui needs some to come to rest
    std::uint64_t frames_ = 0, drawn_version_ = 0;
    bool news_ = false;  // progress that can wait a little for its frame
    double drawn_at_ = 0;
    bool context_ = false, backend_ = false;
};

}  // namespace likeness
