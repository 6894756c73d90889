#include "app/captures.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <thread>

#include "app/background.h"
#include "app/frame_sink.h"
#include "app/scene_picture.h"
#include "app/viewport_bridge.h"
#include "core/image/load.h"
#include "core/image/ops.h"
#include "core/image/save.h"
#include "core/media/frame_source.h"
#include "core/pipeline/render_avatar.h"

namespace likeness {
namespace {

constexpr double record_fps = 30;
constexpr int largest_side = 16384;
constexpr int least_patience = 9;  // frames
// Seconds until a picture is taken although the view has not settled: a motion that plays never does, and a trainer may
// bring states faster than they are drawn at full resolution.
constexpr double longest_wait = 10, longest_wait_playing = 0.5;

Image over(const Image& picture, const Image& behind) {
    Image out = behind;
    for (std::size_t i = 0; i < std::size_t(out.width) * std::size_t(out.height); ++i) {
        const float a = picture.pixels[i * 4 + 3];
        for (std::size_t c = 0; c < 3; ++c)
            out.pixels[i * 3 + c] = picture.pixels[i * 4 + c] * a + out.pixels[i * 3 + c] * (1 - a);
    }
    return out;
}

// What the viewport shows behind the avatar, as opaque RGB of that size.
Result<Image> background_of(const ViewState& view, int width, int height) {
    Image ground(width, height, 3);
    if (view.background == BackgroundKind::picture && !view.background_picture.empty()) {
        auto loaded = load_background(view.background_picture);
        if (!loaded) return loaded.error();
        Image rgb = composite_over(**loaded, view.background_color);
        const float grow = std::max(float(width) / float(rgb.width), float(height) / float(rgb.height));
        rgb = resize(rgb, std::max(width, int(std::lround(float(rgb.width) * grow))),
                     std::max(height, int(std::lround(float(rgb.height) * grow))));
        return crop(rgb, (rgb.width - width) / 2, (rgb.height - height) / 2, width, height);
    }
    const int cell = std::max(4, height / 60);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (std::size_t c = 0; c < 3; ++c)
                ground.at(x, y)[c] = view.background == BackgroundKind::checker
                                         ? ((x / cell + y / cell) % 2 == 0 ? 0.42f : 0.34f)
                                         : view.background_color[c];
    return ground;
}

// Pictures never mix with what lies in a folder already.
std::filesystem::path frames_place(const std::filesystem::path& path, const std::string& name) {
    std::error_code none;
    if (film_kind(path) != FilmKind::pictures || !std::filesystem::is_directory(path, none) ||
        std::filesystem::is_empty(path, none))
        return path;
    std::filesystem::path place = path / name;
    for (int i = 2; std::filesystem::exists(place, none); ++i) place = path / (name + "-" + std::to_string(i));
    return place;
}

}  // namespace

Captures::Captures(Studio& studio, ViewportBridge& viewport, Surface& surface)
    : studio_(studio), viewport_(viewport), surface_(surface) {
    CommandRegistry& registry = studio.commands();
    registry.set_handler("capture.screenshot", [this](const Arguments& a) { return screenshot(a); });
    registry.set_handler("capture.window", [this](const Arguments& a) { return window(a); });
    registry.set_handler("capture.turntable", [this](const Arguments& a) { return turntable(a); });
    registry.set_handler("capture.motion", [this](const Arguments& a) { return motion(a); });
    registry.set_handler("capture.record", [this](const Arguments& a) { return record(a); });
    studio.set_busy([this] { return window_wanted_ || picture_wanted_; });
}

Captures::~Captures() {
    if (recording_) recording_->finish();
    studio_.set_busy({});
}

std::string Captures::name_for(const std::string& what, const std::string& ending) const {
    const std::string& name = studio_.document().name;
    return (name.empty() ? std::string("likeness") : name) + "-" + what + ending;
}

std::function<std::unique_ptr<Rasterizer>()> Captures::rasterizer() const {
    const Device* device = studio_.device();
    return device && device->make_rasterizer ? device->make_rasterizer : make_cpu_rasterizer;
}

Captures::Film Captures::film_of(const Arguments& a, const std::filesystem::path& path, int width, int height) {
    Film film;
    const bool asked_size = a.integer("width") > 0 && a.integer("height") > 0;
    film.width = asked_size ? a.integer("width") : std::max(width, 16);
    film.height = asked_size ? a.integer("height") : std::max(height, 16);
    if (film_kind(path) == FilmKind::mp4) {  // which keeps colors for two by two pixels
        film.width += film.width % 2;
        film.height += film.height % 2;
    }
    film.samples = a.integer("samples");
    film.fps = a.number("fps");
    film.transparent = a.flag("transparent");
    return film;
}

// True when a path was asked for, and the command follows with it.
bool Captures::ask_for_path(const std::string& command, const std::string& title, const std::string& name,
                            const std::string& pattern, const Arguments& arguments) {
    if (arguments.has("path") || !studio_.options().interactive) return false;
    FileRequest request;
    request.command = command;
    request.title = title;
    request.suggested_name = name;
    if (!pattern.empty()) request.patterns = {pattern};  // without one a folder is asked for
    request.saving = true;
    request.arguments = arguments;
    studio_.ask_for_file(std::move(request));
    return true;
}

// The same for what becomes a video or a folder of pictures.
bool Captures::ask_for_frames(const std::string& command, const std::string& title, const std::string& what,
                              const Arguments& a) {
    const std::string ending = a.text("as") == "video" ? ".mp4" : "." + a.text("as");
    if (a.text("as") != "pictures") return ask_for_path(command, title, name_for(what, ending), "*" + ending, a);
    return ask_for_path(command, title + ": choose a folder for its pictures", "", "", a);
}

Status Captures::screenshot(const Arguments& a) {
    if (ask_for_path("capture.screenshot", "Save a picture", name_for("picture", ".png"), "*.png", a)) return {};
    const std::filesystem::path path = a.has("path") ? a.text("path") : name_for("picture", ".png");
    if (Status may = studio_.may_write(path); !may) return may;
    const bool asked_size = a.integer("width") > 0 && a.integer("height") > 0;
    if (!asked_size && (a.integer("width") > 0 || a.integer("height") > 0))
        return Error{ErrorCode::invalid_argument, "A picture's size needs both width and height.", ""};
    const ViewState& view = studio_.view();
    // Meshes, grids and photographs are OpenGL's: those pictures are what the viewport shows.
    if (view.composed() && asked_size)
        return Error{ErrorCode::invalid_argument,
                     "A view with a mesh, a grid or the photograph is saved at multiples of its own size; choose a "
                     "scale instead of a width and height.",
                     ""};
    if (view.composed()) {
        const int larger = a.integer("scale") * samples_across(a.integer("samples"));
        if (std::max(viewport_.view_width(), viewport_.view_height()) * larger > largest_side)
            return Error{
                ErrorCode::invalid_argument,
                "A picture's sides may have 16384 pixels at most, all samples counted; choose a smaller scale.", ""};
        if (Status possible = check_samples(viewport_.view_width() * a.integer("scale"),
                                            viewport_.view_height() * a.integer("scale"), a.integer("samples"));
            !possible)
            return possible;
        picture_wanted_ = PictureWanted{path, a.integer("scale"), a.integer("samples"), a.flag("transparent")};
        wait_anew();
        studio_.redraw();
        return {};
    }
    const int scale = a.integer("scale");
    const int width = (asked_size ? a.integer("width") : std::max(viewport_.view_width(), 16)) * scale;
    const int height = (asked_size ? a.integer("height") : std::max(viewport_.view_height(), 16)) * scale;
    if (width > largest_side || height > largest_side)
        return Error{ErrorCode::invalid_argument, "A picture's sides may have 16384 pixels at most.", ""};
    const int samples = a.integer("samples");
    if (Status possible = check_samples(width, height, samples); !possible) return possible;
    const Camera camera = view_camera(view, studio_.document(), width, height);
    const bool transparent = a.flag("transparent");
    studio_.jobs().start("Saving " + path.filename().string(),
                         [scene = studio_.scene(), camera, path, transparent, samples, make = rasterizer(),
                          view](Progress& progress) -> Status {
                             // How far one picture is, nobody knows before it is there.
                             progress.report(0, "Rendering the picture");
                             const Image picture = ScenePainter(make()).paint(scene, camera, samples, progress.stop());
                             progress.report(0, "Writing the picture");
                             if (transparent) return save_png(path, picture);
                             auto ground = background_of(view, camera.width, camera.height);
                             if (!ground) return ground.error();
                             return save_png(path, over(picture, *ground));
                         },
                         said(path), {.target = path});
    return {};
}

Status Captures::window(const Arguments& a) {
    if (ask_for_path("capture.window", "Save a picture of the window", name_for("window", ".png"), "*.png", a))
        return {};
    const std::filesystem::path path = a.has("path") ? a.text("path") : name_for("window", ".png");
    if (Status may = studio_.may_write(path); !may) return may;
    window_wanted_ = path;
    wait_anew();
    return {};
}

Status Captures::may_film(const std::filesystem::path& path) const {
    return is_film_file(film_kind(path)) ? studio_.may_write(path) : check_film(path);
}

void Captures::wait_anew() {
    patience_ = 0;
    wanted_since_ = std::chrono::steady_clock::now();
}

Status Captures::film(const std::filesystem::path& path, const std::string& title, Film film) {
    if (Status may = may_film(path); !may) return may;
    if (film.transparent && !keeps_alpha(film_kind(path)))
        return Error{ErrorCode::invalid_argument,
                     "A video has no transparency; name a folder for PNG pictures, a .webp or a .gif instead of '" +
                         path.filename().string() + "'.",
                     ""};
    if (Status possible = check_samples(film.width, film.height, film.samples); !possible) return possible;
    auto sink = std::make_shared<FrameSink>(path, film.fps, film.sound);
    studio_.jobs().start(
        title + " " + path.filename().string(),
        [scene = studio_.scene(), film, make = rasterizer(), sink,
         view = studio_.view()](Progress& progress) mutable -> Status {
            progress.report(0, "Rendering");
            const auto ground = background_of(view, film.width, film.height);
            if (!ground) return ground.error();
            ScenePainter painter(make());
            return render_film(film, scene, painter, *ground, *sink, progress);
        },
        [this, path, sink](const Status& status) {
            said(path)(status);
            for (const std::string& note : sink->notes()) studio_.messages().warning(note);
        },
        {.target = path});
    return {};
}

// When it is cancelled or fails, nothing is left behind.
Status Captures::render_film(Film& film, Scene& scene, ScenePainter& painter, const Image& ground, FrameSink& sink,
                             Progress& progress) {
    std::unique_ptr<DriverPictures> driver;
    if (film.driver) {
        auto opened = film.driver();
        if (!opened) return opened.error();
        driver = *std::move(opened);
    }
    Status written, failed;
    std::jthread writer([&] { written = sink.run([&] { return progress.cancelled(); }); });
    try {
        Camera camera;
        for (int i = 0; i < film.frames; ++i) {
            film.frame(i, scene, camera);
            Image picture = painter.paint(scene, camera, film.samples, progress.stop());
            if (!film.transparent) picture = over(picture, ground);
            if (driver) {
                const auto other = driver->at(i / film.fps);
                if (!other) failed = other.error();
                if (!other) break;
                picture = beside(*other, picture);
            }
            if (!sink.add_waiting(std::move(picture))) break;
            progress.report(film_frames_share * double(i + 1) / film.frames, "Rendering");
        }
    } catch (...) {
        sink.finish();
        throw;
    }
    sink.finish();
    writer.join();
    if (!failed) return failed;
    if (!written) return written;
    Progress closing([&](double done, const std::string& stage) {
        progress.report(film_frames_share + (1 - film_frames_share) * done, stage);
    });
    return sink.close(closing);
}

Status Captures::turntable(const Arguments& a) {
    if (ask_for_frames("capture.turntable", "Save a turntable", "turntable", a)) return {};
    const std::filesystem::path path =
        frames_place(a.has("path") ? a.text("path") : name_for("turntable", ".mp4"), name_for("turntable", ""));
    Film round = film_of(a, path, a.integer("size"), a.integer("size"));
    round.frames = a.integer("frames");
    ViewState view = studio_.view();
    view.source_camera = false;
    view.yaw = 0;
    round.frame = [front = view_camera(view, studio_.document(), round.width, round.height),
                   middle = studio_.document().middle, frames = round.frames](int i, Scene&, Camera& camera) {
        camera = orbit(front, middle, 2 * std::numbers::pi_v<float> * float(i) / float(frames), 0);
    };
    return film(path, "Turntable", std::move(round));
}

Status Captures::motion(const Arguments& a) {
    const auto poses = studio_.motions().poses();
    if (!poses) return Error{ErrorCode::invalid_argument, "Only a motion from a file can become a film.", ""};
    if (ask_for_frames("capture.motion", "Save a film of the motion", "motion", a)) return {};
    const std::filesystem::path path =
        frames_place(a.has("path") ? a.text("path") : name_for("motion", ".mp4"), name_for("motion", ""));
    Film played = film_of(a, path, viewport_.view_width(), viewport_.view_height());
    const MotionPlayer& player = studio_.motion();
    if (a.number("fps") == 0) played.fps = std::clamp(player.source()->rate(), 1.0, 240.0);
    played.frames = std::max(1, int(std::lround(player.played() * played.fps)));
    const Driving* driving = studio_.driver().driving();
    const bool has_video = driving && !driving->video.empty();
    if (a.flag("beside") && !has_video)
        return Error{ErrorCode::invalid_argument,
                     driving ? "'" + driving->track->video +
                                   "' is not beside its track, so there is no picture to show "
                                   "beside the avatar; put it into the folder of '" +
                                   driving->file.filename().string() + "'."
                             : "'" + studio_.motions().name() +
                                   "' has no pictures to show beside the avatar; open a video of somebody.",
                     ""};
    const double begin = has_video ? driving->begin + player.in() : 0;
    if (has_video && a.flag("sound")) played.sound = {driving->video, begin, begin + played.frames / played.fps};
    if (a.flag("beside"))
        played.driver = [video = driving->video, track = driving->track, begin,
                         size = played.height]() -> Result<std::unique_ptr<DriverPictures>> {
            auto frames = open_frames(video);
            if (!frames) return frames.error();
            return std::make_unique<DriverPictures>(*std::move(frames), *track, begin, size);
        };
    played.frame = [poses, fps = played.fps,
                    seen = view_camera(studio_.view(), studio_.document(), played.width, played.height)](
                       int i, Scene& scene, Camera& camera) {
        camera = seen;
        scene.pose = poses(i / fps);
        ++scene.version;
    };
    return film(path, "Film", std::move(played));
}

Status Captures::record(const Arguments& a) {
    if (!a.flag("on")) {
        if (!recording_) return Error{ErrorCode::invalid_argument, "Nothing is being recorded.", ""};
        end_recording();
        return {};
    }
    if (recording_) return Error{ErrorCode::invalid_argument, "The view is being recorded already.", ""};
    if (ask_for_frames("capture.record", "Record the view", "recording", a)) return {};
    const std::filesystem::path path =
        frames_place(a.has("path") ? a.text("path") : name_for("recording", ".mp4"), name_for("recording", ""));
    if (Status may = may_film(path); !may) return may;
    recording_ = std::make_shared<FrameSink>(path, record_fps);
    record_begin_ = studio_.now();
    recorded_ = 0;
    viewport_.set_recording(true);
    studio_.jobs().start(
        "Recording " + path.filename().string(),
        [sink = recording_](Progress& progress) {
            Status written = sink->run([&] { return progress.cancelled(); });
            if (!written) return written;
            // Cancelled, it becomes a film of what there is.
            Progress unseen;
            return sink->close(progress.cancelled() ? unseen : progress);
        },
        [this, path, sink = recording_](const Status& status) {
            if (recording_ == sink) {
                recording_.reset();
                viewport_.set_recording(false);
            }
            said(path)(status);
        },
        {.quiet = true, .target = path});
    return {};
}

void Captures::end_recording() {
    if (!recording_) return;
    add_frame();  // what was seen last was seen until now
    recording_->finish();
    recording_.reset();
    viewport_.set_recording(false);
}

double Captures::next_frame_in() const {
    if (window_wanted_ || picture_wanted_) return 0;
    if (recording_) return std::max(0.0, record_begin_ + double(recorded_) / record_fps - studio_.now());
    return -1;
}

void Captures::after_draw() {
    if (picture_wanted_ || window_wanted_) {
        // The interface needs some frames to come to rest, the picture of the avatar as many as it takes; then one more
        // for the numbers beside it.
        patience_ = patience_ < least_patience || viewport_.settled() ? patience_ + 1 : least_patience;
        const double waited = std::chrono::duration<double>(std::chrono::steady_clock::now() - wanted_since_).count();
        const bool long_enough = waited > (studio_.motion().playing() ? longest_wait_playing : longest_wait);
        const bool ready = patience_ > least_patience + 1 || (patience_ >= least_patience && long_enough);
        if (ready && picture_wanted_) take_picture();
        if (ready && window_wanted_) {
            const std::filesystem::path path = *std::exchange(window_wanted_, std::nullopt);
            write(path, std::make_shared<Image>(composite_over(surface_.read(), {0, 0, 0})));
        }
    }
    if (recording_) add_frame();
}

// As many frames as the time asks for, whatever the window's rate.
void Captures::add_frame() {
    const auto due = std::int64_t((studio_.now() - record_begin_) * record_fps) + 1;
    if (due <= recorded_) return;
    const Image seen = viewport_.read();
    if (seen.empty()) return;  // nothing has been drawn yet: the first picture stands for that time
    recording_->add(composite_over(seen, {0, 0, 0}), int(due - recorded_));
    recorded_ = due;
}

void Captures::take_picture() {
    const PictureWanted wanted = *std::exchange(picture_wanted_, std::nullopt);
    write(wanted.path, std::make_shared<Image>(viewport_.picture(wanted.scale, wanted.samples, wanted.transparent)));
}

void Captures::write(const std::filesystem::path& path, std::shared_ptr<const Image> picture) {
    studio_.jobs().start("Saving " + path.filename().string(),
                         [picture = std::move(picture), path](Progress&) { return save_png(path, *picture); },
                         said(path), {.target = path});
}

// Says how it ended.
std::function<void(const Status&)> Captures::said(const std::filesystem::path& path) {
    return [this, path](const Status& status) {
        if (status)
            studio_.messages().info("Saved '" + path.string() + "'.");
        else if (status.error().code != ErrorCode::cancelled)
            studio_.messages().error(status.error());
    };
}

}  // namespace likeness
