// The picture behind the avatar.
#pragma once

#include <filesystem>
#include <memory>

#include "core/base/result.h"
#include "core/image/image.h"

namespace likeness {

// At most 3072 pixels a side, 113 MB: reading the largest picture, of 100 megapixels, stays below 1 GiB. From any
// thread; those that ask for the same file while somebody has it share it, and two are never read at a time. Errors:
// load_image's.
Result<std::shared_ptr<const Image>> load_background(const std::filesystem::path& file);

}  // namespace likeness
