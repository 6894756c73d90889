#include "core/document/document.h"

#include <algorithm>

namespace likeness {

std::size_t content_bytes(const MotionOffsets& offsets, const BlockVisitor&) {
    std::size_t bytes = sizeof(offsets);
    for (const auto& [name, offset] : offsets.of)
        bytes += name.capacity() + sizeof(offset) +
                 std::size_t(offset.controls.size() + offset.joints.size()) * sizeof(float);
    return bytes;
}

bool Document::part_shown(SplatPart part) const {
    const auto& solo = state.parts->solo;
    const bool some_solo = std::any_of(solo.begin(), solo.end(), [](bool on) { return on; });
    return some_solo ? solo[std::size_t(part)] : !state.parts->hidden[std::size_t(part)];
}

}  // namespace likeness
