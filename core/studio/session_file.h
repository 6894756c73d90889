// What a .likeness file keeps of a session besides the avatar, as the member "studio" of its avatar.json.
#pragma once

#include <memory>

#include "core/studio/document.h"

namespace likeness {

void write_session(Avatar& avatar, const Eigen::VectorXf& fitted_identity, const EditableState& edits);
// The avatar before its identity was changed (or the same), and the edits; anything unusable is left at its default.
struct ReadSession {
    std::shared_ptr<const Avatar> fitted;
    EditableState edits;
};
ReadSession read_session(const std::shared_ptr<const Avatar>& avatar);
EditableState neutral_edits(const HeadModel& model);

// Just the layers that the avatar shows: all but those that were hidden when it was saved.
LayerFlags shown_layers(const Avatar& avatar);

}  // namespace likeness
