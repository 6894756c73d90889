#include "core/document/document.h"

#include <algorithm>

namespace likeness {

bool Document::layer_shown(Layer layer) const {
    const auto& solo = state.layers->solo;
    const bool some_solo = std::any_of(solo.begin(), solo.end(), [](bool on) { return on; });
    return some_solo ? solo[std::size_t(layer)] : !state.layers->hidden[std::size_t(layer)];
}

}  // namespace likeness
