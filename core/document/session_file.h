// What a .likeness file keeps of a session besides the avatar, as the member "studio" of its avatar.json.
#pragma once

#include <memory>

#include "core/document/document.h"

namespace likeness {

// The avatar as it is to be written: its document holds the session.
Avatar write_session(const DocumentState& state);
// What is unusable of the session is left at its default.
DocumentState read_session(Avatar avatar);
// An avatar at rest with all its parts.
DocumentState neutral_state(Avatar avatar);

// Just the parts that the avatar shows: all but those that were hidden when it was saved.
PartFlags shown_parts(const Avatar& avatar);

}  // namespace likeness
