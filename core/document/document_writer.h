// The document's avatar as it is now, to be written by a worker while the document goes on.
#pragma once

#include <filesystem>

#include "core/base/result.h"
#include "core/document/document.h"

namespace likeness {

// Any thread; copies of a state share its parts. `with_thumbnail`: also a small picture of the parts that are shown.
// Errors: save_avatar's. Precondition: there is an avatar.
Status write_document(const DocumentState& state, const std::filesystem::path& file, bool with_thumbnail);
// The same for an autosave: no thumbnail, FileAccess::program.
Status write_autosave(const DocumentState& state, const std::filesystem::path& file);

}  // namespace likeness
