// Where the interface is drawn: a window of the desktop, or memory when there is no display. Both carry an OpenGL 4.5
// core context and feed Dear ImGui's input.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/editing/pen.h"
#include "core/image/image.h"

namespace likeness {

struct SurfaceOptions {
    std::string title = "Likeness";
    int width = 1280, height = 800;  // pixels without a display; screen units with one
    int x = -1, y = -1;              // -1: where the window manager likes
    bool maximised = false;
    float scale = 0;  // of the interface; 0: the display's own
};

class Surface {
  public:
    virtual ~Surface() = default;
    Surface(const Surface&) = delete;
    Surface& operator=(const Surface&) = delete;

    virtual std::string description() const = 0;  // "Window, llvmpipe (LLVM 15.0.6, 256 bits), OpenGL 4.5"
    virtual int width() const = 0;                // pixels
    virtual int height() const = 0;
    virtual float scale() const = 0;  // pixels of text and widgets by that

    // Waits for input, at most that long; 0 only looks.
    virtual void wait(double seconds) = 0;
    // Ends a wait; from any thread.
    virtual void wake() = 0;
    // Tells Dear ImGui size, time and input.
    virtual void new_frame() = 0;
    // Binds what is drawn to, and fills it with a color.
    void begin(const std::array<float, 3>& color);
    // Shows it.
    virtual void present() = 0;
    // The last picture drawn, before or after present().
    virtual Image read() = 0;

    virtual bool minimised() const { return false; }
    virtual void minimise(bool on) = 0;  // or back again
    virtual bool close_requested() const { return false; }
    virtual void refuse_close() {}
    virtual void set_title(const std::string&) {}
    virtual void resize(int width, int height) = 0;
    virtual void place(int& x, int& y, int& width, int& height, bool& maximised) const;  // for the next start
    // What the pen does that was used last, if it was a pen.
    virtual PenState pen() { return {}; }
    // Files that were dropped on it since the last call.
    std::vector<std::filesystem::path> take_dropped() { return std::move(dropped_); }
    // As if they had been dropped: tests and scripts.
    void drop(std::vector<std::filesystem::path> files) { dropped_ = std::move(files); }
    // Something happened since the last call: input, a drop, a new size.
    bool take_activity() { return std::exchange(active_, false); }

  protected:
    Surface() = default;
    virtual void bind() = 0;
    std::vector<std::filesystem::path> dropped_;
    bool active_ = true;
};

// Errors: device (no display, no OpenGL 4.5).
Result<std::unique_ptr<Surface>> open_window(const SurfaceOptions& options);
// EGL on the first device that gives a context, else Mesa's surfaceless platform. Errors: device.
Result<std::unique_ptr<Surface>> open_offscreen(const SurfaceOptions& options);

// "llvmpipe (...), OpenGL 4.5"; of the current context.
std::string describe_opengl();
// The lower left width x height pixels of the bound framebuffer as RGBA, rows top to bottom.
Image read_framebuffer(int width, int height);

}  // namespace likeness
