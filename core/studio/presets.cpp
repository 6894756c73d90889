#include "core/studio/presets.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "core/document/pose_tools.h"
#include "core/pipeline/render_avatar.h"
#include "core/studio/command_parts.h"

namespace likeness {
namespace {

constexpr double settle_seconds = 0.7;   // without another shape, until pictures of it are made
constexpr double wanted_seconds = 12;    // since the panel was drawn, which it is every ten at rest
constexpr double learning_seconds = 30;  // between two sets while a trainer changes the avatar
constexpr double slow_share = 0.05;      // of the time that pictures take beside a trainer
constexpr float closeness = 1.9f;        // than the default view, on the face
constexpr auto breath = std::chrono::milliseconds(20);

}  // namespace

std::vector<std::string> Presets::names() const {
    std::vector<std::string> names = {at_rest_name};
    for (const BuiltInPose& pose : built_in_poses()) names.push_back(pose.name);
    for (const auto& [name, text] : studio_.settings().pose_presets) names.push_back(name);
    return names;
}

HeadPose Presets::at_rest() const {
    const HeadModel& model = *studio_.document().model();
    HeadPose pose = HeadPose::neutral(model);
    const HeadPose& photographed = studio_.document().avatar().source->pose;
    if (studio_.settings().rest == "photograph" && photographed.controls.size() == model.control_count())
        pose.controls = photographed.controls;
    return pose;
}

HeadPose Presets::layer_at_rest() const {
    HeadPose pose = at_rest();
    const MotionService& motions = studio_.motions();
    for (int c = 0; c < int(pose.controls.size()); ++c)
        if (motions.drives(c)) pose.controls[c] = 0;
    return pose;
}

Result<HeadPose> Presets::pose_of(const std::string& name, const HeadPose& from) const {
    const HeadModel& model = *studio_.document().model();
    const auto& own = studio_.settings().pose_presets;
    if (const auto it = own.find(name); it != own.end()) return pose_from_text(model, it->second);
    HeadPose pose = name == at_rest_name ? layer_at_rest() : HeadPose::neutral(model);
    if (name != at_rest_name) {
        const auto& ready = built_in_poses();
        const auto it = std::find_if(ready.begin(), ready.end(), [&](const BuiltInPose& p) { return p.name == name; });
        if (it == ready.end()) return studio_error("There is no preset '" + name + "'.");
        for (const auto& [control, value] : it->controls)
            if (const int c = model.control(control); c >= 0) pose.controls[c] = value;
    }
    pose.joints = from.joints;  // ready-made ones are expressions only
    pose.translation = from.translation;
    return pose;
}

Result<HeadPose> Presets::mixed(const std::string& name, float strength, const HeadPose& layer) {
    const HeadPose before = current() == name ? mixed_.before : layer;
    auto target = pose_of(name, before);
    if (!target) return target.error();
    HeadPose pose = before;
    pose.controls += strength * (target->controls - pose.controls);
    pose.joints += strength * (target->joints - pose.joints);
    pose.translation += strength * (target->translation - pose.translation);
    mixed_ = {name, studio_.document().id, before, pose};
    return pose;
}

std::string Presets::current() const {
    if (mixed_.name.empty() || mixed_.document != studio_.document().id || !studio_.document().has_avatar()) return "";
    return studio_.motions().layer() == mixed_.after ? mixed_.name : "";
}

// ---- pictures ----

void Presets::want() { wanted_ = studio_.now(); }

std::shared_ptr<const Image> Presets::picture(const std::string& name) const {
    const auto it = pictures_.find(name);
    return it == pictures_.end() ? nullptr : it->second;
}

std::string Presets::key() const {
    const Avatar& avatar = studio_.document().avatar();
    std::string key = studio_.settings().rest;
    for (const std::uint64_t version :
         {avatar.person.version(), avatar.identity_change.version(), avatar.shells.version(), avatar.source.version()})
        key += " " + std::to_string(version);
    for (const auto& [name, text] : studio_.settings().pose_presets) key += "\n" + name + " " + text;
    return key;
}

std::uint64_t Presets::splats() const { return studio_.document().avatar().splats.version(); }

bool Presets::learning() const { return studio_.training().state == TrainingState::running; }

void Presets::drain() {
    const Document& document = studio_.document();
    if (document.id != document_) {
        job_.cancel();
        pictures_.clear();
        made_key_.clear();
        made_splats_ = 0;
        begun_ = -1e9;
        document_ = document.id;
    }
    const double now = studio_.now();
    const bool wanted = now - wanted_ < wanted_seconds;
    manners_->slow = learning();
    manners_->hold = !wanted || studio_.motion().playing() || studio_.history().gesture() != 0;
    if (!wanted || !document.has_avatar() || !document.avatar().prepared()) return;
    if (const std::string present = key(); present != seen_key_) {
        seen_key_ = present;
        changed_ = now;
    }
    if (job_.running() || manners_->hold || now - changed_ < settle_seconds) return;
    const bool other = made_key_ != seen_key_, learned = made_splats_ != splats();
    if (other || (learned && (!learning() || now - begun_ >= learning_seconds))) make();
}

void Presets::make() {
    struct Wanted {
        std::string name;
        HeadPose pose;
    };
    std::vector<Wanted> list;
    const HeadPose rest = at_rest();
    for (const std::string& name : names()) {
        if (list.size() == most_pictures) break;
        if (auto pose = name == at_rest_name ? Result<HeadPose>(rest) : pose_of(name, rest))
            list.push_back({name, *std::move(pose)});
    }
    std::erase_if(pictures_, [&](const auto& known) {
        return std::none_of(list.begin(), list.end(), [&](const Wanted& w) { return w.name == known.first; });
    });
    made_key_ = seen_key_;
    made_splats_ = splats();
    begun_ = studio_.now();
    job_ = studio_.jobs().start(
        "Drawing the presets",
        [this, list = std::move(list), avatar = studio_.document().avatar(), manners = manners_,
         id = studio_.document().id](Progress& progress) -> Status {
            using Clock = std::chrono::steady_clock;
            AvatarRenderer renderer;
            renderer.set_stop(progress.stop());
            Camera camera = default_camera(avatar, side, side);
            camera.fx *= closeness;
            camera.fy *= closeness;
            for (std::size_t i = 0; i < list.size(); ++i) {
                const auto begin = Clock::now();
                auto picture = std::make_shared<const Image>(renderer.render(avatar, list[i].pose, camera));
                const auto took = Clock::now() - begin;
                studio_.jobs().post([this, id, name = list[i].name, picture = std::move(picture)] {
                    if (id == document_) pictures_[name] = picture;
                });
                const auto rested = [&] {
                    return !manners->hold && (!manners->slow || Clock::now() - begin > took / slow_share);
                };
                do {
                    progress.report(double(i + 1) / double(list.size()), "Drawing the presets");
                    std::this_thread::sleep_for(breath);
                } while (!rested());
            }
            return {};
        },
        {}, {.quiet = true});
}

}  // namespace likeness
