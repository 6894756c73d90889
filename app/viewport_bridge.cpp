#include "app/viewport_bridge.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "app/background.h"
#include "app/scene_picture.h"
#include "core/base/log.h"
#include "render/picking.h"

namespace likeness {
namespace {

// Milliseconds of a moving view's picture, and between two of them: alone, and beside a trainer on the same cores. The
// latter is 20 pictures a second (15 are asked for) in a third of the time.
constexpr float budget_alone = 28, budget_shared = 16, interval_shared = 50;
constexpr double settle_seconds = 0.18;  // without movement, until full resolution is asked for

double seconds_now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool same_view(const Camera& a, const Camera& b) {
    return a.width == b.width && a.height == b.height && a.fx == b.fx && a.fy == b.fy && a.cx == b.cx && a.cy == b.cy &&
           a.world_to_camera == b.world_to_camera;
}

bool same_pose(const HeadPose& a, const HeadPose& b) {
    return a.controls.size() == b.controls.size() && a.joints.cols() == b.joints.cols() && a.controls == b.controls &&
           a.joints == b.joints && a.translation == b.translation;
}

FrameContent content_of(ViewMode mode) {
    switch (mode) {
        case ViewMode::normals:
            return FrameContent::normals;
        case ViewMode::depth:
            return FrameContent::depth;
        case ViewMode::alpha:
            return FrameContent::alpha;
        default:
            return FrameContent::color;
    }
}

}  // namespace

ViewportBridge::ViewportBridge(Studio& studio, StoreKind store, std::function<void()> wake)
    : studio_(studio), store_kind_(store), wake_(std::move(wake)) {
    frames_ = std::make_unique<FrameRenderer>(choose_store(), make_cpu_scene_renderer, wake_);
    statistics_.rasterizer = make_cpu_rasterizer()->name();
}

std::unique_ptr<FrameStore> ViewportBridge::choose_store() {
    auto store = make_frame_store(store_kind_, on_device_, statistics_.path_reason);
    statistics_.path = store->name();
    return store;
}

std::string ViewportBridge::presenter() const { return store_kind_name(store_kind_); }

void ViewportBridge::set_presenter(const std::string& name) {
    store_kind_ = store_kind(name);
    frames_->replace(choose_store(), nullptr);
    composed_.reset();
    has_asked_ = false;
}

// The studio finds its device a moment after the start, and a person may choose another.
void ViewportBridge::use_device() {
    if (on_device_ && frames_->device_failed()) {
        on_device_ = false;
        studio_.messages().warning("The GPU cannot draw the view; the processor does it.");
        frames_->replace(choose_store(), make_cpu_scene_renderer);
        statistics_.rasterizer = make_cpu_rasterizer()->name();
        has_asked_ = false;
    }
    const Device* device = studio_.device();
    if (!device || device->name == device_ || !device->make_scene_renderer) return;
    device_ = device->name;
    on_device_ = device->name != "cpu";
    frames_->replace(choose_store(), device->make_scene_renderer);
    statistics_.rasterizer = on_device_ ? device->hardware : make_cpu_rasterizer()->name();
    has_asked_ = false;
}

ImTextureID ViewportBridge::show(int width, int height) {
    width_ = std::clamp(width, 1, 8192);
    height_ = std::clamp(height, 1, 8192);
    wanted_ = true;
    // The texture of this frame is drawn after the interface was laid out, into the same name.
    viewport_.resize(width_, height_);
    return ImTextureID(viewport_.texture());
}

const Vertices* ViewportBridge::vertices() const {
    const auto& shown = frames_->shown();
    const PosedSurface* surface = shown && shown->surface ? shown->surface->get() : nullptr;
    return surface ? &surface->vertices : nullptr;
}

std::optional<ui::PickedInfo> ViewportBridge::pick(float x, float y) const {
    const auto& shown = frames_->shown();
    const HeadModel* model = studio_.document().model();
    const Vertices* surface = vertices();
    if (!surface || !model) return {};
    const auto found = likeness::pick(*surface, model->triangles, shown->camera, x - float(left_), y);
    if (!found) return {};
    return ui::PickedInfo{found->point, found->position, model->region_name(found->point.triangle)};
}

void ViewportBridge::ask(const Scene& scene, const Camera& camera) {
    const ViewState& view = studio_.view();
    const double now = seconds_now();
    const bool moved = !has_asked_ || !same_view(camera, asked_.camera) || !same_pose(scene.pose, last_pose_);
    if (moved) last_motion_ = now;
    const bool moving = held_ || studio_.motion().playing() || now - last_motion_ < settle_seconds;
    const FrameContent content = content_of(view.mode);
    const bool blend = view.mode != ViewMode::mesh;
    const bool same =
        has_asked_ && !moved && asked_.version == scene.version && asked_.content == content && asked_.blend == blend;
    // At rest one picture at full resolution is asked for, and again when training brought a new state.
    if (same && (asked_.full || moving)) return;
    FrameRequest request;
    request.scene = scene;
    request.camera = camera;
    request.content = content;
    request.blend = blend;
    // A change that is no movement (a training step) does not reduce the resolution.
    request.moving = moving && (moved || held_ || studio_.motion().playing());
    request.surface = !blend || view.mode == ViewMode::wireframe || view.landmarks;
    asked_ = {scene.version, camera, content, blend, !request.moving || frames_->moving_scale() >= 1};
    has_asked_ = true;
    last_pose_ = scene.pose;
    frames_->request(std::move(request));
}

void ViewportBridge::compose() {
    if (!wanted_) return;
    wanted_ = false;
    use_device();
    frames_->set_pace(shares_processor() ? budget_shared : budget_alone, shares_processor() ? interval_shared : 0);
    const auto begin = std::chrono::steady_clock::now();
    const ViewState& view = studio_.view();
    const Scene scene = studio_.scene();
    const bool beside = view.compare == CompareMode::side_by_side && studio_.document().has_avatar();
    left_ = beside ? width_ / 2 : 0;
    const Camera camera = view_camera(view, studio_.document(), std::max(width_ - left_, 1), height_);
    if (!scene.empty())
        ask(scene, camera);
    else if (std::exchange(has_asked_, false))
        frames_->cancel();
    if (frames_->update()) {
        count_picture(*frames_->shown());
        studio_.motions().picture_shown(frames_->shown()->version);
        studio_.camera().picture_shown(frames_->shown()->version);
        // The renderer may have chosen a lower resolution after it was asked.
        if (frames_->shown()->scale < 1) asked_.full = false;
    }
    const auto& shown = frames_->shown();
    shown_camera_ = shown && !scene.empty() ? shown->camera : camera;

    const ViewportLook wanted_look = look(scene);
    if (scene.has_avatar() && triangles_of_ != scene.avatar.model) {
        triangles_of_ = scene.avatar.model;
        triangles_ = std::make_shared<const Triangles>(triangles_of_->triangles);
    }
    const Composed wanted{view,
                          shown ? shown->number : 0,
                          studio_.document().id,
                          width_,
                          height_,
                          wanted_look.photo.get(),
                          wanted_look.background_picture.get(),
                          scene.empty()};
    if (composed_ != wanted) {
        viewport_.draw(width_, height_, wanted_look, *frames_, scene.has_avatar() ? triangles_ : nullptr);
        composed_ = wanted;
    }
    statistics_.compose_ms = std::chrono::duration<float, std::milli>(std::chrono::steady_clock::now() - begin).count();
    const double now = seconds_now();
    while (!picture_times_.empty() && now - picture_times_.front() > 1.0) picture_times_.pop_front();
    statistics_.frames_per_second = float(picture_times_.size());
}

void ViewportBridge::count_picture(const FrameInfo& info) {
    ++pictures_;
    picture_times_.push_back(seconds_now());
    statistics_.pose_ms = info.pose_ms;
    statistics_.raster_ms = info.raster_ms;
    statistics_.convert_ms = info.convert_ms;
    statistics_.resolution = info.scale;
    statistics_.gaussians = info.gaussians;
    statistics_.paint_gaussians = info.paint.gaussians;
    statistics_.paint_coarser = info.paint.coarser;
}

ViewportLook ViewportBridge::look(const Scene& scene) {
    const ViewState& view = studio_.view();
    ViewportLook look;
    look.background = view.background == BackgroundKind::checker   ? BackgroundFill::checker
                      : view.background == BackgroundKind::picture ? BackgroundFill::picture
                                                                   : BackgroundFill::color;
    look.color = view.background_color;
    if (view.background == BackgroundKind::picture && view.background_picture != background_file_) {
        background_file_ = view.background_picture;
        background_ = nullptr;
        studio_.jobs().start_for<std::shared_ptr<const Image>>(
            "Loading the background", [file = background_file_](Progress&) { return load_background(file); },
            [this, file = background_file_](Result<std::shared_ptr<const Image>> loaded) {
                if (!loaded) return studio_.messages().error(loaded.error());
                if (file != background_file_) return;
                background_ = *std::move(loaded);
                studio_.redraw();
            });
    }
    look.background_picture = background_;
    look.frame = !scene.empty() && view.mode != ViewMode::mesh;
    look.mesh = !scene.has_avatar()                ? MeshDrawing::none
                : view.mode == ViewMode::mesh      ? MeshDrawing::shaded
                : view.mode == ViewMode::wireframe ? MeshDrawing::wires
                                                   : MeshDrawing::none;
    look.grid = view.grid && !scene.empty();
    look.floor_y = studio_.document().middle.y() - 0.32f;
    look.line = std::max(1.0f, float(height_) / 900.0f);
    const float light = 0.3f * look.color[0] + 0.6f * look.color[1] + 0.1f * look.color[2];
    look.ink = light > 0.5f ? std::array<float, 3>{0.25f, 0.26f, 0.28f} : std::array<float, 3>{0.62f, 0.64f, 0.67f};
    if (scene.has_avatar() && view.compare != CompareMode::off) place_photo(look);
    return look;
}

Image ViewportBridge::picture(int scale, int samples, bool transparent) {
    const Scene scene = studio_.scene();
    ViewportLook large = look(scene);
    const int across = samples_across(samples), larger = scale * across;
    const auto grow = float(larger);
    large.transparent = transparent;
    large.line *= grow;
    large.photo_until *= grow;
    for (float* length : {&large.photo_rectangle.x, &large.photo_rectangle.y, &large.photo_rectangle.width,
                          &large.photo_rectangle.height})
        *length *= grow;
    Viewport canvas;
    canvas.draw(width_ * larger, height_ * larger, large, *frames_, scene.has_avatar() ? triangles_ : nullptr);
    Image made = mean_of(canvas.read(), across);
    if (!transparent) return made;
    // What was blended over nothing is premultiplied, files are not.
    for (std::size_t i = 0; i < made.pixels.size(); i += 4)
        for (std::size_t c = 0; c < 3; ++c)
            made.pixels[i + c] = made.pixels[i + 3] > 0 ? std::min(1.0f, made.pixels[i + c] / made.pixels[i + 3]) : 0;
    return made;
}

void ViewportBridge::place_photo(ViewportLook& look) {
    const Document& document = studio_.document();
    const SourceView& view = *document.avatar().source;
    const Camera& source = view.camera;
    if (photo_of_ != document.source || !photo_) {
        photo_of_ = document.source;
        if (document.source && document.source->picture && !document.source->picture->empty())
            photo_ = document.source->picture;
        else
            photo_ = view.picture;
    }
    if (!photo_ || source.width <= 0) return;
    const bool beside = studio_.view().compare == CompareMode::side_by_side;
    const float room = beside ? float(left_) : float(width_);
    // The square that was learned from lies in the middle, as view_camera() puts it there.
    const float side = std::min(room, float(height_));
    const bool whole = document.source && document.source->crop_side > 0;
    const float crop = whole ? float(document.source->crop_side) : float(photo_->width);
    const Eigen::Vector2f origin = whole ? document.source->crop_origin.cast<float>().eval() : Eigen::Vector2f(0, 0);
    const float grow = side / crop;
    look.photo = photo_;
    look.photo_rectangle = {0.5f * (room - side) - origin.x() * grow,
                            0.5f * (float(height_) - side) - origin.y() * grow, float(photo_->width) * grow,
                            float(photo_->height) * grow};
    look.photo_beside = beside;
    look.photo_until = beside ? float(left_) : std::round(studio_.view().wipe * float(width_));
}

bool ViewportBridge::shares_processor() const {
    return studio_.training().state == TrainingState::running && studio_.device() && studio_.device()->name == "cpu";
}

bool ViewportBridge::moving() const {
    return has_asked_ && seconds_now() - last_motion_ < settle_seconds && frames_->busy();
}

bool ViewportBridge::settled() const {
    if (studio_.scene().empty()) return true;
    return has_asked_ && asked_.full && asked_.version == studio_.scene().version && !frames_->busy();
}

double ViewportBridge::next_frame_in() const {
    if (studio_.scene().empty()) return -1;
    if (!has_asked_) return 0;
    if (!asked_.full) return std::max(0.0, last_motion_ + settle_seconds - seconds_now()) + 0.001;
    return -1;  // the renderer wakes the window when a picture is done
}

}  // namespace likeness
