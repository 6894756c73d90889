// The .likeness file: one zip with avatar.json (version, units, names, source view), splats.safetensors (Gaussians),
// head.safetensors (the personal head, with its expression basis, so that the file stands alone), hair in the
// same, source.png (the crop, alpha is the matte) and thumbnail.png.
#pragma once

#include <filesystem>

#include "core/avatar/avatar.h"
#include "core/base/result.h"

namespace likeness {

inline constexpr int avatar_file_version = 1;

// By a temporary file and rename: `path` is never half-written. Error: io.
// `thumbnail` (any size, RGBA) may be empty.
Status save_avatar(const std::filesystem::path& path, const Avatar& avatar, const Image& thumbnail);

// The avatar, prepared and anchored. Its head is `model` when that is the one it was made with, else the personal head
// inside the file (which poses the same, but has no identity targets). Errors: not_found, bad_input (no such file,
// damaged, newer, needs a feature that is not known), io, out_of_memory.
Result<Avatar> load_avatar(const std::filesystem::path& path, std::shared_ptr<const HeadModel> model);

}  // namespace likeness
