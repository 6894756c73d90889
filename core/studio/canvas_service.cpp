#include "core/studio/canvas_service.h"

#include <algorithm>

#include "core/maps/map_places.h"
#include "core/studio/command_parts.h"
#include "core/studio/studio.h"

namespace likeness {
namespace {

constexpr double learning_pause = 2;  // between two looks at colors that a trainer changes
constexpr double late = 1;            // seconds

template <std::size_t N>
std::vector<std::string> choices_of(const std::array<const char*, N>& names) {
    return {names.begin(), names.end()};
}
template <std::size_t N>
std::size_t chosen_of(const std::array<const char*, N>& names, const std::string& name) {
    return std::size_t(std::find(names.begin(), names.end(), name) - names.begin());
}

}  // namespace

CanvasService::CanvasService(Studio& studio) : studio_(studio) {}
CanvasService::~CanvasService() = default;

void CanvasService::drain() {
    if (studio_.document().id == document_) return;
    document_ = studio_.document().id;
    if (pictures_) pictures_->clear();
    pointed_.reset();
    splats_ = {};
    fit();
}

void CanvasService::look(const Eigen::Vector2f& middle, float zoom) {
    state_.middle = middle.cwiseMax(0.0f).cwiseMin(1.0f);
    state_.zoom = std::clamp(zoom, least_canvas_zoom, most_canvas_zoom);
}

void CanvasService::show(std::vector<CanvasTileKey> keys) {
    shown_ = studio_.now();
    const auto surface = studio_.paint().surface();
    if (!surface) return;
    if (!pictures_) pictures_ = std::make_unique<CanvasPictures>(studio_.options().wake);
    CanvasPictures::Subject subject{surface, studio_.paint().regions(), studio_.document().avatar(), state_.content,
                                    studio_.paint().selected()};
    const bool learning = studio_.training().state == TrainingState::running;
    if (splats_.version() == 0 || !learning || studio_.now() - splats_since_ > learning_pause) {
        if (!(splats_ == subject.avatar.splats)) splats_since_ = studio_.now();
        splats_ = subject.avatar.splats;
    }
    subject.avatar.splats = splats_;
    pictures_->want(subject, std::move(keys));
}

bool CanvasService::shown() const { return studio_.now() - shown_ < late; }

std::shared_ptr<const CanvasTile> CanvasService::tile(const CanvasTileKey& key) const {
    return pictures_ ? pictures_->tile(key) : nullptr;
}

const CanvasService::Charts* CanvasService::charts() {
    const auto surface = studio_.paint().surface();
    if (surface != charts_of_) {
        charts_of_ = surface;
        charts_ = surface ? std::make_unique<Charts>(
                                Charts{atlas_charts(surface->avatar()).of_triangle, chart_borders(surface->avatar())})
                          : nullptr;
    }
    return charts_.get();
}

void CanvasService::point_at(const std::optional<SurfacePoint>& place, bool on_canvas) {
    if (place)
        pointed_ = Pointed{*place, on_canvas};
    else if (pointed_ && pointed_->on_canvas == on_canvas)
        pointed_.reset();
}

std::optional<SurfacePoint> CanvasService::pointed(bool on_canvas) const {
    const bool known = pointed_ && pointed_->on_canvas == on_canvas && charts_of_ &&
                       pointed_->place.triangle < int(charts_of_->avatar().triangles().size());
    return known ? std::optional(pointed_->place) : std::nullopt;
}

void CanvasService::add_commands(CommandRegistry& registry) {
    const auto add = [&](const std::string& id, const std::string& title, const std::string& about,
                         std::vector<ArgumentSpec> arguments, Run run) {
        registry.add(
            {id, title, "Paint", about, std::move(arguments), "", false, "", needs_avatar(studio_), std::move(run)});
    };
    add("canvas.show", "Canvas: square", "Chooses which of the atlas' squares the canvas shows.",
        {choice_argument("square", "Which", choices_of(canvas_square_names))}, [this](const Arguments& a) -> Status {
            state_.square = int(chosen_of(canvas_square_names, a.text("square")));
            return {};
        });
    add("canvas.view", "Canvas: content",
        "What the canvas shows: the avatar's colors with all layers, the selected layer alone, or its mask.",
        {choice_argument("what", "Which", choices_of(canvas_content_names))}, [this](const Arguments& a) -> Status {
            state_.content = CanvasContent(chosen_of(canvas_content_names, a.text("what")));
            return {};
        });
    add("canvas.seams", "Canvas: seams", "Shows where the surface is cut open.",
        {with_default(flag_argument("on", "Shown or hidden"), true)}, [this](const Arguments& a) -> Status {
            state_.seams = a.flag("on");
            return {};
        });
    add("canvas.look", "Canvas: look at", "Brings a place of the square into the canvas' middle; all of it by default.",
        {with_default(number_argument("u", "Share of the square from the left", 0, 1), 0.5),
         with_default(number_argument("v", "Share of the square from above", 0, 1), 0.5),
         with_default(number_argument("zoom", "Times as large as when the square fits", double(least_canvas_zoom),
                                      double(most_canvas_zoom)),
                      1)},
        [this](const Arguments& a) -> Status {
            look({float(a.number("u")), float(a.number("v"))}, float(a.number("zoom")));
            return {};
        });
}

}  // namespace likeness
