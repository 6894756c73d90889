// Pictures and videos of what is shown: the capture.* commands. Pictures of the avatar are rendered by a job, so that
// the window goes on; recordings take what the viewport shows.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/image/image.h"
#include "core/media/frame_writer.h"
#include "core/pipeline/driver_pictures.h"
#include "core/studio/studio.h"
#include "render/surface.h"

namespace likeness {

class ViewportBridge;
class FrameSink;
class ScenePainter;

class Captures {
  public:
    Captures(Studio& studio, ViewportBridge& viewport, Surface& surface);
    ~Captures();
    // What is being recorded ends with what is shown now; nothing when nothing is.
    void end_recording();
    // After the interface was drawn, before it is shown.
    void after_draw();
    // A picture waits for its frame.
    // Seconds until a frame is wanted for that; negative when none is.
    double next_frame_in() const;
    bool busy() const { return window_wanted_.has_value() || picture_wanted_.has_value(); }

  private:
    // What is rendered frame by frame: the n-th frame's scene and camera.
    struct Film {
        int frames = 0, width = 0, height = 0, samples = 1;
        double fps = 30;
        bool transparent = false;
        std::function<void(int, Scene&, Camera&)> frame;
        std::optional<SoundOf> sound;
        // Opens the driver's pictures, to the left of the avatar's; called by the job. Empty: none.
        std::function<Result<std::unique_ptr<DriverPictures>>()> driver;
    };
    std::function<std::unique_ptr<Rasterizer>()> rasterizer() const;
    // Of that size unless another is given.
    static Film film_of(const Arguments& arguments, const std::filesystem::path& path, int width, int height);
    Status film(const std::filesystem::path& path, const std::string& title, Film film);
    struct PictureWanted {
        std::filesystem::path path;
        int scale = 1, samples = 1;
        bool transparent = false;
    };
    Status screenshot(const Arguments& arguments);
    Status window(const Arguments& arguments);
    Status turntable(const Arguments& arguments);
    Status motion(const Arguments& arguments);
    static Status render_film(Film& film, Scene& scene, ScenePainter& painter, const Image& ground, FrameSink& sink,
                              Progress& progress);
    Status record(const Arguments& arguments);
    bool ask_for_path(const std::string& command, const std::string& title, const std::string& name,
                      const std::string& pattern, const Arguments& arguments);
    std::string name_for(const std::string& what, const std::string& ending) const;
    bool ask_for_frames(const std::string& command, const std::string& title, const std::string& what,
                        const Arguments& arguments);
    Status may_film(const std::filesystem::path& path) const;
    void wait_anew();
    void take_picture();
    void write(const std::filesystem::path& path, std::shared_ptr<const Image> picture);
    std::function<void(const Status&)> said(const std::filesystem::path& path);
    void add_frame();

    Studio& studio_;
    ViewportBridge& viewport_;
    Surface& surface_;
    std::optional<std::filesystem::path> window_wanted_;
    std::optional<PictureWanted> picture_wanted_;
    int patience_ = 0;  // frames drawn while waiting for a window's picture to settle
    std::chrono::steady_clock::time_point wanted_since_{};
    std::shared_ptr<FrameSink> recording_;
    double record_begin_ = 0;
    std::int64_t recorded_ = 0;
};

}  // namespace likeness
