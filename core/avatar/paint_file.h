// Paint in .likeness files, see part_files.h.
#pragma once

#include "core/avatar/avatar.h"
#include "core/avatar/part_files.h"

namespace likeness {

Status read_paint(const PartReader& file, Avatar& avatar);
bool write_paint(const Avatar& avatar, ZipWriter& zip);

}  // namespace likeness
