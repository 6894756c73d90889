// Loads the packed default head (made at set-up by tools/head/pack_head.py).
#pragma once

#include <filesystem>
#include <memory>

#include "core/base/result.h"
#include "core/head/head_model.h"

namespace likeness {

// Errors: not_found, bad_input (another format or version, shapes that disagree, indices out of range, an atlas that
// leaves the unit square or lies over itself many times, regions or joints that the program needs are missing: all are
// named), io. Landmarks may be missing.
Result<std::shared_ptr<const HeadModel>> load_head(const std::filesystem::path& path);
// The same from memory; `name` stands for the file in messages.
Result<std::shared_ptr<const HeadModel>> load_head(std::vector<std::uint8_t> bytes, const std::string& name);
// A personal head as such a file: the person is the template, without identity targets. The expressions are the model's;
// the person's own are not in it.
std::vector<std::uint8_t> encode_head(const HeadModel& model, const PersonalHead& person);
// The default head from the program's assets.
Result<std::shared_ptr<const HeadModel>> load_default_head();

}  // namespace likeness
