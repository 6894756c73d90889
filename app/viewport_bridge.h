// Joins the viewport panel to the renderer: turns the studio's scene and view into requests for pictures, and
// composes what came back.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "core/studio/studio.h"
#include "render/frame_renderer.h"
#include "render/viewport.h"
#include "ui/viewport_output.h"

namespace likeness {

class ViewportBridge : public ui::ViewportOutput {
  public:
    // `wake` is called from another thread when a picture is done. A context is current.
    ViewportBridge(Studio& studio, StoreKind store, std::function<void()> wake);

    // Once a frame, before the interface is drawn by OpenGL: asks for what is missing, composes what is there.
    void compose();
    // A picture is on its way, or the view has still to settle: another frame is needed before this moment (seconds
    // from now); negative when nothing is.
    double next_frame_in() const;
    bool moving() const;  // a picture of a moving view is being rendered
    // A trainer computes on the processor that draws: what is drawn leaves it time.
    bool shares_processor() const;
    bool settled() const;  // what is shown is what was asked for, at full resolution
    int view_width() const { return width_; }
    int view_height() const { return height_; }
    // What is shown, composed once more at `scale` times its pixels, perhaps without the background. `samples`: of a
    // pixel, see scene_picture.h.
    Image picture(int scale, int samples, bool transparent);
    // The composed view as it is shown.
    Image read() const { return viewport_.read(); }
    void set_recording(bool on) { recording_ = on; }
    void set_surface(const std::string& description) { statistics_.surface = description; }
    void set_interface_ms(float milliseconds) { statistics_.interface_ms = milliseconds; }
    const FrameRenderer& frames() const { return *frames_; }
    // Pictures of the avatar shown so far.
    std::uint64_t pictures() const { return pictures_; }

    ImTextureID show(int width, int height) override;
    void set_moving(bool moving) override { held_ = moving; }
    const Camera& camera() const override { return shown_camera_; }
    int left() const override { return left_; }
    const Vertices* vertices() const override;
    std::optional<ui::PickedInfo> pick(float x, float y) const override;
    const ui::ViewportStatistics& statistics() const override { return statistics_; }
    std::string presenter() const override;
    void set_presenter(const std::string& name) override;
    bool recording() const override { return recording_; }

  private:
    struct Asked {
        std::uint64_t version = 0;
        Camera camera;
        FrameContent content = FrameContent::color;
        bool blend = true, full = false;
    };
    void ask(const Scene& scene, const Camera& camera);
    void use_device();
    std::unique_ptr<FrameStore> choose_store();
    ViewportLook look(const Scene& scene);
    void place_photo(ViewportLook& look);
    void count_picture(const FrameInfo& info);

    Studio& studio_;
    StoreKind store_kind_;
    std::function<void()> wake_;
    std::unique_ptr<FrameRenderer> frames_;
    Viewport viewport_;
    std::string device_;
    bool on_device_ = false;  // a GPU draws

    int width_ = 0, height_ = 0, left_ = 0;
    bool wanted_ = false;  // the panel was drawn in this frame
    bool held_ = false, recording_ = false;
    Asked asked_;
    bool has_asked_ = false;
    HeadPose last_pose_;
    double last_motion_ = -1e9;  // when camera or pose changed
    Camera shown_camera_;
    // What the composed view shows; the same again is not drawn again.
    struct Composed {
        ViewState view;
        std::uint64_t frame = 0, document = 0;
        int width = 0, height = 0;
        const void *photo = nullptr, *background = nullptr;
        bool empty = true;
        bool operator==(const Composed&) const = default;
    };
    std::optional<Composed> composed_;
    std::uint64_t pictures_ = 0;
    std::deque<double> picture_times_;
    ui::ViewportStatistics statistics_;

    std::shared_ptr<const HeadModel> triangles_of_;
    std::shared_ptr<const Triangles> triangles_;
    std::shared_ptr<const SourcePhotograph> photo_of_;
    std::shared_ptr<const Image> photo_;
    std::filesystem::path background_file_;
    std::shared_ptr<const Image> background_;
};

}  // namespace likeness
