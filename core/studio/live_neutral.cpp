#include "core/studio/live_neutral.h"

#include <algorithm>
#include <array>

#include "core/motion/retarget.h"

namespace likeness {
namespace {

constexpr std::array<std::size_t, 3> calibrations = {5, 40, 200};  // poses

}  // namespace

std::optional<PoseSample> LiveNeutral::next(const LiveDriver& driver) {
    const bool known = driver.knows_person();
    if (known && !known_) seen_ = {};
    known_ = known;
    PoseSample sample;
    if (seen_.frame_count() >= calibrations.back() || !driver.sample(0, sample)) return {};
    seen_.names = driver.names();
    seen_.face_rest = sample.face ? sample.face->rest : FaceShape();
    seen_.add(double(seen_.frame_count()), sample);
    if (std::find(calibrations.begin(), calibrations.end(), seen_.frame_count()) == calibrations.end()) return {};
    return neutral_of(seen_);
}

}  // namespace likeness
