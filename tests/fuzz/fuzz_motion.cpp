// Motions, JSON and CSV, from arbitrary bytes; what loads moves a head.
#include <cmath>
#include <cstdlib>

#include "core/motion/motion_track.h"
#include "tests/head/head_fixtures.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto model = likeness::test::ball_head();
    const auto track = likeness::parse_motion(std::string(data, data + size), "fuzz");
    if (!track) return 0;
    const std::size_t frames = track->frame_count();
    if (frames == 0 || track->weights.size() != frames * track->names.size()) std::abort();
    if (!track->head.empty() && track->head.size() != frames) std::abort();
    for (const float weight : track->weights)
        if (!(weight >= -1 && weight <= 2)) std::abort();
    auto pose = likeness::HeadPose::neutral(*model);
    for (const double seconds : {-1.0, 0.0, 0.5 * track->duration(), track->duration(), 1e300}) {
        likeness::PoseSample sample;
        if (track->sample(seconds, sample)) likeness::apply_sample(track->names, sample, *model, pose);
        if (!pose.controls.allFinite() || !pose.joints.allFinite()) std::abort();
    }
    return 0;
}
