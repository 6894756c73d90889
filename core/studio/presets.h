// Ready-made and kept expressions, what "at rest" is, and small pictures of the open avatar with each.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/head/head_model.h"
#include "core/image/image.h"
#include "core/studio/jobs.h"

namespace likeness {

class Studio;

inline constexpr const char* at_rest_name = "At rest";

class Presets {
  public:
    explicit Presets(Studio& studio) : studio_(studio) {}

    std::vector<std::string> names() const;  // at rest, the ready-made ones, a person's own
    // All need an avatar. Neutral joints; the expressions neutral or the photograph's, by Settings::rest.
    HeadPose at_rest() const;
    // Of the edited layer (MotionService::layer): what the motion drives rests at what it does.
    HeadPose layer_at_rest() const;
    // What the preset makes of `from`, at full strength. Error: invalid_argument (no such preset), bad_input.
    Result<HeadPose> pose_of(const std::string& name, const HeadPose& from) const;
    // `layer` mixed with a preset. The one that was mixed in last, if nothing was changed since, is mixed in anew: its
    // strength can be tried out. Errors: those of pose_of.
    Result<HeadPose> mixed(const std::string& name, float strength, const HeadPose& layer);
    // That one's name; empty when something else was changed since.
    std::string current() const;

    // ---- pictures ----
    static constexpr int side = 144;                  // pixels
    static constexpr std::size_t most_pictures = 48;  // of a set; further presets are shown by their name
    // Somebody sees them now: without, none are made.
    void want();
    // Null when there is none (yet). A new picture is a new pointer.
    std::shared_ptr<const Image> picture(const std::string& name) const;
    void drain();  // each frame

  private:
    std::string key() const;       // of all that pictures depend on but the Gaussians
    std::uint64_t splats() const;  // of these, their version
    void make();
    bool learning() const;

    Studio& studio_;
    struct Mixed {
        std::string name;
        std::uint64_t document = 0;
        HeadPose before, after;
    } mixed_;

    std::map<std::string, std::shared_ptr<const Image>> pictures_;
    JobHandle job_;
    // What a set in work heeds: it rests while somebody moves something, and for long between two pictures while a
    // trainer runs.
    struct Manners {
        std::atomic<bool> hold = false, slow = false;
    };
    std::shared_ptr<Manners> manners_ = std::make_shared<Manners>();
    std::uint64_t document_ = 0, made_splats_ = 0;  // of the pictures
    std::string made_key_, seen_key_;
    double wanted_ = -1e9, changed_ = 0, begun_ = -1e9;  // when
};

}  // namespace likeness
