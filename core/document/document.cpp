#include "core/document/document.h"

#include <algorithm>

namespace likeness {

bool Document::part_shown(SplatPart part) const {
    const auto& solo = state.parts->solo;
    const bool some_solo = std::any_of(solo.begin(), solo.end(), [](bool on) { return on; });
    return some_solo ? solo[std::size_t(part)] : !state.parts->hidden[std::size_t(part)];
}

}  // namespace likeness
