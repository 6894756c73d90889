#include "core/studio/camera_service.h"

#include <algorithm>

#include "core/studio/command_parts.h"
#include "core/studio/studio.h"

namespace likeness {
namespace {

constexpr std::size_t remembered_scenes = 64, remembered_delays = 60, least_delays = 10;

}  // namespace

void CameraService::open() {
    camera_.reset();  // a device has one reader
    asked_.clear();
    delays_.clear();
    job_.cancel();
    const std::string title = wanted_->device.empty() ? "the camera" : wanted_->device;
    job_ = studio_.jobs().start_for<std::shared_ptr<Opened>>(
        "Opening " + title,
        [wanted = *wanted_, work = studio_.workshop().tools()](Progress&) -> Result<std::shared_ptr<Opened>> {
            auto opened = std::make_shared<Opened>();
            auto tools = PortraitTools::load(work->heads);
            if (!tools) return tools.error();
            opened->tools = std::make_shared<PortraitTools>(*std::move(tools));
            auto source = open_camera(wanted.device, wanted.options);
            if (!source) return source.error();
            opened->source = *std::move(source);
            opened->name = wanted.device.empty() ? "Camera" : wanted.device;
            for (const CameraInfo& info : list_cameras())
                if (info.device == wanted.device || wanted.device.empty()) {
                    opened->name = info.name;
                    break;
                }
            return opened;
        },
        [this](Result<std::shared_ptr<Opened>> opened) {
            if (!opened) {
                if (opened.error().code == ErrorCode::cancelled) return;
                wanted_.reset();
                studio_.messages().error(opened.error());
                return;
            }
            if (!wanted_ || hidden_) return;
            name_ = (*opened)->name;
            camera_ = std::make_unique<LiveCamera>(std::move((*opened)->source), std::move((*opened)->tools));
            arrived_ = 0;
            neutral_ = {};
            studio_.motions().play(camera_->driver(), name_, MotionKind::tracked);
        });
}

void CameraService::close() {
    job_.cancel();
    wanted_.reset();
    camera_.reset();
}

void CameraService::drain() {
    if (!camera_) return;
    const std::shared_ptr<const LiveDriver>& driver = camera_->driver();
    if (studio_.motions().recorded() != std::static_pointer_cast<const PoseSource>(driver)) {
        close();  // another motion was opened, or this one closed
        return;
    }
    if (camera_->ended()) {
        if (const Status outcome = camera_->outcome(); !outcome)
            studio_.messages().error(outcome.error());
        else
            studio_.messages().info("'" + name_ + "' has ended.");
        close();
        return;
    }
    if (driver->arrived() == arrived_) return;
    arrived_ = driver->arrived();
    if (driver->knows_person())
        if (auto neutral = neutral_.next(*driver)) studio_.motions().found_neutral(*std::move(neutral));
    asked_.push_back({studio_.document().pictures, driver->taken()});
    if (asked_.size() > remembered_scenes) asked_.pop_front();
}

void CameraService::picture_shown(std::uint64_t version) {
    std::optional<Asked> newest;
    while (!asked_.empty() && asked_.front().version <= version) {
        newest = asked_.front();
        asked_.pop_front();
    }
    if (!newest) return;
    delays_.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - newest->taken).count());
    if (delays_.size() > remembered_delays) delays_.pop_front();
}

std::optional<double> CameraService::latency() const {
    if (delays_.size() < least_delays) return std::nullopt;
    std::vector<double> sorted(delays_.begin(), delays_.end());
    const auto middle = sorted.begin() + std::ptrdiff_t(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    return *middle;
}

void CameraService::set_hidden(bool hidden) {
    if (hidden == hidden_) return;
    hidden_ = hidden;
    if (!wanted_) return;
    if (hidden)
        camera_.reset();
    else
        open();
}

void CameraService::add_commands(CommandRegistry& registry) {
    Studio& s = studio_;
    registry.add({"reenact.camera",
                  "Drive by the camera",
                  "Reenact",
                  "The avatar does what the person before the camera does.",
                  {with_default(text_argument("device", "The camera, as /dev/video0; the first one unless given"), ""),
                   with_default(integer_argument("width", "Pixels; the camera's own size unless given", 0, 16384), 0),
                   with_default(integer_argument("height", "Pixels; the camera's own size unless given", 0, 16384), 0),
                   with_default(flag_argument("mirror", "Left and right swapped, as in a mirror"), true)},
                  "",
                  false,
                  "",
                  needs_avatar(s),
                  [this](const Arguments& a) -> Status {
                      CameraOptions options;
                      options.width = int(a.integer("width"));
                      options.height = int(a.integer("height"));
                      options.mirror = a.flag("mirror");
                      wanted_ = {a.text("device"), options};
                      open();
                      return {};
                  }});
    registry.add({"reenact.camera_off",
                  "Camera off",
                  "Reenact",
                  "The camera is given back; the avatar keeps the last pose until another motion is opened.",
                  {},
                  "",
                  false,
                  "",
                  [this]() -> std::string { return wanted_ ? "" : "No camera is on."; },
                  [this](const Arguments&) -> Status {
                      close();
                      return {};
                  }});
}

}  // namespace likeness
