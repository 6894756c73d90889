#include "app/studio_app.h"

#include <imgui.h>
#include <imgui_impl_opengl3.h>
#include <implot.h>

#include <algorithm>
#include <chrono>

#include "app/captures.h"
#include "core/base/log.h"
#include "core/base/output_file.h"
#include "core/base/parallel.h"
#include "core/image/file_bytes.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace likeness {
namespace {

constexpr double news_seconds = 0.12;  // between two frames that only progress asks for
// While the avatar's next picture is on its way, the interface alone is not drawn more often than this: on a processor
// that draws both, each frame would delay the picture.
constexpr double between_pictures = 0.040, between_pictures_shared = 0.070;
// The frames in which the interface comes to rest after something was done need not follow at once where a trainer
// computes on the processor that draws.
constexpr double between_frames_shared = 0.050;
constexpr int frames_to_rest = 3;         // Dear ImGui's, after something was done
constexpr double as_good_as_due = 0.002;  // a wait ends a little early

}  // namespace

StudioApp::StudioApp(StudioAppOptions options) : options_(std::move(options)) {}

Result<std::unique_ptr<StudioApp>> StudioApp::create(StudioAppOptions options) {
    std::unique_ptr<StudioApp> app(new StudioApp(std::move(options)));
    if (Status started = app->start(); !started) return started.error();
    return app;
}

Status StudioApp::start() {
    IMGUI_CHECKVERSION();
    ImGui::CreateContext();
    ImPlot::CreateContext();
    context_ = true;
    ImGuiIO& io = ImGui::GetIO();
    io.ConfigFlags |= ImGuiConfigFlags_DockingEnable | ImGuiConfigFlags_NavEnableKeyboard;
    io.ConfigWindowsMoveFromTitleBarOnly = true;
    io.ConfigInputTextCursorBlink = !options_.headless;  // a picture must not depend on the moment
    io.IniFilename = nullptr;

    // The window opens where it was; the studio that knows is made before it.
    StudioOptions studio = options_.studio;
    studio.wake = [this] {
        studio_woke_ = true;
        if (surface_) surface_->wake();
    };
    if (!options_.headless) {
        studio.set_clipboard = [](const std::string& text) { ImGui::SetClipboardText(text.c_str()); };
        studio.get_clipboard = [] {
            const char* text = ImGui::GetClipboardText();
            return std::string(text ? text : "");
        };
    }
    const LoadedSettings remembered = load_settings(studio.folders.settings);
    if (!options_.fixed_size && !options_.headless) {
        const WindowGeometry& place = remembered.settings.window;
        options_.surface.x = place.x;
        options_.surface.y = place.y;
        options_.surface.width = place.width;
        options_.surface.height = place.height;
        options_.surface.maximised = place.maximised;
    }
    auto surface = options_.headless ? open_offscreen(options_.surface) : open_window(options_.surface);
    if (!surface) return surface.error();
    surface_ = *std::move(surface);
    if (!ImGui_ImplOpenGL3_Init("#version 450 core"))
        return Error{ErrorCode::device, "OpenGL could not be set up for the interface.", ""};
    backend_ = true;
    if (Status loaded = ui::load_fonts(); !loaded) return loaded;

    studio_ = std::make_unique<Studio>(std::move(studio));
    if (!options_.theme.empty()) studio_->settings().theme = options_.theme;
    bridge_ = std::make_unique<ViewportBridge>(*studio_, options_.store, [this] {
        picture_done_ = true;
        surface_->wake();
    });
    bridge_->set_surface(surface_->description());
    captures_ = std::make_unique<Captures>(*studio_, *bridge_, *surface_);
    interface_ = std::make_unique<ui::Interface>(*studio_, *bridge_);
    if (studio_->options().remember && !studio_->options().folders.settings.empty()) {
        const std::filesystem::path& folder = studio_->options().folders.settings;
        layout_files_ = {folder / "layout.ini", folder / "layout_small.ini"};
        ui::PanelLayout::Texts kept;
        for (std::size_t i = 0; i < kept.size(); ++i)
            if (const auto text = read_file(layout_files_[i], std::size_t(1) << 20))
                kept[i].assign(text->begin(), text->end());
        interface_->layout().load(std::move(kept));
    }
    studio_->messages().info(surface_->description());
    return {};
}

StudioApp::~StudioApp() {
    if (studio_ && surface_ && !options_.headless && !options_.fixed_size) remember_window();
    if (interface_ && !layout_files_[0].empty()) (void)layout_writer()();
    captures_.reset();
    interface_.reset();
    bridge_.reset();
    studio_.reset();
    if (backend_) {
        ImGui_ImplOpenGL3_Shutdown();
        ui::collect_pictures();
    }
    surface_.reset();
    if (context_) {
        ImPlot::DestroyContext();
        ImGui::DestroyContext();
    }
}

// Where panels are, as they are now; by a worker or at the end.
std::function<Status()> StudioApp::layout_writer() const {
    return [texts = interface_->layout().texts(), files = layout_files_]() -> Status {
        for (std::size_t i = 0; i < files.size(); ++i) {
            if (texts[i].empty()) continue;
            if (Status made = make_private_folder(files[i].parent_path()); !made) return made;
            const auto* bytes = reinterpret_cast<const std::uint8_t*>(texts[i].data());
            if (Status saved = save_file(files[i], {bytes, texts[i].size()}, FileAccess::owner); !saved) return saved;
        }
        return {};
    };
}

void StudioApp::remember_window() {
    WindowGeometry& place = studio_->settings().window;
    WindowGeometry now = place;
    surface_->place(now.x, now.y, now.width, now.height, now.maximised);
    if (now.maximised) {  // the size to go back to stays what it was
        place.maximised = true;
    } else {
        place = now;
    }
    studio_->settings_changed();
}

