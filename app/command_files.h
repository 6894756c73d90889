// What a command reads and writes, looked at before it begins.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"

namespace likeness {

struct CommandFile {
    std::string what;  // for people: "the photograph", "the log (--log)"
    std::string path;  // empty: not given
};

// Errors: invalid_argument (an output is an input or another output, whatever the spelling or links; or a folder, a
// device, a pipe or a socket), io (it cannot be written there).
Status check_files(const std::vector<CommandFile>& inputs, const std::vector<CommandFile>& outputs);

}  // namespace likeness
