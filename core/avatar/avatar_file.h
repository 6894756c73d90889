// The .likeness file: one zip with avatar.json (format, version, head, the versions of its parts, the studio's
// session), an entry or more a part (part_files.h), head.safetensors (the personal head, so that the file stands alone)
// and thumbnail.png.
#pragma once

#include <filesystem>

#include "core/avatar/avatar.h"
#include "core/base/output_file.h"
#include "core/base/result.h"
#include "core/head/head_registry.h"

namespace likeness {

// 1: parts shared entries; 2: each has its own.
inline constexpr int avatar_file_version = 2;

// See OutputFile: `path` is never half-written. Parts that were kept are written back as they were. `thumbnail` (any
// size, RGBA) may be empty. What load_avatar would refuse, above all a number that is not finite, is not written.
// Errors: internal (just that; the old file stays), OutputFile's, out_of_memory.
Status save_avatar(const std::filesystem::path& path, const Avatar& avatar, const Image& thumbnail,
                   FileAccess access = FileAccess::owner);

// The avatar, prepared and anchored. Its head is the one it was made with when `heads` (null for none) knows that, else
// the personal head inside the file (which poses the same, but has no identity targets), shared with others that have
// it. What this version does not know is in Avatar::kept. The head inside the file is read in any case. Errors:
// not_found, bad_input (no such file, damaged, newer, needs a feature that is not known, a head that lacks what is
// needed), io, out_of_memory.
Result<Avatar> load_avatar(const std::filesystem::path& path, HeadRegistry* heads);

// For people: "'anna' has parts that this version does not know (hat, maps): ..."; empty when there are none.
std::string unknown_parts_sentence(const Avatar& avatar, const std::string& name);

}  // namespace likeness