void StudioApp::use_scale() {
    const std::string& theme = studio_->settings().theme;
    const float scale = surface_->scale() * studio_->settings().text_scale;
    interface_->fit(float(surface_->width()), float(surface_->height()), scale);
    if (scale == used_scale_ && theme == used_theme_) return;
    const bool other_theme = theme != used_theme_;
    const auto ground = [] {
        const ImVec4& color = ui::palette().viewport;
        return std::array<float, 3>{color.x, color.y, color.z};
    };
    std::array<float, 3>& behind = studio_->view().background_color;
    const bool own_color = !used_theme_.empty() && behind != ground();  // chosen by hand: it stays
    used_scale_ = scale;
    used_theme_ = theme;
    ui::apply_theme({.light = theme == "light", .scale = scale});
    if (other_theme && !own_color) behind = ground();
    frames_owed_ = frames_to_rest;
}

void StudioApp::take_input() {
    std::vector<std::filesystem::path> dropped = surface_->take_dropped();
    // An avatar before the video that drives it.
    std::stable_partition(dropped.begin(), dropped.end(),
                          [](const auto& file) { return !DriverService::drives(file); });
    for (const std::filesystem::path& file : dropped) interface_->drop(file);
    if (surface_->close_requested()) {
        surface_->refuse_close();
        studio_->invoke("app.quit");
    }
}

void StudioApp::interrupt() {
    captures_->end_recording();
    studio_->interrupt();
    studio_->trainer().end();
    studio_->openings().cancel_opening();
    studio_->jobs().cancel_all();
}

bool StudioApp::capturing() const { return captures_->busy(); }

// Seconds until something is to be drawn even if nothing happens.
double StudioApp::patience() const {
    double seconds = std::max(0.0, drawn_at_ + interface_->next_frame_in() - studio_->now());
    if (const double settle = bridge_->next_frame_in(); settle >= 0) seconds = std::min(seconds, settle);
    if (const double capture = captures_->next_frame_in(); capture >= 0) seconds = std::min(seconds, capture);
    if (news_) seconds = std::min(seconds, std::max(0.0, drawn_at_ + news_seconds - studio_->now()));
    return seconds;
}

// Seconds for which a frame that is owed has still to wait.
double StudioApp::hold() const {
    if (behind_) return 0;
    const bool shared = bridge_->shares_processor();
    double least = 0;
    if (bridge_->moving())
        least = shared ? between_pictures_shared : between_pictures;
    else if (shared && !fresh_)
        least = between_frames_shared;
    return std::max(0.0, drawn_at_ + least - studio_->now());
}

bool StudioApp::frame(double longest) {
    const double next = patience();
    const double held_back = hold();
    const bool at_once = (frames_owed_ > 0 && held_back == 0) || picture_done_ || studio_woke_;
    double pause = at_once ? 0 : std::min(std::max(next, held_back), longest);
    if (frames_owed_ > 0) pause = std::min(pause, held_back);
    if (surface_->minimised()) pause = std::min(longest, 0.1);
    surface_->wait(pause);
    const bool picture = picture_done_.load();
    if (surface_->take_activity()) {
        frames_owed_ = frames_to_rest;
        fresh_ = true;
    }
    if (picture_done_.exchange(false)) frames_owed_ = std::max(frames_owed_, 1);
    if (studio_woke_.exchange(false)) news_ = true;
    take_input();
    studio_->camera().set_hidden(surface_->minimised());
    studio_->drain();
    if (studio_->ending()) captures_->end_recording();
    if (studio_->quitting()) return false;
    if (surface_->minimised()) return true;  // nothing is drawn, work goes on
    if (studio_->scene().version != drawn_version_) frames_owed_ = std::max(frames_owed_, 1);
    if ((picture || hold() == 0) && (frames_owed_ > 0 || patience() <= as_good_as_due)) draw();
    return !studio_->quitting();
}

void StudioApp::draw() {
    const auto begin = std::chrono::steady_clock::now();
    if (frames_owed_ > 0) --frames_owed_;
    fresh_ = false;
    news_ = false;
    drawn_at_ = studio_->now();
    drawn_version_ = studio_->scene().version;
    use_scale();
    surface_->set_title(studio_->window_title());
    surface_->new_frame();
    studio_->paint().set_pen(surface_->pen());
    ImGui_ImplOpenGL3_NewFrame();
    input_.before_frame();
    ImGui::NewFrame();
    input_.after_frame();
    ui::collect_pictures();
    interface_->draw();
    ImGui::Render();
    const auto laid_out = std::chrono::steady_clock::now();
    {
        // What follows runs on the processor where OpenGL does.
        const ForegroundWork precedence;
        bridge_->compose();
        const ImVec4 ground = ImGui::GetStyleColorVec4(ImGuiCol_MenuBarBg);
        surface_->begin({ground.x, ground.y, ground.z});
        ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
    }
    captures_->after_draw();
    if (ImGuiIO& io = ImGui::GetIO(); io.WantSaveIniSettings && !layout_files_[0].empty()) {
        io.WantSaveIniSettings = false;
        studio_->jobs().start("Writing the layout", [write = layout_writer()](Progress&) { return write(); }, {},
                              {.cancellable = false, .quiet = true});
    }
    surface_->present();
    ++frames_;
    behind_ = InputQueue::waiting();
    if (behind_) {
        frames_owed_ = frames_to_rest;
        fresh_ = true;
    }
    bridge_->set_interface_ms(std::chrono::duration<float, std::milli>(laid_out - begin).count());
    if (after_present) after_present();
}

}  // namespace likeness
